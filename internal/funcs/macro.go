package funcs

// Macro is a SQL macro that the DuckDB lowerings may call; the store creates all of them when it opens.
type Macro struct {
	Name, Params, Body string
}

// Macros lists the macros of every family.
func Macros() []Macro {
	return []Macro{
		// DuckDB's upper turns ß into ẞ.
		{"kql_upper", "s", "CASE WHEN contains(s, 'ß') THEN array_to_string(list_transform(string_split(s, 'ß'), lambda p: upper(p)), 'ß') ELSE upper(s) END"},
		// A computed datetime outside 0001…9999 is null.
		{"kql_datetime", "t", "CASE WHEN t >= 0 AND t <= 3155378975999999999 THEN t END"},
		// Datetimes as DuckDB's timestamps, to the microsecond, and back.
		{"kql_ts", "t", "make_timestamp(t // 10 - 62135596800000000)"},
		{"kql_ticks", "ts", "(epoch_us(ts) * 10 + 621355968000000000)"},
		{"kql_datetime_text", "t", "(strftime(make_timestamp(t // 10 - 62135596800000000), '%Y-%m-%dT%H:%M:%S.%f') || (t % 10)::VARCHAR || 'Z')"},
		{"kql_iso_ticks", "s", "CASE WHEN s < '0001' THEN NULL WHEN s LIKE '____-__-__T__:__:__._______Z' THEN epoch_us(try_cast(left(s, 26) AS TIMESTAMP)) * 10 + 621355968000000000 + try_cast(s[27] AS BIGINT) WHEN s LIKE '____-__-__T__:__:__Z' THEN epoch_us(try_cast(left(s, 19) AS TIMESTAMP)) * 10 + 621355968000000000 END"},
		{"kql_dynamic_text", "d", "coalesce(CASE WHEN starts_with(d, '\"') THEN d ->> '$' ELSE d END, '')"},
		// DuckDB: casting a real rounds, and fails out of range. Kusto: it cuts, and stays at the ends of long.
		{"kql_real_long", "x", "CASE WHEN NOT isfinite(x) THEN NULL WHEN x >= 9223372036854775808.0::DOUBLE THEN 9223372036854775807 WHEN x <= -9223372036854775808.0::DOUBLE THEN -9223372036854775807 - 1 ELSE trunc(x)::BIGINT END"},
		// A 128-bit sum of integers, wrapped around at 64 bits.
		{"kql_wrap", "h", "(CASE WHEN h BETWEEN -9223372036854775808 AND 9223372036854775807 THEN h ELSE ((h + 9223372036854775808::HUGEINT) % 18446744073709551616::HUGEINT + 18446744073709551616::HUGEINT) % 18446744073709551616::HUGEINT - 9223372036854775808::HUGEINT END)::BIGINT"},
		// The elements of a dynamic array as text, NULL if there is none; another value is its own element.
		{"kql_elements", "x", "CASE WHEN starts_with(x, '[') THEN nullif(substr(x, 2, length(x) - 2), '') ELSE coalesce(x, 'null') END"},
		// The first n distinct of some plain strings in quotation marks, with commas between, as an array.
		{"kql_string_set", "s, n", `'["' || array_to_string(list_distinct(string_split(s[2:-2], '","'))[:n], '","') || '"]'`},
		// What mv-expand expands a dynamic value to, a list of JSON texts: the elements of an array, the members
		// of a property bag as bags of one (kql_unnest) or as [key, value] (kql_unnest_pairs), another value, also null,
		// itself.
		{"kql_unnest", "x", `CASE WHEN starts_with(x, '[') THEN from_json(x, '["JSON"]') WHEN starts_with(x, '{') THEN list_transform(map_entries(CAST(x::JSON AS MAP(VARCHAR, JSON))), lambda e: ('{' || to_json(e.key) || ':' || coalesce(e.value, 'null') || '}')::JSON) WHEN x IS NULL THEN [NULL] ELSE [x::JSON] END`},
		{"kql_unnest_pairs", "x", `CASE WHEN starts_with(x, '[') THEN from_json(x, '["JSON"]') WHEN starts_with(x, '{') THEN list_transform(map_entries(CAST(x::JSON AS MAP(VARCHAR, JSON))), lambda e: ('[' || to_json(e.key) || ',' || coalesce(e.value, 'null') || ']')::JSON) WHEN x IS NULL THEN [NULL] ELSE [x::JSON] END`},
	}
}
