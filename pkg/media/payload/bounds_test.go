package payload

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A registry that sends without an end, or two bytes a second, ends soon and in words.
func TestWithoutAnEnd(t *testing.T) {
	t.Parallel()
	image := imageOf(t, gzipped(archive("release-manifests/image-references", string(goodList))))
	endless := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	}
	drip := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, "x"); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	}
	silent := func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	for what, send := range map[string]http.HandlerFunc{"endless": endless, "drip": drip, "silent": silent} {
		for _, where := range []string{"/token", "/blobs/", "/error/"} {
			t.Run(what+where, func(t *testing.T) {
				t.Parallel()
				f := newRegistry(t, false)
				pinned := f.push(t, "okd/scos-release:4.18", image)
				f.before = func(w http.ResponseWriter, r *http.Request) bool {
					switch {
					case strings.Contains(r.URL.Path, where):
						send(w, r)
						return true
					case where == "/error/" && strings.Contains(r.URL.Path, "/manifests/"):
						w.WriteHeader(http.StatusForbidden)
						send(w, r)
						return true
					case where == "/token":
						w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="x"`, f.host))
						w.WriteHeader(http.StatusUnauthorized)
						return true
					}
					return false
				}
				c := quick()
				c.Window = 300 * time.Millisecond
				ended := make(chan error, 1)
				go func() {
					_, err := c.Find(t.Context(), Query{Release: pinned, Component: component})
					ended <- err
				}()
				select {
				case err := <-ended:
					refused(t, err, f.host+": ")
				case <-time.After(30 * time.Second):
					t.Error("it goes on for ever")
				}
			})
		}
	}
}
