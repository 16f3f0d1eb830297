package dcr

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/exec"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// sourceName is what a transformation calls the rows of its stream.
const sourceName = "source"

// rowOperators are the operators that a transformation may use: each turns a row into one row or none.
// https://learn.microsoft.com/azure/azure-monitor/data-collection/data-collection-transformations-kql
var rowOperators = []string{"extend", "parse", "print", "project", "project-away", "project-rename", "where"}

// transform is a compiled transformation.
type transform struct {
	columns types.Schema // of the result

	file   *source.File
	engine *query.Engine
	input  *catalog.Table
	timed  bool // the result depends on the evaluation time, so that it is bound anew for every batch
	plan   *plan
	pool   sync.Pool // of *instance, unless timed
}

// compileTransform compiles the KQL of file over the rows of input. nil without a fault means that rows stay as they are.
func compileTransform(file *source.File, input *catalog.Table) (*transform, source.Diagnostics) {
	diags := source.Diagnostics{File: file}
	q, list := syntax.Parse(file)
	diags.List = list
	if diags.HasErrors() {
		return nil, diags
	}
	t := &transform{file: file, input: input, timed: usesTime(q)}
	refuse(&diags, q)
	if diags.HasErrors() {
		return nil, diags
	}
	cat := catalog.New()
	if err := cat.AddTable(catalog.Table{Name: sourceName, Columns: input.Columns}); err != nil {
		diags.Add(source.Diagnostic{Code: "VD020", Severity: source.Error, Msg: err.Error()})
		return nil, diags
	}
	t.engine = query.New(cat, nil)
	p, warnings, err := t.bind(0)
	if err != nil {
		if d, ok := err.(*source.Diagnostics); ok { //nolint:errorlint // as Engine.Compile documents
			return nil, *d
		}
		diags.Add(source.Diagnostic{Code: "VD021", Severity: source.Error, Span: source.Span{End: len(file.Text)}, Msg: err.Error()})
		return nil, diags
	}
	diags.List = warnings.List
	if p.identity() {
		return nil, diags
	}
	t.plan, t.columns = p, p.columns
	t.pool.Put(p.first)
	return t, diags
}

// refuse reports what a transformation must not contain.
func refuse(diags *source.Diagnostics, q *syntax.Query) {
	fault := func(n syntax.Node, code, msg, hint string) {
		diags.Add(source.Diagnostic{Code: code, Severity: source.Error, Span: n.Span(), Msg: msg, Hint: hint})
	}
	for _, s := range q.Stmts {
		switch s.(type) {
		case *syntax.LetStmt, *syntax.ExprStmt:
		default:
			fault(s, "VD022", "a transformation consists of let statements and one pipe", "")
		}
	}
	syntax.Walk(q, func(n syntax.Node) bool {
		switch n := n.(type) {
		case syntax.Op:
			if !slices.Contains(rowOperators, n.Word()) {
				word := n.Word()
				if info := syntax.LookupOperator(word); info != nil {
					word = info.Word
				}
				if !slices.Contains(rowOperators, word) {
					fault(n, "VD023", "the operator "+word+" cannot be used in a transformation, which looks at one record at a time",
						"operators of transformations: "+strings.Join(rowOperators, ", "))
				}
			}
		case *syntax.CallExpr:
			switch name := n.Name.Name; name {
			case "geo_location", "parse_cef_dictionary":
				fault(n, "VD024", "the function "+name+" of Azure's transformations is not supported", "")
			case "toscalar", "totable", "materialize", "ingestion_time":
				fault(n, "VD024", "the function "+name+" cannot be used in a transformation, which looks at one record at a time", "")
			}
		case *syntax.DataTableExpr, *syntax.ContextualDataTableExpr, *syntax.ExternalDataExpr:
			fault(n, "VD025", "a transformation reads the rows of its stream only: "+sourceName, "")
			return false
		}
		return true
	})
}

// usesTime tells whether a query calls a function whose result is another at another time.
func usesTime(q *syntax.Query) bool {
	found := false
	syntax.Walk(q, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.CallExpr); ok && (c.Name.Name == "now" || c.Name.Name == "ago") {
			found = true
		}
		return true
	})
	return found
}

// plan is a bound transformation: stages one after the other over a row.
type plan struct {
	columns types.Schema
	order   []rel.ColID // of columns
	read    []int       // which columns of the input the scan puts out
	stages  []rel.Node  // *rel.Filter and *rel.Project, from the scan upwards
	base    []rel.Col
	first   *instance
}

// bind compiles the query at an evaluation time, in ticks.
func (t *transform) bind(now int64) (*plan, source.Diagnostics, error) {
	c, err := t.engine.Compile(context.Background(), query.Request{File: t.file, Now: types.TimeOf(now), Check: true})
	if err != nil {
		return nil, source.Diagnostics{}, err
	}
	p := &plan{columns: c.Columns}
	for _, col := range c.Bound.Columns {
		p.order = append(p.order, col.ID)
	}
	n := c.Plan
	for n != nil {
		switch x := n.(type) {
		case *rel.Filter:
			p.stages = append(p.stages, x)
			n = x.In
			continue
		case *rel.Project:
			p.stages = append(p.stages, x)
			n = x.In
			continue
		case *rel.Scan:
			p.base = x.Out
			stored := (&catalog.Table{Name: sourceName, Columns: t.input.Columns}).StoredNames()
			for _, s := range x.Source {
				i := slices.Index(stored, s)
				if i < 0 {
					return nil, source.Diagnostics{}, fmt.Errorf("the stream has no column %s", s)
				}
				p.read = append(p.read, i)
			}
		case *rel.Values:
			if len(x.Rows) != 1 || len(x.Out) > 0 {
				return nil, source.Diagnostics{}, fmt.Errorf("a transformation gives one row or none for each record, and this one gives %d", len(x.Rows))
			}
		default:
			return nil, source.Diagnostics{}, fmt.Errorf("a transformation looks at one record at a time, and this one cannot be computed so")
		}
		n = nil
	}
	slices.Reverse(p.stages)
	p.first, err = p.instance()
	return p, c.Warnings, err
}

// identity tells whether rows come out as they go in.
func (p *plan) identity() bool {
	if len(p.stages) > 0 || len(p.order) != len(p.base) {
		return false
	}
	for i, c := range p.base {
		if p.order[i] != c.ID || p.read[i] != i {
			return false
		}
	}
	return true
}

// instance is a plan ready to be computed, by one goroutine at a time.
type instance struct {
	read   []int
	stages []stage
	order  []int
	base   []types.Value
	result []types.Value
}

// stage is a filter, or computes the values of the next stage's row.
type stage struct {
	filter *exec.Program
	items  []*exec.Program
	copies []int // where an item is just a column of the row before; else -1
	out    []types.Value
}

func (p *plan) instance() (*instance, error) {
	in := &instance{read: p.read, base: make([]types.Value, len(p.base)), result: make([]types.Value, len(p.order))}
	cols := p.base
	slots := exec.Slots(cols)
	for _, n := range p.stages {
		var s stage
		var err error
		switch n := n.(type) {
		case *rel.Filter:
			if s.filter, err = exec.Compile(n.Pred, slots); err != nil {
				return nil, err
			}
		case *rel.Project:
			s.out, s.copies = make([]types.Value, len(n.Items)), make([]int, len(n.Items))
			s.items = make([]*exec.Program, len(n.Items))
			for i, it := range n.Items {
				s.copies[i] = -1
				if c, ok := it.Expr.(*rel.ColRef); ok {
					if at, ok := slots[c.ID]; ok {
						s.copies[i] = at
						continue
					}
				}
				if s.items[i], err = exec.Compile(it.Expr, slots); err != nil {
					return nil, err
				}
			}
			cols = n.Cols()
			slots = exec.Slots(cols)
		}
		in.stages = append(in.stages, s)
	}
	for _, id := range p.order {
		at, ok := slots[id]
		if !ok {
			return nil, fmt.Errorf("the column %d of the result is not computed", id)
		}
		in.order = append(in.order, at)
	}
	return in, nil
}

// get returns an instance for rows that were received at a time.
func (t *transform) get(received int64) (*instance, error) {
	if t.timed {
		p, _, err := t.bind(received)
		if err != nil {
			return nil, fmt.Errorf("transformation: %w", err)
		}
		return p.first, nil
	}
	if in, ok := t.pool.Get().(*instance); ok {
		return in, nil
	}
	return t.plan.instance()
}

func (t *transform) put(in *instance) {
	if !t.timed {
		t.pool.Put(in)
	}
}

// row computes one row; keep is false where it is dropped. The result is valid until the next call.
func (in *instance) row(row []types.Value) (out []types.Value, keep bool, err error) {
	cur := in.base
	for i, c := range in.read {
		cur[i] = row[c]
	}
	for i := range in.stages {
		s := &in.stages[i]
		if s.filter != nil {
			if keep, err = s.filter.True(cur); err != nil || !keep {
				return nil, false, err
			}
			continue
		}
		for j, at := range s.copies {
			if at >= 0 {
				s.out[j] = cur[at]
			} else if s.out[j], err = s.items[j].Eval(cur); err != nil {
				return nil, false, err
			}
		}
		cur = s.out
	}
	for i, at := range in.order {
		in.result[i] = cur[at]
	}
	return in.result, true, nil
}
