package main

import (
	"fmt"
	"sort"
	"strings"

	"github.com/vedette-siem/vedette/internal/bind"
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/types"
)

// manual is where Microsoft's pages are.
const manual = "https://learn.microsoft.com/kusto/query/"

// titles are the headings of the families' pages. A family without one has its name as heading.
var titles = map[string]string{
	"operator": "Arithmetic, comparison and logic", "stringop": "Text and membership operators", "datetime": "Dates and times",
	"math": "Mathematics", "parse": "Parsing", "encode": "Encoding and hashing", "ip": "IP addresses", "dynamic": "Dynamic values",
	"array": "Arrays and sets", "series": "Series", "system": "System", "string": "Strings", "convert": "Conversion",
	"cond": "Conditions", "agg": "Aggregates", "sketch": "Sketches", "geo": "Geography", "window": "Window functions",
}

// Files returns the reference: file names and their text.
func Files() (map[string]string, error) {
	out := map[string]string{}
	families := map[string][]*funcs.Func{}
	for _, f := range funcs.All().Funcs() { // ordered by name
		if !f.Hidden {
			families[f.Family] = append(families[f.Family], f)
		}
	}
	for family, list := range families {
		out[family+".md"] = familyPage(family, list)
	}
	var err error
	if out["tabular-operators.md"], err = operatorsPage(); err != nil {
		return nil, err
	}
	out["plugins.md"] = pluginsPage()
	out["index.md"] = indexPage(families)
	if out["functions.json"], err = functionsJSON(); err != nil {
		return nil, err
	}
	return out, nil
}

// generated stands at the head of every page.
const generated = "<!-- written by go run ./internal/reference; do not edit -->\n\n"

func title(family string) string {
	if t, ok := titles[family]; ok {
		return t
	}
	return family
}

func sorted[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

func indexPage(families map[string][]*funcs.Func) string {
	var b strings.Builder
	b.WriteString(generated + "# Reference\n\nWhat vedette knows of KQL: each name with its overloads, its page in Microsoft's manual, examples that the\ntests run, and where its result may differ from Kusto's.\n\n")
	b.WriteString("- [Tabular operators](tabular-operators.md)\n- [Plugins](plugins.md)\n- [functions.json](functions.json): the functions, for programs\n")
	for _, family := range sorted(families) {
		fmt.Fprintf(&b, "\n## [%s](%s.md)\n\n", title(family), family)
		var names []string
		for _, f := range families[family] {
			names = append(names, fmt.Sprintf("[%s](%s.md#%s)", code(heading(f)), family, anchor(f)))
		}
		b.WriteString(strings.Join(names, ",\n") + "\n")
	}
	return b.String()
}

// heading is a function's name as its users see it.
func heading(f *funcs.Func) string {
	if f.Class == funcs.Operator {
		switch f.Name {
		case "neg":
			return "- (sign)"
		case "pos":
			return "+ (sign)"
		case ".":
			return "x.key"
		case "[]", "path":
			return map[string]string{"[]": "x[index]", "path": "x.key[index]…"}[f.Name]
		}
	}
	return f.Name
}

// anchor is the place of a function on its page. Signs have no letters to make one of, so it is written out.
func anchor(f *funcs.Func) string {
	var b strings.Builder
	b.WriteString(f.Class.String() + "-")
	for _, r := range f.Name {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "x%x", r)
		}
	}
	return b.String()
}

func familyPage(family string, list []*funcs.Func) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s# %s\n", generated, title(family))
	for _, f := range list {
		fmt.Fprintf(&b, "\n<a id=%q></a>\n\n## %s\n\n%s", anchor(f), escape(heading(f)), f.Doc)
		if len(f.Aliases) > 0 {
			var also []string
			for _, a := range f.Aliases {
				also = append(also, code(a))
			}
			fmt.Fprintf(&b, " Also written %s.", strings.Join(also, ", "))
		}
		fmt.Fprintf(&b, " ([Microsoft's page](%s%s))\n\n```\n", manual, f.Page)
		for i := range f.Sigs {
			b.WriteString(signature(f, &f.Sigs[i]) + "\n")
		}
		b.WriteString("```\n\n")
		for _, x := range f.Examples {
			fmt.Fprintf(&b, "- %s gives %s\n", code(x.Query), code(x.Want))
		}
		if f.Deviates != "" {
			fmt.Fprintf(&b, "\n**Differs from Kusto:** %s\n", sentence(f.Deviates))
		}
	}
	return b.String()
}

// sentence gives a text a capital and a full stop.
func sentence(s string) string {
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// signature is an overload with the types of its parameters and result.
func signature(f *funcs.Func, s *funcs.Sig) string {
	var params []string
	for _, p := range s.Params {
		text := p.Name + ": " + p.Types.String()
		if len(p.Values) > 0 {
			text = p.Name + ": " + strings.Join(p.Values, "|")
		}
		if p.Const {
			text += " constant"
		}
		if p.Star {
			text += " or *"
		}
		if p.Rep {
			text += ", …"
		}
		if p.Opt {
			text = "[" + text + "]"
		}
		params = append(params, text)
	}
	if f.Class == funcs.Operator && len(s.Params) == 2 && f.Name != "." && f.Name != "[]" {
		return fmt.Sprintf("(%s) %s (%s) → %s", params[0], f.Name, params[1], result(s))
	}
	return f.Name + "(" + strings.Join(params, ", ") + ") → " + result(s)
}

func result(s *funcs.Sig) string {
	switch s.Out.Kind {
	case funcs.OutDeclared:
		return s.Out.Type.String()
	case funcs.OutParam, funcs.OutPromoted:
		if s.Out.Param < len(s.Params) {
			return "type of " + s.Params[s.Out.Param].Name
		}
	case funcs.OutCommon, funcs.OutCommonNonDynamic:
		return "common type"
	case funcs.OutWidest:
		return "widest type"
	}
	return "depends on the arguments"
}

func pluginsPage() string {
	var b strings.Builder
	b.WriteString(generated + "# Plugins\n\nWhat stands behind `evaluate`. A plugin that is not run is refused by name, with the reason.\n\n| plugin | |\n|---|---|\n")
	for _, p := range bind.Plugins() {
		state := "runs"
		switch {
		case p.Refused != "":
			state = "refused: " + p.Refused
		case p.Deviates != "":
			state = "runs. " + sentence(p.Deviates)
		}
		fmt.Fprintf(&b, "| [%s](%s%s-plugin) | %s |\n", code(p.Name), manual, strings.ReplaceAll(p.Name, "_", "-"), state)
	}
	return b.String()
}

// code quotes text as code; a text with quotes in it gets longer ones around it.
func code(s string) string {
	q := "`"
	for strings.Contains(s, q) {
		q += "`"
	}
	if len(q) > 1 {
		return q + " " + s + " " + q
	}
	return q + s + q
}

// escape keeps Markdown from reading signs in a heading.
func escape(s string) string {
	return strings.NewReplacer("*", `\*`, "_", `\_`, "<", "&lt;", "[", `\[`, "]", `\]`, "+", `\+`, "-", `\-`, "!", `\!`, "=", `\=`).Replace(s)
}

// typeNames lists the members of a set.
func typeNames(ts funcs.TypeSet) []string {
	var out []string
	for _, t := range ts.Types() {
		out = append(out, t.String())
	}
	return out
}

// typeOf is the declared result type, or "".
func typeOf(s *funcs.Sig) string {
	if s.Out.Kind == funcs.OutDeclared && s.Out.Type != types.Unknown {
		return s.Out.Type.String()
	}
	return ""
}
