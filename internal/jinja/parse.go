package jinja

import (
	"fmt"
	"slices"
)

// maxNesting bounds how deeply brackets, tags and expressions lie in each other.
const maxNesting = 200

// parser builds the tree of a template by recursive descent.
type parser struct {
	tokens []token
	at     int
	depth  int
	loops  int               // loops around the place, for break and continue
	macros []map[string]bool // of each macro around the place, the special names that it uses
}

// failure is an error that a parser carries to its top as a panic.
type failure struct{ err error }

func parse(source string) (body []stmt, err error) {
	tokens, err := lex(source)
	if err != nil {
		return nil, err
	}
	defer func() {
		if f, ok := recover().(failure); ok {
			err = f.err
		}
	}()
	p := &parser{tokens: tokens}
	body = p.body()
	if t := p.peek(); t.kind != endToken {
		p.fail("unexpected %s", t)
	}
	return body, nil
}

func (p *parser) fail(format string, args ...any) {
	panic(failure{&Error{Line: p.peek().line, Msg: fmt.Sprintf(format, args...)}})
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != endToken {
		p.at++
	}
	return t
}

// enter counts one level of nesting; its result leaves it.
func (p *parser) enter() func() {
	if p.depth++; p.depth > maxNesting {
		p.fail("nested more than %d deep", maxNesting)
	}
	return func() { p.depth-- }
}

func (p *parser) is(k kind, text string) bool {
	t := p.peek()
	return t.kind == k && t.text == text
}

// takes tells whether the next token is k of that text, and takes it if so.
func (p *parser) takes(k kind, text string) bool {
	if p.is(k, text) {
		p.at++
		return true
	}
	return false
}

func (p *parser) operator(text string) bool { return p.takes(operatorToken, text) }
func (p *parser) keyword(text string) bool  { return p.takes(nameToken, text) }

func (p *parser) expect(k kind, text string) {
	if !p.takes(k, text) {
		p.fail("expected %q, got %s", text, p.peek())
	}
}

func (p *parser) name() string {
	if t := p.peek(); t.kind != nameToken {
		p.fail("expected a name, got %s", t)
	}
	return p.next().text
}

func (p *parser) closeBlock() {
	if t := p.peek(); t.kind != closeBlock {
		p.fail("expected the end of the tag, got %s", t)
	}
	p.at++
}

// body reads up to a block tag with one of these names, which it leaves at its name, or to the end of the template.
func (p *parser) body(ends ...string) []stmt {
	defer p.enter()()
	var all []stmt
	for {
		switch t := p.peek(); t.kind {
		case endToken:
			if len(ends) > 0 {
				p.fail("expected {%% %s %%}, got the end of the template", ends[len(ends)-1])
			}
			return all
		case textToken:
			p.at++
			all = append(all, &textStmt{t.text})
		case openOutput:
			p.at++
			x := p.tuple(true)
			if p.peek().kind != closeOutput {
				p.fail("expected the end of the tag, got %s", p.peek())
			}
			p.at++
			all = append(all, &outputStmt{x, t.line})
		case openBlock:
			p.at++
			if p.peek().kind == nameToken && slices.Contains(ends, p.peek().text) {
				return all
			}
			all = append(all, p.block())
		default:
			p.fail("unexpected %s", t)
		}
	}
}

// block reads a block from its name.
func (p *parser) block() stmt {
	line := p.peek().line
	switch name := p.name(); name {
	case "if":
		return p.ifBlock(line)
	case "for":
		return p.forBlock(line)
	case "set":
		return p.setBlock(line)
	case "macro":
		return p.macroBlock()
	case "call":
		return p.callBlock(line)
	case "filter":
		f := p.filters(&literal{nil}, true)
		p.closeBlock()
		return &filterStmt{p.until("endfilter"), f, line}
	case "with":
		return p.withBlock()
	case "generation":
		p.closeBlock()
		return &generationStmt{p.until("endgeneration")}
	case "autoescape":
		if !p.keyword("false") && !p.keyword("False") {
			p.fail("autoescape is not supported")
		}
		p.closeBlock()
		return &withStmt{body: p.until("endautoescape")}
	case "break", "continue":
		if p.loops == 0 {
			p.fail("%s outside of a loop", name)
		}
		p.closeBlock()
		if name == "break" {
			return jumpStmt(breaking)
		}
		return jumpStmt(continuing)
	case "include", "import", "from", "extends", "block":
		p.fail("tag %q is not supported in chat templates", name)
	default:
		p.at--
		p.fail("unknown tag %q", name)
	}
	return nil
}

// until reads a body and the tag that ends it.
func (p *parser) until(end string) []stmt {
	body := p.body(end)
	p.at++
	p.closeBlock()
	return body
}

func (p *parser) ifBlock(line int) stmt {
	s := &ifStmt{}
	for {
		test := p.tuple(false)
		p.closeBlock()
		s.tests = append(s.tests, branch{test, p.body("elif", "else", "endif"), line})
		line = p.peek().line
		switch p.next().text {
		case "elif":
			continue
		case "else":
			p.closeBlock()
			s.otherwise = p.until("endif")
		default:
			p.closeBlock()
		}
		return s
	}
}

func (p *parser) forBlock(line int) stmt {
	s := &forStmt{line: line, target: p.target()}
	p.expect(nameToken, "in")
	s.over = p.tuple(false) // an "if" begins the loop's filter
	if p.keyword("if") {
		s.filter = p.expression(true)
	}
	s.recursive = p.keyword("recursive")
	p.closeBlock()
	p.loops++
	s.body = p.body("else", "endfor")
	p.loops--
	if p.next().text == "else" {
		p.closeBlock()
		s.otherwise = p.until("endfor")
	} else {
		p.closeBlock()
	}
	return s
}

// target reads one or more names that values are assigned to, perhaps in brackets.
func (p *parser) target() target {
	defer p.enter()()
	one := func() target {
		if p.operator("(") {
			t := p.target()
			p.expect(operatorToken, ")")
			return t
		}
		name := p.name()
		switch name {
		case "true", "false", "none", "True", "False", "None":
			p.fail("can't assign to %s", name)
		}
		return target{name: name}
	}
	first := one()
	if !p.is(operatorToken, ",") {
		return first
	}
	all := target{parts: []target{first}}
	for p.operator(",") {
		if t := p.peek(); t.kind == nameToken && t.text == "in" || p.is(operatorToken, "=") {
			break
		}
		all.parts = append(all.parts, one())
	}
	return all
}

func (p *parser) setBlock(line int) stmt {
	t := p.target()
	if t.parts == nil && p.operator(".") {
		t.attribute = p.name()
	}
	if p.operator("=") {
		s := &setStmt{target: t, value: p.tuple(true), line: line}
		p.closeBlock()
		return s
	}
	s := &captureStmt{target: t, line: line}
	if p.is(operatorToken, "|") {
		s.filter = p.filters(&literal{nil}, false)
	}
	p.closeBlock()
	s.body = p.until("endset")
	return s
}

// parameters reads what a macro or a caller takes.
func (p *parser) parameters() []parameter {
	var all []parameter
	p.expect(operatorToken, "(")
	for !p.operator(")") {
		if len(all) > 0 {
			p.expect(operatorToken, ",")
		}
		one := parameter{name: p.name()}
		if p.operator("=") {
			one.otherwise = p.expression(true)
		} else if n := len(all); n > 0 && all[n-1].otherwise != nil {
			p.fail("parameter %q without a default behind one with", one.name)
		}
		all = append(all, one)
	}
	return all
}

// macroBody reads the body of a macro and what special names it uses.
func (p *parser) macroBody(m *macro, end string) {
	p.closeBlock()
	loops := p.loops
	p.loops = 0
	p.macros = append(p.macros, map[string]bool{})
	m.body = p.until(end)
	used := p.macros[len(p.macros)-1]
	p.macros = p.macros[:len(p.macros)-1]
	p.loops = loops
	m.varargs, m.kwargs, m.caller = used["varargs"], used["kwargs"], used["caller"]
}

func (p *parser) macroBlock() stmt {
	m := &macro{name: p.name()}
	m.parameters = p.parameters()
	p.macroBody(m, "endmacro")
	return &macroStmt{m}
}

func (p *parser) callBlock(line int) stmt {
	m := &macro{name: "caller"}
	if p.is(operatorToken, "(") {
		m.parameters = p.parameters()
	}
	x := p.expression(true)
	call, ok := x.(*callExpr)
	if !ok {
		p.fail("expected a call in the tag call")
	}
	p.macroBody(m, "endcall")
	return &callStmt{call, m, line}
}

func (p *parser) withBlock() stmt {
	s := &withStmt{}
	for p.peek().kind != closeBlock {
		if len(s.targets) > 0 {
			p.expect(operatorToken, ",")
		}
		s.targets = append(s.targets, target{name: p.name()})
		p.expect(operatorToken, "=")
		s.values = append(s.values, p.expression(true))
	}
	p.closeBlock()
	s.body = p.until("endwith")
	return s
}
