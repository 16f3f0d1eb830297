package funcs

import (
	"math"
	"slices"

	"github.com/vedette-siem/vedette/internal/types"
)

// mathUnitFuncs convert between units of measure. A unit that is not known gives null. The units are those
// of the reference pages; they are the units of the UnitsNet library (4.130), whose factors Kusto uses, and
// those are not all exact: convert_volume(1.2, "CubicMeter", "AcreFoot") is 0.0009728568 on its page.
var mathUnitFuncs = []*Func{
	unitFunc("angle", angleUnits, `convert_angle(1.2, "Degree", "Arcminute")`, `72.0`),
	unitFunc("energy", energyUnits, `convert_energy(1.2, "Kilojoule", "Joule")`, `1200.0`),
	unitFunc("force", forceUnits, `convert_force(3, "Kilonewton", "Newton")`, `3000.0`),
	unitFunc("length", lengthUnits, `convert_length(3, "Kilometer", "Meter")`, `3000.0`),
	unitFunc("mass", massUnits, `convert_mass(2, "Kilogram", "Gram")`, `2000.0`),
	unitFunc("speed", speedUnits, `convert_speed(36, "KilometerPerHour", "MeterPerSecond")`, `10.0`),
	unitFunc("temperature", temperatureUnits, `convert_temperature(1.2, "Kelvin", "DegreeCelsius")`, `-271.95`),
	unitFunc("volume", volumeUnits, `convert_volume(2, "CubicMeter", "Liter")`, `2000.0`),
}

// unit is a unit of measure: a value of it times factor plus offset is the value in the quantity's base
// unit. Tilt alone is no straight line.
type unit struct {
	name           string
	factor, offset float64
}

const tilt = "Tilt"

func (u unit) toBase(v float64) float64 {
	if u.name == tilt {
		return math.Asin(v)
	}
	return v*u.factor + u.offset
}

func (u unit) fromBase(v float64) float64 {
	if u.name == tilt {
		return math.Sin(v)
	}
	return (v - u.offset) / u.factor
}

func unitFunc(quantity string, units []unit, call, result string) *Func {
	var names []string
	byName := make(map[string]unit, len(units))
	for _, u := range units {
		names = append(names, u.name)
		byName[u.name] = u
	}
	slices.Sort(names)
	name := "convert_" + quantity
	return &Func{Name: name, Class: Scalar, Sigs: Sigs(RetReal, P("value", Real), P("from", String), P("to", String)), Page: "convert-" + quantity + "-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			from, ok1 := byName[a[1].Text()]
			to, ok2 := byName[a[2].Text()]
			if !ok1 || !ok2 {
				return types.Null(types.Real)
			}
			return types.RealOf(to.fromBase(from.toBase(a[0].Float64())))
		},
		Doc:      "Converts a " + quantity + " from one unit to another.",
		Examples: []Example{{call, result}, {name + `(1.5, "` + names[0] + `", "` + names[0] + `")`, `1.5`}, {name + `(1, "Parrot", "` + names[0] + `")`, `real(null)`}}}
}

var angleUnits = []unit{ // base: radian
	{"Arcminute", math.Pi / 10800, 0}, {"Arcsecond", math.Pi / 648000, 0}, {"Centiradian", 1e-2, 0}, {"Deciradian", 1e-1, 0},
	{"Degree", math.Pi / 180, 0}, {"Gradian", math.Pi / 200, 0}, {"Microdegree", 1e-6 * math.Pi / 180, 0}, {"Microradian", 1e-6, 0},
	{"Millidegree", 1e-3 * math.Pi / 180, 0}, {"Milliradian", 1e-3, 0}, {"Nanodegree", 1e-9 * math.Pi / 180, 0}, {"Nanoradian", 1e-9, 0},
	{"NatoMil", math.Pi / 3200, 0}, {"Radian", 1, 0}, {"Revolution", 2 * math.Pi, 0}, {tilt, 1, 0},
}

const (
	btu      = 1055.05585262
	calorie  = 4.184
	eV       = 1.602176565e-19
	wattHour = 3600.0
	thermEC  = 1.05505585262e8
	thermImp = 1.05505585257348e8
	thermUS  = 1.054804e8
)

var energyUnits = []unit{ // base: joule
	{"BritishThermalUnit", btu, 0}, {"KilobritishThermalUnit", 1e3 * btu, 0}, {"MegabritishThermalUnit", 1e6 * btu, 0}, {"GigabritishThermalUnit", 1e9 * btu, 0},
	{"Calorie", calorie, 0}, {"Kilocalorie", 1e3 * calorie, 0}, {"Megacalorie", 1e6 * calorie, 0},
	{"ThermEc", thermEC, 0}, {"ThermImperial", thermImp, 0}, {"ThermUs", thermUS, 0}, {"DecathermEc", 10 * thermEC, 0}, {"DecathermImperial", 10 * thermImp, 0}, {"DecathermUs", 10 * thermUS, 0},
	{"ElectronVolt", eV, 0}, {"KiloelectronVolt", 1e3 * eV, 0}, {"MegaelectronVolt", 1e6 * eV, 0}, {"GigaelectronVolt", 1e9 * eV, 0}, {"TeraelectronVolt", 1e12 * eV, 0},
	{"Erg", 1e-7, 0}, {"FootPound", 1.355817948, 0}, {"HorsepowerHour", 2.6845195377e6, 0},
	{"Millijoule", 1e-3, 0}, {"Joule", 1, 0}, {"Kilojoule", 1e3, 0}, {"Megajoule", 1e6, 0}, {"Gigajoule", 1e9, 0},
	{"WattHour", wattHour, 0}, {"KilowattHour", 1e3 * wattHour, 0}, {"MegawattHour", 1e6 * wattHour, 0}, {"GigawattHour", 1e9 * wattHour, 0}, {"TerawattHour", 1e12 * wattHour, 0},
	{"WattDay", 24 * wattHour, 0}, {"KilowattDay", 24e3 * wattHour, 0}, {"MegawattDay", 24e6 * wattHour, 0}, {"GigawattDay", 24e9 * wattHour, 0}, {"TerawattDay", 24e12 * wattHour, 0},
}

const (
	kilopond   = 9.80665002864
	pound      = 0.45359237
	poundForce = pound * 9.80665
	foot       = 0.3048
)

var forceUnits = []unit{ // base: newton
	{"Micronewton", 1e-6, 0}, {"Millinewton", 1e-3, 0}, {"Newton", 1, 0}, {"Decanewton", 10, 0}, {"Kilonewton", 1e3, 0}, {"Meganewton", 1e6, 0},
	{"Dyn", 1e-5, 0}, {"KilogramForce", kilopond, 0}, {"KiloPond", kilopond, 0}, {"TonneForce", 1e3 * kilopond, 0},
	{"PoundForce", poundForce, 0}, {"KilopoundForce", 1e3 * poundForce, 0}, {"OunceForce", poundForce / 16, 0}, {"ShortTonForce", 2e3 * poundForce, 0}, {"Poundal", 0.13825502798973042, 0},
}

const (
	inch       = 0.0254
	lightYear  = 9.46073047258e15
	parsec     = 3.08567758128e16
	surveyFoot = 1200.0 / 3937
)

var lengthUnits = []unit{ // base: meter
	{"Nanometer", 1e-9, 0}, {"Micrometer", 1e-6, 0}, {"Millimeter", 1e-3, 0}, {"Centimeter", 1e-2, 0}, {"Decimeter", 1e-1, 0}, {"Meter", 1, 0},
	{"Decameter", 10, 0}, {"Hectometer", 100, 0}, {"Kilometer", 1e3, 0}, {"Angstrom", 1e-10, 0},
	{"Inch", inch, 0}, {"Microinch", 1e-6 * inch, 0}, {"Mil", 1e-3 * inch, 0}, {"Hand", 4 * inch, 0}, {"Foot", foot, 0}, {"UsSurveyFoot", surveyFoot, 0}, {"Yard", 3 * foot, 0},
	{"Fathom", 6 * foot, 0}, {"Chain", 66 * foot, 0}, {"Shackle", 90 * foot, 0}, {"Mile", 1609.34, 0}, {"DataMile", 6000 * foot, 0}, {"NauticalMile", 1852, 0},
	{"DtpPica", 1 / 236.220472441, 0}, {"DtpPoint", inch / 72, 0}, {"PrinterPica", 1 / 237.106301584, 0}, {"PrinterPoint", inch / 72.27, 0}, {"Twip", 1 / 56692.913385826, 0},
	{"AstronomicalUnit", 1.4959787070e11, 0}, {"SolarRadius", 6.9551e8, 0}, {"LightYear", lightYear, 0}, {"KilolightYear", 1e3 * lightYear, 0}, {"MegalightYear", 1e6 * lightYear, 0},
	{"Parsec", parsec, 0}, {"Kiloparsec", 1e3 * parsec, 0}, {"Megaparsec", 1e6 * parsec, 0},
}

var massUnits = []unit{ // base: kilogram
	{"Nanogram", 1e-12, 0}, {"Microgram", 1e-9, 0}, {"Milligram", 1e-6, 0}, {"Centigram", 1e-5, 0}, {"Decigram", 1e-4, 0}, {"Gram", 1e-3, 0}, {"Decagram", 1e-2, 0}, {"Hectogram", 1e-1, 0},
	{"Kilogram", 1, 0}, {"Tonne", 1e3, 0}, {"Kilotonne", 1e6, 0}, {"Megatonne", 1e9, 0},
	{"Grain", pound / 7000, 0}, {"Ounce", 1 / 35.2739619, 0}, {"Pound", pound, 0}, {"Kilopound", 1e3 * pound, 0}, {"Megapound", 1e6 * pound, 0}, {"Stone", 1 / 0.1574731728702698, 0}, {"Slug", 1 / 6.852176556196105e-2, 0},
	{"ShortHundredweight", 100 * pound, 0}, {"ShortTon", 2000 * pound, 0}, {"LongHundredweight", 112 * pound, 0}, {"LongTon", 2240 * pound, 0},
	{"EarthMass", 5.9722e24, 0}, {"SolarMass", 1.98947e30, 0},
}

var speedUnits = []unit{ // base: meter per second
	{"NanometerPerSecond", 1e-9, 0}, {"NanometerPerMinute", 1e-9 / 60, 0}, {"MicrometerPerSecond", 1e-6, 0}, {"MicrometerPerMinute", 1e-6 / 60, 0},
	{"MillimeterPerSecond", 1e-3, 0}, {"MillimeterPerMinute", 1e-3 / 60, 0}, {"MillimeterPerHour", 1e-3 / 3600, 0},
	{"CentimeterPerSecond", 1e-2, 0}, {"CentimeterPerMinute", 1e-2 / 60, 0}, {"CentimeterPerHour", 1e-2 / 3600, 0}, {"DecimeterPerSecond", 1e-1, 0}, {"DecimeterPerMinute", 1e-1 / 60, 0},
	{"MeterPerSecond", 1, 0}, {"MeterPerMinute", 1.0 / 60, 0}, {"MeterPerHour", 1.0 / 3600, 0}, {"KilometerPerSecond", 1e3, 0}, {"KilometerPerMinute", 1e3 / 60.0, 0}, {"KilometerPerHour", 1 / 3.6, 0},
	{"InchPerSecond", inch, 0}, {"InchPerMinute", inch / 60, 0}, {"InchPerHour", inch / 3600, 0}, {"FootPerSecond", foot, 0}, {"FootPerMinute", foot / 60, 0}, {"FootPerHour", foot / 3600, 0},
	{"UsSurveyFootPerSecond", surveyFoot, 0}, {"UsSurveyFootPerMinute", surveyFoot / 60, 0}, {"UsSurveyFootPerHour", surveyFoot / 3600, 0},
	{"YardPerSecond", 3 * foot, 0}, {"YardPerMinute", 3 * foot / 60, 0}, {"YardPerHour", 3 * foot / 3600, 0}, {"MilePerHour", 5280 * foot / 3600, 0}, {"Knot", 0.514444, 0},
}

const zeroCelsius = 273.15

var temperatureUnits = []unit{ // base: kelvin
	{"Kelvin", 1, 0}, {"DegreeCelsius", 1, zeroCelsius}, {"MillidegreeCelsius", 1e-3, zeroCelsius}, {"DegreeFahrenheit", 5.0 / 9, 459.67 * 5 / 9}, {"DegreeRankine", 5.0 / 9, 0},
	{"DegreeDelisle", -2.0 / 3, zeroCelsius + 100}, {"DegreeNewton", 100.0 / 33, zeroCelsius}, {"DegreeReaumur", 5.0 / 4, zeroCelsius}, {"DegreeRoemer", 40.0 / 21, zeroCelsius - 7.5*40/21}, {"SolarTemperature", 5778, 0},
}

const (
	liter          = 1e-3
	cubicFoot      = 2.8316846592e-2
	usGallon       = 0.00378541
	imperialGallon = 0.00454609000000181429905810072407
)

var volumeUnits = []unit{ // base: cubic meter
	{"CubicMicrometer", 1e-18, 0}, {"CubicMillimeter", 1e-9, 0}, {"CubicCentimeter", 1e-6, 0}, {"CubicDecimeter", 1e-3, 0}, {"CubicMeter", 1, 0}, {"HectocubicMeter", 100, 0}, {"KilocubicMeter", 1e3, 0}, {"CubicHectometer", 1e6, 0}, {"CubicKilometer", 1e9, 0},
	{"Microliter", 1e-6 * liter, 0}, {"Milliliter", 1e-3 * liter, 0}, {"Centiliter", 1e-2 * liter, 0}, {"Deciliter", 1e-1 * liter, 0}, {"Liter", liter, 0}, {"Decaliter", 10 * liter, 0}, {"Hectoliter", 100 * liter, 0}, {"Kiloliter", 1e3 * liter, 0}, {"Megaliter", 1e6 * liter, 0},
	{"CubicInch", 1.6387e-5, 0}, {"CubicFoot", cubicFoot, 0}, {"HectocubicFoot", 100 * cubicFoot, 0}, {"KilocubicFoot", 1e3 * cubicFoot, 0}, {"MegacubicFoot", 1e6 * cubicFoot, 0},
	{"CubicYard", 0.764554858, 0}, {"CubicMile", 4.16818182544058e9, 0}, {"AcreFoot", 1 / 0.000810714, 0}, {"BoardFoot", 2.3597372158e-3, 0},
	{"UsGallon", usGallon, 0}, {"DeciusGallon", 1e-1 * usGallon, 0}, {"DecausGallon", 10 * usGallon, 0}, {"HectousGallon", 100 * usGallon, 0}, {"KilousGallon", 1e3 * usGallon, 0}, {"MegausGallon", 1e6 * usGallon, 0},
	{"ImperialGallon", imperialGallon, 0}, {"KiloimperialGallon", 1e3 * imperialGallon, 0}, {"MegaimperialGallon", 1e6 * imperialGallon, 0}, {"ImperialBeerBarrel", 0.16365924, 0}, {"ImperialPint", 5.6826125e-4, 0}, {"ImperialOunce", 2.8413062499962901e-5, 0},
	{"UsOunce", 2.957352956253760505e-5, 0}, {"UsPint", 4.73176473e-4, 0}, {"UsQuart", 9.46352946e-4, 0}, {"UsBeerBarrel", 0.1173477658, 0}, {"OilBarrel", 0.158987294928, 0},
	{"UsTeaspoon", 4.92892159375e-6, 0}, {"UsTablespoon", 1.478676478125e-5, 0}, {"UsCustomaryCup", 2.365882365e-4, 0}, {"UsLegalCup", 2.4e-4, 0},
	{"UkTablespoon", 1.5e-5, 0}, {"AuTablespoon", 2e-5, 0}, {"MetricCup", 2.5e-4, 0}, {"MetricTeaspoon", 5e-6, 0},
}
