package deliver

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// write appends the payload to a file below the folder, as one line of JSON with the delivery's id, and returns when it is
// on the disk. A crash before the message is marked as done makes the line appear again; a reader tells by deliveryId.
func (d *Deliverer) write(due *Message, id string) error {
	if d.files == nil {
		return refuse("no folder is configured for files")
	}
	line, err := due.payload(id)
	if err != nil {
		return refuse("%w", err)
	}
	name, err := below(due.Action.Config.Path)
	if err != nil {
		return refuse("%w", err)
	}
	d.fileLock.Lock()
	defer d.fileLock.Unlock()
	return escape(name, d.appendLine(name, append(line, '\n')))
}

// below returns a rule's path in the machine's form. What would lead out of the folder by its look is refused here; what
// does so by links is refused by os.Root.
func below(p string) (string, error) {
	if strings.ContainsAny(p, "\\\x00") {
		return "", fmt.Errorf("path %q: parts are separated by /", p)
	}
	if strings.HasSuffix(p, "/") || path.Clean(p) == "." {
		return "", fmt.Errorf("path %q names no file", p)
	}
	name := filepath.FromSlash(p)
	if strings.Contains("/"+p+"/", "/../") || !filepath.IsLocal(name) {
		return "", fmt.Errorf("path %q leads out of the folder for files", p)
	}
	return filepath.Clean(name), nil
}

// escape makes a refusal of os.Root's, for which there is no value to compare with, permanent.
func escape(name string, err error) error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if e.Error() == "path escapes from parent" {
			return refuse("path %q leads out of the folder for files", filepath.ToSlash(name))
		}
	}
	return err
}

func (d *Deliverer) appendLine(name string, line []byte) (err error) {
	dir := filepath.Dir(name)
	if err := d.files.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	fresh := false
	switch info, err := d.files.Stat(name); {
	case errors.Is(err, fs.ErrNotExist):
		fresh = true
	case err != nil:
		return err
	case !info.Mode().IsRegular(): // opening a pipe would wait for its reader
		return refuse("path %q is no ordinary file", filepath.ToSlash(name))
	}
	f, err := d.files.OpenFile(name, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	// a crash can leave a line without its end; the next must not become part of it
	if size > 0 {
		var last [1]byte
		if _, err := f.ReadAt(last[:], size-1); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if last[0] != '\n' {
			line = append([]byte{'\n'}, line...)
		}
	}
	if _, err := f.Write(line); err != nil {
		return errors.Join(err, f.Truncate(size)) // the disk is full: leave no half line
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if fresh {
		return d.syncFolders(dir)
	}
	return nil
}

// syncFolders makes the entry of a new file durable, and those of the folders above it, which may be new too.
func (d *Deliverer) syncFolders(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there; the file system's journal keeps their entries
	}
	for {
		f, err := d.files.Open(dir)
		if err != nil {
			return err
		}
		err = f.Sync()
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return err
		}
		if dir == "." {
			return nil
		}
		dir = filepath.Dir(dir)
	}
}
