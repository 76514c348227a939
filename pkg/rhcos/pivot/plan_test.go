package pivot

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/release"
	"github.com/okd-project/okd-install/pkg/rhcos"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

var (
	issued  = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	expires = issued.Add(24 * time.Hour)
	r418    = release.Release{
		Line: "4.18", Version: "4.18.0-okd-scos.10", Image: "quay.io/okd/scos-release:4.18.0-okd-scos.10",
		BootImage: release.BootImage{Stream: "stable", Build: "39.20231101.3.0"},
	}
	r419 = release.Release{
		Line: "4.19", Version: "4.19.0-okd-scos.19", Image: "quay.io/okd/scos-release:4.19.0-okd-scos.19",
		BootImage: release.BootImage{Stream: "c9s", Build: "9.0.20250411-0"},
	}
	r422 = release.Release{
		Line: "4.22", Version: "4.22.0-okd-scos.10", Image: "quay.io/okd/scos-release:4.22.0-okd-scos.10",
		BootImage: release.BootImage{Stream: "c10s", Build: "10.0.20251103-0"},
	}
	fcos39 = rhcos.BootImage{OS: rhcos.FCOS, Major: 39, Build: "39.20231101.3.0", Date: "20231101"}
	scos9  = rhcos.BootImage{OS: rhcos.SCOS9, Major: 9, Build: "9.0.20250411-0", Date: "20250411"}
	scos10 = rhcos.BootImage{OS: rhcos.SCOS10, Major: 10, Build: "10.0.20251103-0", Date: "20251103"}
)

const (
	osImage = "quay.io/okd/scos-content@sha256:" + digest
	pointer = `{"ignition":{"config":{"merge":[{"source":"https://api-int.test:22623/config/worker"}]},"version":"3.2.0"}}`
)

// offlineRequest is a control plane machine of 4.18.
func offlineRequest() Request {
	return Request{
		Role: "master", Mode: ModeOfflineDeploy, Release: r418, Architecture: "amd64", Device: "/dev/sda", OSImage: osImage, Medium: fcos39,
		ConfigName: "master.ign", Config: []byte(pointer), NotBefore: issued, Registries: []string{"quay.io"},
		KernelArguments: []string{"console=ttyS0,115200n8"}, SSHKeys: []string{"ssh-ed25519 AAAA me"},
		HostFiles: []File{{"/root/.docker/config.json", 0o600, []byte(`{"auths":{}}` + "\n")}},
	}
}

// imageRequest is a worker of 4.22 that is booted from its own medium.
func imageRequest() Request {
	return Request{
		Role: "worker", Mode: ModeImage, Release: r422, Architecture: "amd64", Device: "/dev/disk/by-id/wwn-0x5000", Medium: scos10,
		ConfigName: "worker.ign", Config: []byte(pointer), NotBefore: issued,
	}
}

// fetchRequest is the same from the live medium of Fedora CoreOS.
func fetchRequest() Request {
	r := imageRequest()
	r.Medium = fcos39
	r.Images = []Image{
		{512, "https://example.com/scos-metal.x86_64.raw.gz", digest},
		{4096, "https://example.com/scos-metal4k.x86_64.raw.gz", digest},
	}
	return r
}

func newPlan(t *testing.T, r Request) Plan {
	t.Helper()
	p, err := New(r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got\n%s", name, got)
	}
}

func TestPlanText(t *testing.T) {
	t.Parallel()
	bootstrap := offlineRequest()
	bootstrap.Role, bootstrap.NotAfter = "bootstrap", expires
	for name, r := range map[string]Request{
		"offline-deploy": offlineRequest(), "image": imageRequest(), "fetch": fetchRequest(), "bootstrap": bootstrap,
	} {
		golden(t, name+".txt", newPlan(t, r).Text(0))
	}
}

// What cannot work is refused before a config exists, with everything at once.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		base   Request
		change func(*Request)
		want   []string
	}{
		{"no role", imageRequest(), func(r *Request) { r.Role = "" }, []string{"--role: is missing", "bootstrap, master, worker"}},
		{"arbiter", imageRequest(), func(r *Request) { r.Role = "arbiter" }, []string{`--role: "arbiter" is not a role`}},
		{"firstboot", imageRequest(), func(r *Request) { r.Mode = "firstboot" }, []string{`--mode: "firstboot" is not a mode`}},
		{"no device", imageRequest(), func(r *Request) { r.Device = "" }, []string{"--device: is missing"}},
		{"device", imageRequest(), func(r *Request) { r.Device = "sda" }, []string{`--device: "sda" is not a device`}},
		{"newline in device", imageRequest(), func(r *Request) { r.Device = "/dev/sda\nX=1" }, []string{"--device"}},
		{"nul in device", imageRequest(), func(r *Request) { r.Device = "/dev/sda\x00" }, []string{"--device"}},
		{"karg", imageRequest(), func(r *Request) { r.KernelArguments = []string{"a b", ""} }, []string{`--karg: "a b"`, `--karg: ""`}},
		{"no image", offlineRequest(), func(r *Request) { r.OSImage = "" }, []string{"--os-image: is missing", "oc adm release info --image-for=stream-coreos quay.io/okd/scos-release:4.18.0-okd-scos.10"}},
		{"by tag", offlineRequest(), func(r *Request) { r.OSImage = "quay.io/okd/scos-content:4.18" }, []string{"--os-image: does not name an image by its digest"}},
		{"odd image", offlineRequest(), func(r *Request) { r.OSImage = "quay.io/a b@sha256:" + digest }, []string{"--os-image"}},
		{"image for image", imageRequest(), func(r *Request) { r.OSImage = osImage }, []string{"--os-image: has no effect with --mode image"}},
		{"url for offline", offlineRequest(), func(r *Request) { r.Images = fetchRequest().Images },
			[]string{"--image-url: has no effect with --mode offline-deploy"}},
		{"url", fetchRequest(), func(r *Request) { r.Images = []Image{{512, "/x", "ab"}} }, []string{"--image-url: is not the URL", "--image-sha256: is not 64"}},
		{"s390x", offlineRequest(), func(r *Request) { r.Architecture = "s390x" },
			[]string{"deploying into an installed disk is not supported on s390x"}},
		{"ppc64le", offlineRequest(), func(r *Request) { r.Architecture = "ppc64le" }, []string{"not supported on ppc64le"}},
		{"media of 4.18", offlineRequest(), func(r *Request) { r.Mode, r.OSImage = ModeImage, "" }, []string{"have neither oc nor kubelet"}},
		{"10 to 9", imageRequest(), func(r *Request) { r.Release = r419 }, []string{"move back from CentOS Stream 10"}},
		{"rhcos", imageRequest(), func(r *Request) { r.Medium = rhcos.BootImage{OS: rhcos.RHCOS} }, []string{"belongs to OpenShift"}},
		{"other architecture", imageRequest(), func(r *Request) { r.Medium.Architecture = "aarch64" }, []string{"the image is for aarch64, the machine is x86_64"}},
		{"no json", imageRequest(), func(r *Request) { r.Config = []byte("x") }, []string{"worker.ign: ignition.version: is missing"}},
		{"spec 2", imageRequest(), func(r *Request) { r.Config = []byte(`{"ignition":{"version":"2.2.0"}}`) }, []string{"not of version 3"}},
		{"spec 3.5", imageRequest(), func(r *Request) { r.Config = []byte(`{"ignition":{"version":"3.5.0"}}`) }, []string{"3.5.0 is newer than 3.4.0"}},
		{"experimental", imageRequest(), func(r *Request) { r.Config = []byte(`{"ignition":{"version":"3.4.0-experimental"}}`) }, []string{"is newer than"}},
		{"all at once", imageRequest(), func(r *Request) { r.Role, r.Device, r.Mode = "x", "y", "z" }, []string{"--role", "--device", "--mode"}},
	} {
		r := c.base
		c.change(&r)
		_, err := New(r)
		if err == nil {
			t.Errorf("%s: is not refused", c.name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: no %q in\n%v", c.name, want, err)
			}
		}
	}
}

func TestDefaultMode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		r              release.Release
		mode, contains string
	}{{r418, ModeOfflineDeploy, "39.20231101.3.0"}, {r419, ModeImage, "c9s 9.0.20250411-0"}, {r422, ModeImage, "c10s 10.0.20251103-0"}} {
		mode, reason := DefaultMode(c.r)
		if mode != c.mode || !strings.Contains(reason, c.contains) {
			t.Errorf("%s: %s, %s", c.r.Line, mode, reason)
		}
	}
}

func TestExpired(t *testing.T) {
	t.Parallel()
	r := imageRequest()
	r.NotAfter = expires
	p := newPlan(t, r)
	for now, want := range map[time.Time]string{
		issued.Add(-time.Minute): "valid only from Mon 2 Mar 2026 08:00 UTC", issued: "",
		expires.Add(-time.Second): "", expires: "expired at Tue 3 Mar 2026 08:00 UTC",
	} {
		err := p.Expired(now)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", now, err)
		}
	}
}

// Secure Boot is judged by the boot loader that is on the disk in the end.
func TestSecureBoot(t *testing.T) {
	t.Parallel()
	allowed := offlineRequest()
	allowed.AllowSecureBoot = true
	from9 := imageRequest()
	from9.Release, from9.Medium = r419, scos9
	for _, c := range []struct {
		name    string
		r       Request
		verdict string
		loader  rhcos.OS
		target  rhcos.OS
	}{
		{"FCOS to 9", offlineRequest(), "refused", rhcos.FCOS, rhcos.SCOS9},
		{"allowed", allowed, "warned", rhcos.FCOS, rhcos.SCOS9},
		{"9", from9, "refused", rhcos.SCOS9, rhcos.SCOS9},
		{"10", imageRequest(), "warned", rhcos.SCOS10, rhcos.SCOS10},
		{"10 fetched", fetchRequest(), "warned", rhcos.SCOS10, rhcos.SCOS10},
	} {
		p := newPlan(t, c.r)
		fact := rhcos.SecureBoot(c.loader, c.target)
		if p.secureBootVerdict() != c.verdict || p.secureBoot != fact {
			t.Errorf("%s: %s, %+v", c.name, p.secureBootVerdict(), p.secureBoot)
		}
	}
}

// What the processor must do is asked of machines that need it only.
func TestCPUFlags(t *testing.T) {
	t.Parallel()
	if got := cpuFlags(newPlan(t, offlineRequest())); got != nil {
		t.Errorf("4.18 wants %q", got)
	}
	arm := imageRequest()
	arm.Architecture = "arm64"
	if got := cpuFlags(newPlan(t, arm)); got != nil {
		t.Errorf("aarch64 wants %q", got)
	}
	got := cpuFlags(newPlan(t, imageRequest()))
	for _, flag := range []string{"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "popcnt", "sse4_2", "ssse3", "cx16"} {
		if !slices.Contains(got, flag) {
			t.Errorf("4.22 does not want %s", flag)
		}
	}
}

// Every guard has an answer, and a place that exists; the two modes have those
// that concern them.
func TestGuards(t *testing.T) {
	t.Parallel()
	places := []string{inPlan, inPreflight, inInstall, onDisk, inDocumentation}
	seen := map[string]bool{}
	for _, g := range guardRows {
		if g.Name == "" || g.Failure == "" || g.Answer == "" || len(g.Where) == 0 || seen[g.Name] {
			t.Errorf("%+v", g)
		}
		seen[g.Name] = true
		for _, place := range g.Where {
			if !slices.Contains(places, place) {
				t.Errorf("%s: there is no place %q", g.Name, place)
			}
		}
	}
	if len(guardRows) != 22 {
		t.Errorf("%d guards", len(guardRows))
	}
	offline, image := len(newPlan(t, offlineRequest()).Guards), len(newPlan(t, imageRequest()).Guards)
	if offline != len(guardRows) || image >= offline {
		t.Errorf("%d with offline-deploy, %d with image", offline, image)
	}
}
