package main

import (
	"bytes"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// releaseImage serves the image of a release that names a system, and returns it
// by digest.
func releaseImage(t *testing.T, version, system string) string {
	t.Helper()
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(s.Close)
	repository := strings.TrimPrefix(s.URL, "http://") + "/okd/scos-release"
	image := payloadImage(version, system)
	ref, err := name.NewTag(repository + ":" + version)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, image); err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return repository + "@" + digest.String()
}

// The system of a release is looked up in its image, through a mirror as nodes do,
// and pinned; that of another release is refused.
func TestPivotLooksUpTheSystem(t *testing.T) {
	t.Parallel()
	const system = "quay.io/okd/scos-content@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	served := releaseImage(t, "4.18.0-okd-scos.10", system)
	other := releaseImage(t, "4.17.0-okd-scos.1", system)
	mirror, _, _ := strings.Cut(served, "/")
	for name, test := range map[string]struct{ image, config, want string }{
		"itself":          {image: served},
		"mirror":          {image: "release.invalid" + strings.TrimPrefix(served, mirror), config: "imageDigestSources:\n- source: release.invalid\n  mirrors:\n  - " + mirror + "\n"},
		"another release": {image: other, want: "is of OKD 4.17.0-okd-scos.1, and not of 4.18"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			config, err := os.ReadFile("testdata/fast.yaml")
			config, _, _ = bytes.Cut(config, []byte("featureSet:")) // its keys are of later releases
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, "install-config.yaml"), append(config, test.config...), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			run := func(args ...string) (string, string, error) {
				cmd := exec.CommandContext(t.Context(), "okd-install", append(args, "--dir", dir)...)
				cmd.Env = append(os.Environ(), "TEST_NOW=2026-03-02T08:00:00Z")
				var stdout, stderr bytes.Buffer
				cmd.Stdout, cmd.Stderr = &stdout, &stderr
				err := cmd.Run()
				return stdout.String(), stderr.String(), err
			}
			first := []string{"create", "ignition-configs", "--release", "4.18", "--release-image", test.image, "--leaf-key", "ecdsa-p256"}
			if _, stderr, err := run(first...); err != nil {
				t.Fatalf("%v\n%s", err, stderr)
			}
			stdout, stderr, err := run("create", "pivot-config", "--role", "worker", "--device", "/dev/sda", "--dry-run", "-o", "json")
			if test.want != "" {
				if err == nil || !strings.Contains(stderr, test.want) || !strings.Contains(stderr, "hint: ") {
					t.Errorf("%v\n%s", err, stderr)
				}
				return
			}
			if err != nil || !strings.Contains(stdout, `"osImage": "`+system+`"`) {
				t.Errorf("%v\n%s%s", err, stdout, stderr)
			}
			if want := "level=info msg=OKD 4.18.0-okd-scos.10 (sha256:"; !strings.Contains(stderr, want) ||
				!strings.Contains(stderr, " brings "+system) {
				t.Errorf("got %s", stderr)
			}
		})
	}
}
