package funcs

import (
	"testing"
)

func TestGeoExamples(t *testing.T) {
	checkFamily(t, geoFuncs, geoLineFuncs, geoAreaFuncs, geoCellFuncs, geoTextFuncs)
}
