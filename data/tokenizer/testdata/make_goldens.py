#!/usr/bin/env python3
"""Makes the goldens in this folder: small tokenizers of every family, and what Hugging Face's library makes of some texts.

usage: make_goldens.py OPTICKS.txt      (src/testdata/Isaac.Newton-Opticks.txt of a Go installation)
Made with tokenizers 0.23.3 and sentencepiece 0.2.3.
"""
import io
import json
import os
import random
import re
import sys

import sentencepiece
import sentencepiece.sentencepiece_model_pb2 as spm_pb
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")
CL100K = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = CL100K.replace("{1,3}", "")
TEXT = open(sys.argv[1], encoding="utf-8").read()[:120000] + "你好，世界。光は色である。Déjà vu, ça va? ﬁn ½ Å\n" * 20
LINES = TEXT.splitlines(keepends=True)

CASES = [
    "Hello world, 你好! It's 2024.", "", " ", "  two  spaces ", "tabs\tand\r\nlines\n\n\nend", "\x00\x01\x7f\x80\x9f",
    "👨\u200d👩\u200d👧 👩🏽\u200d🚀 🇩🇪", "שלום עולם مرحبا", "<|endoftext|>a<|endoftext|> b <s> </s> [MASK] <mask> x", "I'LL we'Ve IT'ſ don'ts '''s",
    "café cafe\u0301 ﬁ Å Å e\u0323\u0301 각 한국어", "func main() {\n\tfmt.Println(\"hi\")\n}", "1234567890 12 3.14 ²³ ½ ٣",
    "ǅ ß İstanbul ΣΑΣ", "\ufeff\u200b\u2060\u00ad\u3000x\u00a0y", "▁ ▁▁a ▁b ##a Ġ", "the rays of light which differ in colour",
    "Light,and Colours; (Prop. II.) [Fig. 3.]", "光は色である。Déjà vu, ça va?", "a" * 70 + " " * 20 + "b" * 70, "\U00010d40\U0002ebf0\u2e52\u1734\u1ad5 \U0001ccf0",
]
POOL = list("aZstreLight ofthe   \t\n\u00a0\u3000019٣½你好éßſ.,!?-_#'😀\u200d\u0301\u00ad▁Ġ")


def random_cases(n, seed=1):
    r = random.Random(seed)
    for _ in range(n):
        yield "".join(r.choice(POOL) if r.random() < 0.85 else chr(r.choice([r.randrange(0x20, 0xD7FF), r.randrange(0xE000, 0x30000)])) for _ in range(r.randrange(1, 24)))


def byte_bpe(size=420, **kind):
    t = Tokenizer(models.BPE(**kind))
    t.pre_tokenizer, t.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    t.train_from_iterator(LINES, trainers.BpeTrainer(vocab_size=size, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return t


def rebuild(t, **kind):
    m = json.loads(t.to_str())["model"]
    return Tokenizer(models.BPE(vocab=m["vocab"], merges=[tuple(p) for p in m["merges"]], **kind))


def gpt2():
    t = byte_bpe()
    t.post_processor = processors.ByteLevel(trim_offsets=False)
    t.add_special_tokens(["<|endoftext|>"])
    return t


def roberta():
    t = byte_bpe()
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    t.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True, normalized=False, special=True)])
    ids = {s: t.token_to_id(s) for s in ("<s>", "</s>")}
    t.post_processor = processors.RobertaProcessing(("</s>", ids["</s>"]), ("<s>", ids["<s>"]), trim_offsets=True, add_prefix_space=True)
    return t


def llama3():
    t = rebuild(byte_bpe(), ignore_merges=True)
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(CL100K), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens(["<s>"])
    bos = t.token_to_id("<s>")
    t.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", bos)])])
    return t


def qwen():
    t = rebuild(byte_bpe())
    t.normalizer = normalizers.NFC()
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(QWEN), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens(["<|endoftext|>"])
    return t


def smollm():
    t = byte_bpe()
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return t


def added():
    t = byte_bpe()
    t.normalizer = normalizers.Lowercase()
    t.add_tokens([AddedToken("Light", normalized=True, single_word=True), AddedToken("abc", lstrip=True, rstrip=True), AddedToken("The", normalized=False, rstrip=True)])
    return t


def bert(lowercase=True):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=60))
    t.normalizer, t.pre_tokenizer, t.decoder = normalizers.BertNormalizer(lowercase=lowercase), pre_tokenizers.BertPreTokenizer(), decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    t.train_from_iterator(LINES, trainers.WordPieceTrainer(vocab_size=420, show_progress=False, special_tokens=special))
    t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return t


def character_bpe():
    t = Tokenizer(models.BPE(unk_token="<unk>"))
    t.normalizer = normalizers.Replace(" ", "▁")
    t.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    t.train_from_iterator(LINES, trainers.BpeTrainer(vocab_size=600, show_progress=False, special_tokens=["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]))
    return rebuild(t, unk_token="<unk>", fuse_unk=True, byte_fallback=True)


META = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])


def llama_frame(t):
    t.decoder = META
    t.add_special_tokens(["<unk>", "<s>", "</s>"])
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    return t


def llama2():
    t = character_bpe()
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    return llama_frame(t)


def mistral():
    t = character_bpe()
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    return llama_frame(t)


def gemma():
    t = character_bpe()
    t.normalizer, t.pre_tokenizer = normalizers.Replace(" ", "▁"), pre_tokenizers.Split(" ", "merged_with_previous")
    t = llama_frame(t)
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    t.add_tokens([AddedToken("\n\n", normalized=False), AddedToken("▁▁", normalized=False)])
    return t


RULES = [("\t", " "), ("\n", " "), ("\u3000", " "), ("\u00a0", " "), ("\ufb01", "fi"), ("\u00bd", "1\u20442"), ("\u212b", "\u00c5"), ("e\u0301", "\u00e9"), ("\u200b", " "), ("\uff0e", ".")]


def sentencepiece_model(**kind):
    tsv = os.path.join(os.environ.get("TMPDIR", "/tmp"), "goldens-rules.tsv")
    with open(tsv, "w") as f:
        for a, b in RULES:
            f.write(" ".join("%X" % ord(c) for c in a) + "\t" + " ".join("%X" % ord(c) for c in b) + "\n")
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(LINES), model_writer=out, vocab_size=420, normalization_rule_tsv=tsv, minloglevel=2, **kind)
    return out.getvalue()


def unigram(byte_fallback=False):
    m = spm_pb.ModelProto()
    m.ParseFromString(sentencepiece_model(model_type="unigram", byte_fallback=byte_fallback, character_coverage=0.99))
    t = Tokenizer(models.Unigram([(p.piece, p.score) for p in m.pieces], unk_id=0, byte_fallback=byte_fallback))
    return t, normalizers.Precompiled(m.normalizer_spec.precompiled_charsmap)


def t5():
    t, table = unigram()
    t.normalizer = table
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    t.decoder = decoders.Metaspace()
    t.add_special_tokens(["<unk>", "<s>", "</s>"])
    t.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 2)])
    return t


def albert():
    t, table = unigram()
    t.normalizer = normalizers.Sequence([normalizers.Replace("``", '"'), normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(), table, normalizers.Replace(Regex(" {2,}"), " ")])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")])
    t.decoder = decoders.Metaspace()
    t.add_special_tokens(["<unk>", "<s>", AddedToken("[MASK]", lstrip=True)])
    return t


def xlm():
    t, table = unigram(byte_fallback=True)
    t.normalizer = normalizers.Sequence([table, normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), "▁")])
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    t.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])
    t.add_special_tokens(["<unk>", "<s>", "</s>"])
    return t


def words():
    t = Tokenizer(models.WordLevel(unk_token="<unk>"))
    t.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Nmt(), normalizers.Strip()])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.Digits()])
    t.train_from_iterator(LINES, trainers.WordLevelTrainer(vocab_size=300, show_progress=False, special_tokens=["<unk>"]))
    return t


def suffixes():
    t = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    t.normalizer = normalizers.NFD()
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.CharDelimiterSplit("a"), pre_tokenizers.Split(Regex(r"[eiou]+"), "merged_with_previous"), pre_tokenizers.Split(Regex(r"\w+|\S"), "removed", invert=True)])
    t.decoder = decoders.BPEDecoder("</w>")
    t.train_from_iterator(LINES, trainers.BpeTrainer(vocab_size=300, show_progress=False, special_tokens=["<unk>"], end_of_word_suffix="</w>"))
    return t


def byte_offsets(text, offsets):
    at = [0]
    for c in text:
        at.append(at[-1] + len(c.encode()))
    return [[at[a], at[b]] for a, b in offsets]


def main():
    os.makedirs(HERE, exist_ok=True)
    texts = CASES + list(random_cases(15))
    makers = [gpt2, roberta, llama3, qwen, smollm, added, bert, llama2, mistral, gemma, t5, albert, xlm, words, suffixes]
    for make in makers:
        t = make()
        file = json.loads(t.to_str())
        with open(os.path.join(HERE, make.__name__ + ".json"), "w") as f:
            json.dump(file, f, ensure_ascii=False, separators=(",", ":"))
        with open(os.path.join(HERE, make.__name__ + ".cases.json"), "w") as f:
            lines = []
            for text in texts:
                e = t.encode(text)
                lines.append(json.dumps({"text": text, "ids": e.ids, "tokens": e.tokens, "offsets": byte_offsets(text, e.offsets), "special": e.special_tokens_mask,
                                         "decoded": t.decode(e.ids, skip_special_tokens=False), "plain": t.decode(e.ids)}, separators=(",", ":")))
            pair = t.encode("the rays", "of light")
            lines.append(json.dumps({"text": "the rays", "pair": "of light", "ids": pair.ids, "type_ids": pair.type_ids}, separators=(",", ":")))
            f.write("[\n" + ",\n".join(lines) + "\n]\n")
    for kind in ("unigram", "bpe"):
        with open(os.path.join(HERE, f"sentencepiece-{kind}.model"), "wb") as f:
            model = sentencepiece_model(model_type=kind, byte_fallback=kind == "bpe", character_coverage=0.99 if kind == "unigram" else 0.999)
            f.write(model)
        p = sentencepiece.SentencePieceProcessor(model_proto=model)
        # The reference's component drops a mark after white space, which SentencePiece itself keeps.
        plain = [c for c in texts if "<" not in c and "\x00" not in c and not re.search(r"\s[\u0300-\u036f]", c)]
        with open(os.path.join(HERE, f"sentencepiece-{kind}.cases.json"), "w") as f:
            json.dump([{"text": c, "ids": p.encode(c)} for c in plain], f, indent=0, separators=(",", ":"))
    # Trained on the whole book, as the Go test does.
    book = open(sys.argv[1], encoding="utf-8", newline="").read().splitlines(keepends=True)
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.train_from_iterator(book, trainers.BpeTrainer(vocab_size=1000, show_progress=False, special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    with open(os.path.join(HERE, "opticks-bpe.json"), "w") as f:
        json.dump([" ".join(m) for m in json.loads(t.to_str())["model"]["merges"]], f, indent=0, ensure_ascii=False)


main()
