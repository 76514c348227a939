package bootkube

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/ignition/v2/config/v3_2/types"
	"github.com/vincent-petithory/dataurl"

	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/ignition"
)

// lines are the release lines that okd-install knows.
var lines = []string{"4.16", "4.17", "4.18", "4.19", "4.20", "4.21", "4.22", "5.0"}

// previewLine is a technology preview of the newest line: its host has konnectivity.
const previewLine = "5.0-preview"

const installConfig = `apiVersion: v1
metadata:
  name: demo
baseDomain: example.com
controlPlane:
  name: master
  replicas: 3
compute:
- name: worker
  replicas: 2
networking:
  machineNetwork:
  - cidr: 192.168.1.0/24
platform:
  none: {}
pullSecret: '{"auths":{"fake":{"auth":"aWQ6cGFzcwo="}}}'
`

// payloadOf is a bootstrap.ign and what the fakes are to play for it.
type payloadOf struct {
	ign   []byte
	setup Setup
}

// payloads makes the bootstrap.ign of every line once. All of them share their
// certificates, which are the slow part: what is remembered of the first run
// goes into the folders of the others.
var payloads = sync.OnceValues(func() (map[string]payloadOf, error) {
	top, err := os.MkdirTemp("", "bootkube")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(top)
	out := map[string]payloadOf{}
	dir := filepath.Join(top, "cluster")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "install-config.yaml"), []byte(installConfig), 0o600); err != nil {
		return nil, err
	}
	for _, line := range append(slices.Clone(lines), previewLine) {
		number, preview := strings.CutSuffix(line, "-preview")
		setup := newSetup(number)
		if preview {
			setup.Konnectivity, setup.Copies, setup.NodeIP = true, true, "192.0.2.9"
			if err := os.WriteFile(filepath.Join(dir, "install-config.yaml"), []byte(installConfig+"featureSet: TechPreviewNoUpgrade\n"), 0o600); err != nil {
				return nil, err
			}
		}
		_, err := asset.Create(context.Background(), asset.Request{
			Dir: dir, Target: "ignition-configs", Release: number, ReleaseImage: setup.Release,
			LeafKey: "ecdsa-p256", Version: "test", Now: time.Now(), Overwrite: true,
		})
		if err != nil {
			return nil, err
		}
		ign, err := os.ReadFile(filepath.Join(dir, "bootstrap.ign"))
		if err != nil {
			return nil, err
		}
		out[line] = payloadOf{ign, setup}
	}
	return out, nil
})

// newSetup makes up a release of a line, so that nothing here changes with the
// catalogue. Its image is named by tag: the host has to find out the digest.
func newSetup(line string) Setup {
	s := Setup{Line: line, Version: line + ".0-okd-scos.1", Release: "registry.example.com/okd/scos-release:" + line}
	s.Digest = "registry.example.com/okd/scos-release@sha256:" + id(s.Release)
	var minor int
	if _, err := fmt.Sscanf(line, "4.%d", &minor); err == nil {
		s.Kubernetes = fmt.Sprintf("1.%d.3", minor+13)
	} else {
		s.Kubernetes = "1.36.1"
		s.Version = line + ".0-0.okd-scos-2026-08-01-020304"
	}
	return s
}

func payloadFor(t *testing.T, line string) payloadOf {
	t.Helper()
	needNamespaces(t)
	all, err := payloads()
	if err != nil {
		t.Fatal(err)
	}
	return all[line]
}

// newReleaseHost is a host of the line as it stands after its first boot, with
// the release image there.
func newReleaseHost(t *testing.T, line string, change func(*Setup)) *host {
	t.Helper()
	p := payloadFor(t, line)
	setup := p.setup
	if change != nil {
		change(&setup)
	}
	return newHost(t, p.ign, setup)
}

// ignFile is the content of one of the files of a config.
func ignFile(t *testing.T, ign []byte, name string) string {
	t.Helper()
	var config types.Config
	if err := json.Unmarshal(ign, &config); err != nil {
		t.Fatal(err)
	}
	for _, f := range config.Storage.Files {
		if f.Path == name && f.Contents.Source != nil {
			url, err := dataurl.DecodeString(*f.Contents.Source)
			if err != nil {
				t.Fatal(err)
			}
			return string(url.Data)
		}
	}
	t.Fatalf("bootstrap.ign has no file %s", name)
	return ""
}

func TestSetupIsWhatTheHostIsTold(t *testing.T) {
	t.Parallel()
	for _, line := range lines {
		p := payloadFor(t, line)
		environment := ignFile(t, p.ign, ignition.EnvironmentFile)
		for _, want := range []string{"RELEASE_IMAGE='" + p.setup.Release + "'\n", "RELEASE_LINE='" + line + "'\n"} {
			if !strings.Contains(environment, want) {
				t.Errorf("%s: the environment file has no %s", line, want)
			}
		}
	}
}
