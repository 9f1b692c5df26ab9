#!/usr/bin/env python3
"""Makes directories of tokenizers in every form that transformers reads, and compares their ids and ends with transformers' own.

    python internal/proofs/tokenizer_directories.py FINETUNE [--only WORD] [--keep DIR] [--golden FILE]

A directory is a vocabulary (WordPiece, byte-level BPE, SentencePiece's unigram and BPE, or a whole tokenizer.json), the family that
config.json or tokenizer_config.json names, and a form of the settings that say more. The ids of texts with and without the
tokens that frame them, and the token that ends a text, have to be those of transformers. Directories that transformers doesn't load are
counted apart. It prints a line for each difference, and exits with status 1 if there is one. --golden writes the small ones, of which
the package's test reads a part. Run it with transformers 5.24, tokenizers 0.23.3, sentencepiece, protobuf and tiktoken installed.
"""

import argparse
import base64
import gzip
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import sentencepiece
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoConfig, AutoTokenizer, GenerationConfig
from transformers.convert_slow_tokenizer import bytes_to_unicode
from transformers.utils import logging

logging.set_verbosity_error()

CORPUS = """The quick brown fox jumps over the lazy dog. Hello world, hello again: the rays of light differ in colour.
What is a theory? It's what we don't know, isn't it. Café, naïve, Ärger; ÉCOLE and the École of Über. 2024 was a year, 1999 too.
你好世界 the world says hello. Light, Rays and Colours of the Prism; the Sun's light through a hole. over under into onto
""".splitlines() * 4

TEXTS = [
    "hello world", "Hello World", " hello  world ", "The quick brown fox", "ÉCOLE café naïve Ärger", "the<|im_end|>quick", "it's 2024, isn't it?",
    "hello<mask>world", "hello [MASK] world", "<s>hello</s>", "[CLS] the [SEP]", "<extra_id_0> hello <extra_id_99>", "a [NEW] token", "a[NEW]token",
    "<|user|>hello <|end|>", "你好 world", "x  <new>  y", "<unk> [UNK] <pad> [PAD]", "<|endoftext|>the", "▁the world", "the <image> of", "tab\tand end",
    "<bos>hello<eos>", "``quoted'' text", "",
]


ENCODERS = {"bert", "distilbert", "electra", "roberta", "albert", "xlm-roberta"}
PAIR = ["hello world", "the light"]


def wordpiece(lower):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=lower)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=220, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False))
    return t


def byte_bpe(specials, size=330):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=size, special_tokens=list(specials), initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
    return t


def sentence_piece(**options):
    out = io.BytesIO()
    known = dict(hard_vocab_limit=False, normalization_rule_name="identity", minloglevel=2)
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=out, **{**known, **options})
    return out.getvalue()


class Vocabularies:
    """What directories are made of, each made once."""

    def __init__(self):
        self.made = {}

    def get(self, name, make):
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]

    def vocab_txt(self, lower):
        vocab = self.get(f"wordpiece-{lower}", lambda: wordpiece(lower)).get_vocab()
        return {"vocab.txt": "".join(f"{t}\n" for t in sorted(vocab, key=vocab.get)).encode()}

    def mpnet_txt(self):
        names = {"[PAD]": "<pad>", "[CLS]": "<s>", "[SEP]": "</s>", "[MASK]": "<mask>"}
        lines = self.vocab_txt(True)["vocab.txt"].decode().splitlines()
        return {"vocab.txt": "".join(f"{names.get(t, t)}\n" for t in lines).encode()}

    def bytes(self, specials):
        model = json.loads(self.get(f"bytes-{specials}", lambda: byte_bpe(specials)).to_str())["model"]
        lines = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
        return {"vocab.json": json.dumps(model["vocab"], ensure_ascii=False).encode(), "merges.txt": ("#version: 0.2\n" + "".join(f"{m}\n" for m in lines)).encode()}

    def ranks(self):
        vocab = json.loads(self.get("ranks", lambda: byte_bpe((), 320)).to_str())["model"]["vocab"]
        spelled = {c: b for b, c in bytes_to_unicode().items()}
        lines = [base64.b64encode(bytes(spelled[c] for c in t)) + f" {i}\n".encode() for t, i in sorted(vocab.items(), key=lambda x: x[1])]
        return {"tokenizer.model": b"".join(lines)}

    def pieces(self, file, **options):
        return {file: self.get(f"pieces-{sorted(options.items())}", lambda: sentence_piece(**options))}

    def saved(self, name, make):
        """The tokenizer.json that save_pretrained writes for a directory of other files."""
        def save():
            with tempfile.TemporaryDirectory() as a, tempfile.TemporaryDirectory() as b:
                write(pathlib.Path(a), make)
                AutoTokenizer.from_pretrained(a).save_pretrained(b)
                return (pathlib.Path(b) / "tokenizer.json").read_bytes()
        return {"tokenizer.json": self.get(f"saved-{name}", save)}


def write(folder, files):
    for name, content in files.items():
        if not isinstance(content, bytes):
            content = json.dumps(content, ensure_ascii=False).encode()
        (folder / name).write_bytes(content)


def added(content, **more):
    return {"content": content, "lstrip": False, "rstrip": False, "single_word": False, "normalized": False, "special": True, **more}


T5 = dict(model_type="unigram", vocab_size=90, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
ALBERT = dict(model_type="unigram", vocab_size=90, pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, control_symbols=["[CLS]", "[SEP]"], user_defined_symbols=["[MASK]"])
XLM = dict(model_type="unigram", vocab_size=90)
LLAMA = dict(model_type="bpe", vocab_size=420, byte_fallback=True, remove_extra_whitespaces=False, unk_id=0, bos_id=1, eos_id=2)
GEMMA = dict(model_type="bpe", vocab_size=420, byte_fallback=True, remove_extra_whitespaces=False, add_dummy_prefix=False, pad_id=0, eos_id=1, bos_id=2, unk_id=3, user_defined_symbols=["<mask>"])
USER = dict(LLAMA, user_defined_symbols=["<|user|>", "<|end|>"])
NFKC = dict(normalization_rule_name="nmt_nfkc")


def families(v):
    """Yields name, files, model_type, tokenizer_class, the special tokens by role, and settings that the class knows."""
    gpt = v.bytes(("<|endoftext|>",))
    rob = v.bytes(("<s>", "<pad>", "</s>", "<unk>", "<mask>"))
    neox = v.bytes(("<|endoftext|>", "<|padding|>"))
    qwen = v.bytes(("<|endoftext|>", "<|im_start|>", "<|im_end|>"))
    case = [{"do_lower_case": False}, {"do_lower_case": True}, {"strip_accents": True, "do_lower_case": False}, {"strip_accents": False}, {"strip_accents": None},
            {"tokenize_chinese_chars": False}]
    prefix = [{"add_prefix_space": True}, {"add_prefix_space": False}, {"add_prefix_space": None}]
    ends = [{"add_bos_token": True}, {"add_eos_token": True}, {"add_bos_token": True, "add_eos_token": True}, {"add_bos_token": False}]
    legacy = [{"legacy": True}, {"legacy": False}, {"legacy": None}]
    yield "bert", v.vocab_txt(True), "bert", "BertTokenizer", case
    yield "bert-cased", v.vocab_txt(False), "bert", "BertTokenizer", case[:2]
    yield "distilbert", v.vocab_txt(True), "distilbert", "DistilBertTokenizer", case[:2]
    yield "electra", v.vocab_txt(True), "electra", "ElectraTokenizer", case[:2]
    yield "roberta", rob, "roberta", "RobertaTokenizer", prefix + [{"trim_offsets": False}]
    yield "bart", rob, "bart", "BartTokenizer", prefix[:1]
    yield "gpt2", gpt, "gpt2", "GPT2Tokenizer", prefix + ends
    yield "opt", rob, "opt", "GPT2Tokenizer", ends[:1]
    yield "gpt_neox", neox, "gpt_neox", "GPTNeoXTokenizer", prefix[:1] + ends
    yield "qwen2", qwen, "qwen2", "Qwen2Tokenizer", prefix[:1] + ends[:1]
    yield "qwen3", qwen, "qwen3", "Qwen2Tokenizer", ends[:1]
    yield "t5", v.pieces("spiece.model", **T5), "t5", "T5Tokenizer", [{"extra_ids": 10}, {"extra_ids": 0}]
    yield "mt5", v.pieces("spiece.model", **T5, **NFKC), "mt5", "T5Tokenizer", [{"extra_ids": 3}]
    yield "albert", v.pieces("spiece.model", **ALBERT), "albert", "AlbertTokenizer", case[:2] + [{"keep_accents": True}, {"add_prefix_space": False}]
    yield "albert-nfkc", v.pieces("spiece.model", **ALBERT, **NFKC), "albert", "AlbertTokenizer", case[:1] + [{"keep_accents": True, "do_lower_case": False}]
    yield "xlm-roberta", v.pieces("sentencepiece.bpe.model", **XLM), "xlm-roberta", "XLMRobertaTokenizer", prefix[:2]
    yield "llama", v.pieces("tokenizer.model", **LLAMA), "llama", "LlamaTokenizer", legacy + prefix + ends
    yield "llama-user", v.pieces("tokenizer.model", **USER), "llama", "LlamaTokenizer", legacy[:1] + ends[:1]
    yield "mistral", v.pieces("tokenizer.model", **LLAMA), "mistral", "LlamaTokenizer", legacy + ends
    yield "mixtral-user", v.pieces("tokenizer.model", **USER), "mixtral", "LlamaTokenizer", legacy[:1] + ends[2:3]
    yield "phi3", v.pieces("tokenizer.model", **USER), "phi3", "LlamaTokenizer", legacy[:2] + ends[:1]
    yield "gemma", v.pieces("tokenizer.model", **GEMMA), "gemma", "GemmaTokenizer", ends
    yield "gemma3_text", v.pieces("tokenizer.model", **GEMMA), "gemma3_text", "GemmaTokenizer", ends[:1]
    yield "ranks", v.ranks(), "llama", "PreTrainedTokenizerFast", ends[:3]
    yield "unigram-only", v.pieces("tokenizer.model", **XLM), "stablelm", "PreTrainedTokenizerFast", legacy[:2] + ends[:1]
    yield "nfkc-only", v.pieces("tokenizer.model", **XLM, **NFKC), "olmo2", "PreTrainedTokenizerFast", legacy[:1]


def forms(c, own):
    """Yields the name of a form and the files of settings that it adds; c is the tokenizer's class."""
    last = 5000
    yield "bare", {}
    yield "class", {"tokenizer_config.json": {"tokenizer_class": c}}
    yield "fast", {"tokenizer_config.json": {"tokenizer_class": c + "Fast"}}
    for i, settings in enumerate(own):
        yield f"own{i}", {"tokenizer_config.json": {"tokenizer_class": c, **settings}}
    yield "eos", {"tokenizer_config.json": {"tokenizer_class": c, "eos_token": "<|im_end|>"}}
    yield "eos-object", {"tokenizer_config.json": {"tokenizer_class": c, "eos_token": {"__type": "AddedToken", **added("<|im_end|>", normalized=True)}}}
    yield "null-roles", {"tokenizer_config.json": {"tokenizer_class": c, "bos_token": None, "pad_token": None}}
    yield "extra", {"tokenizer_config.json": {"tokenizer_class": c, "extra_special_tokens": ["<|user|>", "[NEW]"]}}
    yield "additional", {"tokenizer_config.json": {"tokenizer_class": c, "additional_special_tokens": ["<|user|>", "<|end|>"]}}
    yield "both", {"tokenizer_config.json": {"tokenizer_class": c, "additional_special_tokens": ["<|user|>"], "extra_special_tokens": ["[NEW]"]}}
    yield "named", {"tokenizer_config.json": {"tokenizer_class": c, "image_token": "<image>", "extra_special_tokens": {"new_token": "<new>"}}}
    yield "added", {"tokenizer_config.json": {"tokenizer_class": c}, "added_tokens.json": {"<|end|>": last + 1, "[NEW]": last}}
    yield "map", {"special_tokens_map.json": {"eos_token": "<|im_end|>", "additional_special_tokens": ["<|user|>"], "mask_token": added("<mask>", lstrip=True)}}
    yield "map-and-added", {"tokenizer_config.json": {"tokenizer_class": c}, "special_tokens_map.json": {"eos_token": "<|end|>", "additional_special_tokens": ["<|user|>"]},
                            "added_tokens.json": {"<|user|>": last, "<|end|>": last + 1, "<new>": last + 2}}
    yield "map-outweighs", {"tokenizer_config.json": {"tokenizer_class": c, "eos_token": "<|end|>"}, "special_tokens_map.json": {"eos_token": "<|im_end|>"}}
    yield "decoder", {"tokenizer_config.json": {"tokenizer_class": c, "added_tokens_decoder": {str(last): added("<|im_end|>"), str(last + 2): added("<new>", lstrip=True, rstrip=True),
                                                                                              str(last + 1): added("[NEW]", special=False, normalized=True, single_word=True)}}}
    yield "decoder-first", {"tokenizer_config.json": {"tokenizer_class": c, "eos_token": "<|im_end|>", "added_tokens_decoder": {str(last): added("<|im_end|>")}},
                            "special_tokens_map.json": {"eos_token": "<|end|>"}, "added_tokens.json": {"<|end|>": last + 1}}
    for i, settings in enumerate(own):
        yield f"own{i}-decoder", {"tokenizer_config.json": {"tokenizer_class": c, **settings, "added_tokens_decoder": {str(last): added("<new>", lstrip=True), str(last + 1): added("[NEW]", normalized=True, special=False)}}}
        yield f"own{i}-map", {"tokenizer_config.json": settings, "special_tokens_map.json": {"eos_token": added("<|im_end|>", rstrip=True), "pad_token": "<|end|>"}}
    yield "split", {"tokenizer_config.json": {"tokenizer_class": c, "split_special_tokens": True, "extra_special_tokens": ["<|user|>"]}}


def variants(v):
    """Yields the name and the files of every directory."""
    for name, files, kind, c, own in families(v):
        config = {"config.json": {"model_type": kind}}
        for form, more in forms(c, own):
            yield f"{name}/files/{form}", {**files, **config, **more}
        yield f"{name}/files/no-config", {**files, "tokenizer_config.json": {"tokenizer_class": c}}
        saved = v.saved(name, {**files, **config, "tokenizer_config.json": {"tokenizer_class": c}})
        for form, more in forms(c, own):
            yield f"{name}/json/{form}", {**saved, **config, **more}
        for form, more in [("generic", {}), ("generic-eos", {"eos_token": "<|end|>", "bos_token": "<s>"}), ("generic-extra", {"extra_special_tokens": ["<|user|>"]}),
                           ("generic-added", {"added_tokens_decoder": {"9999": added("<new>", rstrip=True)}})]:
            yield f"{name}/json/{form}", {**saved, **config, "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", **more}}
        yield f"{name}/json/alone", dict(saved)
    for kind in ["gpt2", "llama", "mistral", "qwen3", "gemma3_text", "gpt_neox", "phi3", "olmo2", "granite", "t5"]:
        config = {"absent": {}, "null": {"eos_token_id": None}, "one": {"eos_token_id": 7}, "list": {"eos_token_id": [7, 9]}}
        generation = {"none": None, "absent": {}, "null": {"eos_token_id": None}, "one": {"eos_token_id": 7}, "list": {"eos_token_id": [11, 7]}}
        tokenizer = {"tokenizer.json": v.saved("gpt2", {**v.bytes(("<|endoftext|>",)), "config.json": {"model_type": "gpt2"}})["tokenizer.json"]}
        for a, first in config.items():
            for b, second in generation.items():
                for eos in [{}, {"eos_token": "<|endoftext|>"}]:
                    files = {**tokenizer, "config.json": {"model_type": kind, **first}, "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", **eos}}
                    if second is not None:
                        files["generation_config.json"] = second
                    yield f"ends/{kind}/{a}-{b}-{len(eos)}", files
    for name, changed in edits(v):
        yield f"edited/{name}", {"tokenizer.json": changed, "config.json": {"model_type": "gpt2"}, "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast"}}


def edits(v):
    """Yields tokenizer.json files that no library writes: ids with gaps, twice, of other tokens."""
    base = json.loads(v.get("edited", lambda: byte_bpe(("<|endoftext|>",))).to_str())
    size = len(base["model"]["vocab"])
    def file(*tokens):
        return {**base, "added_tokens": [{"id": i, **added(t, **more)} for i, t, more in tokens]}
    yield "one-id", file((size, "<|user|>", {}), (size, "<|end|>", {}))
    yield "gaps", file((size + 5, "<|user|>", {}), (size + 9, "<|end|>", {}))
    yield "wrong-id", file((7, "<|user|>", {}), (0, "<|endoftext|>", {}))
    yield "backwards", file((size + 1, "<|user|>", {}), (size, "<|end|>", {}))
    yield "twice", file((size, "<|user|>", {}), (size + 1, "<|user|>", {"lstrip": True, "rstrip": True}))
    yield "in-vocab", file((size, "the", {"normalized": True, "special": False}), (size + 1, "<new>", {"single_word": True}))


def as_list(ids):
    return [] if ids is None else ids if isinstance(ids, list) else [ids]


def generation_ends(folder):
    """The ids that end what transformers' generate writes; encoders don't write."""
    if modelled(folder) in ENCODERS:
        return []
    if os.path.exists(f"{folder}/generation_config.json"):
        return as_list(GenerationConfig.from_pretrained(folder).eos_token_id)
    if not os.path.exists(f"{folder}/config.json"):
        return []
    return as_list(GenerationConfig.from_model_config(AutoConfig.from_pretrained(folder)).eos_token_id)


def modelled(folder):
    path = pathlib.Path(folder) / "config.json"
    return json.loads(path.read_text())["model_type"] if path.exists() else None


def named_ends(folder):
    out = []
    for name in "config.json", "generation_config.json":
        path = pathlib.Path(folder) / name
        if path.exists():
            out += as_list(json.loads(path.read_text()).get("eos_token_id"))
    return out


def reference(folder):
    """What transformers makes of the texts, or why it doesn't load the directory."""
    try:
        t = AutoTokenizer.from_pretrained(folder)
        pair = t._tokenizer.encode(*PAIR)
        return {"framed": [t(s).input_ids for s in TEXTS], "plain": [t(s, add_special_tokens=False).input_ids for s in TEXTS], "end": t.eos_token_id,
                "pair": pair.ids, "types": pair.type_ids, "ends": generation_ends(folder)}
    except Exception as e:
        return {"failed": f"{type(e).__name__}: {e}"[:200]}


def ours(binary, folder):
    texts = "".join(json.dumps(s) + "\n" for s in TEXTS)
    out = {}
    for key, flags in [("framed", []), ("plain", ["--no-special-tokens"])]:
        p = subprocess.run([binary, "tokenizer", "encode", "--tokenizer", folder, "--json-input", *flags], input=texts, capture_output=True, text=True)
        if p.returncode != 0:
            return {"failed": p.stderr.strip()[-300:]}
        out[key] = [[int(i) for i in line.split()] for line in p.stdout.split("\n")[: len(TEXTS)]]
    p = subprocess.run([binary, "info", folder], capture_output=True, text=True)
    line = next((l for l in p.stdout.splitlines() if l.startswith("tokenizer")), "")
    out["ends"] = [int(i) for i in re.findall(r"\((\d+)\)(?:, also|$)", line)]
    return out


def differences(folder, want, got):
    if "failed" in got:
        yield f"not loaded: {got['failed']}"
        return
    for key in "framed", "plain":
        for s, a, b in zip(TEXTS, want[key], got[key]):
            if a != b:
                yield f"{key} {s!r}: got {b}, expected {a}"
    if want["end"] is not None and got["ends"][:1] != [want["end"]]:
        yield f"the end that is learned: got {got['ends'][:1]}, expected {want['end']}"
    # All that is named ends what is written here; transformers leaves out some of it.
    least, most = set(want["ends"]), {*want["ends"], want["end"], *named_ends(folder), *got["ends"][:1]}
    if not least <= set(got["ends"]) <= most:
        yield f"ends: got {got['ends']}, expected at least {least} and at most {most}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("finetune")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep")
    parser.add_argument("--golden")
    a = parser.parse_args()
    counts = {"equal": 0, "different": 0, "refused here": 0, "refused there": 0}
    goldens = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, files in variants(Vocabularies()):
            if a.only not in name:
                continue
            folder = pathlib.Path(a.keep or scratch) / name.replace("/", "+")
            folder.mkdir(parents=True)
            write(folder, files)
            want, got = reference(str(folder)), ours(a.finetune, str(folder))
            if "failed" in want:
                counts["refused there"] += 1
                print(f"{name}: transformers: {want['failed']}" + ("" if "failed" in got else "; here it loads"), flush=True)
            else:
                found = list(differences(str(folder), want, got))
                counts["different" if found else "equal"] += 1
                for d in found[:3]:
                    print(f"{name}: {d}", flush=True)
                goldens.append((name, files, want))
            if not a.keep:
                shutil.rmtree(folder)
    print(", ".join(f"{n} {what}" for what, n in counts.items() if n))
    if a.golden:
        write_goldens(a.golden, goldens)
    sys.exit(1 if counts["different"] else 0)


def write_goldens(path, goldens):
    """Writes those without large tables that one in six draws, and all whose files contradict themselves, each file once."""
    blobs, index, out = [], {}, []
    for i, (name, files, want) in enumerate(goldens):
        contents = {n: c if isinstance(c, bytes) else json.dumps(c, ensure_ascii=False).encode() for n, c in files.items()}
        if any(len(c) > 40000 for c in contents.values()) or i % 6 and not name.startswith("edited/") and not name.endswith(("/bare", "-map")):
            continue
        refs = {}
        for n, c in contents.items():
            if c not in index:
                index[c] = len(blobs)
                blobs.append(base64.b64encode(c).decode())
            refs[n] = index[c]
        out.append({"name": name, "files": refs, **want})
    text = json.dumps({"texts": TEXTS, "pair": PAIR, "blobs": blobs, "directories": out}, ensure_ascii=False)
    pathlib.Path(path).write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
