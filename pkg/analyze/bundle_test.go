package analyze

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

// releases are the lines that a bundle may come from.
var releases = []string{"4.16", "4.17", "4.18", "4.19", "4.20", "4.21", "4.22", "5.0"}

// root is the folder of a synthetic bundle.
const root = "log-bundle-20260302090000/"

// host plays the services of a bootstrap host, to write their records.
type host struct {
	t       *testing.T
	now     time.Time
	records map[string][]map[string]string
	files   map[string]string
}

func newHost(t *testing.T) *host {
	return &host{t: t, now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), records: map[string][]map[string]string{}, files: map[string]string{
		"gather.log": "collecting\n", "failed-units.txt": "", "bootstrap/journals/kubelet.log": "Mar 02 08:00:01 b kubelet[1]: started\n",
	}}
}

// record adds an entry, a minute after the last one.
func (h *host) record(service, phase string, more ...string) {
	entry := map[string]string{"timestamp": h.now.Format(time.RFC3339), "phase": phase}
	for i := 0; i < len(more); i += 2 {
		if more[i+1] != "" {
			entry[more[i]] = more[i+1]
		}
	}
	h.records[service] = append(h.records[service], entry)
	h.now = h.now.Add(time.Minute)
}

func (h *host) succeed(service, stage string) {
	h.record(service, "stage start", "stage", stage)
	h.record(service, "stage end", "stage", stage, "result", "success")
}

// fail has the stage fail, and its service with it.
func (h *host) fail(service, stage, message string) {
	if stage != "" {
		h.record(service, "stage start", "stage", stage)
		h.record(service, "stage end", "stage", stage, "result", "failure", "errorLine", "12 main x.sh", "errorMessage", message)
	}
	h.record(service, "service end", "result", "failure", "errorLine", "12 main x.sh", "errorMessage", message)
}

// upTo plays a host of a release until the stage would begin.
func (h *host) upTo(line string, until Stage) {
	service := ""
	for _, s := range stages {
		if !s.inRelease(line) || s.InPlace != until.InPlace && (s.InPlace || s.Host) || s.Gated && !until.Gated || s.Service == nodeImage {
			continue
		}
		if s.Service != service {
			if service != "" {
				h.record(service, "service end", "result", "success")
			}
			service = s.Service
			h.record(service, "service start")
		}
		if s.Service == until.Service && s.Name == until.Name {
			return
		}
		if s.Name != "" {
			h.succeed(service, s.Name)
		}
	}
	if until.Service != nodeImage {
		h.t.Fatalf("%s has no stage %s of %s", line, until.Name, until.Service)
	}
	clear(h.records) // the node image comes before all records
}

// journal adds a line to a log, at the host's time.
func (h *host) journal(name, text string) {
	h.files[name] += h.now.Format(time.Stamp) + " bootstrap x[7]: " + text + "\n"
}

// bundle returns all files.
func (h *host) bundle() map[string]string {
	files := maps.Clone(h.files)
	for service, records := range h.records {
		data, err := json.MarshalIndent(records, "", "  ")
		if err != nil {
			h.t.Fatal(err)
		}
		files["bootstrap/services/"+service+".json"] = string(data)
	}
	return files
}

// packed makes a compressed archive of files.
func packed(t testing.TB, files map[string]string) []byte {
	t.Helper()
	plain := tarred(t, files)
	var b bytes.Buffer
	zipped := zippers.Get().(*gzip.Writer)
	defer zippers.Put(zipped)
	zipped.Reset(&b)
	if _, err := zipped.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zippers are used again, since each has a megabyte of tables.
var zippers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return w
}}

// tarred makes an archive of files.
func tarred(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: root + name, Mode: 0o600, Size: int64(len(files[name])), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unpacked(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[root+name] = &fstest.MapFile{Data: []byte(text), Mode: 0o600}
	}
	return m
}

// reportOf analyzes files as an archive and as a folder, which must be the same.
func reportOf(t *testing.T, files map[string]string) Report {
	t.Helper()
	r, err := Tar(bytes.NewReader(packed(t, files)))
	if err != nil {
		t.Fatal(err)
	}
	other, err := FS(unpacked(files))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(r)
	b, _ := json.Marshal(other)
	if !bytes.Equal(a, b) {
		t.Errorf("the archive says\n%s\nthe folder\n%s", a, b)
	}
	return r
}

func ids(causes []Cause) []string {
	var all []string
	for _, c := range causes {
		all = append(all, c.ID)
	}
	return all
}

func gzipped(text string) string {
	var b strings.Builder
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

// inRelease reports whether a release line, such as 4.19, has the stage.
func (s Stage) inRelease(line string) bool {
	return (s.Since == "" || !older(line, s.Since)) && (s.Until == "" || !older(s.Until, line))
}

func older(a, b string) bool {
	number := func(line string) [2]int {
		major, minor, _ := strings.Cut(line, ".")
		x, _ := strconv.Atoi(major)
		y, _ := strconv.Atoi(minor)
		return [2]int{x, y}
	}
	x, y := number(a), number(b)
	return slices.Compare(x[:], y[:]) < 0
}
