package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"

	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/types"
)

// writeResults writes the results of a query; one result is written as writeTable does.
func (a *app) writeResults(form string, outs []query.Output) error {
	if len(outs) == 1 {
		return a.writeTable(form, outs[0].Table)
	}
	if form == "json" {
		return a.writeJSONResults(outs)
	}
	for i, o := range outs {
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		if form != "csv" {
			name := printable(o.Name)
			if name == "" {
				name = fmt.Sprintf("result %d", i+1)
			}
			fmt.Fprintln(a.out, a.term.style.bold(name))
		}
		if err := a.writeTable(form, o.Table); err != nil {
			return err
		}
	}
	return nil
}

// writeJSONResults writes an object with a list of results. One result alone is an array of rows, so that a
// reader can tell the two apart.
func (a *app) writeJSONResults(outs []query.Output) error {
	w := bufio.NewWriter(a.out)
	sep := "{\"results\":[\n"
	for _, o := range outs {
		if _, err := fmt.Fprintf(w, "%s{\"name\":%s,\"rows\":", sep, types.QuoteJSON(o.Name)); err != nil {
			return err
		}
		if err := writeJSON(w, o.Table); err != nil {
			return err
		}
		if _, err := fmt.Fprint(w, "}"); err != nil {
			return err
		}
		sep = ",\n"
	}
	if _, err := fmt.Fprintln(w, "\n]}"); err != nil {
		return err
	}
	return w.Flush()
}

// writeTable writes a result in one of the forms of --output.
func (a *app) writeTable(form string, t types.Table) error {
	w := bufio.NewWriter(a.out)
	var err error
	switch form {
	case "json":
		err = writeJSON(w, t)
	case "csv":
		err = writeCSV(w, t)
	default:
		writeText(w, t, a.term.width, a.term.style)
	}
	if err != nil {
		return err
	}
	return w.Flush()
}

// writeJSON writes an array of objects, a line each, keys in the order of the columns.
func writeJSON(w io.Writer, t types.Table) error {
	sep := "["
	for _, row := range t.Rows {
		text, err := objectOf(t.Schema, row)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s%s", sep, text); err != nil {
			return err
		}
		sep = ",\n "
	}
	if len(t.Rows) == 0 {
		_, err := fmt.Fprintln(w, "[]")
		return err
	}
	_, err := fmt.Fprintln(w, "]")
	return err
}

// objectOf is a row as a JSON object.
func objectOf(s types.Schema, row []types.Value) (json.RawMessage, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, c := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		v, err := marshal(jsonValue(row[i]))
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		b.WriteString(types.QuoteJSON(c.Name) + ":" + v)
	}
	b.WriteByte('}')
	return json.RawMessage(b.String()), nil
}

// marshal is json.Marshal without the escapes for HTML.
func marshal(v any) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

func writeCSV(w io.Writer, t types.Table) error {
	c := csv.NewWriter(w)
	rec := make([]string, len(t.Schema))
	for i, col := range t.Schema {
		rec[i] = col.Name
	}
	if err := c.Write(rec); err != nil {
		return err
	}
	for _, row := range t.Rows {
		for i, v := range row {
			rec[i] = v.ToText()
		}
		if err := c.Write(rec); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// minCell is the narrowest a column is made so that a table fits the terminal.
const minCell = 10

// writeText writes a table for people. With a width, what is too wide is cut, or written one record below
// the other where the columns are too many.
func writeText(w io.Writer, t types.Table, width int, st style) {
	if len(t.Schema) == 0 {
		fmt.Fprintln(w, st.dim("(no columns)"))
		return
	}
	cells := make([][]string, len(t.Rows))
	wide := make([]int, len(t.Schema))
	for i, c := range t.Schema {
		wide[i] = runewidth.StringWidth(printable(c.Name))
	}
	for r, row := range t.Rows {
		cells[r] = make([]string, len(row))
		for i, v := range row {
			cells[r][i] = printable(v.ToText())
			wide[i] = max(wide[i], runewidth.StringWidth(cells[r][i]))
		}
	}
	if width > 0 && total(wide) > width {
		if len(wide)*(minCell+2) > width {
			writeRecords(w, t.Schema, cells, width, st)
			writeCount(w, t, false, st)
			return
		}
		for total(wide) > width {
			wide[cutNext(t.Schema, wide)]--
		}
	}
	cut := false
	line := func(text func(i int) string, paint func(string) string) {
		var b strings.Builder
		for i, c := range t.Schema {
			s := text(i)
			if runewidth.StringWidth(s) > wide[i] {
				s = runewidth.Truncate(s, wide[i], "…")
				cut = true
			}
			pad := strings.Repeat(" ", max(0, wide[i]-runewidth.StringWidth(s)))
			switch {
			case c.Type.IsNumeric():
				s = pad + paint(s)
			case i == len(t.Schema)-1:
				s = paint(s)
			default:
				s = paint(s) + pad
			}
			if i > 0 {
				b.WriteString("  ")
			}
			b.WriteString(s)
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
	line(func(i int) string {
		if t.Schema[i].Name == "" {
			return " "
		}
		return printable(t.Schema[i].Name)
	}, st.bold)
	line(func(i int) string { return strings.Repeat("─", wide[i]) }, st.dim)
	for _, row := range cells {
		line(func(i int) string { return row[i] }, func(s string) string { return s })
	}
	writeCount(w, t, cut, st)
}

// cutNext is the column to make narrower: the widest one of text, as long as that leaves something to read, else
// the widest.
func cutNext(schema types.Schema, wide []int) int {
	text, widest := -1, 0
	for i := range wide {
		if wide[i] > wide[widest] {
			widest = i
		}
		if t := schema[i].Type; (t == types.String || t == types.Dynamic) && wide[i] > minCell && (text < 0 || wide[i] > wide[text]) {
			text = i
		}
	}
	if text >= 0 {
		return text
	}
	return widest
}

func writeCount(w io.Writer, t types.Table, cut bool, st style) {
	note := ""
	if cut {
		note = "; values are cut to the terminal's width, --output json shows them whole"
	}
	fmt.Fprintln(w, st.dim(fmt.Sprintf("(%s%s)", plural(int64(len(t.Rows)), "row"), note)))
}

// writeRecords writes each row as a block of "name  value" lines; empty values are left out.
func writeRecords(w io.Writer, schema types.Schema, cells [][]string, width int, st style) {
	names := 0
	for _, c := range schema {
		names = max(names, runewidth.StringWidth(printable(c.Name)))
	}
	for r, row := range cells {
		fmt.Fprintln(w, st.dim(fmt.Sprintf("── row %d ", r+1)))
		for i, c := range schema {
			if row[i] == "" {
				continue
			}
			s := row[i]
			if width > 0 {
				s = runewidth.Truncate(s, max(minCell, width-names-2), "…")
			}
			fmt.Fprintf(w, "%s%s  %s\n", st.bold(printable(c.Name)), strings.Repeat(" ", names-runewidth.StringWidth(printable(c.Name))), s)
		}
	}
}

func total(wide []int) int {
	n := 2 * (len(wide) - 1)
	for _, w := range wide {
		n += w
	}
	return n
}

// printable is text that does nothing to a terminal: what logs hold is written by attackers too.
func printable(s string) string {
	bad := func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }
	if strings.IndexFunc(s, bad) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case bad(r) && r != unicode.ReplacementChar:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
