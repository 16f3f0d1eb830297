package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/session"
	"github.com/vedette-siem/vedette/internal/types"
)

// TableSchema declares a custom table, in files and through the API.
type TableSchema struct {
	Name    string        `json:"name" yaml:"name"`
	Columns []TableColumn `json:"columns" yaml:"columns"`
}

// TableColumn is a column of a custom table.
type TableColumn struct {
	Name string `json:"name" yaml:"name"`
	Type string `json:"type" yaml:"type"`
}

// ErrTable is what a declaration of a table is refused for.
var ErrTable = errors.New("the table cannot be declared so")

var (
	tableName  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,59}_CL$`)
	columnName = regexp.MustCompile(`^_?[A-Za-z][A-Za-z0-9_]{0,44}$`)
)

// maxColumns is the service's limit of columns in a custom table.
// https://learn.microsoft.com/azure/azure-monitor/service-limits#log-analytics-workspaces
const maxColumns = 500

// loadTables declares the custom tables of the data folder and of the configuration's files.
func (s *Service) loadTables(ctx context.Context) error {
	files, err := session.Files(append([]string{filepath.Join(s.conf.Data, tablesFolder)}, s.conf.Content.Tables...),
		func(name string) bool { return strings.HasSuffix(name, ".json") || session.IsYAML(name) })
	if err != nil {
		return fmt.Errorf("content.tables: %w", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("content.tables: %w", err)
		}
		d := yaml.NewDecoder(bytes.NewReader(text)) // JSON is YAML
		d.KnownFields(true)
		var schema TableSchema
		if err := d.Decode(&schema); err != nil {
			return fmt.Errorf("content.tables: %s: %w", name, err)
		}
		if err := s.addTable(schema); err != nil {
			return fmt.Errorf("content.tables: %s: %w", name, err)
		}
	}
	for _, kept := range s.disk.Stored() {
		if t, ok := s.stored.Table(kept.Table); ok {
			if err := s.disk.Declare(ctx, t); err != nil {
				return err
			}
			continue
		}
		s.log.Warn("a stored table is declared nowhere, so queries do not see it", "table", kept.Table, "rows", kept.Rows)
	}
	return nil
}

// DeclareTable declares a custom table, or gives one that is there more columns, and keeps the declaration.
func (s *Service) DeclareTable(ctx context.Context, schema TableSchema) error {
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return err
	}
	if err := s.addTable(schema); err != nil {
		return err
	}
	t, _ := s.stored.Table(schema.Name)
	if err := s.disk.Declare(ctx, t); err != nil {
		return err
	}
	return writeFile(filepath.Join(s.conf.Data, tablesFolder, schema.Name+".json"), text)
}

// addTable puts a custom table into the catalogue.
func (s *Service) addTable(schema TableSchema) error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%w: table '%s': "+format, append([]any{ErrTable, schema.Name}, args...)...)
	}
	switch {
	case !tableName.MatchString(schema.Name):
		return refuse("expected a name of letters, digits and _ that ends in _CL")
	case len(schema.Columns) == 0 || len(schema.Columns) > maxColumns:
		return refuse("%d columns, expected 1 to %d", len(schema.Columns), maxColumns)
	}
	t := catalog.Table{Name: schema.Name}
	timed := false
	for _, c := range schema.Columns {
		typ, ok := types.Parse(strings.ToLower(c.Type))
		if !columnName.MatchString(c.Name) {
			return refuse("column '%s': expected a name of letters, digits and _", c.Name)
		}
		if !ok {
			return refuse("column %s: '%s' is no type; expected one of string, int, long, real, decimal, bool, datetime, timespan, guid, dynamic", c.Name, c.Type)
		}
		if c.Name == timeColumn {
			if timed = typ == types.Datetime; !timed {
				return refuse("column %s must be a datetime", timeColumn)
			}
		}
		t.Columns = append(t.Columns, types.Column{Name: c.Name, Type: typ})
	}
	if !timed {
		return refuse("it has no column %s of type datetime", timeColumn)
	}
	if old, ok := s.Catalog.Table(schema.Name); ok {
		for _, c := range old.Columns {
			if i := t.Columns.Index(c.Name); i < 0 && c.Name != receivedColumn {
				t.Columns = append(t.Columns, c) // a column is not taken away: rows have it
			} else if i >= 0 && t.Columns[i].Type != c.Type {
				return refuse("column %s is of type %s and cannot become %s", c.Name, c.Type, t.Columns[i].Type)
			}
		}
	}
	if t.Columns.Index(receivedColumn) < 0 {
		t.Columns = append(t.Columns, types.Column{Name: receivedColumn, Type: types.Datetime})
	}
	if err := s.Catalog.AddTable(t); err != nil {
		return fmt.Errorf("%w: %w", ErrTable, err)
	}
	return nil
}

const timeColumn = "TimeGenerated"

// writeFile writes a file whole or not at all.
func writeFile(name string, text []byte) error {
	tmp := name + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return os.Rename(tmp, name)
}

// Tables lists the custom tables.
func (s *Service) Tables() []TableSchema {
	out := []TableSchema{}
	for _, name := range s.Catalog.TableNames() {
		if s.Catalog.IsBuiltin(name) {
			continue
		}
		t, _ := s.Catalog.Table(name)
		schema := TableSchema{Name: name}
		for _, c := range t.Columns {
			if c.Name != receivedColumn {
				schema.Columns = append(schema.Columns, TableColumn{c.Name, c.Type.String()})
			}
		}
		out = append(out, schema)
	}
	return out
}
