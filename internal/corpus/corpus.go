// Package corpus finds the third-party data that tests read: real rules and queries, recorded answers, table
// schemas, sample logs. It stands beside the repository, in ../shared or where VEDETTE_SHARED says, and is no part
// of it. Only tests import this package.
package corpus

import (
	"os"
	"path/filepath"
	"testing"
)

// Path returns the path of a file or folder of the data. Where there is no such data at all the test is skipped;
// where there is, or VEDETTE_SHARED says that there should be, a missing file is a failure.
func Path(tb testing.TB, elem ...string) string {
	tb.Helper()
	root := os.Getenv("VEDETTE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
		if _, err := os.Stat(root); err != nil {
			tb.Skipf("no shared test data beside the repository: %v", err)
		}
	}
	path := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		tb.Fatalf("shared test data: %v", err)
	}
	return path
}
