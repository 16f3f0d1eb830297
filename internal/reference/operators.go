package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vedette-siem/vedette/internal/bind"
	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
)

// rows is the source of most examples.
const rows = "datatable(k:string, v:long)['a', 1, 'b', 2, 'a', 3]"

// edges is the graph of the graph operators' examples.
const edges = "datatable(s:string, t:string)['a', 'b', 'b', 'c'] | make-graph s --> t"

// examples has one query for each tabular operator. Whether the operator runs is asked of the binder with
// it, so the page cannot claim what is not so.
func examples() map[string]string {
	return map[string]string{
		"as":                    rows + " | as T | where v > 1",
		"assert-schema":         rows + " | assert-schema (k:string, v:long)",
		"consume":               rows + " | consume",
		"count":                 rows + " | count",
		"distinct":              rows + " | distinct k",
		"evaluate":              "print d = dynamic({'a': 1}) | evaluate bag_unpack(d)",
		"extend":                rows + " | extend twice = v * 2",
		"facet":                 rows + " | facet by k, v with (take 1)",
		"find":                  "let T = " + rows + "; find in (T) where v > 1",
		"fork":                  rows + " | fork Large = (where v > 1) (count)",
		"getschema":             rows + " | getschema",
		"graph-mark-components": edges + " | graph-mark-components with_component_id=c | graph-to-table nodes",
		"graph-match":           edges + " | graph-match (x)-[e]->(y) project e.s, e.t",
		"graph-shortest-paths":  edges + " | graph-shortest-paths (x)-[e*1..3]->(y) project p = e.t",
		"graph-to-table":        edges + " | graph-to-table edges",
		"graph-where-edges":     edges + " | graph-where-edges s == 'a' | graph-to-table edges",
		"graph-where-nodes":     "let N = datatable(n:string)['a', 'b', 'c']; datatable(s:string, t:string)['a', 'b'] | make-graph s --> t with N on n | graph-where-nodes n == 'a' | graph-to-table nodes",
		"inline_external_table": "inline_external_table (k:string) kind=storage dataformat=csv ('https://example.com/rows.csv')",
		"invoke":                "let f = (T:(v:long)) { T | where v > 1 }; " + rows + " | invoke f()",
		"join":                  rows + " | join kind=inner (" + rows + ") on k",
		"lookup":                rows + " | lookup (datatable(k:string, name:string)['a', 'first']) on k",
		"macro-expand":          "let Old = " + rows + "; let New = " + rows + "; macro-expand entity_group [Old, New] as X (X | where v > 1)",
		"make-graph":            edges + " | graph-to-table edges",
		"make-series":           "datatable(t:datetime, v:long)[datetime(2024-01-01), 1] | make-series sum(v) on t from datetime(2024-01-01) to datetime(2024-01-03) step 1d",
		"mv-apply":              "print x = dynamic([1, 2, 3]) | mv-apply e = x to typeof(long) on (where e > 1)",
		"mv-expand":             "print x = dynamic([1, 2]) | mv-expand x to typeof(long)",
		"parse":                 "print s = 'user=ada id=7' | parse s with 'user=' user ' id=' id:long",
		"parse-kv":              "print s = 'user=ada id=7' | parse-kv s as (user:string, id:long) with (pair_delimiter=' ', kv_delimiter='=')",
		"parse-where":           "print s = 'user=ada id=7' | parse-where s with 'user=' user ' id=' id:long",
		"partition":             rows + " | partition by k (top 1 by v)",
		"print":                 "print x = 1 + 2",
		"project":               rows + " | project v",
		"project-away":          rows + " | project-away k",
		"project-by-names":      rows + " | project-by-names 'v'",
		"project-keep":          rows + " | project-keep v*",
		"project-rename":        rows + " | project-rename value = v",
		"project-reorder":       rows + " | project-reorder v",
		"range":                 "range x from 1 to 3 step 1",
		"reduce":                "print s = split('login of ada,login of bob,logout', ',') | mv-expand s to typeof(string) | reduce by s",
		"render":                rows + " | render table",
		"sample":                rows + " | sample 1",
		"sample-distinct":       rows + " | sample-distinct 1 of k",
		"scan":                  rows + " | sort by v asc | scan declare (total:long = 0) with (step s: true => total = s.total + v;)",
		"search":                rows + " | search 'a'",
		"serialize":             rows + " | serialize n = row_number()",
		"sort":                  rows + " | sort by v desc",
		"summarize":             rows + " | summarize sum(v) by k",
		"take":                  rows + " | take 2",
		"top":                   rows + " | top 1 by v",
		"top-hitters":           rows + " | top-hitters 1 of k",
		"top-nested":            rows + " | top-nested 1 of k by sum(v)",
		"union":                 rows + " | union (" + rows + ")",
		"where":                 rows + " | where v > 1",
	}
}

// internalWords begin operators that queries are not written with.
const internalWords = "__"

func operatorsPage() (string, error) {
	var b strings.Builder
	b.WriteString(generated + "# Tabular operators\n\nWhat follows `|` or begins a query. An operator that is not run is refused by name.\n")
	list := examples()
	for _, o := range syntax.Operators() {
		if strings.HasPrefix(o.Word, internalWords) {
			continue
		}
		query, ok := list[o.Word]
		if !ok {
			return "", fmt.Errorf("the operator %s has no example in internal/reference/operators.go", o.Word)
		}
		delete(list, o.Word)
		fmt.Fprintf(&b, "\n## %s\n\n%s", o.Word, sentence(o.Doc))
		if len(o.Aliases) > 0 {
			fmt.Fprintf(&b, " Also written %s.", code(strings.Join(o.Aliases, ", ")))
		}
		if page := pageOf(o.Word); page != "" {
			fmt.Fprintf(&b, " ([Microsoft's page](%s%s))", manual, page)
		}
		b.WriteString("\n")
		if o.Deviates != "" {
			fmt.Fprintf(&b, "\n**Differs from Kusto:** %s\n", sentence(o.Deviates))
		}
		if p := o.Params(); len(p) > 0 {
			fmt.Fprintf(&b, "\nParameters: %s.\n", code(strings.Join(p, ", ")))
		}
		fmt.Fprintf(&b, "\n```kusto\n%s\n```\n", strings.ReplaceAll(query, " | ", "\n| "))
		refused, err := refusal(query)
		if err != nil {
			return "", fmt.Errorf("the example of %s: %w", o.Word, err)
		}
		if refused != "" {
			fmt.Fprintf(&b, "\n**Refused:** %s.\n", refused)
		}
	}
	for word := range list {
		return "", fmt.Errorf("internal/reference/operators.go has an example for %s, which is no operator", word)
	}
	return b.String(), nil
}

// pageOf is the operator's page in Microsoft's manual, or "" for one that has none.
func pageOf(word string) string {
	if slices.Contains(withoutPage, word) {
		return ""
	}
	return strings.ReplaceAll(word, "_", "-") + "-operator"
}

var withoutPage = []string{"assert-schema", "graph-where-edges", "graph-where-nodes"}

// The codes of the binder's refusals: a construct that is not run, and an operator that cannot stand where it does.
const (
	unsupported = "VQ001"
	misplaced   = "KS174"
)

// refusal binds an example: it returns why it is refused, "" if it is not, and an error if the example is
// wrong.
func refusal(query string) (string, error) {
	q, diags := syntax.Parse(source.NewFile("", query))
	if len(diags) == 0 {
		_, diags = bind.Bind(q, bind.Options{Catalog: catalog.New()})
	}
	for _, d := range diags {
		switch {
		case d.Code == unsupported, d.Code == misplaced:
			return d.Msg, nil
		case d.Severity == source.Error:
			return "", fmt.Errorf("%s: %s", d.Code, d.Msg)
		}
	}
	return "", nil
}
