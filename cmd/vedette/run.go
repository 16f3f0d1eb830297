package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/session"
	"github.com/vedette-siem/vedette/internal/source"
)

func (a *app) runCommand() *cobra.Command {
	var f dataFlags
	var out outputFlag
	cmd := &cobra.Command{
		Use:   "run RULE... (--data DIR | --store DIR)",
		Short: "Evaluate rules over data, as the scheduler would at one time",
		Long: `run evaluates analytics rules and hunting queries (files, or all below a folder) at one time: the rule's
query period up to that time bounds every table it reads, now() is that time, and the rows become alerts by the
rule's threshold, event grouping, entity mappings and custom details. A rule that cannot be run is reported, and
the others run.

` + exitCodes + `
An alert, or a row that a hunting query finds, is something found.`,
		Example: `  vedette run MFARejectedbyUser.yaml --data exports/
  vedette run Detections/ --data exports/ --at 2026-11-20T00:00:00Z --output json
  vedette run Detections/ --data exports/ --parsers Parsers/ --watchlist VIPUsers=vips.csv,UPN \
      --external https://feeds.example.com/=feeds/`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runRules(cmd.Context(), &f, &out, args) },
	}
	f.add(cmd)
	out.add(cmd, "table", "json", "csv")
	f.addAt(cmd)
	f.require(cmd)
	return cmd
}

// outcome is what became of one rule.
type outcome struct {
	file   string
	rule   *rule.Rule
	run    *session.Run
	err    error               // it could not be run
	faults *source.Diagnostics // what is wrong with the file; nil where nothing is
}

// The states of a rule after a run.
const (
	stateFired  = "fired"
	stateQuiet  = "quiet"
	stateBroken = "broken"
)

func (o outcome) state() string {
	switch {
	case o.err != nil:
		return stateBroken
	case len(o.run.Alerts) > 0, o.rule.Kind == rule.Hunting && len(o.run.Rows.Rows) > 0:
		return stateFired
	}
	return stateQuiet
}

func (a *app) runRules(ctx context.Context, f *dataFlags, out *outputFlag, paths []string) error {
	rules, err := session.ReadRules(paths)
	if err != nil {
		return err
	}
	if len(rules) == 0 {
		return fmt.Errorf("no rule below %s", strings.Join(paths, ", "))
	}
	s, err := a.open(ctx, f)
	if err != nil {
		return err
	}
	at, how, err := f.evaluationTime(s, time.Now().UTC())
	if err != nil {
		return err
	}
	if !f.quiet {
		if how != "" {
			how = " (" + how + "; --at sets another)"
		}
		fmt.Fprintln(a.err, a.term.errStyle.dim("evaluated at "+at.Format(time.RFC3339Nano)+how))
	}
	var all []outcome
	p := a.progress()
	for i, r := range rules {
		o := outcome{file: r.Faults.File.Name, rule: r.Rule, run: &session.Run{}}
		p.show("rule %d of %d: %s", i+1, len(rules), o.file)
		if r.Faults.HasErrors() || r.Rule == nil {
			o.faults, o.err = onlyErrors(&r.Faults), errors.New("the rule file has errors")
		} else if o.run, o.err = s.Evaluate(ctx, r.Rule, at, f.limits()); o.err != nil {
			var ds *source.Diagnostics
			if errors.As(o.err, &ds) {
				o.faults = onlyErrors(ds)
			}
			if ctx.Err() != nil {
				p.done()
				return ctx.Err()
			}
		}
		if out.value == "table" {
			p.done()
			a.writeOutcome(o)
		}
		all = append(all, o)
	}
	p.done()
	return a.finishRun(out, at, all)
}

func onlyErrors(ds *source.Diagnostics) *source.Diagnostics {
	out := &source.Diagnostics{File: ds.File}
	for _, d := range ds.List {
		if d.Severity == source.Error {
			out.Add(d)
		}
	}
	return out
}

// finishRun writes what is written at the end, and gives the command its exit code.
func (a *app) finishRun(out *outputFlag, at time.Time, all []outcome) error {
	count := map[string]int64{}
	var alerts int64
	for _, o := range all {
		count[o.state()]++
		alerts += int64(len(o.run.Alerts))
	}
	var err error
	switch out.value {
	case "json":
		err = a.writeRunJSON(at, all)
	case "csv":
		err = a.writeRunCSV(all)
	default:
		_, err = fmt.Fprintf(a.out, "\n%s: %d fired (%s), %d quiet, %d broken\n", plural(int64(len(all)), "rule"),
			count[stateFired], plural(alerts, "alert"), count[stateQuiet], count[stateBroken])
	}
	switch {
	case err != nil:
		return err
	case count[stateBroken] > 0:
		if out.value == "table" {
			return fmt.Errorf("%s could not be run", plural(count[stateBroken], "rule"))
		}
		var names []string
		for _, o := range all {
			if o.state() == stateBroken {
				names = append(names, o.file)
			}
		}
		const few = 5
		if more := len(names) - few; more > 0 {
			names = append(names[:few], fmt.Sprintf("and %d more", more))
		}
		return fmt.Errorf("%s could not be run: %s", plural(count[stateBroken], "rule"), strings.Join(names, ", "))
	case count[stateFired] > 0:
		return errFound
	}
	return nil
}

// runJSON is a rule in the JSON output of run.
type runJSON struct {
	File       string         `json:"file"`
	ID         string         `json:"id,omitempty"`
	Name       string         `json:"name,omitempty"`
	Kind       string         `json:"kind,omitempty"`
	State      string         `json:"state"`
	From       string         `json:"from,omitempty"`
	To         string         `json:"to,omitempty"`
	Rows       int            `json:"rows"`
	Error      string         `json:"error,omitempty"`
	Faults     []findingJSON  `json:"diagnostics,omitempty"`
	Alerts     []alertJSON    `json:"alerts"`
	Found      []any          `json:"found,omitempty"` // rows of a hunting query
	Tables     []tableJSON    `json:"tables,omitempty"`
	Seconds    float64        `json:"seconds"`
	Properties map[string]any `json:"-"`
}

type tableJSON struct {
	Table  string `json:"table"`
	Loaded int64  `json:"loaded"`
	Rows   int64  `json:"rowsInWindow"`
}

func (a *app) writeRunJSON(at time.Time, all []outcome) error {
	doc := struct {
		At    string    `json:"at"`
		Rules []runJSON `json:"rules"`
	}{At: at.Format(time.RFC3339Nano), Rules: []runJSON{}}
	for _, o := range all {
		j := runJSON{File: o.file, State: o.state(), Alerts: []alertJSON{}, Rows: len(o.run.Rows.Rows), Seconds: o.run.Elapsed.Seconds()}
		if o.rule != nil {
			j.ID, j.Name, j.Kind = o.rule.ID, o.rule.Name, o.rule.Kind.String()
		}
		if !o.run.Window.To.IsZero() {
			j.To = o.run.Window.To.Format(time.RFC3339Nano)
			if !o.run.Window.From.IsZero() {
				j.From = o.run.Window.From.Format(time.RFC3339Nano)
			}
		}
		if o.err != nil {
			j.Error = firstLine(o.err.Error())
		}
		if o.faults != nil {
			j.Faults = findingsOf(o.faults)
		}
		for _, al := range o.run.Alerts {
			x, err := alertOf(al, o.run)
			if err != nil {
				return err
			}
			j.Alerts = append(j.Alerts, x)
		}
		if o.rule != nil && o.rule.Kind == rule.Hunting {
			for _, row := range o.run.Rows.Rows {
				x, err := objectOf(o.run.Rows.Schema, row)
				if err != nil {
					return err
				}
				j.Found = append(j.Found, x)
			}
		}
		for _, t := range o.run.Tables {
			j.Tables = append(j.Tables, tableJSON{t.Table, t.Loaded, t.Rows})
		}
		doc.Rules = append(doc.Rules, j)
	}
	return a.writeDocument(doc)
}

// writeRunCSV writes a line for each alert, and one for each rule without.
func (a *app) writeRunCSV(all []outcome) error {
	w := csv.NewWriter(a.out)
	rec := func(fields ...string) error { return w.Write(fields) }
	err := rec("file", "ruleId", "state", "rows", "alert", "severity", "tactics", "startTime", "endTime", "entities", "error")
	for _, o := range all {
		id := ""
		if o.rule != nil {
			id = o.rule.ID
		}
		fault := ""
		if o.err != nil {
			fault = firstLine(o.err.Error())
		}
		rows := fmt.Sprint(len(o.run.Rows.Rows))
		if len(o.run.Alerts) == 0 {
			err = errors.Join(err, rec(o.file, id, o.state(), rows, "", "", "", "", "", "", fault))
		}
		for _, al := range o.run.Alerts {
			var names []string
			for _, e := range al.Entities {
				names = append(names, e.Keyword()+":"+entityText(e))
			}
			err = errors.Join(err, rec(o.file, id, o.state(), rows, al.Name, al.Severity.String(), strings.Join(al.Tactics, " "),
				al.StartTime.Format(time.RFC3339Nano), al.EndTime.Format(time.RFC3339Nano), strings.Join(names, "; "), ""))
		}
	}
	w.Flush()
	return errors.Join(err, w.Error())
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
