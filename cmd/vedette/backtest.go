package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/session"
	"github.com/vedette-siem/vedette/internal/types"
)

func (a *app) backtestCommand() *cobra.Command {
	var f dataFlags
	var out outputFlag
	var from, to string
	var sets []string
	cmd := &cobra.Command{
		Use:   "backtest RULE... --data DIR --from TIME --to TIME",
		Short: "Replay rules over a span of time, with the windows their schedule has",
		Long: `backtest runs each rule at every time its schedule has between --from and --to: every run sees just the window it
would have seen, and a rule that suppresses itself after an alert is left out as long as it would have been. It
shows how many runs would have raised alerts. --set tries several values for a let statement of the rule:
riskScoreCutoff=10,20,40 gives a line for each.

` + exitCodes + `
An alert is something found.`,
		Example: `  vedette backtest MFARejectedbyUser.yaml --data exports/ --from 2026-11-01 --to 2026-11-20
  vedette backtest MFARejectedbyUser.yaml --data exports/ --from 2026-11-19 --to 2026-11-20 --set riskScoreCutoff=10,20,40`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.backtest(cmd.Context(), &f, &out, args, from, to, sets)
		},
	}
	f.add(cmd)
	out.add(cmd, "table", "json")
	cmd.Flags().StringVar(&from, "from", "", "first time the rules run, RFC 3339 or a KQL datetime")
	cmd.Flags().StringVar(&to, "to", "", "last time the rules may run")
	cmd.Flags().StringArrayVar(&sets, "set", nil, "NAME=VALUE[,VALUE...]: values for a let statement; may be given again")
	for _, name := range []string{"data", "from", "to"} {
		cobra.CheckErr(cmd.MarkFlagRequired(name))
	}
	return cmd
}

// setting is one combination of --set values.
type setting struct {
	text   string
	values map[string]types.Value
}

// settings are all combinations of the values given; one empty setting where none is.
func settings(list []string) ([]setting, error) {
	out := []setting{{values: map[string]types.Value{}}}
	for _, s := range list {
		name, values, ok := strings.Cut(s, "=")
		if !ok || name == "" || values == "" {
			return nil, fmt.Errorf("--set %s: expected NAME=VALUE[,VALUE...]", s)
		}
		var next []setting
		for _, v := range strings.Split(values, ",") {
			for _, have := range out {
				c := setting{strings.TrimSpace(have.text + " " + name + "=" + v), map[string]types.Value{name: settingValue(v)}}
				for k, old := range have.values {
					c.values[k] = old
				}
				next = append(next, c)
			}
		}
		out = next
	}
	return out, nil
}

// settingValue reads a value as KQL would read the word: a number, a timespan such as 1h, true or false, else
// a text.
func settingValue(text string) types.Value {
	if n, ok := types.ParseLong(text); ok {
		return types.LongOf(n)
	}
	if f, ok := types.ParseReal(text); ok {
		return types.RealOf(f)
	}
	if strings.EqualFold(text, "true") || strings.EqualFold(text, "false") {
		return types.BoolOf(strings.EqualFold(text, "true"))
	}
	if t, ok := types.ParseTimespan(text); ok {
		return types.TimespanOf(t)
	}
	return types.StringOf(text)
}

// replayed is one line of the result.
type replayed struct {
	Rule       string      `json:"rule"`
	ID         string      `json:"id"`
	Set        string      `json:"set,omitempty"`
	Windows    int         `json:"windows"`
	Suppressed int         `json:"suppressed"`
	Fired      int         `json:"fired"`
	Rows       int         `json:"rows"`
	Alerts     []alertJSON `json:"alerts"`
	Error      string      `json:"error,omitempty"`
}

func (a *app) backtest(ctx context.Context, f *dataFlags, out *outputFlag, paths []string, from, to string, sets []string) error {
	first, err := parseTime(from)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	last, err := parseTime(to)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	if last.Before(first) {
		return fmt.Errorf("--to %s lies before --from %s", to, from)
	}
	combos, err := settings(sets)
	if err != nil {
		return err
	}
	rules, err := session.ReadRules(paths)
	if err != nil {
		return err
	}
	s, err := a.open(ctx, f)
	if err != nil {
		return err
	}
	var all []replayed
	broken := 0
	p := a.progress()
	for _, r := range rules {
		if r.Faults.HasErrors() || r.Rule == nil {
			all = append(all, replayed{Rule: r.Faults.File.Name, Error: onlyErrors(&r.Faults).Error()})
			broken++
			continue
		}
		for _, c := range combos {
			line := a.replay(ctx, s, f, r.Rule, first, last, c, p)
			if line.Error != "" {
				broken++
			}
			all = append(all, line)
		}
		if ctx.Err() != nil {
			p.done()
			return ctx.Err()
		}
	}
	p.done()
	if out.value == "json" {
		err = a.writeDocument(all)
	} else {
		a.writeReplay(all)
	}
	switch {
	case err != nil:
		return err
	case broken > 0:
		return fmt.Errorf("%s could not be replayed", plural(int64(broken), "rule"))
	}
	for _, l := range all {
		if l.Fired > 0 {
			return errFound
		}
	}
	return nil
}

func (a *app) replay(ctx context.Context, s *session.Session, f *dataFlags, r *rule.Rule, first, last time.Time, c setting, p *progress) replayed {
	line := replayed{Rule: r.Name, ID: r.ID, Set: c.text, Alerts: []alertJSON{}}
	bt, err := s.Backtest(ctx, r, first, last, c.values, f.limits(), func(run *session.Run) {
		p.show("%s %s: %s", r.Name, c.text, run.Window.To.Format(time.RFC3339))
		for _, al := range run.Alerts {
			j, err := alertOf(al, run)
			if err != nil {
				line.Error = err.Error()
				return
			}
			line.Alerts = append(line.Alerts, j)
		}
	})
	line.Windows, line.Suppressed, line.Fired, line.Rows = bt.Windows, bt.Suppressed, bt.Fired, bt.Rows
	if err != nil {
		line.Error = err.Error()
	}
	return line
}

// writeReplay shows the lines as a table, and the times at which each rule fired.
func (a *app) writeReplay(all []replayed) {
	st := a.term.style
	t := types.Table{Schema: types.Schema{{Name: "rule", Type: types.String}, {Name: "set", Type: types.String}, {Name: "windows", Type: types.Long},
		{Name: "suppressed", Type: types.Long}, {Name: "fired", Type: types.Long}, {Name: "rows", Type: types.Long}, {Name: "alerts", Type: types.Long}}}
	for _, l := range all {
		if l.Error != "" {
			fmt.Fprintf(a.out, "%s %s\n%s\n", st.red("broken"), printable(l.Rule), indent(printable(l.Error), "       "))
			continue
		}
		t.Rows = append(t.Rows, []types.Value{types.StringOf(l.Rule), types.StringOf(l.Set), types.LongOf(int64(l.Windows)), types.LongOf(int64(l.Suppressed)),
			types.LongOf(int64(l.Fired)), types.LongOf(int64(l.Rows)), types.LongOf(int64(len(l.Alerts)))})
	}
	if len(t.Rows) > 0 {
		writeText(a.out, t, a.term.width, st)
	}
}
