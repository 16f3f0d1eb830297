// Command vedette runs Microsoft Sentinel analytics content on this machine: it compiles KQL queries, rules and
// parsers and evaluates them over folders of events.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/vedette-siem/vedette/internal/source"
)

// The exit codes of every command.
const (
	exitOK    = 0 // done, and nothing to report
	exitFound = 1 // done, and something was found: an alert, a failed test, an error in a file
	exitInput = 2 // not done: wrong usage, input that cannot be used, a limit that was reached
)

const exitCodes = `Exit codes: 0 done, nothing found; 1 something found (an alert, a failed test, an error in a file);
2 not done (wrong usage, input that cannot be used, a limit that was reached).`

func main() { os.Exit(mainCode()) }

func mainCode() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	app := newApp(os.Stdin, os.Stdout, os.Stderr)
	return app.run(ctx, os.Args[1:])
}

// app is what the commands share: where they read and write, and how.
type app struct {
	in       *os.File
	out, err io.Writer
	term     terminal
}

func newApp(in, out, errOut *os.File) *app {
	return &app{in: in, out: out, err: errOut, term: newTerminal(in, out, errOut, os.Getenv)}
}

// errFound ends a command that found something: exit code 1, and nothing more to say.
var errFound = errors.New("something was found")

func (a *app) run(ctx context.Context, args []string) int {
	root := a.command()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFound):
		return exitFound
	}
	var ds *source.Diagnostics
	switch {
	case errors.As(err, &ds):
		fmt.Fprintln(a.err, renderAll(a.term.errStyle, ds))
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		fmt.Fprintln(a.err, "vedette: interrupted")
	default:
		fmt.Fprintf(a.err, "%s %v\n", a.term.errStyle.red("vedette:"), err)
	}
	return exitInput
}

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "vedette",
		Short: "Run Microsoft Sentinel rules and KQL on your own logs",
		Long: "vedette compiles KQL and Microsoft Sentinel content (analytics rules, hunting queries, parsers) and runs it\n" +
			"over folders of events on this machine, with no cloud account.\n\n" + exitCodes,
		Example: `  vedette demo                                       a made-up tenant under attack, and the rule that finds it
  vedette lint Detections/                           compile every rule, parser and query below a folder
  vedette run Detections/ --data exports/            evaluate rules over exported logs
  vedette query 'SigninLogs | count' --data exports/ ask something
  vedette test Detections/                           run the tests that stand beside the rules`,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unknown command '%s'; 'vedette --help' lists the commands", args[0])
			}
			return cmd.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see 'vedette %s --help'", err, cmd.Name())
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(a.backtestCommand(), a.backupCommand(), a.configCommand(), a.demoCommand(), a.explainCommand(), a.lintCommand(), a.queryCommand(), a.restoreCommand(), a.runCommand(), a.serveCommand(), a.statusCommand(), a.testCommand(), a.tokenCommand(), a.versionCommand())
	return root
}
