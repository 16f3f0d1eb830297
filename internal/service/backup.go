package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Backup writes a copy of the data folder, as of now, to a folder that must not be there, while the server goes on. The
// copy is a data folder itself. Rows of alerts and incidents are in it exactly once, whatever the pump was doing: the
// copy of the state is made while the event store's is fixed and the pump rests.
func (s *Service) Backup(ctx context.Context, folder string) (err error) {
	if err := os.MkdirAll(filepath.Dir(folder), 0o700); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}()
	for _, sub := range []string{eventsFolder, tablesFolder} {
		if err := os.Mkdir(filepath.Join(folder, sub), 0o700); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}
	if err := os.CopyFS(filepath.Join(folder, tablesFolder), os.DirFS(filepath.Join(s.conf.Data, tablesFolder))); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	s.pumping.Lock()
	resume := sync.OnceFunc(s.pumping.Unlock)
	defer resume()
	return s.disk.Backup(ctx, filepath.Join(folder, eventsFolder), func() error {
		defer resume()
		return s.State.Backup(ctx, filepath.Join(folder, StateFile))
	})
}

// Restore makes a data folder of a backup. The folder must not be there, or be empty.
func Restore(backup, data string) error {
	for _, need := range []string{StateFile, filepath.Join(eventsFolder, "events.duckdb")} {
		if _, err := os.Stat(filepath.Join(backup, need)); err != nil {
			return fmt.Errorf("%s is no backup: %w", backup, err)
		}
	}
	if list, err := os.ReadDir(data); err == nil && len(list) > 0 {
		return fmt.Errorf("%s is not empty: a backup is restored to a new folder", data)
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(data)), 0o700); err != nil {
		return err
	}
	if err := os.CopyFS(data, os.DirFS(backup)); err != nil {
		return fmt.Errorf("restore %s: %w", backup, err)
	}
	return nil
}
