package ingest

import (
	"encoding/binary"
	"math"
	"sort"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/vedette-siem/vedette/internal/types"
)

// SourceCount is what came from one source since the start.
type SourceCount struct {
	Source    string
	Received  int64 // records that came: the sum of the next three
	Accepted  int64 // kept, or left out by a transformation
	Rejected  int64 // could not be read, or came in a body that was refused
	Duplicate int64 // of batches that were kept before
	Rows      int64 // rows kept: a transformation drops records, and two data flows double them
	Unknown   int64 // values without a column
	BadValues int64 // values that did not fit their column
	Bytes     int64 // as they came, compressed or not
	Bodies    int64 // requests or files
	Last      time.Time
}

// Sources counts by source. The zero value is ready; it is safe for concurrent use.
type Sources struct {
	mu sync.Mutex
	m  map[string]*SourceCount
}

// Add adds to the counts of n.Source and moves its last time on. The caller sees to it that there are not endlessly
// many sources.
func (s *Sources) Add(n SourceCount) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m == nil {
		s.m = map[string]*SourceCount{}
	}
	c := s.m[n.Source]
	if c == nil {
		c = &SourceCount{Source: n.Source}
		s.m[n.Source] = c
	}
	c.Received += n.Received
	c.Accepted += n.Accepted
	c.Rejected += n.Rejected
	c.Duplicate += n.Duplicate
	c.Rows += n.Rows
	c.Unknown += n.Unknown
	c.BadValues += n.BadValues
	c.Bytes += n.Bytes
	c.Bodies += n.Bodies
	if n.Last.After(c.Last) {
		c.Last = n.Last
	}
}

// Snapshot returns the counts by source, sorted by its name.
func (s *Sources) Snapshot() []SourceCount {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]SourceCount, 0, len(s.m))
	for _, c := range s.m {
		out = append(out, *c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Source < out[j].Source })
	return out
}

// Values returns how many values of a body had no column, and how many did not fit theirs.
func (r *FileReport) Values() (unknown, bad int64) {
	for _, n := range r.UnknownColumns {
		unknown += n
	}
	for _, n := range r.BadValues {
		bad += n
	}
	return unknown, bad
}

// Fingerprint returns a number that differs, as good as always, where rows differ.
func Fingerprint(rows [][]types.Value) uint64 {
	d := xxhash.New()
	var head [17]byte
	for _, row := range rows {
		for _, v := range row {
			head[0] = byte(v.Type())
			if v.IsNull() {
				head[0] |= 0x80
			}
			text, n, f := v.Text(), v.Int64(), uint64(0)
			if v.Type() == types.Real {
				f = math.Float64bits(v.Float64())
			}
			binary.LittleEndian.PutUint64(head[1:], uint64(n)^f)
			binary.LittleEndian.PutUint64(head[9:], uint64(len(text)))
			d.Write(head[:])    //nolint:errcheck // a hash takes everything
			d.WriteString(text) //nolint:errcheck
		}
	}
	return d.Sum64()
}
