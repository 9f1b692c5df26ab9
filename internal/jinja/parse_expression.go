package jinja

import (
	"slices"
	"strconv"
)

// tuple reads one expression, or several with commas between as a tuple. conditions says whether "a if b else c" is one.
func (p *parser) tuple(conditions bool) expr { return p.commas(conditions, false) }

// commas is tuple; in brackets there may be nothing.
func (p *parser) commas(conditions, brackets bool) expr {
	if brackets && p.is(operatorToken, ")") {
		return &listExpr{tuple: true}
	}
	first := p.expression(conditions)
	if !p.is(operatorToken, ",") {
		return first
	}
	list := &listExpr{items: []expr{first}, tuple: true}
	for p.operator(",") {
		if t := p.peek(); t.kind == closeBlock || t.kind == closeOutput || p.is(operatorToken, ")") {
			break
		}
		list.items = append(list.items, p.expression(conditions))
	}
	return list
}

// expression reads "a if b else c", or without conditions what stands for a there.
func (p *parser) expression(conditions bool) expr {
	defer p.enter()()
	x := p.or()
	for conditions && p.keyword("if") {
		c := &conditional{then: x, test: p.or()}
		if p.keyword("else") {
			c.otherwise = p.expression(true)
		}
		x = c
	}
	return x
}

func (p *parser) or() expr {
	x := p.and()
	for p.keyword("or") {
		x = &logical{x, p.and(), true}
	}
	return x
}

func (p *parser) and() expr {
	x := p.not()
	for p.keyword("and") {
		x = &logical{x, p.not(), false}
	}
	return x
}

func (p *parser) not() expr {
	defer p.enter()()
	if p.keyword("not") {
		return &notExpr{p.not()}
	}
	return p.compare()
}

func (p *parser) compare() expr {
	line := p.peek().line
	x := p.sum()
	c := &comparison{first: x, line: line}
	for {
		t := p.peek()
		switch {
		case t.kind == operatorToken && slices.Contains([]string{"==", "!=", "<", "<=", ">", ">="}, t.text), t.kind == nameToken && t.text == "in":
			p.at++
			c.operators = append(c.operators, t.text)
		case t.kind == nameToken && t.text == "not" && p.tokens[p.at+1].kind == nameToken && p.tokens[p.at+1].text == "in":
			p.at += 2
			c.operators = append(c.operators, "not in")
		default:
			if len(c.operators) == 0 {
				return x
			}
			return c
		}
		c.rest = append(c.rest, p.sum())
	}
}

// binary reads operands with one of these operators between them, from the left.
func (p *parser) binary(operand func() expr, operators ...string) expr {
	x := operand()
	for {
		t := p.peek()
		if t.kind != operatorToken || !slices.Contains(operators, t.text) {
			return x
		}
		p.at++
		x = &arithmetic{t.text, x, operand(), t.line}
	}
}

func (p *parser) sum() expr     { return p.binary(p.concat, "+", "-") }
func (p *parser) product() expr { return p.binary(p.power, "*", "/", "//", "%") }
func (p *parser) power() expr   { return p.binary(func() expr { return p.unary(true) }, "**") }

func (p *parser) concat() expr {
	x := p.product()
	if !p.is(operatorToken, "~") {
		return x
	}
	c := &concatenation{items: []expr{x}}
	for p.operator("~") {
		c.items = append(c.items, p.product())
	}
	return c
}

func (p *parser) unary(filters bool) expr {
	defer p.enter()()
	var x expr
	switch line := p.peek().line; {
	case p.operator("-"):
		x = &sign{p.unary(false), true, line}
	case p.operator("+"):
		x = &sign{p.unary(false), false, line}
	default:
		x = p.primary()
	}
	x = p.postfix(x)
	if !filters {
		return x
	}
	for {
		switch {
		case p.is(operatorToken, "|"):
			x = p.filters(x, false)
		case p.is(nameToken, "is"):
			x = p.test(x)
		case p.is(operatorToken, "("):
			x = p.call(x)
		default:
			return x
		}
	}
}

func (p *parser) primary() expr {
	switch t := p.next(); t.kind {
	case nameToken:
		switch t.text {
		case "true", "True":
			return &literal{true}
		case "false", "False":
			return &literal{false}
		case "none", "None":
			return &literal{nil}
		case "varargs", "kwargs", "caller":
			if n := len(p.macros); n > 0 {
				p.macros[n-1][t.text] = true
			}
		}
		return &nameExpr{t.text}
	case stringToken:
		text := t.text
		for p.peek().kind == stringToken {
			text += p.next().text
		}
		return &literal{text}
	case integerToken:
		v, err := strconv.ParseInt(t.text, 10, 64)
		if err != nil {
			p.at--
			p.fail("number %s is beyond 64 bits", t.text)
		}
		return &literal{v}
	case floatToken:
		v, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			p.at--
			p.fail("number %s is beyond 64 bits", t.text)
		}
		return &literal{v}
	case operatorToken:
		switch t.text {
		case "(":
			x := p.commas(true, true)
			p.expect(operatorToken, ")")
			return x
		case "[":
			return &listExpr{items: p.items("]")}
		case "{":
			return p.dict()
		}
	}
	p.at--
	p.fail("expected an expression, got %s", p.peek())
	return nil
}

func (p *parser) items(end string) []expr {
	var items []expr
	for !p.operator(end) {
		if len(items) > 0 {
			p.expect(operatorToken, ",")
			if p.operator(end) {
				break
			}
		}
		items = append(items, p.expression(true))
	}
	return items
}

func (p *parser) dict() expr {
	d := &dictExpr{line: p.peek().line}
	for !p.operator("}") {
		if len(d.keys) > 0 {
			p.expect(operatorToken, ",")
			if p.operator("}") {
				break
			}
		}
		d.keys = append(d.keys, p.expression(true))
		p.expect(operatorToken, ":")
		d.values = append(d.values, p.expression(true))
	}
	return d
}

func (p *parser) postfix(x expr) expr {
	for {
		line := p.peek().line
		switch {
		case p.operator("."):
			if t := p.peek(); t.kind == integerToken {
				p.at++
				v, _ := strconv.ParseInt(t.text, 10, 64)
				x = &itemExpr{x, &literal{v}, line}
			} else {
				x = &attributeExpr{x, p.name(), line}
			}
		case p.operator("["):
			x = p.subscript(x, line)
		case p.is(operatorToken, "("):
			x = p.call(x)
		default:
			return x
		}
	}
}

// subscript reads what stands in the brackets behind x.
func (p *parser) subscript(x expr, line int) expr {
	var parts [3]expr
	n := 0
	for slice := false; ; {
		switch {
		case p.operator("]"):
			if slice {
				return &sliceExpr{x, parts, line}
			}
			if parts[0] == nil {
				p.fail("expected an index")
			}
			return &itemExpr{x, parts[0], line}
		case p.operator(":"):
			slice = true
			if n++; n > 2 {
				p.fail("a slice has at most three parts")
			}
		case parts[n] != nil:
			p.fail("expected ']', got %s", p.peek())
		default:
			parts[n] = p.commas(true, false)
		}
	}
}

// call reads the arguments of a call of x.
func (p *parser) call(x expr) expr {
	c := &callExpr{function: x, line: p.peek().line}
	c.args = p.arguments()
	return c
}

func (p *parser) arguments() argumentExprs {
	var a argumentExprs
	p.expect(operatorToken, "(")
	for n := 0; !p.operator(")"); n++ {
		if n > 0 {
			p.expect(operatorToken, ",")
			if p.operator(")") {
				break
			}
		}
		switch t := p.peek(); {
		case p.operator("**"):
			a.unpackedNames = append(a.unpackedNames, p.expression(true))
		case p.operator("*"):
			a.unpacked = append(a.unpacked, p.expression(true))
		case t.kind == nameToken && p.tokens[p.at+1].kind == operatorToken && p.tokens[p.at+1].text == "=":
			p.at += 2
			if slices.Contains(a.names, t.text) {
				p.fail("argument %q comes twice", t.text)
			}
			a.names = append(a.names, t.text)
			a.named = append(a.named, p.expression(true))
		default:
			if len(a.names)+len(a.unpacked)+len(a.unpackedNames) > 0 {
				p.fail("an argument without a name behind one with")
			}
			a.items = append(a.items, p.expression(true))
		}
	}
	return a
}

// filters reads filters and what they take; with begins the first stands there without its "|".
func (p *parser) filters(x expr, begins bool) expr {
	for begins || p.operator("|") {
		begins = false
		f := &filterExpr{value: x, line: p.peek().line, name: p.dotted()}
		if p.is(operatorToken, "(") {
			f.args = p.arguments()
		}
		x = f
	}
	return x
}

func (p *parser) dotted() string {
	name := p.name()
	for p.operator(".") {
		name += "." + p.name()
	}
	return name
}

func (p *parser) test(x expr) expr {
	p.at++
	t := &testExpr{value: x, line: p.peek().line}
	negated := p.keyword("not")
	t.name = p.dotted()
	switch next := p.peek(); {
	case p.is(operatorToken, "("):
		t.args = p.arguments()
	case next.kind == nameToken && !slices.Contains([]string{"else", "or", "and"}, next.text),
		next.kind == stringToken, next.kind == integerToken, next.kind == floatToken, p.is(operatorToken, "["), p.is(operatorToken, "{"):
		if next.text == "is" && next.kind == nameToken {
			p.fail("tests can't be chained with is")
		}
		if next.kind == nameToken && slices.Contains([]string{"if", "in", "not", "recursive"}, next.text) {
			break // what follows belongs to what is around the test
		}
		t.args.items = []expr{p.postfix(p.primary())}
	}
	if negated {
		return &notExpr{t}
	}
	return t
}
