package tool

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
)

// Bounds of an expression.
const (
	mostExpression = 2000   // bytes
	mostDepth      = 100    // parentheses, signs and powers in each other
	mostBits       = 20_000 // of a number
)

// Calculate computes an expression exactly, as fractions: + - * / % ** (or ^), parentheses, signs, and the functions abs, ceil, floor, max, min, round and sqrt
// (of a square exactly, else to a double's precision); pi and e are doubles. % is the remainder with the sign of the divisor, as in Python. A result that is no
// whole number has up to 12 digits behind the point. × ÷ − are * / -. Errors tell what is wrong and where.
func Calculate(expression string) (string, error) {
	if len(expression) > mostExpression {
		return "", fmt.Errorf("an expression of %d bytes, expected at most %d", len(expression), mostExpression)
	}
	p := &parser{text: strings.NewReplacer("×", "*", "÷", "/", "−", "-").Replace(expression)}
	v, err := p.sum()
	if err == nil && p.peek() != 0 {
		err = p.unexpected()
	}
	if err != nil {
		return "", err
	}
	return number(v), nil
}

// number writes a value.
func number(v *big.Rat) string {
	if v.IsInt() {
		return v.Num().String()
	}
	const digits = 12
	text := strings.TrimRight(v.FloatString(digits), "0")
	text = strings.TrimSuffix(text, ".")
	if text == "0" || text == "-0" {
		f, _ := v.Float64()
		return fmt.Sprintf("%.12g", f)
	}
	return text
}

// parser reads an expression from left to right.
type parser struct {
	text  string
	at    int
	depth int
}

// peek returns the next character that isn't space, 0 at the end.
func (p *parser) peek() byte {
	for p.at < len(p.text) && strings.IndexByte(" \t\n\r", p.text[p.at]) >= 0 {
		p.at++
	}
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *parser) unexpected() error {
	if p.peek() == 0 {
		return errors.New("the expression ends where a number is expected")
	}
	return fmt.Errorf("%.20q at place %d isn't expected there", p.text[p.at:], p.at+1)
}

// operator takes one of some operators, the longer ones first, or returns "".
func (p *parser) operator(all ...string) string {
	p.peek()
	for _, o := range all {
		if strings.HasPrefix(p.text[p.at:], o) && !(o == "*" && strings.HasPrefix(p.text[p.at:], "**")) {
			p.at += len(o)
			return o
		}
	}
	return ""
}

// chain reads operands between operators of one rank.
func (p *parser) chain(operand func() (*big.Rat, error), operators ...string) (*big.Rat, error) {
	v, err := operand()
	for err == nil {
		o := p.operator(operators...)
		if o == "" {
			return v, nil
		}
		var w *big.Rat
		if w, err = operand(); err == nil {
			v, err = apply(o, v, w)
		}
	}
	return nil, err
}

func (p *parser) sum() (*big.Rat, error)     { return p.chain(p.product, "+", "-") }
func (p *parser) product() (*big.Rat, error) { return p.chain(p.signed, "*", "//", "/", "%") }

// signed reads an operand with signs before it, which bind less than powers do.
func (p *parser) signed() (*big.Rat, error) {
	if p.depth++; p.depth > mostDepth {
		return nil, fmt.Errorf("more than %d parentheses, signs and powers in each other", mostDepth)
	}
	defer func() { p.depth-- }()
	switch p.operator("+", "-") {
	case "-":
		v, err := p.signed()
		if err != nil {
			return nil, err
		}
		return v.Neg(v), nil
	case "+":
		return p.signed()
	}
	v, err := p.atom()
	if err != nil || p.operator("**", "^") == "" {
		return v, err
	}
	w, err := p.signed()
	if err != nil {
		return nil, err
	}
	return apply("**", v, w)
}

// atom reads a number, a name or parentheses.
func (p *parser) atom() (*big.Rat, error) {
	c := p.peek()
	switch {
	case c == '(':
		p.at++
		v, err := p.sum()
		if err == nil && p.operator(")") == "" {
			err = fmt.Errorf("a parenthesis isn't closed at place %d", p.at+1)
		}
		return v, err
	case c >= '0' && c <= '9' || c == '.':
		return p.literal()
	case c >= 'a' && c <= 'z':
		return p.named()
	}
	return nil, p.unexpected()
}

// literal reads a number: digits with a point, with commas or underscores between thousands, and a power of ten.
func (p *parser) literal() (*big.Rat, error) {
	from := p.at
	digit := func(i int) bool { return i < len(p.text) && p.text[i] >= '0' && p.text[i] <= '9' }
	for p.at < len(p.text) && (digit(p.at) || p.text[p.at] == '.' || p.text[p.at] == '_') {
		p.at++
	}
	if p.at < len(p.text) && (p.text[p.at] == 'e' || p.text[p.at] == 'E') {
		i := p.at + 1
		if i < len(p.text) && (p.text[i] == '-' || p.text[i] == '+') {
			i++
		}
		for j := i; digit(i); i++ {
			if p.at = i + 1; i-j > 2 {
				return nil, errors.New("a number of more than 999 places")
			}
		}
	}
	v, ok := new(big.Rat).SetString(strings.ReplaceAll(p.text[from:p.at], "_", ""))
	if !ok {
		return nil, fmt.Errorf("%.40q isn't a number", p.text[from:p.at])
	}
	return bounded(v)
}

// named reads a constant or a function.
func (p *parser) named() (*big.Rat, error) {
	from := p.at
	for p.at < len(p.text) && p.text[p.at] >= 'a' && p.text[p.at] <= 'z' {
		p.at++
	}
	name := p.text[from:p.at]
	switch name {
	case "pi":
		return new(big.Rat).SetFloat64(math.Pi), nil
	case "e":
		return new(big.Rat).SetFloat64(math.E), nil
	}
	functions := []string{"abs", "ceil", "floor", "max", "min", "round", "sqrt"}
	if !slices.Contains(functions, name) {
		return nil, fmt.Errorf("%.40q isn't known; known are %s, pi and e", name, strings.Join(functions, ", "))
	}
	if p.operator("(") == "" {
		return nil, fmt.Errorf("expected ( behind %s", name)
	}
	var args []*big.Rat
	for {
		v, err := p.sum()
		if err != nil {
			return nil, err
		}
		args = append(args, v)
		if p.operator(",") == "" {
			break
		}
	}
	if p.operator(")") == "" {
		return nil, fmt.Errorf("a parenthesis isn't closed at place %d", p.at+1)
	}
	return call(name, args)
}

// floor returns the largest whole number that isn't above v.
func floor(v *big.Rat) *big.Rat {
	return new(big.Rat).SetInt(new(big.Int).Div(v.Num(), v.Denom())) // Euclid's: denominators are positive
}

// call applies a function.
func call(name string, args []*big.Rat) (*big.Rat, error) {
	v := args[0]
	if name == "max" || name == "min" {
		for _, w := range args[1:] {
			if c := w.Cmp(v); name == "max" && c > 0 || name == "min" && c < 0 {
				v = w
			}
		}
		return v, nil
	}
	if len(args) != 1 {
		return nil, fmt.Errorf("%s takes 1 number, not %d", name, len(args))
	}
	switch name {
	case "abs":
		return new(big.Rat).Abs(v), nil
	case "ceil":
		w := floor(new(big.Rat).Neg(v))
		return w.Neg(w), nil
	case "floor":
		return floor(v), nil
	case "round": // halves away from 0
		w := floor(new(big.Rat).Add(new(big.Rat).Abs(v), big.NewRat(1, 2)))
		if v.Sign() < 0 {
			w.Neg(w)
		}
		return w, nil
	}
	if v.Sign() < 0 {
		return nil, errors.New("the square root of a number below 0")
	}
	n, d := new(big.Int).Sqrt(v.Num()), new(big.Int).Sqrt(v.Denom())
	root := new(big.Rat).SetFrac(n, d)
	if new(big.Rat).Mul(root, root).Cmp(v) == 0 {
		return root, nil
	}
	const precision = 200
	f := new(big.Float).SetPrec(precision).SetRat(v)
	exact, _ := f.Sqrt(f).Rat(nil)
	return exact, nil
}

// bounded returns a number that isn't too long.
func bounded(v *big.Rat) (*big.Rat, error) {
	if v.Num().BitLen() > mostBits || v.Denom().BitLen() > mostBits {
		return nil, fmt.Errorf("a number of more than %d digits", mostBits*3/10)
	}
	return v, nil
}

// apply applies an operator.
func apply(o string, a, b *big.Rat) (*big.Rat, error) {
	v := new(big.Rat)
	if (o == "/" || o == "//" || o == "%") && b.Sign() == 0 {
		return nil, errors.New("division by 0")
	}
	switch o {
	case "+":
		v.Add(a, b)
	case "-":
		v.Sub(a, b)
	case "*":
		v.Mul(a, b)
	case "/":
		v.Quo(a, b)
	case "//":
		v = floor(v.Quo(a, b))
	case "%":
		v = v.Sub(a, v.Mul(b, floor(new(big.Rat).Quo(a, b))))
	default:
		return power(a, b)
	}
	return bounded(v)
}

// power returns a to the power of b: exactly for whole numbers b.
func power(a, b *big.Rat) (*big.Rat, error) {
	if !b.IsInt() {
		x, _ := a.Float64()
		y, _ := b.Float64()
		f := math.Pow(x, y)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, errors.New("a power that is no number")
		}
		return new(big.Rat).SetFloat64(f), nil
	}
	n := new(big.Int).Abs(b.Num())
	one := a.IsInt() && a.Num().IsInt64() && (a.Num().Int64() >= -1 && a.Num().Int64() <= 1)
	if !n.IsInt64() || !one && n.Int64()*int64(max(a.Num().BitLen(), a.Denom().BitLen())) > 2*mostBits || n.Int64() > math.MaxInt32 {
		return nil, fmt.Errorf("a power of more than %d digits", mostBits*3/10)
	}
	if b.Sign() < 0 && a.Sign() == 0 {
		return nil, errors.New("division by 0")
	}
	if one { // 0, 1 and -1 by whether the power is even
		if n = new(big.Int).And(n, big.NewInt(1)); b.Sign() != 0 && n.Sign() == 0 {
			n = big.NewInt(2)
		}
	}
	v := new(big.Rat).SetFrac(new(big.Int).Exp(a.Num(), n, nil), new(big.Int).Exp(a.Denom(), n, nil))
	if b.Sign() < 0 {
		v.Inv(v)
	}
	return bounded(v)
}
