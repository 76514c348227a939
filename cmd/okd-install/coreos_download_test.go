//go:build unix

package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
)

// mediaServer serves one file. It holds the first request after half of it until
// that client has gone.
func mediaServer(t *testing.T, content []byte, hold bool) (url string, reached chan struct{}) {
	t.Helper()
	reached = make(chan struct{})
	var held atomic.Bool
	held.Store(!hold)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v"`)
		if held.Swap(true) {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
			return
		}
		w.Header().Set("Content-Length", "1000000")
		_, _ = w.Write(content[:len(content)/2])
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		close(reached)
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	return s.URL, reached
}

func download(t *testing.T, dir string, args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), "okd-install", append([]string{"coreos", "download"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TERM=dumb", "NO_PROXY=*")
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

// Ctrl-C in the middle ends with 8 and keeps what came; the same command goes on.
func TestDownloadInterrupted(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	sum := sha256.Sum256(content)
	url, reached := mediaServer(t, content, true)
	dir := t.TempDir()
	args := []string{"--url", url + "/x.iso", "--sha256", hex.EncodeToString(sum[:]), "-C", "media"}
	cmd, stdout, stderr := download(t, dir, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-reached
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if info, err := os.Stat(filepath.Join(dir, "media", ".x.iso.partial")); err == nil && info.Size() == 500_000 {
			break
		}
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the exit code is looked at
	if code := cmd.ProcessState.ExitCode(); code != int(cli.ExitInterrupted) || stdout.Len() > 0 {
		t.Errorf("exit code %d, output %s", code, stdout)
	}
	const kept = "level=warning msg=x.iso is not complete; what came so far is kept, and the same command goes on from there"
	if !strings.Contains(stderr.String(), kept) {
		t.Errorf("got %s", stderr)
	}
	cmd, stdout, stderr = download(t, dir, append(args, "-o", "json")...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, stderr)
	}
	if !strings.Contains(stderr.String(), "continuing after the 500000 bytes that an earlier run left") {
		t.Errorf("got %s", stderr)
	}
	var report struct {
		SchemaVersion int
		Files         []struct {
			File, Source, Sha256 string
			Size                 int
		}
	}
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil || report.SchemaVersion != 1 || len(report.Files) != 1 {
		t.Fatalf("%v: %s", err, stdout)
	}
	if f := report.Files[0]; f.File != "media/x.iso" || f.Source != "network" || f.Size != 1_000_000 ||
		f.Sha256 != hex.EncodeToString(sum[:]) {
		t.Errorf("got %+v", f)
	}
	got, err := os.ReadFile(filepath.Join(dir, "media", "x.iso"))
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("the file is not the right one: %v", err)
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "media")); len(left) != 1 {
		t.Errorf("the folder holds %v", left)
	}
}

// The proxy of the environment is asked, and its refusal is explained.
func TestDownloadThroughProxy(t *testing.T) {
	t.Parallel()
	content := []byte("through the proxy")
	sum := sha256.Sum256(content)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.String() != "http://mirror.invalid/okd/x.iso":
			http.Error(w, "not a proxy's request: "+r.URL.String(), http.StatusBadRequest)
		case r.Header.Get("Proxy-Authorization") == "":
			w.WriteHeader(http.StatusProxyAuthRequired)
		default:
			_, _ = w.Write(content)
		}
	}))
	t.Cleanup(proxy.Close)
	for user, want := range map[string]string{"": "the proxy requires a user", "me:secret@": "x.iso: downloaded, 17 bytes"} {
		dir := t.TempDir()
		cmd, _, stderr := download(t, dir, "--url", "http://elsewhere.invalid/x.iso", "--mirror", "http://mirror.invalid/okd",
			"--sha256", hex.EncodeToString(sum[:]))
		cmd.Env = append(cmd.Env, "NO_PROXY=", "HTTP_PROXY="+strings.Replace(proxy.URL, "http://", "http://"+user, 1))
		err := cmd.Run()
		if (err == nil) != (user != "") || !strings.Contains(stderr.String(), want) || strings.Contains(stderr.String(), "secret") {
			t.Errorf("user %q: %v, %s", user, err, stderr)
		}
		left, _ := os.ReadDir(dir)
		if (len(left) == 1) != (user != "") {
			t.Errorf("user %q: the folder holds %v", user, left)
		}
	}
}

// An ISO on the disk is known by its label, whatever its name is.
func TestCheckReadsTheLabel(t *testing.T) {
	t.Parallel()
	const descriptor = 16 * 2048
	for label, want := range map[string]string{
		"fedora-coreos-42.20250410.3.2": "Fedora CoreOS, build 42.20250410.3.2 may fail with OKD 4.20",
		"scos-10.0.20250628-0":          "CentOS Stream CoreOS 10, build 10.0.20250628-0 works with OKD 4.20",
		"rhcos-9.6.20250523-0":          "Red Hat Enterprise Linux CoreOS, build 9.6.20250523-0 does not work with OKD 4.20",
		"Debian 13":                     "by its label: the image",
	} {
		iso := make([]byte, descriptor+2048)
		copy(iso[descriptor:], "\x01CD001\x01")
		copy(iso[descriptor+40:], label+strings.Repeat(" ", 32-len(label)))
		// the name tells something else
		path := filepath.Join(t.TempDir(), "scos-9.0.20250411-0-live-iso.x86_64.iso")
		if err := os.WriteFile(path, iso, 0o600); err != nil {
			t.Fatal(err)
		}
		out, _ := exec.CommandContext(t.Context(), "okd-install", "coreos", "check", "--release", "4.20", "--image", path).CombinedOutput()
		if !strings.Contains(string(out), want) {
			t.Errorf("%s: got %s", label, out)
		}
	}
}

// On a terminal there is a bar, elsewhere there are lines, and with a low log
// level nothing.
func TestDownloadProgress(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	sum := sha256.Sum256(content)
	for name, test := range map[string]struct {
		args, env []string
		want      string
		quiet     bool
	}{
		"terminal": {env: []string{"TEST_TERMINAL=1", "TERM=xterm", "NO_COLOR=1"}, want: "INFO  x.iso: downloaded, 1000000 bytes, sha256 "},
		"pipe":     {want: "level=info msg=x.iso: downloaded, 1000000 bytes, sha256 "},
		"quiet":    {args: []string{"--quiet"}, env: []string{"TEST_TERMINAL=1", "TERM=xterm"}, quiet: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, _ := mediaServer(t, content, false)
			cmd, stdout, stderr := download(t, t.TempDir(), append(test.args, "--url", url+"/x.iso", "--sha256", hex.EncodeToString(sum[:]))...)
			cmd.Env = append(cmd.Env, test.env...)
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v: %s", err, stderr)
			}
			if stdout.String() != "x.iso\n" {
				t.Errorf("the output is %q", stdout)
			}
			if !strings.Contains(stderr.String(), test.want) || test.quiet && stderr.Len() > 0 {
				t.Errorf("got %q", stderr)
			}
		})
	}
}

// With --decompress there are two files, and each sum says which one it is of.
func TestDownloadDecompressed(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte("image")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	url, _ := mediaServer(t, packed.Bytes(), false)
	inner, outer := sha256.Sum256([]byte("image")), sha256.Sum256(packed.Bytes())
	cmd, stdout, stderr := download(t, t.TempDir(), "--url", url+"/x.raw.gz", "--sha256", hex.EncodeToString(outer[:]), "--decompress")
	if err := cmd.Run(); err != nil || stdout.String() != "x.raw\n" {
		t.Fatalf("%v, %q\n%s", err, stdout, stderr)
	}
	want := "x.raw: downloaded, 5 bytes, sha256 of x.raw.gz " + hex.EncodeToString(outer[:]) + " is right, of x.raw " +
		hex.EncodeToString(inner[:])
	if !strings.Contains(stderr.String(), want) {
		t.Errorf("%q is missing in:\n%s", want, stderr)
	}
}

// Fedora CoreOS is not taken without its signature, and nothing is fetched before
// it is known to be there and by Fedora's key.
func TestDownloadSignature(t *testing.T) {
	t.Parallel()
	pair, err := openpgp.NewEntity("somebody", "", "somebody@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	var foreign bytes.Buffer
	if err := openpgp.DetachSign(&foreign, pair, strings.NewReader("image"), nil); err != nil {
		t.Fatal(err)
	}
	fcos := []string{"--release", "4.18"}
	for name, test := range map[string]struct {
		args      []string
		signature []byte
		want      string
		asked     string
	}{
		"missing":     {fcos, nil, "fedora-coreos-39.20231101.3.0-live.x86_64.iso.sig: the server answers 404 Not Found", ".sig"},
		"another key": {fcos, foreign.Bytes(), "not E8F23996F23218640CB44CBE75CF5AC418B8E74C", ".sig"},
		"skipped":     {append(fcos, "--skip-signature"), nil, "live.x86_64.iso cannot be downloaded: the server answers 404", ".iso"},
		"not signed":  {[]string{"--release", "4.20"}, nil, "iso.x86_64.iso cannot be downloaded: the server answers 404", ".iso"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.URL.Path)
				if !strings.HasSuffix(r.URL.Path, ".sig") || test.signature == nil {
					w.WriteHeader(http.StatusNotFound)
				}
				_, _ = w.Write(test.signature)
			}))
			dir := t.TempDir()
			cmd, _, stderr := download(t, dir, append(test.args, "--mirror", s.URL)...)
			_ = cmd.Run() // the exit code is looked at
			s.Close()
			if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(stderr.String(), test.want) {
				t.Errorf("exit code %d, %s", code, stderr)
			}
			if len(asked) != 1 || !strings.HasSuffix(asked[0], test.asked) {
				t.Errorf("asked for %v", asked)
			}
		})
	}
}
