package syntax

import "github.com/vedette-siem/vedette/internal/source"

// query parses the whole text. Text that belongs to no statement is reported and skipped up to the next
// semicolon, so that the statements behind it are still seen.
func (p *parser) query(file *source.File) *Query {
	q := &Query{File: file}
	if p.at(tokDot) {
		p.isCommand()
		p.pos = len(p.toks) - 1
	}
	for p.at(tokDirective) {
		q.Directives = append(q.Directives, p.textOf(p.next()))
	}
	for {
		q.Stmts = append(q.Stmts, p.statements()...)
		if p.at(tokEOF) {
			break
		}
		if p.at(tokDot) && p.peek(1).glued && p.wordish(p.peek(1)) && p.pos > 0 && p.toks[p.pos-1].kind == tokSemicolon {
			p.isCommand()
		} else {
			p.leftOver()
		}
		for !p.at(tokEOF) && !p.take(tokSemicolon) {
			p.next()
		}
	}
	q.node = node{source.Span{End: len(p.text)}}
	return q
}

// statements parses statements with semicolons between.
func (p *parser) statements() []Stmt {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	var out []Stmt
	s := p.statement()
	for s != nil {
		out = append(out, s)
		at := p.pos
		semicolon := p.take(tokSemicolon)
		if s = p.statement(); s != nil && !semicolon {
			p.expectedAt(at, ";")
		}
	}
	return out
}

// statement parses one statement, or returns nil. The words that begin statements are names too, so it depends
// on what follows them.
func (p *parser) statement() Stmt {
	switch p.word() {
	case "let":
		if p.scanName(1) > 0 {
			return p.letStmt()
		}
	case "set":
		return p.setStmt()
	case "declare":
		if p.wordAt(1, "pattern") {
			return p.patternStmt()
		}
		if p.wordAt(1, "query_parameters") {
			return p.declareParamsStmt()
		}
	case "alias":
		if p.wordAt(1, "database") {
			return p.aliasStmt()
		}
	case "restrict":
		if p.wordAt(1, "access") {
			return p.restrictStmt()
		}
	}
	start := p.start()
	if x := p.expression(); x != nil {
		return &ExprStmt{stmtNode: p.stmtFrom(start), X: x}
	}
	return nil
}

func (p *parser) letStmt() *LetStmt {
	start := p.next().start
	s := &LetStmt{Name: p.needName()}
	p.want(tokEqual)
	switch {
	case p.atWord("materialize"):
		s.Value = p.materialize()
	case p.atWord("entity_group"):
		s.Value = p.entityGroup()
	case p.functionAhead():
		s.Value = p.function()
	default:
		s.Value = p.need((*parser).expression)
	}
	s.stmtNode = p.stmtFrom(start)
	return s
}

// materialize parses materialize(…), which only let may have as its value.
func (p *parser) materialize() Expr {
	c := &CallExpr{Name: p.plainName()}
	p.want(tokLParen)
	c.Args = []Expr{p.need((*parser).expression)}
	p.want(tokRParen)
	c.exprNode = p.exprFrom(c.Name.Span().Start)
	return c
}

// functionAhead tells whether the value of a let is a function: parameters, or view and parameters.
func (p *parser) functionAhead() bool {
	n := 0
	if p.atWord("view") {
		n = 1
	}
	if p.peek(n).kind != tokLParen {
		return false
	}
	switch p.peek(n + 1).kind {
	case tokRParen, tokStar:
		return true
	}
	k := p.scanDeclName(n + 1)
	return k > 0 && p.peek(n+1+k).kind == tokColon
}

func (p *parser) function() Expr {
	start := p.start()
	f := &FuncExpr{View: p.takeWord("view")}
	f.Params = p.paramList()
	f.Body = p.funcBody((*parser).bodyStmt)
	f.exprNode = p.exprFrom(start)
	return f
}

// paramList parses (parameters).
func (p *parser) paramList() []*Param {
	p.want(tokLParen)
	params := list(p, (*parser).param, (*parser).missingParam, listOf{end: commonEnd})
	p.want(tokRParen)
	return params
}

// param parses name:type or name:type=default, or returns nil.
func (p *parser) param() *Param {
	start := p.start()
	c := p.columnDecl()
	if c == nil {
		return nil
	}
	prm := &Param{Name: c.Name, Type: c.Type}
	if p.take(tokEqual) {
		if prm.Default = p.literal(); prm.Default == nil {
			if isName(p.tok()) {
				prm.Default = p.plainName()
			} else {
				prm.Default = p.missingExpr()
			}
		}
	}
	prm.node = p.from(start)
	return prm
}

func (p *parser) missingParam() *Param {
	c := p.missingColumnDecl()
	return &Param{node: c.node, Name: c.Name, Type: c.Type}
}

// funcBody parses { statements; result }; stmt parses the statements that are allowed.
func (p *parser) funcBody(stmt func(*parser) Stmt) *FuncBody {
	start := p.start()
	b := &FuncBody{}
	if !p.enter() {
		return b
	}
	defer p.leave()
	if !p.want(tokLBrace) {
		b.node = p.from(start)
		return b
	}
	for s := stmt(p); s != nil; s = stmt(p) {
		b.Stmts = append(b.Stmts, s)
		p.want(tokSemicolon)
	}
	b.Result = p.expression()
	p.take(tokSemicolon)
	p.want(tokRBrace)
	b.node = p.from(start)
	return b
}

// bodyStmt parses a statement inside a function, or returns nil.
func (p *parser) bodyStmt() Stmt {
	switch p.word() {
	case "let":
		return p.letStmt()
	case "declare":
		return p.declareParamsStmt()
	}
	return nil
}

// patternBodyStmt parses a statement inside a pattern, or returns nil.
func (p *parser) patternBodyStmt() Stmt {
	if p.atWord("let") {
		return p.letStmt()
	}
	return nil
}

func (p *parser) setStmt() *SetStmt {
	start := p.next().start
	s := &SetStmt{Name: p.needName()}
	if p.take(tokEqual) {
		s.Value = p.need((*parser).unnamed)
	}
	s.stmtNode = p.stmtFrom(start)
	return s
}

func (p *parser) aliasStmt() *AliasStmt {
	start := p.next().start
	p.wantWord("database")
	s := &AliasStmt{Name: p.needName()}
	p.want(tokEqual)
	s.Value = p.need((*parser).unnamed)
	s.stmtNode = p.stmtFrom(start)
	return s
}

func (p *parser) declareParamsStmt() *DeclareParamsStmt {
	start := p.next().start
	p.wantWord("query_parameters")
	p.want(tokLParen)
	s := &DeclareParamsStmt{}
	s.Params = list(p, (*parser).param, (*parser).missingParam, listOf{end: commonEnd, atLeast1: true})
	p.want(tokRParen)
	s.stmtNode = p.stmtFrom(start)
	return s
}

func (p *parser) restrictStmt() *RestrictStmt {
	start := p.next().start
	p.wantWord("access")
	p.wantWord("to")
	p.want(tokLParen)
	s := &RestrictStmt{}
	s.Items = list(p, (*parser).wildcardEntity, (*parser).missingExpr, listOf{end: commonEnd, atLeast1: true})
	p.want(tokRParen)
	s.With = p.withProperties()
	s.stmtNode = p.stmtFrom(start)
	return s
}

func (p *parser) patternStmt() *DeclarePatternStmt {
	start := p.next().start
	p.next() // pattern
	s := &DeclarePatternStmt{Name: p.needName()}
	if !p.take(tokEqual) {
		s.Bare = true
		s.stmtNode = p.stmtFrom(start)
		return s
	}
	p.want(tokLParen)
	s.Params = list(p, (*parser).columnDecl, (*parser).missingColumnDecl, listOf{end: commonEnd})
	p.want(tokRParen)
	if p.take(tokLBracket) {
		if s.Path = p.columnDecl(); s.Path == nil {
			s.Path = p.missingColumnDecl()
		}
		p.want(tokRBracket)
	}
	p.want(tokLBrace)
	for m := p.patternMatch(); m != nil; m = p.patternMatch() {
		s.Matches = append(s.Matches, m)
	}
	if len(s.Matches) == 0 {
		p.missing("a match such as ('value') = { ... }")
	}
	p.want(tokRBrace)
	s.stmtNode = p.stmtFrom(start)
	return s
}

// patternMatch parses (values).[path] = { … }; or returns nil.
func (p *parser) patternMatch() *PatternMatch {
	if !p.at(tokLParen) {
		return nil
	}
	start := p.next().start
	m := &PatternMatch{}
	m.Args = list(p, (*parser).unnamed, (*parser).missingExpr, listOf{end: commonEnd, atLeast1: true})
	p.want(tokRParen)
	if p.take(tokDot) {
		p.want(tokLBracket)
		if m.Path = p.literal(); m.Path == nil {
			m.Path = p.missingValue()
		}
		p.want(tokRBracket)
	}
	p.want(tokEqual)
	m.Body = p.funcBody((*parser).patternBodyStmt)
	p.want(tokSemicolon)
	m.node = p.from(start)
	return m
}
