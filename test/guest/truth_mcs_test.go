//go:build e2e && truth

package guest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/pkg/release"
	"github.com/okd-project/okd-install/test/engine"
)

// serverLog is what the machine config server says, in containerd's files.
const serverLog = "/var/log/pods/openshift-machine-config-operator_bootstrap-machine-config-operator-*/machine-config-server/*.log"

// machineConfigSteps has the machine config server of OpenShift serve what a master needs,
// and Ignition's engine fetch it. It needs the kubelet alone, but for the step that asks
// the API server.
func machineConfigSteps(t *testing.T, h *host, r *truthReport, k kit, n *network) {
	var given rendered
	boots := filepath.Join(t.TempDir(), "ignition") // the engine of a boot image
	ok := r.step(t, h, "machine config server", func(t *testing.T) {
		must(t, h.registry.push(contentName, h.payload.content["machine-config-operator"]))
		given = h.renderMachineConfigs(t)
		h.until("the machine config server answers by api-int", 3*time.Minute, func() (bool, string) {
			code, said, err := h.ask(h.pointerClient(t, "master.ign"), "GET", "/healthz", "")
			return code == 200, fmt.Sprint(code, " ", said, " ", err)
		})
		must(t, os.Rename(engine.BuildOf(t, machineConfigModule), boots))
		r.version("machine-config-server", run(t, machineConfigModule, "go", "list", "-m", "github.com/openshift/machine-config-operator"))
		r.version("Ignition of the machines", run(t, machineConfigModule, "go", "list", "-m", "github.com/coreos/ignition/v2"))
	})
	if !ok {
		return
	}
	var kubeconfig string
	r.step(t, h, "Ignition with master.ign", func(t *testing.T) {
		root := bootImage(t, n, k)
		kubeconfig = ignitionApplies(t, h, newNewcomer(t, n, boots), root, given)
		firstBoot(t, h, n, root)
	})
	r.step(t, h, "the kubeconfig of a machine", func(t *testing.T) { machineLogsIn(t, h, kubeconfig) })
	r.step(t, h, "Ignition with worker.ign", func(t *testing.T) {
		newNewcomer(t, n, boots).fetchesNothing(t, filepath.Join(h.dir, "worker.ign"), "GET result: Internal Server Error", errPatience)
		h.serverSays(`refusing to serve bootstrap configuration to pool "worker"`)
	})
	r.step(t, h, "what the server answers", func(t *testing.T) { serverAnswers(t, h) })
	r.step(t, h, "pointers of every line", func(t *testing.T) { pointersOfLines(t, h) })
	r.step(t, h, "pools that are not there", func(t *testing.T) { poolsThatAreNot(t, h, newNewcomer(t, n, boots)) })
	r.step(t, h, "an Ignition that asks for more", func(t *testing.T) {
		// this one goes by our go.mod and asks for 3.6.0, which no server of that age knows
		newNewcomer(t, n, k.ignition).fetchesNothing(t, filepath.Join(h.dir, "master.ign"), "GET result: Bad Request", nil)
		h.serverSays("unsupported Ignition version in Accept header: application/vnd.coreos.ignition+json;version=3.6.0")
	})
	r.step(t, h, "certificates that Ignition refuses", func(t *testing.T) { badMachineConfigServers(t, h, newNewcomer(t, n, boots)) })
	r.step(t, h, "the server's log", func(t *testing.T) { serverLogIsClean(t, h) })
}

// pointer is what a pointer config says.
type pointer struct {
	Ignition struct {
		Version  string
		Config   struct{ Merge []struct{ Source string } }
		Security struct {
			TLS struct {
				CertificateAuthorities []struct{ Source string }
			}
		}
	}
}

func readPointer(t *testing.T, file string) pointer {
	t.Helper()
	var p pointer
	must(t, json.Unmarshal(readFile(t, file), &p))
	if len(p.Ignition.Config.Merge) != 1 || len(p.Ignition.Security.TLS.CertificateAuthorities) != 1 {
		t.Fatalf("%s is no pointer: %+v", file, p)
	}
	return p
}

// pointerClient goes where a pointer config of the asset directory leads, and trusts whom
// it trusts.
func (h *host) pointerClient(t *testing.T, name string) client {
	t.Helper()
	p := readPointer(t, filepath.Join(h.dir, name))
	_, encoded, _ := strings.Cut(p.Ignition.Security.TLS.CertificateAuthorities[0].Source, "base64,")
	ca, err := base64.StdEncoding.DecodeString(encoded)
	must(t, err)
	server, _, _ := strings.Cut(p.Ignition.Config.Merge[0].Source, "/config/")
	return client{server: server, ca: ca}
}

// accepts has the client say which spec it understands, as Ignition does.
func (c client) accepts(spec string) client {
	c.headers = map[string]string{"Accept": "application/vnd.coreos.ignition+json;version=" + spec + ", */*;q=0.1"}
	return c
}

// serverSays wants the log of the machine config server to hold a text.
func (h *host) serverSays(text string) {
	h.t.Helper()
	if said := h.sh("cat " + serverLog); !strings.Contains(said, text) {
		h.t.Errorf("the machine config server does not say %q", text)
	}
}

// ignitionApplies boots a machine with master.ign as far as Ignition goes, and looks
// whether its root has what the server was given, and nothing else.
func ignitionApplies(t *testing.T, h *host, n newcomer, root string, given rendered) (kubeconfig string) {
	before := marks(t, root)
	said, err := n.fetch(t, filepath.Join(h.dir, "master.ign"), time.Minute)
	if err != nil {
		t.Fatalf("Ignition fetches nothing: %v\n%s", err, tail(said, 20))
	}
	if said, err := n.stage(t, "files", root, filepath.Join(h.dir, "master.ign"), time.Minute); err != nil {
		t.Fatalf("Ignition does not apply what it has fetched: %v\n%s", err, tail(said, 20))
	}
	h.serverSays(`User-Agent:"Ignition/2.20.0" Accept-Header: "application/vnd.coreos.ignition+json;version=3.5.0, */*;q=0.1"`)

	want := slices.Clone(given.files)
	// what the server adds
	want = append(want,
		givenFile{path: "/etc/kubernetes/kubeconfig", mode: 0o644, content: h.read("/opt/openshift/auth/kubeconfig-kubelet")},
		givenFile{path: "/etc/kubernetes/kubelet-ca.crt", mode: 0o644, content: h.tls("kube-apiserver-complete-client-ca-bundle.crt")},
		givenFile{path: "/etc/machine-config-daemon/node-annotations.json", mode: 0o644},
		givenFile{path: "/etc/mcs-machine-config-content.json", mode: 0o644},
		givenFile{path: "/etc/ignition-machine-config-encapsulated.json", mode: 0o644},
		// the users, and what Ignition writes about itself
		givenFile{path: "/home/core/.ssh/authorized_keys.d/ignition", mode: 0o600, content: given.sshKey + "\n"},
		givenFile{path: "/etc/.ignition-result.json", mode: 0o600},
	)
	for _, u := range givenUnits {
		name := "/etc/systemd/system/" + u.unit["name"].(string)
		if text, ok := u.unit["contents"].(string); ok {
			want = append(want, givenFile{path: name, mode: 0o644, content: text})
		}
		if dropins, ok := u.unit["dropins"].([]object); ok {
			want = append(want, givenFile{
				path: name + ".d/" + dropins[0]["name"].(string), mode: 0o644, content: dropins[0]["contents"].(string),
			})
		}
	}
	names := []string{"/etc/systemd/system/okd-test-never.service", "/etc/systemd/system-preset/20-ignition.preset"}
	for _, f := range want {
		name, err := filepath.EvalSymlinks(root + f.path)
		if err != nil {
			t.Errorf("%s is not there: %v", f.path, err)
			continue
		}
		names = append(names, name[len(root):])
		info, err := os.Stat(name)
		must(t, err)
		if got := readFile(t, name); f.content != "" && string(got) != f.content {
			t.Errorf("%s is not what the server was given: %s", f.path, tail(string(got), 5))
		}
		if int(info.Mode().Perm()) != f.mode {
			t.Errorf("%s has mode %o, want %o", f.path, info.Mode().Perm(), f.mode)
		}
	}
	slices.Sort(names)
	if got := changed(before, marks(t, root)); !slices.Equal(got, names) {
		t.Errorf("Ignition has written %s,\nwant %s", strings.Join(got, "\n"), strings.Join(names, "\n"))
	}
	presets := string(readFile(t, root+"/etc/systemd/system-preset/20-ignition.preset"))
	for _, u := range givenUnits {
		if got := strings.Contains(presets, "enable "+u.unit["name"].(string)+"\n"); got != u.enabled {
			t.Errorf("%s is enabled: %v, want %v", u.unit["name"], got, u.enabled)
		}
	}
	if to, err := os.Readlink(root + "/etc/systemd/system/okd-test-never.service"); to != "/dev/null" {
		t.Errorf("the unit that is masked leads to %q, %v", to, err)
	}
	annotations(t, root, given)
	return string(readFile(t, root+"/etc/kubernetes/kubeconfig"))
}

// annotations looks into what the server adds for the daemon of the machine-config
// operator: which MachineConfig the machine has, and what is left to do on the first boot.
func annotations(t *testing.T, root string, given rendered) {
	t.Helper()
	var notes map[string]string
	must(t, json.Unmarshal(readFile(t, root+"/etc/machine-config-daemon/node-annotations.json"), &notes))
	const group = "machineconfiguration.openshift.io/"
	if notes[group+"currentConfig"] != given.name || notes[group+"desiredConfig"] != given.name || notes[group+"state"] != "Done" {
		t.Errorf("the annotations of the machine are %v", notes)
	}
	for file, files := range map[string]int{
		"mcs-machine-config-content.json": len(given.files), "ignition-machine-config-encapsulated.json": 0,
	} {
		var config struct {
			Metadata struct{ Name string }
			Spec     struct {
				OSImageURL      string
				KernelArguments []string
				Config          struct {
					Ignition struct{ Version string }
					Storage  struct{ Files []object }
				}
			}
		}
		must(t, json.Unmarshal(readFile(t, root+"/etc/"+file), &config))
		spec := config.Spec
		if config.Metadata.Name != given.name || spec.OSImageURL != given.image ||
			!slices.Equal(spec.KernelArguments, []string{kernelArgument}) ||
			len(spec.Config.Storage.Files) != files || spec.Config.Ignition.Version == "" {
			t.Errorf("%s has %s with %d files and %+v", file, config.Metadata.Name, len(spec.Config.Storage.Files), spec.KernelArguments)
		}
	}
}

// machineLogsIn asks the API server by the kubeconfig that Ignition has left: it may ask
// for a certificate of its own, and nothing else.
func machineLogsIn(t *testing.T, h *host, kubeconfig string) {
	c := kubeconfigClient(t, kubeconfig)
	const bootstrapper = "system:serviceaccount:openshift-machine-config-operator:node-bootstrapper"
	if user, _ := h.userOf(c); user != bootstrapper || c.server != "https://api-int.demo.example.com:6443" {
		t.Errorf("the machine goes to %s as %q, not as the one that asks for a node's certificate", c.server, user)
	}
	h.answers(c, "GET", "/api/v1/nodes", "", 403)
}

// serverAnswers asks as others than Ignition do. The server refuses nobody for being
// anonymous: it goes by the header Accept, and who sends none gets a config of spec 2.2.0.
func serverAnswers(t *testing.T, h *host) {
	c := h.pointerClient(t, "master.ign")
	for _, ask := range []struct {
		accept, spec string
		code         int
	}{
		{"", "2.2.0", 200}, {"*/*", "2.2.0", 200}, {"text/html", "2.2.0", 200}, {"version=3.2.0", "2.2.0", 200},
		{"application/vnd.coreos.ignition+json", "2.2.0", 200},
		{accept: "application/vnd.coreos.ignition+json;version=1.0.0", code: 400},
		{"application/vnd.coreos.ignition+json;version=2.4.0", "2.2.0", 200},
		{accept: "application/vnd.coreos.ignition+json;version=3.0.0", code: 500},
		{"application/vnd.coreos.ignition+json;version=3.1.0, */*;q=0.1", "3.1.0", 200},
		{"application/vnd.coreos.ignition+json;version=3.2.0, */*;q=0.1", "3.2.0", 200},
		{"application/vnd.coreos.ignition+json;version=3.3.0, */*;q=0.1", "3.3.0", 200},
		{"application/vnd.coreos.ignition+json;version=3.4.0, */*;q=0.1", "3.4.0", 200},
		{"application/vnd.coreos.ignition+json;version=3.5.0, */*;q=0.1", "3.5.0", 200},
		{accept: "application/vnd.coreos.ignition+json;version=3.6.0, */*;q=0.1", code: 400},
		{accept: "application/vnd.coreos.ignition+json;version=4.0.0", code: 400},
	} {
		c.headers = map[string]string{"Accept": ask.accept}
		said := h.answers(c, "GET", "/config/master", "", ask.code)
		if spec := specOf(said); spec != ask.spec {
			t.Errorf("who accepts %q gets spec %q, want %q", ask.accept, spec, ask.spec)
		}
		if ask.code != 200 && said != "" {
			t.Errorf("who accepts %q is told: %s", ask.accept, tail(said, 3))
		}
	}
	c = c.accepts("3.2.0")
	h.answers(c, "POST", "/config/master", "{}", 405)
	h.answers(c, "GET", "/", "", 404)
	// the port without TLS is for the host itself
	plain := h.sh(`curl --silent --header 'Accept: application/vnd.coreos.ignition+json;version=3.2.0' \
    http://localhost:22624/config/master`)
	if specOf(plain) != "3.2.0" {
		t.Errorf("the port without TLS answers %s", tail(plain, 3))
	}
	// by another name, or by an address, the certificate does not hold
	h.distrusts(c.by("api.demo.example.com"), "not api.demo.example.com")
	h.distrusts(c.by(address), "doesn't contain any IP SANs")
}

// specOf is the version of an Ignition config, or empty.
func specOf(config string) string {
	var p pointer
	_ = json.Unmarshal([]byte(config), &p)
	return p.Ignition.Version
}

// pointersOfLines makes the pointer configs for every line, and asks for the spec that they
// are written in, and for the newest that we let a MachineConfig of the line have.
func pointersOfLines(t *testing.T, h *host) {
	catalogue, err := release.Parse(data.Releases)
	must(t, err)
	if len(catalogue.Lines()) < 8 {
		t.Fatalf("the catalogue has the lines %v", catalogue.Lines())
	}
	for _, line := range catalogue.Lines() {
		dir := filepath.Join(t.TempDir(), "cluster")
		must(t, os.Mkdir(dir, 0o700))
		write(t, filepath.Join(dir, "install-config.yaml"), readFile(t, filepath.Join(h.dir, "install-config.yaml")), 0o600)
		made := exec.Command(okdInstall(t), "create", "ignition-configs", "--dir", dir, "--release", line)
		if out, err := made.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", line, err, tail(string(out), 5))
			continue
		}
		asks := []string{(release.Release{Line: line}).IgnitionSpec()}
		for _, role := range []string{"master", "worker"} {
			p := readPointer(t, filepath.Join(dir, role+".ign"))
			if want := "https://api-int.demo.example.com:22623/config/" + role; p.Ignition.Config.Merge[0].Source != want {
				t.Errorf("%s: %s.ign leads to %s", line, role, p.Ignition.Config.Merge[0].Source)
			}
			asks = append(asks, p.Ignition.Version)
		}
		for _, spec := range asks {
			if got := specOf(h.answers(h.pointerClient(t, "master.ign").accepts(spec), "GET", "/config/master", "", 200)); got != spec {
				t.Errorf("%s: the server answers with spec %s where %s is asked", line, got, spec)
			}
		}
	}
}
