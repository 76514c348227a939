package analyze

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"
)

// member is an entry of an archive that a stranger has made.
type member struct {
	header tar.Header
	text   string
}

func archive(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		m.header.Size = int64(len(m.text))
		if err := w.WriteHeader(&m.header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const full = "Mar 02 08:00:00 b x[1]: no space left on device\n"

// Names that lead elsewhere, links and devices are passed over.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	members := []member{
		{tar.Header{Name: "../../bootstrap/journals/a.log"}, full},
		{tar.Header{Name: "/etc/bootstrap/journals/b.log"}, full},
		{tar.Header{Name: "x/bootstrap/journals/link.log", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, ""},
		{tar.Header{Name: "x/bootstrap/journals/hard.log", Typeflag: tar.TypeLink, Linkname: "../../../etc/passwd"}, ""},
		{tar.Header{Name: "x/bootstrap/journals/dev.log", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 5}, ""},
		{tar.Header{Name: "x/bootstrap/journals/pipe.log", Typeflag: tar.TypeFifo}, ""},
	}
	for i := range members {
		members[i].header.Typeflag = max(members[i].header.Typeflag, tar.TypeReg)
	}
	r, err := Tar(bytes.NewReader(archive(t, members...)))
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != unknown || len(r.Findings) != 0 {
		t.Errorf("got %+v", r)
	}
}

// A folder with links out of it, and a pipe that would block whoever opens it.
func TestHostileFolder(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	logs := filepath.Join(top, "bundle", "bootstrap", "journals")
	if err := os.MkdirAll(logs, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(top, "outside.log"), []byte(full), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../../outside.log", filepath.Join(logs, "bootkube.log")); err != nil {
		t.Skip("no links here:", err)
	}
	if err := os.Symlink("../../..", filepath.Join(logs, "up")); err != nil {
		t.Fatal(err)
	}
	makePipe(t, filepath.Join(logs, "crio.log"))
	folder, err := os.OpenRoot(filepath.Join(top, "bundle"))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	r, err := FS(folder.FS())
	if err != nil || r.Verdict != unknown || len(r.Findings) != 0 {
		t.Errorf("got %+v, %v", r, err)
	}
}

// zeros is an endless file.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// What expands to more than a bundle can hold ends, and is told.
func TestBombs(t *testing.T) {
	t.Parallel()
	var small bytes.Buffer
	w := gzip.NewWriter(&small)
	if _, err := io.CopyN(w, zeros{}, 200<<20); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	c := newCollection()
	c.left = 50 << 20
	c.add("x/bootstrap/journals/journal.log.gz", bytes.NewReader(small.Bytes()))
	if len(c.notes) != 1 || !strings.Contains(c.notes[0], "is not read to the end") || c.left > 0 {
		t.Errorf("notes %q, %d bytes left", c.notes, c.left)
	}
	c.add("x/bootstrap/journals/more.log", strings.NewReader(full))
	if len(c.logs) != 0 || len(c.notes) != 2 {
		t.Errorf("it went on: %+v %q", c.logs, c.notes)
	}
	if _, err := Tar(&budget{io.MultiReader(strings.NewReader("\x1f\x8b"), zeros{}), 1 << 20}); err == nil {
		t.Error("no error for what is no archive")
	}
}

// Names are shown, too: they must not act on a terminal.
func TestHostileNamesAreShown(t *testing.T) {
	t.Parallel()
	r, err := Tar(bytes.NewReader(archive(t,
		member{tar.Header{Name: "x\x1b]0;y\a/bootstrap/services/bootkube.json", Typeflag: tar.TypeReg}, `[{"phase":"service start"},{"phase":"stage start","stage":"cb-bootstrap"}]`},
		member{tar.Header{Name: "x/bootstrap/containers/\x1b[2Jetcd.log", Typeflag: tar.TypeReg}, "no space left on device\n"},
	)))
	if err != nil || len(r.Findings) != 1 || len(r.Findings[0].Causes) == 0 ||
		r.Findings[0].Causes[0].Evidence[0].File != "x/bootstrap/containers/[2Jetcd.log" {
		t.Fatalf("%+v, %v", r, err)
	}
	wellFormed(t, r)
}

// However many files there are, and whatever they say, only so much of them is kept.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	c := newCollection()
	var line strings.Builder
	for _, k := range causes {
		if len(k.Signs) > 0 {
			line.WriteString(strings.ReplaceAll(k.Signs[0], "*", "x") + strings.Repeat(" ", 4000-len(k.Signs[0])) + "\n")
		}
	}
	for i := range 2000 {
		c.add(fmt.Sprintf("x/bootstrap/journals/%d.log", i), strings.NewReader(line.String()))
	}
	kept := 0
	for _, l := range c.logs {
		for _, m := range l.matches {
			kept += len(m.text)
		}
	}
	if kept > maxKept || kept < maxKept/2 || len(c.notes) != 1 || !strings.Contains(c.notes[0], "more signs of trouble than real logs do") {
		t.Errorf("%d bytes are kept, of which it says %q", kept, c.notes)
	}
	// a service that nobody knows is one of any number
	if c.wanted("x/bootstrap/services/any.json") || !c.wanted("x/bootstrap/services/bootkube.json") {
		t.Error("the records of any service are kept")
	}
}

func TestNoBundle(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"empty": "", "text": strings.Repeat("hello\n", 500), "gzip": gzipped("hello"), "half a gzip": gzipped("x")[:5],
	} {
		r, err := Tar(strings.NewReader(data))
		if name == "empty" {
			if err != nil || r.Verdict != unknown {
				t.Errorf("%s: %+v, %v", name, r, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "this is not a log bundle") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A bundle that is cut off is used as far as it goes, and the report says so.
func TestCutOff(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	stage, _ := stageOf(bootkube, "cb-bootstrap")
	h.upTo("4.22", stage)
	h.fail(bootkube, stage.Name, full)
	files := h.bundle()
	var noise strings.Builder
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		noise.WriteByte(byte(' ' + random.IntN(90)))
	}
	files["resources/zzz.json"] = noise.String()
	data := packed(t, files)
	r, err := Tar(bytes.NewReader(data[:len(data)-5000]))
	if err != nil {
		t.Fatal(err)
	}
	if r.Findings[0].Causes[0].ID != "disk-full" || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "cut off") {
		t.Errorf("%+v", r)
	}
	broken := h.bundle()
	broken["bootstrap/services/bootkube.json"] = broken["bootstrap/services/bootkube.json"][:len(broken["bootstrap/services/bootkube.json"])-40]
	if r := reportOf(t, broken); r.Findings[0].Stage != "cb-bootstrap" || len(r.Notes) != 1 ||
		!strings.Contains(r.Notes[0], "bootkube.json: the records are damaged after line") {
		t.Errorf("%+v", r)
	}
}

// spoil changes a bundle at random: bytes, names, files that stand elsewhere, an end that
// is missing.
func spoil(t testing.TB, random *rand.Rand, files map[string]string) []byte {
	names := slices.Sorted(maps.Keys(files))
	spoilt := map[string]string{}
	for _, name := range names {
		text := []byte(files[name])
		switch random.IntN(6) {
		case 0:
			for range 1 + random.IntN(20) {
				if len(text) > 0 {
					text[random.IntN(len(text))] = byte(random.IntN(256))
				}
			}
		case 1:
			text = text[:random.IntN(len(text)+1)]
		case 2:
			text = []byte(files[names[random.IntN(len(names))]])
		case 3:
			text = bytes.Repeat(text, random.IntN(4))
		case 4:
			n := []byte(name)
			n[random.IntN(len(n))] = byte('!' + random.IntN(90))
			name = strings.TrimSuffix(string(n), "/")
		}
		spoilt[name] = string(text)
	}
	pack := tarred
	if random.IntN(4) == 0 {
		pack = packed
	}
	data := pack(t, spoilt)
	for range random.IntN(4) {
		data[random.IntN(len(data))] = byte(random.IntN(256))
	}
	if random.IntN(4) == 0 {
		data = data[:random.IntN(len(data))]
	}
	return data
}

// seedBundle is one with something of everything.
func seedBundle(t *testing.T) map[string]string {
	h := newHost(t)
	stage, _ := stageOf(bootkube, "cb-bootstrap")
	h.upTo("4.22", stage)
	h.fail(bootkube, "resolve-api-url", "no such host")
	h.fail(bootkube, stage.Name, "connection refused")
	h.record(bootkube, "service start")
	logs := []string{"bootstrap/journals/bootkube.log", "control-plane/10.0.0.2/journals/kubelet.log"}
	for i, k := range causes {
		if len(k.Signs) > 0 {
			h.journal(logs[i%2], k.Signs[0])
		}
	}
	h.files["bootstrap/containers/machine-config-server-1.log"] = "requested by\n"
	h.files["bootstrap/journals/journal.log.gz"] = gzipped(full)
	h.files["resources/csr.json"] = `{"items":[{"metadata":{"name":"a"},"status":{}}]}`
	h.files["resources/clusteroperators.json"] = `{"items":[{"metadata":{"name":"a"},"status":{"conditions":[{"type":"Degraded","status":"True"}]}}]}`
	h.files["resources/nodes.list"], h.files["resources/masters.list"] = "localhost\n", ""
	return h.bundle()
}

// wellFormed holds what every report keeps to, whatever the bundle was.
func wellFormed(t *testing.T, r Report) {
	t.Helper()
	if !slices.Contains([]string{Complete, Failed, Waiting, unknown}, r.Verdict) || r.Summary == "" || r.Findings == nil || r.Services == nil {
		t.Errorf("report %+v", r)
	}
	for _, f := range r.Findings {
		if len(f.Causes) > 3 {
			t.Errorf("finding %+v", f)
		}
		for _, c := range f.Causes {
			for _, e := range c.Evidence {
				if text := e.File + e.Text; !utf8.ValidString(text) || strings.ContainsAny(text, "\x1b\n\x00") || len(e.Text) > 400 {
					t.Errorf("evidence %q in %q", e.Text, e.File)
				}
			}
		}
	}
}

func TestTenThousandBundles(t *testing.T) {
	t.Parallel()
	files := seedBundle(t)
	n, read := 10_000, 0
	if testing.Short() {
		n = 500
	}
	random := rand.New(rand.NewPCG(20260302, 1))
	for range n {
		r, err := Tar(bytes.NewReader(spoil(t, random, files)))
		if err != nil {
			continue
		}
		read++
		wellFormed(t, r)
	}
	if read < n/2 {
		t.Errorf("only %d of %d bundles were bundles at all", read, n)
	}
}

// FuzzTar looks for what a bundle can do to its reader.
func FuzzTar(f *testing.F) {
	f.Add(packed(f, map[string]string{"bootstrap/services/bootkube.json": `[{"phase":"service start"}]`, "bootstrap/journals/bootkube.log": full}))
	f.Add(archive(f, member{tar.Header{Name: "x/bootstrap/services/bootkube.json", Typeflag: tar.TypeReg}, `[{"phase":"stage start","stage":"cb-bootstrap"}`}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := Tar(bytes.NewReader(data)); err == nil {
			wellFormed(t, r)
		}
	})
}

// FuzzRecords takes any records and any log.
func FuzzRecords(f *testing.F) {
	f.Add(`[{"timestamp":"2026-03-02T08:00:00Z","phase":"stage end","stage":"cb-bootstrap","result":"failure","errorMessage":"x"}]`, full)
	f.Add(`[{"phase":"service end","result":"success"}]`, "{\"ts\":\"2026-03-02T08:00:00Z\"} slow fdatasync")
	f.Fuzz(func(t *testing.T, records, log string) {
		r, err := FS(fstest.MapFS{
			"b/bootstrap/services/bootkube.json": {Data: []byte(records), Mode: fs.ModePerm},
			"b/bootstrap/journals/bootkube.log":  {Data: []byte(log)},
		})
		if err != nil {
			t.Fatal(err)
		}
		wellFormed(t, r)
	})
}
