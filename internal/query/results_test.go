package query_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/store"
)

const several = `print a = 1 | as First; range x from 1 to 3 step 1 | fork Some = (where x > 1) (count); let y = 2; y`

// TestResults: a query gives its results in order, named or not; one is expected where Single says so.
func TestResults(t *testing.T) {
	eng := newEngine(t, catalog.Builtin())
	ctx := context.Background()
	req := query.Request{File: source.NewFile("q.kql", several), Now: evaluated}
	res, err := eng.Run(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range res.Outputs() {
		got = append(got, fmt.Sprintf("%s%s %d", o.Name, o.Schema, len(o.Rows)))
	}
	if want := "First(a:long) 1; Some(x:long) 2; (Count:long) 1; (:long) 1"; strings.Join(got, "; ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "; "), want)
	}
	if res.Name != "First" || len(res.More) != 3 || len(res.Rows) != 1 || res.Compiled.Columns.String() != "(a:long)" {
		t.Errorf("the first result is %q with %d rows and %s, behind it %d", res.Name, len(res.Rows), res.Compiled.Columns, len(res.More))
	}

	req.Check = true
	c, err := eng.Compile(ctx, req)
	if err != nil || len(c.Bound.Outputs) != 4 || !c.Bound.Outputs[3].Scalar || c.Bound.Outputs[1].Name != "Some" {
		t.Errorf("compiled: %v, %+v", err, c)
	}
	req.Single = true
	var ds *source.Diagnostics
	if _, err := eng.Compile(ctx, req); !errors.As(err, &ds) || ds.List[0].Code != "VQ020" || !strings.Contains(err.Error(), "4 results") {
		t.Errorf("with Single: %v", err)
	}
	req.File = source.NewFile("q.kql", "let f = (T:(x:long)) { T | count }; range x from 1 to 3 step 1 | fork (where x > 1 | count)")
	if _, err := eng.Compile(ctx, req); err != nil {
		t.Errorf("one result with Single: %v", err)
	}

	limited := query.Request{File: source.NewFile("q.kql", several), Now: evaluated, MaxRows: 2}
	if res, err = eng.Run(ctx, limited); !errors.Is(err, store.ErrRows) || res == nil || len(res.Outputs()) != 4 {
		t.Errorf("beyond the limit: %v, %+v", err, res)
	}
	explained, err := eng.Explain(ctx, query.Request{File: source.NewFile("q.kql", several), Now: evaluated})
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int64{}
	for _, s := range explained.Steps {
		rows[s.Text] = s.Rows
	}
	if rows["where x > 1"] != 2 || rows["range x from 1 to 3 step 1"] != 3 || rows["count"] != 1 {
		t.Errorf("steps: %v", rows)
	}
}
