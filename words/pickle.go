package words

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Values of a pickle beside text, whole numbers, bytes, true, false and None: those of Python's that can change once they are there.
type (
	pickled struct { // a class or function, or what it made
		class string
		state any
	}
	pickledList struct{ items []any }
	pickledDict struct{ entries map[string]any } // of keys that are text; others are left out
)

// pickleMark is where the items of a list, a tuple or a dictionary begin on the stack.
type pickleMark struct{}

// unpickler reads the opcodes that gensim's pickles have, of protocols 2 to 5. It calls nothing: a function's result is only known by its name.
type unpickler struct {
	rest  []byte
	stack []any
	memo  map[int]any
}

// unpickle reads one pickle.
func unpickle(raw []byte) (any, error) {
	u := &unpickler{rest: raw, memo: map[int]any{}}
	for {
		op, err := u.take(1)
		if err != nil {
			return nil, err
		}
		if op[0] == '.' {
			return u.pop()
		}
		if err := u.do(op[0]); err != nil {
			return nil, fmt.Errorf("the pickle at byte %d: %w", len(raw)-len(u.rest)-1, err)
		}
	}
}

// take returns the next n bytes.
func (u *unpickler) take(n int) ([]byte, error) {
	if n < 0 || n > len(u.rest) {
		return nil, fmt.Errorf("the pickle ends too early: %d bytes expected, %d left", n, len(u.rest))
	}
	b := u.rest[:n]
	u.rest = u.rest[n:]
	return b, nil
}

// number returns the next n bytes as a number.
func (u *unpickler) number(n int) (int, error) {
	b, err := u.take(n)
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[:], b)
	return int(binary.LittleEndian.Uint64(wide[:])), nil
}

// counted returns as many bytes as the next n bytes say.
func (u *unpickler) counted(n int) ([]byte, error) {
	length, err := u.number(n)
	if err != nil {
		return nil, err
	}
	return u.take(length)
}

func (u *unpickler) line() (string, error) {
	end := bytes.IndexByte(u.rest, '\n')
	if end < 0 {
		return "", errors.New("a line doesn't end")
	}
	b, err := u.take(end + 1)
	return strings.TrimSuffix(string(b), "\n"), err
}

func (u *unpickler) push(x any) { u.stack = append(u.stack, x) }

func (u *unpickler) pop() (any, error) {
	if len(u.stack) == 0 {
		return nil, errors.New("the stack is empty")
	}
	x := u.stack[len(u.stack)-1]
	u.stack = u.stack[:len(u.stack)-1]
	return x, nil
}

// popN returns the last n values, and those since the last mark where n is negative.
func (u *unpickler) popN(n int) ([]any, error) {
	at := len(u.stack) - n
	if n < 0 {
		for at = len(u.stack) - 1; at >= 0 && u.stack[at] != any(pickleMark{}); at-- {
		}
		if at < 0 {
			return nil, errors.New("there is no mark")
		}
		items := u.stack[at+1:]
		u.stack = u.stack[:at]
		return items, nil
	}
	if at < 0 {
		return nil, errors.New("the stack is too short")
	}
	items := u.stack[at:]
	u.stack = u.stack[:at]
	return items, nil
}

// top returns the last value as a T.
func top[T any](u *unpickler) (T, error) {
	var none T
	if len(u.stack) == 0 {
		return none, errors.New("the stack is empty")
	}
	x, ok := u.stack[len(u.stack)-1].(T)
	if !ok {
		return none, fmt.Errorf("a %T, expected a %T", u.stack[len(u.stack)-1], none)
	}
	return x, nil
}

// do carries out an opcode.
func (u *unpickler) do(op byte) error {
	switch op {
	case 0x80: // PROTO
		_, err := u.take(1)
		return err
	case 0x95: // FRAME
		_, err := u.take(8)
		return err
	case 0x8c, 'X', 0x8d: // text
		b, err := u.counted(map[byte]int{0x8c: 1, 'X': 4, 0x8d: 8}[op])
		u.push(string(b))
		return err
	case 'C', 'B', 0x8e: // bytes
		b, err := u.counted(map[byte]int{'C': 1, 'B': 4, 0x8e: 8}[op])
		u.push(b)
		return err
	case 'K', 'M', 'J': // whole numbers
		n, err := u.number(map[byte]int{'K': 1, 'M': 2, 'J': 4}[op])
		u.push(n)
		return err
	case 0x8a: // LONG1
		b, err := u.counted(1)
		u.push(b)
		return err
	case 'G': // a float
		b, err := u.take(8)
		u.push(b)
		return err
	case 'N':
		u.push(nil)
	case 0x88, 0x89:
		u.push(op == 0x88)
	case ']':
		u.push(&pickledList{})
	case '}':
		u.push(&pickledDict{map[string]any{}})
	case ')':
		u.push([]any{})
	case '(':
		u.push(pickleMark{})
	default:
		return u.build(op)
	}
	return nil
}

// build carries out an opcode that makes something of what lies on the stack.
func (u *unpickler) build(op byte) error {
	switch op {
	case 0x94, 'q', 'r', 'h', 'j':
		return u.remember(op)
	case 'c': // GLOBAL
		module, err1 := u.line()
		name, err2 := u.line()
		u.push(&pickled{class: module + "." + name})
		return errors.Join(err1, err2)
	case 0x93: // STACK_GLOBAL
		names, err := u.popN(2)
		if err == nil {
			u.push(&pickled{class: fmt.Sprintf("%v.%v", names[0], names[1])})
		}
		return err
	case 0x81, 'R': // NEWOBJ, REDUCE
		if _, err := u.pop(); err != nil {
			return err
		}
		class, err := top[*pickled](u)
		if err == nil {
			u.stack[len(u.stack)-1] = &pickled{class: class.class}
		}
		return err
	case 'b': // BUILD
		state, err := u.pop()
		if err != nil {
			return err
		}
		object, err := top[*pickled](u)
		if err == nil {
			object.state = state
		}
		return err
	case 0x85, 0x86, 0x87, 't': // tuples
		items, err := u.popN(map[byte]int{0x85: 1, 0x86: 2, 0x87: 3, 't': -1}[op])
		u.push(append([]any{}, items...))
		return err
	case 'a', 'e': // APPEND, APPENDS
		items, err := u.popN(map[byte]int{'a': 1, 'e': -1}[op])
		if err != nil {
			return err
		}
		list, err := top[*pickledList](u)
		if err == nil {
			list.items = append(list.items, items...)
		}
		return err
	case 's', 'u': // SETITEM, SETITEMS
		items, err := u.popN(map[byte]int{'s': 2, 'u': -1}[op])
		if err != nil {
			return err
		}
		dict, err := top[*pickledDict](u)
		if err != nil {
			return err
		}
		if len(items)%2 != 0 {
			return errors.New("a key without a value")
		}
		for i := 0; i < len(items); i += 2 {
			if key, ok := items[i].(string); ok {
				dict.entries[key] = items[i+1]
			}
		}
		return nil
	}
	return fmt.Errorf("opcode %#x isn't one of gensim's", op)
}

// remember carries out the opcodes of the memo.
func (u *unpickler) remember(op byte) error {
	var place int
	var err error
	switch op {
	case 0x94: // MEMOIZE
		place = len(u.memo)
	case 'q', 'h': // BINPUT, BINGET
		place, err = u.number(1)
	default: // LONG_BINPUT, LONG_BINGET
		place, err = u.number(4)
	}
	if err != nil {
		return err
	}
	if op == 'h' || op == 'j' {
		x, ok := u.memo[place]
		if !ok {
			return fmt.Errorf("nothing is remembered as %d", place)
		}
		u.push(x)
		return nil
	}
	if len(u.stack) == 0 {
		return errors.New("the stack is empty")
	}
	u.memo[place] = u.stack[len(u.stack)-1]
	return nil
}
