// Command vedette runs Microsoft Sentinel analytics content on this machine.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
)

func main() {
	ctx := context.Background()
	st, err := duckdb.Open(ctx, duckdb.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	cat := catalog.Builtin()
	if f := os.Getenv("VEDETTE_FUNCTIONS"); f != "" {
		fns, _, err := catalog.LoadFunctions(f)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		for _, fn := range fns {
			if err := cat.AddFunction(fn); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}
	}
	eng := query.New(cat, st)
	eng.EmptyExternal = true
	if err := batch(ctx, eng, time.Now(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
