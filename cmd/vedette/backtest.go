package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/sched"
	"github.com/vedette-siem/vedette/internal/session"
)

// backtestFlags are what backtest is told beside the data.
type backtestFlags struct {
	from, to string
	sets     []string
	spread   time.Duration
}

func (a *app) backtestCommand() *cobra.Command {
	var f dataFlags
	var out outputFlag
	var b backtestFlags
	cmd := &cobra.Command{
		Use:   "backtest RULE... (--data DIR | --store DIR) --from TIME --to TIME",
		Short: "Replay rules over a span of time: the alerts and incidents they would have raised",
		Long: `backtest runs rules as a server would have that got them at --from: at every time that their schedules have up
to --to, each run over just the window it would have seen, none while its rule is suppressed after an alert, the
alerts grouped into incidents as each rule says. Rules that are disabled are replayed too. As on a server, a rule
without a start time begins at a time that its id decides, at most an hour after --from; --spread 0 begins all at
--from.

--set gives other values to let statements of the queries: riskScoreCutoff=10,20,40 replays with each and compares
them in a table. Several --set give all combinations. A value is written like a literal of the statement's type
without its brackets; commas inside brackets and quotes belong to the value.

What a server would have added on the way is not there: rules that read SecurityAlert or SecurityIncident see the
rows that the data has and not those of this replay (it says so), nobody closes an incident, and no automation rule runs.
Near-real-time rules look at the time at which rows were taken in, over --data at TimeGenerated.

` + exitCodes + `
An alert is something found.`,
		Example: `  vedette backtest MFARejectedbyUser.yaml --data exports/ --from 2026-11-01 --to 2026-11-20
  vedette backtest Detections/ --store backup/ --from 2026-11-19 --to 2026-11-20 --output json
  vedette backtest MFARejectedbyUser.yaml --data exports/ --from 2026-11-19 --to 2026-11-20 --set riskScoreCutoff=10,20,40`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.backtest(cmd.Context(), &f, &out, args, b)
		},
	}
	f.add(cmd)
	f.require(cmd)
	out.add(cmd, "table", "json")
	cmd.Flags().StringVar(&b.from, "from", "", "first time that a rule may run at, RFC 3339 or a KQL datetime")
	cmd.Flags().StringVar(&b.to, "to", "", "last time that a rule may run at")
	cmd.Flags().StringArrayVar(&b.sets, "set", nil, "NAME=VALUE[,VALUE...]: values for a let statement; may be given again")
	cmd.Flags().DurationVar(&b.spread, "spread", sched.DefaultSettings().Spread, "time over which the first runs of rules without a start time are spread")
	for _, name := range []string{"from", "to"} {
		cobra.CheckErr(cmd.MarkFlagRequired(name))
	}
	return cmd
}

// assignment is one value of --set.
type assignment struct{ name, value string }

// setting is one combination of --set values, in the order of the flags.
type setting []assignment

func (s setting) values() map[string]string {
	out := map[string]string{}
	for _, a := range s {
		out[a.name] = a.value
	}
	return out
}

func (s setting) String() string {
	var out []string
	for _, a := range s {
		out = append(out, a.name+"="+a.value)
	}
	return strings.Join(out, " ")
}

// maxSettings bounds the combinations of --set: each is a replay of its own.
const maxSettings = 64

// settings are all combinations of the values given, the last flag's changing fastest; one empty setting where none is.
func settings(list []string) ([]setting, error) {
	out := []setting{nil}
	given := map[string]bool{}
	for _, s := range list {
		name, text, ok := strings.Cut(s, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" {
			return nil, fmt.Errorf("--set %s: expected NAME=VALUE[,VALUE...]", s)
		}
		if given[name] {
			return nil, fmt.Errorf("--set %s: '%s' is given twice; its values go into one flag, with commas between them", s, name)
		}
		given[name] = true
		values, err := splitValues(text)
		if err != nil {
			return nil, fmt.Errorf("--set %s: %w", s, err)
		}
		if n := len(out) * len(values); n > maxSettings {
			return nil, fmt.Errorf("--set makes at least %d combinations, the limit is %d", n, maxSettings)
		}
		var next []setting
		for _, have := range out {
			for _, v := range values {
				next = append(next, append(have[:len(have):len(have)], assignment{name, v}))
			}
		}
		out = next
	}
	return out, nil
}

// splitValues splits a text at the commas outside of brackets and quotes.
func splitValues(text string) ([]string, error) {
	var out []string
	var open []byte // closing brackets that are to come, or the quote
	start := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if n := len(open); n > 0 {
			quoted := open[n-1] == '"' || open[n-1] == '\''
			switch {
			case quoted && c == '\\':
				i++
				continue
			case c == open[n-1]:
				open = open[:n-1]
				continue
			case quoted:
				continue
			}
		}
		switch c {
		case '[', '{', '(':
			open = append(open, map[byte]byte{'[': ']', '{': '}', '(': ')'}[c])
		case '"':
			open = append(open, c)
		case '\'':
			if i == start { // else an apostrophe
				open = append(open, c)
			}
		case ',':
			if len(open) == 0 {
				out = append(out, text[start:i])
				start = i + 1
			}
		}
	}
	if len(open) > 0 {
		return nil, fmt.Errorf("a '%c' is missing", open[len(open)-1])
	}
	out = append(out, text[start:])
	seen := map[string]bool{}
	for i, v := range out {
		v = strings.TrimSpace(v)
		switch {
		case v == "":
			return nil, errors.New(`a value is empty; an empty text is ""`)
		case seen[v]:
			return nil, fmt.Errorf("the value '%s' is given twice", v)
		}
		seen[v], out[i] = true, v
	}
	return out, nil
}

// replayed is what came of one combination.
type replayed struct {
	set    setting
	result *session.Backtest
	alerts []alertJSON // kept for JSON output only
}

func (a *app) backtest(ctx context.Context, f *dataFlags, out *outputFlag, paths []string, b backtestFlags) error {
	first, err := parseTime("--from", b.from)
	if err != nil {
		return err
	}
	last, err := parseTime("--to", b.to)
	if err != nil {
		return err
	}
	if last.Before(first) {
		return fmt.Errorf("--to %s lies before --from %s", b.to, b.from)
	}
	combos, err := settings(b.sets)
	if err != nil {
		return err
	}
	p := session.Replay{From: first, To: last, Settings: sched.DefaultSettings(), Limits: f.limits()}
	p.Settings.Spread = b.spread
	files, err := session.ReadRules(paths)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no rule below %s", strings.Join(paths, ", "))
	}
	var unreadable []session.RuleFileRead
	hunts := int64(0)
	for _, r := range files {
		switch {
		case r.Faults.HasErrors() || r.Rule == nil:
			unreadable = append(unreadable, r)
		case r.Rule.Kind == rule.Hunting && len(files) > 1: // a folder may hold some
			hunts++
		default:
			p.Rules = append(p.Rules, r.Rule)
		}
	}
	s, err := a.open(ctx, f)
	if err != nil {
		return err
	}
	for _, c := range combos { // before minutes of replaying go by
		if err := s.CheckSet(ctx, p.Rules, c.values()); err != nil {
			return fmt.Errorf("--set: %w", err)
		}
	}
	start := time.Now()
	var runs int64
	var all []replayed
	for i, c := range combos {
		one, err := a.replay(ctx, s, p, c, fmt.Sprintf("%d of %d ", i+1, len(combos)), out.value == "json")
		if err != nil {
			return err
		}
		all = append(all, one)
		for _, r := range one.result.Rules {
			runs += int64(r.Windows - r.Suppressed)
		}
	}
	if hunts > 0 && !f.quiet {
		fmt.Fprintf(a.err, "%s %s passed over: they are on no schedule\n", a.term.errStyle.yellow("warning:"), plural(hunts, "hunting query"))
	}
	if !f.quiet {
		fmt.Fprintln(a.err, a.term.errStyle.dim(fmt.Sprintf("replayed %s in %s", plural(runs, "run"), seconds(time.Since(start)))))
	}
	if out.value == "json" {
		err = a.writeBacktestJSON(p, all, unreadable)
	} else {
		a.writeBacktest(p, all, unreadable)
	}
	if err != nil {
		return err
	}
	return verdict(all, unreadable)
}

// replay runs one combination.
func (a *app) replay(ctx context.Context, s *session.Session, p session.Replay, c setting, count string, keep bool) (replayed, error) {
	out := replayed{set: c}
	line := a.progress()
	defer line.done()
	if len(c) == 0 {
		count = ""
	}
	var broken error
	p.Set = c.values()
	p.Each = func(run *session.Run) {
		line.show("replaying %s%s: %s of %s", count, c, run.Window.To.Format(clock), run.Rule.Name)
		if !keep {
			return
		}
		for _, al := range run.Alerts {
			j, err := alertOf(al, run)
			if err != nil {
				broken = err
				return
			}
			out.alerts = append(out.alerts, j)
		}
	}
	var err error
	if out.result, err = s.Backtest(ctx, p); err == nil {
		err = broken
	}
	return out, err
}

// verdict gives the command its exit code.
func verdict(all []replayed, unreadable []session.RuleFileRead) error {
	broken := map[string]bool{}
	for _, r := range unreadable {
		broken[r.Faults.File.Name] = true
	}
	fired := false
	for _, one := range all {
		for _, r := range one.result.Rules {
			if r.Err != nil {
				broken[r.Rule.ID] = true
			}
			fired = fired || r.Fired > 0
		}
	}
	switch {
	case len(broken) > 0:
		return fmt.Errorf("%s could not be replayed", plural(int64(len(broken)), "rule"))
	case fired:
		return errFound
	}
	return nil
}
