package gather

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Hosts that would keep a run up for ever, or fill the disk. Each is named with what it
// does, and nothing of it stays that is not to be gone on with.
func TestHostsWithoutAnEnd(t *testing.T) {
	t.Parallel()
	content := []byte(strings.Repeat("0123456789", 100))
	answer := func(stat string, tail func(io.Writer) int) func(string, io.Reader, io.Writer) int {
		good := bootstrapHost(content, 0)
		return func(command string, in io.Reader, out io.Writer) int {
			switch {
			case strings.HasPrefix(command, "stat") && stat != "":
				fmt.Fprintf(out, "%s\n%x  x\n", stat, sha256.Sum256(content))
				return 0
			case strings.HasPrefix(command, "tail"):
				return tail(out)
			}
			return good(command, in, out)
		}
	}
	drip := func(out io.Writer) int {
		for range 2000 {
			if _, err := out.Write([]byte("x")); err != nil {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		return hangUp
	}
	for want, host := range map[string]func(string, io.Reader, io.Writer) int{
		"it says that its bundle has 9000000000000000000 bytes, and no bundle has more than 8589934592": answer("9000000000000000000", drip),
		"it says that its bundle has -5 bytes":                                                          answer("-5", drip),
		"it does not report how large the bundle":                                                       answer("90000000000000000000", drip),
		"it sends too slowly: ":                                                                         answer("2000000", drip),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			key, public, _ := newKey(t)
			s := newServer(t, public, host)
			a := newAccess(t.TempDir(), nil, key)
			a.Window = 100 * time.Millisecond
			r, err := Bootstrap(t.Context(), Request{Access: a, Bootstrap: s.endpoint, Dir: t.TempDir(), Now: now})
			if err == nil || r.Hosts[0].Err == nil || !strings.Contains(r.Hosts[0].Err.Error(), want) {
				t.Errorf("got %+v, %v", r, err)
			}
			if n := s.ran("tail"); n > mostAttempts {
				t.Errorf("it was asked %d times", n)
			}
		})
	}
}

func TestRoomForABundle(t *testing.T) {
	t.Parallel()
	g := &gathering{Request: Request{Dir: "lab"}, freeRoom: func() (int64, bool) { return 1000, true }}
	e := Endpoint{User: "core", Host: "b", Port: 22}
	var p diag.Problem
	if err := g.checkSize(e, 2001, 1000); !errors.As(err, &p) || p.File != "lab" || !strings.Contains(p.Detail, "takes 1001 bytes more") {
		t.Errorf("got %v", err)
	}
	if err := g.checkSize(e, 2000, 1000); err != nil {
		t.Errorf("got %v", err)
	}
	free := int64(16 * keepFree) // at the first look; a host fills it in between
	g = &gathering{Request: Request{Dir: "lab"}, freeRoom: func() (int64, bool) { free /= 32; return free * 32, true }}
	w := &roomy{w: io.Discard, g: g}
	var o ours
	for range 5 {
		if _, err := w.Write(make([]byte, checkEvery/2)); err != nil {
			if !errors.As(err, &o) || !strings.Contains(err.Error(), "free space") {
				t.Errorf("got %v", err)
			}
			return
		}
	}
	t.Error("a full disk is written to")
}

// A script that prints without an end fills no log.
func TestEndlessLines(t *testing.T) {
	t.Parallel()
	told, last := 0, ""
	l := &lines{tell: func(text string) { told++; last = text }}
	for range 3 * mostLines {
		fmt.Fprintln(l, "again")
	}
	if told != mostLines || last != "again (there is more, which is not shown)" {
		t.Errorf("%d lines, the last %q", told, last)
	}
}
