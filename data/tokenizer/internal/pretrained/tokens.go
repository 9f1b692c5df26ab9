package pretrained

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
)

// roles are the special tokens that each tokenizer may have, in the order in which they are added.
var roles = []string{"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}

// special is a special token as settings name it: by its text alone, or with its properties.
type special struct {
	tokenizerjson.AddedToken
	plain bool // by its text alone
}

// named returns the special token that is named by its text alone.
func named(content string) special {
	return special{tokenizerjson.AddedToken{ID: tokenizerjson.NoID, Content: content, Special: true}, true}
}

// tokens are what settings say of added and special tokens.
type tokens struct {
	decoder map[int32]tokenizerjson.AddedToken // added tokens with the ids that they are sorted by
	roles   map[string]special
	null    map[string]bool // roles that are said to have no token
	named   []special       // of roles that other models don't have, in order

	// Tokens without a role. Where extra_special_tokens is given, even as an empty list, additional_special_tokens of
	// another place (special_tokens_map.json, a SentencePiece model) don't count.
	extra      []special
	hasExtra   bool
	additional []special // nil: not given

	told []string // what tokenizer.json contradicts itself in
}

// parseToken reads a token: a string, or an object with its content.
func parseToken(raw json.RawMessage, isSpecial bool) (special, error) {
	var content string
	if json.Unmarshal(raw, &content) == nil {
		return named(content), nil
	}
	var o struct {
		Content    *string `json:"content"`
		SingleWord bool    `json:"single_word"`
		LStrip     bool    `json:"lstrip"`
		RStrip     bool    `json:"rstrip"`
		Normalized *bool   `json:"normalized"`
		Special    bool    `json:"special"`
	}
	if err := json.Unmarshal(raw, &o); err != nil || o.Content == nil {
		return special{}, fmt.Errorf("expected a token, as a string or an object with its content, got %.80s", raw)
	}
	t := special{tokenizerjson.AddedToken{
		ID: tokenizerjson.NoID, Content: *o.Content, SingleWord: o.SingleWord, LStrip: o.LStrip, RStrip: o.RStrip, Special: o.Special || isSpecial,
	}, false}
	if t.Normalized = !t.Special; o.Normalized != nil {
		t.Normalized = *o.Normalized
	}
	return t, nil
}

// readTokens gathers what the files say of tokens. What a tokenizer.json adds counts only where no added_tokens_decoder does.
func (d *directory) readTokens(file []tokenizerjson.AddedToken) (*tokens, error) {
	t := &tokens{decoder: map[int32]tokenizerjson.AddedToken{}, roles: map[string]special{}, null: map[string]bool{}}
	if err := t.readSettings(d.settings, d.order); err != nil {
		return nil, fmt.Errorf("%s: %w", settingsFile, err)
	}
	if raw, ok := d.settings["added_tokens_decoder"]; ok && !isNull(raw) {
		if err := t.readDecoder(raw); err != nil {
			return nil, fmt.Errorf("%s: added_tokens_decoder: %w", settingsFile, err)
		}
	} else {
		if err := t.readMap(d.special, d.specialOrder); err != nil {
			return nil, fmt.Errorf("%s: %w", mapFile, err)
		}
		isSpecials := t.contents()
		for content, id := range d.added {
			isSpecial := isSpecials[content]
			t.decoder[id] = tokenizerjson.AddedToken{ID: id, Content: content, Special: isSpecial, Normalized: !isSpecial}
		}
		taken, told := takenIDs{}, map[int32]bool{}
		for _, a := range file {
			if a.Content == "" {
				continue // as the library tokenizers does
			}
			id := taken.take(a.ID) // a file may give one id to several tokens: each is added, in their order
			if id != a.ID && !told[a.ID] {
				told[a.ID] = true
				t.told = append(t.told, fmt.Sprintf("tokenizer.json gives the id %d to more than one token, %.80q among them: each gets one of its own", a.ID, a.Content))
			}
			t.decoder[id] = a
		}
	}
	byContent := map[string]tokenizerjson.AddedToken{}
	for _, id := range sortedKeys(t.decoder) {
		byContent[t.decoder[id].Content] = t.decoder[id]
	}
	for role, s := range t.roles {
		if a, ok := byContent[s.Content]; ok {
			a.ID = tokenizerjson.NoID
			t.roles[role] = special{a, false}
		}
	}
	return t, nil
}

// takenIDs knows for each id that is taken where to look for the next one that is free.
type takenIDs map[int32]int32

// take returns the first free id from id on, and takes it.
func (t takenIDs) take(id int32) int32 {
	free := id
	for next, ok := t[free]; ok; next, ok = t[free] {
		free = next
	}
	for at := id; at != free; { // whoever asks again is there at once
		at, t[at] = t[at], free
	}
	t[free] = free + 1
	return free
}

// contents returns the texts of the tokens that have a role, or are listed as extra ones.
func (t *tokens) contents() map[string]bool {
	out := map[string]bool{}
	for _, s := range t.roles {
		out[s.Content] = true
	}
	for _, s := range t.extra {
		out[s.Content] = true
	}
	return out
}

// readSettings reads the roles and extra tokens of tokenizer_config.json, whose keys come in the given order.
func (t *tokens) readSettings(s Settings, order []string) error {
	for _, key := range order {
		if err := t.readKey(key, s[key], false); err != nil {
			return err
		}
	}
	raw, key := s["extra_special_tokens"], "extra_special_tokens"
	_, t.hasExtra = s[key]
	if more, ok := s["additional_special_tokens"]; ok && isEmpty(raw) {
		raw, key, t.hasExtra = more, "additional_special_tokens", true
	}
	var err error
	if t.extra, err = t.readExtra(raw); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	t.hasExtra = t.hasExtra && kind(raw) != '{'
	return nil
}

// readKey reads the token of a role, if key names one.
func (t *tokens) readKey(key string, raw json.RawMessage, isSpecial bool) error {
	if slices.Contains(roles, key) {
		return t.setRole(key, raw, isSpecial)
	}
	if strings.HasSuffix(key, "_token") && (kind(raw) == '"' || kind(raw) == '{') {
		token, err := parseToken(raw, isSpecial)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		t.named = append(t.named, token)
	}
	return nil
}

// kind returns the byte that a value begins with, 0 where there is none.
func kind(raw json.RawMessage) byte {
	if raw = bytes.TrimSpace(raw); len(raw) > 0 {
		return raw[0]
	}
	return 0
}

// isEmpty reports whether a value is absent, null or without members.
func isEmpty(raw json.RawMessage) bool {
	var list []json.RawMessage
	var object map[string]json.RawMessage
	return len(raw) == 0 || isNull(raw) || json.Unmarshal(raw, &list) == nil && len(list) == 0 || json.Unmarshal(raw, &object) == nil && len(object) == 0
}

// readExtra reads a list of tokens, or an object of tokens by the names of their roles.
func (t *tokens) readExtra(raw json.RawMessage) (out []special, err error) {
	if len(raw) == 0 || isNull(raw) {
		return nil, nil
	}
	var byName map[string]json.RawMessage
	if json.Unmarshal(raw, &byName) == nil {
		for _, name := range keyOrder(raw) {
			token, err := parseToken(byName[name], false)
			if err != nil {
				return nil, err
			}
			t.named = append(t.named, token)
		}
		return nil, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("expected a list of tokens, got %.80s", raw)
	}
	for _, m := range list {
		token, err := parseToken(m, false)
		if err != nil {
			return nil, err
		}
		out = append(out, token)
	}
	return out, nil
}

// setRole reads the token of a role; null says that there is none.
func (t *tokens) setRole(role string, raw json.RawMessage, isSpecial bool) error {
	delete(t.roles, role)
	if t.null[role] = isNull(raw); t.null[role] {
		return nil
	}
	token, err := parseToken(raw, isSpecial)
	if err != nil {
		return fmt.Errorf("%s: %w", role, err)
	}
	t.roles[role] = token
	return nil
}

// readDecoder reads added_tokens_decoder.
func (t *tokens) readDecoder(raw json.RawMessage) error {
	var all map[int32]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return fmt.Errorf("expected an object of tokens by id: %w", err)
	}
	for id, raw := range all {
		token, err := parseToken(raw, false)
		if err != nil || token.plain {
			return fmt.Errorf("token %d: expected an object with its content, got %.80s", id, raw)
		}
		token.ID = id
		t.decoder[id] = token.AddedToken
	}
	return nil
}

// readMap reads special_tokens_map.json, which outweighs tokenizer_config.json.
func (t *tokens) readMap(s Settings, order []string) error {
	named := t.named
	t.named = nil
	for _, key := range order {
		var err error
		switch key {
		case "additional_special_tokens":
			t.additional, err = t.readExtra(s[key])
			t.additional = append([]special{}, t.additional...)
		case "extra_special_tokens":
			var extra []special
			if extra, err = t.readExtra(s[key]); kind(s[key]) == '[' {
				t.hasExtra = true
			}
			known := map[string]bool{}
			for _, e := range t.extra {
				known[e.Content] = true
			}
			for _, e := range extra {
				if !known[e.Content] {
					known[e.Content] = true
					t.extra = append(t.extra, e)
				}
			}
		default:
			err = t.readKey(key, s[key], true)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	t.named = append(t.named, named...)
	return nil
}

// addTo adds all tokens to a file: those with ids by these, then what has a role, then the rest.
func (t *tokens) addTo(file *tokenizerjson.File) (told []string) {
	var add []special
	known := map[string]bool{}
	for _, a := range file.AddedTokens {
		known[a.Content] = true
	}
	for _, id := range sortedKeys(t.decoder) {
		a := t.decoder[id]
		a.ID = id
		known[a.Content] = true
		add = append(add, special{a, false})
	}
	isNamed := map[string]bool{}
	for _, s := range t.special() {
		isNamed[s.Content] = true
	}
	extra := t.extra
	if !t.hasExtra {
		extra = t.additional
	}
	chosen := map[special]bool{}
	for _, s := range append(t.special(), extra...) {
		if !known[s.Content] && !chosen[s] {
			chosen[s] = true
			add = append(add, s)
		}
	}
	list := make([]tokenizerjson.AddedToken, len(add))
	for i, s := range add {
		list[i] = s.AddedToken
		list[i].Special = s.Special || isNamed[s.Content]
	}
	return file.AddTokens(list...)
}

// special returns the tokens that have a role, in order.
func (t *tokens) special() []special {
	var out []special
	for _, role := range roles {
		if s, ok := t.roles[role]; ok {
			out = append(out, s)
		}
	}
	return append(out, t.named...)
}

// setDefaults gives roles that no file speaks of the tokens that their class has.
func (t *tokens) setDefaults(defaults map[string]string) {
	for role, content := range defaults {
		if _, ok := t.roles[role]; !ok && !t.null[role] {
			t.roles[role] = named(content)
		}
	}
}

// content returns the token of a role, "" for none.
func (t *tokens) content(role string) string { return t.roles[role].Content }
