package sqlite

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/state/statetest"
)

func openAt(t *testing.T, file string) *Store {
	t.Helper()
	s, err := Open(context.Background(), file, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	statetest.Run(t, func(t *testing.T) state.Store { return openAt(t, filepath.Join(t.TempDir(), "a b?c#d%20.db")) },
		func(t *testing.T, file string) state.Store { return openAt(t, file) })
}

// schema lists what a database is made of.
func schema(t *testing.T, db *sql.DB) (out []string) {
	t.Helper()
	res, err := db.Query("SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Close()
	for res.Next() {
		var s string
		if err := res.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

func raw(t *testing.T, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(file, "_txlock=immediate"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// TestMigrations opens a database of every version there was, with records of that version in it.
func TestMigrations(t *testing.T) {
	ctx := context.Background()
	all, err := steps(migrations)
	if err != nil {
		t.Fatal(err)
	}
	records := map[int]string{ // by the version that brought their table
		1: `INSERT INTO rules VALUES ('r', 'Scheduled', 'N', 'text', 1, '', '"e"', 10, 20, 'ann');
			INSERT INTO positions VALUES ('r', 30, 20, x'01'); INSERT INTO alerts VALUES ('a', 'r', 10, x'02')`,
		2: `INSERT INTO counters VALUES ('incidents', 41);
			INSERT INTO incidents VALUES ('i', 41, 'T', 'New', 1, 2, 10, 20, 'r', 'k', 10, '"e"', '{"id":"i","number":41,"title":"T","severity":"Low","status":"New"}');
			INSERT INTO automations VALUES ('x', 1, '{"displayName":"N","order":1}', '"e"', 10, 20, 'ann')`,
		3: `INSERT INTO watchlists VALUES ('w', 'W', 'k', x'', '"e"', 10, 20, 'ann'); INSERT INTO watchlist_items VALUES (1, 'w', '1', '{}', '"e"', 10, 20, 'ann')`,
		4: `INSERT INTO outbox (topic, data, not_till, tries) VALUES ('rows', x'03', 0, 0)`,
		5: `INSERT INTO documents VALUES ('d', '1', x'04', '"e"', 10, 20, 'ann')`,
	}
	fresh := openAt(t, filepath.Join(t.TempDir(), "fresh.db"))
	want := schema(t, fresh.write)
	for from := 0; from <= len(all); from++ {
		t.Run(fmt.Sprint("from ", from), func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "old.db")
			db := raw(t, file)
			if _, err := migrateWith(ctx, db, all[:from]); err != nil {
				t.Fatal(err)
			}
			for v := 1; v <= from; v++ {
				if records[v] == "" {
					t.Fatalf("the test has no records of version %d", v)
				}
				if _, err := db.Exec(records[v]); err != nil {
					t.Fatal(err)
				}
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			s := openAt(t, file)
			if got := schema(t, s.write); !reflect.DeepEqual(got, want) || s.SchemaVersion() != len(all) {
				t.Errorf("version %d with\n%s\nexpected\n%s", s.SchemaVersion(), strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if err := s.Check(ctx); err != nil {
				t.Error(err)
			}
			if err := s.Update(ctx, func(tx state.Tx) error {
				_, ruleErr := tx.Rules().Get("r")
				n, err := tx.Incidents().NextNumber()
				i, incidentErr := tx.Incidents().Get("i")
				items, _, err2 := tx.Watchlists().Items("w", state.Page{})
				count, err3 := tx.Outbox().Count()
				_, documentErr := tx.Documents().Get("d", "1")
				if from >= 5 && documentErr != nil {
					t.Error(documentErr)
				}
				if from >= 1 && ruleErr != nil || from >= 2 && (incidentErr != nil || i.Number != 41 || n != 42) || from >= 3 && len(items) != 1 || from >= 4 && count["rows"] != 1 {
					t.Errorf("%v, %v, number %d, %d items, messages %v", ruleErr, incidentErr, n, len(items), count)
				}
				return errors.Join(err, err2, err3)
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMigrationFaults(t *testing.T) {
	ctx := context.Background()
	all, err := steps(migrations)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "s.db")
	db := raw(t, file)
	if _, err := migrateWith(ctx, db, all); err != nil {
		t.Fatal(err)
	}
	was := schema(t, db)
	broken := append(all[:len(all):len(all)], step{len(all) + 1, "9999_broken", "CREATE TABLE half (a TEXT) STRICT; CREATE TABLE half (a TEXT) STRICT"})
	if _, err := migrateWith(ctx, db, broken); err == nil || !strings.Contains(err.Error(), "migration 9999_broken") {
		t.Errorf("error %v", err)
	}
	if got := schema(t, db); !reflect.DeepEqual(got, was) {
		t.Errorf("a migration that failed left %v", got)
	}
	broken[len(all)].sql = "CREATE TABLE whole (a TEXT) STRICT"
	if _, err := migrateWith(ctx, db, broken); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("its schema has version %d, this one knows up to %d", len(all)+1, len(all))
	if _, err := Open(ctx, file, Options{}); !errors.Is(err, state.ErrNewer) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v", err)
	}
	for name, names := range map[string][]string{"gap": {"0001_a.sql", "0003_b.sql"}, "twice": {"0001_a.sql", "0001_b.sql"}, "none": {"a.sql"}} {
		fsys := fstest.MapFS{}
		for _, n := range names {
			fsys["migrations/"+n] = &fstest.MapFile{}
		}
		if _, err := steps(fsys); err == nil {
			t.Errorf("%s: %v are taken for migrations", name, names)
		}
	}
}

func TestOpenFaults(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	other := filepath.Join(dir, "other.db")
	if _, err := raw(t, other).Exec("CREATE TABLE theirs (a TEXT)"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file string
		as   error
	}{
		{write("text.db", strings.Repeat("no database at all\n", 100)), state.ErrCorrupt}, {other, state.ErrCorrupt},
		{filepath.Join(dir, "none", "s.db"), os.ErrNotExist}, {filepath.Join(write("file", ""), "s.db"), nil}, {filepath.Join(dir, "folder"), nil},
	} {
		s, err := Open(ctx, c.file, Options{})
		if err == nil {
			t.Errorf("%s was opened", c.file)
			_ = s.Close()
		} else if !strings.Contains(err.Error(), c.file) || c.as != nil && !errors.Is(err, c.as) {
			t.Errorf("error %v, expected %v", err, c.as)
		}
	}
	// what failed to open is not held
	file := filepath.Join(dir, "text.db")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	s := openAt(t, file)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	// a page of zeros in the middle is noticed
	if err := s.Update(ctx, func(tx state.Tx) error {
		for n := range 200 {
			if _, err := tx.Alerts().Add(state.Alert{ID: fmt.Sprint(n), Data: make([]byte, 1000)}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(ctx); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(make([]byte, 40*4096), 30*4096); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := openAt(t, file).Check(ctx); !errors.Is(err, state.ErrCorrupt) {
		t.Errorf("error %v", err)
	}
}

func TestFullDisk(t *testing.T) {
	ctx := context.Background()
	s := openAt(t, filepath.Join(t.TempDir(), "s.db"))
	add := func(id string, size int) error {
		return s.Update(ctx, func(tx state.Tx) error {
			_, err := tx.Alerts().Add(state.Alert{ID: id, Data: make([]byte, size)})
			return err
		})
	}
	if err := add("a", 10); err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.Exec("PRAGMA max_page_count = 1"); err != nil { // not below what there is
		t.Fatal(err)
	}
	if err := add("b", 1<<20); !errors.Is(err, state.ErrFull) {
		t.Errorf("error %v", err)
	}
	if err := s.View(ctx, func(tx state.Tx) error {
		list, _, err := tx.Alerts().List("", state.Page{})
		if len(list) != 1 || list[0].ID != "a" {
			t.Errorf("alerts %v", list)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// child names the environment variable that makes this test binary the other process of a test.
const child = "VEDETTE_TEST_STATE"

func TestMain(m *testing.M) {
	if file := os.Getenv(child); file != "" {
		work(file)
	}
	os.Exit(m.Run())
}

// work writes run after run, and says of each when it is kept, until it is killed.
func work(file string) {
	ctx := context.Background()
	s, err := Open(ctx, file, Options{})
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(3)
	}
	for {
		var last int
		if err := s.Update(ctx, func(tx state.Tx) (err error) { last, err = oneRun(tx); return err }); err != nil {
			fmt.Println("failed:", err)
			os.Exit(4)
		}
		fmt.Println("kept", last)
	}
}

// oneRun writes what belongs to a run of a rule: an alert, its incident, the message of it, and the position.
func oneRun(tx state.Tx) (int, error) {
	n, err := tx.Incidents().NextNumber()
	if err != nil {
		return 0, err
	}
	i := statetest.Incident(n)
	added, e1 := tx.Alerts().Add(state.Alert{ID: i.Alerts[0].ID, RuleID: "r", Generated: statetest.At})
	if !added {
		e1 = errors.Join(e1, fmt.Errorf("alert %s is there already", i.Alerts[0].ID))
	}
	_, e2 := tx.Incidents().Put(i, state.Absent)
	_, e3 := tx.Outbox().Add("rows", fmt.Append(nil, n))
	return n, errors.Join(e1, e2, e3, tx.Positions().Put(state.Position{RuleID: "r", Data: fmt.Append(nil, n)}))
}

// TestKill kills a process that writes, over and over, at moments that nobody chose. What it said was kept must be
// there, what it was writing wholly or not at all, and the file must open at once.
func TestKill(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "s.db")
	kept := 0
	for round := range 12 {
		cmd := exec.Command(self, "-test.run=^$")
		cmd.Env = append(os.Environ(), child+"="+file)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; n < 3+7*round && lines.Scan(); n++ {
			if _, err := fmt.Sscanf(lines.Text(), "kept %d", &kept); err != nil {
				t.Errorf("the process said %q", lines.Text())
			}
		}
		if round == 0 { // while it lives, the file is its own
			if _, err := Open(ctx, file, Options{}); !errors.Is(err, state.ErrLocked) || !strings.Contains(err.Error(), "in use by another process") {
				t.Errorf("a second process: %v", err)
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it said before it died
			_, _ = fmt.Sscanf(lines.Text(), "kept %d", &kept)
		}
		_ = cmd.Wait()

		s, err := Open(ctx, file, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Check(ctx); err != nil {
			t.Error(err)
		}
		if err := s.View(ctx, func(tx state.Tx) error {
			p, e1 := tx.Positions().Get("r")
			list, _, e2 := tx.Incidents().List(state.IncidentQuery{})
			alerts, _, e3 := tx.Alerts().List("r", state.Page{})
			messages, e4 := tx.Outbox().Pending("rows", statetest.At, 1_000_000)
			n := len(list)
			if n < kept || n > kept+1 || len(alerts) != n || len(messages) != n || string(p.Data) != fmt.Sprint(n) {
				t.Errorf("round %d: said %d; %d incidents, %d alerts, %d messages, position %s", round, kept, n, len(alerts), len(messages), p.Data)
			}
			for k, i := range list {
				if i.Number != k+1 {
					t.Errorf("incident %d has number %d", k+1, i.Number)
				}
			}
			last, e5 := tx.Incidents().Get(fmt.Sprintf("i%d", n))
			if e5 == nil && !reflect.DeepEqual(last.Incident, statetest.Incident(n)) {
				t.Errorf("the last incident is %+v", last.Incident)
			}
			kept = n
			return errors.Join(e1, e2, e3, e4, e5)
		}); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d runs kept", kept)
}

func TestSecondOpen(t *testing.T) {
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "s.db")
	s := openAt(t, file)
	for range 2 { // also after the first refusal
		if _, err := Open(ctx, file, Options{}); !errors.Is(err, state.ErrLocked) {
			t.Fatalf("error %v", err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^$")
	cmd.Env = append(os.Environ(), child+"="+file)
	var exit *exec.ExitError
	if out, err := cmd.Output(); !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.Contains(string(out), "in use by another process") {
		t.Errorf("the second process said %q, %v", out, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := openAt(t, file).Close(); err != nil {
		t.Error(err)
	}
}

func TestDamagedRecords(t *testing.T) {
	ctx := context.Background()
	for _, damage := range []string{"UPDATE incidents SET data = '{'", "DELETE FROM incident_alerts WHERE alert_id = 'shared'",
		"UPDATE incident_alerts SET evidence = 'x' WHERE alert_id = 'shared'", "UPDATE incident_alerts SET alert_id = 'stranger' WHERE alert_id = 'shared'"} {
		s := openAt(t, filepath.Join(t.TempDir(), "s.db"))
		if err := s.Update(ctx, func(tx state.Tx) error { _, err := tx.Incidents().Put(statetest.Incident(1), state.Always); return err }); err != nil {
			t.Fatal(err)
		}
		if _, err := s.write.Exec(damage); err != nil {
			t.Fatal(err)
		}
		if err := s.View(ctx, func(tx state.Tx) error { _, err := tx.Incidents().Get("i1"); return err }); !errors.Is(err, state.ErrCorrupt) {
			t.Errorf("%s: error %v", damage, err)
		}
	}
}

func BenchmarkUpdate(b *testing.B) {
	ctx := context.Background()
	s, err := Open(ctx, filepath.Join(b.TempDir(), "s.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for b.Loop() {
		if err := s.Update(ctx, func(tx state.Tx) error { _, err := oneRun(tx); return err }); err != nil {
			b.Fatal(err)
		}
	}
}

var _ incident.Lookup = incidents{}.Matching
