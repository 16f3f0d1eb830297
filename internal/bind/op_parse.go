package bind

import (
	"regexp"
	"strings"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// parse and parse-where take columns out of a text by a pattern of constants, columns and asterisks. The whole
// pattern is matched at once: one of constants by searching for them in Go (on long texts a regular expression
// with many groups is a hundred times slower), the commonest short one and the regex kind by the engine.
// https://learn.microsoft.com/kusto/query/parse-operator

// parseKind is how the constants of a pattern are meant and how strict the match is.
type parseKind uint8

const (
	parseSimple parseKind = iota
	parseRegex
	parseRelaxed
)

// parsePart is one part of a pattern: an asterisk, a constant or a column.
type parsePart struct {
	star  bool
	text  string // of a constant
	name  string // of a column
	typ   types.Type
	span  source.Span
	group int // the group that a column is, from 1
}

// isText tells whether the part is a constant.
func (p *parsePart) isText() bool { return !p.star && p.name == "" }

// parsePattern is a pattern as it is run: as a regular expression, or as the parts of a match of texts.
type parsePattern struct {
	parts  []parsePart
	re2    string
	groups int
	// whole is the group that is not empty exactly where the text matches, or else 0; empty tells that the
	// empty text matches too.
	whole int
	empty bool
	texts types.Value // the parts for match.values; null where the regular expression is used
}

// parse binds parse, and with filter parse-where.
func (b *binder) parse(e *env, in *table, params []*syntax.OpParam, x syntax.Expr, pattern []syntax.Node, filter bool) *table {
	kindWord, kp := param(params, "kind")
	kind := parseSimple
	switch kindWord {
	case "regex":
		kind = parseRegex
	case "relaxed":
		kind = parseRelaxed
	case "", "simple":
	default:
		b.add("KS120", kp.Value.Span(), "'"+kindWord+"' is no kind of parse: simple, regex or relaxed")
		return nil
	}
	flags, fp := param(params, "flags")
	if fp != nil && (kind != parseRegex || strings.Trim(flags, "imsU") != "") {
		b.errUnsupported(fp.Span(), "the flags '"+flags+"' of parse: i, m, s and U can be set, with kind=regex")
		return nil
	}
	r := &row{t: in, env: e, window: windowable(in)}
	text := b.scalarExpr(r, x)
	if isBad(text) {
		return nil
	}
	parts, ok := b.parseParts(pattern)
	if !ok {
		return nil
	}
	typed := 0
	for _, p := range parts {
		if p.name != "" && p.typ != types.String {
			typed++
		}
	}
	strict := kind != parseRelaxed && typed > 0
	pat, err := newParsePattern(parts, kind, flags, filter && !strict)
	if err != nil {
		b.add("KS140", err.span, err.msg)
		return nil
	}
	text = b.convert(text, types.String)

	// One column holds all values of the match; the next SELECT reads them.
	match := b.newCol("$match", types.String)
	found := b.hiddenCall("match.groups", text, lit(types.StringOf(pat.re2)), lit(types.LongOf(int64(pat.groups))))
	if !pat.texts.IsNull() {
		found = b.hiddenCall("match.values", text, lit(pat.texts))
	}
	node := b.passing(windowed(r, in), in, []rel.Item{{Col: match, Expr: found}})
	group := func(n int) rel.Expr {
		return b.hiddenCall("match.group", match.Ref(), lit(types.LongOf(int64(n))))
	}
	var values []rel.Item
	for _, p := range pat.parts {
		if p.name == "" {
			continue
		}
		v := group(p.group)
		switch p.typ {
		case types.String:
		case types.Dynamic:
			v = b.scalarFunc("parse_json", p.span, v)
		default:
			v = b.convert(v, p.typ)
		}
		values = append(values, rel.Item{Col: b.newCol(p.name, p.typ), Expr: v})
	}
	whole := rel.Col{}
	if filter && !strict {
		whole = b.newCol("$whole", types.Bool)
		var w rel.Expr
		if !pat.texts.IsNull() {
			w = b.hiddenCall("match.any", match.Ref())
		} else {
			w = b.apply("!=", x.Span(), group(pat.whole), lit(types.StringOf("")))
			if pat.empty {
				w = b.apply("or", x.Span(), w, b.apply("==", x.Span(), text, lit(types.StringOf(""))))
			}
		}
		values = append(values, rel.Item{Col: whole, Expr: w})
	}
	node = b.passing(node, in, values)
	if whole.ID != 0 {
		node = &rel.Filter{In: node, Pred: whole.Ref()}
		values = values[:len(values)-1]
	}
	its := make([]item, len(values))
	for i, v := range values {
		its[i] = item{name: v.Col.Name, expr: v.Col.Ref(), explicit: true, span: x.Span()}
	}
	if strict {
		// Every column must have the type it is given, or none has a value.
		var all rel.Expr = lit(types.BoolOf(true))
		for _, v := range values {
			if v.Col.Type != types.String {
				all = b.simplifyLogic("and", all, b.scalarFunc("isnotnull", x.Span(), v.Col.Ref()), x.Span())
			}
		}
		if filter {
			node = &rel.Filter{In: node, Pred: all}
		} else if len(values) > 1 {
			for i, v := range values {
				null := types.Null(v.Col.Type)
				if v.Col.Type == types.String {
					null = types.StringOf("")
				}
				its[i].expr = b.iff(all, v.Col.Ref(), lit(null), x.Span())
			}
		}
	}
	return b.extendItems(node, in, its)
}

// passing is a Project that lets the columns of a table pass, hidden ones too, and adds some.
func (b *binder) passing(node rel.Node, in *table, items []rel.Item) rel.Node {
	p := in.put(node, in.cols, nil).node.(*rel.Project)
	p.Items = append(p.Items, items...)
	return p
}

// hiddenCall calls a function of the catalogue that no user can name.
func (b *binder) hiddenCall(name string, args ...rel.Expr) rel.Expr {
	return b.scalarFunc(name, source.Span{}, args...)
}

// parseParts checks the parts of a pattern. Constants that follow each other are one.
func (b *binder) parseParts(pattern []syntax.Node) ([]parsePart, bool) {
	var parts []parsePart
	names := map[string]bool{}
	last := func() *parsePart {
		if len(parts) == 0 {
			return nil
		}
		return &parts[len(parts)-1]
	}
	for _, n := range pattern {
		switch n := n.(type) {
		case *syntax.StarExpr:
			if l := last(); l != nil && l.star {
				b.add("KS102", l.span, "a string must follow *")
				return nil, false
			} else if l != nil && l.name != "" && l.typ == types.String {
				b.add("KS103", n.Span(), "* behind a column of type string leaves open where the column ends")
				return nil, false
			}
			parts = append(parts, parsePart{star: true, span: n.Span()})
		case *syntax.Lit:
			if n.Text == "" {
				continue
			}
			if l := last(); l != nil && l.isText() {
				l.text += n.Text
				continue
			}
			parts = append(parts, parsePart{text: n.Text, span: n.Span()})
		case *syntax.ColumnDecl:
			p := parsePart{name: n.Name.Name, typ: types.String, span: n.Span()}
			if n.Name.IsMissing() {
				b.errColumnExpected(n.Span())
				return nil, false
			}
			if n.Type != nil {
				tn, ok := n.Type.(*syntax.TypeName)
				if !ok {
					b.errUnsupported(n.Type.Span(), "this type of a column of parse")
					return nil, false
				}
				t, known := types.Parse(tn.Name)
				if !known {
					b.add("KS160", tn.Span(), "'"+tn.Name+"' is no type")
					return nil, false
				}
				p.typ = t
			}
			if l := last(); l != nil && !l.isText() {
				b.add("KS101", n.Span(), "a column must follow a string")
				return nil, false
			}
			if names[p.name] {
				b.errDuplicate(n.Span(), p.name)
				return nil, false
			}
			names[p.name] = true
			parts = append(parts, p)
		default:
			b.errUnsupported(n.Span(), "this part of the pattern of parse")
			return nil, false
		}
	}
	if len(names) == 0 && len(parts) == 0 {
		return nil, false
	}
	return parts, true
}

// parseError is a fault in a pattern and where it is.
type parseError struct {
	span source.Span
	msg  string
}

// newParsePattern prepares a pattern. In the simple and relaxed kinds a constant is the next place where it
// stands, and everything is as short as it can be; in the regex kind constants are expressions and columns are
// as long as they can be. The pattern is bound to both ends of the text.
func newParsePattern(parts []parsePart, kind parseKind, flags string, whole bool) (*parsePattern, *parseError) {
	p := &parsePattern{parts: append([]parsePart(nil), parts...), texts: types.Null(types.Dynamic)}
	if kind == parseRegex {
		return p, p.regex(flags, whole)
	}
	for i, part := range parts {
		if part.name != "" && i+1 < len(parts) && parts[i+1].star && funcs.PrefixText(part.typ) == "" {
			return nil, &parseError{part.span, "* behind a column of type " + part.typ.String() + " leaves open where the column ends"}
		}
	}
	if kind == parseSimple && !whole && p.short() {
		return p, nil
	}
	list := types.JSON{Kind: types.JSONArray}
	column := map[parseKind]string{parseSimple: ":", parseRelaxed: "?"}[kind]
	for i := range p.parts {
		part := &p.parts[i]
		text := "*"
		switch {
		case part.isText():
			text = "=" + part.text
		case part.name != "":
			p.groups++
			part.group = p.groups
			text = column + part.typ.String()
		}
		list.Items = append(list.Items, types.JSON{Kind: types.JSONString, Str: text})
	}
	p.texts = list.Value()
	return p, nil
}

// short makes a regular expression of * constant column constant *, the commonest pattern: the engine's own
// search is fastest where only a short piece of the text is matched.
func (p *parsePattern) short() bool {
	if len(p.parts) != 5 || !p.parts[0].star || !p.parts[1].isText() || p.parts[2].typ != types.String || !p.parts[3].isText() || !p.parts[4].star {
		return false
	}
	p.re2 = "(?s)" + regexp.QuoteMeta(p.parts[1].text) + "(.*?)" + regexp.QuoteMeta(p.parts[3].text)
	p.groups, p.parts[2].group = 1, 1
	return true
}

// regex writes a pattern of the regex kind as one of RE2. With whole there is a group that tells whether the
// text matches.
func (p *parsePattern) regex(flags string, whole bool) *parseError {
	var re strings.Builder
	re.WriteString(`\A`)
	if flags != "" {
		re.WriteString("(?" + flags + ")")
	}
	if whole {
		p.groups, p.whole = 1, 1
		re.WriteByte('(')
	}
	for i := range p.parts {
		part := &p.parts[i]
		switch {
		case part.star:
			re.WriteString(".*?")
		case part.isText():
			re2, err := funcs.RE2Pattern(part.text)
			if err != nil {
				return &parseError{part.span, err.Error()}
			}
			// Groups of the expression's own are counted so that the columns' numbers are right.
			p.groups += regexp.MustCompile(re2).NumSubexp()
			re.WriteString("(?:" + re2 + ")")
		default:
			shape := ".*"
			if typed := funcs.TypedText(part.typ); typed != "" {
				shape = typed
			}
			p.groups++
			part.group = p.groups
			re.WriteString("(" + shape + ")")
		}
	}
	if whole {
		re.WriteByte(')')
	}
	re.WriteString(`\z`)
	p.re2 = re.String()
	re2, err := regexp.Compile(p.re2)
	if err != nil {
		return &parseError{p.parts[0].span, "the pattern is no regular expression: " + err.Error()}
	}
	p.empty = re2.MatchString("")
	if p.groups == 0 { // a match without groups has none to show
		p.groups, p.re2 = 1, "("+p.re2+")"
	}
	return nil
}
