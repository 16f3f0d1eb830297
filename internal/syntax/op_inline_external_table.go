package syntax

// InlineExternalTableOp is inline_external_table (schema) kind=… dataformat=… (connection strings). It begins a
// query.
type InlineExternalTableOp struct {
	opNode
	Params      []*OpParam
	Schema      *RowSchema // nil where there is none, as delta tables allow
	Kind        string
	Partitions  []*PartitionColumn
	PathFormat  []Node // *Lit separators, *Ident columns, *CallExpr datetime_pattern(…)
	DataFormat  string
	Connections []Expr
	With        []*OpParam
}

// Children implements Node.
func (o *InlineExternalTableOp) Children() []Node {
	list := withAll(with(withAll(nil, o.Params), o.Schema), o.Partitions)
	return withAll(withAll(append(list, o.PathFormat...), o.Connections), o.With)
}

// PartitionColumn is name:type = expression in the partition by of inline_external_table.
type PartitionColumn struct {
	node
	Name  *Ident
	Type  *TypeName
	Value Expr // nil where there is none
}

// Children implements Node.
func (c *PartitionColumn) Children() []Node { return with(with(with(nil, c.Name), c.Type), c.Value) }

var inlineTableParams = paramSet{strict: true}

// noInlineTable tells whether inline_external_table is a name here: neither a schema nor kind follows.
func noInlineTable(p *parser) bool { return !p.schemaAhead(1) && !p.wordAt(1, "kind") }

// schemaAhead tells whether ( stands n places on and a colon before the next ).
func (p *parser) schemaAhead(n int) bool {
	if p.peek(n).kind != tokLParen {
		return false
	}
	for i := n + 1; ; i++ {
		switch p.peek(i).kind {
		case tokColon, tokEOF:
			return true
		case tokRParen:
			return false
		}
	}
}

func parseInlineExternalTable(p *parser, o opNode) Op {
	op := &InlineExternalTableOp{opNode: o, Params: p.opParams(&inlineTableParams)}
	if p.schemaAhead(0) {
		op.Schema = p.rowSchema(false)
		if len(op.Schema.Columns) == 0 {
			p.missing("name:type")
		}
	}
	if p.takeWord("kind") {
		p.want(tokEqual)
		if op.Kind = p.takeAny(inlineTableKinds); op.Kind == "" {
			p.expected(inlineTableKinds...)
		}
	} else {
		p.missingClause("KS254", "kind=...")
	}
	if op.Schema == nil && op.Kind != "delta" {
		p.missing("a schema such as (name:type)")
	}
	if p.takeWord("partition") {
		p.wantWord("by")
		p.want(tokLParen)
		p.take(tokComma)
		op.Partitions = list(p, (*parser).partitionColumn, func(p *parser) *PartitionColumn {
			p.missingClause("KS252", "a column such as name:type")
			return nil
		}, listOf{end: commonEnd, trailing: true})
		p.want(tokRParen)
	}
	if p.takeWord("pathformat") {
		p.want(tokEqual)
		p.want(tokLParen)
		op.PathFormat = p.pathFormat()
		p.want(tokRParen)
	}
	if p.takeWord("dataformat") {
		p.want(tokEqual)
		if t := p.tok(); p.take(tokIdent) {
			op.DataFormat = p.textOf(t)
		} else {
			p.expected("csv", "json", "parquet")
		}
	} else if op.Kind != "delta" {
		p.missingClause("KS253", "dataformat=...")
	}
	if p.take(tokLParen) {
		op.Connections = list(p, (*parser).expression, (*parser).missingValue, listOf{end: commonEnd, trailing: true})
		p.want(tokRParen)
	} else {
		p.missingClause("KS256", "the connection strings")
	}
	op.With = p.withProperties()
	return op
}

var inlineTableKinds = []string{"storage", "delta"}

// partitionColumn parses name:type or name:type = expression.
func (p *parser) partitionColumn() *PartitionColumn {
	start := p.start()
	c := &PartitionColumn{Name: p.declName()}
	switch {
	case c.Name != nil:
	case p.at(tokColon):
		c.Name = p.missingName()
	default:
		p.missingClause("KS252", "a column such as name:type")
		return nil
	}
	p.want(tokColon)
	switch p.word() {
	case "datetime", "long", "string":
	default:
		p.missingClause("KS258", "datetime, long or string")
	}
	if p.at(tokEOF) {
		c.Type = &TypeName{node: p.from(p.lastEnd())}
	} else {
		c.Type = p.typeName()
	}
	if p.take(tokEqual) {
		c.Value = p.unnamed()
	}
	c.node = p.from(start)
	return c
}

// pathFormat parses the parts of a path: strings, columns and datetime_pattern(…).
func (p *parser) pathFormat() []Node {
	var parts []Node
	columns := 0
	for !commonEnd(p) {
		switch {
		case p.at(tokString):
			t := p.tok()
			l := p.tokenLit()
			l.Text, l.Hidden = decodeString(p.textOf(t))
			parts = append(parts, l)
			continue
		case p.atWord("datetime_pattern"):
			c := &CallExpr{Name: p.plainName()}
			p.want(tokLParen)
			if p.at(tokString) {
				c.Args = append(c.Args, p.stringLit())
			} else {
				c.Args = append(c.Args, p.missingValue())
			}
			p.want(tokComma)
			c.Args = append(c.Args, p.needName())
			p.want(tokRParen)
			c.exprNode = p.exprFrom(c.Name.Span().Start)
			parts = append(parts, c)
		case p.scanName(0) > 0:
			parts = append(parts, p.name())
		default:
			p.missingClause("KS257", "a column, a string or datetime_pattern(...)")
			p.next()
		}
		columns++
	}
	if columns == 0 {
		p.missingClause("KS255", "a column of the path")
	}
	return parts
}

func (o *InlineExternalTableOp) print(p *printer) {
	p.op(o, o.Params)
	if o.Schema != nil {
		p.node(o.Schema)
	}
	p.word("kind=" + o.Kind)
	if o.Partitions != nil {
		p.word("partition by")
		p.open("(")
		printList(p, o.Partitions)
		p.close(")")
	}
	if o.PathFormat != nil {
		p.word("pathformat=")
		p.open("(")
		for _, part := range o.PathFormat {
			p.node(part)
		}
		p.close(")")
	}
	if o.DataFormat != "" {
		p.word("dataformat=" + o.DataFormat)
	}
	p.open("(")
	printList(p, o.Connections)
	p.close(")")
	p.with(o.With)
}

func (c *PartitionColumn) print(p *printer) {
	p.node(c.Name)
	p.close(":")
	p.glue()
	p.node(c.Type)
	if c.Value != nil {
		p.word("=")
		p.node(c.Value)
	}
}
