package funcs

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash/adler32"
	"hash/crc32"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"

	"github.com/vedette-siem/vedette/internal/types"
)

const (
	hashDeviates     = "values of other types than string, long, int and datetime hash to other numbers than Kusto's"
	combineDeviates  = "the combined number differs from Kusto's, which does not document how it combines and may change it; equal hashes combine to equal numbers"
	compressDeviates = "the compressed bytes of longer texts may differ from Kusto's; both decompress to the same text"
)

// hashFuncs compute hashes. https://learn.microsoft.com/kusto/query/scalar-functions#hash-functions
var hashFuncs = []*Func{
	{Name: "hash", Aliases: []string{"hash_xxhash64"}, Class: Scalar, Page: "hash-function",
		Sigs: Sigs(RetLong, P("source", NotDynamic).RawType(), P("mod", Integer).Optional()),
		Go: func(_ *Ctx, a []types.Value) types.Value {
			h := hash64(a[0])
			if len(a) == 1 {
				return types.LongOf(int64(h))
			}
			if a[1].Int64() <= 0 {
				return types.Null(types.Long)
			}
			return types.LongOf(int64(h % uint64(a[1].Int64())))
		},
		Doc: "Computes the xxhash64 of a value, or its remainder by mod.", Deviates: hashDeviates,
		Examples: []Example{{`hash("World")`, `1846988464401551951`}, {`hash(int(null))`, `long(null)`}, {`hash("World", 100)`, `51`}, {`hash(datetime(2015-01-01))`, `1380966698541616202`}}},
	{Name: "hash_combine", Class: Scalar, Page: "hash-combine-function",
		Sigs: Sigs(RetLong, P("h1", Integer), P("h2", Integer).Repeated()),
		Go: func(_ *Ctx, a []types.Value) types.Value {
			h := make([]uint64, len(a))
			for i, v := range a {
				h[i] = uint64(v.Int64())
			}
			return types.LongOf(combineHashes(h))
		},
		Doc: "Combines hashes into one, in their order.", Deviates: combineDeviates,
		Examples: []Example{{`hash_combine(1, 2) == hash_combine(1, 2)`, `true`}, {`hash_combine(1, long(null))`, `long(null)`}, {`hash_combine(1, 2) == hash_combine(2, 1)`, `false`}}},
	{Name: "hash_many", Class: Scalar, Page: "hash-many-function",
		Sigs: Sigs(RetLong, P("s1", NotDynamic).RawType(), P("s2", NotDynamic).RawType().Optional().Repeated()),
		Go: func(_ *Ctx, a []types.Value) types.Value {
			h := make([]uint64, len(a))
			for i, v := range a {
				h[i] = hash64(v)
			}
			return types.LongOf(combineHashes(h))
		},
		Doc: "Hashes several values and combines the hashes.", Deviates: combineDeviates,
		Examples: []Example{{`hash_many("a", 1) == hash_combine(hash("a"), hash(1))`, `true`}, {`hash_many("a", int(null))`, `long(null)`}, {`hash_many("a", "b") == hash_many("b", "a")`, `false`}}},
	digest("hash_md5", "md5($1)", "Gives the MD5 hash of a value's text, in hexadecimal.", func(b []byte) []byte { h := md5.Sum(b); return h[:] },
		Example{`hash_md5("World")`, `"f5a7924e621e84c9280a9a27e1bcb7f6"`}, Example{`hash_md5("")`, `"d41d8cd98f00b204e9800998ecf8427e"`}, Example{`hash_md5(datetime(2020-01-01))`, `"786c530672d1f8db31fee25ea8a9390b"`}),
	digest("hash_sha1", "sha1($1)", "Gives the SHA-1 hash of a value's text, in hexadecimal.", func(b []byte) []byte { h := sha1.Sum(b); return h[:] },
		Example{`hash_sha1("World")`, `"70c07ec18ef89c5309bbb0937f3a6342411e1fdd"`}, Example{`hash_sha1("")`, `"da39a3ee5e6b4b0d3255bfef95601890afd80709"`}, Example{`hash_sha1(datetime(2020-01-01))`, `"e903e533f4d636b4fc0dcf3cf81e7b7f330de776"`}),
	digest("hash_sha256", "sha256($1)", "Gives the SHA-256 hash of a value's text, in hexadecimal.", func(b []byte) []byte { h := sha256.Sum256(b); return h[:] },
		Example{`hash_sha256("World")`, `"78ae647dc5544d227130a0682a51e30bc7777fbb6d8a8f17007463a3ecd1d524"`}, Example{`hash_sha256("")`, `"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`}, Example{`strlen(hash_sha256(1))`, `64`}),
}

// encodeFuncs turn texts and bytes into base64, compressed and URL forms, and back.
// https://learn.microsoft.com/kusto/query/scalar-functions#string-functions
var encodeFuncs = []*Func{
	{Name: "base64_encode_tostring", Aliases: []string{"base64_encodestring"}, Class: Scalar, Sigs: Sigs(RetString, P("string", String)), Page: "base64-encode-tostring-function",
		SQL: "to_base64(encode($1))",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return types.StringOf(base64.StdEncoding.EncodeToString([]byte(a[0].Text())))
		},
		Doc: "Encodes the UTF-8 bytes of a text in base64.", Examples: []Example{{`base64_encode_tostring("Kusto")`, `"S3VzdG8="`}, {`base64_encode_tostring("")`, `""`}, {`base64_encode_tostring("é")`, `"w6k="`}}},
	{Name: "base64_decode_tostring", Aliases: []string{"base64_decodestring"}, Class: Scalar, Sigs: Sigs(RetString, P("base64_string", String)), Page: "base64-decode-tostring-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			b, ok := fromBase64(a[0].Text())
			if !ok || !utf8.Valid(b) {
				return types.StringOf("")
			}
			return types.StringOf(string(b))
		},
		Doc:      "Decodes base64 into a text; empty for what is no base64 or no UTF-8.",
		Examples: []Example{{`base64_decode_tostring("S3VzdG8=")`, `"Kusto"`}, {`base64_decode_tostring("")`, `""`}, {`base64_decode_tostring("U3RyaW5n0KHR0tGA0L7Rh9C60LA=")`, `""`}}},
	{Name: "base64_decode_toarray", Class: Scalar, Sigs: Sigs(RetDynamic, P("base64_string", String)), Page: "base64-decode-toarray-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			b, ok := fromBase64(a[0].Text())
			if !ok {
				return types.Null(types.Dynamic)
			}
			n := types.JSON{Kind: types.JSONArray}
			for _, c := range b {
				n.Items = append(n.Items, types.JSON{Kind: types.JSONLong, Long: int64(c)})
			}
			return n.Value()
		},
		Doc:      "Decodes base64 into an array of bytes.",
		Examples: []Example{{`base64_decode_toarray("S3VzdG8=")`, `dynamic([75,117,115,116,111])`}, {`base64_decode_toarray("")`, `dynamic([])`}, {`base64_decode_toarray("?")`, `dynamic(null)`}}},
	{Name: "base64_encode_fromarray", Class: Scalar, Sigs: Sigs(RetString, P("array", Dynamic)), Page: "base64-encode-fromarray-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			n := types.JSONOf(a[0])
			b := make([]byte, 0, len(n.Items))
			for _, e := range n.Items {
				if e.Kind != types.JSONLong || e.Long < 0 || e.Long > 255 {
					return types.StringOf("")
				}
				b = append(b, byte(e.Long))
			}
			return types.StringOf(base64.StdEncoding.EncodeToString(b))
		},
		Doc:      "Encodes an array of bytes in base64; empty if an element is no byte.",
		Examples: []Example{{`base64_encode_fromarray(dynamic([75, 117, 115, 116, 111]))`, `"S3VzdG8="`}, {`base64_encode_fromarray(dynamic(null))`, `""`}, {`base64_encode_fromarray(dynamic([256]))`, `""`}}},
	{Name: "base64_decode_toguid", Class: Scalar, Sigs: Sigs(RetGuid, P("base64_string", String)), Page: "base64-decode-toguid-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			b, ok := fromBase64(a[0].Text())
			if !ok || len(b) != 16 {
				return types.Null(types.Guid)
			}
			// Kusto shows the third group in the bytes' own order here, though base64_encode_fromguid swaps it.
			order := guidOrder(b)
			order[6], order[7] = order[7], order[6]
			g, ok := types.ParseGuid(hex.EncodeToString(order))
			if !ok {
				return types.Null(types.Guid)
			}
			return types.GuidOf(g)
		},
		Doc:      "Decodes the base64 of a guid's 16 bytes.",
		Examples: []Example{{`base64_decode_toguid("JpbpECu8dUy7Pv5gbeJXAA==")`, `guid(10e99626-bc2b-754c-bb3e-fe606de25700)`}, {`base64_decode_toguid("")`, `guid(null)`}, {`base64_decode_toguid("abcd1231")`, `guid(null)`}}},
	{Name: "base64_encode_fromguid", Class: Scalar, Sigs: Sigs(RetString, P("guid", Guid)), Page: "base64-encode-fromguid-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return types.StringOf(base64.StdEncoding.EncodeToString(guidBytes(a[0])))
		},
		Doc:      "Encodes the 16 bytes of a guid in base64.",
		Examples: []Example{{`base64_encode_fromguid(guid(ae3133f2-6e22-49ae-b06a-16e6a9b212eb))`, `"8jMxriJurkmwahbmqbIS6w=="`}, {`base64_encode_fromguid(guid(null))`, `""`}, {`base64_encode_fromguid(guid(00000000-0000-0000-0000-000000000000))`, `"AAAAAAAAAAAAAAAAAAAAAA=="`}}},
	{Name: "gzip_compress_to_base64_string", Class: Scalar, Sigs: Sigs(RetString, P("string", String)), Page: "gzip-base64-compress",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			data := []byte(a[0].Text())
			out := append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}, deflate(data)...)
			out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(data))
			out = binary.LittleEndian.AppendUint32(out, uint32(len(data)))
			return types.StringOf(base64.StdEncoding.EncodeToString(out))
		},
		Doc: "Compresses a text with gzip, in base64.", Deviates: compressDeviates,
		Examples: []Example{{`gzip_compress_to_base64_string("1234567890qwertyuiop")`, `"H4sIAAAAAAAA/wEUAOv/MTIzNDU2Nzg5MHF3ZXJ0eXVpb3A6m7f2FAAAAA=="`}, {`gzip_decompress_from_base64_string(gzip_compress_to_base64_string(""))`, `""`},
			{`gzip_decompress_from_base64_string(gzip_compress_to_base64_string(strrep("ab", 500))) == strrep("ab", 500)`, `true`}}},
	{Name: "gzip_decompress_from_base64_string", Class: Scalar, Sigs: Sigs(RetString, P("string", String)), Page: "gzip-base64-decompress",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			b, ok := fromBase64(a[0].Text())
			if !ok || len(b) < 10 || b[3] != 0 { // optional header fields are not taken
				return types.StringOf("")
			}
			r, err := gzip.NewReader(bytes.NewReader(b))
			return inflated(r, err)
		},
		Doc:      "Decompresses gzip in base64 into a text; empty for what is none.",
		Examples: []Example{{`gzip_decompress_from_base64_string("H4sIAAAAAAAA/wEUAOv/MTIzNDU2Nzg5MHF3ZXJ0eXVpb3A6m7f2FAAAAA==")`, `"1234567890qwertyuiop"`}, {`gzip_decompress_from_base64_string("")`, `""`}, {`gzip_decompress_from_base64_string("x0x0x0")`, `""`}}},
	{Name: "zlib_compress_to_base64_string", Class: Scalar, Sigs: Sigs(RetString, P("string", String)), Page: "zlib-base64-compress-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			data := []byte(a[0].Text())
			out := append([]byte{0x78, 0x01}, deflate(data)...)
			out = binary.BigEndian.AppendUint32(out, adler32.Checksum(data))
			return types.StringOf(base64.StdEncoding.EncodeToString(out))
		},
		Doc: "Compresses a text with zlib, in base64.", Deviates: compressDeviates,
		Examples: []Example{{`zlib_compress_to_base64_string("1234567890qwertyuiop")`, `"eAEBFADr/zEyMzQ1Njc4OTBxd2VydHl1aW9wOAkGdw=="`}, {`zlib_decompress_from_base64_string(zlib_compress_to_base64_string(""))`, `""`},
			{`zlib_decompress_from_base64_string(zlib_compress_to_base64_string(strrep("ab", 500))) == strrep("ab", 500)`, `true`}}},
	{Name: "zlib_decompress_from_base64_string", Class: Scalar, Sigs: Sigs(RetString, P("string", String)), Page: "zlib-base64-decompress-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			b, ok := fromBase64(a[0].Text())
			if !ok {
				return types.StringOf("")
			}
			r, err := zlib.NewReader(bytes.NewReader(b))
			return inflated(r, err)
		},
		Doc:      "Decompresses zlib in base64 into a text; empty for what is none.",
		Examples: []Example{{`zlib_decompress_from_base64_string("eJwLSS0uUSguKcrMS1cwNDIGACxqBQ4=")`, `"Test string 123"`}, {`zlib_decompress_from_base64_string("")`, `""`}, {`zlib_decompress_from_base64_string("x0x0x0")`, `""`}}},
	{Name: "url_encode", Class: Scalar, Sigs: Sigs(RetString, P("url", String)), Page: "url-encode-function",
		Go:       func(_ *Ctx, a []types.Value) types.Value { return types.StringOf(urlEncode(a[0].Text(), "+")) },
		Doc:      "Escapes a text for a URL, a blank as a plus sign.",
		Examples: []Example{{`url_encode("https://a.b/hello world")`, `"https%3a%2f%2fa.b%2fhello+world"`}, {`url_encode("")`, `""`}, {`url_encode("é-_.~")`, `"%c3%a9-_.%7e"`}}},
	{Name: "url_encode_component", Class: Scalar, Sigs: Sigs(RetString, P("url", String)), Page: "url-encode-component-function",
		Go:       func(_ *Ctx, a []types.Value) types.Value { return types.StringOf(urlEncode(a[0].Text(), "%20")) },
		Doc:      "Escapes a text for a URL, a blank as %20.",
		Examples: []Example{{`url_encode_component("https://a.b/hello world/")`, `"https%3a%2f%2fa.b%2fhello%20world%2f"`}, {`url_encode_component("")`, `""`}, {`url_encode_component("a+b")`, `"a%2bb"`}}},
	{Name: "url_decode", Class: Scalar, Sigs: Sigs(RetString, P("encoded_url", String)), Page: "url-decode-function",
		Go:       func(_ *Ctx, a []types.Value) types.Value { return types.StringOf(urlDecode(a[0].Text())) },
		Doc:      "Takes the escapes of a URL back; what is no escape stays.",
		Examples: []Example{{`url_decode("https%3a%2f%2fwww.bing.com%2f")`, `"https://www.bing.com/"`}, {`url_decode("")`, `""`}, {`url_decode("a+b%20c%zz%4")`, `"a b c%zz%4"`}}},
	{Name: "punycode_from_string", Class: Scalar, Sigs: Sigs(RetString, P("input_string", String)), Page: "punycode-from-string-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			s, _ := punycodeEncode(a[0].Text())
			return types.StringOf(s)
		},
		Doc:      "Encodes a text in punycode.",
		Examples: []Example{{`punycode_from_string("académie-française")`, `"acadmie-franaise-npb1a"`}, {`punycode_from_string("")`, `""`}, {`punycode_from_string("艺术")`, `"cqv902d"`}}},
	{Name: "punycode_to_string", Class: Scalar, Sigs: Sigs(RetString, P("input_string", String)), Page: "punycode-to-string-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			s, _ := punycodeDecode(a[0].Text())
			return types.StringOf(s)
		},
		Doc:      "Decodes punycode; empty for what is none.",
		Examples: []Example{{`punycode_to_string("acadmie-franaise-npb1a")`, `"académie-française"`}, {`punycode_to_string("")`, `""`}, {`punycode_to_string("!99999")`, `""`}}},
	{Name: "punycode_domain_to_string", Class: Scalar, Sigs: Sigs(RetString, P("domain", String)), Page: "punycode-domain-to-string-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return types.StringOf(mapLabels(a[0].Text(), func(label string) (string, bool) {
				if strings.IndexFunc(label, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
					return label, true
				}
				s, ok := punycodeEncode(label)
				return "xn--" + s, ok
			}))
		},
		Doc:      "Encodes the labels of a domain name in punycode where they need it.",
		Examples: []Example{{`punycode_domain_to_string("Riðill｡org")`, `"xn--Riill-jta.org"`}, {`punycode_domain_to_string("")`, `""`}, {`punycode_domain_to_string("a.b")`, `"a.b"`}}},
	{Name: "punycode_domain_from_string", Class: Scalar, Sigs: Sigs(RetString, P("encoded_string", String)), Page: "punycode-domain-from-string-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return types.StringOf(mapLabels(a[0].Text(), func(label string) (string, bool) {
				if len(label) < 4 || !strings.EqualFold(label[:4], "xn--") {
					return label, true
				}
				return punycodeDecode(label[4:])
			}))
		},
		Doc:      "Decodes the punycode labels of a domain name; empty if one is none.",
		Examples: []Example{{`punycode_domain_from_string("xn--Ge-mia.Bulg.edu")`, `"Gáe.Bulg.edu"`}, {`punycode_domain_from_string("")`, `""`}, {`punycode_domain_from_string("a.b")`, `"a.b"`}}},
}

// hash64 is the xxhash64 of a value's bytes: UTF-8, or eight bytes of a number, ticks included.
func hash64(v types.Value) uint64 {
	var b []byte
	switch v.Type() {
	case types.Int, types.Long, types.Datetime, types.Timespan:
		b = binary.LittleEndian.AppendUint64(b, uint64(v.Int64()))
	case types.Real:
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Float64()))
	case types.Bool:
		b = []byte{0}
		if v.Bool() {
			b[0] = 1
		}
	case types.Guid:
		b = guidBytes(v)
	default:
		return xxhash.Sum64String(v.Text())
	}
	return xxhash.Sum64(b)
}

func combineHashes(hashes []uint64) int64 {
	d := xxhash.New()
	var b [8]byte
	for _, h := range hashes {
		binary.LittleEndian.PutUint64(b[:], h)
		_, _ = d.Write(b[:]) // never fails
	}
	return int64(d.Sum64())
}

// digest declares a cryptographic hash of a value's text.
func digest(name, sql, doc string, sum func([]byte) []byte, examples ...Example) *Func {
	return &Func{Name: name, Class: Scalar, Sigs: Sigs(RetString, T("source", NotDynamic)), SQL: sql, Doc: doc, Examples: examples,
		Page: strings.ReplaceAll(name, "_", "-") + "-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return types.StringOf(hex.EncodeToString(sum([]byte(a[0].Text()))))
		}}
}

// fromBase64 decodes padded base64; white space in it does not count.
func fromBase64(s string) ([]byte, bool) {
	if strings.ContainsAny(s, " \t\r\n") {
		s = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(s)
	}
	b, err := base64.StdEncoding.DecodeString(s)
	return b, err == nil
}

// guidBytes are a guid's bytes in .NET's order: the first three groups little-endian.
func guidBytes(v types.Value) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(v.Text(), "-", ""))
	if err != nil || len(b) != 16 {
		return make([]byte, 16)
	}
	return guidOrder(b)
}

// guidOrder swaps between the order of a guid's text and .NET's.
func guidOrder(b []byte) []byte {
	return []byte{b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]}
}

// deflate compresses; data that does not shrink becomes one stored block, as zlib writes it.
func deflate(data []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if n := len(data); err != nil || n <= math.MaxUint16 && n+5 <= b.Len() {
		out := []byte{1}
		out = binary.LittleEndian.AppendUint16(out, uint16(n))
		out = binary.LittleEndian.AppendUint16(out, ^uint16(n))
		return append(out, data...)
	}
	return b.Bytes()
}

// maxInflated bounds what a decompression may yield in one value.
const maxInflated = 64 << 20

func inflated(r io.Reader, err error) types.Value {
	if err != nil {
		return types.StringOf("")
	}
	b, err := io.ReadAll(io.LimitReader(r, maxInflated+1))
	if err != nil || len(b) > maxInflated || !utf8.Valid(b) {
		return types.StringOf("")
	}
	return types.StringOf(string(b))
}
