package exec

import (
	"context"
	"slices"
)

// pulse looks now and then whether a run was cancelled: loops over rows call beat for every row.
type pulse struct {
	ctx context.Context
	n   int
}

// beats is how many calls of beat go by between two looks at the context.
const beats = 1 << 10

// beat returns the context's error some time after it has ended.
func (p *pulse) beat() error {
	if p.n++; p.n%beats == 0 {
		return p.ctx.Err()
	}
	return nil
}

// sortStable sorts a list in runs, which are merged pair by pair, so that it can end between two steps of that.
func sortStable[T any](p *pulse, list []T, compare func(a, b T) int) error {
	const run = 1 << 12
	for from := 0; from < len(list); from += run {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		slices.SortStableFunc(list[from:min(from+run, len(list))], compare)
	}
	if len(list) <= run {
		return nil
	}
	from, to := list, make([]T, len(list))
	for width := run; width < len(list); width *= 2 {
		for at := 0; at < len(list); at += 2 * width {
			mid, end := min(at+width, len(list)), min(at+2*width, len(list))
			i, j := at, mid
			for k := at; k < end; k++ {
				if err := p.beat(); err != nil {
					return err
				}
				if i < mid && (j >= end || compare(from[i], from[j]) <= 0) {
					to[k] = from[i]
					i++
				} else {
					to[k] = from[j]
					j++
				}
			}
		}
		from, to = to, from
	}
	if &from[0] != &list[0] {
		copy(list, from)
	}
	return nil
}
