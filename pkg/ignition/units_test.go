package ignition

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/test/needs"
)

func unitText(t *testing.T, name string) string {
	t.Helper()
	text, err := data.Bootstrap.ReadFile("bootstrap/units/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What makes the units work together: who pulls whom, in which order, and what
// is tried again.
func TestUnits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		unit string
		has  []string
		not  []string
	}{
		{"release-image.service", []string{
			"Wants=network-online.target", "After=network-online.target", "Type=oneshot", "RemainAfterExit=true",
			"ExecStart=/usr/local/bin/release-image-download.sh",
		}, []string{"[Install]", "Restart="}},
		{"crio-configure.service", []string{
			"Requires=release-image.service", "After=release-image.service", "Before=crio.service", "Type=oneshot",
			"RemainAfterExit=true", "ExecStart=/usr/local/bin/crio-configure.sh", "RequiredBy=crio.service",
		}, []string{"Restart="}},
		{"kubelet.service", []string{
			"Wants=rpc-statd.service crio.service release-image.service", "After=crio.service release-image.service",
			"Type=notify", "NotifyAccess=all", "Environment=KUBELET_RUNTIME_REQUEST_TIMEOUT=10m",
			"EnvironmentFile=-/etc/kubernetes/kubelet-env", "EnvironmentFile=-/etc/kubernetes/kubelet-pause-image-override",
			"ExecStartPre=/usr/local/bin/kubelet-pause-image.sh", "ExecStart=/usr/local/bin/kubelet.sh",
			"Restart=always", "RestartSec=10s", "WantedBy=multi-user.target",
		}, nil},
		{"bootkube.service", []string{
			"Requires=crio-configure.service", "Wants=kubelet.service", "After=crio-configure.service kubelet.service",
			"ConditionPathExists=!/opt/openshift/.bootkube.done", "WorkingDirectory=/opt/openshift",
			"ExecStart=/usr/local/bin/bootkube.sh", "Restart=on-failure", "RestartSec=5s",
		}, []string{"[Install]", "Type="}},
		{"approve-csr.service", []string{
			"Wants=bootkube.service", "After=bootkube.service", "Restart=on-failure", "RestartSec=5s",
			"ExecStart=/usr/local/bin/approve-csr.sh /opt/openshift/auth/kubeconfig-loopback", "WantedBy=multi-user.target",
		}, nil},
		{"progress.service", []string{
			"Wants=bootkube.service", "After=bootkube.service", "Restart=on-failure", "RestartSec=5s",
			"ExecStart=/usr/local/bin/report-progress.sh /opt/openshift/auth/kubeconfig", "WantedBy=multi-user.target",
		}, nil},
		{"systemd-journal-gatewayd.service.d/certs.conf", []string{
			"ExecStart=", "ExecStart=/usr/lib/systemd/systemd-journal-gatewayd --key=/opt/openshift/tls/journal-gatewayd.key " +
				"--cert=/opt/openshift/tls/journal-gatewayd.crt --trust=/opt/openshift/tls/root-ca.crt",
		}, nil},
		{"zincati.service.d/okd-machine-os-disabled.conf", []string{"[Unit]"}, nil},
	} {
		text := "\n" + unitText(t, c.unit)
		for _, line := range c.has {
			if !strings.Contains(text, "\n"+line+"\n") {
				t.Errorf("%s has no line %s", c.unit, line)
			}
		}
		for _, start := range c.not {
			if strings.Contains(text, "\n"+start) {
				t.Errorf("%s has %s", c.unit, start)
			}
		}
	}
}

// The condition that keeps Zincati off names a file that nothing writes.
func TestZincatiConditionIsNeverMet(t *testing.T) {
	t.Parallel()
	text := unitText(t, "zincati.service.d/okd-machine-os-disabled.conf")
	_, path, ok := strings.Cut(text, "\nConditionPathExists=")
	path = strings.TrimSpace(path)
	if !ok || !strings.HasPrefix(path, "/") {
		t.Fatalf("no condition in %q", text)
	}
	files, err := fullHost().files()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Path == path || strings.HasPrefix(f.Path, path+"/") {
			t.Errorf("%s is written", f.Path)
		}
	}
}

var command = regexp.MustCompile(`(?m)^Exec\w+=-?(/\S+)`)

// stage builds a root with our units, what they run, and what they refer to.
func stage(t *testing.T) (root string, units []string) {
	t.Helper()
	root = t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, target := range []string{
		"network-online", "network", "multi-user", "basic", "sysinit", "shutdown", "getty", "umount", "local-fs", "local-fs-pre",
	} {
		write("usr/lib/systemd/system/"+target+".target", "[Unit]\nDescription="+target+"\n", 0o644)
	}
	write("usr/lib/systemd/system/-.slice", "[Unit]\nDescription=root\n", 0o644)
	write("usr/lib/systemd/system/system.slice", "[Unit]\nDescription=system\n", 0o644)
	for _, service := range []string{
		"crio", "rpc-statd", "systemd-journal-gatewayd", "zincati",
		"NetworkManager", "sshd", "systemd-user-sessions", "ostree-finalize-staged", "rpm-ostreed",
	} {
		write("usr/lib/systemd/system/"+service+".service", "[Service]\nExecStart=/usr/bin/true\n", 0o644)
	}
	write("usr/bin/true", "#!/bin/sh\n", 0o755)
	write("usr/lib/systemd/system/run-ephemeral.mount", "[Mount]\nWhat=tmpfs\nWhere=/run/ephemeral\n", 0o644)
	// units that are ordinary files, so that no preset looks at them
	for _, f := range staticFiles {
		if !strings.HasPrefix(f.path, unitDir) {
			continue
		}
		text, err := data.Bootstrap.ReadFile(f.embedded())
		if err != nil {
			t.Fatal(err)
		}
		write(f.path, string(text), 0o644)
		for _, m := range command.FindAllStringSubmatch(string(text), -1) {
			write(m[1], "#!/bin/sh\n", 0o755)
		}
		if path.Ext(f.path) != ".conf" {
			units = append(units, filepath.Join(root, f.path))
		}
	}
	for _, u := range staticUnits {
		name := u.name
		if u.dropin != "" {
			name += ".d/" + u.dropin
			units = append(units, filepath.Join(root, "usr/lib/systemd/system", u.name))
		} else {
			units = append(units, filepath.Join(root, "etc/systemd/system", u.name))
		}
		text := unitText(t, name)
		write("etc/systemd/system/"+name, text, 0o644)
		for _, m := range command.FindAllStringSubmatch(text, -1) {
			write(m[1], "#!/bin/sh\n", 0o755)
		}
	}
	return root, units
}

// systemd itself reads the units: it knows every setting, and every command is there.
func TestUnitsWithSystemd(t *testing.T) {
	t.Parallel()
	verify := needs.Program(t, "systemd-analyze")
	check := func(root string, units []string) (string, error) {
		out, err := exec.Command(verify, append([]string{"verify", "--man=no", "--root=" + root}, units...)...).CombinedOutput()
		return string(out), err
	}
	root, units := stage(t)
	if out, err := check(root, units); err != nil || out != "" {
		t.Errorf("%v\n%s", err, out)
	}
	// and the check can fail
	if err := os.Remove(filepath.Join(root, "usr/local/bin/bootkube.sh")); err != nil {
		t.Fatal(err)
	}
	if out, err := check(root, units); err == nil && out == "" {
		t.Error("a missing script is not noticed")
	}
}
