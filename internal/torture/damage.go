package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"regexp"
)

// numbers are what is written in the place of others in texts, and counts what is written over eight bytes.
var (
	numbers = []string{"-1", "0", "99999999999999999999", "4294967296", "1e999", "-0", "1.5", "null", `"x"`, "[]", "{}", "9223372036854775807"}
	counts  = []uint64{1<<64 - 1, 1 << 63, 1 << 40, 1<<32 - 1, 1<<31 - 1, 1 << 24, 0}
	number  = regexp.MustCompile(`-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?`)
	name    = regexp.MustCompile(`"[A-Za-z_.0-9]+"`)
)

// damage returns the bytes of a file after one fault that chance draws, and which it was.
func damage(raw []byte, random *rand.Rand) (damaged []byte, how string) {
	raw = bytes.Clone(raw)
	if len(raw) == 0 {
		return []byte{0}, "one byte more"
	}
	at := random.IntN(len(raw))
	if random.IntN(2) == 0 {
		at = random.IntN(min(len(raw), 256)) // headers
	}
	switch random.IntN(14) {
	case 0:
		return raw[:at], fmt.Sprintf("cut at %d of %d", at, len(raw))
	case 1:
		n := 1 + random.IntN(64)
		for range n {
			raw[random.IntN(len(raw))] ^= 1 << random.IntN(8)
		}
		return raw, fmt.Sprintf("%d bits flipped", n)
	case 2, 3:
		raw[at] ^= 1 << random.IntN(8)
		return raw, fmt.Sprintf("a bit of byte %d flipped", at)
	case 4, 5:
		count := counts[random.IntN(len(counts))]
		copy(raw[at:], binary.LittleEndian.AppendUint64(nil, count))
		return raw, fmt.Sprintf("%#x at %d", count, at)
	case 6:
		end := min(len(raw), at+1+random.IntN(1024))
		clear(raw[at:end])
		return raw, fmt.Sprintf("zeros from %d to %d", at, end)
	case 7:
		end := min(len(raw), at+1+random.IntN(4096))
		return append(bytes.Clone(raw[:end]), raw[at:]...), fmt.Sprintf("%d to %d twice", at, end)
	case 8:
		end := min(len(raw), at+1+random.IntN(64))
		return append(raw[:at], raw[end:]...), fmt.Sprintf("%d to %d left out", at, end)
	case 9:
		deep := bytes.Repeat([]byte([]string{"[", `{"a":`, "((", "{% if a %}", "\x82"}[random.IntN(5)]), 100000)
		return bytes.Join([][]byte{raw[:at], deep, raw[at:]}, nil), fmt.Sprintf("nested 100,000 deep at %d", at)
	case 10, 11:
		places := number.FindAllIndex(raw, 4096)
		if places == nil {
			return raw[:at], fmt.Sprintf("cut at %d of %d", at, len(raw))
		}
		p, value := places[random.IntN(len(places))], numbers[random.IntN(len(numbers))]
		return bytes.Join([][]byte{raw[:p[0]], []byte(value), raw[p[1]:]}, nil), fmt.Sprintf("%s for %s at %d", value, raw[p[0]:p[1]], p[0])
	case 12:
		places := name.FindAllIndex(raw, 4096)
		if places == nil {
			return nil, "empty"
		}
		p, q := places[random.IntN(len(places))], places[random.IntN(len(places))]
		return bytes.Join([][]byte{raw[:p[0]], raw[q[0]:q[1]], raw[p[1]:]}, nil), fmt.Sprintf("%s for %s at %d", raw[q[0]:q[1]], raw[p[0]:p[1]], p[0])
	default:
		end := min(len(raw), at+1+random.IntN(256))
		for i := at; i < end; i++ {
			raw[i] = byte(random.Uint32())
		}
		return raw, fmt.Sprintf("random bytes from %d to %d", at, end)
	}
}
