package coreos

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

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
	last  time.Time
	// rate is what the bar says about speed. The bar asks from its own goroutine,
	// while update may hold the lock and wait for the bar.
	rate atomic.Value
	pool *mpb.Progress
	bar  *mpb.Bar
}

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
	if p.last.IsZero() {
		p.last = now
	}
	if p.drawn {
		p.rate.Store(speed(done-p.start, total-done, now.Sub(p.began)))
		p.draw(done, total)
		return
	}
	if now.Sub(p.last) < lineEvery {
		return
	}
	p.last = now
	line := fmt.Sprintf("%s: %d MiB", p.name, done>>20)
	if total > 0 {
		line += fmt.Sprintf(" of %d (%d%%)", total>>20, 100*done/total)
	}
	p.Log.Info(line + speed(done-p.start, total-done, now.Sub(p.began)))
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

func (p *progress) draw(done, total int64) {
	if p.bar == nil {
		p.pool = mpb.New(mpb.WithOutput(p.Stderr), mpb.WithWidth(60), mpb.WithRefreshRate(200*time.Millisecond))
		p.bar = p.pool.New(total, mpb.BarStyle(),
			mpb.PrependDecorators(decor.Name(diag.Printable(p.name)+" ")),
			mpb.AppendDecorators(decor.CountersKibiByte("% .1f / % .1f"), decor.Any(func(decor.Statistics) string {
				text, _ := p.rate.Load().(string)
				return text
			})),
			mpb.BarRemoveOnComplete())
		p.bar.SetRefill(done)
	}
	p.bar.SetTotal(max(total, done+1), false)
	p.bar.SetCurrent(done)
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
	if p.bar == nil {
		return
	}
	p.bar.Abort(true)
	p.pool.Wait()
	p.bar, p.pool = nil, nil
}

func (p *progress) end() {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.stop()
}
