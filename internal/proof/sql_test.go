package proof_test

import (
	"testing"

	"github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/rel"
)

func sql(t testing.TB, plan rel.Node) string {
	t.Helper()
	st, err := duckdb.Write(plan, plan.Cols(), nil, duckdb.Options{Exact: true})
	if err != nil {
		t.Fatal(err)
	}
	return st.SQL
}
