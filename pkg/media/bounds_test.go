package media

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
)

// endless sends pieces for ever, as fast as they are taken or one each tick.
func endless(piece []byte, tick time.Duration, head ...string) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i+1 < len(head); i += 2 {
			w.Header().Set(head[i], head[i+1])
		}
		if r.Header.Get("Range") != "" {
			w.WriteHeader(http.StatusPartialContent)
		}
		for r.Context().Err() == nil {
			if _, err := w.Write(piece); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			if tick > 0 {
				time.Sleep(tick)
			}
		}
	}
}

// A server that never ends, or says what cannot be, fills no disk.
func TestEndless(t *testing.T) {
	t.Parallel()
	mib := noise(1<<20, 9)
	full := func(string) (int64, bool) { return 3 << 20, true }
	for _, test := range []struct {
		name    string
		answers []answer
		most    int64
		room    func(string) (int64, bool)
		want    string
	}{
		{"a body without an end", []answer{endless(mib, 0)}, 20 << 20, nil, "does not stop, and the file can have 20971520 at most"},
		{"a length that no file has", []answer{raw(200, good[:100], "Content-Length", "9000000000000000000")}, 0, nil,
			"the server reports 9000000000000000000 bytes, and the file can have 68719476736 at most"},
		{"more than the disk has", []answer{raw(200, good[:100], "Content-Length", "4194304")}, 0, full,
			"the disk is too small for the file: it needs 4194304 more bytes, and 3145728 are free"},
		{"unknown, and the disk is nearly full", []answer{endless(mib, 0)}, 0, full, "the size of the file is not known"},
		{"a rest without an end", []answer{cut(good, `"v"`, part),
			endless(mib, 0, "ETag", `"v"`, "Content-Range", fmt.Sprintf("bytes %d-%d/%d", part, size-1, size)), endless(mib, 0)},
			20 << 20, nil, "does not stop"},
		{"a rest of another size", []answer{cut(good, "", part),
			raw(206, good[part:], "Content-Range", fmt.Sprintf("bytes %d-%d/9000000000000000000", part, size-1)), endless(mib, 0)},
			20 << 20, nil, "does not stop"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, test.answers...)
			dir := t.TempDir()
			f := quick()
			f.freeRoom = test.room
			_, err := f.Download(t.Context(), Request{URL: s.URL + "/x.iso", SHA256: sumOf(good), Dir: dir, Most: test.most})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if got := tree(t, dir); len(got) != 0 {
				t.Errorf("the folder holds %v", got)
			}
		})
	}
}

// The room runs out while a file of unknown size comes.
func TestRoomRunsOut(t *testing.T) {
	t.Parallel()
	s := newServer(t, endless(noise(1<<20, 9), 0))
	dir, free := t.TempDir(), int64(keepFree+40<<20)
	f := quick()
	f.freeRoom = func(string) (int64, bool) {
		info, err := os.Stat(filepath.Join(dir, ".x.iso.partial"))
		if err != nil {
			return free, true
		}
		return free - info.Size(), true
	}
	_, err := f.Download(t.Context(), Request{URL: s.URL + "/x.iso", SHA256: sumOf(good), Dir: dir})
	var p diag.Problem
	if !errors.As(err, &p) || !strings.Contains(p.Detail, "kept free") || p.File == "" || !strings.Contains(p.Hint, "free space") {
		t.Errorf("got %v", err)
	}
	if got := tree(t, dir); len(got) != 0 {
		t.Errorf("the folder holds %v", got)
	}
}

// Two bytes a second never stall, and would take for ever.
func TestDrip(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string][]answer{
		"always": {endless([]byte("xx"), 5*time.Millisecond)},
		"a good beginning": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write(good[:part])
			endless([]byte("xx"), 5*time.Millisecond)(w, r)
		}},
		"cut off before it counts": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("xx"))
			panic(http.ErrAbortHandler)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, answers...)
			f := quick()
			f.Window, f.Attempts = 300*time.Millisecond, 6
			_, err := f.Download(t.Context(), Request{URL: s.URL + "/x.iso", SHA256: sumOf(good), Dir: t.TempDir()})
			var p diag.Problem
			if !errors.As(err, &p) || !strings.Contains(p.Detail, "cannot be downloaded") {
				t.Errorf("got %v", err)
			}
			if !strings.HasPrefix(name, "cut") && !strings.Contains(p.Detail, "the server is too slow: ") {
				t.Errorf("got %v", err)
			}
			if n := len(s.requests()); n > 6 {
				t.Errorf("%d requests were made", n)
			}
		})
	}
}

// Servers that cut every answer off before it counts as slow are too slow over all.
func TestPace(t *testing.T) {
	t.Parallel()
	begin := time.Unix(0, 0)
	for _, test := range []struct {
		bytes int
		every time.Duration
		slow  bool
	}{
		{2, time.Second, true}, {1000, time.Second, true}, {1200, time.Second, false}, {minBytes - 1, time.Minute, true},
		{minBytes, time.Minute, false}, {1 << 20, 10 * time.Second, false},
	} {
		p, slow := pace{window: minWindow, begin: begin}, false
		for at := begin; at.Sub(begin) < 10*time.Minute; {
			at = at.Add(test.every)
			var too tooSlow
			slow = slow || errors.As(p.add(test.bytes, at), &too)
		}
		if slow != test.slow {
			t.Errorf("%d bytes every %s: slow is %v", test.bytes, test.every, slow)
		}
	}
}

// What is compressed in a small file may be without an end.
func TestBomb(t *testing.T) {
	t.Parallel()
	d := &download{Fetcher: quick()}
	d.freeRoom = func(string) (int64, bool) { return keepFree - 1, true }
	dir := t.TempDir()
	bomb := compressed(t, ".gz", make([]byte, 32<<20))
	write(t, filepath.Join(dir, "d.gz"), bomb)
	_, _, err := d.decompress(t.Context(), filepath.Join(dir, "d.gz"), filepath.Join(dir, "d"), "", nil)
	if err == nil || !strings.Contains(err.Error(), "the size of the file is not known") {
		t.Errorf("got %v", err)
	}
	out := &holes{size: maxPlain - 5}
	if err := d.spaceFor("d.gz", nil, out, 6); err == nil || !strings.Contains(err.Error(), "more than any boot image") {
		t.Errorf("got %v", err)
	}
	if got := tree(t, dir); !reflect.DeepEqual(got, []string{"d.gz"}) {
		t.Errorf("the folder holds %v", got)
	}
}

// The head of a file can ask for 4 GiB of memory.
func TestXZMemory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := compressed(t, ".xz", noise(1000, 3))
	const dictionary = 12 + 2 + 2 // behind the stream's header: sizes, flags, filter, its length
	data[dictionary] = 40
	write(t, filepath.Join(dir, "d.xz"), data)
	d := &download{Fetcher: quick()}
	_, _, err := d.decompress(t.Context(), filepath.Join(dir, "d.xz"), filepath.Join(dir, "d"), "", nil)
	if err == nil || !strings.Contains(err.Error(), "unpacking it needs a dictionary of 4095 MiB") &&
		!strings.Contains(err.Error(), "unpacking it needs a dictionary of 4096 MiB") {
		t.Errorf("got %v", err)
	}
}
