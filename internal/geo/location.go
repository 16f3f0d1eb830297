package geo

// Location tells where an IP address is. What is not known is empty; the coordinates are there if HasCoord.
type Location struct {
	Country, State, City string
	Coord                Coord
	HasCoord             bool
}
