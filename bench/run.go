package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	dialect "github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/store"
	"github.com/vedette-siem/vedette/internal/types"
)

type runner struct {
	engine *query.Engine
	store  store.Engine
	rounds int
	// once compares the results and measures nothing.
	once bool
}

// errNoRows is the fault of a case without a result.
var errNoRows = errors.New("the result has no rows: the case measures nothing")

// measure runs a case: both sides once, to warm up and to compare the results, then in turns.
func (r *runner) measure(ctx context.Context, c benchCase) measurement {
	m := measurement{Case: c.name}
	if err := r.run(ctx, c, &m); err != nil {
		m.Error = err.Error()
	}
	return m
}

func (r *runner) run(ctx context.Context, c benchCase, m *measurement) error {
	req := query.Request{File: source.NewFile(c.name, c.query), Now: end}
	if c.window > 0 {
		req.From, req.To = end.Add(-c.window), end
	}
	compiled, err := r.engine.Compile(ctx, req)
	if err != nil {
		return err
	}
	m.compiled = compiled.Statement
	m.Compile = math.Inf(1)
	for range r.rounds {
		start := time.Now()
		if _, err := r.engine.Compile(ctx, req); err != nil {
			return err
		}
		m.Compile = min(m.Compile, milliseconds(start))
	}
	hand := dialect.Statement{SQL: c.sql}
	kql, err := r.store.Run(ctx, compiled.Statement, compiled.Columns, 0)
	if err != nil {
		return fmt.Errorf("compiled SQL: %w", err)
	}
	sql, err := r.store.Run(ctx, hand, compiled.Columns, 0)
	if err != nil {
		return fmt.Errorf("hand-written SQL: %w", err)
	}
	m.RowsOut = len(kql.Rows)
	if err := equal(kql, sql, c.sets); err != nil {
		return err
	}
	if r.once {
		return nil
	}
	m.KQL, m.SQL = math.Inf(1), math.Inf(1)
	// Short cases are run more often: their best times settle later.
	for round, start := 0, time.Now(); round < r.rounds || round < 20*r.rounds && time.Since(start) < time.Second; round++ {
		for _, side := range []struct {
			st   dialect.Statement
			best *float64
		}{{compiled.Statement, &m.KQL}, {hand, &m.SQL}} {
			start := time.Now()
			if _, err := r.store.Run(ctx, side.st, compiled.Columns, 0); err != nil {
				return err
			}
			*side.best = min(*side.best, milliseconds(start))
		}
	}
	m.Ratio = m.KQL / m.SQL
	return nil
}

// explain prints the engine's profile of each statement, an operator a line.
func (r *runner) explain(ctx context.Context, out io.Writer, statements ...dialect.Statement) error {
	columns := types.Schema{{Name: "key", Type: types.String}, {Name: "value", Type: types.String}}
	for _, st := range statements {
		st.SQL = "EXPLAIN (ANALYZE, FORMAT JSON) " + st.SQL
		t, err := r.store.Run(ctx, st, columns, 0)
		if err != nil {
			return err
		}
		for _, row := range t.Rows {
			var p profile
			if err := json.Unmarshal([]byte(row[1].Text()), &p); err != nil {
				return fmt.Errorf("read the profile: %w", err)
			}
			p.print(out, 0)
		}
	}
	return nil
}

// profile is an operator in the engine's own report.
type profile struct {
	Name     string         `json:"operator_name"`
	Seconds  float64        `json:"operator_timing"`
	Rows     int64          `json:"operator_cardinality"`
	Extra    map[string]any `json:"extra_info"`
	Children []profile      `json:"children"`
}

func (p profile) print(out io.Writer, depth int) {
	info := fmt.Sprint(p.Extra)
	if len(info) > 300 {
		info = info[:300] + "…"
	}
	fmt.Fprintf(out, "%7.1f ms %9d %s%s %s\n", p.Seconds*1000, p.Rows, strings.Repeat("  ", depth), p.Name, info)
	for _, c := range p.Children {
		c.print(out, depth+1)
	}
}

func milliseconds(since time.Time) float64 { return float64(time.Since(since).Microseconds()) / 1000 }

// equal compares two results without regard to the order of rows; with sets, also of the elements of arrays.
// Reals are equal if nine digits are: the two sides may add them in different orders.
func equal(a, b types.Table, sets bool) error {
	if len(a.Rows) != len(b.Rows) {
		return fmt.Errorf("KQL gives %d rows and SQL %d", len(a.Rows), len(b.Rows))
	}
	if len(a.Rows) == 0 {
		return errNoRows
	}
	sums := [2]uint64{}
	var texts [2][]string
	for i, t := range []types.Table{a, b} {
		for _, row := range t.Rows {
			text := rowText(row, sets)
			h := fnv.New64a()
			h.Write([]byte(text))
			sums[i] += h.Sum64()
			texts[i] = append(texts[i], text)
		}
	}
	if sums[0] == sums[1] {
		return nil
	}
	for i := range texts {
		slices.Sort(texts[i])
	}
	for i := range texts[0] {
		if texts[0][i] != texts[1][i] {
			return fmt.Errorf("KQL and SQL differ; the first rows that do:\n  %s\n  %s", texts[0][i], texts[1][i])
		}
	}
	return nil
}

func rowText(row []types.Value, sets bool) string {
	var b strings.Builder
	for _, v := range row {
		switch {
		case v.IsNull():
			b.WriteString("null")
		case v.Type() == types.Real:
			b.WriteString(strconv.FormatFloat(v.Float64(), 'g', 9, 64))
		case v.Type() == types.Dynamic && sets:
			b.WriteString(sorted(v))
		default:
			b.WriteString(v.ToText())
		}
		b.WriteByte('|')
	}
	return b.String()
}

func sorted(v types.Value) string {
	n := types.JSONOf(v)
	if n.Kind == types.JSONArray {
		slices.SortFunc(n.Items, func(x, y types.JSON) int { return cmp.Compare(x.String(), y.String()) })
	}
	return n.String()
}
