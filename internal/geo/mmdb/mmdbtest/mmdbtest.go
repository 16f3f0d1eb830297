// Package mmdbtest writes databases of IP locations for tests.
package mmdbtest

import (
	"errors"
	"net/netip"
	"os"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"go4.org/netipx"

	"github.com/vedette-siem/vedette/internal/geo"
)

// Options say what is written.
type Options struct {
	Type      string // of the database: GeoLite2-City
	IPVersion int    // 4 or 6
	// Locations are by network: 203.0.113.0/24. Records are others, as they are to be in the file.
	Locations map[string]geo.Location
	Records   map[string]mmdbtype.DataType
}

// Write writes a database in the layout of MaxMind's databases of cities and countries.
func Write(name string, o Options) (err error) {
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: o.Type, IPVersion: o.IPVersion, BuildEpoch: 1_800_000_000,
		IncludeReservedNetworks: true, Languages: []string{"en", "de"}})
	if err != nil {
		return err
	}
	insert := func(network string, r mmdbtype.DataType) error {
		p, err := netip.ParsePrefix(network)
		if err != nil {
			return err
		}
		return tree.Insert(netipx.PrefixIPNet(p), r)
	}
	for network, l := range o.Locations {
		if err := insert(network, recordOf(l)); err != nil {
			return err
		}
	}
	for network, r := range o.Records {
		if err := insert(network, r); err != nil {
			return err
		}
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = tree.WriteTo(f)
	return errors.Join(err, f.Close())
}

func recordOf(l geo.Location) mmdbtype.Map {
	m := mmdbtype.Map{"continent": mmdbtype.Map{"code": mmdbtype.String("XX")}}
	if l.Country != "" {
		m["country"] = Place(l.Country)
	}
	if l.State != "" {
		m["subdivisions"] = mmdbtype.Slice{Place(l.State), Place("a part of " + l.State)}
	}
	if l.City != "" {
		m["city"] = Place(l.City)
	}
	if l.HasCoord {
		m["location"] = mmdbtype.Map{"latitude": mmdbtype.Float64(l.Coord[1]), "longitude": mmdbtype.Float64(l.Coord[0]), "accuracy_radius": mmdbtype.Uint16(20)}
	}
	return m
}

// Place is a place with a name in English and another in German.
func Place(name string) mmdbtype.Map {
	return mmdbtype.Map{"geoname_id": mmdbtype.Uint32(7), "names": mmdbtype.Map{"en": mmdbtype.String(name), "de": mmdbtype.String(name + " auf Deutsch")}}
}
