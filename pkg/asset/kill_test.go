package asset

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/ignition/inspect"
	"github.com/okd-project/okd-install/pkg/tls"
	"github.com/okd-project/okd-install/test/folder"
)

// The kills in this file are a taste of those in test/e2e, for every make test.

const killConfig = `apiVersion: v1
baseDomain: example.com
metadata:
  name: demo
platform:
  none: {}
networking:
  machineNetwork:
  - cidr: 192.168.1.0/24
featureSet: TechPreviewNoUpgrade
pki:
  signerCertificates:
    key:
      algorithm: ECDSA
      ecdsa:
        curve: P256
`

// childDir is the variable in which a child of these tests finds its directory.
const childDir = "OKD_INSTALL_TEST_CHILD"

func killRequest(dir string) Request {
	return Request{Dir: dir, Target: targetIgnitionConfigs, Command: "test", LeafKey: "ecdsa-p256", Reissue: true, Now: time.Now()}
}

// TestChild is what the test binary runs as when it is to be killed.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("this is only for children of TestKilledRuns")
	}
	if _, err := Create(t.Context(), killRequest(dir)); err != nil {
		t.Fatal(err)
	}
}

// TestKilledRuns kills children at random instants, most of them while they
// commit. The directory then holds what it held before, or the whole new result,
// after the next start at the latest.
func TestKilledRuns(t *testing.T) {
	t.Parallel()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const seed = 20261122
	random := rand.New(rand.NewSource(seed))
	fresh := map[string]string{"install-config.yaml": killConfig}
	dir := folder.Filled(t, fresh)
	if _, err := Create(t.Context(), killRequest(dir)); err != nil {
		t.Fatal(err)
	}
	again := folder.Tree(t, dir)
	if err := whole(again); err != nil {
		t.Fatal("without any kill: ", err)
	}
	for i := range 6 {
		before := fresh
		if i%2 == 1 {
			before = again
		}
		dir := folder.Filled(t, before)
		child := exec.Command(binary, "-test.run=^TestChild$")
		child.Env = append(os.Environ(), childDir+"="+dir)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- child.Wait() }()
		for i < 4 && len(ended) == 0 {
			if _, err := os.Lstat(filepath.Join(dir, ".okd_install_commit")); err == nil {
				break
			}
			time.Sleep(50 * time.Microsecond)
		}
		delay := time.Duration(random.Intn(int(20 * time.Millisecond)))
		if i >= 4 {
			delay *= 30
		}
		time.Sleep(delay)
		_ = child.Process.Kill()
		<-ended
		story := fmt.Sprintf("seed %d, kill %d after %s", seed, i, delay)
		_ = openTestDir(t, dir).Close()
		if left := folder.Tree(t, dir); !maps.Equal(left, before) {
			if err := whole(left); err != nil {
				t.Errorf("%s: neither the old result nor the new: %v", story, err)
			}
			if left["install-config.yaml"] != killConfig {
				t.Errorf("%s: the input has changed", story)
			}
		}
		if _, err := Create(t.Context(), killRequest(dir)); err != nil {
			t.Errorf("%s: the next run: %v", story, err)
		} else if err := whole(folder.Tree(t, dir)); err != nil {
			t.Errorf("%s: after the next run: %v", story, err)
		}
	}
}

// whole tells what of a result of create ignition-configs is missing, or from
// another run than the rest.
func whole(files map[string]string) error {
	s, err := parseState([]byte(files[assetdir.StateFile]))
	if err != nil {
		return err
	}
	for _, name := range []string{"bootstrap.ign", "master.ign", "worker.ign", "metadata.json", "auth/kubeconfig", "auth/kubeadmin-password"} {
		if sum([]byte(files[name])) != s.Written[name] {
			return fmt.Errorf("%s is not the one that the state speaks of", name)
		}
	}
	inside, err := inspect.Read("bootstrap.ign", []byte(files["bootstrap.ign"]))
	if err != nil {
		return err
	}
	host, found := map[string]string{}, 0
	for _, f := range inside.Entries {
		host[f.Path] = string(f.Data())
	}
	for _, row := range tls.Certificates {
		var kept tls.Pair
		if err := json.Unmarshal(s.Kept[row.Name].Value, &kept); err != nil {
			return fmt.Errorf("the remembered %s: %w", row.Name, err)
		}
		if cert, ok := host["/opt/openshift/tls/"+row.Name+".crt"]; ok {
			found++
			if cert != string(kept.Cert) {
				return fmt.Errorf("bootstrap.ign has another %s than the state", row.Name)
			}
		}
		if row.Name == "root-ca" && !strings.Contains(files["master.ign"], base64.StdEncoding.EncodeToString(kept.Cert)) {
			return errors.New("master.ign has another root CA than the state")
		}
	}
	if found < 10 {
		return fmt.Errorf("bootstrap.ign has only %d certificates", found)
	}
	return nil
}
