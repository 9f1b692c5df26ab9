// Package jinja renders the Jinja templates of conversations as transformers does: Jinja 3.1 with trim_blocks and lstrip_blocks, break and continue,
// {% generation %} blocks and transformers' tojson, in a sandbox in which nothing can be changed.
//
// It is as strict as Jinja: what raises there is an error here. Work, text and depth are bounded, so that no template can hang or kill the process.
// What loads other templates (include, import, extends, block) and what escapes HTML by itself is refused.
//
// A value in a template is nil, bool, int64, float64, string, *List, *Dict, or one of the package's own (undefined values, macros, loops, namespaces).
package jinja
