package syntax

import (
	"strings"

	"github.com/vedette-siem/vedette/internal/source"
)

// litKinds are the kinds of literals that the literal tokens make.
var litKinds = [...]LitKind{
	tokString: LitString, tokBool: LitBool, tokLong: LitLong, tokInt: LitInt, tokReal: LitReal,
	tokDecimal: LitDecimal, tokDatetime: LitDatetime, tokTimespan: LitTimespan, tokGuid: LitGuid, tokRawGuid: LitGuid,
}

// literal parses a literal, a typeof(…), a signed number such as -1, or a parameter of client tools; or returns
// nil.
func (p *parser) literal() Expr {
	t := p.tok()
	switch t.kind {
	case tokString:
		return p.stringLit()
	case tokRawGuid:
		p.rawGuid()
		return p.tokenLit()
	case tokBool, tokLong, tokInt, tokReal, tokDecimal, tokDatetime, tokTimespan, tokGuid:
		return p.tokenLit()
	case tokPlus, tokMinus:
		return p.signedNumber(litKindSame)
	case tokLBrace:
		return p.braced()
	case tokKeyword:
		switch p.textOf(t) {
		case "dynamic":
			return p.dynamicLit()
		case "typeof":
			if ty := p.typeOf(); ty != nil {
				return ty
			}
		}
	}
	return nil
}

// tokenLit takes a literal token.
func (p *parser) tokenLit() *Lit {
	t := p.next()
	raw := p.textOf(t)
	l := &Lit{exprNode: p.exprFrom(t.start), Kind: litKinds[t.kind], Raw: raw, Text: raw, Parts: 1}
	if i := strings.IndexByte(raw, '('); i >= 0 {
		l.Text = strings.TrimSpace(strings.TrimSuffix(raw[i+1:], ")"))
		l.Null = l.Text == "null"
	}
	return l
}

// stringLit takes one string literal or several that stand side by side and make up one value.
func (p *parser) stringLit() *Lit {
	start := p.start()
	l := &Lit{Kind: LitString}
	for p.at(tokString) {
		raw := p.textOf(p.next())
		text, hidden := decodeString(raw)
		if l.Parts++; l.Parts == 1 {
			l.Raw, l.Text, l.Hidden = raw, text, hidden
			continue
		}
		l.Raw += " " + raw
		l.Text += text
		l.Hidden = l.Hidden || hidden
	}
	l.exprNode = p.exprFrom(start)
	return l
}

const (
	litKindSame LitKind = 0
	litKindReal         = LitReal
)

// signedNumber parses -1, +1.5 and -1d where no blank stands after the sign; or returns nil. Where the kind is
// litKindReal, only numbers are taken and they are reals.
func (p *parser) signedNumber(kind LitKind) Expr {
	sign, num := p.tok(), p.peek(1)
	if sign.kind != tokPlus && sign.kind != tokMinus || !num.glued {
		return nil
	}
	switch num.kind {
	case tokLong, tokReal:
	case tokTimespan:
		if kind != litKindSame {
			return nil
		}
	default:
		return nil
	}
	if !isDigit(p.text[num.start]) { // -long(1)
		return nil
	}
	p.pos += 2
	if kind == litKindSame {
		kind = litKinds[num.kind]
	}
	raw := p.text[sign.start:num.end]
	return &Lit{exprNode: p.exprFrom(sign.start), Kind: kind, Raw: raw, Text: raw, Parts: 1}
}

// realNumber parses a number, which need not have a decimal point, as a real; or returns nil.
func (p *parser) realNumber() Expr {
	switch t := p.tok(); t.kind {
	case tokLong, tokReal:
		if isDigit(p.text[t.start]) {
			l := p.tokenLit()
			l.Kind = LitReal
			return l
		}
	case tokPlus, tokMinus:
		return p.signedNumber(litKindReal)
	case tokLBrace:
		return p.braced()
	}
	return nil
}

// braced parses a parameter of client tools as an expression, or returns nil.
func (p *parser) braced() Expr {
	if id := p.bracedName(); id != nil {
		return id
	}
	return nil
}

// dynamicLit parses dynamic(…), or returns nil.
func (p *parser) dynamicLit() Expr {
	if !p.atWord("dynamic") || p.peek(1).kind != tokLParen {
		return nil
	}
	start := p.start()
	p.pos += 2
	value := p.needJSON()
	p.want(tokRParen)
	return &DynamicLit{exprNode: p.exprFrom(start), Value: value}
}

func (p *parser) needJSON() Expr {
	if x := p.json(); x != nil {
		return x
	}
	return p.missingJSON()
}

func (p *parser) missingJSON() Expr {
	p.missing("a JSON value")
	return p.badExpr()
}

// json parses a value inside dynamic(…), or returns nil. https://learn.microsoft.com/kusto/query/scalar-data-types/dynamic
func (p *parser) json() Expr {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	t := p.tok()
	switch t.kind {
	case tokLong, tokReal, tokBool, tokDatetime, tokTimespan, tokGuid, tokDecimal:
		return p.tokenLit()
	case tokRawGuid:
		p.rawGuid()
		return p.tokenLit()
	case tokString:
		return p.stringLit()
	case tokMinus:
		if k := p.peek(1).kind; k != tokLong && k != tokReal {
			return nil
		}
		p.next()
		x := p.tokenLit()
		return &UnaryExpr{exprNode: p.exprFrom(t.start), Op: "-", X: x}
	case tokKeyword:
		switch p.textOf(t) {
		case "dynamic":
			return p.dynamicLit()
		case "null":
			p.next()
			return &Lit{exprNode: p.exprFrom(t.start), Kind: LitNull, Raw: "null", Text: "null", Null: true, Parts: 1}
		}
	case tokLBracket:
		p.next()
		items := list(p, (*parser).json, (*parser).missingJSON, listOf{end: commonEnd})
		p.want(tokRBracket)
		return &ArrayLit{exprNode: p.exprFrom(t.start), Items: items}
	case tokLBrace:
		if id := p.bracedName(); id != nil {
			return id
		}
		p.next()
		pairs := list(p, (*parser).jsonPair, (*parser).missingPair, listOf{end: commonEnd})
		p.want(tokRBrace)
		return &ObjectLit{exprNode: p.exprFrom(t.start), Pairs: pairs}
	}
	return nil
}

// jsonPair parses "name": value, also where one part of it is missing; or returns nil.
func (p *parser) jsonPair() *ObjectPair {
	start := p.start()
	pair := &ObjectPair{}
	if p.at(tokString) {
		t := p.next()
		raw := p.textOf(t)
		text, hidden := decodeString(raw)
		pair.Key = &Lit{exprNode: p.exprFrom(t.start), Kind: LitString, Raw: raw, Text: text, Hidden: hidden, Parts: 1}
		p.want(tokColon)
		pair.Value = p.needJSON()
	} else {
		at := p.pos
		if p.take(tokColon) {
			pair.Value = p.needJSON()
		} else if pair.Value = p.json(); pair.Value == nil {
			return nil
		}
		p.faultAt(at, "KS006", "expected a string and a colon, found "+p.describe(at), "")
	}
	pair.node = p.from(start)
	return pair
}

func (p *parser) missingPair() *ObjectPair {
	p.missing("a pair of name and value")
	return &ObjectPair{node: p.from(p.lastEnd()), Value: p.badExpr()}
}

// typeOf parses typeof(…), or returns nil where it is no more than a name.
func (p *parser) typeOf() *TypeOfExpr {
	if !p.atWord("typeof") || p.peek(1).kind != tokLParen {
		return nil
	}
	start := p.start()
	p.pos += 2
	t := &TypeOfExpr{}
	if isType(p.tok(), typeWord|looseTypeWord) || p.at(tokIdent) && p.peek(1).kind == tokRParen {
		t.Items = []Node{p.typeName()}
	} else {
		t.Items = list(p, (*parser).typeOfItem, func(p *parser) Node { return p.missingType() }, listOf{end: commonEnd})
	}
	p.want(tokRParen)
	t.exprNode = p.exprFrom(start)
	return t
}

func (p *parser) typeOfItem() Node {
	if p.at(tokStar) {
		return p.star()
	}
	if c := p.columnDecl(); c != nil {
		return c
	}
	return nil
}

// isType tells whether a token is a type word of one of the classes.
func isType(t token, classes wordClass) bool {
	return t.kind == tokKeyword && t.word&classes != 0
}

// typeName takes the current token as the name of a type.
func (p *parser) typeName() *TypeName {
	t := p.next()
	return &TypeName{node: p.from(t.start), Name: p.textOf(t)}
}

// needType parses the type of a column or parameter and reports a word that is none.
func (p *parser) needType(classes wordClass) *TypeName {
	t := p.tok()
	switch {
	case isType(t, classes):
	case isType(t, typeWord|looseTypeWord) || isName(t):
		p.badType()
	default:
		return p.missingType()
	}
	return p.typeName()
}

func (p *parser) missingType() *TypeName {
	p.missing("a type")
	return &TypeName{node: p.from(p.lastEnd())}
}

// columnDecl parses name:type, also where the name is missing; or returns nil.
func (p *parser) columnDecl() *ColumnDecl {
	start := p.start()
	name := p.declName()
	switch {
	case name != nil:
		p.want(tokColon)
		if p.at(tokLParen) {
			schema := p.schemaType()
			return &ColumnDecl{exprNode: p.exprFrom(start), Name: name, Type: schema}
		}
	case p.at(tokColon):
		name = p.missingName()
		p.next()
	default:
		return nil
	}
	typ := p.needType(typeWord)
	return &ColumnDecl{exprNode: p.exprFrom(start), Name: name, Type: typ}
}

func (p *parser) missingColumnDecl() *ColumnDecl {
	p.missing("name:type")
	at := p.exprFrom(p.lastEnd())
	return &ColumnDecl{exprNode: at, Name: &Ident{exprNode: at}, Type: &TypeName{node: at.node}}
}

// schemaType parses (column:type, …) or (*) as the type of a parameter.
func (p *parser) schemaType() *SchemaType {
	start := p.next().start
	t := &SchemaType{}
	if p.take(tokStar) {
		t.Star = true
	} else {
		t.Columns = p.schemaColumns()
	}
	p.want(tokRParen)
	t.node = p.from(start)
	return t
}

// schemaColumns parses the columns of a schema.
func (p *parser) schemaColumns() []*ColumnDecl {
	return list(p, (*parser).columnDecl, (*parser).missingColumnDecl, listOf{end: commonEnd, trailing: true})
}

// rowSchema parses (column:type, …), or returns nil. Evaluate allows a * in front.
func (p *parser) rowSchema(star bool) *RowSchema {
	if !p.at(tokLParen) {
		return nil
	}
	start := p.next().start
	p.take(tokComma)
	s := &RowSchema{}
	if star {
		s.Star = p.take(tokStar)
		p.take(tokComma)
	}
	s.Columns = p.schemaColumns()
	p.want(tokRParen)
	s.node = p.from(start)
	return s
}

// needRowSchema parses a schema that must be there.
func (p *parser) needRowSchema(star bool) *RowSchema {
	if s := p.rowSchema(star); s != nil {
		return s
	}
	p.missing("a schema such as (name:type)")
	end := p.lastEnd()
	return &RowSchema{node: node{source.Span{Start: end, End: end}}}
}
