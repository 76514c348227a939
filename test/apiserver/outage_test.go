//go:build e2e

package apiserver

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// outage is how long the API is away. When the bootstrap host leaves, a load balancer
// with the usual health checks needs about that long.
const outage = 2 * time.Minute

// playOutage has two waits of the same cluster live through an API server that goes
// away for as long as it really does: one of a program, one on a terminal.
func playOutage(t *testing.T, c *controlPlane) {
	c.install()
	c.node("master-0", "192.168.1.20", true, object{"node-role.kubernetes.io/master": ""})
	c.operator("dns", long(), "Available=True", "Progressing=False", "Degraded=False")
	c.etcd("EtcdBootstrapMemberRemoved=False: the bootstrap member is still there")

	stream := make(chan []event, 1)
	go func() { stream <- c.events() }()
	terminal := c.onTerminal(t, "wait-for", "bootstrap-complete")
	terminal.until(t, 2*time.Minute, `Bootstrap Complete, .*\| API v\S+ \| nodes 1/2 \| operators 1/1`)

	c.api.stop()
	gone := time.Now()
	terminal.until(t, 30*time.Second, `Bootstrap Complete, \S+ \| no API for \d+s: api\.demo\.example\.com:6443 \(127\.0\.0\.1:\d+\) refuses the connection`)
	time.Sleep(outage - 15*time.Second - time.Since(gone))
	terminal.until(t, 15*time.Second, `\| no API for 1m(4[5-9]|5\d)s: `)
	time.Sleep(time.Until(gone.Add(outage)))
	c.start()
	away := time.Since(gone)
	terminal.until(t, time.Minute, `Bootstrap Complete, \S+ \| API v\S+ \| nodes 1/2`)
	c.bootstrapped()
	c.etcd("EtcdBootstrapMemberRemoved=True")
	terminal.until(t, time.Minute, `Time elapsed: [2-9]m\d+s`)
	if err := terminal.cmd.Wait(); err != nil {
		t.Errorf("the wait on the terminal ended with %v", err)
	}

	// what is left on the terminal: the log, with the cause once, and no status
	last := terminal.screen()
	t.Logf("the terminal at the end, after an outage of %s:\n%s", away.Round(time.Second), last)
	for text, times := range map[string]int{"nothing listens on that port": 1, "the API answers again, after": 1,
		"It is now safe to remove": 1, " | no API for": 0, " | API v": 0} {
		if got := strings.Count(unfolded(last), text); got != times {
			t.Errorf("the terminal says %d times %q, want %d", got, text, times)
		}
	}
	checkStream(t, <-stream, away)
}

// event is a line of the event stream.
type event struct {
	Type, Stage, Message, Hint string
	Time                       time.Time
	Seconds                    float64
	Cause                      *struct{ Kind string }
	code                       int
}

// events are those of a wait, with its exit code in the last.
func (c *controlPlane) events() (all []event) {
	code, out, _ := c.okd("wait-for", "bootstrap-complete", "-o", "json")
	for line := range strings.SplitSeq(strings.TrimSpace(out), "\n") {
		e := event{code: code}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			c.t.Errorf("a line of the stream is %q: %v", line, err)
		}
		all = append(all, e)
	}
	return all
}

// checkStream looks at what a program learns: that the API is away and why, when that
// changes, that it is back and after how long, and that the wait went well.
func checkStream(t *testing.T, all []event, away time.Duration) {
	var types, kinds []string
	var longest time.Duration
	for _, e := range all {
		if e.Type == "requests" {
			continue // those that other tests have left pending
		}
		types = append(types, e.Type)
		switch e.Type {
		case "cause":
			kinds = append(kinds, e.Cause.Kind)
			if strings.HasPrefix(e.Hint, "the API has answered before") != (e.Cause.Kind != "starting") {
				t.Errorf("in the middle of the wait the hint is %q", e.Hint)
			}
		case "reached":
			longest = max(longest, time.Duration(e.Seconds*float64(time.Second)))
		}
	}
	// it may stumble once more when it has just come up, which is said as well
	if (longest - away).Abs() > 30*time.Second {
		t.Errorf("the API was away for %s, and the stream says at most %s", away, longest)
	}
	said := strings.Join(types, " ")
	if !regexp.MustCompile(`^stage stageEnd note stage status cause (cause )*reached ((cause )+reached )*(status )?stageEnd stage (status )?stageEnd done$`).MatchString(said) {
		t.Errorf("the events are %s", said)
	}
	if len(kinds) > 1 && kinds[0] == "no-backend" {
		kinds = kinds[1:] // a question was under way when it went
	}
	if len(kinds) == 0 {
		t.Fatal("the stream says nothing of the outage")
	}
	// while it comes up again it takes connections before it answers, and answers before
	// it is ready
	later := slices.ContainsFunc(kinds[1:], func(kind string) bool { return kind != "silence" && kind != "starting" })
	if kinds[0] != "refused" || later || len(kinds) > 6 {
		t.Errorf("the causes are %s", kinds)
	}
	if last := all[len(all)-1]; last.code != 0 || last.Type != "done" {
		t.Errorf("the wait ended with %d and %+v", last.code, last)
	}
}

// terminal is a command on a terminal, with what it has written there.
type terminal struct {
	cmd *exec.Cmd
	mu  sync.Mutex
	raw strings.Builder
}

// onTerminal runs okd-install on a terminal of 200 columns, with a directory of its own.
func (c *controlPlane) onTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(c.assets)); err != nil {
		t.Fatal(err)
	}
	x := &terminal{cmd: exec.Command(os.Getenv("OKD_INSTALL"), append(args, "--dir", dir, "--api-address", "127.0.0.1:"+c.port)...)}
	x.cmd.Env = append(os.Environ(), "TERM=xterm", "NO_COLOR=1")
	file, err := pty.StartWithSize(x.cmd, &pty.Winsize{Rows: 50, Cols: 200})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if x.cmd.ProcessState == nil {
			_ = x.cmd.Process.Kill()
			_ = x.cmd.Wait()
		}
		_ = file.Close()
		if t.Failed() {
			t.Logf("on the terminal:\n%s", x.screen())
		}
	})
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := file.Read(buffer)
			x.mu.Lock()
			_, _ = x.raw.Write(buffer[:n])
			x.mu.Unlock()
			if err != nil {
				if !errors.Is(err, io.EOF) && !errors.Is(err, syscall.EIO) && !errors.Is(err, os.ErrClosed) {
					t.Error(err)
				}
				return
			}
		}
	}()
	return x
}

var upAndClear = regexp.MustCompile(`^\x1b\[(\d+)A\x1b\[J`)

// screen is what stands on the terminal now, with what has scrolled out at the top.
func (x *terminal) screen() string {
	x.mu.Lock()
	raw := x.raw.String()
	x.mu.Unlock()
	lines := []string{""}
	for raw != "" {
		if up := upAndClear.FindStringSubmatch(raw); up != nil {
			var n int
			_ = json.Unmarshal([]byte(up[1]), &n)
			lines = append(lines[:max(0, len(lines)-1-n)], "")
			raw = raw[len(up[0]):]
			continue
		}
		switch raw[0] {
		case '\n':
			lines = append(lines, "")
		case '\r':
		default:
			lines[len(lines)-1] += raw[:1]
		}
		raw = raw[1:]
	}
	return strings.Join(lines, "\n")
}

// unfolded has the lines of a log that was folded to the terminal's width in one piece.
func unfolded(screen string) string { return regexp.MustCompile(`\s+`).ReplaceAllString(screen, " ") }

// until waits until the terminal shows something.
func (x *terminal) until(t *testing.T, limit time.Duration, pattern string) {
	t.Helper()
	p := regexp.MustCompile(pattern)
	for end := time.Now().Add(limit); !p.MatchString(x.screen()); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the terminal does not show %q, but\n%s", pattern, x.screen())
		}
	}
}
