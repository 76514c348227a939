package gather

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
)

// Request says what to gather.
type Request struct {
	Access    *Access
	Bootstrap Endpoint
	// Masters are the machines of the control plane. Without any, those are asked that the
	// bootstrap host knows.
	Masters []Endpoint
	// Dir is the asset directory, which the caller holds locked.
	Dir string
	// Now names the bundle.
	Now time.Time
	// Secrets are texts that must not be in the bundle wherever they stand.
	Secrets []string
	// ReportEvery is how often it is told what is going on; 15 s if zero.
	ReportEvery time.Duration
}

// Result is what became of it.
type Result struct {
	// Bundle is the path of the log bundle, or empty if nothing was collected.
	Bundle string
	Hosts  []Host
}

// Host is what became of one machine.
type Host struct {
	Role string
	Endpoint
	// Err says why nothing was collected, or is nil.
	Err error
}

// Roles of hosts.
const (
	BootstrapRole = "bootstrap"
	masterRole    = "control-plane"
)

// resumable is how old what was begun may be to go on with it.
const resumable = 30 * time.Minute

// idLayout is how the established installer names bundles.
const idLayout = "20060102150405"

const (
	noteFile      = "gather.json"
	bootstrapFile = "bootstrap.tar.gz"
)

// note is what a run that is cut off leaves to the next.
type note struct {
	ID        string    `json:"id"`
	Started   time.Time `json:"started"`
	Bootstrap string    `json:"bootstrap"`
	Remote    *remote   `json:"remote,omitempty"`
	// Fetched says that all of the bootstrap host's bundle is here.
	Fetched bool `json:"fetched,omitempty"`
}

// gathering is a run.
type gathering struct {
	Request
	every time.Duration
	note  note
	// freeRoom tells how much fits on the disk; nil asks the system.
	freeRoom func() (int64, bool)
	// reserve is what stays free, settled at the first look.
	reserve int64
	looked  sync.Once

	dialling   sync.Mutex
	connection *connection
	lost       error
	ready      chan struct{}
	once       sync.Once

	mu          sync.Mutex
	doing       map[string]string
	since       map[string]time.Time
	mastersList string
}

// began lets the machines go ahead that go through the bootstrap host.
func (g *gathering) began() { g.once.Do(func() { close(g.ready) }) }

// Bootstrap gathers the logs of an installation into a bundle. Hosts that cannot be
// reached are named in the result, and the rest is collected all the same; the error is
// for what stops everything: no keys, a full disk, an interrupt, nobody there.
func Bootstrap(ctx context.Context, r Request) (Result, error) {
	g := &gathering{Request: r, every: r.ReportEvery, ready: make(chan struct{}), doing: map[string]string{}, since: map[string]time.Time{}}
	if g.every <= 0 {
		g.every = 15 * time.Second
	}
	for i, m := range r.Masters {
		if at := slices.IndexFunc(r.Masters[:i], m.sameAs); at >= 0 {
			return Result{}, diag.Problem{Detail: fmt.Sprintf("%s and %s are the same machine", r.Masters[at], m), Hint: "list it once"}
		}
	}
	if err := g.Access.prepare(ctx); err != nil {
		return Result{}, err
	}
	if err := g.resume(); err != nil {
		return Result{}, err
	}
	defer func() { _ = g.connection.Close() }()
	hosts, err := g.everybody(ctx)
	if err != nil {
		return Result{Hosts: hosts}, err
	}
	if !slices.ContainsFunc(hosts, func(h Host) bool { return h.Err == nil }) {
		g.tidy()
		return Result{Hosts: hosts}, diag.Problem{Detail: "nothing could be collected, so there is no log bundle",
			Hint: "the reason for each host is above"}
	}
	name := g.bundle(g.note.ID)
	if _, err := os.Lstat(name); err == nil { // of a run that could not get everything
		g.note.ID = g.id()
		name = g.bundle(g.note.ID)
	}
	if err := g.pack(ctx, name, hosts); err != nil {
		return Result{Hosts: hosts}, err
	}
	g.forget(ctx)
	g.tidy()
	return Result{Bundle: name, Hosts: hosts}, nil
}

func (g *gathering) bundle(id string) string {
	return filepath.Join(g.Dir, "log-bundle-"+id+".tar.gz")
}

// id is the name of a bundle that is begun now; of the second bundle within a second, that
// of the next.
func (g *gathering) id() string {
	for at := g.Now.UTC(); ; at = at.Add(time.Second) {
		id := at.Format(idLayout)
		if _, err := os.Lstat(g.bundle(id)); err != nil {
			return id
		}
	}
}

// tidy removes what the bundle was made from, unless part of the bootstrap host's is still
// to be fetched.
func (g *gathering) tidy() {
	folder := filepath.Join(g.Dir, partialFolder)
	if !g.note.Fetched && g.have(bootstrapFile) > 0 {
		for _, name := range []string{"bundle.tar.gz", "member"} {
			_ = os.Remove(g.path(name)) // they are made again
		}
		g.Access.info("run the same command again within %d minutes to continue the bundle of %s", resumable/time.Minute, g.Bootstrap)
		return
	}
	if err := os.RemoveAll(folder); err != nil {
		g.Access.warn("%v", fileProblem(folder, "the files that the bundle was made from are still there", err))
	}
}

// resume goes on with what an earlier run has begun, if it was about the same host and
// not long ago.
func (g *gathering) resume() error {
	if err := g.ownPartial(); err != nil {
		return err
	}
	data, err := readNote(g.path(noteFile))
	fresh := note{ID: g.id(), Started: g.Now, Bootstrap: g.Bootstrap.String()}
	if err == nil && json.Unmarshal(data, &g.note) == nil && g.note.usable(fresh) {
		g.Access.info("continuing what was begun at %s", g.note.Started.Local().Format("15:04:05"))
		return nil
	}
	g.note = fresh
	folder := filepath.Join(g.Dir, partialFolder)
	if info, err := os.Lstat(folder); err == nil && info.IsDir() {
		if err := os.RemoveAll(folder); err != nil {
			return fileProblem(folder, "the files of an earlier run cannot be removed", err)
		}
	}
	if err := g.partial(); err != nil {
		return err
	}
	return g.writeNote()
}

// maxNote is far above any note, in bytes.
const maxNote = 64 << 10

func readNote(name string) ([]byte, error) {
	f, err := system.Reopen(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it is only read
	return io.ReadAll(io.LimitReader(f, maxNote))
}

// usable reports whether a note of an earlier run is worth going on with. Its words get into
// commands, so they have to be what was written.
func (n note) usable(now note) bool {
	if _, err := time.Parse(idLayout, n.ID); err != nil || n.Bootstrap != now.Bootstrap {
		return false
	}
	if n.Remote != nil {
		if n.Remote.Size < 0 || n.Remote.Size > mostBundle {
			return false
		}
		for part := range strings.SplitSeq(strings.Trim(n.Remote.Path, "/"), "/") {
			if !isName(part) {
				return false
			}
		}
	}
	age := now.Started.Sub(n.Started)
	return age >= 0 && age < resumable
}

func (g *gathering) writeNote() error {
	data, err := json.MarshalIndent(g.note, "", "  ")
	if err != nil {
		return err
	}
	next := g.path(noteFile + ".new")
	if err := writeNew(next, append(data, '\n')); err != nil {
		return fileProblem(g.Dir, "the log bundle cannot be written", err)
	}
	if err := os.Rename(next, g.path(noteFile)); err != nil {
		return fileProblem(g.Dir, "the log bundle cannot be written", err)
	}
	return nil
}

// writeNew writes a file that was not there, or was left by a run that was cut off.
func writeNew(name string, data []byte) error {
	_ = os.Remove(name)
	f, err := system.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// everybody asks all hosts, side by side.
func (g *gathering) everybody(ctx context.Context) ([]Host, error) {
	done := make(chan struct{})
	defer close(done)
	go g.wait(done)
	hosts := []Host{{Role: BootstrapRole, Endpoint: g.Bootstrap}}
	for _, m := range g.Masters {
		hosts = append(hosts, Host{Role: masterRole, Endpoint: m})
	}
	g.ask(ctx, hosts)
	if hosts[0].Err == nil {
		if err := g.readMasters(); err != nil {
			hosts[0].Err = err
		}
		if len(g.Masters) == 0 {
			more := []Host{}
			for _, m := range g.knownMasters() {
				more = append(more, Host{Role: masterRole, Endpoint: m})
			}
			g.ask(ctx, more)
			hosts = append(hosts, more...)
		}
	}
	if ctx.Err() != nil {
		return hosts, ctx.Err()
	}
	for _, h := range hosts {
		var p diag.Problem
		if errors.As(h.Err, &p) && p.Position.File != "" {
			return hosts, h.Err // something is wrong with our own files
		}
	}
	return hosts, nil
}

// ask fetches from hosts and waits for them.
func (g *gathering) ask(ctx context.Context, hosts []Host) {
	var wg sync.WaitGroup
	turn := make(chan struct{}, mostMasters)
	for i := range hosts {
		wg.Go(func() {
			h := &hosts[i]
			if h.Role == BootstrapRole {
				h.Err = g.fetchHost(ctx)
			} else {
				turn <- struct{}{}
				h.Err = g.fetchMaster(ctx, h.Endpoint)
				<-turn
			}
			g.finish(*h)
		})
	}
	wg.Wait()
}

// state says what a host is doing.
func (g *gathering) state(e Endpoint, text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, known := g.since[e.String()]; !known {
		g.since[e.String()] = time.Now()
		g.Access.info("%s: %s", e, text)
	}
	g.doing[e.String()] = text
}

func (g *gathering) finish(h Host) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.doing, h.String())
	switch {
	case h.Err == nil:
		g.Access.info("%s: collected", h.Endpoint)
	case !errors.Is(h.Err, context.Canceled):
		g.Access.warn("%v", h.Err)
	}
}

// states lists what is going on.
func (g *gathering) states() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []string
	for name, text := range g.doing {
		all = append(all, fmt.Sprintf("%s: for %s: %s", name, seconds(time.Since(g.since[name])), text))
	}
	slices.Sort(all)
	return all
}
