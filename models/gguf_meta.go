package models

import (
	"slices"

	"github.com/seahorse-ml/seahorse/internal/gguf"
)

// set adds a key of the architecture to the metadata.
func (w *ggufWriter) set(name string, value any) {
	w.meta = append(w.meta, gguf.Pair{Key: w.layout.arch + "." + name, Value: value})
}

// setNumber adds a number of config.json, or of an object in it, where it is there.
func (w *ggufWriter) setNumber(name string, in map[string]any, fields ...string) {
	if v, ok := w.number(in, fields...); ok {
		w.set(name, float32(v))
	}
}

// width returns D, headCount H and headSize K.
func (w *ggufWriter) width() uint32     { return w.size("hidden_size", "n_embd") }
func (w *ggufWriter) headCount() uint32 { return w.size("num_attention_heads", "n_head") }
func (w *ggufWriter) headSize() uint32  { return w.width() / max(1, w.headCount()) }

// sizes writes what each architecture has; inner is F.
func (w *ggufWriter) sizes(inner uint32) {
	w.set("block_count", w.size("num_hidden_layers", "n_layer"))
	w.set("context_length", w.size("max_position_embeddings", "n_positions"))
	w.set("embedding_length", w.width())
	w.set("feed_forward_length", inner)
	w.set("attention.head_count", w.headCount())
}

// decoder writes what the families with RMS norms have, but for their positions.
func (w *ggufWriter) decoder() {
	w.sizes(w.size("intermediate_size"))
	w.set("attention.head_count_kv", w.keyHeads(w.headCount()))
	w.setNumber("attention.layer_norm_rms_epsilon", w.fields, "rms_norm_eps")
}

func (w *ggufWriter) keyHeads(heads uint32) uint32 {
	if n, ok := w.number(w.fields, "num_key_value_heads"); ok && n > 0 {
		return uint32(n)
	}
	return heads
}

// rope returns rope_parameters, or what older files have in their place.
func (w *ggufWriter) rope() map[string]any {
	r := w.object(w.fields, "rope_parameters")
	if full := w.object(r, fullAttention); full != nil {
		return full
	}
	if r != nil {
		return r
	}
	r = map[string]any{}
	for k, v := range w.object(w.fields, "rope_scaling") {
		r[k] = v
	}
	for k, from := range map[string]string{"rope_theta": "rope_theta", "partial_rotary_factor": "rotary_pct"} {
		if v, ok := w.fields[from]; ok {
			r[k] = v
		}
	}
	if v, ok := w.fields["rotary_emb_base"]; ok {
		r["rope_theta"] = v
	}
	return r
}

// ropeKind returns how rope_parameters scale positions, "" for not at all.
func ropeKind(rope map[string]any) string {
	kind, _ := rope["rope_type"].(string)
	if kind == "" {
		kind, _ = rope["type"].(string) // as it was called before
	}
	return kind
}

// rotary writes how positions are turned. Tensors are the ways of scaling that the architecture has tensors for.
func (w *ggufWriter) rotary(tensors ...string) {
	head := w.headSize()
	if n, ok := w.number(w.fields, "head_dim"); ok && n > 0 {
		head = uint32(n)
		w.set("attention.key_length", head)
		w.set("attention.value_length", head)
	}
	w.set("rope.dimension_count", head)
	rope := w.rope()
	w.setNumber("rope.freq_base", rope, "rope_theta")
	switch kind := ropeKind(rope); kind {
	case "", "default":
	case "linear", "yarn":
		w.set("rope.scaling.type", kind)
		w.setNumber("rope.scaling.factor", rope, "factor")
		w.setNumber("rope.scaling.attn_factor", rope, "attention_factor")
		w.setNumber("rope.scaling.yarn_beta_fast", rope, "beta_fast")
		w.setNumber("rope.scaling.yarn_beta_slow", rope, "beta_slow")
		if n, ok := w.number(rope, "original_max_position_embeddings"); ok {
			w.set("rope.scaling.original_context_length", uint32(n))
		}
	default:
		if !slices.Contains(tensors, kind) {
			w.fail("positions scaled as %q are not known there", kind)
		}
	}
}

// noWindows refuses layers with sliding windows.
func (w *ggufWriter) noWindows() {
	windows := w.fields["sliding_window"]
	uses, _ := w.fields["use_sliding_window"].(bool)
	for _, t := range w.layout.types {
		uses = uses || t.slides && t.name == w.modelType
	}
	if windows != nil && uses {
		w.fail("layers with a sliding window of %v tokens are not known there", windows)
	}
}
