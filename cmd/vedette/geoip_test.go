package main

import (
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/vedette-siem/vedette/internal/geo"
	"github.com/vedette-siem/vedette/internal/geo/mmdb/mmdbtest"
)

// makeMMDB is the script command "makemmdb TYPE FILE": a database of IP locations.
func makeMMDB(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: makemmdb TYPE FILE")
	}
	ts.Check(mmdbtest.Write(ts.MkAbs(args[1]), mmdbtest.Options{Type: args[0], IPVersion: 6, Locations: map[string]geo.Location{
		"203.0.113.0/25":  {Country: "Australia", State: "New South Wales", City: "Sydney", Coord: geo.Coord{151.2006, -33.8715}, HasCoord: true},
		"198.51.100.0/24": {Country: "Norway"},
		"2001:db8:7::/48": {Country: "United States", State: "Florida", City: "Boca Raton", Coord: geo.Coord{-80.0771, 26.3594}, HasCoord: true},
	}}))
}
