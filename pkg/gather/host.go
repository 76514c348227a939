package gather

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
)

// This file fetches the bundle of the bootstrap host.

// mostAttempts is how often a connection is made again while nothing comes of it.
const mostAttempts = 3

// remote is a file on the bootstrap host.
type remote struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// fetchHost has the bootstrap host make its bundle and fetches it. A connection that
// breaks off is made again, and the transfer goes on where it was.
func (g *gathering) fetchHost(ctx context.Context) error {
	for failures, reached := 0, false; ; {
		before := g.have(bootstrapFile)
		c, err := g.host(ctx)
		if err == nil {
			g.began()
		}
		again := reached
		if err == nil {
			reached = true
			err = g.fetchFrom(ctx, c)
			again = isBroken(err)
		}
		if failures++; g.have(bootstrapFile) > before && !isSlow(err) {
			failures = 1
		}
		if err == nil || !again || ctx.Err() != nil || failures >= mostAttempts {
			g.giveUp(err)
			return err
		}
		g.Access.warn("%s", diag.FirstLine(err.Error()))
		g.Access.info("%s: connecting again", g.Bootstrap)
		g.drop(c)
	}
}

// host is the connection to the bootstrap host, which the masters go through.
func (g *gathering) host(ctx context.Context) (*connection, error) {
	g.dialling.Lock()
	defer g.dialling.Unlock()
	if g.connection != nil || g.lost != nil {
		return g.connection, g.lost
	}
	c, err := g.Access.connect(ctx, g.Bootstrap)
	if err != nil {
		return nil, err
	}
	g.connection = c
	return c, nil
}

// giveUp lets nobody else try to reach the bootstrap host, if it cannot be reached.
func (g *gathering) giveUp(err error) {
	g.dialling.Lock()
	defer g.dialling.Unlock()
	if g.connection == nil {
		g.lost = err
	}
	g.began()
}

// drop closes a connection that has broken off, unless there is another one already.
func (g *gathering) drop(c *connection) {
	g.dialling.Lock()
	defer g.dialling.Unlock()
	if c != nil && g.connection == c {
		_ = c.Close()
		g.connection = nil
	}
}

func (g *gathering) fetchFrom(ctx context.Context, c *connection) error {
	if g.note.Remote == nil || !g.stillThere(ctx, c) {
		if err := g.runScript(ctx, c); err != nil {
			return err
		}
	}
	if err := g.transfer(ctx, c); err != nil {
		return err
	}
	if sum, err := sumOf(g.path(bootstrapFile)); err != nil || sum != g.note.Remote.SHA256 {
		_ = os.Remove(g.path(bootstrapFile))
		return brokenError{errors.Join(err, problemOf(g.Bootstrap, "the bundle arrived damaged", "run the same command again"))}
	}
	g.note.Fetched = true
	return g.writeNote()
}

// stillThere reports whether the bundle of an earlier run is on the host as it was.
func (g *gathering) stillThere(ctx context.Context, c *connection) bool {
	r, err := look(ctx, c, g.note.Remote.Path)
	return err == nil && r == *g.note.Remote
}

// look measures a file on the host.
func look(ctx context.Context, c *connection, path string) (remote, error) {
	var out strings.Builder
	err := c.ask(ctx, "stat --format %s "+path+" && sha256sum "+path, &limited{w: &out, left: 4096})
	if err != nil {
		return remote{}, err
	}
	words := strings.Fields(out.String())
	if len(words) < 2 {
		return remote{}, problemOf(c.endpoint, "it does not report how large the bundle is", "run the same command again")
	}
	size, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil || len(words[1]) != sha256.Size*2 {
		return remote{}, problemOf(c.endpoint, "it does not report how large the bundle is", "run the same command again")
	}
	return remote{path, size, words[1]}, nil
}

// runScript has the host make its bundle, and finds it.
func (g *gathering) runScript(ctx context.Context, c *connection) error {
	const script = "/usr/local/bin/installer-gather.sh"
	g.state(g.Bootstrap, "collecting")
	said := &lines{tell: func(line string) {
		g.Access.debug("%s: %s", g.Bootstrap, line)
		g.state(g.Bootstrap, "collecting: "+line)
	}}
	err := c.within(ctx, scriptLimit, script+" --id "+g.note.ID, nil, said, said.tell)
	var failed *commandError
	if errors.As(err, &failed) && failed.code == 127 {
		return problemOf(g.Bootstrap, "there is no "+script+" on it",
			"check that this is the bootstrap host, and that it has booted with bootstrap.ign")
	}
	if err != nil && failed == nil {
		return err
	}
	home, _ := g.home(ctx, c)
	r, lookErr := look(ctx, c, home+"/log-bundle-"+g.note.ID+".tar.gz")
	switch {
	case lookErr != nil && err != nil:
		return problemOf(g.Bootstrap, fmt.Sprintf("%s ended with code %d and left no bundle: %s", script, failed.code,
			said.last()+failed.said), "run on the host: df -h /tmp; sudo "+script)
	case lookErr != nil:
		return lookErr
	case err != nil:
		g.Access.warn("%s: %s ended with code %d; what it has collected is used", g.Bootstrap, script, failed.code)
	}
	if err := g.checkSize(c.endpoint, r.Size, 0); err != nil {
		return err
	}
	_ = os.Remove(g.path(bootstrapFile)) // of a bundle that is no longer there
	g.note.Remote = &r
	return g.writeNote()
}

// home is the home of who logs in.
func (g *gathering) home(ctx context.Context, c *connection) (string, error) {
	var out strings.Builder
	err := c.ask(ctx, `printf %s "$HOME"`, &limited{w: &out, left: 4096})
	home := out.String()
	for _, r := range home {
		if !strings.ContainsRune("/._-", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return "/home/" + g.Bootstrap.User, err
		}
	}
	return home, err
}

// transfer fetches what is missing of the bundle.
func (g *gathering) transfer(ctx context.Context, c *connection) error {
	name := g.path(bootstrapFile)
	if err := g.checkSize(g.Bootstrap, g.note.Remote.Size, g.have(bootstrapFile)); err != nil {
		return err
	}
	f, err := system.Reopen(name)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = system.Create(name)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekEnd)
	}
	if err != nil {
		return fileProblem(name, "the log bundle cannot be written", err)
	}
	defer func() { _ = f.Close() }() // it is synced and closed below
	have := g.have(bootstrapFile)
	if have > g.note.Remote.Size {
		have = 0
		_, err := f.Seek(0, io.SeekStart)
		if err = errors.Join(err, f.Truncate(0)); err != nil {
			return fileProblem(name, "the log bundle cannot be written", err)
		}
	}
	if have > 0 && have < g.note.Remote.Size {
		g.Access.info("%s: continuing at %s of %s", g.Bootstrap, bytesText(have), bytesText(g.note.Remote.Size))
	}
	if have < g.note.Remote.Size {
		out := &progress{w: ourWriter{f, g.Dir}, done: have, of: g.note.Remote.Size, tell: func(text string) { g.state(g.Bootstrap, text) }}
		command := fmt.Sprintf("tail --bytes=+%d %s", have+1, g.note.Remote.Path)
		err := c.stream(ctx, slowWindow, command, nil, &limited{w: &roomy{w: out, g: g}, left: g.note.Remote.Size - have}, nil)
		if err != nil {
			return err
		}
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fileProblem(g.Dir, "the log bundle cannot be written", err)
	}
	return nil
}

// forget removes the bundle from the host: it is here, and the disk may be full there.
func (g *gathering) forget(ctx context.Context) {
	c := g.connection
	if g.note.Remote == nil || c == nil {
		return
	}
	if err := c.ask(ctx, "rm -f "+g.note.Remote.Path, io.Discard); err != nil {
		g.Access.debug("%s: %v", g.Bootstrap, err)
	}
}

// have is how much of a file is here.
func (g *gathering) have(name string) int64 {
	info, err := os.Lstat(g.path(name))
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	return info.Size()
}

func (g *gathering) path(name string) string { return filepath.Join(g.Dir, partialFolder, name) }

func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it is only read
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

// progress tells now and then how far a transfer is.
type progress struct {
	w        io.Writer
	done, of int64
	tell     func(string)
	told     time.Time
}

func (p *progress) Write(data []byte) (int, error) {
	n, err := p.w.Write(data)
	p.done += int64(n)
	if time.Since(p.told) > time.Second {
		p.told = time.Now()
		text := "fetched " + bytesText(p.done)
		if p.of > 0 {
			text += " of " + bytesText(p.of)
		}
		p.tell(text)
	}
	return n, err
}

func bytesText(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KiB", (n+1023)>>10)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// limited ends what a host sends when it is more than it may be.
type limited struct {
	w    io.Writer
	left int64
}

func (l *limited) Write(p []byte) (int, error) {
	if int64(len(p)) > l.left {
		return 0, ours{errors.New("the host sends more than it announced")}
	}
	l.left -= int64(len(p))
	return l.w.Write(p)
}
