package service

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
)

// Describe implements prometheus.Collector.
func (s *Service) Describe(c chan<- *prometheus.Desc) {
	for _, m := range metrics {
		c <- m.desc
	}
	for _, d := range []*prometheus.Desc{rowsStored, outboxWaiting, incidentsByStatus} {
		c <- d
	}
}

// Collect implements prometheus.Collector.
func (s *Service) Collect(c chan<- prometheus.Metric) {
	st, err := s.Status(context.Background())
	if err != nil {
		c <- prometheus.NewInvalidMetric(rowsStored, err)
		return
	}
	for _, m := range metrics {
		c <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value(&st))
	}
	for _, t := range st.Tables {
		c <- prometheus.MustNewConstMetric(rowsStored, prometheus.GaugeValue, float64(t.Rows), t.Name)
	}
	for topic, n := range st.Waiting {
		c <- prometheus.MustNewConstMetric(outboxWaiting, prometheus.GaugeValue, float64(n), topic)
	}
	for status, n := range st.Open {
		c <- prometheus.MustNewConstMetric(incidentsByStatus, prometheus.GaugeValue, float64(n), status)
	}
}

var (
	rowsStored        = prometheus.NewDesc("vedette_table_rows", "Rows that are kept of a table.", []string{"table"}, nil)
	outboxWaiting     = prometheus.NewDesc("vedette_outbox_messages", "Rows and actions that wait to be taken on.", []string{"topic"}, nil)
	incidentsByStatus = prometheus.NewDesc("vedette_incidents", "Incidents by status.", []string{"status"}, nil)
)

// metrics are those without labels.
var metrics = func() []metric {
	counter, gauge := prometheus.CounterValue, prometheus.GaugeValue
	var out []metric
	for _, m := range []struct {
		name, help string
		kind       prometheus.ValueType
		value      func(*Status) float64
	}{
		{"ingest_rows_total", "Rows taken in.", counter, func(s *Status) float64 { return float64(s.Events.Rows) }},
		{"ingest_batches_total", "Batches taken in.", counter, func(s *Status) float64 { return float64(s.Events.Batches) }},
		{"ingest_duplicates_total", "Batches that had been taken in before.", counter, func(s *Status) float64 { return float64(s.Events.Duplicates) }},
		{"ingest_busy_total", "Batches sent back because too much waited.", counter, func(s *Status) float64 { return float64(s.Events.Busy) }},
		{"ingest_commits_total", "Commits to the event store.", counter, func(s *Status) float64 { return float64(s.Events.Commits) }},
		{"ingest_pending_bytes", "Memory of the batches that wait to be written.", gauge, func(s *Status) float64 { return float64(s.Events.Pending) }},
		{"store_bytes", "Size of the event store on disk.", gauge, func(s *Status) float64 { return float64(s.Bytes) }},
		{"rule_runs_total", "Runs of rules that came to an end, retries included.", counter, func(s *Status) float64 { return float64(s.Schedule.Runs) }},
		{"rule_runs_proved_empty_total", "Runs that needed no query, because it could not have returned rows.", counter, func(s *Status) float64 { return float64(s.Schedule.ProvedNone) }},
		{"rule_runs_fired_total", "Runs that raised alerts.", counter, func(s *Status) float64 { return float64(s.Schedule.Fired) }},
		{"rule_runs_late_total", "Runs that began late.", counter, func(s *Status) float64 { return float64(s.Schedule.Late) }},
		{"rule_failures_total", "Runs that failed.", counter, func(s *Status) float64 { return float64(s.Schedule.TransientFailures + s.Schedule.PermanentFailures) }},
		{"rule_windows_skipped_total", "Windows that were missed and left out.", counter, func(s *Status) float64 { return float64(s.Schedule.Skipped) }},
		{"rule_max_lateness_seconds", "The longest that a run began after it was due.", gauge, func(s *Status) float64 { return s.Schedule.MaxLateness.Seconds() }},
		{"rules", "Rules on the schedule.", gauge, func(s *Status) float64 { return float64(s.Schedule.Rules) }},
		{"rules_disabled_total", "Rules disabled for their failures.", counter, func(s *Status) float64 { return float64(s.Schedule.Disabled) }},
		{"rules_ready", "Rules that wait for a worker.", gauge, func(s *Status) float64 { return float64(s.Schedule.Ready) }},
		{"alerts_total", "Alerts raised.", counter, func(s *Status) float64 { return float64(s.Schedule.Alerts) }},
		{"faults_total", "Errors of writing, reading and delivering that nobody was told of but the log.", counter, func(s *Status) float64 { return float64(s.Faults) }},
	} {
		out = append(out, metric{prometheus.NewDesc("vedette_"+m.name, m.help, nil, nil), m.kind, m.value})
	}
	return out
}()

type metric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(*Status) float64
}
