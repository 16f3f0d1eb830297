package syntax

import "strings"

// isName tells whether a token is an identifier or a keyword that is a name everywhere.
func isName(t token) bool {
	return t.kind == tokIdent || t.kind == tokKeyword && t.word&nameWord != 0
}

// isDeclName tells whether a token is an identifier or a keyword that is a name in declarations.
func isDeclName(t token) bool {
	return t.kind == tokIdent || t.kind == tokKeyword && t.word&(nameWord|declWord) != 0
}

// scanName returns how many tokens from n places on make up a name, or 0.
func (p *parser) scanName(n int) int { return p.scanNameOf(n, isName) }

// scanDeclName is scanName for declarations.
func (p *parser) scanDeclName(n int) int { return p.scanNameOf(n, isDeclName) }

func (p *parser) scanNameOf(n int, plain func(token) bool) int {
	t := p.peek(n)
	switch {
	case t.kind == tokLBracket:
		return p.scanBracketedName(n)
	case t.kind == tokLBrace:
		if k := p.scanBracedName(n); k == 3 && isName(p.peek(n+1)) {
			return k
		}
		return 0
	case plain(t):
		return 1
	}
	return 0
}

// scanBracketedName returns the number of tokens of ['name'] from n places on, or 0.
func (p *parser) scanBracketedName(n int) int {
	if p.peek(n).kind != tokLBracket || p.peek(n+1).kind != tokString {
		return 0
	}
	i := n + 2
	for p.peek(i).kind == tokString {
		i++
	}
	if p.peek(i).kind != tokRBracket {
		return 0
	}
	return i + 1 - n
}

// name parses a name, or returns nil.
func (p *parser) name() *Ident { return p.nameOf(isName) }

// declName parses a name in a declaration, or returns nil.
func (p *parser) declName() *Ident { return p.nameOf(isDeclName) }

func (p *parser) nameOf(plain func(token) bool) *Ident {
	t := p.tok()
	switch {
	case t.kind == tokLBracket:
		return p.bracketedName()
	case t.kind == tokLBrace:
		return p.bracedName()
	case plain(t):
		return p.plainName()
	}
	return nil
}

// plainName takes the current token as a name.
func (p *parser) plainName() *Ident {
	t := p.next()
	id := &Ident{exprNode: p.exprFrom(t.start), Name: p.textOf(t), Form: NamePlain}
	if t.word == cutWord {
		id.Form = NameBracketed // printed with other text after it, it would be a keyword
	}
	return id
}

// bracketedName parses ['name'].
func (p *parser) bracketedName() *Ident {
	if p.scanBracketedName(0) == 0 {
		return nil
	}
	start := p.next().start
	s := p.stringLit()
	p.want(tokRBracket)
	return &Ident{exprNode: p.exprFrom(start), Name: s.Text, Form: NameBracketed}
}

// bracedName parses {name} and {name[1]}, parameters of client tools, whose parts must not have blanks between.
func (p *parser) bracedName() *Ident {
	n := p.scanBracedName(0)
	if n == 0 {
		return nil
	}
	start := p.start()
	p.pos += n
	return &Ident{exprNode: p.exprFrom(start), Name: p.text[start+1 : p.lastEnd()-1], Form: NameBraced}
}

func (p *parser) scanBracedName(n int) int {
	i := n
	glued := func(kinds ...tokenKind) bool {
		t := p.peek(i)
		for _, k := range kinds {
			if t.kind == k && t.glued {
				i++
				return true
			}
		}
		return false
	}
	if p.peek(i).kind != tokLBrace {
		return 0
	}
	i++
	if !glued(tokIdent, tokKeyword) {
		return 0
	}
	if glued(tokLBracket) {
		glued(tokMinus)
		if !glued(tokLong) || !glued(tokRBracket) {
			return 0
		}
	}
	if !glued(tokRBrace) {
		return 0
	}
	return i - n
}

// scanWildcard returns how many tokens from n places on make up a wildcarded name such as abc*, *abc* or *.
func (p *parser) scanWildcard(n int) int {
	i := n
	switch {
	case p.peek(i).kind == tokStar:
		i++
	case isDeclName(p.peek(i)) && p.peek(i+1).kind == tokStar && p.peek(i+1).glued:
		i += 2
	default:
		return 0
	}
	for {
		t := p.peek(i)
		if !t.glued || t.kind != tokStar && t.kind != tokLong && !isDeclName(t) {
			return i - n
		}
		i++
	}
}

// wildcard parses a wildcarded name, or returns nil.
func (p *parser) wildcard() *Ident {
	n := p.scanWildcard(0)
	if n == 0 {
		return nil
	}
	start := p.start()
	p.pos += n
	return &Ident{exprNode: p.exprFrom(start), Name: p.text[start:p.lastEnd()], Form: NameWildcard}
}

// bracketedWildcard parses [abc*], or returns nil.
func (p *parser) bracketedWildcard() *Ident {
	if !p.at(tokLBracket) || p.scanWildcard(1) == 0 {
		return nil
	}
	start := p.next().start
	name := p.wildcard().Name
	p.want(tokRBracket)
	return &Ident{exprNode: p.exprFrom(start), Name: name, Form: NameBracketedWildcard}
}

// wildcardOrName parses a wildcarded or an ordinary name as an expression, or returns nil.
func (p *parser) wildcardOrName() Expr {
	if id := p.wildcard(); id != nil {
		return id
	}
	if id := p.name(); id != nil {
		return id
	}
	return nil
}

// missingName reports a missing name and stands for it.
func (p *parser) missingName() *Ident {
	p.missing("a name")
	return &Ident{exprNode: p.exprFrom(p.lastEnd())}
}

// needName parses a name that must be there.
func (p *parser) needName() *Ident {
	if id := p.name(); id != nil {
		return id
	}
	return p.missingName()
}

// dashedName parses a run of words and dashes without blanks, as in the faulty project my-name = 1.
func (p *parser) scanDashedName() int {
	if t := p.tok(); t.kind != tokIdent && t.kind != tokKeyword {
		return 0
	}
	i := 1
	for {
		t := p.peek(i)
		if !t.glued || t.kind != tokIdent && t.kind != tokKeyword && t.kind != tokMinus {
			return i
		}
		i++
	}
}

// keywordAsName parses a keyword that cannot be a name but stands where only a name makes sense, and reports it.
func (p *parser) keywordAsName() Expr {
	t := p.tok()
	if t.kind != tokKeyword || !p.followsName(p.peek(1)) {
		return nil
	}
	p.nameNeedsBrackets(p.textOf(t))
	return p.plainName()
}

// followsName tells whether a token is one that follows a name and would not follow a keyword.
func (p *parser) followsName(t token) bool {
	switch t.kind {
	case tokEqualEqual, tokBangEqual, tokEqualTilde, tokBangTilde, tokGreater, tokGreaterEqual, tokLess, tokLessEqual,
		tokStar, tokSlash, tokPercent, tokRParen, tokRBracket, tokRBrace, tokDot, tokComma, tokColon, tokBar:
		return true
	case tokKeyword:
		word := p.textOf(t)
		return word == "and" || word == "or" || stringOps[word] != "" || listOps[word] ||
			strings.HasSuffix(word, "between")
	}
	return false
}
