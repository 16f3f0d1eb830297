package duckdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vedette-siem/vedette/internal/catalog"
	dialect "github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/types"
)

// listColumns reads what tables were declared as.
func (d *Disk) listColumns(ctx context.Context) error {
	rows, err := d.conn.QueryContext(ctx, "SELECT tab, name, typ, hidden FROM "+columnsTable+" ORDER BY tab, pos")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var table, name, word string
		var hidden bool
		if err := rows.Scan(&table, &name, &word, &hidden); err != nil {
			return err
		}
		typ, ok := types.Parse(word)
		if !ok {
			return fmt.Errorf("column %s of table %s is of the unknown type '%s'", name, table, word)
		}
		t := d.kept[table]
		t.Name = table
		if c := (types.Column{Name: name, Type: typ}); hidden {
			t.Hidden = append(t.Hidden, c)
		} else {
			t.Columns = append(t.Columns, c)
		}
		d.kept[table] = t
	}
	return rows.Err()
}

// Table returns a table as it was declared: all columns that it ever had, each with its KQL type.
func (d *Disk) Table(name string) (catalog.Table, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	t, ok := d.kept[name]
	return catalog.Table{Name: t.Name, Columns: slices.Clone(t.Columns), Hidden: slices.Clone(t.Hidden)}, ok
}

// Declare implements store.Keeper.
func (d *Disk) Declare(ctx context.Context, table *catalog.Table) error {
	d.wmu.Lock()
	defer d.wmu.Unlock()
	if d.broken != nil {
		return d.broken
	}
	return d.declare(ctx, table)
}

// declare notes the table's columns and adds those that its parts lack. The caller holds wmu and is in no transaction.
func (d *Disk) declare(ctx context.Context, table *catalog.Table) error {
	if d.declared[table] {
		return nil
	}
	kept, _ := d.Table(table.Name)
	kept.Name = table.Name
	statements, err := keep(&kept, table)
	if err != nil {
		return err
	}
	var parts []*part
	d.mu.RLock()
	if t := d.tables[table.Name]; t != nil {
		parts = slices.Clone(t.parts)
	}
	d.mu.RUnlock()
	grown := make([][]stored, len(parts))
	names := table.StoredNames()
	for n, p := range parts {
		have := map[string]bool{}
		for _, c := range p.cols {
			have[strings.ToLower(c.name)] = true
		}
		grown[n] = slices.Clone(p.cols)
		for i, c := range table.Stored() {
			if have[strings.ToLower(names[i])] {
				continue
			}
			typ := dialect.SQLType(c.Type)
			add := "ALTER TABLE " + dialect.Ident(p.name) + " ADD COLUMN " + dialect.Ident(names[i]) + " " + typ
			if c.Type == types.String {
				add += " DEFAULT ''"
			}
			d.closeAppender(p)
			statements = append(statements, add)
			grown[n] = append(grown[n], stored{names[i], typ})
		}
	}
	if len(statements) > 0 {
		if err := d.begin(ctx); err != nil {
			return err
		}
		for _, s := range append(statements, "COMMIT") {
			if err := d.exec(ctx, s); err != nil {
				return errors.Join(fmt.Errorf("declare table %s: %w", table.Name, err), d.rollback())
			}
		}
	}
	for n, p := range parts {
		p.cols = grown[n]
	}
	d.mu.Lock()
	d.kept[table.Name] = kept
	d.mu.Unlock()
	d.declared[table] = true
	return nil
}

// keep adds to a table as it is kept the columns that it lacks, and gives the statements that note them. A column keeps
// the type it was first declared with.
func keep(kept *catalog.Table, table *catalog.Table) ([]string, error) {
	var out []string
	add := func(list *types.Schema, columns types.Schema, hidden bool) error {
		for _, c := range columns {
			had := kept.Stored()
			if i := had.Index(c.Name); i >= 0 {
				if had[i].Type != c.Type {
					return fmt.Errorf("table %s: column %s is stored as %s and declared as %s", table.Name, c.Name, had[i].Type, c.Type)
				}
				continue
			}
			out = append(out, fmt.Sprintf("INSERT INTO %s VALUES (%s, %s, %s, %t, %d)", columnsTable, dialect.Text(table.Name), dialect.Text(c.Name),
				dialect.Text(c.Type.String()), hidden, len(had)))
			*list = append(*list, c)
		}
		return nil
	}
	if err := add(&kept.Columns, table.Columns, false); err != nil {
		return nil, err
	}
	if err := add(&kept.Hidden, table.Hidden, true); err != nil {
		return nil, err
	}
	return out, nil
}
