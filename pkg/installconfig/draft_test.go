package installconfig

import (
	"reflect"
	"strings"
	"testing"
)

func draft() Draft {
	return Draft{
		ClusterName: "okd", BaseDomain: "example.com", Platform: "none",
		MachineNetwork: []string{"192.168.1.0/24"}, ClusterNetwork: []string{"10.128.0.0/14"}, ServiceNetwork: []string{"172.30.0.0/16"},
		HostPrefix: "23", ControlPlane: "3", Workers: "2", PullSecret: PublicPullSecret,
	}
}

func TestDraft(t *testing.T) {
	t.Parallel()
	d := draft()
	const want = `# one
# two
apiVersion: v1
metadata:
  # the cluster is reached as api.okd.example.com and *.apps.okd.example.com
  name: okd
baseDomain: example.com
platform:
  # my own machines
  none: {}
controlPlane:
  name: master
  # one of the three machines may fail
  replicas: 3
compute:
- name: worker
  replicas: 2
networking:
  networkType: OVNKubernetes
  # where the machines have their addresses
  machineNetwork:
  - cidr: 192.168.1.0/24
  # pods: each machine gets a part of hostPrefix bits
  clusterNetwork:
  - cidr: 10.128.0.0/14
    hostPrefix: 23
  # services, only inside of the cluster
  serviceNetwork:
  - 172.30.0.0/16
# without an sshKey nobody can log in to the machines
# OKD's public pull secret: the images of OKD need no other
pullSecret: '{"auths":{"fake":{"auth":"aWQ6cGFzcwo="}}}'
`
	if got := string(d.YAML("one", "two")); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	load(t, want)
}

func TestDraftWithEverything(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Platform, d.PlatformFields = "external", map[string]string{"platformName": "oci", "cloudControllerManager": "External"}
	d.MachineNetwork = append(d.MachineNetwork, "fd00::/64")
	d.ClusterNetwork = append(d.ClusterNetwork, "fd01::/48")
	d.ServiceNetwork = append(d.ServiceNetwork, "fd02::/112")
	d.ControlPlane, d.Arbiter, d.Workers = "2", "1", "0"
	d.SSHKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIPVEdyqnLUXYJG/bCPku/mw3JCImv4DSPTur29bAkJo me: 'x' # y\n"
	d.HTTPProxy, d.HTTPSProxy, d.NoProxy = "http://u:p%40@proxy:3128", "http://proxy:3128", ".example.com,10.1.0.0/16"
	d.Mirrors = []string{"mirror.example.com:5000/okd"}
	c := load(t, string(d.YAML())).Config
	if c.Platform.Name != "external" || *c.Arbiter.Replicas != 1 || c.SSHKey != d.SSHKey || c.Proxy.HTTPProxy != d.HTTPProxy ||
		len(c.ImageDigestSources) != 2 || !c.DualStack() {
		t.Errorf("got %+v", c)
	}
	single := draft()
	single.ControlPlane, single.Workers, single.InstallationDisk = "1", "0", "/dev/vda"
	if c := load(t, string(single.YAML())).Config; c.BootstrapInPlace.InstallationDisk != "/dev/vda" {
		t.Errorf("got %+v", c.BootstrapInPlace)
	}
}

// Whatever is answered, the draft is one YAML document in which each text is
// itself: what is wrong with an answer is said about that answer.
func FuzzDraft(f *testing.F) {
	for _, seed := range []string{
		"okd", "yes", "0123", "a: b", "- x", "'", "a\nb: c", "{", "#", "*x", "!y", " a ", "é\u2028", "1e3", "~", "\x01", "|",
		"x:", "\r0", "a\r\nb", "\r", "a\rb",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := draft()
		d.ClusterName, d.BaseDomain, d.NoProxy, d.HTTPProxy, d.SSHKey, d.TrustBundle = text, text, text, "http://p", text, text
		d.Platform, d.PlatformFields = "external", map[string]string{"platformName": text}
		d.Mirrors, d.ControlPlane = []string{text}, text
		if strings.ToValidUTF8(text, "") != text || text == "" {
			return
		}
		root, problems := parse(FileName, d.YAML(text))
		if len(problems) > 0 {
			if binaryLine([]byte(text)) > 0 {
				return
			}
			t.Fatalf("%v\n%s", problems, d.YAML(text))
		}
		var c InstallConfig
		found := &findings{places: map[string]place{}, broken: map[string]bool{}}
		(&reader{findings: found}).read(root, reflect.ValueOf(&c).Elem(), "")
		if c.Metadata.Name != text || c.BaseDomain != text || c.Proxy.NoProxy != text || c.ImageDigestSources[0].Mirrors[0] != text {
			t.Errorf("%q becomes %q in\n%s", text, c.Metadata.Name, d.YAML())
		}
	})
}
