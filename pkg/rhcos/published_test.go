package rhcos

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/coreos/stream-metadata-go/stream"
)

// published are the SHA-256 sums of the five streams as they were published, each
// as JSON with sorted keys and no white space: what the catalogue says must have
// these sums. Where the published files are at hand, OKD_INSTALL_STREAMS names
// their folder, and they are compared in full.
var published = map[string]string{
	"stable 39.20231101.3.0": "7a5894a5da8601af785e3d2bc9564752ad7c6b80f39e416b467176955c6c7555",
	"c10s 10.0.20250628-0":   "14c37cecf97f3a0dcc11639e0b87ff98788c9f9552598cf470556b31b32c3fe9",
	"c10s 10.0.20251103-0":   "31f322659e692bcfcd09b10b4c328ee9c46248ff2cb3fe827843deeff781baf7",
	"c9s 9.0.20250411-0":     "fa1b6dce9ba94115f900baea4302b15aaf4903ac7d4545940c562232e6aa3979",
	"c9s 9.0.20250510-0":     "96738b2444a2a426d8bf833f0e74a6ebda307684f0d77084540c7d60f0cbd71b",
}

func shipped(t testing.TB) Catalogue {
	t.Helper()
	c, err := Load(os.DirFS("../../data/coreos"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// canonical is JSON with sorted keys and without white space.
func canonical(t testing.TB, data []byte) []byte {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestCatalogueSaysWhatWasPublished(t *testing.T) {
	t.Parallel()
	c := shipped(t)
	if len(c.builds) != len(published) {
		t.Errorf("there are %d builds, want %d", len(c.builds), len(published))
	}
	for _, b := range c.builds {
		sum := sha256.Sum256(canonical(t, marshal(t, b.Stream)))
		if got := hex.EncodeToString(sum[:]); got != published[b.name()] {
			t.Errorf("%s has the sum %s, want %s", b.name(), got, published[b.name()])
		}
	}
}

// The published files, imported, are the catalogue's files, byte for byte; and
// what the catalogue prints is what was published.
func TestPublishedFiles(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("OKD_INSTALL_STREAMS")
	if dir == "" {
		t.Skip("OKD_INSTALL_STREAMS does not name a folder with published stream metadata")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no files in %s: %v", dir, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, short, err := Import(data)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		kept, err := os.ReadFile(filepath.Join("../../data/coreos", name))
		if err != nil || !bytes.Equal(short, kept) {
			t.Errorf("%s gives another %s than the catalogue has (%v)", file, name, err)
		}
		b, err := ParseBuild(short)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(canonical(t, marshal(t, b.Stream)), canonical(t, data)) {
			t.Errorf("%s does not come back as it was published", file)
		}
	}
}

// Each build's printed form is a stream for the library that others read it with,
// and imported again gives the same file.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	total := 0
	for _, b := range shipped(t).builds {
		data := marshal(t, b.Stream)
		var s stream.Stream
		if err := json.Unmarshal(data, &s); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(plain(s), plain(b.Stream)) {
			t.Errorf("%s does not survive stream-metadata-go", b.name())
		}
		if disk, err := s.QueryDisk("x86_64", "metal", "iso"); err != nil || disk.Sha256 == "" {
			t.Errorf("%s: QueryDisk gives %v, %v", b.name(), disk, err)
		}
		name, short, err := Import(data)
		if err != nil {
			t.Fatal(err)
		}
		kept, err := os.ReadFile(filepath.Join("../../data/coreos", name))
		if err != nil || !bytes.Equal(short, kept) {
			t.Errorf("%s, imported again, is another file (%v)", b.name(), err)
		}
		total += len(kept)
	}
	if total > 150<<10 {
		t.Errorf("the catalogue has %d bytes; at most 150 KiB are wanted", total)
	}
}

// Every file that was published is found by its architecture, platform, format
// and part, with the published URL and sums. The walk over the published form is
// by hand, so that it shares nothing with what it tests.
func TestFindEverything(t *testing.T) {
	t.Parallel()
	files, clouds := 0, 0
	for _, b := range shipped(t).builds {
		var tree struct {
			Architectures map[string]struct {
				Artifacts map[string]struct {
					Formats map[string]map[string]map[string]string
				}
				Images map[string]struct {
					Regions map[string]map[string]string
				}
			}
		}
		if err := json.Unmarshal(marshal(t, b.Stream), &tree); err != nil {
			t.Fatal(err)
		}
		for arch, a := range tree.Architectures {
			for platform, p := range a.Artifacts {
				for format, parts := range p.Formats {
					for part, want := range parts {
						files++
						got, err := b.Find(Query{arch, platform, format, part, ""})
						if err != nil || len(got) != 1 {
							t.Errorf("%s %s %s %s %s: %v, %v", b.name(), arch, platform, format, part, got, err)
							continue
						}
						i := got[0]
						have := []string{i.Location, i.Signature, i.SHA256, i.UncompressedSHA256}
						if !reflect.DeepEqual(have, []string{want["location"], want["signature"], want["sha256"], want["uncompressed-sha256"]}) {
							t.Errorf("%+v, want %v", i, want)
						}
						if !strings.HasPrefix(i.Location, "https://") || !strings.Contains(i.Location, b.ID) || len(i.SHA256) != 64 {
							t.Errorf("%+v is not complete", i)
						}
					}
				}
			}
			for platform, image := range a.Images {
				for region, want := range image.Regions {
					clouds++
					got, err := b.Find(Query{Architecture: arch, Platform: platform, Format: CloudFormat, Region: region})
					if err != nil || len(got) != 1 || got[0].Location != want["image"]+want["url"] {
						t.Errorf("%s %s %s %s: %v, %v", b.name(), arch, platform, region, got, err)
					}
				}
			}
		}
	}
	if files != 238 || clouds != 76 {
		t.Errorf("%d files and %d cloud images were looked at", files, clouds)
	}
}
