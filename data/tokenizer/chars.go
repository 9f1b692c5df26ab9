package tokenizer

import "unicode/utf8"

// eachRune calls yield for each valid character of a document.
func eachRune(document []byte, yield func(word []byte)) {
	for i := 0; i < len(document); {
		r, w := utf8.DecodeRune(document[i:])
		if r != utf8.RuneError || w > 1 {
			yield(document[i : i+w])
		}
		i += w
	}
}
