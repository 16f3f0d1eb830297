// Command gen writes the embedded list of Log Analytics table schemas from JSON files of the form
// {table: {column: type}}. The order of columns in the files is kept.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/types"
)

func main() {
	tables := flag.String("tables", "", "JSON `file` of the tables")
	xdr := flag.String("xdr", "", "JSON `file` of the columns that Defender XDR adds to some tables")
	out := flag.String("out", "schemas.bin", "`file` to write")
	flag.Parse()
	if err := run(*tables, *xdr, *out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(tables, xdr, out string) error {
	base, err := read(tables)
	if err != nil {
		return err
	}
	extra, err := read(xdr)
	if err != nil {
		return err
	}
	extra = missing(base, extra)
	b, err := catalog.EncodeSchemas(base, extra)
	if err != nil {
		return err
	}
	return os.WriteFile(out, b, 0o644)
}

// missing returns of extra what base does not have already: known tables, and columns new to them.
func missing(base, extra []catalog.Table) []catalog.Table {
	known := map[string]types.Schema{}
	for _, t := range base {
		known[t.Name] = t.Columns
	}
	var out []catalog.Table
	for _, t := range extra {
		s, ok := known[t.Name]
		if !ok {
			continue
		}
		n := catalog.Table{Name: t.Name}
		for _, c := range t.Columns {
			if s.Index(c.Name) < 0 {
				n.Columns = append(n.Columns, c)
			}
		}
		if len(n.Columns) > 0 {
			out = append(out, n)
		}
	}
	return out
}

// read reads tables in the order of the file, which a map would lose.
func read(path string) ([]catalog.Table, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	var tables []catalog.Table
	err = object(d, func(name string) error {
		t := catalog.Table{Name: name}
		err := object(d, func(column string) error {
			tok, err := d.Token()
			if err != nil {
				return err
			}
			word, _ := tok.(string)
			typ, ok := types.Parse(word)
			if !ok {
				return fmt.Errorf("%s.%s: unknown type %v", name, column, tok)
			}
			t.Columns = append(t.Columns, types.Column{Name: column, Type: typ})
			return nil
		})
		tables = append(tables, t)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return tables, nil
}

// object reads a JSON object and calls value before the value of each key.
func object(d *json.Decoder, value func(key string) error) error {
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
		return errors.Join(err, fmt.Errorf("expected an object at byte %d", d.InputOffset()))
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if err := value(key.(string)); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}
