//go:build e2e && unix

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/coreos/butane/config"
	"github.com/coreos/butane/config/common"
	"github.com/vincent-petithory/dataurl"
	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/test/folder"
	"github.com/okd-project/okd-install/test/needs"
	"github.com/okd-project/okd-install/test/page"
)

// upi is the page that leads from nothing to a cluster.
func upi(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/upi.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// shown is a file that the page shows, under its base name in a folder of its own.
func shown(t *testing.T, name string) string {
	t.Helper()
	text := page.Named(upi(t), name)
	if text == "" {
		t.Fatalf("docs/upi.md does not show %s", name)
	}
	return filepath.Join(folder.Filled(t, map[string]string{filepath.Base(name): text}), filepath.Base(name))
}

func accepts(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(needs.Program(t, program), args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// The servers for names and addresses load what the page shows, and remark on nothing.
func TestUPINameServer(t *testing.T) {
	for zone, file := range map[string]string{"okd.example.com": "db.okd.example.com", "1.168.192.in-addr.arpa": "db.192.168.1"} {
		out := accepts(t, "named-checkzone", zone, shown(t, "/etc/bind/"+file))
		if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) != 2 || lines[1] != "OK" {
			t.Errorf("named-checkzone remarks on %s:\n%s", file, out)
		}
	}
	accepts(t, "named-checkconf", shown(t, "/etc/bind/named.conf.local"))
}

func TestUPIAddressServer(t *testing.T) {
	accepts(t, "dnsmasq", "--test", "--conf-file="+shown(t, "/etc/dnsmasq.d/okd.conf"))
	accepts(t, "dnsmasq", "--test", "--conf-file="+shown(t, "/etc/dnsmasq.d/okd-pxe.conf"))
}

// HAProxy takes the file as it is, when the bootstrap host has left, and where there
// are no workers. A warning counts.
func TestUPILoadBalancer(t *testing.T) {
	const name = "/etc/haproxy/haproxy.cfg"
	whole := shown(t, name)
	accepts(t, "haproxy", "-c", "-dW", "-f", whole)

	without := shown(t, name)
	command := regexp.MustCompile(`(?m)^sed -i '([^']+)' ` + name + `$`).FindStringSubmatch(upi(t))
	if command == nil {
		t.Fatal("the page does not remove the bootstrap host")
	}
	accepts(t, "sed", "-i", command[1], without)
	accepts(t, "haproxy", "-c", "-dW", "-f", without)
	before, after := read(t, whole), read(t, without)
	if n := strings.Count(before, "server bootstrap "); n != 2 || strings.Contains(after, "bootstrap") ||
		strings.Count(before, "\n")-n != strings.Count(after, "\n") {
		t.Errorf("removing the bootstrap host leaves\n%s", after)
	}

	workers := regexp.MustCompile(`(?m)^  server worker-\d .*\n`)
	http, https, found := strings.Cut(page.Named(upi(t), "in ingress-http"), "# in ingress-https\n")
	parts := strings.Split(workers.ReplaceAllString(before, ""), "\nlisten ingress-https\n")
	if !found || len(parts) != 2 {
		t.Fatal("the page does not show both backends of a cluster without workers")
	}
	compact := filepath.Join(folder.Filled(t, map[string]string{
		"haproxy.cfg": parts[0] + "\n" + http + "\nlisten ingress-https\n" + parts[1] + https,
	}), "haproxy.cfg")
	accepts(t, "haproxy", "-c", "-dW", "-f", compact)
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// machineConfig is what both ways to write one have in common.
type machineConfig struct {
	APIVersion, Kind string
	Metadata         struct {
		Name   string
		Labels map[string]string
	}
	Spec struct {
		Config struct {
			Ignition struct{ Version string }
			Storage  struct {
				Files []struct {
					Path      string
					Mode      int
					Overwrite bool
					Contents  struct{ Source, Compression string }
				}
			}
		}
	}
}

func parsed(t *testing.T, text string) (c machineConfig, content string) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Spec.Config.Storage.Files) != 1 {
		t.Fatalf("not one file: %s", text)
	}
	contents := &c.Spec.Config.Storage.Files[0].Contents
	data, err := dataurl.DecodeString(contents.Source)
	if err != nil {
		t.Fatal(err)
	}
	contents.Source = ""
	if contents.Compression == "gzip" {
		t.Fatal("the file is packed, so the page cannot show the same")
	}
	contents.Compression = ""
	return c, string(data.Data)
}

// Butane makes of its file what the shell of the page writes, and the address is that of the
// machine which gives the time.
func TestUPITime(t *testing.T) {
	made, report, err := config.TranslateBytes([]byte(page.Named(upi(t), "99-master-chrony.bu")), common.TranslateBytesOptions{})
	if err != nil || len(report.Entries) > 0 {
		t.Fatalf("Butane: %v\n%v", err, report)
	}
	dir := t.TempDir()
	for _, b := range page.Blocks(upi(t)) {
		if b.Language != "sh" || !strings.Contains(b.Text, "99-$role-chrony.yaml") {
			continue
		}
		if err := os.MkdirAll(filepath.Join(dir, "okd/openshift"), 0o700); err != nil {
			t.Fatal(err)
		}
		_, script, _ := strings.Cut(b.Text, "okd-install create manifests --dir okd\n")
		cmd := exec.Command(needs.Program(t, "bash"), "-euo", "pipefail", "-c", script)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	want, wantFile := parsed(t, string(made))
	got, gotFile := parsed(t, read(t, filepath.Join(dir, "okd/openshift/99-master-chrony.yaml")))
	if gotFile != wantFile || !strings.HasPrefix(gotFile, "server 192.168.1.5 iburst\n") {
		t.Errorf("the shell writes\n%s\nand Butane\n%s", gotFile, wantFile)
	}
	a, _ := yaml.Marshal(got)
	b, _ := yaml.Marshal(want)
	if string(a) != string(b) {
		t.Errorf("the shell writes\n%s\nand Butane\n%s", a, b)
	}
	worker, workerFile := parsed(t, read(t, filepath.Join(dir, "okd/openshift/99-worker-chrony.yaml")))
	if worker.Metadata.Labels["machineconfiguration.openshift.io/role"] != "worker" || workerFile != gotFile {
		t.Errorf("the workers get %+v\n%s", worker, workerFile)
	}
}
