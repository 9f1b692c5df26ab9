package tokenizer

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A hostile file may make Load, and Encode and Decode of a short text after it, allocate this much, garbage included. The peak is below that.
const (
	mostPerByte = 64       // bytes for each byte of the file
	mostAtAll   = 80 << 20 // bytes for any file: tables that don't depend on it, and the gaps that ids may have
)

// costs returns what do allocates and how long it takes.
func costs(do func()) (bytes uint64, d time.Duration) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin := time.Now()
	do()
	d = time.Since(begin)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, d
}

// many joins what do makes of 0 to n-1.
func many(n int, do func(i int) string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(do(i))
	}
	return b.String()
}

func same(s string) func(int) string { return func(int) string { return s } }

func TestHostileFilesTakeBoundedMemory(t *testing.T) {
	const size = 1 << 20
	files := hostileJSON(size)
	maps.Copy(files, hostileModels(size))
	for name, f := range files {
		path := filepath.Join(t.TempDir(), f.name)
		if err := os.WriteFile(path, f.contents, 0o600); err != nil {
			t.Fatal(err)
		}
		var err error
		bytes, d := costs(func() {
			var tok *Tokenizer
			if tok, err = Load(path); err != nil {
				return
			}
			text := []byte("aaaa é b")
			tok.Decode(tok.AppendIDs(nil, text, true), false)
			_, err = tok.Encode(text, EncodeOptions{AddSpecial: true})
		})
		t.Logf("%s: %d bytes, %d allocated, %v, %.100v", name, len(f.contents), bytes, d.Round(time.Millisecond), err)
		if f.want != "" && (err == nil || !strings.Contains(err.Error(), f.want)) {
			t.Errorf("%s: got %.200v, want an error about %s", name, err, f.want)
		}
		if err != nil && len(err.Error()) > 1000 {
			t.Errorf("%s: the error has %d bytes", name, len(err.Error()))
		}
		if most := uint64(mostAtAll + mostPerByte*len(f.contents)); bytes > most {
			t.Errorf("%s: %d bytes allocated for a file of %d, want at most %d", name, bytes, len(f.contents), most)
		}
		if d > 10*time.Second {
			t.Errorf("%s: took %v", name, d)
		}
	}
}

type hostileFile struct {
	name     string
	contents []byte
	want     string // in the error; "" if the file may load
}

// hostileJSON returns tokenizer.json files of about n bytes.
func hostileJSON(n int) map[string]hostileFile {
	files := map[string]hostileFile{}
	add := func(name, model, more, want string) {
		files[name] = hostileFile{jsonFile, []byte(`{"model":` + model + more + `}`), want}
	}
	part := func(key, json string) string { return `,"` + key + `":` + json }
	sequence := func(kind, members string) string { return `{"type":"Sequence","` + kind + `":[` + members + `]}` }
	nested := func(kind, member string, depth int) string {
		return strings.Repeat(`{"type":"Sequence","`+kind+`":[`, depth) + member + strings.Repeat(`]}`, depth)
	}
	long := strings.Repeat("a", n)

	add("lists in lists", strings.Repeat("[", n), ``, "tokenizerjson")
	add("objects in objects", strings.Repeat(`{"a":`, n/5), ``, "tokenizerjson")
	add("sequences in sequences", tinyBPE, part("normalizer", nested("normalizers", "", n/40)), "tokenizerjson")
	add("a wide sequence at the bottom", tinyBPE, part("normalizer", nested("normalizers", many(n/16, same(`{"type":"Nmt"}`)), 15)), "more than")
	add("a long number", `{"type":"BPE","vocab":{"a":`+strings.Repeat("9", n)+`},"merges":[]}`, ``, "expected an id")
	add("a long score", `{"type":"Unigram","unk_id":0,"vocab":[["a",-1`+strings.Repeat("0", n)+`]]}`, ``, "score")
	add("a long name of a type", `{"type":"`+long+`"}`, ``, "unknown type")
	add("a long name of a normalizer", tinyBPE, part("normalizer", `{"type":"`+long+`"}`), "unknown type")
	add("a long token", `{"type":"BPE","vocab":{"`+long+`":0},"merges":[["`+long+`","a"]]}`, ``, "not in the vocabulary")
	add("a long unknown token", `{"type":"WordPiece","unk_token":"`+long+`","vocab":{"a":0}}`, ``, "not in the vocabulary")
	add("many tokens", `{"type":"BPE","vocab":{`+many(n/12, func(i int) string { return fmt.Sprintf(`"%x":%d`, i, i) })+`},"merges":[]}`, ``, "")
	add("one token many times", `{"type":"BPE","vocab":{`+many(n/6, same(`"a":0`))+`},"merges":[]}`, ``, "")
	add("gaps between ids", `{"type":"WordLevel","vocab":{"<unk>":0,"a":1048577}}`, ``, "")
	add("merges of one pair", `{"type":"BPE","vocab":{"a":0,"aa":1},"merges":[`+many(n/10, same(`["a","a"]`))+`]}`, ``, "")
	add("merges in a circle", `{"type":"BPE","vocab":{"a":0,"":1,"aa":2},"merges":[`+many(n/20, same(`["a",""],["","a"]`))+`]}`, ``, "")
	add("merges of unknown tokens", `{"type":"BPE","vocab":{"a":0},"merges":[`+many(n/10, func(i int) string { return fmt.Sprintf(`"%x %x"`, i, i) })+`]}`, ``, "not in the vocabulary")
	add("unigram of empty tokens", `{"type":"Unigram","unk_id":0,"vocab":[`+many(n/7, same(`["",0]`))+`]}`, ``, "")
	add("unigram of scattered tokens", `{"type":"Unigram","unk_id":0,"vocab":[`+many(n/20, func(i int) string {
		return fmt.Sprintf(`["%s",-1]`, string(rune(0x20000+i*7919%0xb0000))+string(rune(0x4e00+i*31%0x5000)))
	})+`]}`, ``, "")
	add("empty added tokens", tinyBPE, part("added_tokens", `[`+many(n/3, same(`{}`))+`]`), "")
	add("a long added token", tinyBPE, part("added_tokens", `[{"id":3,"content":"`+long+`"}]`), "")
	add("many added tokens", tinyBPE, part("added_tokens", `[`+many(n/32, func(i int) string { return fmt.Sprintf(`{"id":%d,"content":"%x"}`, i+3, i) })+`]`), "")
	add("replacements that double", tinyBPE, part("normalizer", sequence("normalizers", many(60, same(`{"type":"Replace","pattern":{"String":"a"},"content":"aa"}`))))+
		part("added_tokens", `[{"id":3,"content":"a","normalized":true}]`), "grow")
	add("expressions that double", tinyBPE, part("normalizer", sequence("normalizers", many(60, same(`{"type":"Replace","pattern":{"Regex":"."},"content":"aa"}`)))), "grow")
	add("long replacements", tinyBPE, part("normalizer", sequence("normalizers", many(2, same(`{"type":"Replace","pattern":{"String":"a"},"content":"`+long[:n/2]+`"}`)))), "grow")
	table := make([]byte, 4+4*256, n/2)
	binary.LittleEndian.PutUint32(table, 4*256)
	binary.LittleEndian.PutUint32(table[4+4*'a':], 1<<8|'a')
	table = append(table, long[:n/4]...)
	charsmap := base64.StdEncoding.EncodeToString(table)
	add("precompiled replacements that grow", tinyBPE, part("normalizer", sequence("normalizers", many(2, same(`{"type":"Precompiled","precompiled_charsmap":"`+charsmap+`"}`)))), "grow")
	add("a precompiled trie beyond its table", tinyBPE, part("normalizer", `{"type":"Precompiled","precompiled_charsmap":"/P///wAAAAA="}`), "Precompiled")
	add("bytes spelled again and again", tinyBPE, part("pre_tokenizer", sequence("pretokenizers", many(60, same(`{"type":"ByteLevel","use_regex":false}`)))), "grow")
	add("decoders that double", tinyBPE, part("decoder", sequence("decoders", many(60, same(`{"type":"Replace","pattern":{"String":"a"},"content":"aa"}`)))), "grow")
	add("suffixes that are empty", tinyBPE, part("decoder", sequence("decoders", many(60, same(`{"type":"BPEDecoder","suffix":""}`)))), "suffix")
	add("a decoder that strips for ever", tinyBPE, part("decoder", `{"type":"Strip","content":"a","start":9223372036854775807,"stop":9223372036854775807}`), "")
	add("a frame of frames", tinyBPE, part("post_processor", `{"type":"TemplateProcessing","single":[`+many(n/80, same(`{"SpecialToken":{"id":"a","type_id":0}}`))+`],"pair":[],"special_tokens":{"a":{"id":"a","ids":[`+
		many(n/16, same("0"))+`],"tokens":[`+many(n/16, same(`"a"`))+`]}}}`), "pieces")
	add("words without an end", `{"type":"WordPiece","max_input_chars_per_word":9223372036854775807,"vocab":{"[UNK]":0,"a":1,"##a":2}}`, ``, "")
	add("longer words than numbers", `{"type":"WordPiece","max_input_chars_per_word":1e30,"vocab":{"[UNK]":0}}`, ``, "max_input_chars")
	add("repeated repetitions", tinyBPE, part("pre_tokenizer", `{"type":"Split","pattern":{"Regex":"((((a{65535}){65535}){65535}){65535}){65535}"},"behavior":"Isolated","invert":false}`), "")
	add("a long expression", tinyBPE, part("pre_tokenizer", `{"type":"Split","pattern":{"Regex":"`+strings.Repeat(`\\w|`, n/5)+`"},"behavior":"Isolated","invert":false}`), "at most")
	add("a long expression that may be", tinyBPE, part("pre_tokenizer", `{"type":"Split","pattern":{"Regex":"`+strings.Repeat(`\\w|`, 5000)+`b"},"behavior":"Isolated","invert":false}`), "")
	add("groups in groups", tinyBPE, part("pre_tokenizer", `{"type":"Split","pattern":{"Regex":"`+strings.Repeat(`(`, 8000)+strings.Repeat(`)`, 8000)+`"},"behavior":"Isolated","invert":false}`), "deep")
	add("groups that an escape hides", tinyBPE, part("pre_tokenizer", `{"type":"Split","pattern":{"Regex":"`+strings.Repeat(`(?:`, 101)+strings.Repeat(`)`, 101)+`"},"behavior":"Isolated","invert":false}`), "deep")
	return files
}

// hostileModels returns files of the other kinds, of about n bytes.
func hostileModels(n int) map[string]hostileFile {
	files := map[string]hostileFile{}
	// Messages of protocol buffers: fields with their numbers, types and lengths.
	field := func(number, kind int, body []byte) []byte {
		b := binary.AppendUvarint(nil, uint64(number<<3|kind))
		if kind == 2 {
			b = binary.AppendUvarint(b, uint64(len(body)))
		}
		return append(b, body...)
	}
	piece := func(text string, kind byte) []byte {
		b := field(1, 2, []byte(text))
		b = append(b, field(2, 5, []byte{0, 0, 0x80, 0xbf})...)
		return field(1, 2, append(b, field(3, 0, []byte{kind})...))
	}
	pieces := func(n int, do func(i int) string) []byte {
		b := piece("<unk>", 2)
		for i := range n {
			b = append(b, piece(do(i), 1)...)
		}
		return b
	}
	kind := func(k byte) []byte { return field(2, 2, field(3, 0, []byte{k})) }
	spm := func(name string, b []byte, want string) {
		files["spm: "+name] = hostileFile{"tokenizer.model", b, want}
	}
	long := strings.Repeat("a", n)
	spm("a length beyond the file", append(field(1, 2, nil)[:1], 0xff, 0xff, 0xff, 0xff, 0x7f, 'a'), "nor a SentencePiece model")
	spm("empty pieces", []byte(strings.Repeat("\x0a\x00", n/2)), "empty")
	spm("one piece many times", pieces(n/12, func(int) string { return "a" }), "twice")
	spm("many pieces", pieces(n/16, func(i int) string { return fmt.Sprintf("%x", i) }), "")
	spm("many pieces of BPE", append(pieces(n/16, func(i int) string { return fmt.Sprintf("%x", i) }), kind(2)...), "")
	spm("a long piece", append(pieces(20, func(i int) string { return long[:max(i+1, (i-18)*n)] }), kind(2)...), "")
	spm("long and longer pieces", append(pieces(1400, func(i int) string { return long[:i+1] }), kind(2)...), "")
	spm("a table that claims more", append(pieces(1, func(int) string { return "a" }), field(3, 2, field(2, 2, []byte{0xfc, 0xff, 0xff, 0xff, 0, 0, 0, 0}))...), "Precompiled")
	spm("groups in groups", []byte(strings.Repeat("\x0b", n)), "nor a SentencePiece model")

	ranks := func(name, text, want string) {
		files["tiktoken: "+name] = hostileFile{"cl100k.tiktoken", []byte("IQ== 0\n" + text), want}
	}
	lines := func(n int, do func(i int) string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%s %d\n", base64.StdEncoding.EncodeToString([]byte(do(i))), i+1)
		}
		return b.String()
	}
	ranks("many tokens", lines(n/16, func(i int) string { return fmt.Sprintf("%x", i) }), "")
	ranks("long and longer tokens", lines(1200, func(i int) string { return long[:i+1] }), "")
	ranks("a long token", lines(20, func(i int) string { return long[:max(i+1, (i-18)*n/2)] }), "")
	ranks("a longer line than may be", lines(1, func(int) string { return long + long }), "too long")
	ranks("a huge rank", "YQ== 2147483647\n", "2147483647")
	ranks("a long rank", "YQ== "+strings.Repeat("9", n/2)+"\n", "rank")

	u32, u64 := binary.LittleEndian.AppendUint32, binary.LittleEndian.AppendUint64
	text := func(b []byte, s string) []byte { return append(u64(b, uint64(len(s))), s...) }
	header := func(keys uint64) []byte { return u64(u64(u32([]byte("GGUF"), 3), 0), keys) }
	list := func(b []byte, key string, kind uint32, n uint64) []byte {
		return u64(u32(u32(text(b, key), 9), kind), n)
	}
	meta := func(name string, b []byte, want string) { files["gguf: "+name] = hostileFile{"model.gguf", b, want} }
	meta("a text beyond the file", u64(header(1), 1<<24), "bytes more")
	meta("a text of all memory", u64(header(1), 1<<62), "bytes more")
	meta("a list beyond the file", list(header(1), "tokenizer.ggml.tokens", 8, 1<<24), "bytes more")
	meta("a list of all memory", list(header(1), "tokenizer.ggml.tokens", 8, 1<<62), "bytes more")
	meta("keys without an end", header(1<<62), "bytes more")
	meta("a list of lists", list(header(1), "tokenizer.ggml.tokens", 9, 1), "list of lists")
	meta("many bytes", append(list(header(2), "tokenizer.ggml.precompiled_charsmap", 0, uint64(n)), long...), "bytes more")
	meta("many bytes of others", append(list(header(2), "general.bytes", 0, uint64(n)), long...), "bytes more")
	meta("many empty tokens", append(list(header(2), "tokenizer.ggml.tokens", 8, uint64(n/8)), make([]byte, n)...), "bytes more")
	meta("many keys", append(header(1<<16), strings.Repeat("\x01\x00\x00\x00\x00\x00\x00\x00k\x00\x00\x00\x00\x00", 1<<16)...), "comes twice")
	return files
}
