package manifests

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "tls", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// minimal is a complete config with nothing in it that need not be there.
func minimal() installconfig.InstallConfig {
	three, two := int64(3), int64(2)
	return installconfig.InstallConfig{
		APIVersion:                  "v1",
		Metadata:                    installconfig.ObjectMeta{Name: "okd"},
		BaseDomain:                  "example.com",
		AdditionalTrustBundlePolicy: "Proxyonly",
		OSImageStream:               "centos-10",
		Publish:                     "External",
		PullSecret:                  `{"auths":{"fake":{"auth":"aWQ6cGFzcwo="}}}`,
		Platform:                    platform.Platform{Name: "none", Config: &platform.None{}},
		ControlPlane: &installconfig.MachinePool{
			Name:           "master",
			Replicas:       &three,
			Architecture:   "amd64",
			Hyperthreading: "Enabled",
		},
		Compute: []installconfig.MachinePool{{Name: "worker", Replicas: &two, Architecture: "amd64", Hyperthreading: "Enabled"}},
		Networking: &installconfig.Networking{
			NetworkType:    "OVNKubernetes",
			MachineNetwork: []installconfig.MachineNetworkEntry{{CIDR: "192.168.1.0/24"}},
			ClusterNetwork: []installconfig.ClusterNetworkEntry{{CIDR: "10.128.0.0/14", HostPrefix: 23}},
			ServiceNetwork: []string{"172.30.0.0/16"},
		},
	}
}

// cloud is a provider that stands for a platform with a configuration of its cloud and
// machines of its own.
const cloud = "cloud"

// inputs are those of a config, with everything random held still.
func inputs(t testing.TB, c installconfig.InstallConfig) Inputs {
	t.Helper()
	in := Inputs{
		Config:       c,
		Identity:     Identity{UUID: "0f64a2f4-3e1c-4f0c-9b0d-6d3c1f4b9a10", InfraID: "okd-x2b4k"},
		RootCA:       fixture(t, "root-ca.crt"),
		RootCAKey:    []byte("the root CA's key\n"),
		MCSCert:      fixture(t, "machine-config-server.crt"),
		MCSKey:       []byte("the machine-config server's key\n"),
		PasswordHash: "$2a$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234",
		Pointers:     map[string][]byte{},
		Version:      "0.1.0",
		Platform:     Platform{Type: "None", IngressOnSingleNode: true},
	}
	if e, ok := c.Platform.Config.(*platform.External); ok {
		state := cmp.Or(e.CloudControllerManager, "None")
		in.Platform = Platform{
			Type: "External", Spec: object{"external": object{"platformName": e.PlatformName}},
			Status: object{"external": object{"cloudControllerManager": object{"state": state}}},
		}
		if e.PlatformName == cloud {
			in.Platform.CloudConfig, in.Platform.ManagedUserData = map[string]string{"config": "[Global]\n"}, true
		}
	}
	for _, role := range []string{"master", "worker", "arbiter"} {
		in.Pointers[role] = []byte(`{"ignition":{"version":"3.2.0"},"role":"` + role + `"}`)
	}
	return in
}

func filesOf(t testing.TB, c installconfig.InstallConfig) map[string][]byte {
	t.Helper()
	files, err := Files(inputs(t, c))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestFiles reads the cases of testdata/files. Each holds, in install-config.yaml,
// what the user adds to the minimal config, and then the files that come out
// otherwise than for that, except for the install-config's own text in
// cluster-config.yaml. minimal.txtar holds all of its files.
func TestFiles(t *testing.T) {
	t.Parallel()
	base := filesOf(t, minimal())
	metadata, err := Metadata(minimal(), inputs(t, minimal()).Identity, nil)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := filepath.Glob("testdata/files/*.txtar")
	if err != nil || len(cases) < 12 {
		t.Fatalf("found %d cases, %v", len(cases), err)
	}
	for _, name := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			given := parseArchive(t, name)
			c := minimal()
			overlay := strings.ReplaceAll(string(given.files[0].data), "BUNDLE", indented(fixture(t, "corp-bundle.crt")))
			if err := yaml.UnmarshalStrict([]byte(overlay), &c); err != nil {
				t.Fatal(err)
			}
			in := inputs(t, c)
			got, err := Files(in)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Read(got).Check(newest); err != nil {
				t.Errorf("Check refuses what Files made:\n%v", err)
			}
			got["metadata.json"], err = Metadata(c, in.Identity, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := &archive{comment: given.comment, files: given.files[:1]}
			for _, path := range slices.Sorted(maps.Keys(got)) {
				data := got[path]
				known := path == clusterConfigFile || bytes.Equal(data, base[path]) || bytes.Equal(data, metadata)
				if filepath.Base(name) != "minimal.txtar" && known {
					continue
				}
				if !bytes.HasSuffix(data, []byte("\n")) {
					data = append(slices.Clone(data), '\n')
					if path != "metadata.json" {
						t.Errorf("%s does not end with a newline", path)
					}
				}
				want.files = append(want.files, archived{path, data})
			}
			for path := range base {
				if _, ok := got[path]; !ok {
					t.Errorf("%s is missing", path)
				}
			}
			golden(t, name, want.format())
		})
	}
}

func indented(data []byte) string {
	return strings.ReplaceAll(strings.TrimSpace(string(data)), "\n", "\n  ")
}

// golden compares with a file, or rewrites it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; run with -update and look at the difference.\ngot:\n%s", name, got)
	}
}

func TestFilesAreTheSameEachTime(t *testing.T) {
	t.Parallel()
	c := full()
	first := filesOf(t, c)
	for range 50 {
		if again := filesOf(t, c); !maps.EqualFunc(first, again, bytes.Equal) {
			t.Fatal("two runs differ")
		}
	}
}

// full asks for nearly everything at once.
func full() installconfig.InstallConfig {
	c := minimal()
	one := int64(1)
	c.Arbiter = &installconfig.MachinePool{Name: "arbiter", Replicas: &one, Hyperthreading: "Disabled"}
	c.SSHKey = "ssh-ed25519 AAAA one\nssh-ed25519 BBBB two\n"
	c.FIPS = true
	c.Proxy = &installconfig.Proxy{HTTPProxy: "http://proxy.corp:3128", NoProxy: ".corp"}
	c.ImageDigestSources = []installconfig.ImageDigestSource{{Source: "quay.io/okd", Mirrors: []string{"mirror.corp/okd"}}}
	c.FeatureSet = "CustomNoUpgrade"
	c.FeatureGates = []string{"ConfigurablePKI=true", "Foo=false"}
	c.Networking.ServiceNetwork = append(c.Networking.ServiceNetwork, "fd02::/112")
	return c
}

func TestFilesLeavesTheConfigAlone(t *testing.T) {
	t.Parallel()
	c := full()
	before := fmt.Sprintf("%+v", c)
	filesOf(t, c)
	if after := fmt.Sprintf("%+v", c); after != before {
		t.Errorf("the config has changed:\n%s\n%s", before, after)
	}
}

func TestFilesSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Inputs)
		want   string
	}{
		"no root CA": {func(in *Inputs) { in.RootCA = nil }, "root CA: holds no PEM certificate"},
		"no MCS":     {func(in *Inputs) { in.MCSCert = []byte("x") }, "machine-config server certificate: holds no PEM certificate"},
		"no pointer": {func(in *Inputs) { delete(in.Pointers, "worker") }, "there is no pointer Ignition config for role worker"},
		"bundle of keys": {func(in *Inputs) {
			in.Config.AdditionalTrustBundle = "-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----\n"
		}, "additionalTrustBundle: PEM block 1 (PRIVATE KEY) is not a certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := inputs(t, minimal())
			c.change(&in)
			if _, err := Files(in); err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// An incomplete config is a mistake of the caller; it must not be a crash.
func TestFilesOfAnEmptyConfig(t *testing.T) {
	t.Parallel()
	if _, err := Files(inputs(t, installconfig.InstallConfig{})); err != nil {
		t.Error(err)
	}
}

func TestTopologies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		platform                string
		masters, arbiters       int64
		workers                 int64
		control, infra, ingress string
		schedulable             bool
	}{
		{"none", 1, 0, 0, "SingleReplica", "SingleReplica", "ControlPlane", true},
		{"external", 1, 0, 0, "SingleReplica", "SingleReplica", "Workers", true},
		{"none", 1, 0, 1, "SingleReplica", "SingleReplica", "ControlPlane", false},
		{"none", 1, 0, 2, "SingleReplica", "HighlyAvailable", "ControlPlane", false},
		{"none", 2, 0, 0, "DualReplica", "HighlyAvailable", "Workers", true},
		{"none", 2, 1, 0, "HighlyAvailableArbiter", "HighlyAvailable", "Workers", true},
		{"none", 3, 1, 1, "HighlyAvailableArbiter", "SingleReplica", "Workers", false},
		{"none", 3, 0, 0, "HighlyAvailable", "HighlyAvailable", "Workers", true},
		{"none", 5, 0, 2, "HighlyAvailable", "HighlyAvailable", "Workers", false},
	} {
		t.Run(fmt.Sprintf("%s-%d-%d-%d", c.platform, c.masters, c.arbiters, c.workers), func(t *testing.T) {
			t.Parallel()
			config := minimal()
			if config.Platform.Name = c.platform; c.platform == "external" {
				config.Platform.Config = &platform.External{}
			}
			config.ControlPlane.Replicas, config.Compute[0].Replicas = &c.masters, &c.workers
			if c.arbiters > 0 {
				config.Arbiter = &installconfig.MachinePool{Name: "arbiter", Replicas: &c.arbiters}
			}
			files := filesOf(t, config)
			value := func(file string, path ...string) any {
				d, problems := read(file, files[file])
				if problems != nil {
					t.Fatal(problems)
				}
				return d[0].value(path...)
			}
			for _, v := range []struct{ got, want any }{
				{value(InfrastructureFile, "status", "controlPlaneTopology"), c.control},
				{value(InfrastructureFile, "status", "infrastructureTopology"), c.infra},
				{value(ingressFile, "status", "defaultPlacement"), c.ingress},
				{value(schedulerFile, "spec", "mastersSchedulable"), c.schedulable},
			} {
				if v.got != v.want {
					t.Errorf("got %v, want %v", v.got, v.want)
				}
			}
		})
	}
}

// Ten credentials: the index in the file name has as many digits as the count,
// so that the files sort as they are listed.
func TestFencingFileNames(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{2: "-0.yaml", 9: "-0.yaml", 10: "-00.yaml", 100: "-000.yaml"} {
		c := minimal()
		c.ControlPlane.Fencing = &installconfig.Fencing{}
		for i := range n {
			c.ControlPlane.Fencing.Credentials = append(c.ControlPlane.Fencing.Credentials,
				installconfig.FencingCredential{HostName: fmt.Sprintf("node-%d", i)})
		}
		if _, ok := filesOf(t, c)["openshift/99_openshift-etcd_fencing-credentials-secrets"+want]; !ok {
			t.Errorf("%d credentials: no file ends in %s", n, want)
		}
	}
}

// The pull secret is a secret, and goes where only the cluster's operators read.
func TestPullSecretStaysOutOfTheConfigMap(t *testing.T) {
	t.Parallel()
	c := minimal()
	c.PullSecret = `{"auths":{"registry.example":{"auth":"c2VjcmV0OnNlY3JldA=="}}}`
	for path, data := range filesOf(t, c) {
		if bytes.Contains(data, []byte("c2VjcmV0OnNlY3JldA==")) {
			t.Errorf("%s holds the pull secret in clear", path)
		}
	}
}
