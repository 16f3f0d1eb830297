package deliver

import (
	"errors"
	"fmt"
	"math/bits"
	"time"

	"github.com/vedette-siem/vedette/internal/state"
)

// When a delivery that failed is tried again.
const (
	firstBackoff = time.Second
	maxBackoff   = time.Hour
	maxWait      = 24 * time.Hour // of all tries together, and the longest that a receiver can ask for
)

// fault is an error of Deliver.
type fault struct {
	err       error
	permanent bool
	after     time.Duration // the receiver's wish; 0: none
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// refuse makes an error that no repetition will mend.
func refuse(format string, args ...any) error {
	return &fault{err: fmt.Errorf(format, args...), permanent: true}
}

// Permanent tells whether err, from Deliver, will be the same however often the message is tried.
func Permanent(err error) bool {
	var f *fault
	return errors.As(err, &f) && f.permanent
}

// RetryAfter returns how long the receiver asked to be left alone, a day at most; ok is false where it said nothing.
func RetryAfter(err error) (wait time.Duration, ok bool) {
	var f *fault
	if !errors.As(err, &f) || f.after <= 0 {
		return 0, false
	}
	return f.after, true
}

// Backoff returns how long to wait after a message has failed for the tries-th time: a second, then twice as long each
// time up to an hour. Up to a quarter is taken off, as the message's number has it, so that messages which failed
// together do not all come back together.
func Backoff(seq int64, tries int) time.Duration {
	d := fullBackoff(tries)
	const steps = 1024
	h := (uint64(seq)*31 + uint64(max(tries, 0))) * 0x9E3779B97F4A7C15 // Fibonacci hashing: near numbers come out far apart
	return d - d/4*time.Duration(bits.RotateLeft64(h, 10)%steps)/steps
}

func fullBackoff(tries int) time.Duration {
	d := firstBackoff
	for n := 1; n < tries && d < maxBackoff; n++ {
		d *= 2
	}
	return min(d, maxBackoff)
}

// GiveUp tells whether a message that has failed for the tries-th time has been tried for about a day.
func GiveUp(tries int) bool {
	var sum time.Duration
	for n := 1; n <= tries; n++ {
		if sum += fullBackoff(n); sum >= maxWait {
			return true
		}
	}
	return false
}

// Next says when m, of which Deliver has just returned err, is to be tried again; ok is false where it is not to be tried
// again at all. m.Tries counts the failures before this one.
func Next(m state.Message, err error, now time.Time) (notTill time.Time, ok bool) {
	tries := m.Tries + 1
	if Permanent(err) || GiveUp(tries) {
		return time.Time{}, false
	}
	wait := Backoff(m.Seq, tries)
	if asked, said := RetryAfter(err); said {
		wait = max(wait, asked)
	}
	return now.Add(wait), true
}
