package gather

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
)

// This file holds what ends a run that a host would keep up for ever, or that would fill
// the disk here.

const (
	// mostBundle is how many bytes the bundle of a host may have, as it is sent.
	mostBundle = 8 << 30
	// keepFree is what is left free on the disk, in bytes, or an eighth of a small one's
	// room; checkEvery is how often that is looked at.
	keepFree   = 256 << 20
	checkEvery = 16 << 20
	// slowest is how many bytes a host must send in a window: 64 KiB in five minutes.
	slowest    = 64 << 10
	slowWindow = 5 * time.Minute
	// scriptLimit is how long a host may collect. One in trouble takes a quarter of an
	// hour. askLimit is how long it may take to answer a question.
	scriptLimit = time.Hour
	askLimit    = 10 * time.Minute
	// mostLines is how many lines of one command are passed on to the log.
	mostLines = 20_000
)

// slowError is a host that sends something, but will never be done.
type slowError struct{ error }

func (e slowError) Unwrap() error { return e.error }

func isSlow(err error) bool {
	var slow slowError
	return errors.As(err, &slow)
}

// errOverdue is why a command was ended that took longer than it may.
var errOverdue = errors.New("overdue")

// ask runs a command that is done soon.
func (c *connection) ask(ctx context.Context, command string, out io.Writer) error {
	return c.within(ctx, askLimit, command, nil, out, nil)
}

// within runs a command that has to end in time.
func (c *connection) within(
	ctx context.Context, limit time.Duration, command string, in io.Reader, out io.Writer, line func(string),
) error {
	limited, cancel := context.WithTimeoutCause(ctx, limit, errOverdue)
	defer cancel()
	err := c.command(limited, command, in, out, line)
	if err != nil && ctx.Err() == nil && errors.Is(context.Cause(limited), errOverdue) {
		return problemOf(c.endpoint, "it has not finished after "+limit.String(),
			"look on the host at what it is doing: sudo journalctl --follow")
	}
	return err
}

// stream runs a command whose output is to come in a steady flow once it has begun: start
// is how long that may take, and then there have to be 64 KiB in five minutes.
func (c *connection) stream(
	ctx context.Context, start time.Duration, command string, in io.Reader, out io.Writer, line func(string),
) error {
	limited, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	window := c.access.Window
	if window <= 0 {
		window = slowWindow
	}
	flow := &flow{w: out}
	go flow.watch(limited, start, window, func(err error) {
		cancel(slowError{problemOf(c.endpoint, err.Error(),
			"find out on the host what keeps it busy, then run the same command again: it continues from here")})
	})
	err := c.command(limited, command, in, flow, line)
	var slow slowError
	if err != nil && ctx.Err() == nil && errors.As(context.Cause(limited), &slow) {
		return brokenError{slow}
	}
	return err
}

// flow counts what passes.
type flow struct {
	w     io.Writer
	bytes atomic.Int64
}

func (f *flow) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	f.bytes.Add(int64(n))
	return n, err
}

// watch calls stop at the end of a window in which too little has passed, or nothing
// from the start on.
func (f *flow) watch(ctx context.Context, start, window time.Duration, stop func(error)) {
	tick := time.NewTicker(window)
	defer tick.Stop()
	before, silent, begun := int64(0), time.Duration(0), false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := f.bytes.Load()
		switch {
		case now == 0:
			if silent += window; silent >= start {
				stop(fmt.Errorf("nothing has arrived after %s", silent))
				return
			}
		case !begun:
			begun = true // in the middle of a window
		case now-before < slowest:
			stop(fmt.Errorf("it sends too slowly: %d bytes in %s, and at least %d are expected", now-before, window, slowest))
			return
		}
		before = now
	}
}

// checkSize refuses a bundle that no host has, and one that the disk has no room for;
// have is how much of it is here.
func (g *gathering) checkSize(e Endpoint, size, have int64) error {
	if size < 0 || size > mostBundle {
		return problemOf(e, fmt.Sprintf("it says that its bundle has %d bytes, and no bundle has more than %d", size,
			int64(mostBundle)), "check that this is the bootstrap host, and run on it: ls -l log-bundle-*")
	}
	if free, known := g.room(); known && size-have > free {
		return diag.Problem{
			Position: diag.Position{File: g.Dir},
			Detail:   fmt.Sprintf("the log bundle of %s takes %d bytes more, and only %d are free on the disk", e, size-have, free),
			Hint:     "free space on that disk and run the same command again: it continues from here",
		}
	}
	return nil
}

// room is how many bytes fit on the disk of the asset directory.
func (g *gathering) room() (int64, bool) {
	look := g.freeRoom
	if look == nil {
		look = func() (int64, bool) { return system.Room(g.Dir) }
	}
	free, known := look()
	if known {
		g.looked.Do(func() { g.reserve = min(keepFree, free/8) })
	}
	return free, known
}

// roomy writes as long as the disk has room.
type roomy struct {
	w         io.Writer
	g         *gathering
	unchecked int64
}

func (r *roomy) Write(p []byte) (int, error) {
	if r.unchecked += int64(len(p)); r.unchecked >= checkEvery {
		r.unchecked = 0
		if free, known := r.g.room(); known && free < r.g.reserve {
			return 0, ours{diag.Problem{
				Position: diag.Position{File: r.g.Dir},
				Detail: fmt.Sprintf("the log bundle cannot be written: only %d bytes are free on the disk, less than the %d that are kept free",
					free, r.g.reserve),
				Hint: "free space on that disk and run the same command again: it continues from here",
			}}
		}
	}
	return r.w.Write(p)
}

// ownPartial refuses a folder for what is under way that somebody else has made, or may
// write to: what is in it would get into the bundle, and be removed in the end.
func (g *gathering) ownPartial() error {
	folder := filepath.Join(g.Dir, partialFolder)
	err := system.OwnFolder(folder)
	var foreign *system.ForeignError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.As(err, &foreign):
		return diag.Problem{
			Position: diag.Position{File: folder},
			Detail:   "the interrupted run cannot be continued: " + foreign.Why,
			Hint:     "find out what it is, and remove it",
		}
	case err != nil:
		return fileProblem(folder, "the files of an earlier run cannot be read", err)
	}
	return nil
}
