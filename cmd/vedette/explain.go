package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/session"
)

func (a *app) explainCommand() *cobra.Command {
	var f dataFlags
	var out outputFlag
	var sql bool
	cmd := &cobra.Command{
		Use:   "explain RULE --data DIR",
		Short: "Count the rows behind each step of a rule's query",
		Long: `explain evaluates a rule as run does, and shows how many rows are left after the source and after every operator
of its query, per table and per side of its joins: the step at which the rows vanish is the reason why a rule stays
quiet. --sql shows the SQL that the engine runs.

` + exitCodes,
		Example: `  vedette explain MFARejectedbyUser.yaml --data exports/ --at 2026-11-20T00:00:00Z
  vedette explain MFARejectedbyUser.yaml --data exports/ --output json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.explain(cmd.Context(), &f, &out, args[0], sql)
		},
	}
	f.add(cmd)
	out.add(cmd, "table", "json")
	cmd.Flags().BoolVar(&sql, "sql", false, "show the SQL too")
	cobra.CheckErr(cmd.MarkFlagRequired("data"))
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

func (a *app) explain(ctx context.Context, f *dataFlags, out *outputFlag, path string, sql bool) error {
	r, err := oneRule(path)
	if err != nil {
		return err
	}
	s, err := a.open(ctx, f)
	if err != nil {
		return err
	}
	at, how, err := f.evaluationTime(s, time.Now().UTC())
	if err != nil {
		return err
	}
	ex, err := s.Explain(ctx, r, at, f.limits())
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
	fmt.Fprintf(a.out, "%s  %s\n\n", st.bold(printable(r.Name)), st.dim("evaluated at "+at.Format(time.RFC3339Nano)+how))
	wide := len("rows")
	for _, x := range ex.Steps {
		wide = max(wide, len(grouped(x.Rows)))
	}
	fmt.Fprintf(a.out, "%*s  %s\n", wide, "rows", "after")
	for _, x := range ex.Steps {
		n := fmt.Sprintf("%*s", wide, grouped(x.Rows))
		if x.Rows == 0 {
			n = st.yellow(n)
		}
		pos := r.QueryFile.Position(x.Span.Start)
		fmt.Fprintf(a.out, "%s  %s%s  %s\n", n, strings.Repeat("    ", x.Depth), cutStep(x.Text, a.term.width-wide-14-4*x.Depth), st.dim(fmt.Sprintf(":%d", pos.Line)))
	}
	if sql {
		fmt.Fprintf(a.out, "\n%s\n%s\n", st.bold("SQL"), ex.Compiled.Statement.SQL)
	}
	return nil
}

// cutStep is a step in one line of at most so many characters.
func cutStep(text string, width int) string {
	line := []rune(strings.Join(strings.Fields(text), " "))
	width = max(width, 30)
	if len(line) > width {
		return string(line[:width-1]) + "…"
	}
	return string(line)
}

func (a *app) explainJSON(r *rule.Rule, at time.Time, ex *query.Explanation) error {
	type step struct {
		Step  string `json:"step"`
		Line  int    `json:"line"`
		Depth int    `json:"depth"`
		Rows  int64  `json:"rows"`
	}
	doc := struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		At    string `json:"at"`
		SQL   string `json:"sql"`
		Steps []step `json:"steps"`
	}{r.ID, r.Name, at.Format(time.RFC3339Nano), ex.Compiled.Statement.SQL, []step{}}
	for _, x := range ex.Steps {
		doc.Steps = append(doc.Steps, step{x.Text, r.QueryFile.Position(x.Span.Start).Line, x.Depth, x.Rows})
	}
	return a.writeDocument(doc)
}
