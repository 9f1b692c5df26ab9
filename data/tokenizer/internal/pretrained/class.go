package pretrained

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
)

// class is a class of tokenizers: what it reads in the place of a tokenizer.json, and how it makes a tokenizer of a vocabulary. It
// does the latter for the vocabulary of a tokenizer.json too, whose other parts count only as far as it asks for them.
type class struct {
	name     string
	file     string            // that holds its vocabulary
	kind     kindOf            // of its model
	defaults map[string]string // special tokens by role

	// build makes the tokenizer of the vocabulary that b holds, without added tokens and frame.
	build func(b *builder) (*tokenizerjson.File, error)
	// frame sets what frames a text once all tokens are added; nil for what tokenizer.json says, or add_bos_token and add_eos_token.
	frame func(b *builder) error
}

// kindOf is the kind of a model.
type kindOf uint8

const (
	bpe kindOf = iota
	wordPiece
	unigram
)

// classes are those that are known.
var classes = []*class{&bert, &mpnet, &gpt2, &roberta, &qwen2, &neox, &llama, &gemma, &t5, &albert, &xlmRoberta}

// classNamed returns the class of a name, nil if it isn't known.
func classNamed(name string) *class {
	for _, c := range classes {
		if c.name == name {
			return c
		}
	}
	return nil
}

// aliases are other names of classes.
var aliases = map[string]string{
	"DistilBertTokenizer": "BertTokenizer", "ElectraTokenizer": "BertTokenizer", "MobileBertTokenizer": "BertTokenizer",
	"ConvBertTokenizer": "BertTokenizer", "LayoutLMTokenizer": "BertTokenizer", "SqueezeBertTokenizer": "BertTokenizer",
	"BartTokenizer": "RobertaTokenizer", "LongformerTokenizer": "RobertaTokenizer", "LEDTokenizer": "RobertaTokenizer",
	"Phi3Tokenizer": "LlamaTokenizer",
}

// generic names the class that takes a tokenizer.json as it stands.
const generic = "TokenizersBackend"

// typesOf lists the model types whose tokenizers are of a class.
var typesOf = []struct{ class, types string }{
	{"BertTokenizer", "align bark bert blip bros chinese_clip convbert distilbert electra ernie flava git layoutlm megatron-bert nezha nomic_bert qdqbert realm retribert squeezebert tvp vilt visual_bert"},
	{"GPT2Tokenizer", "blip-2 codegen dbrx emu3 gpt2 gpt_neo gptj instructblip jais2 opt phi starcoder2"},
	{"RobertaTokenizer", "bart bridgetower clap data2vec-text ibert lilt longformer mega mra roberta roberta-prelayernorm"},
	{"LlamaTokenizer", "idefics idefics2"},
	{"T5Tokenizer", "mt5 musicgen musicgen_melody switch_transformers t5"},
	{"AlbertTokenizer", "albert yoso"},
	{"XLMRobertaTokenizer", "gte jina_embeddings_v3 metaclip_2 trocr xlm-roberta xmod"},
	{"Qwen2Tokenizer", "audioflamingo3 colqwen2 internvl qwen2 qwen2_5_omni qwen2_5_vl qwen2_audio qwen2_moe qwen2_vl qwen3 qwen3_asr qwen3_moe qwen3_next qwen3_omni_moe qwen3_vl qwen3_vl_moe"},
	{"GemmaTokenizer", "diffusion_gemma gemma gemma2 gemma3 gemma3_text gemma3n gemma3n_text recurrent_gemma shieldgemma2 t5gemma zaya"},
	{"GPTNeoXTokenizer", "falcon_mamba gpt_neox mamba mamba2 mpt olmo olmoe rwkv xlstm"},
	{"MPNetTokenizer", "mpnet"},
	{generic, "aria beam bigbird_pegasus flex_olmo glm glm4 glm4_moe glm4_moe_lite glm4v gpt_bigcode granite granitemoe granitemoehybrid granitemoeshared " +
		"ministral ministral3 mistral mistral3 mixtral nystromformer olmo2 olmo3 olmo_hybrid persimmon pixtral stablelm umt5 xlm-roberta-xl"},
}

// classOf returns the class of a model type's tokenizers, "" where the type isn't known.
func classOf(modelType string) string {
	for _, c := range typesOf {
		if slices.Contains(strings.Fields(c.types), modelType) {
			return c.class
		}
	}
	if slices.Contains(misnamed, modelType) {
		return generic
	}
	return ""
}

// misnamed are model types whose directories often name a wrong class: theirs is taken whatever is named.
var misnamed = []string{
	"arctic", "chatlm", "ernie4_5", "ernie4_5_moe", "fuyu", "h2ovl_chat", "hyperclovax", "internlm2", "internlm3", "jamba", "llava", "llava_next",
	"minicpm3", "minicpmv", "minimax_m2", "modernbert", "modernbert-decoder", "molmo", "nemotron", "opencua", "phi3", "phi3_v", "phimoe", "qwen2",
	"smolvlm", "step3_vl", "vipllava",
}

// isGeneric reports whether a class takes a tokenizer.json as it stands.
func isGeneric(name string) bool {
	return name == generic || name == "PreTrainedTokenizer" || name == "PythonBackend" || name == "BloomTokenizer"
}

// className returns the class of a directory's tokenizer, without "Fast"; generic where none is named. Overruled is set where it isn't
// the one that the directory names.
func (d *directory) className() (name string, overruled bool) {
	declared, ofType := d.class(), classOf(d.modelType)
	wrong := slices.Contains(misnamed, d.modelType)
	if canonical(declared) == "LlamaTokenizer" && !wrong && d.isByteLevel() {
		return generic, false
	}
	if declared != "" && ofType != "" && ofType != declared {
		switch {
		case isGeneric(ofType):
			return generic, false
		case wrong:
			return ofType, true
		}
	}
	switch {
	case declared == "" && ofType != "":
		return ofType, false
	case declared == "" || isGeneric(declared):
		return generic, false
	}
	return canonical(declared), false
}

// foreign are the other classes of transformers, without "Tokenizer". They have rules of their own, which only a tokenizer.json tells.
const foreign = "Barthez Bartpho BertGeneration BertJapanese Bertweet BigBird BioGpt BlenderbotSmall Blenderbot ByT5 CLIP CTRL Camembert Canine Clvp CodeGen " +
	"CodeLlama Cohere CpmAnt Cpm DPRContextEncoder DPRQuestionEncoder DPRReader Deberta DebertaV2 Dia Esm Esmc FNet FSMT Flaubert Funnel " +
	"GPTNeoXJapanese GPTSw3 Herbert Lasr LayoutLMv2 LayoutLMv3 LayoutXLM Luke Lxmert M2M100 MBart50 MBart MLuke Marian MarkupLM Mgpstr Mvp MyT5 " +
	"Nllb Nougat OpenAIGPT PLBart Parakeet Pegasus Perceiver Phobert ProphetNet Qwen3_5 Rag Reformer RemBert RoCBert RoFormer SeamlessM4T Siglip2 " +
	"Siglip Speech2Text SpeechT5 Splinter Tapas Tipsv2 Udop VideoPrism Vits Wav2Vec2CTC Wav2Vec2PhonemeCTC Whisper XGLM XLM XLNet"

// isForeign reports whether a name is that of a class that transformers knows and this package doesn't. A name that neither knows is generic.
func isForeign(name string) bool {
	short, ok := strings.CutSuffix(name, "Tokenizer")
	return ok && slices.Contains(strings.Fields(foreign), short)
}

// canonical returns the name of the class that has a name.
func canonical(name string) string {
	if other, ok := aliases[name]; ok {
		return other
	}
	return name
}

// isByteLevel reports whether the directory has a tokenizer.json of a byte-level tokenizer.
func (d *directory) isByteLevel() bool {
	b, err := os.ReadFile(filepath.Join(d.path, jsonFile))
	return err == nil && bytes.Contains(b, []byte(`"ByteLevel"`))
}
