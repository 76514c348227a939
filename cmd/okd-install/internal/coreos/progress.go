package coreos

import (
	"cmp"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/diag"
)

// progress tells how far a download is: a bar on a terminal, and elsewhere a line
// now and then, which a log can hold.
type progress struct {
	*cli.App
	name  string
	quiet bool
	// drawn tells that there is a terminal to draw a bar on.
	drawn bool
	lock  sync.Mutex
	start int64 // what was there before
	began time.Time
	// last is when a line was due or a bar was drawn.
	last time.Time
	// shown tells that there is a bar to take away.
	shown bool
}

// drawEvery is how often a bar is drawn: people cannot read faster.
const drawEvery = 200 * time.Millisecond

// lineEvery is how often a line is due where there is no terminal.
const lineEvery = 10 * time.Second

func newProgress(a *cli.App, name string) *progress {
	return &progress{App: a, name: name, start: -1, quiet: !a.Chatty(), drawn: a.Drawable()}
}

// update is called with how much there is; a total of 0 is not known.
func (p *progress) update(done, total int64) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.quiet {
		return
	}
	now := p.Now()
	if p.start < 0 || done < p.start {
		p.start, p.began = done, now // the first bytes, or the file from its beginning
	}
	rate := speed(done-p.start, total-done, now.Sub(p.began))
	if p.drawn {
		if !p.shown || now.Sub(p.last) >= drawEvery {
			p.last, p.shown = now, true
			width := max(cmp.Or(cli.TerminalWidth(p.Stderr), 80), 3)
			fmt.Fprint(p.Stderr, "\r"+barLine(diag.Printable(p.name), done, total, rate, width-1)+"\x1b[K")
		}
		return
	}
	if p.last.IsZero() {
		p.last = now
	}
	if now.Sub(p.last) < lineEvery {
		return
	}
	p.last = now
	line := fmt.Sprintf("%s: %d MiB", p.name, done>>20)
	if total > 0 {
		line += fmt.Sprintf(" of %d (%d%%)", total>>20, 100*done/total)
	}
	p.Log.Info(line + rate)
}

// speed says how fast bytes came in a time, and how long the rest will take; rest
// is negative if it is not known. At first there is nothing to say.
func speed(came, rest int64, took time.Duration) string {
	rate := float64(came) / took.Seconds()
	if came <= 0 || took < time.Second {
		return ""
	}
	text := fmt.Sprintf(", %.1f MiB/s", rate/(1<<20))
	if rest > 0 {
		text += fmt.Sprintf(", %s to go", time.Duration(float64(rest)/rate*float64(time.Second)).Round(time.Second))
	}
	return text
}

// Sizes of the parts of a bar's line.
const (
	shortestName = 16
	shortestBar  = 10
	longestBar   = 40
)

// barLine is a download in at most width columns: figures, a bar if there is room for one, and
// the name, which is shortened before the bar is left out.
func barLine(name string, done, total int64, rate string, width int) string {
	mib := func(n int64) float64 { return float64(n) / (1 << 20) }
	figures := fmt.Sprintf("%.1f MiB", mib(done)) + rate
	if total > 0 {
		figures = fmt.Sprintf("%.1f / %.1f MiB", mib(done), mib(total)) + rate
	}
	room := width - utf8.RuneCountInString(figures) - len(" ")
	if total <= 0 || room < min(shortestName, utf8.RuneCountInString(name))+shortestBar+len(" []") {
		return diag.Clip(diag.Clip(name, max(room, shortestName))+" "+figures, width)
	}
	name = diag.Clip(name, room-shortestBar-len(" []"))
	length := min(longestBar, room-utf8.RuneCountInString(name)-len(" []"))
	full := int(int64(length) * min(done, total) / total)
	bar := strings.Repeat("=", full)
	if full < length {
		bar += ">" + strings.Repeat("-", length-full-1)
	}
	return name + " [" + bar + "] " + figures
}

// note says something in place of the bar.
func (p *progress) note(text string) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.stop()
	p.Log.Info(p.name + ": " + text)
	p.start = -1 // how fast it was before the pause says nothing
}

// stop takes the bar away; the next update draws another.
func (p *progress) stop() {
	if p.shown {
		fmt.Fprint(p.Stderr, "\r\x1b[K")
		p.shown = false
	}
}

func (p *progress) end() {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.stop()
}
