package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sort"
	"strings"

	"github.com/peterh/liner"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
)

const promptHelp = `A query may have many lines; an empty line runs it, and so does a line that ends in ;
Tab completes names, Ctrl-R searches the history, Ctrl-C gives up the query, Ctrl-D leaves.
  .tables          tables that hold rows
  .schema TABLE    columns of a table
  .at [TIME]       show or set the evaluation time: what now() gives
  .output FORM     table, json or csv
  .help  .quit`

// prompt asks queries until the user has enough.
func (a *app) prompt(ctx context.Context, q *asker) error {
	st := a.term.style
	fmt.Fprintf(a.out, "%s %s\n", st.bold("vedette "+version), st.dim("evaluation time "+q.timeText()))
	fmt.Fprintln(a.out, st.dim("An empty line runs the query; .help tells more."))
	ed := liner.NewLiner()
	defer ed.Close()
	ed.SetCtrlCAborts(true)
	ed.SetTabCompletionStyle(liner.TabPrints)
	p := &prompter{asker: q, ed: ed}
	ed.SetWordCompleter(p.complete)
	history := historyFile()
	if f, err := os.Open(history); err == nil {
		_, err = ed.ReadHistory(f)
		if err := errors.Join(err, f.Close()); err != nil {
			fmt.Fprintln(a.err, "history:", err)
		}
	}
	for {
		text, err := p.read()
		if errors.Is(err, io.EOF) {
			fmt.Fprintln(a.out)
			break
		}
		if err != nil {
			return err
		}
		if text == "" {
			continue
		}
		remember(ed, text)
		if text == ".quit" || text == ".exit" {
			break
		}
		if err := p.do(ctx, text); err != nil {
			a.complain(err)
		}
	}
	return saveHistory(history, ed)
}

// remember puts a text into the history, in one line unless a comment would swallow what follows it.
func remember(ed *liner.State, text string) {
	if !strings.Contains(text, "//") {
		ed.AppendHistory(strings.ReplaceAll(text, "\n", " "))
		return
	}
	for _, line := range strings.Split(text, "\n") {
		ed.AppendHistory(line)
	}
}

func saveHistory(name string, ed *liner.State) error {
	if name == "" {
		return nil
	}
	var b bytes.Buffer
	_, err := ed.WriteHistory(&b)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(name), 0o700)
	}
	if err == nil {
		err = os.WriteFile(name, b.Bytes(), 0o600)
	}
	if err != nil {
		return fmt.Errorf("save history: %w", err)
	}
	return nil
}

func (a *app) complain(err error) {
	var ds *source.Diagnostics
	if errors.As(err, &ds) {
		fmt.Fprintln(a.err, renderAll(a.term.errStyle, ds))
		return
	}
	fmt.Fprintln(a.err, a.term.errStyle.red("error:"), err)
}

func (q *asker) timeText() string {
	text := q.at.Format("2006-01-02T15:04:05.9999999Z07:00")
	if q.how != "" {
		text += " (" + q.how + ")"
	}
	return text
}

// prompter reads and does what is typed.
type prompter struct {
	*asker
	ed    *liner.State
	lines []string // of the query that is being typed
}

// read returns a whole query or command. A query that was given up is "".
func (p *prompter) read() (string, error) {
	p.lines = nil
	for {
		prompt := "kql> "
		if len(p.lines) > 0 {
			prompt = "   > "
		}
		line, err := p.ed.Prompt(prompt)
		switch {
		case errors.Is(err, liner.ErrPromptAborted):
			return "", nil
		case errors.Is(err, io.EOF) && len(p.lines) > 0:
			return strings.Join(p.lines, "\n"), nil
		case err != nil:
			return "", err
		}
		line = strings.TrimRight(line, " \t\r")
		if line == "" {
			return strings.TrimSpace(strings.Join(p.lines, "\n")), nil
		}
		p.lines = append(p.lines, line)
		text := strings.TrimSpace(strings.Join(p.lines, "\n"))
		if len(p.lines) == 1 && strings.HasPrefix(text, ".") || complete(text) {
			return text, nil
		}
	}
}

// complete tells whether a text that ends in ; is a query; after let and the like more has to come.
func complete(text string) bool {
	if !strings.HasSuffix(text, ";") {
		return false
	}
	q, diags := syntax.Parse(source.NewFile("", text))
	if len(diags) > 0 || len(q.Stmts) == 0 {
		return false
	}
	_, ok := q.Stmts[len(q.Stmts)-1].(*syntax.ExprStmt)
	return ok
}

func (p *prompter) do(ctx context.Context, text string) error {
	word, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	out := p.app.out
	switch word {
	case ".help":
		fmt.Fprintln(out, promptHelp)
	case ".tables":
		for _, t := range p.s.Tables() {
			fmt.Fprintf(out, "%12s  %s\n", grouped(t.Rows), t.Table)
		}
		if len(p.s.Tables()) == 0 {
			fmt.Fprintf(out, "no table holds rows; %s are known\n", plural(int64(len(p.s.Catalog.TableNames())), "table"))
		}
	case ".schema":
		t, ok := p.s.Catalog.Table(rest)
		if !ok {
			return fmt.Errorf("no table '%s'%s", rest, didYouMean(p.s.Catalog.SuggestTable(rest)))
		}
		for _, c := range t.Columns {
			fmt.Fprintf(out, "  %-9s %s\n", c.Type, c.Name)
		}
	case ".at":
		if rest != "" {
			at, err := parseTime(".at", rest)
			if err != nil {
				return err
			}
			p.at, p.how = at, ""
		}
		fmt.Fprintln(out, p.timeText())
	case ".output":
		if err := p.form.Set(rest); err != nil {
			return fmt.Errorf(".output: %w", err)
		}
	default:
		if strings.HasPrefix(word, ".") {
			return fmt.Errorf("no command '%s'; .help lists them", word)
		}
		ctx, stop := signal.NotifyContext(ctx, os.Interrupt) // Ctrl-C ends the query, not the prompt
		defer stop()
		err := p.ask(ctx, source.NewFile("", text))
		if err != nil && ctx.Err() != nil {
			return errors.New("the query was given up")
		}
		return err
	}
	return nil
}

func didYouMean(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(names, ", ") + "?"
}

// complete gives the names that a word may become: tables, functions, columns of the tables that the query
// names, and the words of KQL.
func (p *prompter) complete(line string, pos int) (head string, completions []string, tail string) {
	runes := []rune(line)
	before, tail := string(runes[:pos]), string(runes[pos:])
	i := strings.LastIndexFunc(before, func(r rune) bool {
		return !(r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	}) + 1
	head, word := before[:i], before[i:]
	var names []string
	names = append(names, syntax.Keywords()...)
	for _, f := range funcs.All().Funcs() {
		if strings.Trim(f.Name, "_abcdefghijklmnopqrstuvwxyz0123456789") == "" {
			names = append(names, f.Name)
		}
	}
	names = append(names, p.s.Catalog.FunctionNames()...)
	names = append(names, p.s.Catalog.TableNames()...)
	text := strings.Join(p.lines, " ") + " " + line
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" |()=,;\t", r) }) {
		if t, ok := p.s.Catalog.Table(w); ok {
			for _, c := range t.Columns {
				names = append(names, c.Name)
			}
		}
	}
	sort.Strings(names)
	last := ""
	for _, n := range names {
		if n != last && word != "" && len(n) >= len(word) && strings.EqualFold(n[:len(word)], word) {
			completions = append(completions, n)
			last = n
		}
	}
	return head, completions, tail
}
