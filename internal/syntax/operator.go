package syntax

import (
	"slices"
	"sync"
)

// OpInfo describes a tabular operator.
type OpInfo struct {
	Word    string   // the keyword
	Aliases []string // other keywords for the same operator
	Begins  bool     // may be the source of a query
	Follows bool     // may stand after a pipe
	Doc     string   // what it does, in one sentence
	// Deviates tells how the result may differ from Kusto's, if it may.
	Deviates string

	params *paramSet // the parameters it declares
	parse  func(p *parser, o opNode) Op
	// notAhead tells, where it is given, that the keyword which stands here is no operator but a name.
	notAhead func(p *parser) bool
}

// Params returns the names of the parameters that the operator declares, such as kind or hint.strategy.
func (o *OpInfo) Params() []string {
	var names []string
	if o.params != nil {
		for _, d := range o.params.defs {
			names = append(names, d.name)
		}
	}
	return names
}

// Operators returns the tabular operators, ordered by keyword. It is the only list of them.
func Operators() []OpInfo {
	return []OpInfo{
		{Word: "__executeAndCache", Follows: true, Doc: "keeps the rows for later uses in the same query", parse: parseExecuteAndCache},
		{Word: "__partitionby", Follows: true, Doc: "runs operators once for each value of a column", params: &partitionParams, parse: parsePartitionBy},
		{Word: "as", Follows: true, Doc: "names the rows so far", params: &asParams, parse: parseAs},
		{Word: "assert-schema", Follows: true, Doc: "fails unless the rows have the given columns", parse: parseAssertSchema},
		{Word: "consume", Follows: true, Doc: "reads all rows and returns none", params: &consumeParams, parse: parseConsume},
		{Word: "count", Follows: true, Doc: "returns the number of rows", parse: parseCount, notAhead: callNotOperator},
		{Word: "distinct", Follows: true, Doc: "returns the distinct combinations of columns", params: &distinctParams, parse: parseDistinct},
		{Word: "evaluate", Begins: true, Follows: true, Doc: "calls a plugin", params: &evaluateParams, parse: parseEvaluate},
		{Word: "extend", Follows: true, Doc: "adds computed columns", parse: parseExtend},
		{Word: "facet", Follows: true, Doc: "returns a table for each of several columns", parse: parseFacet},
		{Word: "find", Begins: true, Follows: true, Doc: "finds rows that match a predicate in many tables", params: &findParams, parse: parseFind},
		{Word: "fork", Follows: true, Doc: "runs several pipes over the same rows", parse: parseFork},
		{Word: "getschema", Follows: true, Doc: "returns the columns of the rows", params: &getSchemaParams, parse: parseGetSchema},
		{Word: "graph-mark-components", Follows: true, Doc: "finds the connected components of a graph", params: &graphMarkParams, parse: parseGraphMarkComponents},
		{Word: "graph-match", Follows: true, Doc: "finds patterns in a graph", params: &graphMatchParams, parse: parseGraphMatch},
		{Word: "graph-shortest-paths", Follows: true, Doc: "finds shortest paths in a graph", params: &graphPathsParams, parse: parseGraphShortestPaths},
		{Word: "graph-to-table", Follows: true, Doc: "returns the nodes or edges of a graph as rows", parse: parseGraphToTable},
		{Word: "graph-where-edges", Follows: true, Doc: "keeps the edges of a graph that match", parse: parseGraphWhereEdges},
		{Word: "graph-where-nodes", Follows: true, Doc: "keeps the nodes of a graph that match", parse: parseGraphWhereNodes},
		{Word: "inline_external_table", Begins: true, Doc: "reads an external table that is declared in the query", params: &inlineTableParams, parse: parseInlineExternalTable, notAhead: noInlineTable},
		{Word: "invoke", Follows: true, Doc: "calls a function with the rows as its first argument", parse: parseInvoke},
		{Word: "join", Follows: true, Doc: "joins the rows with those of another table", params: &joinParams, parse: parseJoin},
		{Word: "lookup", Follows: true, Doc: "extends the rows with columns of a dimension table", params: &lookupParams, parse: parseLookup},
		{Word: "macro-expand", Begins: true, Doc: "runs a query on each member of an entity group", params: &unionParams, parse: parseMacroExpand},
		{Word: "make-graph", Follows: true, Doc: "makes a graph of the rows", params: &makeGraphParams, parse: parseMakeGraph},
		{Word: "make-series", Follows: true, Doc: "makes series of aggregates along an axis", params: &makeSeriesParams, parse: parseMakeSeries},
		{Word: "mv-apply", Aliases: []string{"mvapply"}, Follows: true, Doc: "runs operators on the elements of dynamic arrays", params: &mvApplyParams, parse: parseMvApply},
		{Word: "mv-expand", Aliases: []string{"mvexpand"}, Follows: true, Doc: "returns a row for each element of dynamic arrays", params: &mvExpandParams, parse: parseMvExpand},
		{Word: "parse", Follows: true, Doc: "takes columns out of a string by a pattern", params: &parseParams, parse: parseParse},
		{Word: "parse-kv", Follows: true, Doc: "takes columns out of a string of keys and values", params: &parseKvParams, parse: parseParseKv},
		{Word: "parse-where", Follows: true, Doc: "as parse, without the rows that do not match", params: &parseParams, parse: parseParseWhere},
		{Word: "partition", Follows: true, Doc: "runs operators on each group of rows", params: &partitionParams, parse: parsePartition},
		{Word: "print", Begins: true, Doc: "returns one row of values", parse: parsePrint},
		{Word: "project", Follows: true, Doc: "selects and computes columns", parse: parseProject},
		{Word: "project-away", Follows: true, Doc: "leaves columns out", parse: parseProjectAway},
		{Word: "project-by-names", Follows: true, Doc: "selects columns by computed names", parse: parseProjectByNames},
		{Word: "project-keep", Follows: true, Doc: "selects columns", parse: parseProjectKeep},
		{Word: "project-rename", Follows: true, Doc: "renames columns", parse: parseProjectRename},
		{Word: "project-reorder", Follows: true, Doc: "reorders columns", parse: parseProjectReorder},
		{Word: "range", Begins: true, Follows: true, Doc: "returns a column of evenly spaced values", parse: parseRange, notAhead: callNotOperator},
		{Word: "reduce", Follows: true, Doc: "groups strings that are alike", params: &reduceParams, parse: parseReduce,
			Deviates: "Kusto does not publish how it groups; groups and patterns may differ, their counts are exact. Letters and digits among the characters separate terms, other signs among them do not."},
		{Word: "render", Follows: true, Doc: "says how to draw the result", params: &renderParams, parse: parseRender},
		{Word: "sample", Follows: true, Doc: "returns a number of random rows", params: &noParamsEquals, parse: parseSample},
		{Word: "sample-distinct", Follows: true, Doc: "returns a number of distinct values", params: &noParamsEquals, parse: parseSampleDistinct},
		{Word: "scan", Follows: true, Doc: "matches sequences of rows with steps", params: &scanParams, parse: parseScan},
		{Word: "search", Begins: true, Follows: true, Doc: "finds rows that match a predicate in any column", params: &searchParams, parse: parseSearch},
		{Word: "serialize", Follows: true, Doc: "fixes the order of the rows for window functions", params: &noParamsEquals, parse: parseSerialize},
		{Word: "sort", Aliases: []string{"order"}, Follows: true, Doc: "orders the rows", params: &sortParams, parse: parseSort},
		{Word: "summarize", Follows: true, Doc: "computes aggregates of groups of rows", params: &summarizeParams, parse: parseSummarize},
		{Word: "take", Aliases: []string{"limit"}, Follows: true, Doc: "returns a number of rows", params: &noParamsEquals, parse: parseTake},
		{Word: "top", Follows: true, Doc: "returns the first rows in an order", params: &topParams, parse: parseTop},
		{Word: "top-hitters", Follows: true, Doc: "returns the most frequent values, approximately", parse: parseTopHitters},
		{Word: "top-nested", Follows: true, Doc: "returns the top values of each level of groups", parse: parseTopNested},
		{Word: "union", Begins: true, Follows: true, Doc: "returns the rows of several tables", params: &unionParams, parse: parseUnion},
		{Word: "where", Aliases: []string{"filter"}, Follows: true, Doc: "keeps the rows that match a predicate", params: &noParamsEquals, parse: parseWhere},
	}
}

// operatorsByWord is Operators by keyword and alias, made when first asked for: a variable with a value would
// depend on itself through the parsers.
func operatorsByWord() map[string]*OpInfo {
	operatorsOnce.Do(func() {
		operatorsMap = map[string]*OpInfo{}
		for _, o := range Operators() {
			for _, w := range append([]string{o.Word}, o.Aliases...) {
				operatorsMap[w] = &o
			}
		}
	})
	return operatorsMap
}

var (
	operatorsOnce sync.Once
	operatorsMap  map[string]*OpInfo
)

// LookupOperator returns the operator that a keyword or alias names, or nil.
func LookupOperator(word string) *OpInfo { return operatorsByWord()[word] }

// operator parses an operator, or returns nil.
func (p *parser) operator() Op {
	word := p.word()
	if word == "" {
		return nil
	}
	info := operatorsByWord()[word]
	if info == nil || info.notAhead != nil && info.notAhead(p) {
		return nil
	}
	if !p.enter() {
		return nil
	}
	defer p.leave()
	defer func(old *paramSet) { p.params = old }(p.params)
	p.params = nil
	t := p.next()
	op := info.parse(p, opNode{word: word, wordSpan: t.span()})
	op.base().span = p.from(t.start).span
	return op
}

// callNotOperator is for words that are names of functions too: count() and range() are calls.
func callNotOperator(p *parser) bool { return p.peek(1).kind == tokLParen }

// needOperator parses an operator that must be there. Where something else is, that is skipped up to the next
// pipe.
func (p *parser) needOperator() Op {
	if op := p.operator(); op != nil {
		return op
	}
	start := p.start()
	p.operatorExpected()
	bad := &BadOp{}
	if p.at(tokIdent) {
		t := p.next()
		bad.word, bad.wordSpan = p.textOf(t), t.span()
	}
	for depth := 0; ; p.next() {
		switch p.tok().kind {
		case tokLParen, tokLBracket, tokLBrace:
			depth++
		case tokRParen, tokRBracket, tokRBrace:
			depth--
		case tokBar, tokSemicolon:
			if depth > 0 {
				continue
			}
			depth = -1
		case tokEOF:
			depth = -1
		}
		if depth < 0 {
			break
		}
	}
	bad.span = p.from(start).span
	return bad
}

// beginsOperator tells whether an operator begins here. Many of their keywords are names too, so what follows
// decides.
func (p *parser) beginsOperator() bool {
	t := p.tok()
	if t.kind != tokKeyword {
		return false
	}
	switch p.textOf(t) {
	case "evaluate":
		return p.scanName(1) > 0 || p.scanParam(nil, 1, false) > 0
	case "facet":
		return p.wordAt(1, "by")
	case "partition", "reduce":
		return p.wordAt(1, "by") || p.scanParam(nil, 1, false) > 0
	case "range":
		k := p.scanName(1)
		return k > 0 && p.wordAt(1+k, "from")
	case "inline_external_table":
		return p.peek(1).kind == tokLParen || p.wordAt(1, "kind")
	case "render":
		return isName(p.peek(1)) || slices.ContainsFunc(chartTypes, func(c string) bool { return p.scanText(1, c) > 0 })
	}
	return t.word&nameWord == 0 && operatorsByWord()[p.textOf(t)] != nil
}

// expression parses an expression with the operators piped to it, or returns nil.
func (p *parser) expression() Expr {
	start := p.start()
	var x Expr
	var ops []Op
	first := func() bool {
		op := p.operator()
		if op != nil {
			ops = append(ops, op)
		}
		return op != nil
	}
	if !p.beginsOperator() || !first() {
		if x = p.unnamed(); x == nil && !first() {
			return nil
		}
	}
	return p.pipeRest(start, x, ops)
}

// pipeRest parses the operators piped to x and ops, of which one is there.
func (p *parser) pipeRest(start int, x Expr, ops []Op) Expr {
	for p.take(tokBar) {
		ops = append(ops, p.needOperator())
	}
	if len(ops) == 0 {
		return x
	}
	return &Pipe{exprNode: p.exprFrom(start), Source: x, Ops: ops}
}

// subPipe parses operators whose rows come from outside.
func (p *parser) subPipe() *Pipe {
	start := p.start()
	return p.pipeRest(start, nil, []Op{p.needOperator()}).(*Pipe)
}

// optionalSubPipe parses operators whose rows come from outside, or returns nil where no operator begins.
func (p *parser) optionalSubPipe() *Pipe {
	start := p.start()
	op := p.operator()
	if op == nil {
		return nil
	}
	return p.pipeRest(start, nil, []Op{op}).(*Pipe)
}

// contextual parses (operators), which may begin with a __contextual_datatable.
func (p *parser) contextual() Expr {
	if !p.want(tokLParen) {
		return p.badExpr()
	}
	start := p.start()
	var x Expr
	if c := p.contextualDataTable(); c != nil {
		x = p.pipeRest(start, c, nil)
	} else {
		x = p.subPipe()
	}
	p.want(tokRParen)
	return x
}

// words of several operators.
var chartTypes = []string{
	"table", "list", "barchart", "piechart", "ladderchart", "timechart", "linechart", "anomalychart", "pivotchart",
	"areachart", "stackedareachart", "scatterchart", "timepivot", "columnchart", "timeline", "3Dchart", "card",
	"treemap", "plotly", "graph", "sankey",
}
