package rule

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/types"
)

var (
	shortDuration = regexp.MustCompile(`^(\d{1,5})([mhdMHD])$`)
	isoDuration   = regexp.MustCompile(`^P(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?$`) // in all under 292 years
)

// ParseDuration reads a duration in any of the forms that rules use: a number and m, h or d (5m), ISO 8601
// (PT5M, P1DT2H), or a .NET time span (1.00:00:00, 01:00:00, or a bare number of days).
func ParseDuration(text string) (time.Duration, bool) {
	s := strings.TrimSpace(text)
	if m := shortDuration.FindStringSubmatch(s); m != nil {
		n, _ := strconv.Atoi(m[1]) // at most five digits
		return time.Duration(n) * map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[strings.ToLower(m[2])], true
	}
	if m := isoDuration.FindStringSubmatch(strings.ToUpper(s)); m != nil {
		var d time.Duration
		some := false
		for i, unit := range []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second} {
			if m[i+1] != "" {
				n, _ := strconv.Atoi(m[i+1])
				d, some = d+time.Duration(n)*unit, true
			}
		}
		return d, some && !strings.HasSuffix(strings.ToUpper(s), "T")
	}
	if s == "" || strings.Trim(s, "0123456789.:") != "" {
		return 0, false // a unit that only KQL knows, or a sign
	}
	ticks, ok := types.ParseTimespan(s)
	if !ok || ticks > int64(maxTimespan/100) {
		return 0, false
	}
	return time.Duration(ticks) * 100, true
}

// maxTimespan keeps the product with 100 ns inside time.Duration (about 292 years).
const maxTimespan = time.Duration(1<<63 - 1)

// FormatDuration renders d as ISO 8601 for the REST API and for messages, with the units it has: PT1H, P14D,
// P1DT2H.
func FormatDuration(d time.Duration) string {
	if d <= 0 {
		return "PT0S"
	}
	var b strings.Builder
	b.WriteByte('P')
	if n := d / (24 * time.Hour); n > 0 {
		b.WriteString(strconv.Itoa(int(n)) + "D")
	}
	if d %= 24 * time.Hour; d == 0 {
		return b.String()
	}
	b.WriteByte('T')
	for _, u := range []struct {
		d time.Duration
		c string
	}{{time.Hour, "H"}, {time.Minute, "M"}, {time.Second, "S"}} {
		if n := d / u.d; n > 0 {
			b.WriteString(strconv.Itoa(int(n)) + u.c)
		}
		d %= u.d
	}
	return b.String()
}
