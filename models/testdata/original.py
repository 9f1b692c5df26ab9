"""The original Transformer by PyTorch's nn.Transformer, with the generation of transformers around it.

transformers has no such model, so configuration and names are this module's.
"""

import math

import torch
import transformers
from transformers.modeling_outputs import BaseModelOutput, Seq2SeqLMOutput

NAMES = {
    "self_attn.out_proj": "attention.out",
    "multihead_attn.out_proj": "cross.out",
    "linear1": "feed_forward.up",
    "linear2": "feed_forward.down",
}
PACKED = {"self_attn.in_proj_": "attention.", "multihead_attn.in_proj_": "cross."}
NORMS = {
    "encoder": {"norm1.": "attention_norm.", "norm2.": "feed_forward_norm."},
    "decoder": {"norm1.": "attention_norm.", "norm2.": "cross_norm.", "norm3.": "feed_forward_norm."},
}


def our_names(name):
    """This module's name of a parameter of nn.Transformer, and of its thirds if it is packed."""
    for theirs, own in {**NAMES, **NORMS[name.split(".")[0]]}.items():
        name = name.replace(theirs, own)
    for theirs, own in PACKED.items():
        if theirs in name:
            return [name.replace(theirs, own + part + ".") for part in ("query", "key", "value")]
    return [name]


class OriginalConfig(transformers.PretrainedConfig):
    model_type = "transformer"

    def __init__(self, **values):
        defaults = dict(
            vocab_size=37000, d_model=512, d_ff=2048, encoder_layers=6, decoder_layers=6, num_heads=8, max_positions=512,
            dropout=0.0, layer_norm_eps=1e-5, pre_norm=False, tie_word_embeddings=True, bos_token_id=1, eos_token_id=2,
        )  # fmt: skip
        for name, value in {**defaults, **values}.items():
            setattr(self, name, value)
        super().__init__(**{**defaults, **values}, is_encoder_decoder=True, decoder_start_token_id={**defaults, **values}["bos_token_id"])


class Encoder(torch.nn.Module):
    """The encoder of a model, as generation wants it; it holds nothing of its own."""

    def __init__(self, model):
        super().__init__()
        self.of = [model]

    def forward(self, input_ids=None, attention_mask=None, **_):
        model = self.of[0]
        hidden = None if attention_mask is None else attention_mask == 0
        return BaseModelOutput(model.parts.encoder(model.embed(input_ids), src_key_padding_mask=hidden))


class Original(transformers.PreTrainedModel, transformers.GenerationMixin):
    config_class = OriginalConfig
    main_input_name = "input_ids"

    def __init__(self, config):
        super().__init__(config)
        c = config
        self.embed_tokens = torch.nn.Embedding(c.vocab_size, c.d_model)
        self.parts = torch.nn.Transformer(
            c.d_model, c.num_heads, c.encoder_layers, c.decoder_layers, c.d_ff, 0.0, batch_first=True, norm_first=c.pre_norm, layer_norm_eps=c.layer_norm_eps
        )
        if not c.pre_norm:
            self.parts.encoder.norm = self.parts.decoder.norm = None
        self.scores = None if c.tie_word_embeddings else torch.nn.Linear(c.d_model, c.vocab_size, bias=False)
        self.post_init()

    def _init_weights(self, module):
        pass

    def stored(self):
        """Yields the names under which a file has the parameters, and views of them."""
        yield "embed_tokens.weight", self.embed_tokens.weight
        if self.scores:
            yield "lm_head.weight", self.scores.weight
        for name, p in self.parts.named_parameters():
            names = our_names(name)
            yield from zip(names, p.chunk(len(names)))

    def gradients(self):
        """Yields the gradients under the names of their parameters."""
        yield "embed_tokens.weight", self.embed_tokens.weight.grad
        if self.scores:
            yield "lm_head.weight", self.scores.weight.grad
        for name, p in self.parts.named_parameters():
            names = our_names(name)
            yield from zip(names, p.grad.chunk(len(names)))

    def embed(self, ids):
        d, n = self.config.d_model, ids.shape[1]
        t, i = torch.arange(n).double()[:, None], torch.arange(0, d, 2).double()
        angles = t * 10000 ** (-i / d)
        x = self.embed_tokens(ids) * math.sqrt(d)
        return x + torch.stack([angles.sin(), angles.cos()], -1).reshape(n, d).to(x.dtype)

    def get_encoder(self, modality=None):
        return Encoder(self)

    def prepare_inputs_for_generation(self, decoder_input_ids, attention_mask=None, encoder_outputs=None, **_):
        return {"decoder_input_ids": decoder_input_ids, "attention_mask": attention_mask, "encoder_outputs": encoder_outputs}

    def forward(self, input_ids=None, attention_mask=None, decoder_input_ids=None, encoder_outputs=None, **_):
        memory = (encoder_outputs or self.get_encoder()(input_ids, attention_mask))[0]
        hidden = None if attention_mask is None else attention_mask == 0
        n = decoder_input_ids.shape[1]
        causal = torch.triu(torch.full((n, n), -math.inf, dtype=memory.dtype), 1)
        states = self.parts.decoder(self.embed(decoder_input_ids), memory, tgt_mask=causal, memory_key_padding_mask=hidden)
        return Seq2SeqLMOutput(logits=self.scores(states) if self.scores else states @ self.embed_tokens.weight.t())
