package syntax

// paramKind is what the value of an operator parameter may be.
type paramKind uint8

const (
	paramAny        paramKind = iota // a literal or a word; may be absent without a fault
	paramValue                       // a literal or a word
	paramReal                        // a number that is a real even without a decimal point
	paramPath                        // an expression without operators
	paramWord                        // one of the words of the parameter, or a literal or word
	paramName                        // a new name
	paramColumn                      // a column
	paramColumnList                  // columns with commas between
)

// paramDef declares a parameter of operators.
type paramDef struct {
	name     string
	kind     paramKind
	words    []string // the words that a value is expected to be
	noEquals bool     // written without =
}

// paramSet is the parameters that an operator declares, and which others it lets pass. What it lets pass is parsed
// here and judged by the binder.
type paramSet struct {
	defs []paramDef
	// strict refuses the parameters of other operators.
	strict bool
	// needsEquals takes a word for a parameter only where = follows.
	needsEquals bool
}

// find returns the declaration of a parameter, or nil.
func (s *paramSet) find(name string) *paramDef {
	if s == nil {
		return nil
	}
	for i := range s.defs {
		if s.defs[i].name == name {
			return &s.defs[i]
		}
	}
	return nil
}

// words used by several parameters.
var (
	hintStrategies  = []string{"auto", "broadcast", "centralized", "shuffle"}
	hintLocalities  = []string{"auto", "left", "local", "right", "unresolved"}
	partStrategies  = []string{"shuffle", "native", "legacy"}
	distributions   = []string{"single", "per_node", "per_shard", "default"}
	autoOrLocal     = []string{"auto", "local"}
	expandKinds     = []string{"bag", "array"}
	parseKinds      = []string{"simple", "regex", "relaxed"}
	graphCycleKinds = []string{"none", "all", "unique_edges"}
)

// commonParams are the parameters that every operator lets pass, because the operators of Kusto do.
var commonParams = paramSet{defs: []paramDef{
	{name: "bagexpansion", kind: paramWord, words: expandKinds},
	{name: "bin_legacy"}, {name: "__crossCluster"}, {name: "__crossDB"},
	{name: "decodeblocks", kind: paramValue},
	{name: "expandoutput"},
	{name: "hint.concurrency", kind: paramWord, words: hintLocalities},
	{name: "hint.distribution", kind: paramWord, words: distributions},
	{name: "hint.materialized", kind: paramValue},
	{name: "hint.num_partitions", kind: paramValue},
	{name: "hint.pass_filters"},
	{name: "hint.pass_filters_column", kind: paramColumn},
	{name: "hint.progressive_top", kind: paramValue},
	{name: "hint.remote", kind: paramWord, words: autoOrLocal},
	{name: "hint.shufflekey", kind: paramColumn},
	{name: "hint.spread", kind: paramWord, words: autoOrLocal},
	{name: "hint.strategy", kind: paramWord, words: hintStrategies},
	{name: "__id"},
	{name: "isfuzzy", kind: paramValue}, {name: "__isFuzzy", kind: paramValue},
	{name: "kind", kind: paramWord},
	{name: "__noWithSource"},
	{name: "__packedColumn", kind: paramColumn},
	{name: "__sourceColumnIndex"},
	{name: "cycles", kind: paramWord, words: graphCycleKinds},
	{name: "with_match_id", kind: paramName},
	{name: "with_itemindex", kind: paramName},
	{name: "withsource", kind: paramName}, {name: "with_source", kind: paramName},
	{name: "with_step_name", kind: paramName},
	{name: "force_remote", kind: paramValue},
}}

// gluedParams are the names of common parameters that the lexer cuts into several tokens.
var gluedParams = []string{"hint.pass_filters", "hint.pass_filters_column"}

// noParams is for operators without parameters of their own.
var noParams = paramSet{}

// noParamsEquals is noParams for operators whose parameters are told by the = after them.
var noParamsEquals = paramSet{needsEquals: true}

// subqueryKind is the parameter of toscalar and totable.
var subqueryKind = paramDef{name: "kind", kind: paramWord, words: []string{"nooptimization"}}

// scanParam returns how many tokens from n places on are the name of a parameter, or 0.
func (p *parser) scanParam(set *paramSet, n int, needsEquals bool) int {
	t := p.peek(n)
	isWord := t.kind == tokIdent || t.kind == tokKeyword
	word := ""
	if isWord {
		word = p.textOf(t)
		if def := set.find(word); def != nil && (def.noEquals || !needsEquals || p.peek(n+1).kind == tokEqual) {
			return 1
		}
	}
	if set != nil && set.strict {
		return 0
	}
	k := 0
	if isWord && (commonParams.find(word) != nil || set.find(word) != nil) {
		k = 1
	} else {
		for _, name := range gluedParams {
			if k = p.scanText(n, name); k > 0 {
				break
			}
		}
	}
	if needsEquals && p.peek(n+k).kind != tokEqual {
		return 0
	}
	return k
}

// opParam parses a parameter of the operator that is being parsed, or returns nil.
func (p *parser) opParam() *OpParam {
	k := p.scanParam(p.params, 0, p.params.needsEquals)
	if k == 0 {
		return nil
	}
	start := p.start()
	name := p.text[start:p.peek(k-1).end]
	def := p.params.find(name)
	if def == nil {
		def = commonParams.find(name)
	}
	if def == nil {
		def = &paramDef{name: name, kind: paramValue}
	}
	p.pos += k
	o := &OpParam{Name: name, NameSpan: p.from(start).span}
	p.want(tokEqual)
	o.Value = p.paramValue(def, paramListEnd)
	o.node = p.from(start)
	return o
}

func (p *parser) missingParamValue() *OpParam {
	p.missing("a property such as name=value")
	return &OpParam{node: p.from(p.lastEnd())}
}

// oneParam parses the parameter def, or returns nil.
func (p *parser) oneParam(def *paramDef) *OpParam { return p.oneParamUntil(def, paramListEnd) }

func (p *parser) oneParamUntil(def *paramDef, listEnd func(*parser) bool) *OpParam {
	k := p.scanText(0, def.name)
	if k == 0 || !def.noEquals && p.peek(k).kind != tokEqual {
		return nil
	}
	start := p.start()
	p.pos += k
	o := &OpParam{Name: def.name, NameSpan: p.from(start).span, NoEquals: def.noEquals}
	if !def.noEquals {
		p.want(tokEqual)
	}
	o.Value = p.paramValue(def, listEnd)
	o.node = p.from(start)
	return o
}

// opParams parses the parameters of an operator, which have no commas between.
func (p *parser) opParams(set *paramSet) []*OpParam {
	defer func(old *paramSet) { p.params = old }(p.params)
	p.params = set
	var out []*OpParam
	for {
		o := p.opParam()
		if o == nil {
			return out
		}
		out = append(out, o)
	}
}

// properties parses parameters with commas between.
func (p *parser) properties(set *paramSet) []*OpParam {
	defer func(old *paramSet) { p.params = old }(p.params)
	p.params = set
	return list(p, (*parser).opParam, (*parser).missingParamValue, listOf{end: commonEnd})
}

// paramListEnd tells whether the list of names in a parameter ends here: at another parameter, or with a comma
// before one.
func paramListEnd(p *parser) bool {
	if p.at(tokComma) {
		if p.scanParam(p.params, 1, false) > 0 {
			return true
		}
		switch p.peek(1).kind {
		case tokRParen, tokRBracket, tokRBrace, tokBar, tokSemicolon, tokEOF:
			return true
		}
		return false
	}
	return p.scanParam(p.params, 0, true) > 0 || commonEnd(p)
}

// paramValue parses the value of a parameter; listEnd tells where a list of names ends.
func (p *parser) paramValue(def *paramDef, listEnd func(*parser) bool) Expr {
	switch def.kind {
	case paramAny:
		return p.anyValue()
	case paramReal:
		if x := p.realNumber(); x != nil {
			return x
		}
	case paramPath:
		if x := p.path(); x != nil {
			return x
		}
		return p.missingValue()
	case paramWord:
		start := p.start()
		if w := p.takeAny(def.words); w != "" {
			return &Ident{exprNode: p.exprFrom(start), Name: w, Form: NamePlain}
		}
	case paramName, paramColumn:
		if id := p.name(); id != nil {
			return id
		}
	case paramColumnList:
		start := p.start()
		items := list(p, (*parser).listedName, (*parser).missingColumn, listOf{end: listEnd, atLeast1: true})
		return &ListExpr{exprNode: p.exprFrom(start), Items: items, Bare: true}
	}
	if x := p.anyValue(); x != nil {
		return x
	}
	return p.missingValue()
}

// anyValue parses a literal or a word, or returns nil.
func (p *parser) anyValue() Expr {
	if x := p.literal(); x != nil {
		return x
	}
	if id := p.name(); id != nil {
		return id
	}
	return nil
}

// listedName parses a name in a list of names, unless it is the name of the next parameter; or returns nil.
func (p *parser) listedName() Expr {
	t := p.tok()
	if t.kind == tokIdent || t.kind == tokKeyword {
		if def := p.params.find(p.textOf(t)); def != nil && (def.noEquals || p.peek(1).kind == tokEqual) {
			return nil
		}
	}
	if id := p.declName(); id != nil {
		return id
	}
	return nil
}

// withProperties parses with (name=value, …), whose names are free, or returns nil.
func (p *parser) withProperties() []*OpParam {
	if !p.takeWord("with") {
		return nil
	}
	p.want(tokLParen)
	props := list(p, (*parser).property, (*parser).missingParamValue, listOf{end: commonEnd})
	p.want(tokRParen)
	return props
}

// property parses name=value with any name, or returns nil.
func (p *parser) property() *OpParam {
	id := p.declName()
	if id == nil {
		return nil
	}
	o := &OpParam{Name: id.Name, NameSpan: id.Span(), id: id}
	p.want(tokEqual)
	switch p.tok().kind {
	case tokString, tokLong, tokReal, tokBool, tokDatetime:
		o.Value = p.literal()
	case tokGuid, tokRawGuid:
		o.Value = p.tokenLit()
	default:
		if id := p.declName(); id != nil {
			o.Value = id
		} else {
			o.Value = p.missingValue()
		}
	}
	o.node = p.from(id.Span().Start)
	return o
}
