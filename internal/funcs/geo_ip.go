package funcs

import (
	"errors"
	"net/netip"

	"github.com/vedette-siem/vedette/internal/geo"
	"github.com/vedette-siem/vedette/internal/types"
)

// Locations tells where IP addresses are. It must be safe for concurrent use.
type Locations interface {
	// Locate tells where an address is; ok is false where that is not known. An error ends the query.
	Locate(ip netip.Addr) (l geo.Location, ok bool, err error)
}

// WithLocations returns a catalogue like s in which geo_info_from_ip_address() answers from l.
func (s *Set) WithLocations(l Locations) *Set {
	f := *geoInfoFromIP
	f.Family = s.byName[key(f.Class, f.Name)].Family
	f.Go = locate(l)
	return s.replaced(&f)
}

// ErrNoLocations is the fault of a call of geo_info_from_ip_address() where there are no Locations.
var ErrNoLocations = errors.New("a database of IP locations is needed (a City or Country database in MaxMind's format); " +
	"name one with --geoip, for a server with content.geoIP")

// geoInfoFromIP leaves out what is not known, and gives null where nothing is.
// https://learn.microsoft.com/kusto/query/geo-info-from-ip-address-function
var geoInfoFromIP = &Func{Name: "geo_info_from_ip_address", Class: Scalar, Page: "geo-info-from-ip-address-function",
	Sigs: Sigs(RetDynamic, P("ip", String)), Doc: "Gives country, state, city and coordinates of an IP address; what is no address, and one whose place is not known, gives null.",
	Go: locate(nil),
	Deviates: "the places are those of the database of IP locations that --geoip or the server's setting content.geoIP names; " +
		"without one, a call with an address ends the query with an error that says so",
	Examples: []Example{{`geo_info_from_ip_address("")`, `dynamic(null)`}, {`geo_info_from_ip_address("x")`, `dynamic(null)`}, {`geo_info_from_ip_address("300.1.1.1")`, `dynamic(null)`}}}

// locate is the body of geo_info_from_ip_address(). A network, or an address with a zone, is no address.
func locate(from Locations) Impl {
	return func(c *Ctx, a []types.Value) types.Value {
		ip, err := netip.ParseAddr(a[0].Text())
		if err != nil || ip.Zone() != "" {
			return types.Null(types.Dynamic)
		}
		if from == nil {
			return c.Fail(ErrNoLocations)
		}
		l, ok, err := from.Locate(ip.Unmap())
		if err != nil {
			return c.Fail(err)
		}
		if !ok {
			return types.Null(types.Dynamic)
		}
		return locationValue(l)
	}
}

func locationValue(l geo.Location) types.Value {
	out := types.JSON{Kind: types.JSONObject}
	for _, name := range []struct{ key, value string }{{"country", l.Country}, {"state", l.State}, {"city", l.City}} {
		if name.value != "" {
			out.Set(name.key, types.JSONOf(types.StringOf(name.value)))
		}
	}
	if l.HasCoord {
		out.Set("latitude", types.JSONOf(types.RealOf(l.Coord[1])))
		out.Set("longitude", types.JSONOf(types.RealOf(l.Coord[0])))
	}
	return out.Value()
}
