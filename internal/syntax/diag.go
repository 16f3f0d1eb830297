package syntax

import (
	"strings"

	"github.com/vedette-siem/vedette/internal/source"
)

// This file holds every message of the lexer and the parser. The codes are Microsoft's; each comment has an
// example of a query that gets the code.

// fault reports a fault at the current token. Only the first fault of a token is reported: what follows at the
// same place is a consequence.
func (p *parser) fault(code, msg, hint string) { p.faultAt(p.pos, code, msg, hint) }

// faultAt reports a fault at the token with index i.
func (p *parser) faultAt(i int, code, msg, hint string) {
	i = min(i, len(p.toks)-1)
	if p.faulty[i] {
		return
	}
	p.faulty[i] = true
	t := p.toks[i]
	span := t.span()
	if t.kind == tokEOF {
		end := 0
		if i > 0 {
			end = p.toks[i-1].end
		}
		span = source.Span{Start: end, End: end}
	}
	p.report(source.Diagnostic{Code: code, Severity: source.Error, Span: span, Msg: msg, Hint: hint})
}

// found describes the current token for the messages.
func (p *parser) found() string { return p.describe(p.pos) }

func (p *parser) describe(i int) string {
	t := p.toks[min(i, len(p.toks)-1)]
	switch {
	case t.kind == tokEOF:
		return "the end of the query"
	case t.end-t.start > 40:
		return "a long token"
	}
	return "'" + strings.ToValidUTF8(p.text[t.start:t.end], "?") + "'"
}

// missingInToken is for a token without its end. KS001: print 'abc
func missingInToken(at int, what string) source.Diagnostic {
	return source.Diagnostic{
		Code: "KS001", Severity: source.Error, Span: source.Span{Start: at, End: at},
		Msg: "expected " + what + " before the end of the literal",
	}
}

// unexpectedCharacter is for a character outside the language. KS002: print ^
func unexpectedCharacter(span source.Span, char string) source.Diagnostic {
	return source.Diagnostic{
		Code: "KS002", Severity: source.Error, Span: span,
		Msg: "unexpected character '" + strings.ToValidUTF8(char, "?") + "'",
	}
}

// expected is for a token or word that is missing. KS005: T | sort Name
func (p *parser) expected(what ...string) { p.expectedAt(p.pos, what...) }

func (p *parser) expectedAt(i int, what ...string) {
	list := "'" + strings.Join(what, "', '") + "'"
	if len(what) > 1 {
		list = "one of " + list
	}
	p.faultAt(i, "KS005", "expected "+list+", found "+p.describe(i), "")
}

// missing is for a part of the syntax that is not there. KS006: T | where
func (p *parser) missing(what string) {
	msg := "expected " + what + ", found " + p.found()
	hint := ""
	if t := p.tok(); t.kind == tokKeyword {
		hint = "if the keyword is meant as a name, write " + bracketed(p.textOf(t))
	}
	p.fault("KS006", msg, hint)
}

// badType is for a word that is no type, or none of this place. KS160: print typeof(a:float)
func (p *parser) badType() {
	p.fault("KS160", "the type "+p.found()+" cannot be used here", "")
}

// operatorExpected is for a pipe without an operator. KS176: T | foo
func (p *parser) operatorExpected() {
	p.fault("KS176", "expected a query operator, found "+p.found(), "")
}

// leftOver is for text that belongs to no statement. KS198: T )
func (p *parser) leftOver() {
	p.fault("KS198", "unexpected "+p.found(), "")
}

// rawGuid is for a guid that is not in guid(…). KS214: print 74be27de-1e4e-49d9-b579-fe0b331d3642
func (p *parser) rawGuid() {
	p.fault("KS214", "a guid must be written as guid(...) here", "")
}

// missingPattern is for graph-match without a pattern. KS217: G | graph-match where a
func (p *parser) missingPattern() {
	p.fault("KS217", "expected a pattern such as (a)-[e]->(b), found "+p.found(), "")
}

// nameNeedsBrackets is for a keyword in the place of a name. KS228: T | where project == 1
func (p *parser) nameNeedsBrackets(name string) {
	p.fault("KS228", "the name '"+name+"' is not allowed here without brackets", "write "+bracketed(name))
}

// graphOutputs is for graph-to-table without nodes or edges. KS230: G | graph-to-table
func (p *parser) graphOutputs() {
	p.fault("KS230", "expected nodes or edges, found "+p.found(), "")
}

// missingClause is for a part of inline_external_table that is not there: KS252 partition columns, KS253 data
// format, KS254 kind, KS255 path format, KS256 connection strings, KS257 part of a path format, KS258 the type
// of a partition column.
func (p *parser) missingClause(code, what string) {
	p.fault(code, "expected "+what+", found "+p.found(), "")
}

// tooDeep is for a query whose nesting exceeds maxDepth; the rest of the text is not read. VQ050: 2,000 times (.
func (p *parser) tooDeep() {
	p.fault("VQ050", "the query is nested too deeply", "use let statements for the inner parts")
}

// tooLong is for a chain of operators that exceeds maxChain. VQ051: 100,000 terms joined by or.
func (p *parser) tooLong() {
	p.fault("VQ051", "the expression has too many terms", "use in (...) or has_any (...) with a list instead")
}

// isCommand is for a management command. VQ052: .show tables
func (p *parser) isCommand() {
	name := p.commandName()
	if name == "" {
		p.fault("VQ052", "management commands are not supported", "only queries can be run")
		return
	}
	p.fault("VQ052", "the management command '"+name+"' is not supported", "only queries can be run")
}

// commandName is the name of the command at the dot here: .show tables, .set-or-append. It is the verb, and what
// the verb is about unless that is a table's name.
func (p *parser) commandName() string {
	name, i := ".", 1
	for t := p.peek(i); t.glued && (p.wordish(t) || t.kind == tokMinus); t = p.peek(i) {
		name += p.textOf(t)
		i++
	}
	switch name {
	case ".":
		return ""
	case ".set", ".append", ".set-or-append", ".set-or-replace", ".ingest":
		return name
	}
	if t := p.peek(i); p.wordish(t) {
		name += " " + p.textOf(t)
	}
	return name
}

// wordish tells whether a token is a word, be it a name or a keyword.
func (p *parser) wordish(t token) bool {
	text := p.text[t.start:t.end]
	return text != "" && (text[0]|0x20 >= 'a' && text[0]|0x20 <= 'z')
}
