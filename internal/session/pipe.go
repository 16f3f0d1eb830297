package session

import (
	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/ingest"
	"github.com/vedette-siem/vedette/internal/types"
)

// pipe hands rows to a sink in another goroutine, in their order, so that decoding and storing go on at the
// same time. Its Append, as ingest's, is not called twice at once.
type pipe struct {
	queue chan parcel
	free  chan parcel
	fault chan error // one error at most, before done
	done  chan struct{}
	err   error // taken from fault
}

// parcel is copied rows of one table, cut from one slab.
type parcel struct {
	table *catalog.Table
	slab  []types.Value
	rows  [][]types.Value
}

// pipeDepth is how many parcels wait: enough that neither side waits for a hiccup of the other.
const pipeDepth = 4

func newPipe(sink ingest.Sink) *pipe {
	p := &pipe{queue: make(chan parcel, pipeDepth), free: make(chan parcel, pipeDepth+2), fault: make(chan error, 1), done: make(chan struct{})}
	go func() {
		defer close(p.done)
		failed := false
		for x := range p.queue {
			if !failed {
				if err := sink.Append(x.table, x.rows); err != nil {
					failed = true
					p.fault <- err
				}
			}
			select {
			case p.free <- x:
			default:
			}
		}
	}()
	return p
}

// Append implements ingest.Sink. An error of the sink is reported by a later call, or by close.
func (p *pipe) Append(table *catalog.Table, rows [][]types.Value) error {
	select {
	case p.err = <-p.fault:
	default:
	}
	if p.err != nil {
		return p.err
	}
	var x parcel
	select {
	case x = <-p.free:
	default:
	}
	x.table, x.slab, x.rows = table, x.slab[:0], x.rows[:0]
	for _, r := range rows {
		x.slab = append(x.slab, r...)
	}
	at := 0
	for _, r := range rows {
		x.rows = append(x.rows, x.slab[at:at+len(r):at+len(r)])
		at += len(r)
	}
	p.queue <- x
	return nil
}

// close waits until everything is stored.
func (p *pipe) close() error {
	close(p.queue)
	<-p.done
	select {
	case p.err = <-p.fault:
	default:
	}
	return p.err
}
