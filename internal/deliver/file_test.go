package deliver

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/vedette-siem/vedette/internal/incident"
)

// lines returns the delivery ids of a file of lines.
func lines(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var ids []string
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var p struct{ DeliveryID string }
		if err := json.Unmarshal(in.Bytes(), &p); err != nil {
			ids = append(ids, "torn")
			continue
		}
		ids = append(ids, p.DeliveryID)
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	d := deliverer(t, func(o *Options) { o.Files = dir })
	m := message(t, incident.WriteFile, incident.Config{Path: "high/./2026/incidents.ndjson"})
	id := DeliveryID(m)
	name := filepath.Join(dir, "high", "2026", "incidents.ndjson")
	outcome(t, d.Deliver(t.Context(), m), "")
	outcome(t, d.Deliver(t.Context(), m), "") // a repetition is a second line of the same id
	if got := lines(t, name); len(got) != 2 || got[0] != id || got[1] != id {
		t.Errorf("lines of %q, expected two of %s", got, id)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file %v (%v)", info.Mode(), err)
	}
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, whole[:len(whole)-20], 0o600); err != nil { // as a crash in the middle leaves it
		t.Fatal(err)
	}
	outcome(t, d.Deliver(t.Context(), m), "")
	if got := lines(t, name); strings.Join(got, " ") != id+" torn "+id {
		t.Errorf("after a crash the lines are %q", got)
	}

	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			m := message(t, incident.WriteFile, incident.Config{Path: "many"})
			m.Seq = int64(n)
			if err := d.Deliver(t.Context(), m); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for _, id := range lines(t, filepath.Join(dir, "many")) {
		seen[id] = true
	}
	if len(seen) != 20 || seen["torn"] {
		t.Errorf("20 writers left %d ids, torn is %t", len(seen), seen["torn"])
	}
}

func TestWriteFileStaysInside(t *testing.T) {
	outside := t.TempDir()
	dir := t.TempDir()
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	link(outside, "away")
	link(filepath.Join(outside, "f"), "f")
	link("../"+filepath.Base(outside), "up")
	link("in", "beside")
	link("loop", "loop")
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d := deliverer(t, func(o *Options) { o.Files = dir })
	for path, want := range map[string]string{
		"../x": "permanent: leads out", "a/../../x": "permanent: leads out", "a/../x": "permanent: leads out", "..": "permanent: leads out", "/etc/x": "permanent: leads out",
		outside + "/x": "permanent: leads out", "": "permanent: names no file", ".": "permanent: names no file", "a/": "permanent: names no file", `..\x`: "permanent: separated by /", "a\x00b": "permanent: separated by /",
		"away/x": "permanent: leads out", "away": "permanent: leads out", "f": "permanent: leads out", "up/x": "permanent: leads out", "folder": "permanent: no ordinary file",
		"file/x": "transient: file", "loop": "transient: loop", "a..b": "", "...": "", "beside": "", "a/b/c": "",
	} {
		t.Run(fmt.Sprintf("%q", path), func(t *testing.T) {
			outcome(t, d.Deliver(t.Context(), message(t, incident.WriteFile, incident.Config{Path: path})), want)
		})
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) != 0 {
		t.Errorf("outside there is %v (%v)", left, err)
	}
	if len(lines(t, filepath.Join(dir, "in"))) != 1 {
		t.Error("a link inside the folder was not followed")
	}
}

func TestWriteFileWithoutLeave(t *testing.T) {
	dir := t.TempDir()
	d := deliverer(t, func(o *Options) { o.Files = dir })
	if err := os.WriteFile(filepath.Join(dir, "locked"), []byte("{}\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "locked"), os.O_WRONLY, 0)
	if err == nil {
		_ = f.Close()
		t.Skip("this user may write to files that are read-only")
	}
	if err := d.Deliver(t.Context(), message(t, incident.WriteFile, incident.Config{Path: "locked"})); !errors.Is(err, fs.ErrPermission) || Permanent(err) {
		t.Errorf("a file without leave to write: %v", err)
	}
}
