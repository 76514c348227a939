package gather

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// now is when everything happens.
var now = time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC)

const id = "20260302091500"

// archive packs files as a host does.
func archive(t *testing.T, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	w := tar.NewWriter(zipped)
	for _, h := range headers {
		text := h.Uname // the content travels in a field of its own
		h.Uname, h.Size, h.Mode = "", int64(len(text)), 0o644
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	_ = w.Close()
	_ = zipped.Close()
	return b.Bytes()
}

func file(name, text string) tar.Header { return tar.Header{Name: name, Uname: text} }

// bootstrapHost answers as a bootstrap host whose bundle has the content. cut is after
// how many bytes a transfer breaks off, each time; 0 for never.
func bootstrapHost(content []byte, cut int) func(string, io.Reader, io.Writer) int {
	return func(command string, stdin io.Reader, out io.Writer) int {
		switch {
		case strings.HasPrefix(command, "/usr/local/bin/installer-gather.sh --id "):
			fmt.Fprintln(out, "collecting what this host knows")
		case strings.HasPrefix(command, "printf"):
			fmt.Fprint(out, "/home/core")
		case strings.HasPrefix(command, "stat"):
			fmt.Fprintf(out, "%d\n%x  /home/core/x\n", len(content), sha256.Sum256(content))
		case strings.HasPrefix(command, "tail --bytes=+"):
			words := strings.Fields(command)
			from, _ := strconv.Atoi(strings.TrimPrefix(words[1], "--bytes=+"))
			rest := content[from-1:]
			if cut > 0 && len(rest) > cut {
				_, _ = out.Write(rest[:cut])
				return hangUp
			}
			_, _ = out.Write(rest)
		case strings.Contains(command, "--id master-"):
			_, _ = io.Copy(io.Discard, stdin)
			return 3
		}
		return 0
	}
}

// read returns the files of a bundle.
func read(t *testing.T, name string) map[string]string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	files := map[string]string{}
	err = eachMember(f, func(h *tar.Header, r io.Reader) error {
		text, err := io.ReadAll(r)
		files[h.Name] = string(text)
		if h.Typeflag != tar.TypeReg || h.Mode != 0o600 {
			t.Errorf("%s has type %c and mode %o", h.Name, h.Typeflag, h.Mode)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestGather(t *testing.T) {
	t.Parallel()
	key, public, _ := newKey(t)
	top := "log-bundle-" + id + "/"
	host := newServer(t, public, bootstrapHost(archive(t,
		file(top+"bootstrap/services/bootkube.json", "[]"), file(top+"control-plane/127.0.0.1/partly", "by the host"),
		file(top+"resources/masters.list", "-x\n"), file(top+"rendered-assets/openshift/tls/a.key", "secret"),
	), 0))
	master := newServer(t, public, func(command string, stdin io.Reader, out io.Writer) int {
		script, _ := io.ReadAll(stdin)
		if !bytes.Contains(script, []byte("installer-masters-gather.sh")) || !strings.HasPrefix(command, "sudo bash -c '") {
			return 9
		}
		_, _ = out.Write(archive(t, file("./journals/kubelet.log", "the password is hunter2-hunter2\n")))
		return 0
	})
	dir, l := t.TempDir(), &log{}
	r, err := Bootstrap(t.Context(), Request{
		Access: newAccess(dir, l, key), Bootstrap: host.endpoint, Masters: []Endpoint{master.endpoint},
		Dir: dir, Now: now, Secrets: []string{"hunter2-hunter2"},
	})
	if err != nil {
		t.Fatal(err, l)
	}
	if r.Bundle != filepath.Join(dir, "log-bundle-"+id+".tar.gz") || len(r.Hosts) != 2 || r.Hosts[0].Err != nil || r.Hosts[1].Err != nil {
		t.Errorf("%+v\n%s", r, l)
	}
	files := read(t, r.Bundle)
	want := []string{
		top + "bootstrap/services/bootkube.json", top + "control-plane/127.0.0.1/journals/kubelet.log",
		top + "okd-install-gather.txt", top + "resources/masters.list",
	}
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, want) {
		t.Errorf("files %v", got)
	}
	if got := files[want[1]]; got != "the password is REDACTED\n" {
		t.Errorf("got %q", got)
	}
	if host.ran("rm -f /home/core/log-bundle-"+id) != 1 || host.ran("installer-gather.sh --id "+id) != 1 {
		t.Errorf("commands %q", host.commands)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("the directory has %v", entries)
	}
}

// A transfer that breaks off again and again goes on, as long as something comes.
func TestBrokenTransfer(t *testing.T) {
	t.Parallel()
	key, public, _ := newKey(t)
	content := archive(t, file("x/bootstrap/noise", strings.Repeat("0123456789abcdef", 4)+fmt.Sprint(sha256.Sum256([]byte("x")))))
	host := newServer(t, public, bootstrapHost(content, 60))
	dir, l := t.TempDir(), &log{}
	r, err := Bootstrap(t.Context(), Request{Access: newAccess(dir, l, key), Bootstrap: host.endpoint, Dir: dir, Now: now})
	if err != nil || r.Hosts[0].Err != nil {
		t.Fatal(err, r, l)
	}
	if n := host.ran("tail --bytes"); n < 4 || host.ran("installer-gather.sh") != 1 {
		t.Errorf("%d transfers: %q", n, host.commands)
	}
	if !strings.Contains(l.String(), "the connection was lost") || !strings.Contains(l.String(), "continuing at 1 KiB of 1 KiB") {
		t.Error(l)
	}
}

// A host that never gets to send anything is given up, and what there is stays for the
// next run, which does not ask the host to collect again.
func TestNextRunGoesOn(t *testing.T) {
	t.Parallel()
	key, public, _ := newKey(t)
	content := archive(t, file("x/bootstrap/a", "b"))
	var broken atomic.Bool
	broken.Store(true)
	good := bootstrapHost(content, 0)
	first := bootstrapHost(content, 40)
	var sent atomic.Int32
	host := newServer(t, public, func(command string, stdin io.Reader, out io.Writer) int {
		if broken.Load() && strings.HasPrefix(command, "tail") {
			if sent.Add(1) > 1 {
				return hangUp
			}
			return first(command, stdin, out)
		}
		return good(command, stdin, out)
	})
	dir, l := t.TempDir(), &log{}
	request := func(at time.Time) Request {
		return Request{Access: newAccess(dir, l, key), Bootstrap: host.endpoint, Dir: dir, Now: at}
	}
	if r, err := Bootstrap(t.Context(), request(now)); err == nil || r.Bundle != "" || !strings.Contains(r.Hosts[0].Err.Error(), "was lost") {
		t.Fatalf("%+v %v", r, err)
	}
	broken.Store(false)
	r, err := Bootstrap(t.Context(), request(now.Add(10*time.Minute)))
	if err != nil || filepath.Base(r.Bundle) != "log-bundle-"+id+".tar.gz" ||
		host.ran("installer-gather.sh") != 1 || !strings.Contains(l.String(), "continuing what was begun at") {
		t.Errorf("%+v %v %q\n%s", r, err, host.commands, l)
	}
	// an hour later it is another story
	broken.Store(true)
	sent.Store(0)
	if _, err := Bootstrap(t.Context(), request(now.Add(time.Hour))); err == nil {
		t.Fatal("it should have broken off")
	}
	broken.Store(false)
	before := host.ran("installer-gather.sh")
	r, err = Bootstrap(t.Context(), request(now.Add(2*time.Hour)))
	if err != nil || filepath.Base(r.Bundle) != "log-bundle-20260302111500.tar.gz" || host.ran("installer-gather.sh") != before+1 {
		t.Errorf("%+v %v", r, err)
	}
}

// What the partial folder holds may have been written by anybody: it gets into no command.
func TestHostileNote(t *testing.T) {
	t.Parallel()
	key, public, _ := newKey(t)
	host := newServer(t, public, bootstrapHost(archive(t, file("x/bootstrap/a", "b")), 0))
	dir := t.TempDir()
	for _, text := range []string{
		`{"id":"x; reboot","started":"2026-03-02T09:14:00Z","bootstrap":"` + host.endpoint.String() + `"}`,
		`{"id":"20260302091400","started":"2026-03-02T09:14:00Z","bootstrap":"` + host.endpoint.String() + `","remote":{"path":"/x; reboot","size":1,"sha256":"0"}}`,
		`{"id":"20260302091400","started":"2026-03-02T09:14:00Z","bootstrap":"elsewhere"}`, `{`, ``,
	} {
		folder := filepath.Join(dir, partialFolder)
		if err := errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(filepath.Join(folder, noteFile), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		r, err := Bootstrap(t.Context(), Request{Access: newAccess(dir, nil, key), Bootstrap: host.endpoint, Dir: dir, Now: now})
		if err != nil || filepath.Base(r.Bundle) != "log-bundle-"+id+".tar.gz" || host.ran("reboot") != 0 {
			t.Fatalf("%s: %+v %v %q", text, r, err, host.commands)
		}
		_ = os.Remove(r.Bundle)
	}
}

func TestScriptFails(t *testing.T) {
	t.Parallel()
	key, public, _ := newKey(t)
	for want, answer := range map[string]func(string, io.Reader, io.Writer) int{
		"there is no /usr/local/bin/installer-gather.sh on it": func(string, io.Reader, io.Writer) int { return 127 },
		"ended with code 1 and left no bundle: no space": func(_ string, _ io.Reader, out io.Writer) int {
			fmt.Fprintln(out, "no space")
			return 1
		},
		"the host sends more than it announced": func(command string, in io.Reader, out io.Writer) int {
			if strings.HasPrefix(command, "tail") {
				_, _ = out.Write(make([]byte, 100_000))
				return 0
			}
			return bootstrapHost([]byte("0123456789"), 0)(command, in, out)
		},
		"the bundle arrived damaged": func(command string, in io.Reader, out io.Writer) int {
			if strings.HasPrefix(command, "tail") {
				fmt.Fprint(out, "9876543210")
				return 0
			}
			return bootstrapHost([]byte("0123456789"), 0)(command, in, out)
		},
	} {
		host := newServer(t, public, answer)
		dir := t.TempDir()
		r, err := Bootstrap(t.Context(), Request{Access: newAccess(dir, nil, key), Bootstrap: host.endpoint, Dir: dir, Now: now})
		if err == nil || r.Hosts[0].Err == nil || !strings.Contains(r.Hosts[0].Err.Error(), want) {
			t.Errorf("%s: %+v %v", want, r, err)
		}
	}
}

// A host that somebody else has taken over sends names that lead elsewhere, links,
// devices, and a compressed file that is none.
func TestHostileArchive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	g := &gathering{Request: Request{Dir: dir, Access: newAccess(dir, nil)}, note: note{ID: id}}
	if err := g.partial(); err != nil {
		t.Fatal(err)
	}
	data := archive(t,
		file("x/../../evil", "1"), file("/abs/evil", "2"), file("x/ok", "3"), file("x/ok", "4"),
		tar.Header{Name: "x/link", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"},
		tar.Header{Name: "x/dev", Typeflag: tar.TypeChar}, tar.Header{Name: "x/dir/", Typeflag: tar.TypeDir},
		file("x/not.gz", "plain -----BEGIN PRIVATE KEY-----"), file("x/packed.gz", string(gzipped("{\"auth\":\"c2VjcmV0c2VjcmV0\"}\n"))),
		file("x/..", "5"), file("..", "6"), file("x", "7"),
	)
	if err := os.WriteFile(g.path(bootstrapFile), data, 0o600); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "b.tar.gz")
	hosts := []Host{{Role: BootstrapRole, Endpoint: Endpoint{Host: "h", User: "core", Port: 22}}}
	if err := g.pack(context.Background(), name, hosts); err != nil {
		t.Fatal(err)
	}
	files := read(t, name)
	top := "log-bundle-" + id + "/"
	if files[top+"ok"] != "3" || files[top+"not.gz"] != "" || len(files) != 4 {
		t.Errorf("got %q", files)
	}
	zipped, err := gzip.NewReader(strings.NewReader(files[top+"packed.gz"]))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(zipped); err != nil || string(text) != "{\"auth\":\"REDACTED\"}\n" {
		t.Errorf("got %q %v", text, err)
	}
	// cut off, it is used as far as it goes
	if err := errors.Join(os.WriteFile(g.path(bootstrapFile), data[:len(data)-30], 0o600), os.Remove(name)); err != nil {
		t.Fatal(err)
	}
	if err := g.pack(context.Background(), name, hosts); err != nil {
		t.Fatal(err)
	}
	if files = read(t, name); files[top+"ok"] != "3" ||
		!strings.Contains(files[top+noteInBundle], "the archive of the bootstrap host is damaged") {
		t.Errorf("got %q", files)
	}
	if _, err := os.Stat(filepath.Join(dir, "evil")); err == nil {
		t.Error("something got out")
	}
}

func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.Bytes()
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	key, public, _ := newKey(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	host := newServer(t, public, func(string, io.Reader, io.Writer) int {
		cancel()
		<-ended // the host would go on for ever
		return 0
	})
	defer close(ended)
	dir := t.TempDir()
	_, err := Bootstrap(ctx, Request{
		Access: newAccess(dir, nil, key), Bootstrap: host.endpoint, Masters: []Endpoint{host.endpoint}, Dir: dir, Now: now,
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
