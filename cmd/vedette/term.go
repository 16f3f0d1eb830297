package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/vedette-siem/vedette/internal/source"
)

// terminal is what the standard streams are connected to.
type terminal struct {
	inTTY, outTTY, errTTY bool
	width                 int // of the terminal behind stdout; 0 if it is none
	style, errStyle       style
}

func newTerminal(in, out, errOut *os.File, env func(string) string) terminal {
	t := terminal{
		inTTY:  term.IsTerminal(int(in.Fd())),
		outTTY: term.IsTerminal(int(out.Fd())),
		errTTY: term.IsTerminal(int(errOut.Fd())),
	}
	if t.outTTY {
		if w, _, err := term.GetSize(int(out.Fd())); err == nil {
			t.width = w
		}
	}
	plain := env("NO_COLOR") != "" || env("TERM") == "dumb" // https://no-color.org
	t.style, t.errStyle = style(t.outTTY && !plain), style(t.errTTY && !plain)
	return t
}

// style colours text, or leaves it as it is.
type style bool

func (s style) paint(code, text string) string {
	if !s || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) bold(text string) string   { return s.paint("1", text) }
func (s style) dim(text string) string    { return s.paint("2", text) }
func (s style) red(text string) string    { return s.paint("1;31", text) }
func (s style) yellow(text string) string { return s.paint("33", text) }
func (s style) green(text string) string  { return s.paint("32", text) }
func (s style) cyan(text string) string   { return s.paint("36", text) }

// severity colours a word as its severity asks.
func (s style) severity(severity, text string) string {
	switch severity {
	case "High", "error":
		return s.red(text)
	case "Medium", "warning":
		return s.yellow(text)
	}
	return s.cyan(text)
}

// renderAll renders diagnostics, the severity in colour.
func renderAll(s style, ds *source.Diagnostics) string {
	var out []string
	for _, d := range ds.List {
		out = append(out, paintDiagnostic(s, ds.Render(d), d.Severity.String()))
	}
	return strings.Join(out, "\n")
}

func paintDiagnostic(s style, text, severity string) string {
	if !s {
		return text
	}
	head, rest, _ := strings.Cut(text, "\n")
	head = strings.Replace(head, ": "+severity, ": "+s.severity(severity, severity), 1)
	if rest != "" {
		rest = "\n" + s.dim(rest)
	}
	return head + rest
}

// progressDelay is how long a command works before it shows that it does.
const progressDelay = 2 * time.Second

// progress is a line on stderr that is written over; nil where stderr is no terminal.
type progress struct {
	w     io.Writer
	start time.Time

	mu    sync.Mutex
	last  time.Time
	shown bool
}

func (a *app) progress() *progress {
	if !a.term.errTTY {
		return nil
	}
	return &progress{w: a.err, start: time.Now()}
}

// show replaces the line, not too often.
func (p *progress) show(format string, args ...any) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Sub(p.start) < progressDelay || now.Sub(p.last) < 100*time.Millisecond {
		return
	}
	p.last, p.shown = now, true
	fmt.Fprintf(p.w, "\r\x1b[K"+format, args...)
}

// done takes the line away.
func (p *progress) done() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
