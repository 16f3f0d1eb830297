// Package mmdb tells where IP addresses are, from a file in MaxMind's format (.mmdb): it turns an address into a
// geo.Location. Start reading at Open.
// https://maxmind.github.io/MaxMind-DB/
package mmdb

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"

	maxminddb "github.com/oschwald/maxminddb-golang/v2"

	"github.com/vedette-siem/vedette/internal/geo"
)

// maxFile bounds the file, which is held in memory. The largest databases of cities have some hundred megabytes.
const maxFile = 2<<30 - 1

// fitting is what the type of a database has in its name if its records tell of countries or cities as MaxMind's do:
// GeoLite2-City, GeoIP2-Country, GeoIP2-Enterprise, DBIP-City-Lite. Types are told apart by case, too: those that
// others write small (ipinfo country.mmdb) have another layout.
var fitting = []string{"City", "Country", "Enterprise"}

// Reader is an open database. It is safe for concurrent use. It holds nothing but memory, so nobody need close it.
type Reader struct {
	name string
	db   *maxminddb.Reader
}

// Open reads a database of locations. The file is read whole and not mapped: a mapped file that somebody replaces in
// place would end the process, and queries may run for as long as the process does.
func Open(name string) (*Reader, error) {
	text, err := read(name)
	if err != nil {
		return nil, fmt.Errorf("database of IP locations: %w", err)
	}
	db, err := maxminddb.OpenBytes(text)
	if err != nil {
		return nil, fmt.Errorf("database of IP locations: %s is no MaxMind database (.mmdb), or a damaged one: %w", name, err)
	}
	kind := db.Metadata.DatabaseType
	fits := false
	for _, f := range fitting {
		fits = fits || strings.Contains(kind, f)
	}
	if !fits {
		return nil, fmt.Errorf("database of IP locations: %s is a database of type '%s', expected a City, Country or Enterprise database, such as GeoLite2-City", name, kind)
	}
	for network := range db.Networks() { // the first tells the layout of all
		var r record
		if err := network.Decode(&r); err != nil {
			return nil, fmt.Errorf("database of IP locations: the records of %s, of type '%s', cannot be read as those of a City or Country database: %w", name, kind, err)
		}
		break
	}
	return &Reader{name: name, db: db}, nil
}

func read(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", name)
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%s has %d bytes, more than the %d that can be held", name, info.Size(), maxFile)
	}
	text := make([]byte, info.Size())
	if _, err := io.ReadFull(f, text); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("%s was cut while it was read", name)
	} else if err != nil {
		return nil, err
	}
	return text, nil
}

// record is what is read of a record. Names are the English ones, as in Kusto.
// https://dev.maxmind.com/geoip/docs/databases/city-and-country
type record struct {
	Country      place   `maxminddb:"country"`
	Subdivisions []place `maxminddb:"subdivisions"` // the largest first
	City         place   `maxminddb:"city"`
	Location     struct {
		Latitude  *float64 `maxminddb:"latitude"`
		Longitude *float64 `maxminddb:"longitude"`
	} `maxminddb:"location"`
}

type place struct {
	Names struct {
		English string `maxminddb:"en"`
	} `maxminddb:"names"`
}

// Locate tells where an address is; ok is false where the database does not know. The error is for a damaged database.
func (r *Reader) Locate(ip netip.Addr) (l geo.Location, ok bool, err error) {
	ip = ip.Unmap()
	if ip.Is6() && r.db.Metadata.IPVersion == 4 {
		return l, false, nil
	}
	found := r.db.Lookup(ip)
	if !found.Found() && found.Err() == nil {
		return l, false, nil
	}
	var rec record
	if err := found.Decode(&rec); err != nil {
		return l, false, fmt.Errorf("the database of IP locations %s is damaged at %s: %w", r.name, ip, err)
	}
	l.Country, l.City = rec.Country.Names.English, rec.City.Names.English
	if len(rec.Subdivisions) > 0 {
		l.State = rec.Subdivisions[0].Names.English
	}
	if lat, long := rec.Location.Latitude, rec.Location.Longitude; lat != nil && long != nil {
		if c := (geo.Coord{*long, *lat}); c.Valid() {
			l.Coord, l.HasCoord = c, true
		}
	}
	return l, l != geo.Location{}, nil
}
