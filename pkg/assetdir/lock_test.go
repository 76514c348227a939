package assetdir

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/system"
	"github.com/okd-project/okd-install/test/folder"
)

// A lock counts as held while a process holds it, wherever that is, and never
// because of what the file says: a killed run leaves its name there.
func TestLookAtLock(t *testing.T) {
	t.Parallel()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	since := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		h    holder
		held bool
	}{
		{"one that holds it", holder{os.Getpid(), host, "x", since}, true},
		{"one that holds it elsewhere", holder{1 << 30, "not-" + host, "x", since}, true},
		{"one that is gone", holder{1 << 30, host, "x", since}, false},
		{"one with a number that is taken again", holder{os.Getpid(), host, "x", since}, false},
		{"one that is gone on another host", holder{1 << 30, "not-" + host, "x", since}, false},
	} {
		data, err := json.Marshal(c.h)
		if err != nil {
			t.Fatal(err)
		}
		dir := folder.Filled(t, nil)
		if c.held {
			_ = openTestDir(t, dir)
		}
		folder.Put(t, dir, lockFile, string(data))
		got := LookAtLock(dir)
		if got == nil || got.Held != c.held || got.PID != c.h.PID || !got.Since.Equal(since) {
			t.Errorf("%s: got %+v", c.name, got)
		}
	}
	for _, text := range []string{"", "{", `{"pid":0}`} {
		if got := LookAtLock(folder.Filled(t, map[string]string{lockFile: text})); got != nil {
			t.Errorf("%q: got %+v", text, got)
		}
	}
	if got := LookAtLock(t.TempDir()); got != nil {
		t.Errorf("without a file: got %+v", got)
	}
}

// A lock file that cannot be removed is worth a warning, and locks nothing.
func TestLockFileThatStays(t *testing.T) {
	t.Parallel()
	dir := folder.Filled(t, map[string]string{lockFile: ""})
	d := openTestDir(t, dir)
	_ = d.root.Close()
	err := d.Close()
	if !system.OpenFilesCanGo {
		t.Skip("this system keeps lock files")
	}
	if err == nil || !strings.Contains(err.Error(), "it locks nothing") {
		t.Errorf("got %v", err)
	}
	if err := reopen(t, dir); err != nil {
		t.Error(err)
	}
}
