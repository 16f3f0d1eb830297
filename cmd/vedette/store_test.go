package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/ingest"
	"github.com/vedette-siem/vedette/internal/store"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
	"github.com/vedette-siem/vedette/internal/types"
)

// custom is a table that no catalogue knows, with the types that the engine cannot tell apart.
var custom = catalog.Table{
	Name: "Doors_CL",
	Columns: types.Schema{{Name: "TimeGenerated", Type: types.Datetime}, {Name: "Door", Type: types.String}, {Name: "Detail", Type: types.Dynamic},
		{Name: "Session", Type: types.Guid}, {Name: "Weight", Type: types.Decimal}, {Name: "_TimeReceived", Type: types.Datetime}},
}

// makeStore is the command "makestore DATA STORE": it makes an event store of a folder of events, as a server would that
// took each file in as one batch. Doors_CL is a table of the server's own.
func makeStore(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: makestore DATA STORE")
	}
	ctx := context.Background()
	cat := catalog.Builtin()
	ts.Check(cat.AddTable(custom))
	d, err := duckdb.OpenDisk(ctx, ts.MkAbs(args[1]), duckdb.DiskOptions{})
	ts.Check(err)
	_, err = ingest.LoadDir(ctx, ts.MkAbs(args[0]), ingest.Options{}, cat, received{d})
	ts.Check(errors.Join(err, d.Close()))
}

// received is a sink that takes rows in when the newest of them happened, a minute late.
type received struct{ *duckdb.Disk }

func (r received) Append(table *catalog.Table, rows [][]types.Value) error {
	at := int64(0)
	if i := table.Columns.Index("TimeGenerated"); i >= 0 {
		for _, row := range rows {
			at = max(at, row[i].Int64())
		}
	}
	const minute = 60 * 10_000_000
	return r.Commit(context.Background(), store.Commit{Rows: []store.Rows{{Table: table, Rows: rows}}, At: at + minute})
}

// lockStore is the command "lockstore STORE": another process, this program's prompt for queries, has the store open until
// the script ends.
func lockStore(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lockstore STORE")
	}
	path := strings.Split(ts.Getenv("PATH"), string(os.PathListSeparator))
	at := slices.IndexFunc(path, func(dir string) bool { _, err := os.Stat(dir + "/vedette"); return err == nil })
	if at < 0 {
		ts.Fatalf("no vedette in PATH")
	}
	cmd := exec.Command(path[at]+"/vedette", "query", "--batch", "--store", ts.MkAbs(args[0]))
	in, err := cmd.StdinPipe()
	ts.Check(err)
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	_, err = in.Write([]byte(`{"id":1,"query":"print 1"}` + "\n"))
	ts.Check(err)
	line, err := bufio.NewReader(out).ReadString('\n') // by then it is open
	ts.Check(err)
	if !strings.Contains(line, `"rows"`) {
		ts.Fatalf("the other process says %s", line)
	}
}

func TestSettings(t *testing.T) {
	for _, c := range []struct {
		in   []string
		want string // combinations with | between, or the error
	}{
		{nil, ""},
		{[]string{"a=1"}, "a=1"},
		{[]string{"a=1,2", "b = x , y"}, "a=1 b=x|a=1 b=y|a=2 b=x|a=2 b=y"},
		{[]string{`a=["x","y"],["z"]`}, `a=["x","y"]|a=["z"]`},
		{[]string{`a="1,2",'3,"4',o'clock,it's`}, `a="1,2"|a='3,"4'|a=o'clock|a=it's`},
		{[]string{`a="\",",b`}, `a="\","|a=b`},
		{[]string{"a=b=c"}, "a=b=c"},
		{[]string{"a"}, "--set a: expected NAME=VALUE[,VALUE...]"},
		{[]string{"=1"}, "--set =1: expected NAME=VALUE[,VALUE...]"},
		{[]string{"a="}, `--set a=: a value is empty; an empty text is ""`},
		{[]string{"a=1,,2"}, `--set a=1,,2: a value is empty; an empty text is ""`},
		{[]string{"a=[1,2"}, "--set a=[1,2: a ']' is missing"},
		{[]string{"a=1,1"}, "--set a=1,1: the value '1' is given twice"},
		{[]string{"a=1", "a=2"}, "--set a=2: 'a' is given twice; its values go into one flag, with commas between them"},
		{[]string{"a=1,2,3,4,5,6,7,8", "b=1,2,3,4,5,6,7,8", "c=1,2"}, "--set makes at least 128 combinations, the limit is 64"},
	} {
		got, err := settings(c.in)
		var texts []string
		for _, s := range got {
			texts = append(texts, s.String())
		}
		text := strings.Join(texts, "|")
		if err != nil {
			text = err.Error()
		}
		if text != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.in, text, c.want)
		}
	}
}
