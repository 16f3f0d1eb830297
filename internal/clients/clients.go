// Package clients runs the official clients of other people's APIs, from npm, against a server under test: what they accept
// is what vedette must answer. It is for tests only.
//
// The scripts are in testdata, and so are the pinned versions of the packages; the first test that needs them installs
// them. Start with Run.
package clients

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Run runs a script of testdata with Node and returns what it printed. env has more variables, as NAME=value. The test
// fails if the script does.
func Run(t testing.TB, script string, env ...string) string {
	t.Helper()
	dir := folder(t)
	if err := install(dir); err != nil {
		t.Fatalf("installing the clients: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var faults strings.Builder
	cmd.Stderr = &faults
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node %s: %v\n%s%s", script, err, out, faults.String())
	}
	return string(out)
}

func folder(t testing.TB) string {
	t.Helper()
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("no caller")
	}
	return filepath.Join(filepath.Dir(here), "testdata")
}

// install brings the packages, unless they are there. Tests of several packages run at the same time, hence the lock.
func install(dir string) error {
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	done := filepath.Join(dir, "node_modules", ".package-lock.json")
	want, err := os.Stat(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return err
	}
	if have, err := os.Stat(done); err == nil && !have.ModTime().Before(want.ModTime()) {
		return nil
	}
	cmd := exec.Command("npm", "ci", "--no-audit", "--no-fund")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return nil
}
