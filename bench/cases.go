package main

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/content"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

//go:embed cases/*.txtar
var caseFiles embed.FS

// benchCase is a file of cases: a sentence on what it shows and options (lines "window: 24h", "sets: true",
// "rule: path"), then a section query with KQL and a section sql with what a person would write.
type benchCase struct {
	name, query, sql string
	// window bounds TimeGenerated of every table to the time before the end of the data, as a rule's
	// period does.
	window time.Duration
	// sets tells that the order of array elements is open.
	sets bool
}

func loadCases(only *regexp.Regexp) ([]benchCase, error) {
	names, err := fs.Glob(caseFiles, "cases/*.txtar")
	if err != nil {
		return nil, err
	}
	var cases []benchCase
	for _, n := range names {
		text, err := caseFiles.ReadFile(n)
		if err != nil {
			return nil, err
		}
		c, err := parseCase(strings.TrimSuffix(strings.TrimPrefix(n, "cases/"), ".txtar"), string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n, err)
		}
		if only.MatchString(c.name) {
			cases = append(cases, c)
		}
	}
	if len(cases) == 0 {
		return nil, fmt.Errorf("no case matches %s", only)
	}
	return cases, nil
}

func parseCase(name, text string) (benchCase, error) {
	c := benchCase{name: name}
	section := ""
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if s, ok := strings.CutPrefix(trimmed, "-- "); ok && strings.HasSuffix(s, " --") {
			section = strings.TrimSuffix(s, " --")
			if section != "query" && section != "sql" {
				return c, fmt.Errorf("unknown section %s", section)
			}
			continue
		}
		switch section {
		case "":
			if err := c.option(trimmed); err != nil {
				return c, err
			}
		case "query":
			c.query += line
		case "sql":
			c.sql += line
		}
	}
	if c.query == "" || c.sql == "" {
		return c, fmt.Errorf("the case needs a query (or rule) and sql")
	}
	c.query, c.sql = expand(c.query), expand(c.sql)
	return c, nil
}

func (c *benchCase) option(line string) (err error) {
	key, value, ok := strings.Cut(line, ": ")
	if !ok {
		return nil
	}
	switch key {
	case "window":
		c.window, err = time.ParseDuration(value)
	case "sets":
		c.sets, err = strconv.ParseBool(value)
	case "rule":
		c.query, err = ruleQuery(value)
	}
	return err
}

// ruleQuery is the query of a shipped rule.
func ruleQuery(path string) (string, error) {
	text, err := content.FS.ReadFile(path)
	if err != nil {
		return "", err
	}
	r, _ := rule.Load(source.NewFile(path, string(text)))
	if r == nil {
		return "", fmt.Errorf("%s is no rule", path)
	}
	return r.QueryFile.Text, nil
}

var (
	ago  = regexp.MustCompile(`\$ago\((\w+)\)`)
	list = regexp.MustCompile(`\$users\((\d+)\)`)
)

// expand writes $ago(24h), the ticks of that long before the end of the data, and $users(n), a list of n
// quoted user names.
func expand(text string) string {
	text = ago.ReplaceAllStringFunc(text, func(s string) string {
		d, err := time.ParseDuration(ago.FindStringSubmatch(s)[1])
		if err != nil {
			return s
		}
		return strconv.FormatInt(types.TicksOf(end.Add(-d)), 10)
	})
	return list.ReplaceAllStringFunc(text, func(s string) string {
		n, err := strconv.Atoi(list.FindStringSubmatch(s)[1])
		if err != nil {
			return s
		}
		return strings.Join(userNames(n), ", ")
	})
}

// userNames are names that the generator gives to users, quoted, spread over frequent and rare ones.
func userNames(n int) []string {
	var out []string
	for k := range n {
		u := k*userCount/n + 3
		domain := []string{"contoso.com", "fabrikam.com", "contoso.onmicrosoft.com"}[u%3]
		out = append(out, "'"+firsts[u%len(firsts)]+"."+lasts[u%len(lasts)]+strconv.Itoa(u)+"@"+domain+"'")
	}
	return out
}

var (
	firsts = []string{"alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory", "niaj", "olivia", "peggy", "rupert", "sybil"}
	lasts  = []string{"garcia", "ivanov", "jensen", "kim", "lopez", "meyer", "nguyen", "okafor", "petrov", "rossi", "silva", "tanaka", "weber"}
)
