package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/session"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// writeBacktest writes what a replay came to for people: a line for each rule, and the incidents. Several combinations
// are a table that compares them.
func (a *app) writeBacktest(p session.Replay, all []replayed, unreadable []session.RuleFileRead) {
	st := a.term.style
	fmt.Fprintf(a.out, "%s %s to %s UTC\n", st.bold("Replayed"), p.From.Format(clock), p.To.Format(clock))
	for _, r := range unreadable {
		name := r.Faults.File.Name
		if r.Rule != nil && r.Rule.Name != "" {
			name = printable(r.Rule.Name) + "  " + st.dim(name)
		}
		fmt.Fprintf(a.out, "%s %s\n%s\n", st.red("broken"), name, indent(renderAll(st, onlyErrors(&r.Faults)), "       "))
	}
	a.writeReplayFaults(all)
	fmt.Fprintln(a.out)
	if len(all) == 1 && len(all[0].set) > 0 {
		fmt.Fprintf(a.out, "with %s\n", printable(all[0].set.String()))
	}
	if t := comparison(all); len(t.Rows) > 0 {
		writeText(a.out, t, a.term.width, st)
	}
	if len(all) > 1 {
		fmt.Fprintln(a.out, st.dim("--output json lists the incidents and alerts of every combination"))
	} else {
		a.writeIncidents(p, all[0].result)
	}
	for _, r := range all[0].result.Rules {
		if len(r.Unfed) > 0 {
			fmt.Fprintf(a.out, "%s %s reads %s: it saw the rows of the data and none that this replay would have made\n",
				st.yellow("note:"), printable(r.Rule.Name), strings.Join(r.Unfed, " and "))
		}
	}
}

// writeReplayFaults writes each rule that could not be replayed, once for all combinations with the same fault.
func (a *app) writeReplayFaults(all []replayed) {
	st := a.term.style
	said := map[string]bool{}
	for _, one := range all {
		for _, r := range one.result.Rules {
			if r.Err == nil {
				continue
			}
			text := printable(r.Err.Error())
			var ds *source.Diagnostics
			if errors.As(r.Err, &ds) {
				text = renderAll(st, onlyErrors(ds))
			}
			if key := r.Rule.ID + text; !said[key] {
				said[key] = true
				fmt.Fprintf(a.out, "%s %s\n%s\n", st.red("broken"), printable(r.Rule.Name), indent(text, "       "))
			}
		}
	}
}

// comparison is a line for each rule and combination, with a column for each name that was set. Rules that could not be
// replayed have none.
func comparison(all []replayed) types.Table {
	var t types.Table
	text := func(name string) { t.Schema = append(t.Schema, types.Column{Name: name, Type: types.String}) }
	if len(all) > 1 {
		for _, s := range all[0].set {
			text(s.name)
		}
	}
	text("rule")
	text("every")
	t.Schema = append(t.Schema, types.Column{Name: "first run", Type: types.Datetime}) // so that it is not cut before the texts
	for _, name := range []string{"windows", "suppressed", "fired", "rows", "alerts", "incidents"} {
		t.Schema = append(t.Schema, types.Column{Name: name, Type: types.Long})
	}
	for _, one := range all {
		for _, r := range one.result.Rules {
			if r.Err != nil {
				continue
			}
			var row []types.Value
			if len(all) > 1 {
				for _, s := range one.set {
					row = append(row, types.StringOf(s.value))
				}
			}
			first := ""
			if !r.First.IsZero() {
				first = r.First.Format(clock)
			}
			row = append(row, types.StringOf(r.Rule.Name), types.StringOf(period(r.Schedule.Every)), types.StringOf(first))
			for _, n := range []int{r.Windows, r.Suppressed, r.Fired, r.Rows, r.Alerts, r.Incidents} {
				row = append(row, types.LongOf(int64(n)))
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

func (a *app) writeIncidents(p session.Replay, b *session.Backtest) {
	st := a.term.style
	fmt.Fprintln(a.out)
	if len(b.Incidents) == 0 {
		fmt.Fprintln(a.out, "no incidents")
	} else {
		fmt.Fprintln(a.out, st.bold("Incidents"))
		writeText(a.out, incidentTable(b.Incidents), a.term.width, st)
	}
	for _, r := range b.Rules {
		if r.Alerts > 0 && !r.Rule.Incident.Create {
			fmt.Fprintf(a.out, "%s of %s are in no incident, because the rule makes none\n", plural(int64(r.Alerts), "alert"), printable(r.Rule.Name))
		}
	}
}

func incidentTable(list []*incident.Incident) types.Table {
	// Times are texts here, in a form for people; their columns say so, because columns of texts are cut first.
	t := types.Table{Schema: types.Schema{{Name: "no", Type: types.Long}, {Name: "raised", Type: types.Datetime}, {Name: "severity", Type: types.String},
		{Name: "title", Type: types.String}, {Name: "alerts", Type: types.Long}, {Name: "first activity", Type: types.Datetime},
		{Name: "last activity", Type: types.Datetime}, {Name: "entities", Type: types.String}}}
	when := func(at time.Time) types.Value {
		if at.IsZero() {
			return types.StringOf("")
		}
		return types.StringOf(at.UTC().Format(clock))
	}
	for _, i := range list {
		var names []string
		for _, e := range i.Entities() {
			names = append(names, entityText(e))
		}
		t.Rows = append(t.Rows, []types.Value{types.LongOf(int64(i.Number)), when(i.Created), types.StringOf(string(i.Severity)), types.StringOf(i.Title),
			types.LongOf(int64(len(i.Alerts))), when(i.FirstActivity), when(i.LastActivity), types.StringOf(strings.Join(names, "; "))})
	}
	return t
}

// The JSON form of a replay.
type (
	replayJSON struct {
		From   string         `json:"from"`
		To     string         `json:"to"`
		Broken []brokenJSON   `json:"unreadable,omitempty"` // rule files
		Runs   []combinedJSON `json:"replays"`              // one for each combination of --set
	}
	brokenJSON struct {
		File   string        `json:"file"`
		Faults []findingJSON `json:"diagnostics"`
	}
	combinedJSON struct {
		Set       map[string]string `json:"set,omitempty"`
		Rules     []replayedJSON    `json:"rules"`
		Alerts    []alertJSON       `json:"alerts"`
		Incidents []incidentJSON    `json:"incidents"`
	}
	replayedJSON struct {
		ID         string        `json:"id"`
		Name       string        `json:"name"`
		Kind       string        `json:"kind"`
		Every      string        `json:"every,omitempty"`
		Period     string        `json:"period,omitempty"`
		First      string        `json:"firstRun,omitempty"`
		Windows    int           `json:"windows"`
		Suppressed int           `json:"suppressed"`
		Fired      int           `json:"fired"`
		Rows       int           `json:"rows"`
		Alerts     int           `json:"alerts"`
		Incidents  int           `json:"incidents"`
		Unfed      []string      `json:"tablesWithoutThisReplay,omitempty"`
		Error      string        `json:"error,omitempty"`
		Faults     []findingJSON `json:"diagnostics,omitempty"`
	}
	incidentJSON struct {
		Number        int                 `json:"number"`
		ID            string              `json:"id"`
		Title         string              `json:"title"`
		Description   string              `json:"description,omitempty"`
		Severity      string              `json:"severity"`
		Status        string              `json:"status"`
		Tactics       []string            `json:"tactics,omitempty"`
		Techniques    []string            `json:"techniques,omitempty"`
		Created       string              `json:"createdTime"`
		Modified      string              `json:"lastModifiedTime"`
		FirstActivity string              `json:"firstActivityTime,omitempty"`
		LastActivity  string              `json:"lastActivityTime,omitempty"`
		Entities      json.RawMessage     `json:"entities"`
		CustomDetails map[string][]string `json:"customDetails,omitempty"`
		Alerts        []incidentAlertJSON `json:"alerts"`
	}
	incidentAlertJSON struct {
		ID       string `json:"id"`
		RuleID   string `json:"ruleId"`
		Name     string `json:"name"`
		Severity string `json:"severity"`
		Time     string `json:"timeGenerated"`
	}
)

func (a *app) writeBacktestJSON(p session.Replay, all []replayed, unreadable []session.RuleFileRead) error {
	doc := replayJSON{From: p.From.Format(time.RFC3339Nano), To: p.To.Format(time.RFC3339Nano)}
	for _, r := range unreadable {
		doc.Broken = append(doc.Broken, brokenJSON{r.Faults.File.Name, findingsOf(onlyErrors(&r.Faults))})
	}
	for _, one := range all {
		j := combinedJSON{Set: one.set.values(), Rules: []replayedJSON{}, Alerts: one.alerts, Incidents: []incidentJSON{}}
		if j.Alerts == nil {
			j.Alerts = []alertJSON{}
		}
		for _, r := range one.result.Rules {
			j.Rules = append(j.Rules, replayedOf(r))
		}
		for _, i := range one.result.Incidents {
			j.Incidents = append(j.Incidents, incidentOf(i))
		}
		doc.Runs = append(doc.Runs, j)
	}
	return a.writeDocument(doc)
}

func replayedOf(r session.Replayed) replayedJSON {
	j := replayedJSON{ID: r.Rule.ID, Name: r.Rule.Name, Kind: r.Rule.Kind.String(), Windows: r.Windows, Suppressed: r.Suppressed, Fired: r.Fired,
		Rows: r.Rows, Alerts: r.Alerts, Incidents: r.Incidents, Unfed: r.Unfed, First: timeJSON(r.First)}
	if r.Schedule.Every > 0 {
		j.Every, j.Period = period(r.Schedule.Every), period(r.Schedule.Period)
	}
	if r.Err != nil {
		j.Error = firstLine(r.Err.Error())
		var ds *source.Diagnostics
		if errors.As(r.Err, &ds) {
			j.Faults = findingsOf(onlyErrors(ds))
		}
	}
	return j
}

func incidentOf(i *incident.Incident) incidentJSON {
	j := incidentJSON{Number: i.Number, ID: i.ID, Title: i.Title, Description: i.Description, Severity: string(i.Severity), Status: string(i.Status),
		Tactics: i.Tactics(), Techniques: i.Techniques(), Created: timeJSON(i.Created), Modified: timeJSON(i.LastModified),
		FirstActivity: timeJSON(i.FirstActivity), LastActivity: timeJSON(i.LastActivity), Entities: json.RawMessage("[]"), CustomDetails: detailsJSON(i.CustomDetails())}
	if text := entity.Render(i.Entities()); text != "" {
		j.Entities = json.RawMessage(text)
	}
	for _, al := range i.Alerts {
		j.Alerts = append(j.Alerts, incidentAlertJSON{al.ID, al.RuleID, al.Name, string(al.Severity), timeJSON(al.Generated)})
	}
	return j
}

func timeJSON(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func detailsJSON(list []alert.Detail) map[string][]string {
	var out map[string][]string
	for _, d := range list {
		if out == nil {
			out = map[string][]string{}
		}
		out[d.Key] = d.Values
	}
	return out
}
