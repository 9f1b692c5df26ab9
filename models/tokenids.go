package models

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// TokenIDs is one token id or several, as config.json holds the tokens that end a
// text: null, a number or a list.
type TokenIDs []int

// UnmarshalJSON reads any of the three forms.
func (t *TokenIDs) UnmarshalJSON(data []byte) error {
	*t = nil
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		return json.Unmarshal(data, (*[]int)(t))
	}
	var id *int
	if err := json.Unmarshal(data, &id); err != nil {
		return fmt.Errorf("token ids %s: expected a number, a list of numbers or null", data)
	}
	if id != nil {
		*t = TokenIDs{*id}
	}
	return nil
}

// MarshalJSON writes a single id as a number.
func (t TokenIDs) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]int(t))
}

// oneToken returns the ids of a configuration that has one at most.
func oneToken(id *int) TokenIDs {
	if id == nil {
		return nil
	}
	return TokenIDs{*id}
}
