package syntax

// The grammar of expressions, loosest first: or; and; == != <> in between; < <= > >=; + -; * / %; has, contains,
// matches regex and the other operators on strings (at most one); unary + and -; paths, indexes and calls.

// stringOps are the operators on strings that are keywords, with their usual spelling.
var stringOps = map[string]BinaryOp{
	"has": "has", "!has": "!has", "has_cs": "has_cs", "!has_cs": "!has_cs",
	"hasprefix": "hasprefix", "!hasprefix": "!hasprefix", "hasprefix_cs": "hasprefix_cs", "!hasprefix_cs": "!hasprefix_cs",
	"hassuffix": "hassuffix", "!hassuffix": "!hassuffix", "hassuffix_cs": "hassuffix_cs", "!hassuffix_cs": "!hassuffix_cs",
	"like": "like", "notlike": "notlike", "likecs": "likecs", "notlikecs": "notlikecs",
	"contains": "contains", "notcontains": "!contains", "!contains": "!contains",
	"containscs": "contains_cs", "contains_cs": "contains_cs",
	"notcontainscs": "!contains_cs", "!contains_cs": "!contains_cs",
	"startswith": "startswith", "!startswith": "!startswith", "startswith_cs": "startswith_cs", "!startswith_cs": "!startswith_cs",
	"endswith": "endswith", "!endswith": "!endswith", "endswith_cs": "endswith_cs", "!endswith_cs": "!endswith_cs",
	"matches regex": "matches regex",
}

// listOps are the operators with a list on their right.
var listOps = map[string]bool{"in": true, "in~": true, "!in": true, "!in~": true, "has_any": true, "has_all": true}

// badExpr stands for an expression that is missing and has been reported.
func (p *parser) badExpr() Expr { return &BadExpr{p.exprFrom(p.lastEnd())} }

// missingExpr reports a missing expression and stands for it.
func (p *parser) missingExpr() Expr {
	p.missing("an expression")
	return p.badExpr()
}

// missingValue reports a missing value and stands for it.
func (p *parser) missingValue() Expr {
	p.missing("a value")
	return p.badExpr()
}

// missingColumn reports a missing name where an expression may stand.
func (p *parser) missingColumn() Expr { return p.missingName() }

// need parses an expression with one of the methods below, and reports it where it is missing.
func (p *parser) need(parse func(*parser) Expr) Expr {
	if x := parse(p); x != nil {
		return x
	}
	return p.missingExpr()
}

// unnamed parses an expression without a name in front and without pipes, or returns nil.
func (p *parser) unnamed() Expr {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	return p.or()
}

// binary makes the node for an operator that has just been taken.
func (p *parser) binary(op BinaryOp, opTok token, x, y Expr) Expr {
	return &BinaryExpr{exprNode: p.exprFrom(x.Span().Start), Op: op, OpSpan: opTok.span(), X: x, Y: y}
}

// chain parses operands with operators between, leaning left. op tells which operator the current token is, or
// returns "".
func (p *parser) chain(operand func(*parser) Expr, op func(*parser) BinaryOp) Expr {
	x := operand(p)
	if x == nil {
		return nil
	}
	for n := 0; ; n++ {
		o := op(p)
		if o == "" {
			return x
		}
		if n == maxChain {
			p.tooLong()
			p.pos = len(p.toks) - 1
			p.faulty[p.pos] = true
			return x
		}
		t := p.next()
		x = p.binary(o, t, x, p.need(operand))
	}
}

func (p *parser) or() Expr {
	return p.chain((*parser).and, func(p *parser) BinaryOp {
		if p.atWord("or") {
			return "or"
		}
		return ""
	})
}

func (p *parser) and() Expr {
	return p.chain((*parser).equality, func(p *parser) BinaryOp {
		if p.atWord("and") {
			return "and"
		}
		return ""
	})
}

// equality parses ==, in, between and their like, at most one.
func (p *parser) equality() Expr {
	if p.at(tokStar) && p.peek(1).kind == tokEqualEqual {
		x, t := p.star(), p.next()
		return p.binary("==", t, x, p.need((*parser).relational))
	}
	x := p.relational()
	if x == nil {
		return nil
	}
	t := p.tok()
	switch t.kind {
	case tokEqualEqual:
		p.next()
		return p.binary("==", t, x, p.need((*parser).relational))
	case tokBangEqual, tokLessGreater:
		p.next()
		return p.binary("!=", t, x, p.need((*parser).relational))
	case tokKeyword:
		switch word := p.textOf(t); {
		case word == "in" && p.wordAt(1, "range"): // make-series … on x in range(…)
		case listOps[word]:
			p.next()
			return p.binary(BinaryOp(word), t, x, p.inList())
		case word == "between" || word == "!between":
			p.next()
			return p.binary(BinaryOp(word), t, x, p.couple())
		}
	}
	return x
}

// inList parses the list on the right of in: values, or one tabular expression.
func (p *parser) inList() Expr {
	start := p.start()
	p.want(tokLParen)
	l := &ListExpr{}
	if p.beginsOperator() || p.pipeAhead() {
		l.Items = []Expr{p.need((*parser).expression)}
	} else {
		l.Items = list(p, (*parser).unnamed, (*parser).missingExpr, listOf{end: commonEnd, atLeast1: true})
	}
	p.want(tokRParen)
	l.exprNode = p.exprFrom(start)
	return l
}

// pipeAhead tells whether a | stands before the end of the expression that begins here.
func (p *parser) pipeAhead() bool {
	depth := 0
	for i := p.pos; ; i++ {
		switch p.toks[i].kind {
		case tokEOF, tokSemicolon:
			return false
		case tokComma:
			if depth == 0 {
				return false
			}
		case tokLParen:
			depth++
		case tokRParen:
			if depth == 0 {
				return false
			}
			depth--
		case tokBar:
			if depth == 0 {
				return true
			}
		}
	}
}

// couple parses (low .. high) on the right of between.
func (p *parser) couple() Expr {
	start := p.start()
	p.want(tokLParen)
	low := p.need((*parser).unnamed)
	p.want(tokDotDot)
	high := p.need((*parser).unnamed)
	p.want(tokRParen)
	return &RangeExpr{exprNode: p.exprFrom(start), Low: low, High: high}
}

// relational parses <, <=, > and >=, at most one.
func (p *parser) relational() Expr {
	x := p.additive()
	if x == nil {
		return nil
	}
	switch t := p.tok(); t.kind {
	case tokLess, tokLessEqual, tokGreater, tokGreaterEqual:
		p.next()
		return p.binary(BinaryOp(tokenNames[t.kind]), t, x, p.need((*parser).additive))
	}
	return x
}

func (p *parser) additive() Expr {
	return p.chain((*parser).multiplicative, func(p *parser) BinaryOp {
		switch k := p.tok().kind; k {
		case tokPlus, tokMinus:
			return BinaryOp(tokenNames[k])
		}
		return ""
	})
}

func (p *parser) multiplicative() Expr {
	return p.chain((*parser).stringOperation, func(p *parser) BinaryOp {
		switch k := p.tok().kind; k {
		case tokStar, tokSlash, tokPercent:
			return BinaryOp(tokenNames[k])
		}
		return ""
	})
}

// stringOperation parses has, contains, =~, : and their like, at most one; their left side may be *.
func (p *parser) stringOperation() Expr {
	if p.at(tokStar) {
		op := p.stringOp(p.peek(1))
		if op == "" {
			return nil
		}
		x, t := p.star(), p.next()
		return p.binary(op, t, x, p.need((*parser).unary))
	}
	x := p.unary()
	if x == nil {
		return nil
	}
	if op := p.stringOp(p.tok()); op != "" {
		t := p.next()
		return p.binary(op, t, x, p.need((*parser).unary))
	}
	return x
}

// stringOp returns the operator on strings that a token is, or "".
func (p *parser) stringOp(t token) BinaryOp {
	switch t.kind {
	case tokEqualTilde:
		return "=~"
	case tokBangTilde:
		return "!~"
	case tokColon:
		return ":"
	case tokKeyword:
		return stringOps[p.textOf(t)]
	}
	return ""
}

// unary parses -x and +x, where x is no unary expression itself.
func (p *parser) unary() Expr {
	t := p.tok()
	if t.kind != tokMinus && t.kind != tokPlus {
		return p.path()
	}
	p.next()
	x := p.need((*parser).path)
	return &UnaryExpr{exprNode: p.exprFrom(t.start), Op: tokenNames[t.kind], X: x}
}

// path parses a primary expression and the .name, .f() and [index] after it, or returns nil.
func (p *parser) path() Expr {
	if p.atWord("totable") {
		return p.subqueryCall()
	}
	x := p.primary()
	if x == nil {
		return nil
	}
	return p.pathRest(x, (*parser).indexed)
}

// pathRest parses what follows x in a path; index parses [index] and returns the index.
func (p *parser) pathRest(x Expr, index func(*parser) Expr) Expr {
	start := x.Span().Start
	for n := 0; ; n++ {
		switch {
		case n == maxChain:
			p.tooLong()
			return x
		case p.take(tokDot):
			sel := p.selectorOrCall()
			if sel == nil {
				sel = p.missingName()
			}
			x = &PathExpr{exprNode: p.exprFrom(start), X: x, Sel: sel}
		case p.at(tokLBracket):
			i := index(p)
			x = &IndexExpr{exprNode: p.exprFrom(start), X: x, Index: i}
		default:
			return x
		}
	}
}

// primary parses an expression without operators, or returns nil.
func (p *parser) primary() Expr {
	t := p.tok()
	switch {
	case t.kind.isLiteral():
		return p.literal()
	case t.kind == tokLParen:
		return p.paren()
	case t.kind == tokKeyword:
		switch p.textOf(t) {
		case "dynamic":
			return p.dynamicLit()
		case "datatable":
			return p.dataTable()
		case "__contextual_datatable":
			return p.contextualDataTable()
		case "externaldata", "external_data":
			return p.externalData()
		case "materialized-view-combine":
			return p.viewCombine()
		case "toscalar":
			return p.subqueryCall()
		case "typeof":
			if x := p.typeOf(); x != nil {
				return x
			}
		}
	}
	if p.callAhead(0) {
		return p.call()
	}
	if x := p.selector(); x != nil {
		if p.atWord("datascope") {
			return &DataScopeExpr{X: x, Scope: p.dataScope(), exprNode: p.exprFrom(x.Span().Start)}
		}
		return x
	}
	return p.keywordAsName()
}

// paren parses (expression), or returns nil.
func (p *parser) paren() Expr {
	if !p.at(tokLParen) {
		return nil
	}
	start := p.next().start
	x := p.need((*parser).expression)
	p.want(tokRParen)
	return &ParenExpr{exprNode: p.exprFrom(start), X: x}
}

// dataScope parses datascope=scope and returns the scope, or "" where there is none.
func (p *parser) dataScope() string {
	if !p.takeWord("datascope") {
		return ""
	}
	p.want(tokEqual)
	scope := p.takeAny(dataScopes)
	if scope == "" {
		p.expected(dataScopes...)
	}
	return scope
}

var dataScopes = []string{"all", "hotcache"}

// star takes the current token as *.
func (p *parser) star() Expr {
	start := p.next().start
	return &StarExpr{p.exprFrom(start)}
}

// selector parses a name as it may stand in a path, or [expression]; or returns nil.
func (p *parser) selector() Expr {
	if p.at(tokLBracket) {
		return p.bracketSelector()
	}
	return p.bareSelector()
}

// bareSelector parses a name or @, without brackets that hold an expression; or returns nil.
func (p *parser) bareSelector() Expr {
	t := p.tok()
	if t.kind == tokAt {
		p.next()
		return &AtExpr{p.exprFrom(t.start)}
	}
	if t.kind == tokKeyword && t.word&pathWord != 0 {
		return p.plainName()
	}
	if id := p.name(); id != nil {
		return id
	}
	return nil
}

// bracketSelector parses [name*], ['name'] or [expression].
func (p *parser) bracketSelector() Expr {
	if id := p.bracketedWildcard(); id != nil {
		return id
	}
	if id := p.bracketedName(); id != nil {
		return id
	}
	return p.bracketExpr()
}

// bracketExpr parses [expression].
func (p *parser) bracketExpr() *BracketExpr {
	start := p.next().start
	x := p.unnamed()
	if x == nil {
		x = p.missingName()
	}
	p.want(tokRBracket)
	return &BracketExpr{exprNode: p.exprFrom(start), X: x}
}

// selectorOrCall parses a step of a path, or returns nil.
func (p *parser) selectorOrCall() Expr {
	if p.callAhead(0) {
		return p.call()
	}
	return p.selector()
}

// callAhead tells whether name( stands n places on.
func (p *parser) callAhead(n int) bool {
	k := p.scanName(n)
	return k > 0 && p.peek(n+k).kind == tokLParen
}

// call parses name(arguments); callAhead must have been true.
func (p *parser) call() *CallExpr {
	name := p.name()
	args := p.args()
	return &CallExpr{exprNode: p.exprFrom(name.Span().Start), Name: name, Args: args}
}

// args parses (arguments).
func (p *parser) args() []Expr {
	p.want(tokLParen)
	args := list(p, (*parser).arg, (*parser).missingExpr, listOf{end: commonEnd})
	p.want(tokRParen)
	return args
}

// arg parses an argument: *, name = value, or an expression.
func (p *parser) arg() Expr {
	if k := p.peek(1).kind; p.at(tokStar) && (k == tokRParen || k == tokComma) {
		return p.star()
	}
	return p.named()
}

// subqueryCall parses toscalar(…) and totable(…), whose argument may be a pipe.
func (p *parser) subqueryCall() Expr {
	name := p.plainName()
	c := &CallExpr{Name: name}
	if prm := p.oneParam(&subqueryKind); prm != nil {
		c.Params = []*OpParam{prm}
	}
	p.want(tokLParen)
	c.Args = []Expr{p.need((*parser).expression)}
	p.want(tokRParen)
	c.exprNode = p.exprFrom(name.Span().Start)
	return c
}

// named parses an expression with or without name = in front, or returns nil.
func (p *parser) named() Expr {
	start := p.start()
	n := &NamedExpr{}
	if k := p.scanDeclName(0); k > 0 && p.peek(k).kind == tokEqual {
		n.Names = []*Ident{p.declName()}
	} else if k := p.scanDashedName(); k > 0 && p.peek(k).kind == tokEqual {
		text := p.text[p.tok().start:p.peek(k-1).end]
		p.nameNeedsBrackets(text)
		p.pos += k
		n.Names = []*Ident{{exprNode: p.exprFrom(start), Name: text, Form: NamePlain}}
	} else if k := p.scanNameList(); k > 0 && p.peek(k).kind == tokEqual {
		p.next()
		n.Names = list(p, (*parser).declName, (*parser).missingName, listOf{end: commonEnd, atLeast1: true})
		n.Paren = true
		p.want(tokRParen)
	} else {
		return p.unnamed()
	}
	p.want(tokEqual)
	n.Value = p.need((*parser).unnamed)
	n.exprNode = p.exprFrom(start)
	return n
}

// scanNameList returns the number of tokens of (a, b, …), or 0.
func (p *parser) scanNameList() int {
	if !p.at(tokLParen) {
		return 0
	}
	i := 1
	for p.peek(i).kind != tokRParen {
		k := p.scanDeclName(i)
		if k == 0 {
			return 0
		}
		if i += k; p.peek(i).kind != tokComma {
			break
		}
		i++
	}
	if p.peek(i).kind != tokRParen {
		return 0
	}
	return i + 1
}

// ordered parses a named expression with asc, desc and nulls after it, or returns nil.
func (p *parser) ordered() Expr {
	x := p.named()
	if x == nil {
		return nil
	}
	return p.ordering(x, true)
}

// ordering parses the asc, desc and nulls first after x, if there are any.
func (p *parser) ordering(x Expr, nulls bool) Expr {
	o := &OrderedExpr{X: x}
	switch p.word() {
	case "asc":
		o.Dir = OrderAsc
	case "desc":
		o.Dir = OrderDesc
	case "granny-asc":
		o.Dir = OrderGrannyAsc
	case "granny-desc":
		o.Dir = OrderGrannyDesc
	case "nulls":
		if !nulls {
			return x
		}
	default:
		return x
	}
	if o.Dir != OrderDefault {
		p.next()
	}
	if nulls && p.takeWord("nulls") {
		switch {
		case p.takeWord("first"):
			o.Nulls = NullsFirst
		case p.takeWord("last"):
			o.Nulls = NullsLast
		default:
			p.missing("first or last")
		}
	}
	o.exprNode = p.exprFrom(x.Span().Start)
	return o
}

// simplePath parses a path of names, without calls; or returns nil.
func (p *parser) simplePath() Expr {
	x := p.selector()
	if x == nil {
		return nil
	}
	start := x.Span().Start
	for n := 0; ; n++ {
		switch {
		case n == maxChain:
			p.tooLong()
			return x
		case p.take(tokDot):
			sel := p.selector()
			if sel == nil {
				sel = p.missingName()
			}
			x = &PathExpr{exprNode: p.exprFrom(start), X: x, Sel: sel}
		case p.at(tokLBracket):
			x = p.entityIndex(x)
		default:
			return x
		}
	}
}

// entityIndex parses [name*] or [expression] after x.
func (p *parser) entityIndex(x Expr) Expr {
	i := p.entityBracket()
	return &IndexExpr{exprNode: p.exprFrom(x.Span().Start), X: x, Index: i}
}

// entityBracket parses [name*], or [expression] as the expression in it.
func (p *parser) entityBracket() Expr {
	if id := p.bracketedWildcard(); id != nil {
		return id
	}
	return p.indexed()
}

// indexed parses [expression] and returns the expression.
func (p *parser) indexed() Expr { return p.bracketExpr().X }

// entityPath parses a path of names and calls such as database("d").T, or returns nil.
func (p *parser) entityPath() Expr {
	x := p.selectorOrCall()
	if x == nil {
		return nil
	}
	return p.pathRest(x, (*parser).entityBracket)
}

// wildcardEntity parses the name of tables, which may be wildcarded in its last step: T*, database("d").T*; or
// returns nil.
func (p *parser) wildcardEntity() Expr {
	if id := p.wildcard(); id != nil {
		return id
	}
	x := p.selectorOrCall()
	if x == nil {
		return nil
	}
	start := x.Span().Start
	for n := 0; ; n++ {
		switch {
		case n == maxChain:
			p.tooLong()
			return x
		case p.take(tokDot):
			if id := p.wildcard(); id != nil {
				return &PathExpr{exprNode: p.exprFrom(start), X: x, Sel: id}
			}
			sel := p.selectorOrCall()
			if sel == nil {
				sel = p.missingName()
			}
			x = &PathExpr{exprNode: p.exprFrom(start), X: x, Sel: sel}
		case p.at(tokLBracket):
			x = p.entityIndex(x)
		default:
			return x
		}
	}
}

// entityGroup parses entity_group [entities] or entity_group(name), or returns nil.
func (p *parser) entityGroup() Expr {
	if !p.atWord("entity_group") {
		return nil
	}
	if p.callAhead(0) {
		return p.call()
	}
	start := p.next().start
	p.want(tokLBracket)
	items := list(p, (*parser).unnamed, (*parser).missingExpr, listOf{end: commonEnd, atLeast1: true})
	p.want(tokRBracket)
	return &EntityGroupExpr{exprNode: p.exprFrom(start), Items: items}
}

// dataTable parses datatable (schema) [values].
func (p *parser) dataTable() Expr {
	start := p.next().start
	d := &DataTableExpr{Params: p.opParams(&noParams)}
	d.Schema = p.needRowSchema(false)
	p.want(tokLBracket)
	p.take(tokComma)
	d.Values = list(p, (*parser).literal, (*parser).missingValue, listOf{end: commonEnd, trailing: true})
	p.want(tokRBracket)
	d.exprNode = p.exprFrom(start)
	return d
}

// contextualDataTable parses __contextual_datatable id (schema), or returns nil.
func (p *parser) contextualDataTable() Expr {
	if !p.atWord("__contextual_datatable") {
		return nil
	}
	start := p.next().start
	id := p.literal()
	if id == nil {
		id = p.need((*parser).unnamed)
	}
	schema := p.needRowSchema(false)
	return &ContextualDataTableExpr{exprNode: p.exprFrom(start), ID: id, Schema: schema}
}

// externalData parses externaldata (schema) [locations] with (properties).
func (p *parser) externalData() Expr {
	start := p.next().start
	e := &ExternalDataExpr{Params: p.opParams(&noParams)}
	e.Schema = p.needRowSchema(false)
	p.want(tokLBracket)
	e.Locations = list(p, (*parser).expression, (*parser).missingValue, listOf{end: commonEnd, trailing: true})
	p.want(tokRBracket)
	e.With = p.withProperties()
	e.exprNode = p.exprFrom(start)
	return e
}

// viewCombine parses materialized-view-combine (name) base (…) delta (…) aggregations (…).
func (p *parser) viewCombine() Expr {
	v := &ViewCombineExpr{}
	start := p.next().start
	inParens := func(parse func(*parser) Expr) Expr {
		p.want(tokLParen)
		x := p.need(parse)
		p.want(tokRParen)
		return x
	}
	v.Name = inParens((*parser).expression)
	for _, part := range [...]struct {
		word string
		x    *Expr
	}{{"base", &v.Base}, {"delta", &v.Delta}, {"aggregations", &v.Aggregations}} {
		switch {
		case !p.takeText(part.word):
			p.missing("the clause " + part.word)
		case part.word == "aggregations":
			*part.x = inParens(func(p *parser) Expr {
				if !p.atWord("summarize") {
					return nil
				}
				op := p.operator()
				return &Pipe{exprNode: exprNode{node{op.Span()}}, Ops: []Op{op}}
			})
		default:
			*part.x = inParens((*parser).expression)
		}
	}
	v.exprNode = p.exprFrom(start)
	return v
}
