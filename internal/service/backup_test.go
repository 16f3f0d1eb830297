package service_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/service"
)

// A copy made while events, alerts and incidents are being written holds each alert's row once, and goes on from there.
func TestBackupWhileRunning(t *testing.T) {
	c := configOf(t.TempDir())
	c.Schedule.NRTEvery = 100 * time.Millisecond
	s := start(t, c, nil)
	s.declare()
	s.put("b1f0c0de-0000-4000-8000-000000000003", "NRT", fmt.Sprintf(nrt, 0))
	waitFor(t, "the first run", func() bool { return s.Scheduler.Counters().Runs > 0 })
	stop, stopped := make(chan struct{}), make(chan int64)
	go func() {
		n := int64(0)
		for {
			select {
			case <-stop:
				stopped <- n
				return
			default:
				n++
				s.line(n)
			}
		}
	}()
	waitFor(t, "some alerts", func() bool { return s.Scheduler.Counters().Alerts > 20 })
	dir := filepath.Join(t.TempDir(), "copy")
	if err := s.Backup(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	close(stop)
	written := <-stopped
	if err := s.Backup(t.Context(), dir); err == nil {
		t.Error("a backup goes over one that is there")
	}
	s.stop()

	c.Data = filepath.Join(t.TempDir(), "restored")
	if err := service.Restore(dir, c.Data); err != nil {
		t.Fatal(err)
	}
	if err := service.Restore(dir, c.Data); err == nil {
		t.Error("a backup is restored over a folder that has something")
	}
	if err := service.Restore(t.TempDir(), filepath.Join(t.TempDir(), "x")); err == nil {
		t.Error("an empty folder is restored")
	}
	s = start(t, c, nil)
	s.line(written + 1)
	waitFor(t, "the alert of an event after the restore", func() bool {
		return s.ask("SecurityAlert | summarize n = count(), d = dcount(SystemAlertId) | project n > 20 and n == d") == "True"
	})
	if got := s.ask("Probe_CL | summarize n = count(), d = dcount(N), m = max(N) | project n == d, n > 20"); got != "True,True" {
		t.Errorf("events of the copy: %s", got)
	}
}
