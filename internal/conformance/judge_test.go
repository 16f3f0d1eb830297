package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// corpusCase is a query with the answer that Kusto gave to it, as the case files of the corpus have it.
type corpusCase struct {
	ID     string  `json:"id"`
	Query  string  `json:"query"`
	Source string  `json:"source"`
	Usable *bool   `json:"usable"`
	Kind   string  `json:"kind"`
	Schema []named `json:"schema"`
	// Expected holds the rows; values are as encoding/json reads them with UseNumber.
	Expected        [][]any         `json:"expected"`
	Ordered         bool            `json:"ordered"`
	OrderKeys       []string        `json:"order_keys"`
	OrderBy         []orderColumn   `json:"order_by"`
	Tolerance       json.RawMessage `json:"tolerance"`
	SetColumns      []string        `json:"set_columns"`
	LooseColumns    []string        `json:"loose_columns"`
	JSONColumns     []string        `json:"json_string_columns"`
	Documented      []string        `json:"documented_columns"`
	UnorderedArrays bool            `json:"unordered_arrays"`
	Collapse        *bool           `json:"collapse_space"`
}

type named struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type orderColumn struct {
	Column string `json:"column"`
}

// refused tells whether the right answer is an error.
func (c *corpusCase) refused() bool { return c.Kind == "error" }

// judgeable tells whether the case says what is right.
func (c *corpusCase) judgeable() bool {
	return (c.Usable == nil || *c.Usable) && (c.refused() || c.Expected != nil || c.Kind == "schema" && c.Schema != nil)
}

// judge returns what is wrong with an answer, or "".
func (c *corpusCase) judge(tbl types.Table, err error) string {
	if c.refused() {
		if err != nil {
			return ""
		}
		return "the query must be refused"
	}
	if err != nil {
		return err.Error()
	}
	if c.Schema != nil {
		if len(c.Schema) != len(tbl.Schema) {
			return fmt.Sprintf("%d columns, want %d", len(tbl.Schema), len(c.Schema))
		}
		for i, col := range c.Schema {
			other := len(c.Documented) == len(c.Schema) && c.Documented[i] == tbl.Schema[i].Name
			if col.Name != tbl.Schema[i].Name && !other {
				return fmt.Sprintf("column %d is called %s, want %s", i, tbl.Schema[i].Name, col.Name)
			}
		}
	}
	if c.Kind == "schema" {
		return ""
	}
	if len(tbl.Rows) != len(c.Expected) {
		return fmt.Sprintf("%d rows, want %d", len(tbl.Rows), len(c.Expected))
	}
	j := c.judgeOf(tbl.Schema)
	rows := make([][]any, len(tbl.Rows))
	for i, r := range tbl.Rows {
		for _, v := range r {
			rows[i] = append(rows[i], plain(v))
		}
		if len(c.Expected[i]) != len(r) {
			return fmt.Sprintf("%d columns, want %d", len(r), len(c.Expected[i]))
		}
	}
	return j.rows(c.Expected, rows)
}

// plain is a value as encoding/json would read it from an answer.
func plain(v types.Value) any {
	if v.IsNull() {
		return nil
	}
	switch v.Type() {
	case types.Bool:
		return v.Bool()
	case types.Int, types.Long:
		return json.Number(strconv.FormatInt(v.Int64(), 10))
	case types.Real:
		if f := v.Float64(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			s := strconv.FormatFloat(f, 'g', -1, 64)
			if !strings.ContainsAny(s, ".e") {
				s += ".0"
			}
			return json.Number(s)
		}
		return types.FormatReal(v.Float64())
	case types.Dynamic:
		return decodeJSON([]byte(v.Text()))
	case types.Datetime, types.Timespan:
		return v.ToText()
	}
	return v.Text()
}

func decodeJSON(b []byte) any {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var x any
	if err := d.Decode(&x); err != nil {
		return string(b)
	}
	return x
}

// tolerance is how far a number may be off.
type tolerance struct {
	rel, abs float64
	given    bool
}

var exactly = tolerance{rel: 1e-9, abs: 1e-14}

// judge compares the rows of one case.
type judge struct {
	c     *corpusCase
	names []string
	types []string // "" where unknown
	tol   []tolerance
	md    bool
}

func (c *corpusCase) judgeOf(got types.Schema) *judge {
	j := &judge{c: c}
	for i, col := range got {
		name, typ := col.Name, ""
		if c.Schema != nil {
			name, typ = c.Schema[i].Name, c.Schema[i].Type
		}
		if t, ok := types.Parse(typ); ok {
			typ = t.String()
		}
		j.names, j.types, j.tol = append(j.names, name), append(j.types, typ), append(j.tol, c.toleranceOf(name))
	}
	j.md = slices.Contains([]string{"block", "scalar-block", "scalar-line", "prose-table"}, c.Source)
	if c.Collapse != nil {
		j.md = *c.Collapse
	}
	return j
}

func (c *corpusCase) toleranceOf(name string) tolerance {
	if len(c.Tolerance) == 0 {
		return exactly
	}
	var number float64
	if json.Unmarshal(c.Tolerance, &number) == nil {
		return tolerance{rel: number, abs: exactly.abs, given: true}
	}
	var both map[string]json.RawMessage
	if json.Unmarshal(c.Tolerance, &both) != nil {
		return exactly
	}
	if inner, ok := both[name]; ok {
		return (&corpusCase{Tolerance: inner}).toleranceOf("")
	}
	t := exactly
	for key, to := range map[string]*float64{"rel": &t.rel, "abs": &t.abs} {
		if b, ok := both[key]; ok && json.Unmarshal(b, to) == nil {
			t.given = true
		}
	}
	return t
}

func (j *judge) rows(want, got [][]any) string {
	equal := func(e, a []any) bool { return j.firstWrong(e, a) < 0 }
	if !j.c.Ordered {
		if i := unmatched(want, got, equal); i >= 0 {
			return fmt.Sprintf("row %v is missing; got for instance %v", want[i], got[0])
		}
		return ""
	}
	keys := j.c.OrderKeys
	for _, k := range j.c.OrderBy {
		if len(j.c.OrderKeys) == 0 {
			keys = append(keys, k.Column)
		}
	}
	var at []int
	for _, k := range keys {
		at = append(at, slices.Index(j.names, k))
	}
	strict := len(at) == 0 || slices.Contains(at, -1)
	for lo := 0; lo < len(want); {
		hi := lo + 1
		for !strict && hi < len(want) && !slices.ContainsFunc(at, func(k int) bool { return !j.cell(k, want[lo][k], want[hi][k]) }) {
			hi++
		}
		if i := unmatched(want[lo:hi], got[lo:hi], equal); i >= 0 {
			return fmt.Sprintf("row %d: got %v, want %v", lo+i, got[lo+i], want[lo+i])
		}
		lo = hi
	}
	return ""
}

// unmatched pairs two lists of one length by augmenting paths, since a tolerance is not transitive; it
// returns an item of want that finds no partner, or -1.
func unmatched[T any](want, got []T, equal func(e, a T) bool) int {
	if len(want) != len(got) {
		return 0
	}
	owner := make([]int, len(got))
	for i := range owner {
		owner[i] = -1
	}
	var place func(i int, seen []bool) bool
	place = func(i int, seen []bool) bool {
		for k := range got { // the same place first: most answers come in order
			a := (i + k) % len(got)
			if !seen[a] && equal(want[i], got[a]) {
				seen[a] = true
				if owner[a] < 0 || place(owner[a], seen) {
					owner[a] = i
					return true
				}
			}
		}
		return false
	}
	for i := range want {
		if !place(i, make([]bool, len(got))) {
			return i
		}
	}
	return -1
}

// firstWrong is the first column in which two rows differ, or -1.
func (j *judge) firstWrong(e, a []any) int {
	for i := range e {
		if !j.cell(i, e[i], a[i]) {
			return i
		}
	}
	return -1
}

// cell compares a value with the expected one, in the type that the column should have.
func (j *judge) cell(i int, e, a any) bool {
	tol, typ := j.tol[i], j.types[i]
	sets := j.c.UnorderedArrays || slices.Contains(j.c.SetColumns, j.names[i])
	if typ == "string" {
		x, ok := e.(string)
		y, ok2 := a.(string)
		switch {
		case e == nil:
			return a == nil || a == ""
		case !ok || !ok2:
			return false
		case x == y || j.md && collapse(x) == collapse(y):
			return true
		case slices.Contains(j.c.JSONColumns, j.names[i]):
			return j.dynamic(decodeJSON([]byte(x)), decodeJSON([]byte(y)), tol, sets)
		}
		return false
	}
	if e == "" {
		e = nil
	}
	if a == "" {
		a = nil
	}
	if e == nil || a == nil {
		return e == nil && a == nil
	}
	switch typ {
	case "bool":
		x, ok := e.(bool)
		y, ok2 := a.(bool)
		return ok && ok2 && x == y
	case "int", "long", "real":
		x, ok := numberOf(e, typ == "real")
		y, ok2 := numberOf(a, typ == "real")
		if !ok || !ok2 {
			return false
		}
		if typ != "real" && !tol.given {
			return x.float() == y.float() && (!x.whole || !y.whole || x.i == y.i)
		}
		return near(x, y, tol)
	case "decimal":
		x, ok := new(big.Rat).SetString(fmt.Sprint(e))
		y, ok2 := new(big.Rat).SetString(fmt.Sprint(a))
		if ok && ok2 && x.Cmp(y) == 0 {
			return true
		}
		if !ok || !ok2 {
			return fmt.Sprint(e) == fmt.Sprint(a)
		}
		f, _ := x.Float64()
		g, _ := y.Float64()
		return near(number{f: f}, number{f: g}, tol)
	case "datetime", "timespan":
		return sameTime(typ, e, a)
	case "guid":
		return strings.EqualFold(strings.Trim(fmt.Sprint(e), "{} "), strings.Trim(fmt.Sprint(a), "{} "))
	case "dynamic":
		return j.dynamic(e, a, tol, sets) || slices.Contains(j.c.LooseColumns, j.names[i]) && fmt.Sprint(e) == fmt.Sprint(a)
	}
	// the type is unknown: by the shape of what is expected
	if s, ok := e.(string); ok {
		if s == a || sameTime("datetime", e, a) || sameTime("timespan", e, a) {
			return true
		}
		x, ok := numberOf(e, true)
		y, ok2 := numberOf(a, true)
		return ok && ok2 && near(x, y, tol)
	}
	return j.dynamic(e, a, tol, sets)
}

func sameTime(typ string, e, a any) bool {
	x, ok := e.(string)
	y, ok2 := a.(string)
	if !ok || !ok2 {
		return false
	}
	parse := types.ParseDatetime
	if typ == "timespan" {
		parse = types.ParseTimespan
		if !strings.Contains(x, ":") || !strings.Contains(y, ":") {
			return x == y
		}
	}
	m, ok := parse(x)
	n, ok2 := parse(y)
	if !ok || !ok2 {
		return x == y
	}
	return m == n
}

func collapse(s string) string { return strings.Join(strings.Fields(s), " ") }

// dynamic compares two JSON values: objects without the order of keys, numbers by value.
func (j *judge) dynamic(e, a any, tol tolerance, sets bool) bool {
	switch x := e.(type) {
	case nil:
		return a == nil
	case bool:
		y, ok := a.(bool)
		return ok && x == y
	case map[string]any:
		y, ok := a.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for k := range x {
			if v, ok := y[k]; !ok || !j.dynamic(x[k], v, tol, sets) {
				return false
			}
		}
		return true
	case []any:
		y, ok := a.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		same := func(p, q any) bool { return j.dynamic(p, q, tol, sets) }
		if sets {
			return unmatched(x, y, same) < 0
		}
		for i := range x {
			if !same(x[i], y[i]) {
				return false
			}
		}
		return true
	case string:
		y, ok := a.(string)
		return ok && (x == y || j.md && collapse(x) == collapse(y) || strings.Contains(x, ":") && (sameTime("datetime", x, y) || sameTime("timespan", x, y)))
	}
	x, ok := numberOf(e, false)
	y, ok2 := numberOf(a, false)
	return ok && ok2 && near(x, y, tol)
}

// number is a JSON number, an integer where it is written as one.
type number struct {
	whole bool
	i     int64
	f     float64
}

func (n number) float() float64 {
	if n.whole {
		return float64(n.i)
	}
	return n.f
}

// numberOf reads a number; special also reads NaN and the infinities from text.
func numberOf(v any, special bool) (number, bool) {
	switch v := v.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return number{whole: true, i: i}, true
		}
		f, err := v.Float64()
		return number{f: f}, err == nil
	case string:
		f, ok := types.ParseReal(v)
		return number{f: f}, special && ok && (math.IsNaN(f) || math.IsInf(f, 0))
	}
	return number{}, false
}

func near(x, y number, tol tolerance) bool {
	if x.whole && y.whole && (x.i == y.i || !tol.given) {
		return x.i == y.i
	}
	a, b := x.float(), y.float()
	if math.IsNaN(a) || math.IsNaN(b) {
		return math.IsNaN(a) && math.IsNaN(b)
	}
	if math.IsInf(a, 0) || math.IsInf(b, 0) {
		return a == b
	}
	return math.Abs(a-b) <= math.Max(tol.abs, tol.rel*math.Max(math.Abs(a), math.Abs(b)))
}
