package syntax

import (
	"sort"

	"github.com/vedette-siem/vedette/internal/source"
)

// maxDepth bounds how deep expressions, pipes and blocks may be nested, so that no text exhausts the stack of
// the parser or of anything that walks the tree. Real queries stay below 50.
const maxDepth = 500

// maxChain bounds how many operators or path steps one expression may chain, because such chains are trees as
// deep as they are long.
const maxChain = 20000

// maxDiags bounds how many diagnostics a text gets; nobody reads more.
const maxDiags = 200

// Parse parses the text of a query: statements with semicolons between. The tree is complete even where there
// are diagnostics.
func Parse(file *source.File) (*Query, []source.Diagnostic) {
	p := newParser(file.Text)
	q := p.query(file)
	return q, p.finish()
}

// ParseExpr parses a text that is one expression, which may be a pipe.
func ParseExpr(text string) (Expr, []source.Diagnostic) {
	p := newParser(text)
	x := p.expression()
	if x == nil {
		x = p.missingExpr()
	}
	p.atEnd()
	return x, p.finish()
}

// ParseParams parses the parameter list of a stored function as it is kept with the function, with or without
// the parentheses around it: T:(a:long), disabled:bool=false, starttime:datetime=datetime(null).
func ParseParams(text string) ([]*Param, []source.Diagnostic) {
	p := newParser(text)
	var params []*Param
	if p.at(tokLParen) {
		params = p.paramList()
	} else {
		params = list(p, (*parser).param, (*parser).missingParam, listOf{end: commonEnd})
	}
	p.atEnd()
	return params, p.finish()
}

// ParseBody parses the body of a stored function, without the braces around it: statements, of which the last
// may be the expression that the function returns.
func ParseBody(file *source.File) (*FuncBody, []source.Diagnostic) {
	q, diags := Parse(file)
	body := &FuncBody{node: q.node, Stmts: q.Stmts}
	if n := len(q.Stmts); n > 0 {
		if last, ok := q.Stmts[n-1].(*ExprStmt); ok {
			body.Stmts, body.Result = q.Stmts[:n-1], last.X
		}
	}
	return body, diags
}

// parser is a recursive-descent parser over the tokens of a text. Its methods return nil, without having moved,
// where what they are to parse does not begin at the current token; once they have begun they return a node and
// report what is missing in it.
type parser struct {
	text   string
	toks   []token
	pos    int
	depth  int
	params *paramSet // the parameters of the operator being parsed
	faulty map[int]bool
	diags  []source.Diagnostic
}

func newParser(text string) *parser {
	p := &parser{text: text, faulty: map[int]bool{}}
	p.toks = lex(text, p.report)
	return p
}

func (p *parser) report(d source.Diagnostic) {
	if len(p.diags) < maxDiags {
		p.diags = append(p.diags, d)
	}
}

// finish returns the diagnostics in the order of the text.
func (p *parser) finish() []source.Diagnostic {
	sort.SliceStable(p.diags, func(i, j int) bool { return p.diags[i].Span.Start < p.diags[j].Span.Start })
	return p.diags
}

// atEnd reports what follows after a text that should have ended.
func (p *parser) atEnd() {
	if !p.at(tokEOF) {
		p.leftOver()
	}
}

// tok returns the current token.
func (p *parser) tok() token { return p.toks[p.pos] }

// peek returns the token n places on; after the last it is the last.
func (p *parser) peek(n int) token { return p.toks[min(p.pos+n, len(p.toks)-1)] }

// textOf returns the text of a token.
func (p *parser) textOf(t token) string { return p.text[t.start:t.end] }

// at tells whether the current token is of kind k.
func (p *parser) at(k tokenKind) bool { return p.toks[p.pos].kind == k }

// atWord tells whether the current token is the keyword w.
func (p *parser) atWord(w string) bool { return p.isWord(p.toks[p.pos], w) }

// wordAt tells whether the token n places on is the keyword w.
func (p *parser) wordAt(n int, w string) bool { return p.isWord(p.peek(n), w) }

func (p *parser) isWord(t token, w string) bool {
	return t.kind == tokKeyword && p.text[t.start:t.end] == w
}

// word returns the text of the current token if it is a keyword, else "".
func (p *parser) word() string {
	if t := p.toks[p.pos]; t.kind == tokKeyword {
		return p.text[t.start:t.end]
	}
	return ""
}

// next takes the current token.
func (p *parser) next() token {
	t := p.toks[p.pos]
	if t.kind != tokEOF {
		p.pos++
	}
	return t
}

// take takes the current token if it is of kind k.
func (p *parser) take(k tokenKind) bool {
	if p.at(k) {
		p.pos++
		return true
	}
	return false
}

// takeWord takes the current token if it is the keyword w.
func (p *parser) takeWord(w string) bool {
	if p.atWord(w) {
		p.pos++
		return true
	}
	return false
}

// want takes a token of kind k or reports that it is missing.
func (p *parser) want(k tokenKind) bool {
	if p.take(k) {
		return true
	}
	p.expected(tokenNames[k])
	return false
}

// wantWord takes the keyword w or reports that it is missing.
func (p *parser) wantWord(w string) bool {
	if p.takeWord(w) {
		return true
	}
	p.expected(w)
	return false
}

// scanText returns how many tokens, glued together from n places on, make up text; 0 where they do not.
func (p *parser) scanText(n int, text string) int {
	for i := 0; ; i++ {
		t := p.peek(n + i)
		part := p.text[t.start:t.end]
		if t.kind == tokEOF || i > 0 && !t.glued || len(part) > len(text) || text[:len(part)] != part {
			return 0
		}
		if text = text[len(part):]; text == "" {
			return i + 1
		}
	}
}

// takeText takes the tokens that make up text.
func (p *parser) takeText(text string) bool {
	n := p.scanText(0, text)
	p.pos += n
	return n > 0
}

// takeAny takes the first of texts that stands here and returns it, or "".
func (p *parser) takeAny(texts []string) string {
	for _, text := range texts {
		if p.takeText(text) {
			return text
		}
	}
	return ""
}

// start returns the offset of the current token, for a node that begins there.
func (p *parser) start() int {
	if p.at(tokEOF) {
		return p.lastEnd()
	}
	return p.toks[p.pos].start
}

// lastEnd returns the end of the last token that was taken.
func (p *parser) lastEnd() int {
	if p.pos == 0 {
		return p.toks[0].start
	}
	return p.toks[p.pos-1].end
}

// from returns the node that reaches from start to the last token that was taken.
func (p *parser) from(start int) node {
	return node{source.Span{Start: start, End: max(start, p.lastEnd())}}
}

func (p *parser) exprFrom(start int) exprNode { return exprNode{p.from(start)} }
func (p *parser) stmtFrom(start int) stmtNode { return stmtNode{p.from(start)} }

// enter counts a level of nesting; where there are too many it reports that and skips the rest of the text.
func (p *parser) enter() bool {
	if p.depth >= maxDepth {
		if !p.at(tokEOF) {
			p.tooDeep()
			p.pos = len(p.toks) - 1
			// nothing that is missing now is worth reporting
			p.faulty[p.pos] = true
		}
		return false
	}
	p.depth++
	return true
}

func (p *parser) leave() { p.depth-- }

// listOf says how a list with commas is parsed. Where end is given, an element that follows without a comma is
// taken as one whose comma is missing; without end it is left alone.
type listOf struct {
	end      func(*parser) bool // tells whether the list ends at the current token
	atLeast1 bool               // an empty list is a fault
	trailing bool               // a comma may follow the last element
}

// list parses a list with commas. missing makes, and reports, an element that is not there.
func list[T comparable](p *parser, element, missing func(*parser) T, opt listOf) []T {
	var none T
	var out []T
	atEnd := func() bool { return opt.end != nil && opt.end(p) }
	next := func() T {
		if atEnd() {
			return none
		}
		return element(p)
	}
	x := next()
	if x == none && p.at(tokComma) {
		x = missing(p)
	}
	for x != none {
		out = append(out, x)
		at := p.pos
		switch {
		case p.at(tokEOF) || atEnd():
			return out
		case p.take(tokComma):
			if x = next(); x == none {
				if !opt.trailing {
					out = append(out, missing(p))
				}
				return out
			}
		case opt.end != nil:
			if x = element(p); x != none {
				p.expectedAt(at, ",")
			}
			if p.pos == at {
				return out
			}
		default:
			return out
		}
	}
	if opt.atLeast1 && len(out) == 0 {
		out = append(out, missing(p))
	}
	return out
}

// commonEnd tells whether the current token ends every list.
func commonEnd(p *parser) bool {
	switch p.tok().kind {
	case tokRParen, tokRBracket, tokRBrace, tokBar, tokSemicolon, tokEOF:
		return true
	}
	return false
}

// endOr returns a list end that is also one of the keywords.
func endOr(words ...string) func(*parser) bool {
	return func(p *parser) bool {
		if w := p.word(); w != "" {
			for _, end := range words {
				if w == end {
					return true
				}
			}
		}
		return commonEnd(p)
	}
}
