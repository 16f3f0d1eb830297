package syntax

import "github.com/vedette-siem/vedette/internal/source"

// RenderOp is render chart with (properties). Params are the properties of the old form without with (…).
type RenderOp struct {
	opNode
	Chart     string
	ChartSpan source.Span
	Params    []*OpParam
	HasWith   bool // with (…) is there, perhaps empty
	With      []*OpParam
}

// Children implements Node.
func (o *RenderOp) Children() []Node { return withAll(withAll(nil, o.Params), o.With) }

// renderParams are the properties in the with (…) of render.
var renderParams = paramSet{strict: true, defs: []paramDef{
	{name: "kind", kind: paramWord, words: []string{"default", "unstacked", "stacked", "stacked100", "map"}},
	{name: "title", kind: paramPath},
	{name: "accumulate", kind: paramValue},
	{name: "xcolumn", kind: paramColumn},
	{name: "ycolumns", kind: paramColumnList},
	{name: "anomalycolumns", kind: paramColumnList},
	{name: "series", kind: paramColumnList},
	{name: "xtitle", kind: paramPath},
	{name: "ytitle", kind: paramPath},
	{name: "xaxis", kind: paramWord, words: []string{"linear", "log"}},
	{name: "yaxis", kind: paramWord, words: []string{"linear", "log"}},
	{name: "legend", kind: paramWord, words: []string{"visible", "hidden"}},
	{name: "ysplit", kind: paramWord, words: []string{"none", "axes", "panels"}},
	{name: "ymin", kind: paramReal},
	{name: "ymax", kind: paramReal},
	{name: "xmin", kind: paramValue},
	{name: "xmax", kind: paramValue},
}}

// renderOldParams are the properties that render takes without with (…).
var renderOldParams = []paramDef{
	{name: "kind", kind: paramWord, words: []string{"default", "unstacked", "stacked", "stacked100", "map"}},
	{name: "title", kind: paramPath},
	{name: "accumulate", kind: paramValue},
	{name: "with", kind: paramValue, noEquals: true},
	{name: "by", kind: paramColumnList, noEquals: true},
}

func parseRender(p *parser, o opNode) Op {
	op := &RenderOp{opNode: o}
	start := p.start()
	if op.Chart = p.takeAny(chartTypes); op.Chart == "" {
		if p.at(tokIdent) {
			op.Chart = p.textOf(p.next())
		} else {
			p.missing("the kind of chart")
		}
	}
	op.ChartSpan = p.from(start).span
	for prm := p.renderOldParam(); prm != nil; prm = p.renderOldParam() {
		op.Params = append(op.Params, prm)
	}
	if p.takeWord("with") {
		op.HasWith = true
		p.want(tokLParen)
		p.take(tokComma)
		op.With = p.properties(&renderParams)
		p.want(tokRParen)
	}
	return op
}

// renderOldParam parses a property of the old form, or returns nil.
func (p *parser) renderOldParam() *OpParam {
	// the names of columns after by end at the next property
	end := func(p *parser) bool {
		for _, d := range renderOldParams {
			if p.scanText(0, d.name) > 0 {
				return true
			}
		}
		return false
	}
	for i := range renderOldParams {
		d := &renderOldParams[i]
		if d.name == "with" && p.peek(1).kind == tokLParen {
			continue
		}
		if prm := p.oneParamUntil(d, end); prm != nil {
			return prm
		}
	}
	return nil
}

func (o *RenderOp) print(p *printer) {
	p.op(o, nil)
	p.word(o.Chart)
	p.params(o.Params)
	if o.HasWith {
		p.word("with")
		p.open("(")
		printList(p, o.With)
		p.close(")")
	}
}
