package gather

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/pkg/diag"
)

// masterScript collects what a machine of the control plane knows. It is the one that the
// bootstrap host gets, sent along so that it need not be there.
const masterScript = "bootstrap/files/usr/local/bin/installer-masters-gather.sh"

// mostMasters are asked at a time.
const mostMasters = 8

// mostOfMaster bounds what one machine may send.
const mostOfMaster = 8 << 30

// fetchMaster collects what a machine of the control plane knows, into a file of the
// partial folder.
func (g *gathering) fetchMaster(ctx context.Context, m Endpoint) error {
	if g.have(masterFile(m)) > 0 {
		g.Access.debug("%s: collected by the run before", m)
		return nil
	}
	for failures := 1; ; failures++ {
		c, err := g.reach(ctx, m)
		if err == nil {
			err = g.collect(ctx, c, m)
			_ = c.Close() // it has served
		}
		if err == nil || !isBroken(err) || ctx.Err() != nil || failures == mostAttempts {
			return err
		}
		g.Access.warn("%s", diag.FirstLine(err.Error()))
		g.Access.info("%s: connecting again", m)
	}
}

// reach logs in on a machine, by way of the bootstrap host if that is there, or else
// directly.
func (g *gathering) reach(ctx context.Context, m Endpoint) (*connection, error) {
	<-g.ready
	c, err := g.host(ctx)
	if err != nil || ctx.Err() != nil {
		return g.Access.connect(ctx, m)
	}
	by, err := c.through(ctx, m)
	if err == nil {
		return by, nil
	}
	if _, _, dead := c.SendRequest("keepalive@openssh.com", true, nil); dead != nil {
		g.drop(c) // the next attempt connects again
		return nil, brokenError{err}
	}
	g.Access.debug("%v", err)
	direct, other := g.Access.connect(ctx, m)
	if other == nil {
		return direct, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, fmt.Errorf("%w\nand without going through %s: %s", err, g.Bootstrap.Host, diag.FirstLine(other.Error()))
}

// collect runs the script on a machine and takes what it has collected from its stdout.
func (g *gathering) collect(ctx context.Context, c *connection, m Endpoint) error {
	script, err := data.Bootstrap.ReadFile(masterScript)
	if err != nil {
		return err
	}
	id := "master-" + g.note.ID
	command := strings.Join([]string{
		`s=$(mktemp)`, `cat >"$s"`, `bash "$s" --id ` + id + ` </dev/null >&2`,
		`tar --create --gzip --file - --directory /tmp/artifacts-` + id + ` . || code=$?`,
		`rm -rf "$s" /tmp/artifacts-` + id, `((${code:-0} <= 1))`, // 1: a file has changed meanwhile
	}, "\n")
	command = "bash -c '" + command + "'"
	if m.User != "root" {
		command = "sudo " + command
	}
	part := g.path(masterFile(m) + ".part")
	f, err := fresh(part)
	if err != nil {
		return fileProblem(g.Dir, "the log bundle cannot be written", err)
	}
	defer func() { _ = f.Close() }() // it is synced and closed below
	g.state(m, "collecting")
	out := &progress{w: ourWriter{f, g.Dir}, tell: func(text string) { g.state(m, text) }}
	bounded := &limited{w: &roomy{w: out, g: g}, left: mostOfMaster}
	told := func(line string) { g.Access.debug("%s: %s", m, line) }
	err = c.stream(ctx, scriptLimit, command, bytes.NewReader(script), bounded, told)
	var failed *commandError
	if errors.As(err, &failed) {
		return problemOf(m, fmt.Sprintf("its logs could not be collected, code %d: %s", failed.code, failed.said),
			"is it a machine of the control plane, and may "+m.User+" use sudo there?")
	}
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close(), os.Rename(part, g.path(masterFile(m)))); err != nil {
		return fileProblem(g.Dir, "the log bundle cannot be written", err)
	}
	return nil
}

// masterFile is the name of a machine's archive in the partial folder. An address may
// hold what no file name of every system may.
func masterFile(m Endpoint) string {
	return "master-" + strings.NewReplacer(":", "_", "%", "_").Replace(m.address()) + ".tar.gz"
}

// knownMasters are the machines that the API of the bootstrap host knows, from the bundle.
func (g *gathering) knownMasters() []Endpoint {
	var masters []Endpoint
	for name := range strings.FieldsSeq(g.mastersList) {
		e, err := ParseEndpoint(name)
		if err == nil && len(masters) < 20 && !slices.ContainsFunc(masters, e.sameAs) {
			masters = append(masters, e)
		}
	}
	return masters
}

// wait tells every now and then what is still going on.
func (g *gathering) wait(done <-chan struct{}) {
	tick := time.NewTicker(g.every)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			for _, line := range g.states() {
				g.Access.info("%s", line)
			}
		}
	}
}

// partial makes the folder for what is under way.
func (g *gathering) partial() error {
	folder := filepath.Join(g.Dir, partialFolder)
	if info, err := os.Lstat(folder); err == nil && !info.IsDir() {
		return fileProblem(folder, "this is not a folder", errors.New("move it away, or gather into another directory"))
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fileProblem(folder, "the log bundle cannot be written", err)
	}
	return nil
}
