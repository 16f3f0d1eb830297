package query_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/vedette-siem/vedette/internal/catalog"
)

// TestNativesSideBySide: statements with operators in Go run at the same time, each with its own.
func TestNativesSideBySide(t *testing.T) {
	eng := newEngine(t, catalog.Builtin())
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for round := range 20 {
				n := worker*100 + round
				res, err := eng.Run(context.Background(), request(fmt.Sprintf(
					`range x from 1 to 3 step 1 | sort by x asc | scan declare (sum: long = %d) with (step s: true => sum = s.sum + x + %d;) | summarize max(sum)`, n, n)))
				if err != nil {
					t.Error(err)
					return
				}
				if got, want := res.Rows[0][0].Int64(), int64(6+4*n); got != want {
					t.Errorf("scan %d gave %d, not %d", n, got, want)
					return
				}
			}
		})
	}
	all.Wait()
}

// TestCompileCancelled: compiling ends with its context.
func TestCompileCancelled(t *testing.T) {
	eng := newEngine(t, catalog.Builtin())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := eng.Compile(ctx, request("SigninLogs | where UserPrincipalName has 'a' | count")); !errors.Is(err, context.Canceled) {
		t.Errorf("compiling within a context that has ended gave %v", err)
	}
	if _, err := eng.Compile(ctx, request("SigninLogs | where NoSuchColumn == 1")); !errors.Is(err, context.Canceled) {
		t.Errorf("compiling a faulty query within a context that has ended gave %v", err)
	}
}
