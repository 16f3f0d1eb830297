package syntax

func (i *Ident) print(p *printer) {
	switch i.Form {
	case NamePlain, NameWildcard:
		p.word(i.Name)
	case NameBracketed:
		p.word(bracketed(i.Name))
	case NameBraced:
		p.word("{" + i.Name + "}")
	case NameBracketedWildcard:
		p.word("[" + i.Name + "]")
	}
}

func (*BadExpr) print(*printer) {}

func (*StarExpr) print(p *printer) { p.word("*") }

func (*AtExpr) print(p *printer) { p.word("@") }

func (l *Lit) print(p *printer) { p.word(l.Raw) }

func (d *DynamicLit) print(p *printer) {
	p.open("dynamic(")
	p.node(d.Value)
	p.close(")")
}

func (o *ObjectLit) print(p *printer) {
	p.open("{")
	printList(p, o.Pairs)
	p.close("}")
}

func (o *ObjectPair) print(p *printer) {
	if o.Key != nil {
		p.node(o.Key)
	}
	p.close(":")
	p.node(o.Value)
}

func (a *ArrayLit) print(p *printer) {
	p.open("[")
	printList(p, a.Items)
	p.close("]")
}

func (t *TypeOfExpr) print(p *printer) {
	p.open("typeof(")
	printList(p, t.Items)
	p.close(")")
}

func (u *UnaryExpr) print(p *printer) {
	p.open(u.Op)
	p.node(u.X)
}

func (b *BinaryExpr) print(p *printer) {
	p.node(b.X)
	p.word(string(b.Op))
	p.node(b.Y)
}

func (x *ParenExpr) print(p *printer) { p.block(x.X) }

func (l *ListExpr) print(p *printer) {
	switch {
	case l.Bare:
		printList(p, l.Items)
	case len(l.Items) == 1:
		p.block(l.Items[0])
	default:
		p.open("(")
		printList(p, l.Items)
		p.close(")")
	}
}

func (r *RangeExpr) print(p *printer) {
	p.open("(")
	p.node(r.Low)
	p.word("..")
	p.node(r.High)
	p.close(")")
}

func (c *CallExpr) print(p *printer) {
	p.node(c.Name)
	if len(c.Params) > 0 {
		p.params(c.Params)
	} else {
		p.glue()
	}
	if len(c.Args) == 1 {
		p.block(c.Args[0])
		return
	}
	p.open("(")
	printList(p, c.Args)
	p.close(")")
}

func (x *PathExpr) print(p *printer) {
	p.node(x.X)
	if l, ok := x.X.(*Lit); !ok || !isDigit(l.Raw[len(l.Raw)-1]) && l.Raw[len(l.Raw)-1] != '.' {
		p.glue()
	}
	p.open(".")
	p.node(x.Sel)
}

func (x *IndexExpr) print(p *printer) {
	p.node(x.X)
	p.glue()
	if id, ok := x.Index.(*Ident); ok && id.Form == NameBracketedWildcard {
		p.node(id)
		return
	}
	p.open("[")
	p.node(x.Index)
	p.close("]")
}

func (b *BracketExpr) print(p *printer) {
	p.open("[")
	p.node(b.X)
	p.close("]")
}

func (n *NamedExpr) print(p *printer) {
	if n.Paren {
		p.open("(")
		printList(p, n.Names)
		p.close(")")
	} else {
		printList(p, n.Names)
	}
	p.word("=")
	p.node(n.Value)
}

func (o *OrderedExpr) print(p *printer) {
	p.node(o.X)
	switch o.Dir {
	case OrderAsc:
		p.word("asc")
	case OrderDesc:
		p.word("desc")
	case OrderGrannyAsc:
		p.word("granny-asc")
	case OrderGrannyDesc:
		p.word("granny-desc")
	}
	switch o.Nulls {
	case NullsFirst:
		p.word("nulls first")
	case NullsLast:
		p.word("nulls last")
	}
}

func (x *Pipe) print(p *printer) {
	if x.Source != nil {
		p.node(x.Source)
	}
	for i, op := range x.Ops {
		if i > 0 || x.Source != nil {
			p.line()
			p.word("|")
		}
		p.node(op)
	}
}

func (d *DataTableExpr) print(p *printer) {
	p.word("datatable")
	p.params(d.Params)
	if d.Params == nil {
		p.glue()
	}
	p.node(d.Schema)
	p.open("[")
	width := len(d.Schema.Columns)
	p.indent++
	for i, v := range d.Values {
		if i > 0 {
			p.close(",")
		}
		if width > 0 && i%width == 0 {
			p.line()
		}
		p.node(v)
	}
	p.indent--
	if len(d.Values) > 0 {
		p.line()
	}
	p.close("]")
}

func (c *ContextualDataTableExpr) print(p *printer) {
	p.word("__contextual_datatable")
	p.node(c.ID)
	p.node(c.Schema)
}

func (e *ExternalDataExpr) print(p *printer) {
	p.word("externaldata")
	p.params(e.Params)
	if e.Params == nil {
		p.glue()
	}
	p.node(e.Schema)
	p.open("[")
	printList(p, e.Locations)
	p.close("]")
	p.with(e.With)
}

func (d *DataScopeExpr) print(p *printer) {
	p.node(d.X)
	p.dataScope(d.Scope)
}

func (e *EntityGroupExpr) print(p *printer) {
	p.word("entity_group")
	p.open("[")
	printList(p, e.Items)
	p.close("]")
}

func (v *ViewCombineExpr) print(p *printer) {
	p.word("materialized-view-combine")
	for _, part := range [...]struct {
		word string
		x    Expr
	}{{"", v.Name}, {"base", v.Base}, {"delta", v.Delta}, {"aggregations", v.Aggregations}} {
		if part.x != nil {
			p.word(part.word)
			p.block(part.x)
		}
	}
}
