// Package rel is the relational plan: what a query computes, with no KQL syntax left and no SQL yet.
//
// A plan is a tree of a dozen node kinds (Scan, Values, Filter, Project, Aggregate, Join, Limit, Union,
// Unnest, Window, Apply, Share and Ref). Every column has a number (ColID) that is unique in the
// plan, so expressions refer to columns without names or scopes; names are for people and for the result.
// The binder builds plans, package rewrite changes them, package dialect writes them as SQL.
//
// The package imports types and funcs and nothing else of the project.
package rel

import (
	"context"

	"github.com/vedette-siem/vedette/internal/types"
)

// ColID numbers a column within a plan; 0 is none.
type ColID int32

// Col is a column that a node puts out.
type Col struct {
	ID   ColID
	Name string
	Type types.Type
}

// Node is a relational operator. The set is closed.
type Node interface {
	// Cols are the columns the node puts out, in order.
	Cols() []Col
	// Inputs are the nodes it reads.
	Inputs() []Node
	rel()
}

// Scan reads a stored table. From and To bound its time column, half open, in ticks; Bounded tells whether
// they apply. Source[i] is the stored name of Out[i].
type Scan struct {
	Table    string
	Out      []Col
	Source   []string
	Bounded  bool
	TimeCol  string
	From, To int64
}

// Values are rows given in the query.
type Values struct {
	Out  []Col
	Rows [][]types.Value
}

// Sequence gives the numbers From, From+Step … up to To; of one type, which may be datetime or timespan.
type Sequence struct {
	Out            Col
	From, To, Step Expr
}

// Filter keeps the rows for which Pred is true.
type Filter struct {
	In   Node
	Pred Expr
}

// Item is a column computed by an expression.
type Item struct {
	Col  Col
	Expr Expr
}

// Project computes columns; a column of the input that is not named is dropped.
type Project struct {
	In    Node
	Items []Item
}

// Aggregate groups by Keys and computes Aggs; without keys it gives one row even for no input, and without
// aggs the distinct keys.
type Aggregate struct {
	In   Node
	Keys []Item
	Aggs []AggItem
	// Order is the order of the input's rows that order-sensitive aggregates follow; may be empty.
	Order []Key
}

// AggItem is one aggregate. Row aggregates (arg_max, take_any of several columns) put out one column for
// each of Outs, all from one row; others just Outs[0].
type AggItem struct {
	Call *Call
	Outs []Col
}

// DistinctOn keeps one row for each combination of On, the first in the order of Order.
type DistinctOn struct {
	In    Node
	On    []Expr
	Order []Key
}

// JoinKind is a flavour of Join.
type JoinKind uint8

// The flavours. Semi and Anti put out the left columns only.
const (
	Inner JoinKind = iota + 1
	LeftOuter
	RightOuter
	FullOuter
	LeftSemi
	LeftAnti
	Cross
)

func (k JoinKind) String() string {
	return [...]string{"unknown", "inner", "leftouter", "rightouter", "fullouter", "leftsemi", "leftanti", "cross"}[k]
}

// Join combines two inputs on equal keys. Nulls are equal to nulls, as in Kusto. Where a side may be absent
// in the result its columns come out as null, strings as "": they carry new ids (LeftOut, RightOut), one
// for each column of that side.
type Join struct {
	Kind        JoinKind
	Left, Right Node
	On          []EqKey
	LeftOut     []Col // nil unless the left side may be absent
	RightOut    []Col // nil unless the right side may be absent
}

// EqKey is one pair of keys, of one type.
type EqKey struct{ Left, Right Expr }

// Key is one key of an order.
type Key struct {
	Col       Col
	Desc      bool
	NullsLast bool
}

// Limit keeps the first Count rows, in the order of Order if there is one.
type Limit struct {
	In    Node
	Count Expr
	Order []Key
}

// Union gives the rows of all inputs. Every input puts out as many columns as Out, in that order and type.
type Union struct {
	Ins []Node
	Out []Col
}

// Unnest repeats each row for the elements of dynamic values, which are expanded side by side. Null is one
// element, an empty array has none.
type Unnest struct {
	In    Node
	Items []UnnestItem
	// Index, if its ID is set, is the element's number from 0.
	Index Col
	// Limit bounds the elements per row; 0 is no bound.
	Limit int64
}

// UnnestItem is one value to expand. Bag tells that the members of a property bag come out as bags of one
// member, else as [key, value] arrays.
type UnnestItem struct {
	Expr  Expr
	Out   Col // dynamic
	Array bool
}

// Window adds columns that look at other rows in the order of Order (empty: as the rows come).
type Window struct {
	In    Node
	Items []WindowItem
	Order []Key
}

// WindowItem is one window function: row_number, lag, lead, or an aggregate over the rows so far.
type WindowItem struct {
	Out       Col
	Func      WindowFunc
	Args      []Expr
	Partition []Expr
}

// WindowFunc is what a WindowItem computes.
type WindowFunc uint8

// The window functions: RowNumber counts from 1; Lag and Lead take (value, distance, default); RunningSum
// adds up to the row; RunningCount counts the rows so far for which a bool argument is true; RunningMax is the
// largest value so far.
const (
	RowNumber WindowFunc = iota + 1
	Lag
	Lead
	RunningSum
	RunningCount
	RunningMax
)

// Apply evaluates Right for every row of Left; Right refers to Left's columns. Rows without a match are
// dropped.
type Apply struct {
	Left, Right Node
}

// Share computes In once under an ID; Ref reads it again under new columns.
type Share struct {
	ID int
	In Node
}

// Ref reads a Share's rows; Out[i] stands for the Share's column i.
type Ref struct {
	ID  int
	Out []Col
}

// With makes Shares known to Body.
type With struct {
	Shares []*Share
	Body   Node
}

// Native is an operator that runs in Go over all rows of its input (per partition, in the order given).
type Native struct {
	In    Node
	Op    NativeOp
	Order []Key
	Out   []Col
	// Args are the input columns handed over, in order.
	Args []Col
}

// NativeOp is the Go side of a Native node.
type NativeOp interface {
	// Name is for explain and errors.
	Name() string
	// Run gets the rows (values in the order of Native.Args) and returns rows in the order of Native.Out. It
	// ends soon after ctx does, with ctx's error.
	Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error)
}

// Cols and the like implement Node.
func (n *Scan) Cols() []Col       { return n.Out }
func (n *Values) Cols() []Col     { return n.Out }
func (n *Sequence) Cols() []Col   { return []Col{n.Out} }
func (n *Filter) Cols() []Col     { return n.In.Cols() }
func (n *Project) Cols() []Col    { return itemCols(n.Items) }
func (n *Limit) Cols() []Col      { return n.In.Cols() }
func (n *Union) Cols() []Col      { return n.Out }
func (n *DistinctOn) Cols() []Col { return n.In.Cols() }
func (n *Share) Cols() []Col      { return n.In.Cols() }
func (n *Ref) Cols() []Col        { return n.Out }
func (n *With) Cols() []Col       { return n.Body.Cols() }
func (n *Native) Cols() []Col     { return n.Out }
func (n *Aggregate) Cols() []Col {
	out := itemCols(n.Keys)
	for _, a := range n.Aggs {
		out = append(out, a.Outs...)
	}
	return out
}
func (n *Join) Cols() []Col {
	left, right := n.LeftOut, n.RightOut
	if left == nil {
		left = n.Left.Cols()
	}
	if n.Kind == LeftSemi || n.Kind == LeftAnti {
		return left
	}
	if right == nil {
		right = n.Right.Cols()
	}
	return concat(left, right)
}
func (n *Unnest) Cols() []Col {
	out := concat(n.In.Cols(), nil)
	for _, i := range n.Items {
		out = append(out, i.Out)
	}
	if n.Index.ID != 0 {
		out = append(out, n.Index)
	}
	return out
}
func (n *Window) Cols() []Col {
	out := concat(n.In.Cols(), nil)
	for _, i := range n.Items {
		out = append(out, i.Out)
	}
	return out
}
func (n *Apply) Cols() []Col { return concat(n.Left.Cols(), n.Right.Cols()) }

func concat(a, b []Col) []Col {
	out := make([]Col, 0, len(a)+len(b)+2)
	return append(append(out, a...), b...)
}

func itemCols(items []Item) []Col {
	out := make([]Col, len(items))
	for i, it := range items {
		out[i] = it.Col
	}
	return out
}

func (n *Scan) Inputs() []Node       { return nil }
func (n *Values) Inputs() []Node     { return nil }
func (n *Sequence) Inputs() []Node   { return nil }
func (n *Filter) Inputs() []Node     { return []Node{n.In} }
func (n *Project) Inputs() []Node    { return []Node{n.In} }
func (n *Aggregate) Inputs() []Node  { return []Node{n.In} }
func (n *Join) Inputs() []Node       { return []Node{n.Left, n.Right} }
func (n *Limit) Inputs() []Node      { return []Node{n.In} }
func (n *Union) Inputs() []Node      { return n.Ins }
func (n *DistinctOn) Inputs() []Node { return []Node{n.In} }
func (n *Unnest) Inputs() []Node     { return []Node{n.In} }
func (n *Window) Inputs() []Node     { return []Node{n.In} }
func (n *Apply) Inputs() []Node      { return []Node{n.Left, n.Right} }
func (n *Share) Inputs() []Node      { return []Node{n.In} }
func (n *Ref) Inputs() []Node        { return nil }
func (n *Native) Inputs() []Node     { return []Node{n.In} }
func (n *With) Inputs() []Node {
	var in []Node
	for _, s := range n.Shares {
		in = append(in, s)
	}
	return append(in, n.Body)
}

func (*Scan) rel()       {}
func (*Values) rel()     {}
func (*Sequence) rel()   {}
func (*Filter) rel()     {}
func (*Project) rel()    {}
func (*Aggregate) rel()  {}
func (*Join) rel()       {}
func (*Limit) rel()      {}
func (*Union) rel()      {}
func (*DistinctOn) rel() {}
func (*Unnest) rel()     {}
func (*Window) rel()     {}
func (*Apply) rel()      {}
func (*Share) rel()      {}
func (*Ref) rel()        {}
func (*With) rel()       {}
func (*Native) rel()     {}

// WithInputs returns n over other inputs: each of n's inputs is replaced by visit's result. n itself stays
// as it is; without a change it is returned.
func WithInputs(n Node, visit func(Node) Node) Node {
	one := func(in Node) (Node, bool) {
		out := visit(in)
		return out, out != in
	}
	switch n := n.(type) {
	case *Filter:
		if in, changed := one(n.In); changed {
			c := *n
			c.In = in
			return &c
		}
	case *Project:
		if in, changed := one(n.In); changed {
			c := *n
			c.In = in
			return &c
		}
	case *Aggregate:
		if in, changed := one(n.In); changed {
			c := *n
			c.In = in
			return &c
		}
	case *DistinctOn:
		if in, changed := one(n.In); changed {
			c := *n
			c.In = in
			return &c
		}
	case *Limit:
		if in, changed := one(n.In); changed {
			c := *n
			c.In = in
			return &c
		}
	case *Unnest:
		if in, changed := one(n.In); changed {
			c := *n
			c.In = in
			return &c
		}
	case *Window:
		if in, changed := one(n.In); changed {
			c := *n
			c.In = in
			return &c
		}
	case *Native:
		if in, changed := one(n.In); changed {
			c := *n
			c.In = in
			return &c
		}
	case *Share:
		if in, changed := one(n.In); changed {
			return &Share{ID: n.ID, In: in}
		}
	case *Join:
		l, changedL := one(n.Left)
		r, changedR := one(n.Right)
		if changedL || changedR {
			c := *n
			c.Left, c.Right = l, r
			return &c
		}
	case *Apply:
		l, changedL := one(n.Left)
		r, changedR := one(n.Right)
		if changedL || changedR {
			return &Apply{Left: l, Right: r}
		}
	case *Union:
		c := &Union{Out: n.Out}
		any := false
		for _, in := range n.Ins {
			out, changed := one(in)
			any = any || changed
			c.Ins = append(c.Ins, out)
		}
		if any {
			return c
		}
	case *With:
		c := &With{}
		any := false
		for _, s := range n.Shares {
			out, changed := one(s)
			any = any || changed
			c.Shares = append(c.Shares, out.(*Share))
		}
		body, changed := one(n.Body)
		c.Body = body
		if any || changed {
			return c
		}
	}
	return n
}
