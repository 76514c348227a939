package media

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// answer is what the server does with one request.
type answer func(w http.ResponseWriter, r *http.Request)

// fakeServer answers each request with the next of its answers, and the last one
// for ever.
type fakeServer struct {
	*httptest.Server
	lock    sync.Mutex
	answers []answer
	// asked has path, Range and If-Range of each request.
	asked []string
}

func newServer(t testing.TB, answers ...answer) *fakeServer {
	t.Helper()
	s := &fakeServer{answers: answers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.lock.Lock()
		a := s.answers[min(len(s.asked), len(s.answers)-1)]
		s.asked = append(s.asked, strings.TrimSpace(r.URL.Path+" "+r.Header.Get("Range")+" "+r.Header.Get("If-Range")))
		s.lock.Unlock()
		a(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *fakeServer) requests() []string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return append([]string(nil), s.asked...)
}

// serve is a good server: it knows ranges and validators.
func serve(content []byte, etag string) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		if etag != "" {
			w.Header().Set("ETag", etag)
		}
		http.ServeContent(w, r, "x", time.Time{}, bytes.NewReader(content))
	}
}

// cut serves a good answer, but ends the connection after some bytes of its body.
func cut(content []byte, etag string, after int) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		serve(content, etag)(&cutter{w, after}, r)
	}
}

type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Write(p []byte) (int, error) {
	if c.left <= 0 {
		panic(http.ErrAbortHandler)
	}
	n, err := c.ResponseWriter.Write(p[:min(len(p), c.left)])
	c.left -= n
	if c.left <= 0 {
		if f, ok := c.ResponseWriter.(http.Flusher); ok {
			f.Flush()
		}
		panic(http.ErrAbortHandler)
	}
	return n, err
}

// stall sends some bytes and then nothing more, until the other side has enough.
func stall(content []byte, etag string, after int) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", etag)
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		_, _ = w.Write(content[:after])
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		<-r.Context().Done()
	}
}

func status(code int, header ...string) answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, "<html>an error</html>")
	}
}

// raw answers with a status, headers and a body, whatever was asked.
func raw(code int, body []byte, header ...string) answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = w.Write(body)
	}
}

// noise is content that is the same for each seed.
func noise(size int, seed uint64) []byte {
	r := rand.NewChaCha8([32]byte{byte(seed)})
	data := make([]byte, size)
	_, _ = r.Read(data)
	return data
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// quick is a Fetcher that does not wait long between attempts.
func quick() *Fetcher {
	return &Fetcher{Stall: 20 * time.Second, Pause: time.Millisecond, Attempts: 3}
}

// tree lists the files below a folder.
func tree(t testing.TB, dir string) []string {
	t.Helper()
	names := []string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func mustRead(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
