package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const day = Days(24 * time.Hour)

// Size is a number of bytes, written as 64MiB or 2GB; all units are powers of 1,024.
type Size int64

var units = []struct {
	name  string
	shift int
}{{"KIB", 10}, {"MIB", 20}, {"GIB", 30}, {"TIB", 40}, {"KB", 10}, {"MB", 20}, {"GB", 30}, {"TB", 40}, {"B", 0}, {"", 0}}

// ParseSize reads a size.
func ParseSize(text string) (Size, error) {
	upper := strings.ToUpper(strings.TrimSpace(text))
	for _, u := range units {
		number, ok := strings.CutSuffix(upper, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64>>u.shift {
			break
		}
		return Size(n << u.shift), nil
	}
	return 0, fmt.Errorf("'%s' is no size; expected something like 512MiB or 4GB", text)
}

func (s Size) String() string {
	for i := 3; i >= 0; i-- {
		if u := units[i]; s != 0 && s%(1<<u.shift) == 0 {
			return strconv.FormatInt(int64(s>>u.shift), 10) + []string{"KiB", "MiB", "GiB", "TiB"}[i]
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (s *Size) UnmarshalYAML(n *yaml.Node) (err error) {
	*s, err = ParseSize(n.Value)
	return err
}

// MarshalYAML implements yaml.Marshaler.
func (s Size) MarshalYAML() (any, error) { return s.String(), nil }

// Days is a span of time that may also be written in days: 90d.
type Days time.Duration

// ParseDays reads a span of time.
func ParseDays(text string) (Days, error) {
	text = strings.TrimSpace(text)
	if number, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseInt(number, 10, 64)
		if err == nil && n >= 0 && n <= 100_000 {
			return Days(n) * day, nil
		}
	} else if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return Days(d), nil
	} else if text == "0" {
		return 0, nil
	}
	return 0, fmt.Errorf("'%s' is no span of time; expected something like 90d or 12h", text)
}

func (d Days) String() string {
	if d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	return time.Duration(d).String()
}

// Duration is d as a time.Duration.
func (d Days) Duration() time.Duration { return time.Duration(d) }

// UnmarshalYAML implements yaml.Unmarshaler.
func (d *Days) UnmarshalYAML(n *yaml.Node) (err error) {
	*d, err = ParseDays(n.Value)
	return err
}

// MarshalYAML implements yaml.Marshaler.
func (d Days) MarshalYAML() (any, error) { return d.String(), nil }
