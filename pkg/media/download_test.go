package media

import (
	"bytes"
	"context"
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

// The file of these tests, another one of the same size, and where it is cut off.
const (
	size = 600 << 10
	part = 200 << 10
)

var (
	good  = noise(size, 1)
	other = noise(size, 2)
)

// Each row is a server that does something wrong, and how it must end: with the
// right file under the right name and nothing beside it, or with neither.
func TestServers(t *testing.T) {
	t.Parallel()
	const tag = `"v1"`
	rangeHead := func(first, total int) []string {
		return []string{"ETag", tag, "Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, total-1, total)}
	}
	for _, test := range []struct {
		name    string
		answers []answer
		// asked are the requests after the first one, where they matter.
		asked []string
		// fails is part of the error; empty if the file must come.
		fails string
		// kept tells that what came so far stays for the next run.
		kept bool
	}{
		{name: "a good one", answers: []answer{serve(good, tag)}, asked: []string{}},
		{name: "no length, no validator", answers: []answer{func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < size; i += 1 << 16 {
				_, _ = w.Write(good[i:min(i+1<<16, size)])
			}
		}}, asked: []string{}},
		{name: "cut off, then good", answers: []answer{cut(good, tag, part), serve(good, tag)}, asked: []string{"/x.iso bytes=204800- " + tag}},
		{name: "cut off again and again", answers: []answer{cut(good, tag, part), cut(good, tag, part), cut(good, tag, 100), cut(good, tag, part), serve(good, tag)}},
		{name: "cut off at the same byte for ever", answers: []answer{cut(good, tag, part), cut(good, tag, 1)}, fails: "ended the connection early", kept: true},
		{name: "cut off, without a validator", answers: []answer{cut(good, "", part), serve(good, "")}, asked: []string{"/x.iso bytes=204800-"}},
		{name: "cut off, with a weak validator", answers: []answer{cut(good, `W/"v"`, part), serve(good, `W/"v"`)}, asked: []string{"/x.iso bytes=204800-"}},
		{name: "stalls, then good", answers: []answer{stall(good, tag, part), serve(good, tag)}, asked: []string{"/x.iso bytes=204800- " + tag}},
		{name: "stalls for ever", answers: []answer{stall(good, tag, 10)}, fails: "no data arrived for 2s", kept: true},
		{name: "ignores the range", answers: []answer{cut(good, tag, part), raw(200, good, "ETag", tag)}},
		{name: "changed meanwhile, and says so", answers: []answer{cut(other, `"old"`, part), serve(good, tag)}, asked: []string{"/x.iso bytes=204800- \"old\""}},
		{name: "changed meanwhile with the same tag", answers: []answer{cut(other, tag, part), serve(good, tag)}, asked: []string{"/x.iso bytes=204800- " + tag, "/x.iso"}},
		{name: "changed meanwhile, and ignores If-Range", answers: []answer{cut(other, `"old"`, part), raw(206, good[part:], rangeHead(part, size)...), serve(good, tag)}, asked: []string{"/x.iso bytes=204800- \"old\"", "/x.iso"}},
		{name: "has another size now", answers: []answer{
			cut(good, tag, part),
			raw(206, good[part:], "ETag", tag, "Content-Range", fmt.Sprintf("bytes %d-%d/%d", part, size+9, size+10)),
			serve(good, tag),
		}, asked: []string{"/x.iso bytes=204800- " + tag, "/x.iso"}},
		{name: "goes on at another byte", answers: []answer{cut(good, tag, part), raw(206, good[part-5:], rangeHead(part-5, size)...), serve(good, tag)}, asked: []string{"/x.iso bytes=204800- " + tag, "/x.iso"}},
		{name: "goes on at another byte and lies about it", answers: []answer{
			cut(good, tag, part),
			raw(206, bytes.Clone(good[part-5:size-5]), rangeHead(part, size)...),
			serve(good, tag),
		}, asked: []string{"/x.iso bytes=204800- " + tag, "/x.iso"}},
		{name: "goes on without saying where", answers: []answer{cut(good, tag, part), raw(206, good[part:]), serve(good, tag)}, asked: []string{"/x.iso bytes=204800- " + tag, "/x.iso"}},
		{name: "a part although the whole was asked for", answers: []answer{raw(206, good[part:], rangeHead(part, size)...)}, fails: "206 Partial Content"},
		{name: "gives less than the rest", answers: []answer{
			cut(good, tag, part),
			raw(206, good[part:part+1000], "ETag", tag, "Content-Range", fmt.Sprintf("bytes %d-%d/%d", part, part+999, size)),
			serve(good, tag),
		}, asked: []string{"/x.iso bytes=204800- " + tag, "/x.iso bytes=205800- " + tag}},
		{name: "says that there is no such range", answers: []answer{cut(good, tag, part), status(416, "Content-Range", "bytes */10"), serve(good, tag)}, asked: []string{"/x.iso bytes=204800- " + tag, "/x.iso"}},
		{name: "corrupts a byte", answers: []answer{serve(flip(good), tag)}, fails: "is not the expected file"},
		{name: "corrupts a byte of the rest", answers: []answer{cut(good, tag, part), raw(206, flip(good[part:]), rangeHead(part, size)...), serve(good, tag)}, asked: []string{"/x.iso bytes=204800- " + tag, "/x.iso"}},
		{name: "another file", answers: []answer{serve(other, tag)}, fails: sumOf(other)},
		{name: "ends early and says that it is all", answers: []answer{raw(200, good[:part])}, fails: "(204800 bytes)"},
		{name: "sends more", answers: []answer{raw(200, append(bytes.Clone(good), 'x'))}, fails: "is not the expected file"},
		{name: "an empty file", answers: []answer{raw(200, nil)}, fails: "(0 bytes)"},
		{name: "a portal", answers: []answer{raw(200, []byte("<html>please log in</html>"), "Content-Type", "text/html")},
			fails: "is not the expected file"},
		{name: "not there", answers: []answer{status(404)}, fails: "404 Not Found"},
		{name: "not allowed", answers: []answer{status(403)}, fails: "403 Forbidden"},
		{name: "gone after a part", answers: []answer{cut(good, tag, part), status(404)}, fails: "404 Not Found", kept: true},
		{name: "broken for a while", answers: []answer{status(500), status(503, "Retry-After", "0"), serve(good, tag)}, asked: []string{"/x.iso", "/x.iso"}},
		{name: "broken for ever", answers: []answer{status(502)}, fails: "502 Bad Gateway"},
		{name: "broken after a part", answers: []answer{cut(good, tag, part), status(500), status(429), serve(good, tag)}},
		{name: "redirects", answers: []answer{func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere/y", http.StatusFound) }, serve(good, tag)}, asked: []string{"/elsewhere/y"}},
		{name: "redirects in a circle", answers: []answer{func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x.iso", http.StatusFound) }}, fails: "stopped after 10 redirects"},
		{name: "flips between two files", answers: []answer{cut(good, `"a"`, part), cut(other, `"b"`, part), cut(good, `"a"`, part), cut(other, `"b"`, part)}, fails: "ended the connection early", kept: true},
		{name: "compresses although nobody asked", answers: []answer{raw(200, []byte("\x1f\x8b something"), "Content-Encoding",
			"gzip")}, fails: "is not the expected file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, test.answers...)
			dir := t.TempDir()
			f := quick()
			if strings.HasPrefix(test.name, "stalls") {
				f.Stall = 2 * time.Second // longer than a busy machine pauses
			}
			r := Request{URL: s.URL + "/x.iso", SHA256: sumOf(good), Dir: dir}
			result, err := f.Download(t.Context(), r)
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("got %+v, %v; want an error with %q", result, err, test.fails)
				}
				want := []string{}
				if test.kept {
					want = []string{".x.iso.partial", ".x.iso.partial.json"}
				}
				if got := tree(t, dir); !reflect.DeepEqual(got, want) {
					t.Errorf("the folder holds %v, want %v", got, want)
				}
				// A good server mends whatever was left.
				s.lock.Lock()
				s.answers = []answer{serve(good, tag)}
				s.lock.Unlock()
				result, err = f.Download(t.Context(), r)
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := tree(t, dir); !reflect.DeepEqual(got, []string{"x.iso"}) {
				t.Errorf("the folder holds %v", got)
			}
			if !bytes.Equal(mustRead(t, filepath.Join(dir, "x.iso")), good) {
				t.Error("the file is not the right one")
			}
			want := Result{File: filepath.Join(dir, "x.iso"), URL: s.URL + "/x.iso", Size: size, SHA256: sumOf(good), Source: FromNetwork}
			if result != want {
				t.Errorf("got %+v\nwant %+v", result, want)
			}
			if asked := s.requests()[1:]; test.asked != nil && !reflect.DeepEqual(asked, test.asked) {
				t.Errorf("asked %q\nwant %q", asked, test.asked)
			}
		})
	}
}

// flip changes one bit in the middle.
func flip(data []byte) []byte {
	data = bytes.Clone(data)
	data[len(data)/2] ^= 4
	return data
}

// A run that is interrupted keeps what it has, and the next one asks for the rest.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	s := newServer(t, stall(good, `"v"`, part), serve(good, `"v"`))
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	f := &Fetcher{Progress: func(done, total int64) {
		if total != size {
			t.Errorf("the total is %d", total)
		}
		if done == part {
			cancel()
		}
	}}
	r := Request{URL: s.URL + "/x.iso", SHA256: sumOf(good), Dir: dir}
	if _, err := f.Download(ctx, r); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if got := tree(t, dir); !reflect.DeepEqual(got, []string{".x.iso.partial", ".x.iso.partial.json"}) {
		t.Errorf("the folder holds %v", got)
	}
	if _, err := quick().Download(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if want := []string{"/x.iso", `/x.iso bytes=204800- "v"`}; !reflect.DeepEqual(s.requests(), want) {
		t.Errorf("asked %q, want %q", s.requests(), want)
	}
}

// What an earlier run left is used if it is of the same file, and only then.
func TestLeftBehind(t *testing.T) {
	t.Parallel()
	note := func(sum string, total int) string {
		return fmt.Sprintf(`{"sha256":%q,"validator":"\"v\"","total":%d}`, sum, total)
	}
	for _, test := range []struct {
		name, note string
		partial    []byte
		want       []string
	}{
		{"a part", note(sumOf(good), size), good[:part], []string{`/x.iso bytes=204800- "v"`}},
		{"all of it", note(sumOf(good), size), good, []string{}},
		{"all of it, of unknown size", note(sumOf(good), 0), good, []string{`/x.iso bytes=614400- "v"`}},
		{"a part that rotted", note(sumOf(good), size), flip(good[:part]), []string{`/x.iso bytes=204800- "v"`, "/x.iso"}},
		{"all of it, rotten", note(sumOf(good), size), flip(good), []string{"/x.iso"}},
		{"too much", note(sumOf(good), size), append(bytes.Clone(good), 1, 2, 3), []string{"/x.iso"}},
		{"of another file", note(sumOf(other), size), other[:part], []string{"/x.iso"}},
		{"a note that is torn", note(sumOf(good), size)[:20], good[:part], []string{"/x.iso"}},
		{"no note", "", good[:part], []string{"/x.iso"}},
		{"a note with nonsense", note(sumOf(good), -4), good[:part], []string{"/x.iso"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, serve(good, `"v"`))
			dir := t.TempDir()
			write(t, filepath.Join(dir, ".x.iso.partial"), test.partial)
			if test.note != "" {
				write(t, filepath.Join(dir, ".x.iso.partial.json"), []byte(test.note))
			}
			if _, err := quick().Download(t.Context(), Request{URL: s.URL + "/x.iso", SHA256: sumOf(good), Dir: dir}); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(mustRead(t, filepath.Join(dir, "x.iso")), good) || len(tree(t, dir)) != 1 {
				t.Errorf("the folder holds %v, or the file is wrong", tree(t, dir))
			}
			if got := s.requests(); len(got) != len(test.want) || len(got) > 0 && !reflect.DeepEqual(got, test.want) {
				t.Errorf("asked %q, want %q", got, test.want)
			}
		})
	}
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A file that is there is verified, and one with another content is the user's.
func TestThereAlready(t *testing.T) {
	t.Parallel()
	s := newServer(t, status(500))
	dir := t.TempDir()
	r := Request{URL: s.URL + "/x.iso", SHA256: sumOf(good), Dir: dir}
	write(t, filepath.Join(dir, "x.iso"), good)
	result, err := quick().Download(t.Context(), r)
	if err != nil || result.Source != FromBefore || result.Size != size {
		t.Errorf("got %+v, %v", result, err)
	}
	write(t, filepath.Join(dir, "x.iso"), other)
	var p diag.Problem
	if _, err = quick().Download(t.Context(), r); !errors.As(err, &p) || !strings.Contains(p.Detail, "left as it is") {
		t.Errorf("got %v", err)
	}
	if !bytes.Equal(mustRead(t, filepath.Join(dir, "x.iso")), other) {
		t.Error("the user's file was changed")
	}
	r.Dir = filepath.Join(dir, "x.iso")
	if _, err = quick().Download(t.Context(), r); !errors.As(err, &p) || !strings.Contains(p.Detail, "the folder cannot be made") {
		t.Errorf("got %v", err)
	}
	if n := len(s.requests()); n != 0 {
		t.Errorf("%d requests were made", n)
	}
}

// Two runs at once: one downloads, the other waits and takes what came.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(100 * time.Millisecond)
		serve(good, `"v"`)(w, r)
	})
	dir, cache := t.TempDir(), t.TempDir()
	errs := make(chan error, 4)
	for i := range cap(errs) {
		go func() {
			r := Request{URL: s.URL + "/x.iso", SHA256: sumOf(good), Dir: filepath.Join(dir, fmt.Sprint(i%2)), Cache: cache}
			result, err := (&Fetcher{Pause: time.Millisecond}).Download(t.Context(), r)
			if err == nil && result.Size != size {
				err = fmt.Errorf("got %+v", result)
			}
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := len(s.requests()); n != 1 {
		t.Errorf("%d requests were made: %q", n, s.requests())
	}
	want := []string{"0/x.iso", "1/x.iso"}
	if got := tree(t, dir); !reflect.DeepEqual(got, want) {
		t.Errorf("there is %v, want %v", got, want)
	}
}

func TestMirror(t *testing.T) {
	t.Parallel()
	s := newServer(t, serve(good, `"v"`))
	r := Request{URL: "https://nowhere.invalid/a/b/x.iso", Mirror: s.URL + "/okd/", SHA256: sumOf(good), Dir: t.TempDir()}
	result, err := quick().Download(t.Context(), r)
	if err != nil || result.URL != s.URL+"/okd/x.iso" || s.requests()[0] != "/okd/x.iso" {
		t.Errorf("got %+v, %v, asked %q", result, err, s.requests())
	}
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	sum := sumOf(good)
	for _, test := range []struct {
		r    Request
		want string
	}{
		{Request{URL: "x.iso", SHA256: sum}, "the URL does not lead to a file"},
		{Request{URL: "ftp://example.com/x.iso", SHA256: sum}, "the URL does not lead to a file"},
		{Request{URL: "https://example.com/", SHA256: sum}, "the URL does not lead to a file"},
		{Request{URL: "https://example.com/.hidden", SHA256: sum}, "not a good name"},
		{Request{URL: "https://example.com/a%5Cb", SHA256: sum}, "not a good name"},
		{Request{URL: "https://example.com/x", SHA256: "123"}, "not a SHA-256 sum"},
		{Request{URL: "https://example.com/x", SHA256: strings.ToUpper(sum)}, "not a SHA-256 sum"},
		{Request{URL: "https://example.com/x", SHA256: sum, Mirror: "mirror"}, "the mirror is not a folder"},
		{Request{URL: "https://example.com/x", SHA256: sum, SigningKey: []byte("x")}, "there is no signature for x"},
		{Request{URL: "https://example.com/x", Signature: "https://example.com/x.sig", SHA256: sum, SigningKey: []byte("x")}, "not an OpenPGP public key"},
	} {
		test.r.Dir = t.TempDir()
		if _, err := quick().Download(t.Context(), test.r); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: got %v, want %s", test.r, err, test.want)
		}
	}
}

// A password in a URL is in no message.
func TestNoCredentials(t *testing.T) {
	t.Parallel()
	s := newServer(t, status(404), status(500), serve(other, ""))
	secret := strings.Replace(s.URL, "http://", "http://user:hunter2@", 1) + "/x.iso?token=hunter2"
	for range 4 {
		var notes strings.Builder
		f := quick()
		f.Attempts, f.Note = 1, func(text string) { notes.WriteString(text) }
		result, err := f.Download(t.Context(), Request{URL: secret, SHA256: sumOf(good), Dir: t.TempDir()})
		if err == nil || strings.Contains(fmt.Sprint(err, notes.String(), result), "hunter2") {
			t.Errorf("got %v, %s", err, notes.String())
		}
	}
	s.Close()
	_, err := quick().Download(t.Context(), Request{URL: secret, SHA256: sumOf(good), Dir: t.TempDir()})
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v", err)
	}
}

func TestContentRange(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]int64{
		"bytes 5-9/10": {5, 10}, "bytes 0-0/*": {0, 0}, "bytes 7-": {7, 0},
		"bytes */10": {-1, 10}, "bytes -5/10": {-1, 0}, "items 5-9/10": {-1, 0}, "": {-1, 0}, "bytes x-9/10": {-1, 0},
		"bytes 99999999999999999999-1/2": {-1, 0},
	} {
		first, total, ok := contentRange(text)
		if ok != (want[0] >= 0) || ok && (first != want[0] || total != want[1]) || text == "bytes */10" && total != 10 {
			t.Errorf("contentRange(%q) = %d, %d, %v", text, first, total, ok)
		}
	}
}

func FuzzContentRange(f *testing.F) {
	f.Add("bytes 5-9/10")
	f.Add("bytes */10")
	f.Fuzz(func(t *testing.T, text string) {
		if first, total, ok := contentRange(text); total < 0 || ok && first < 0 {
			t.Errorf("contentRange(%q) = %d, %d, %v", text, first, total, ok)
		}
	})
}
