package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is the release that is being worked on; the linker may set another.
var version = "0.1.0-dev"

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Tell the version of vedette and of the engine in it",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			revision, engine := "", ""
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						revision = " (" + s.Value[:min(12, len(s.Value))] + ")"
					}
				}
				for _, d := range info.Deps {
					if d.Path == "github.com/duckdb/duckdb-go/v2" {
						engine = "DuckDB through " + d.Path + " " + d.Version
					}
				}
			}
			_, err := fmt.Fprintf(a.out, "vedette %s%s\n%s %s/%s\n", version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			if err == nil && engine != "" {
				_, err = fmt.Fprintln(a.out, engine)
			}
			return err
		},
	}
}
