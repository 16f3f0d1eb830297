package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/session"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// maxCardRows is how many of an alert's rows a card shows.
const maxCardRows = 3

// writeOutcome writes what became of a rule for people.
func (a *app) writeOutcome(o outcome) {
	st := a.term.style
	switch o.state() {
	case stateBroken:
		name := o.file
		if o.rule != nil && o.rule.Name != "" {
			name = o.rule.Name + "  " + st.dim(o.file)
		}
		fmt.Fprintf(a.out, "%s %s\n", st.red("broken"), name)
		text := printable(o.err.Error())
		if o.faults != nil {
			text = renderAll(st, o.faults)
		}
		fmt.Fprintln(a.out, indent(text, "       "))
	case stateQuiet:
		fmt.Fprintf(a.out, "%s  %s  %s\n", st.green("quiet"), printable(o.rule.Name), st.dim(o.file))
		fmt.Fprintln(a.out, indent(whyQuiet(o.run), "       "))
		a.writeWarnings(&o.run.Warnings)
	default:
		if o.rule.Kind == rule.Hunting {
			fmt.Fprintf(a.out, "%s  %s  %s\n", st.yellow("found"), st.bold(printable(o.rule.Name)), st.dim(o.file))
			a.writeWarnings(&o.run.Warnings)
			writeText(a.out, o.run.Rows, a.term.width, st)
			return
		}
		for _, al := range o.run.Alerts {
			a.writeCard(al, o.run, o.file)
		}
		a.writeWarnings(&o.run.Warnings)
	}
}

func (a *app) writeWarnings(ds *source.Diagnostics) {
	for _, d := range ds.List {
		fmt.Fprintf(a.out, "       %s\n", a.term.style.dim(ds.Head(d)))
	}
}

// whyQuiet says why a rule did not fire.
func whyQuiet(run *session.Run) string {
	r := run.Rule
	var b strings.Builder
	fmt.Fprintf(&b, "%s in %s", plural(int64(len(run.Rows.Rows)), "row"), windowText(run.Window))
	if r.Kind != rule.Hunting {
		fmt.Fprintf(&b, "; fires on %s", triggerText(r.TriggerOperator, r.TriggerThreshold))
	}
	var missing, outside []string
	for _, t := range run.Tables {
		switch {
		case t.Loaded == 0:
			missing = append(missing, t.Table)
		case t.Rows == 0:
			outside = append(outside, fmt.Sprintf("%s (%s outside it)", t.Table, plural(t.Loaded, "row")))
		}
	}
	if len(missing) > 0 {
		fmt.Fprintf(&b, "\nno data loaded for %s", strings.Join(missing, ", "))
	}
	if len(outside) > 0 {
		fmt.Fprintf(&b, "\nno rows in the window: %s", strings.Join(outside, ", "))
	}
	return b.String()
}

func triggerText(o rule.Operator, threshold int) string {
	switch o {
	case rule.GreaterThan:
		return fmt.Sprintf("more than %d", threshold)
	case rule.LessThan:
		return fmt.Sprintf("fewer than %d", threshold)
	case rule.Equal:
		return fmt.Sprintf("exactly %d", threshold)
	case rule.NotEqual:
		return fmt.Sprintf("other than %d", threshold)
	}
	return "no condition"
}

const clock = "2006-01-02 15:04:05"

func windowText(w alert.Window) string {
	if w.From.IsZero() {
		return "everything before " + w.To.Format(clock) + " UTC"
	}
	return fmt.Sprintf("%s to %s UTC (%s)", w.From.Format(clock), w.To.Format(clock), period(w.To.Sub(w.From)))
}

func period(d time.Duration) string {
	switch {
	case d%(24*time.Hour) == 0:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}

// writeCard writes an alert.
func (a *app) writeCard(al alert.Alert, run *session.Run, file string) {
	st := a.term.style
	w := a.out
	sev := al.Severity.String()
	fmt.Fprintf(w, "%s  %s  %s\n", st.severity(sev, "ALERT "+sev), st.bold(printable(al.Name)), st.dim(al.TimeGenerated.Format(clock)+" UTC"))
	line := func(name, text string) {
		if text == "" {
			return
		}
		fmt.Fprintf(w, "  %s %s\n", st.dim(fmt.Sprintf("%-10s", name)), printable(text))
	}
	by := al.RuleName
	if al.RuleName == al.Name {
		by = ""
	}
	line("rule", strings.TrimSpace(by+" "+al.RuleID)+versionText(run.Rule)+"  "+file)
	line("window", windowText(al.Window))
	events := al.StartTime.Format(clock)
	if !al.EndTime.Equal(al.StartTime) {
		events += " to " + al.EndTime.Format(clock)
	}
	if !al.StartTime.Equal(al.Window.From) || !al.EndTime.Equal(al.Window.To) {
		line("events", events+" UTC")
	}
	line("tactics", strings.Join(append(append([]string(nil), al.Tactics...), append(al.Techniques, al.SubTechniques...)...), ", "))
	for i, e := range al.Entities {
		name := ""
		if i == 0 {
			name = "entities"
		}
		fmt.Fprintf(w, "  %s %s %s\n", st.dim(fmt.Sprintf("%-10s", name)), fmt.Sprintf("%-8s", printable(e.Keyword())), st.bold(printable(entityText(e))))
	}
	for i, d := range al.CustomDetails {
		name := ""
		if i == 0 {
			name = "details"
		}
		line(name, d.Key+" = "+strings.Join(d.Values, ", "))
	}
	for _, is := range al.Issues {
		text := is.Msg
		if is.Count > 1 {
			text += fmt.Sprintf(" (%d times)", is.Count)
		}
		line("left out", text)
	}
	line("rows", fmt.Sprintf("%d, fires on %s", al.ResultCount, triggerText(al.Trigger, al.Threshold)))
	last := min(al.FirstRow+al.RowCount, len(run.Rows.Rows))
	shown := min(last-al.FirstRow, maxCardRows)
	width := 0
	if a.term.width > 4 {
		width = a.term.width - 4
	}
	for i := range shown {
		var b bytes.Buffer
		writeRow(&b, run.Rows.Schema, run.Rows.Rows[al.FirstRow+i], width, st)
		fmt.Fprintln(w, indent(strings.TrimRight(b.String(), "\n"), "    "))
	}
	if rest := last - al.FirstRow - shown; rest > 0 {
		fmt.Fprintln(w, st.dim(fmt.Sprintf("    and %s; --output json shows all", plural(int64(rest), "row"))))
	}
}

func versionText(r *rule.Rule) string {
	if r.Version == "" {
		return ""
	}
	return " v" + r.Version
}

// writeRow writes the values of a row that say something.
func writeRow(w io.Writer, schema types.Schema, row []types.Value, width int, st style) {
	names := 0
	for _, c := range schema {
		names = max(names, runewidth.StringWidth(printable(c.Name)))
	}
	for i, c := range schema {
		text := printable(row[i].ToText())
		if text == "" || text == "[]" || text == "{}" {
			continue
		}
		if width > 0 {
			text = runewidth.Truncate(text, max(minCell, width-names-2), "…")
		}
		name := printable(c.Name)
		fmt.Fprintf(w, "%s%s  %s\n", st.dim(name), strings.Repeat(" ", names-runewidth.StringWidth(name)), text)
	}
}

// entityText is an entity in a few words: what a person calls it.
func entityText(e *entity.Entity) string {
	switch {
	case e.Kind == entity.Account && e.Get("Name") != "" && e.Get("UPNSuffix") != "":
		return e.Get("Name") + "@" + e.Get("UPNSuffix")
	case e.Kind == entity.Account && e.Get("Name") != "" && e.Get("NTDomain") != "":
		return e.Get("NTDomain") + `\` + e.Get("Name")
	}
	var parts []string
	for _, f := range e.Fields {
		if len(f.Inner) > 0 {
			for _, in := range f.Inner {
				parts = append(parts, f.Name+" ("+entityText(in)+")")
			}
			continue
		}
		parts = append(parts, f.Name+" "+f.Value.Value().ToText())
	}
	if len(parts) == 1 && len(e.Fields) == 1 && e.Fields[0].Inner == nil && e.Fields[0].Name != "AadUserId" {
		return e.Fields[0].Value.Value().ToText()
	}
	return strings.Join(parts, ", ")
}

// alertJSON is an alert in JSON output.
type alertJSON struct {
	ID            string              `json:"id"`
	RuleID        string              `json:"ruleId,omitempty"`
	Name          string              `json:"name"`
	Description   string              `json:"description,omitempty"`
	Severity      string              `json:"severity"`
	Tactics       []string            `json:"tactics,omitempty"`
	Techniques    []string            `json:"techniques,omitempty"`
	SubTechniques []string            `json:"subTechniques,omitempty"`
	StartTime     string              `json:"startTime"`
	EndTime       string              `json:"endTime"`
	TimeGenerated string              `json:"timeGenerated"`
	Entities      json.RawMessage     `json:"entities"`
	CustomDetails map[string][]string `json:"customDetails,omitempty"`
	Issues        []string            `json:"issues,omitempty"`
	Rows          []any               `json:"rows"`
}

func alertOf(al alert.Alert, run *session.Run) (alertJSON, error) {
	j := alertJSON{ID: al.ID, RuleID: al.RuleID, Name: al.Name, Description: al.Description, Severity: al.Severity.String(), Tactics: al.Tactics,
		Techniques: al.Techniques, SubTechniques: al.SubTechniques, StartTime: al.StartTime.Format(time.RFC3339Nano),
		EndTime: al.EndTime.Format(time.RFC3339Nano), TimeGenerated: al.TimeGenerated.Format(time.RFC3339Nano), Entities: json.RawMessage("[]")}
	if text := entity.Render(al.Entities); text != "" {
		j.Entities = json.RawMessage(text)
	}
	j.CustomDetails = detailsJSON(al.CustomDetails)
	for _, is := range al.Issues {
		j.Issues = append(j.Issues, is.Msg)
	}
	for i := al.FirstRow; i < min(al.FirstRow+al.RowCount, len(run.Rows.Rows)); i++ {
		row, err := objectOf(run.Rows.Schema, run.Rows.Rows[i])
		if err != nil {
			return j, err
		}
		j.Rows = append(j.Rows, row)
	}
	return j, nil
}

// writeDocument writes indented JSON.
func (a *app) writeDocument(v any) error {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(text, "\n", "\n"+by)
}
