package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/state"
)

// migrations are the steps of the schema. A step that was released never changes; what is to change becomes a new one.
//
//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks our files, in the header of the file.
const applicationID = 0x76656474

// step is a numbered migration.
type step struct {
	version int
	name    string
	sql     string
}

// steps reads migrations, which must be numbered from 1 without a gap.
func steps(from fs.FS) ([]step, error) {
	names, err := fs.Glob(from, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var out []step
	for n, name := range names { // Glob sorts
		base := path.Base(name)
		number, _, _ := strings.Cut(base, "_")
		version, err := strconv.Atoi(number)
		if err != nil || version != n+1 {
			return nil, fmt.Errorf("migration %s: expected number %d", base, n+1)
		}
		text, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, err
		}
		out = append(out, step{version, strings.TrimSuffix(base, ".sql"), string(text)})
	}
	return out, nil
}

// migrate brings the schema up to date, each step in a transaction with its entry in schema_versions, and returns the
// version that it then has.
func migrate(ctx context.Context, db *sql.DB) (int, error) {
	all, err := steps(migrations)
	if err != nil {
		return 0, err
	}
	return migrateWith(ctx, db, all)
}

func migrateWith(ctx context.Context, db *sql.DB, all []step) (int, error) {
	has, err := version(ctx, db)
	if err != nil {
		return 0, err
	}
	if has > len(all) {
		return 0, fmt.Errorf("%w: its schema has version %d, this one knows up to %d", state.ErrNewer, has, len(all))
	}
	for _, s := range all[has:] {
		if err := apply(ctx, db, s); err != nil {
			return 0, fmt.Errorf("migration %s: %w", s.name, err)
		}
	}
	return len(all), nil
}

// version returns the version of a file's schema, 0 for an empty file. A database of someone else is refused.
func version(ctx context.Context, db *sql.DB) (int, error) {
	var id, tables, has int
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return 0, err
	}
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return 0, err
	}
	switch {
	case id == applicationID:
		err := db.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM schema_versions").Scan(&has)
		return has, err
	case id != 0 || tables > 0:
		return 0, fmt.Errorf("%w: it is a database of another program", state.ErrCorrupt)
	}
	return 0, nil
}

func apply(ctx context.Context, db *sql.DB, s step) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if s.version == 1 {
		mark := fmt.Sprintf("PRAGMA application_id = %d; CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT", applicationID)
		if _, err := tx.ExecContext(ctx, mark); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, s.sql); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO schema_versions VALUES (?, ?)", s.version, s.name); err != nil {
		return err
	}
	return tx.Commit()
}
