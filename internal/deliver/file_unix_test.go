//go:build unix

package deliver

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/vedette-siem/vedette/internal/incident"
)

// TestWriteFilePipe: opening a pipe would wait for someone to read it, and hold up all other files.
func TestWriteFilePipe(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := deliverer(t, func(o *Options) { o.Files = dir })
	outcome(t, d.Deliver(t.Context(), message(t, incident.WriteFile, incident.Config{Path: "pipe"})), "permanent: no ordinary file")
}
