package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/session"
)

func (a *app) explainCommand() *cobra.Command {
	var f dataFlags
	var out outputFlag
	var sql bool
	var sets []string
	cmd := &cobra.Command{
		Use:   "explain RULE (--data DIR | --store DIR)",
		Short: "Count the rows behind each step of a rule's query",
		Long: `explain evaluates a rule as run does, and shows how many rows its tables have in the window and how many are left
after every operator of its query. Of a join it shows how many rows each side has, and how many of them find a
partner. The step at which the rows vanish is the reason why a rule stays quiet. --set gives let statements other
values, --sql shows the SQL that the engine runs.

` + exitCodes,
		Example: `  vedette explain MFARejectedbyUser.yaml --data exports/ --at 2026-11-20T00:00:00Z
  vedette explain MFARejectedbyUser.yaml --data exports/ --set riskScoreCutoff=0 --output json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.explain(cmd.Context(), &f, &out, args[0], sets, sql)
		},
	}
	f.add(cmd)
	f.addAt(cmd)
	f.require(cmd)
	out.add(cmd, "table", "json")
	cmd.Flags().StringArrayVar(&sets, "set", nil, "NAME=VALUE: value for a let statement; may be given again")
	cmd.Flags().BoolVar(&sql, "sql", false, "show the SQL too")
	return cmd
}

// oneRule reads the file of a single rule.
func oneRule(path string) (*rule.Rule, error) {
	rules, err := session.ReadRules([]string{path})
	if err != nil {
		return nil, err
	}
	if len(rules) != 1 {
		return nil, fmt.Errorf("%s holds %s; name one file", path, plural(int64(len(rules)), "rule"))
	}
	if rules[0].Faults.HasErrors() || rules[0].Rule == nil {
		return nil, onlyErrors(&rules[0].Faults)
	}
	return rules[0].Rule, nil
}

func (a *app) explain(ctx context.Context, f *dataFlags, out *outputFlag, path string, sets []string, sql bool) error {
	r, err := oneRule(path)
	if err != nil {
		return err
	}
	combos, err := settings(sets)
	if err != nil {
		return err
	}
	if len(combos) > 1 {
		return fmt.Errorf("--set: explain takes one value for each name; 'vedette backtest' compares several")
	}
	s, err := a.open(ctx, f)
	if err != nil {
		return err
	}
	at, how, err := f.evaluationTime(s, time.Now().UTC())
	if err != nil {
		return err
	}
	p := a.progress()
	p.show("counting the rows behind each step")
	ex, err := s.Explain(ctx, r, at, combos[0].values(), f.limits())
	p.done()
	if err != nil {
		return err
	}
	if out.value == "json" {
		return a.explainJSON(r, at, ex)
	}
	st := a.term.style
	if how != "" {
		how = " (" + how + "; --at sets another)"
	}
	fmt.Fprintf(a.out, "%s  %s\n", st.bold(printable(r.Name)), st.dim("evaluated at "+at.Format(time.RFC3339Nano)+how))
	fmt.Fprintf(a.out, "window %s\n", windowText(ex.Window))
	if len(combos[0]) > 0 {
		fmt.Fprintf(a.out, "with %s\n", printable(combos[0].String()))
	}
	fmt.Fprintln(a.out)
	writeTableCounts(a.out, ex, st)
	a.writeSteps(r, ex)
	fmt.Fprintln(a.out, conclusion(r, ex))
	if sql {
		fmt.Fprintf(a.out, "\n%s\n%s\n", st.bold("SQL"), ex.Compiled.Statement.SQL)
	}
	return nil
}

// writeTableCounts writes how many rows each table has, in the window and in all.
func writeTableCounts(w io.Writer, ex *session.Explained, st style) {
	if len(ex.Tables) == 0 {
		return
	}
	inWindow, stored := len("in window"), len("stored")
	for _, t := range ex.Tables {
		inWindow, stored = max(inWindow, len(grouped(t.Rows))), max(stored, len(grouped(ex.Stored[t.Table])))
	}
	fmt.Fprintln(w, st.bold(fmt.Sprintf("%*s  %*s  table", stored, "stored", inWindow, "in window")))
	for _, t := range ex.Tables {
		n := fmt.Sprintf("%*s", inWindow, grouped(t.Rows))
		if t.Rows == 0 {
			n = st.yellow(n)
		}
		fmt.Fprintf(w, "%*s  %s  %s\n", stored, grouped(ex.Stored[t.Table]), n, printable(t.Table))
	}
	fmt.Fprintln(w)
}

// plainStep is how wide a step may be where the output is no terminal.
const plainStep = 110

// writeSteps writes the rows behind every step, the pipes inside others indented.
func (a *app) writeSteps(r *rule.Rule, ex *session.Explained) {
	st := a.term.style
	count := func(x query.StepCount) string {
		if !x.Counted {
			return "-"
		}
		return grouped(x.Rows)
	}
	wide, line := len("rows"), len("line")
	for _, x := range ex.Steps {
		wide = max(wide, len(count(x)))
	}
	if len(ex.Steps) == 0 { // the query is a table and nothing else
		return
	}
	fmt.Fprintln(a.out, st.bold(fmt.Sprintf("%*s  %*s  after", wide, "rows", line, "line")))
	let, last := "", map[int]int64{}
	for _, x := range ex.Steps {
		if x.Let != let {
			if let = x.Let; let != "" {
				fmt.Fprintf(a.out, "%*s  %s\n", wide+line+2, "", st.bold("let "+printable(let)))
			} else {
				fmt.Fprintf(a.out, "%*s  %s\n", wide+line+2, "", st.bold("the query"))
			}
		}
		margin := strings.Repeat("    ", x.Depth)
		room := plainStep
		if a.term.width > 0 {
			room = max(30, a.term.width-wide-line-4-len(margin))
		}
		mark := ""
		before, had := last[x.Pipe]
		n := fmt.Sprintf("%*s", wide, count(x))
		if x.Counted && x.Rows == 0 {
			n = st.yellow(n)
			if !had || before > 0 {
				mark = "  " + st.yellow("<- no rows from here")
				room = max(30, room-runewidth.StringWidth("  <- no rows from here"))
			}
		}
		last[x.Pipe] = x.Rows
		text := runewidth.Truncate(printable(x.Text), room, "…")
		fmt.Fprintf(a.out, "%s  %s  %s%s%s\n", n, st.dim(fmt.Sprintf("%*d", line, r.QueryFile.Position(x.Span.Start).Line)), margin, text, mark)
		if s := x.Sides; s != nil {
			for _, side := range []struct {
				name          string
				rows, matched int64
			}{{"left ", s.Left, s.LeftMatched}, {"right", s.Right, s.RightMatched}} {
				text := fmt.Sprintf("%s %s, %s with a partner", side.name, plural(side.rows, "row"), grouped(side.matched))
				if side.matched == 0 {
					text = st.yellow(text)
				} else {
					text = st.dim(text)
				}
				fmt.Fprintf(a.out, "%*s  %s  %s\n", wide+line+2, "", margin, text)
			}
		}
	}
	fmt.Fprintln(a.out)
}

// conclusion says in a sentence what the rule does and, where the query gives no rows, at which step they end.
func conclusion(r *rule.Rule, ex *session.Explained) string {
	var before int64
	var end *query.StepCount
	last := map[int]int64{}
	for i, x := range ex.Steps {
		if x.Let != "" || x.Depth > 0 || !x.Counted || ex.Rows > 0 {
			continue
		}
		if x.Rows == 0 && end == nil {
			end, before = &ex.Steps[i], last[x.Pipe]
		} else if x.Rows > 0 {
			end = nil // a union or a summarize without groups has rows again
		}
		last[x.Pipe] = x.Rows
	}
	rows := ex.Rows
	text := plural(rows, "row")
	if r.Kind != rule.Hunting {
		does := "stays quiet"
		if r.Kind == rule.NRT && rows > 0 || r.Kind != rule.NRT && r.TriggerOperator.Fires(int(rows), r.TriggerThreshold) {
			does = "fires"
		}
		trigger := "more than 0"
		if r.Kind != rule.NRT {
			trigger = triggerText(r.TriggerOperator, r.TriggerThreshold)
		}
		text += fmt.Sprintf("; the rule fires on %s, so it %s", trigger, does)
	}
	if end != nil {
		at := fmt.Sprintf("line %d: %s", r.QueryFile.Position(end.Span.Start).Line, runewidth.Truncate(printable(end.Text), plainStep, "…"))
		if before > 0 {
			what := "the last row ends"
			if before > 1 {
				what = "the last " + grouped(before) + " rows end"
			}
			text += "\n" + what + " at " + at
		} else {
			text += "\nthere are none to begin with: " + at
		}
	}
	return text
}

// The JSON form of an explanation.
type (
	stepJSON struct {
		Step  string     `json:"step"`
		Line  int        `json:"line"`
		Pipe  int        `json:"pipe"`
		Depth int        `json:"depth"`
		Let   string     `json:"let,omitempty"`
		Rows  *int64     `json:"rows"` // null where a step has no number of its own
		Sides *sidesJSON `json:"sides,omitempty"`
	}
	sidesJSON struct {
		Left         int64 `json:"left"`
		LeftMatched  int64 `json:"leftMatched"`
		Right        int64 `json:"right"`
		RightMatched int64 `json:"rightMatched"`
	}
)

func (a *app) explainJSON(r *rule.Rule, at time.Time, ex *session.Explained) error {
	doc := struct {
		ID     string      `json:"id"`
		Name   string      `json:"name"`
		At     string      `json:"at"`
		From   string      `json:"from,omitempty"`
		To     string      `json:"to"`
		Rows   int64       `json:"rows"`
		SQL    string      `json:"sql"`
		Tables []tableJSON `json:"tables"`
		Steps  []stepJSON  `json:"steps"`
	}{r.ID, r.Name, at.Format(time.RFC3339Nano), timeJSON(ex.Window.From), timeJSON(ex.Window.To), ex.Rows, ex.Compiled.Statement.SQL, []tableJSON{}, []stepJSON{}}
	for _, t := range ex.Tables {
		doc.Tables = append(doc.Tables, tableJSON{t.Table, ex.Stored[t.Table], t.Rows})
	}
	for _, x := range ex.Steps {
		j := stepJSON{Step: x.Text, Line: r.QueryFile.Position(x.Span.Start).Line, Pipe: x.Pipe, Depth: x.Depth, Let: x.Let}
		if x.Counted {
			j.Rows = &x.Rows
		}
		if s := x.Sides; s != nil {
			j.Sides = &sidesJSON{s.Left, s.LeftMatched, s.Right, s.RightMatched}
		}
		doc.Steps = append(doc.Steps, j)
	}
	return a.writeDocument(doc)
}
