//go:build e2e && linux

package gather

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/analyze"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/gather"
)

// The service records alone, as status reads them. The test runs itself on the desk.
func TestServiceRecords(t *testing.T) {
	if dir := os.Getenv("OKD_GATHER_DESK"); dir != "" {
		readRecords(t, dir)
		return
	}
	w := newWorld(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("ip", "netns", "exec", w.prefix+"desk", self, "-test.run", "^TestServiceRecords$", "-test.v")
	cmd.Env = append(os.Environ(), "OKD_GATHER_DESK="+w.dir)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestServiceRecords") {
		t.Errorf("%v:\n%s", err, out)
	}
}

func readRecords(t *testing.T, dir string) {
	key, err := asset.BootstrapKey(dir)
	if err != nil || key == nil {
		t.Fatalf("no key: %v", err)
	}
	access := &gather.Access{
		Keys: []gather.Key{{Name: "made", PEM: key}}, KnownHosts: filepath.Join(dir, gather.KnownHostsFile),
		Timeout: 5 * time.Second,
	}
	records, err := gather.ServiceRecords(t.Context(), access, gather.Endpoint{User: "core", Host: "10.99.1.5", Port: 22})
	if err != nil || len(records) != 2 {
		t.Fatalf("%d services, %v", len(records), err)
	}
	if r := analyze.Bootstrap(records); r.Verdict != analyze.Failed ||
		r.Findings[0].Stage != "mco-bootstrap" || r.Findings[0].Causes[0].ID != "disk-full" {
		t.Errorf("%+v", r)
	}
	_, err = gather.ServiceRecords(t.Context(), access, gather.Endpoint{User: "core", Host: "10.99.1.9", Port: 22})
	if err == nil || !strings.Contains(err.Error(), "rejected all keys for user core") {
		t.Errorf("another machine: %v", err)
	}
}
