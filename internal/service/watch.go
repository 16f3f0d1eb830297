package service

import (
	"context"

	"github.com/google/uuid"

	"github.com/vedette-siem/vedette/internal/watch"
)

// watch takes in the files that appear in the configured folder, until ctx ends.
func (s *Service) watch(ctx context.Context) {
	s.fault("watch "+s.conf.Ingest.Watch, s.folder.Run(ctx))
}

// newFolder makes the watched folder ready; nil if none is configured.
func (s *Service) newFolder() (*watch.Folder, error) {
	if s.conf.Ingest.Watch == "" {
		return nil, nil
	}
	return watch.New(watch.Options{Dir: s.conf.Ingest.Watch, Catalog: s.stored, Log: s.Events, Clock: s.clock, NewID: uuid.NewString, Sources: &s.Sources,
		Every: s.conf.Ingest.WatchEvery, Settle: 5 * s.conf.Ingest.WatchEvery, Told: func(o watch.Outcome) {
			if o.Err != nil {
				s.log.Warn("file not taken in whole", "file", o.File, "rows", o.Rows, "moved", o.Moved, "error", o.Err)
				return
			}
			s.log.Info("file taken in", "file", o.File, "rows", o.Rows, "repeated", o.Duplicate, "unreadable", o.Rejected, "moved", o.Moved)
		}})
}
