package conformance

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
	"github.com/vedette-siem/vedette/internal/types"
)

// update rewrites testdata/baseline.json.
var update = flag.Bool("update", false, "rewrite testdata/baseline.json")

// evalTime is the evaluation time of every query here.
var evalTime = time.Date(2024, 5, 17, 12, 34, 56, 0, time.UTC)

// store opens the one engine of this package's tests.
var openStore = sync.OnceValues(func() (*duckdb.Engine, error) {
	return duckdb.Open(context.Background(), duckdb.Options{Threads: 1})
})

func store(t testing.TB) *duckdb.Engine {
	t.Helper()
	st, err := openStore()
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// emptyWorkspace is an engine that knows no table.
func emptyWorkspace(t testing.TB) *query.Engine {
	t.Helper()
	return query.New(catalog.New(), store(t))
}

// run runs a query with a bound on its time.
func run(e *query.Engine, text string) (types.Table, error) {
	res, err := e.Run(context.Background(), query.Request{File: source.NewFile("", text), Now: evalTime, Timeout: 20 * time.Second})
	if err != nil {
		return types.Table{}, err
	}
	return res.Table, nil
}

// code is the code of the first error in a query, or "" for a fault of another kind.
func code(err error) string {
	var ds *source.Diagnostics
	if errors.As(err, &ds) {
		for _, d := range ds.List {
			if d.Severity == source.Error {
				return d.Code
			}
		}
	}
	return ""
}

// internal tells whether a fault is one of ours: neither a diagnostic nor a refusal at run time.
func internal(err error) bool {
	if err == nil || code(err) != "" || errors.Is(err, query.ErrTimeout) {
		return false
	}
	for _, s := range []string{"internal error", "write SQL", "Binder Error", "Parser Error", "Catalog Error", "INTERNAL", "the engine gave", "Conversion Error"} {
		if strings.Contains(err.Error(), s) {
			return true
		}
	}
	return false
}

// literal writes a value as KQL.
func literal(v types.Value) string {
	t := v.Type()
	if v.IsNull() {
		return t.String() + "(null)"
	}
	switch t {
	case types.String:
		return kqlString(v.Text())
	case types.Bool:
		return strconv.FormatBool(v.Bool())
	case types.Real:
		switch f := v.Float64(); {
		case math.IsNaN(f):
			return "real(nan)"
		case math.IsInf(f, 1):
			return "real(+inf)"
		case math.IsInf(f, -1):
			return "real(-inf)"
		default:
			return "real(" + strconv.FormatFloat(f, 'g', -1, 64) + ")"
		}
	case types.Dynamic:
		// Not every JSON text can be written inside dynamic(): a control character cannot.
		return "parse_json(" + kqlString(v.Text()) + ")"
	case types.Timespan:
		return "timespan(" + v.ToText() + ")"
	case types.Datetime:
		return "datetime(" + v.ToText() + ")"
	case types.Long:
		return "long(" + v.ToText() + ")"
	case types.Int:
		return "int(" + v.ToText() + ")"
	}
	return t.String() + "(" + v.Text() + ")"
}

func kqlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// show is a value as failures print it.
func show(v types.Value) string {
	if v.Type() == types.Dynamic && !v.IsNull() {
		return "dynamic(" + v.Text() + ")"
	}
	return literal(v)
}

// equal compares two values of one type: reals to 12 digits, since engines add in another order; dynamic
// values by what they hold.
func equal(a, b types.Value) bool {
	if a.Type() != b.Type() || a.IsNull() != b.IsNull() {
		return false
	}
	if a.IsNull() {
		return true
	}
	switch a.Type() {
	case types.Real:
		return equalReal(a.Float64(), b.Float64())
	case types.Bool, types.Int, types.Long, types.Datetime, types.Timespan:
		return a.Int64() == b.Int64()
	case types.Dynamic:
		if a.Text() == b.Text() {
			return true
		}
		x, err := types.ParseJSON(a.Text())
		y, err2 := types.ParseJSON(b.Text())
		return err == nil && err2 == nil && equalJSON(x, y)
	}
	return a.Text() == b.Text()
}

const realTolerance = 1e-12

func equalReal(x, y float64) bool {
	switch {
	case math.IsNaN(x) || math.IsNaN(y):
		return math.IsNaN(x) && math.IsNaN(y)
	case math.IsInf(x, 0) || math.IsInf(y, 0):
		return x == y
	}
	return math.Abs(x-y) <= realTolerance*math.Max(1, math.Max(math.Abs(x), math.Abs(y)))
}

// equalJSON compares dynamic values; keys in any order, 1 and 1.0 differ.
func equalJSON(a, b types.JSON) bool {
	if a.Kind != b.Kind || len(a.Items) != len(b.Items) {
		return false
	}
	switch a.Kind {
	case types.JSONBool:
		return a.Bool == b.Bool
	case types.JSONLong:
		return a.Long == b.Long
	case types.JSONReal:
		return equalReal(a.Real, b.Real)
	case types.JSONString:
		return a.Str == b.Str
	case types.JSONArray:
		for i := range a.Items {
			if !equalJSON(a.Items[i], b.Items[i]) {
				return false
			}
		}
	case types.JSONObject:
		for i, k := range a.Keys {
			other, ok := b.Get(k)
			if !ok || !equalJSON(a.Items[i], other) {
				return false
			}
		}
	}
	return true
}
