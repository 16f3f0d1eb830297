package eventlog

import (
	"crypto/sha256"
	"time"
)

// recent remembers identities for a while. It keeps digests, because the identities are the clients' and may be long.
type recent struct {
	most int
	ids  map[digest]bool
	ages []aged // the oldest first
}

type digest [16]byte

type aged struct {
	id digest
	at time.Time
}

func digestOf(id string) digest {
	sum := sha256.Sum256([]byte(id))
	return digest(sum[:16])
}

func (r *recent) has(id string) bool { return r.ids[digestOf(id)] }

// add remembers an identity, and forgets the oldest when there are too many.
func (r *recent) add(id string, at time.Time) {
	if r.ids == nil {
		r.ids = map[digest]bool{}
	}
	d := digestOf(id)
	if r.ids[d] {
		return
	}
	r.ids[d] = true
	r.ages = append(r.ages, aged{d, at})
	if len(r.ages) > r.most {
		r.drop(len(r.ages) - r.most)
	}
}

// forget drops the identities from before a time.
func (r *recent) forget(before time.Time) {
	n := 0
	for n < len(r.ages) && r.ages[n].at.Before(before) {
		n++
	}
	r.drop(n)
}

func (r *recent) drop(n int) {
	for _, a := range r.ages[:n] {
		delete(r.ids, a.id)
	}
	r.ages = r.ages[n:]
}
