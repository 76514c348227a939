package asset

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/okd-project/okd-install/test/folder"
)

var update = flag.Bool("update", false, "rewrite the expected files in testdata")

// goldenNow is the clock of the golden runs.
var goldenNow = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// createGolden runs create manifests and create ignition-configs in a new
// directory, with all randomness from one seed, and returns what stands there.
func createGolden(t *testing.T, config, leafKey string) map[string]string {
	t.Helper()
	cryptotest.SetGlobalRandom(t, 1)
	dir := t.TempDir()
	data, err := os.ReadFile(filepath.Join("testdata", config+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	folder.Put(t, dir, "install-config.yaml", string(data))
	for _, target := range []string{targetManifests, targetIgnitionConfigs} {
		_, err := Create(t.Context(), Request{
			Dir: dir, Target: target, Command: "test", LeafKey: leafKey, Version: "golden", Now: goldenNow, Serial: true,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return folder.Tree(t, dir)
}

// listing names every file with its SHA-256.
func listing(files map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&b, "%s  %s\n", sum([]byte(files[name])), name)
	}
	return b.String()
}

var goldenCases = []struct {
	config, leafKey string
	// RSA keys take their time, so they are made with one number of processors.
	processors []int
	// times is how often a case is run with each of these numbers.
	times int
}{
	{"golden-rsa", "rsa-2048", []int{2}, 1},
	{"golden-ecdsa", "ecdsa-p256", []int{1, 2, 8}, 2},
}

// TestOutputIsReproducible makes the whole output with a fixed clock and a
// fixed source of randomness: it is the same to the byte, however many
// processors there are and whatever order Go walks its maps in. A change in
// the listing is a change in what users get.
func TestOutputIsReproducible(t *testing.T) {
	for _, c := range goldenCases {
		golden := filepath.Join("testdata", c.config+".txt")
		if *update {
			putGolden(t, golden, listing(createGolden(t, c.config, c.leafKey)))
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		for _, processors := range c.processors {
			t.Run(fmt.Sprintf("%s with %d processors", c.config, processors), func(t *testing.T) {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
				for range c.times {
					t.Run("", func(t *testing.T) { compareLines(t, listing(createGolden(t, c.config, c.leafKey)), string(want)) })
				}
			})
		}
	}
}

// holdsKey are the files with a private key or a password in them. The listing
// has them; as text they would only worry those who search for secrets.
var holdsKey = []string{
	"auth/kubeadmin-password", "auth/kubeconfig", "manifests/machine-config-server-ca-secret.yaml",
	"manifests/machine-config-server-tls-secret.yaml",
}

// TestSmallFiles shows the files that people read, whole.
func TestSmallFiles(t *testing.T) {
	files := createGolden(t, "golden-ecdsa", "ecdsa-p256")
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name == "install-config.yaml" || strings.HasPrefix(name, ".") || len(files[name]) > 6000 || slices.Contains(holdsKey, name) {
			continue
		}
		golden := filepath.Join("testdata", "golden-ecdsa", filepath.FromSlash(name))
		seen[golden] = true
		if *update {
			putGolden(t, golden, files[name])
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Error(err)
			continue
		}
		compareLines(t, files[name], string(want))
	}
	if len(seen) < 16 {
		t.Errorf("only %d small files", len(seen))
	}
	for name := range folder.Tree(t, filepath.Join("testdata", "golden-ecdsa")) {
		golden := filepath.Join("testdata", "golden-ecdsa", filepath.FromSlash(name))
		if !seen[golden] {
			t.Errorf("%s is not made any more", golden)
		}
	}
}

func putGolden(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// compareLines names the lines that are different.
func compareLines(t *testing.T, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	for _, line := range wantLines {
		if !slices.Contains(gotLines, line) {
			t.Errorf("- %s", line)
		}
	}
	for _, line := range gotLines {
		if !slices.Contains(wantLines, line) {
			t.Errorf("+ %s", line)
		}
	}
	t.Error("the output is different; if that is meant, run make golden and look at the diff")
}
