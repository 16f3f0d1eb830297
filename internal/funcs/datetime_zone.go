package funcs

import (
	"fmt"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // the zones, so that the binary needs none from its machine

	"github.com/vedette-siem/vedette/internal/types"
)

// datetimeZoneFuncs move datetimes between UTC and the zones of the IANA database.
// https://learn.microsoft.com/kusto/query/timezone
var datetimeZoneFuncs = []*Func{
	{Name: "datetime_utc_to_local", Class: Scalar, Page: "datetime-utc-to-local-function",
		Sigs: Sigs(RetDatetime, P("from", Datetime), P("timezone", String)),
		Go: func(c *Ctx, a []types.Value) types.Value {
			zone, err := zoneOf(a[1].Text())
			if err != nil {
				return c.Fail(err)
			}
			t := a[0].Int64()
			return types.DatetimeOf(t + zoneOffset(zone, t))
		},
		Doc: "Converts a UTC datetime to a time zone's local time.",
		Examples: []Example{{`datetime_utc_to_local(datetime(2020-02-03 04:02:20), "US/Pacific")`, `datetime(2020-02-02 20:02:20)`}, {`datetime_utc_to_local(datetime(2022-03-27 01:00), "Europe/Brussels")`, `datetime(2022-03-27 03:00)`},
			{`datetime_utc_to_local(datetime(null), "UTC")`, `datetime(null)`}}},
	{Name: "datetime_local_to_utc", Class: Scalar, Page: "datetime-local-to-utc-function",
		Sigs: Sigs(RetDatetime, P("from", Datetime), P("timezone", String)),
		Go: func(c *Ctx, a []types.Value) types.Value {
			zone, err := zoneOf(a[1].Text())
			if err != nil {
				return c.Fail(err)
			}
			return types.DatetimeOf(localToUTC(zone, a[0].Int64()))
		},
		Doc: "Converts a time zone's local time to UTC; where the clocks change, with the offset that holds afterwards.",
		Examples: []Example{{`datetime_local_to_utc(datetime(2020-02-02 20:02:20), "Europe/Paris")`, `datetime(2020-02-02 19:02:20)`}, {`datetime_local_to_utc(datetime(2022-03-27 02:00), "Europe/Brussels")`, `datetime(2022-03-27)`},
			{`datetime_local_to_utc(datetime(null), "UTC")`, `datetime(null)`}},
		Deviates: "Kusto does not say which of the two moments it takes for a local time that the clocks pass twice; here it is the later."},
	{Name: "datetime_list_timezones", Class: Scalar, Sigs: Sigs(RetDynamic), Page: "datetime-list-timezones",
		Go: func(*Ctx, []types.Value) types.Value {
			n := types.JSON{Kind: types.JSONArray}
			for _, z := range timezones() {
				n.Items = append(n.Items, types.JSON{Kind: types.JSONString, Str: z})
			}
			return n.Value()
		},
		Doc:      "Lists the time zones that the conversions know.",
		Examples: []Example{{`gettype(datetime_list_timezones())`, `"array"`}, {`array_length(datetime_list_timezones()) > 400`, `true`}, {`set_has_element(datetime_list_timezones(), "Europe/Paris")`, `true`}}},
}

// timezones lists the names of all zones, those without an area last.
func timezones() []string {
	var names, bare []string
	for _, g := range zoneNames {
		for _, n := range strings.Fields(g.names) {
			if g.area == "" {
				bare = append(bare, n)
			} else {
				names = append(names, g.area+"/"+n)
			}
		}
	}
	return append(names, bare...)
}

// zones caches loaded zones by name. Only names that exist enter it, so it is bounded.
var zones sync.Map

func zoneOf(name string) (*time.Location, error) {
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location), nil
	}
	if name == "" || name == "Local" { // Go's words for UTC and for the machine's zone
		return nil, fmt.Errorf("unknown time zone %q", name)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("unknown time zone %q", name)
	}
	zones.Store(name, z)
	return z, nil
}

// zoneOffset is what a zone adds to UTC at a moment, in ticks.
func zoneOffset(zone *time.Location, utc int64) int64 {
	_, sec := types.TimeOf(utc).In(zone).Zone()
	return int64(sec) * types.TicksPerSecond
}

// localToUTC takes the offset after a change of the clocks for the local times that the change skips or
// repeats: Brussels' 02:00 on 2022-03-27 is 00:00Z.
func localToUTC(zone *time.Location, local int64) int64 {
	after := zoneOffset(zone, local+types.TicksPerDay)
	before := zoneOffset(zone, local-types.TicksPerDay)
	if zoneOffset(zone, local-after) != after && zoneOffset(zone, local-before) == before {
		return local - before
	}
	return local - after
}
