package session

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"

	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/types"
)

// external is the policy of externaldata: which places a query may read, and which file or folder of this
// machine stands for each. Nothing is ever fetched; a place that no entry covers is refused.
type external []externalPlace

type externalPlace struct {
	prefix, target string
	folder         bool
}

// maxExternal bounds the text of one external artifact, unpacked. The service says that externaldata is for
// reference tables of up to 100 MB. https://learn.microsoft.com/kusto/query/externaldata-operator
const maxExternal = 100 << 20

// parseExternal reads "URLPREFIX=FILE_OR_FOLDER" entries. The last = divides, because URLs have = in them.
func parseExternal(list []string) (external, error) {
	var out external
	for _, text := range list {
		i := strings.LastIndexByte(text, '=')
		if i <= 0 || i == len(text)-1 {
			return nil, fmt.Errorf("external '%s': expected URLPREFIX=FILE_OR_FOLDER", text)
		}
		p := externalPlace{prefix: text[:i], target: text[i+1:]}
		info, err := os.Stat(p.target)
		if err != nil {
			return nil, fmt.Errorf("external %s: %w", p.prefix, err)
		}
		p.folder = info.IsDir()
		out = append(out, p)
	}
	sort.SliceStable(out, func(i, j int) bool { return len(out[i].prefix) > len(out[j].prefix) })
	return out, nil
}

// read is the reader that query.Engine.External wants.
func (x external) read(uris []string, schema types.Schema, props map[string]string) ([][]types.Value, error) {
	var rows [][]types.Value
	for _, uri := range uris {
		// What follows ; or ? are credentials, in Azure's connection strings.
		// https://learn.microsoft.com/kusto/api/connection-strings/storage-connection-strings
		uri = strings.TrimSpace(uri)
		if i := strings.IndexAny(uri, ";?"); i >= 0 {
			uri = uri[:i]
		}
		name, content, err := x.open(uri)
		if err != nil {
			return nil, err
		}
		f, err := newExternalFormat(name, props)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", uri, err)
		}
		parts, err := unpack(name, content, f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", uri, err)
		}
		for _, part := range parts {
			more, err := f.decode(part, schema)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", uri, err)
			}
			rows = append(rows, more...)
		}
	}
	return rows, nil
}

// open returns the content that stands for a place.
func (x external) open(uri string) (name string, content []byte, err error) {
	for _, p := range x {
		rest, ok := strings.CutPrefix(uri, p.prefix)
		if !ok || rest != "" && !strings.HasSuffix(p.prefix, "/") && rest[0] != '/' {
			continue
		}
		name = filepath.Base(p.target)
		var f *os.File
		if p.folder {
			rest = strings.TrimPrefix(path.Clean("/"+rest), "/")
			name = path.Base(rest)
			root, err := os.OpenRoot(p.target) // nothing outside of the folder can be named
			if err != nil {
				return "", nil, err
			}
			defer root.Close()
			f, err = root.Open(filepath.FromSlash(rest))
			if plain, ok := unescaped(rest); ok && errors.Is(err, fs.ErrNotExist) { // Sample%20Data
				f, err = root.Open(filepath.FromSlash(plain))
			}
			if err != nil {
				return "", nil, fmt.Errorf("%s: %w", uri, err)
			}
		} else if f, err = os.Open(p.target); err != nil {
			return "", nil, err
		}
		defer f.Close()
		content, err = readAll(f)
		return name, content, err
	}
	return "", nil, fmt.Errorf("reading '%s' is %w", uri, query.ErrNotAllowed)
}

// unescaped is a URL's path without its escapes, if it has any.
func unescaped(p string) (string, bool) {
	plain, err := url.PathUnescape(p)
	return plain, err == nil && plain != p
}

func readAll(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxExternal+1))
	if err == nil && len(b) > maxExternal {
		err = fmt.Errorf("the content is larger than %d MB", maxExternal>>20)
	}
	return b, err
}

// externalFormat is how the content of a place is read.
type externalFormat struct {
	format      string
	skipFirst   bool
	zipPattern  string
	notReallyGz bool
}

// delimiters are the separated formats. https://learn.microsoft.com/kusto/ingestion-supported-formats
var delimiters = map[string]rune{"csv": ',', "tsv": '\t', "tsve": '\t', "psv": '|', "scsv": ';', "sohsv": '\x01'}

func newExternalFormat(name string, props map[string]string) (externalFormat, error) {
	var f externalFormat
	for k, v := range props {
		switch strings.ToLower(k) {
		case "format":
			f.format = strings.ToLower(v)
		case "ignorefirstrecord":
			b, ok := types.ParseBool(v)
			if !ok {
				return f, fmt.Errorf("ignoreFirstRecord: expected true or false, found '%s'", v)
			}
			f.skipFirst = b
		case "zippattern":
			f.zipPattern = v
		case "treatgzasuncompressed":
			f.notReallyGz, _ = types.ParseBool(v)
		case "encoding", "filepattern", "recursive", "creationtime", "tags", "folder":
		default:
			return f, fmt.Errorf("the property '%s' is not supported", k)
		}
	}
	if f.format == "" {
		f.format = "csv"
		switch ext := strings.TrimPrefix(path.Ext(strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(name), ".gz"), ".zip")), "."); {
		case delimiters[ext] != 0, ext == "txt", ext == "json":
			f.format = ext
		case ext == "jsonl", ext == "ndjson":
			f.format = "json"
		case ext == "parquet", ext == "avro", ext == "orc", ext == "xlsx":
			f.format = ext
		}
	}
	switch f.format {
	case "txt", "raw", "json", "multijson", "singlejson":
	default:
		if delimiters[f.format] == 0 {
			return f, fmt.Errorf("the format '%s' is not supported", f.format)
		}
	}
	return f, nil
}

// unpack returns the texts in the content: itself, or what a .gz or .zip holds.
func unpack(name string, content []byte, f externalFormat) ([][]byte, error) {
	lower := strings.ToLower(name)
	switch {
	case strings.HasSuffix(lower, ".gz") && !f.notReallyGz:
		r, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			return nil, err
		}
		b, err := readAll(r)
		return [][]byte{b}, err
	case strings.HasSuffix(lower, ".zip"):
		r, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return nil, err
		}
		var parts [][]byte
		left := maxExternal
		for _, e := range r.File {
			if e.FileInfo().IsDir() {
				continue
			}
			if f.zipPattern != "" {
				if ok, err := path.Match(f.zipPattern, path.Base(e.Name)); err != nil {
					return nil, fmt.Errorf("zipPattern '%s': %w", f.zipPattern, err)
				} else if !ok {
					continue
				}
			}
			in, err := e.Open()
			if err != nil {
				return nil, err
			}
			b, err := readAll(in)
			err = errors.Join(err, in.Close())
			if left -= len(b); err == nil && left < 0 {
				err = fmt.Errorf("the content is larger than %d MB", maxExternal>>20)
			}
			if err != nil {
				return nil, err
			}
			parts = append(parts, b)
		}
		if len(parts) == 0 {
			return nil, fmt.Errorf("no file in the archive: %w", fs.ErrNotExist)
		}
		return parts, nil
	}
	return [][]byte{content}, nil
}

// decode makes rows of a text.
func (f externalFormat) decode(text []byte, schema types.Schema) ([][]types.Value, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	switch f.format {
	case "json", "multijson", "singlejson":
		return decodeJSON(text, schema)
	case "raw":
		return [][]types.Value{fromFields([]string{string(text)}, schema)}, nil
	case "txt":
		var rows [][]types.Value
		first := f.skipFirst
		for line := range strings.Lines(string(text)) {
			if first {
				first = false
				continue
			}
			rows = append(rows, fromFields([]string{strings.TrimRight(line, "\r\n")}, schema))
		}
		return rows, nil
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = delimiters[f.format], true, -1
	r.ReuseRecord = true
	var rows [][]types.Value
	for first := f.skipFirst; ; {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		if first {
			first = false
			continue
		}
		rows = append(rows, fromFields(rec, schema))
	}
}

// fromFields gives the columns of a row by position. A short record leaves the last ones empty; what is over is
// not read.
func fromFields(rec []string, schema types.Schema) []types.Value {
	row := make([]types.Value, len(schema))
	for i, c := range schema {
		if i >= len(rec) || rec[i] == "" {
			row[i] = types.Null(c.Type)
			continue
		}
		text := strings.Clone(rec[i])
		if c.Type == types.Dynamic { // dynamic columns of separated files hold JSON, or else a string
			if canonical, err := types.CanonicalJSON(text); err == nil {
				row[i] = types.DynamicOf(canonical)
				continue
			}
		}
		row[i] = types.StringOf(text).To(c.Type)
	}
	return row
}

// decodeJSON reads objects one after the other, or arrays of them; columns are found by name.
func decodeJSON(text []byte, schema types.Schema) ([][]types.Value, error) {
	var rows [][]types.Value
	add := func(raw json.RawMessage) error {
		n, err := types.ParseJSON(string(raw))
		if err != nil {
			return err
		}
		list := []types.JSON{n}
		if n.Kind == types.JSONArray {
			list = n.Items
		}
		for _, o := range list {
			if o.Kind != types.JSONObject {
				return fmt.Errorf("expected JSON objects, found %s", o)
			}
			row := make([]types.Value, len(schema))
			for i, c := range schema {
				row[i] = types.Null(c.Type)
				if v, ok := o.Get(c.Name); ok && v.Kind != types.JSONNull {
					row[i] = v.Value().To(c.Type)
				}
			}
			rows = append(rows, row)
		}
		return nil
	}
	for dec := json.NewDecoder(bytes.NewReader(text)); ; {
		var raw json.RawMessage
		err := dec.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err == nil {
			err = add(raw)
		}
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", len(rows)+1, err)
		}
	}
}
