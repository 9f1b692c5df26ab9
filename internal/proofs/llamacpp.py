"""What the proofs beside llama.cpp have in common: a GGUF file as llama.cpp computes with it, through llama-cpp-python's bindings.

LLAMA_CPP_LIB_PATH names a folder with another build of llama.cpp's libraries, of the version that the bindings are for. With what pip builds on a processor
with AMX tiles, llama_decode crashed on our machine, unless matrices stay as they lie in the file (use_extra_bufts=False, as it is here). A build that leaves the
tiles out (cmake -DGGML_NATIVE=OFF …) may turn them as it likes: SEAHORSE_LLAMA_TURNS=1.
"""

import ctypes
import os
import pathlib
import subprocess

import llama_cpp
import numpy

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FLOAT32, FLOAT16 = 0, 1  # as ggml numbers types
TURNS = os.environ.get("SEAHORSE_LLAMA_TURNS") == "1"


def version():
    """Returns the versions of the bindings, and what llama.cpp was built for."""
    return f"llama-cpp-python {llama_cpp.__version__}: {llama_cpp.llama_print_system_info().decode()}"


def built(folder):
    """Builds the command into a folder and returns its path."""
    finetune = f"{folder}/finetune"
    subprocess.run(["go", "build", "-o", finetune, "./cmd/finetune"], cwd=ROOT, check=True)
    return finetune


class Model:
    """A model, and one text that it reads. Batches of at most 512 tokens; cache is the type of keys and values."""

    def __init__(self, path, adapter=None, context=1024, threads=2, cache=FLOAT32):
        silent = llama_cpp.llama_log_callback(lambda level, text, data: None)
        llama_cpp.llama_log_set(silent, None)
        self.silent = silent  # is called for as long as the library is there
        llama_cpp.llama_backend_init()
        params = llama_cpp.llama_model_default_params()
        params.n_gpu_layers, params.use_extra_bufts = 0, TURNS
        self.model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        if not self.model:
            raise SystemExit(f"llama.cpp doesn't open {path}")
        params = llama_cpp.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = context, 512, 512
        params.n_threads = params.n_threads_batch = threads
        params.type_k = params.type_v = cache
        if cache == FLOAT32:
            params.flash_attn_type = 0  # which rounds to 16 bits
        self.context = llama_cpp.llama_init_from_model(self.model, params)
        if adapter:
            lora = llama_cpp.llama_adapter_lora_init(self.model, str(adapter).encode())
            if not lora:
                raise SystemExit(f"llama.cpp doesn't take the adapter {adapter}")
            loras, scales = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(lora), (ctypes.c_float * 1)(1)
            if llama_cpp.llama_set_adapters_lora(self.context, loras, 1, scales):
                raise SystemExit(f"llama.cpp doesn't apply the adapter {adapter}")
        self.vocab = llama_cpp.llama_model_get_vocab(self.model)
        self.size = llama_cpp.llama_vocab_n_tokens(self.vocab)
        self.batch = llama_cpp.llama_batch_init(512, 0, 1)
        self.at = 0

    def ids(self, text, special=True):
        """Returns the tokens of a text, with those that frame one."""
        raw = text.encode()
        ids = (ctypes.c_int32 * (len(raw) + 8))()
        n = llama_cpp.llama_tokenize(self.vocab, raw, len(raw), ids, len(ids), special, True)
        return list(ids[:n])

    def ends(self, token):
        """Tells whether a token ends a text."""
        return llama_cpp.llama_vocab_is_eog(self.vocab, int(token))

    def end(self):
        """Returns the token that stands behind a text."""
        return llama_cpp.llama_vocab_eos(self.vocab)

    def forget(self):
        """Begins a new text."""
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)
        self.at = 0

    def read(self, ids, every=False):
        """Goes on with the text, and returns the logits behind the last token, or with every=True behind each."""
        found = []
        for first in range(0, len(ids), 512):
            part = ids[first : first + 512]
            self.batch.n_tokens = len(part)
            for i, token in enumerate(part):
                self.batch.token[i], self.batch.pos[i] = int(token), self.at + i
                self.batch.n_seq_id[i], self.batch.seq_id[i][0] = 1, 0
                self.batch.logits[i] = every or first + i + 1 == len(ids)
            if llama_cpp.llama_decode(self.context, self.batch):
                raise SystemExit("llama_decode failed")
            self.at += len(part)
            for i in range(len(part)):
                if self.batch.logits[i]:
                    row = llama_cpp.llama_get_logits_ith(self.context, i)
                    found.append(numpy.ctypeslib.as_array(row, (self.size,)).copy())
        return numpy.stack(found) if every else found[0]

    def loss(self, ids, length):
        """Returns the mean loss of all tokens but the first, read in rows of so many by themselves, and how many there are."""
        total = 0.0
        for first in range(0, len(ids) - 1, length):
            row = ids[first : first + length + 1]
            self.forget()
            logits = self.read(row[:-1], every=True).astype(numpy.float64)
            most = logits.max(axis=1)
            sums = most + numpy.log(numpy.exp(logits - most[:, None]).sum(axis=1))
            total += (sums - logits[numpy.arange(len(row) - 1), row[1:]]).sum()
        return total / (len(ids) - 1), len(ids) - 1
