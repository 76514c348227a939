package manifests

import (
	"bytes"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	yaml3 "go.yaml.in/yaml/v3"

	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/release"
)

// Each file of data/manifests has its row, and each row its file. What a reader
// learns in the file is what the row says.
func TestEachFileHasARow(t *testing.T) {
	t.Parallel()
	var files, rows []string
	err := fs.WalkDir(data.Manifests, "manifests", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, strings.TrimPrefix(path, "manifests/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range Table {
		rows = append(rows, row.File)
	}
	slices.Sort(files)
	if !slices.Equal(files, rows) {
		t.Errorf("data/manifests holds\n%s\nand the table, which is to be in the same order,\n%s",
			strings.Join(files, "\n"), strings.Join(rows, "\n"))
	}
}

func TestFilesReadWell(t *testing.T) {
	t.Parallel()
	for _, row := range Table {
		t.Run(row.File, func(t *testing.T) {
			t.Parallel()
			text, err := data.Manifests.ReadFile("manifests/" + row.File)
			if err != nil {
				t.Fatal(err)
			}
			var comment []string
			for line := range strings.Lines(string(text)) {
				if len(line) > 141 {
					t.Errorf("a line has %d columns: %s", len(line), line)
				}
				if rest, ok := strings.CutPrefix(line, "#"); ok {
					comment = append(comment, strings.Fields(rest)...)
				}
			}
			says := strings.Join(comment, " ")
			for _, field := range row.Fields {
				if field == "all" {
					field = "the whole install-config"
				}
				if !strings.Contains(says, field) {
					t.Errorf("the comment does not name %s", field)
				}
			}
			if row.When != "" && !strings.Contains(says, "Made "+row.When) {
				t.Errorf("the comment does not say %q", "Made "+row.When)
			}
			if standIn := row.standIn(); standIn != "" && !strings.Contains(says, standIn) {
				t.Errorf("the comment does not say what %s is", standIn)
			}
			if !strings.HasPrefix(string(text), "# ") || row.Is == "" {
				t.Error("the comment or the row does not say what the file is for")
			}
			if len(row.Fields) > 0 != (slices.Contains(row.Sources, fromConfig) || slices.Contains(row.Sources, fromPlatform)) {
				t.Error("only what comes from the install-config has fields, and all of that has")
			}
			var root yaml3.Node
			if err := yaml3.Unmarshal(text, &root); err != nil {
				t.Fatal(err)
			}
			order := []string{"apiVersion", "kind", "metadata"}
			for i, key := range order {
				if got := root.Content[0].Content[2*i].Value; got != key {
					t.Errorf("%s stands where %s belongs", got, key)
				}
			}
		})
	}
}

// asked is a config that every file of the asset directory is made for.
func asked() installconfig.InstallConfig {
	c := full()
	c.ImageContentSources = []installconfig.ImageContentSource{{Source: "quay.io/okd", Mirrors: []string{"mirror.corp/okd"}}}
	c.Networking.OVNKubernetesConfig = &installconfig.OVNKubernetesConfig{
		IPv4: &installconfig.OVNIPv4Config{InternalJoinSubnet: "100.99.0.0/16"},
	}
	c.ControlPlane.Fencing = &installconfig.Fencing{Credentials: []installconfig.FencingCredential{{HostName: "master-0", Password: "one"}}}
	c.Capabilities = &installconfig.Capabilities{BaselineCapabilitySet: "None"}
	return c
}

func withBundle(t *testing.T, c installconfig.InstallConfig) installconfig.InstallConfig {
	t.Helper()
	c.AdditionalTrustBundle = string(fixture(t, "corp-bundle.crt"))
	return c
}

// Each place of each file has a value and each value a place, which fill holds
// with every cluster that is made; here every file is made. Find knows them again.
func TestEachRowIsFilled(t *testing.T) {
	t.Parallel()
	in := inputs(t, withBundle(t, asked()))
	in.Platform.CloudConfig = map[string]string{"config": "[Global]\n"}
	for _, row := range Table {
		if row.HostOnly {
			path, _, err := InstallerIgnition("worker", []byte(`{"ignition":{"version":"3.2.0"}}`))
			if found, ok := Find(path); err != nil || !ok || found.File != row.File {
				t.Errorf("%s: %v, %+v", path, err, found)
			}
			continue
		}
		made := 0
		err := row.make(in, func(path string, _ object) error {
			made++
			if found, ok := Find(path); !ok || found.File != row.File {
				t.Errorf("%s is found as %q", path, found.File)
			}
			return nil
		})
		if err != nil || made == 0 {
			t.Errorf("%s: %d files, %v", row.File, made, err)
		}
	}
	for _, name := range []string{
		"manifests/99_feature-gate.yaml", "openshift/99_openshift-machineconfig_99-ROLE-ssh.yaml",
		"openshift/99_openshift-machineconfig_99-infra-ssh.yaml",
		"openshift/99_openshift-etcd_fencing-credentials-secrets-x.yaml",
		"openshift/99_openshift-etcd_fencing-credentials-secrets-.yaml", "mine.yaml",
	} {
		if row, ok := Find(name); ok {
			t.Errorf("%s is found as %s", name, row.File)
		}
	}
}

// rowsThatDiffer are the rows of which one cluster has other files than another.
func rowsThatDiffer(t *testing.T, a, b Inputs) map[string]bool {
	t.Helper()
	before, err := Files(a)
	if err != nil {
		t.Fatal(err)
	}
	after, err := Files(b)
	if err != nil {
		t.Fatal(err)
	}
	names := maps.Clone(before)
	maps.Copy(names, after)
	differ := map[string]bool{}
	for name := range names {
		if !bytes.Equal(before[name], after[name]) {
			row, ok := Find(name)
			if !ok {
				t.Fatalf("%s has no row", name)
			}
			differ[row.File] = true
		}
	}
	return differ
}

// TestSourcesAreTrue changes one source after the other: exactly the rows that
// name it make other files then.
func TestSourcesAreTrue(t *testing.T) {
	t.Parallel()
	one := int64(1)
	for source, change := range map[string]func(*Inputs){
		fromRelease:  func(in *Inputs) { in.Release = release.Release{Line: "4.16"} }, // without ConfigurablePKI
		fromIdentity: func(in *Inputs) { in.Identity = Identity{UUID: "another", InfraID: "another"} },
		fromPlatform: func(in *Inputs) {
			in.Platform = Platform{
				Type: "Another", Block: &platform.External{PlatformName: "another"}, CloudConfig: map[string]string{"config": ""},
				IngressOnSingleNode: true, ManagedUserData: true,
			}
		},
		fromRootCA:     func(in *Inputs) { in.RootCA, in.RootCAKey = in.MCSCert, []byte("another\n") },
		fromServing:    func(in *Inputs) { in.MCSCert, in.MCSKey = in.RootCA, []byte("another\n") },
		fromPassword:   func(in *Inputs) { in.PasswordHash = "another" },
		fromPointers:   func(in *Inputs) { in.Pointers = map[string][]byte{"master": nil, "worker": nil, "arbiter": nil} },
		fromProvenance: func(in *Inputs) { in.Version, in.Invoker = "another", "somebody" },
	} {
		c := asked()
		c.ControlPlane.Replicas = &one // where the platform decides on more
		in := inputs(t, c)
		in.Platform.IngressOnSingleNode = false
		changed := in
		change(&changed)
		differ := rowsThatDiffer(t, in, changed)
		for _, row := range Table {
			if slices.Contains(row.Sources, source) != differ[row.File] {
				t.Errorf("%s: its row names %v; it changes with %s: %v", row.File, row.Sources, source, differ[row.File])
			}
		}
	}
}

// TestFieldsAreTrue changes one field of the install-config after the other: a
// row names the field if it makes other files then, and each field that a row
// names makes a difference.
func TestFieldsAreTrue(t *testing.T) {
	t.Parallel()
	type config = installconfig.InstallConfig
	one, two := int64(1), int64(2)
	differs := map[string]map[string]bool{}
	for _, c := range []struct {
		field  string
		base   func(*config)
		change func(*config)
	}{
		{field: "metadata.name", change: func(c *config) { c.Metadata.Name = "another" }},
		{field: "baseDomain", change: func(c *config) { c.BaseDomain = "example.org" }},
		{field: "platform", change: func(c *config) { c.Platform = platform.Platform{Name: "external", Config: &platform.External{}} }},
		{
			field: "platform", base: func(c *config) { c.ControlPlane.Replicas = &one },
			change: func(c *config) { c.Platform = platform.Platform{Name: "external", Config: &platform.External{}} },
		},
		{field: "platform", change: func(c *config) {
			c.Platform = platform.Platform{Name: "external", Config: &platform.External{PlatformName: cloud}}
		}},
		{
			field: "arbiter", base: func(c *config) { c.Arbiter.Replicas = &one },
			change: func(c *config) { c.Arbiter.Replicas = new(int64) },
		},
		{field: "controlPlane", change: func(c *config) { c.ControlPlane.Replicas = &one }},
		{field: "arbiter", change: func(c *config) { c.Arbiter.Replicas = new(int64) }},
		{field: "controlPlane.hyperthreading", change: func(c *config) { c.ControlPlane.Hyperthreading = "Disabled" }},
		{field: "controlPlane.fencing", change: func(c *config) { c.ControlPlane.Fencing = nil }},
		{field: "compute", change: func(c *config) { c.Compute[0].Replicas = new(int64) }},
		{field: "compute", base: func(c *config) { c.Compute[0].Replicas = &two }, change: func(c *config) { c.Compute[0].Replicas = &one }},
		{field: "compute.hyperthreading", change: func(c *config) { c.Compute[0].Hyperthreading = "Disabled" }},
		{field: "arbiter.hyperthreading", change: func(c *config) { c.Arbiter.Hyperthreading = "Enabled" }},
		{field: "networking.clusterNetwork", change: func(c *config) { c.Networking.ClusterNetwork[0].CIDR = "10.64.0.0/14" }},
		{field: "networking.serviceNetwork", change: func(c *config) { c.Networking.ServiceNetwork = []string{"172.31.0.0/16"} }},
		{field: "networking.machineNetwork", change: func(c *config) { c.Networking.MachineNetwork[0].CIDR = "192.168.2.0/24" }},
		{field: "networking.networkType", change: func(c *config) { c.Networking.NetworkType = "Other" }},
		{field: "networking.ovnKubernetesConfig", change: func(c *config) { c.Networking.OVNKubernetesConfig = nil }},
		{field: "pki", change: func(c *config) { c.PKI = &installconfig.PKI{} }},
		{field: "featureSet", change: func(c *config) { c.FeatureSet, c.FeatureGates = "TechPreviewNoUpgrade", nil }},
		{field: "featureSet", base: func(c *config) { c.FeatureGates = nil }, change: func(c *config) { c.FeatureSet = "TechPreviewNoUpgrade" }},
		{field: "featureGates", change: func(c *config) { c.FeatureGates = []string{"Foo=true"} }},
		{field: "proxy", change: func(c *config) { c.Proxy = nil }},
		{field: "additionalTrustBundle", change: func(c *config) { *c = withBundle(t, *c) }},
		{
			field: "additionalTrustBundlePolicy", base: func(c *config) { *c = withBundle(t, *c); c.Proxy = nil },
			change: func(c *config) { c.AdditionalTrustBundlePolicy = "Always" },
		},
		{field: "capabilities", change: func(c *config) { c.Capabilities = nil }},
		{field: "cpuPartitioningMode", change: func(c *config) { c.CPUPartitioningMode = "AllNodes" }},
		{field: "imageContentSources", change: func(c *config) { c.ImageContentSources = nil }},
		{field: "imageDigestSources", change: func(c *config) { c.ImageDigestSources = nil }},
		{field: "pullSecret", change: func(c *config) { c.PullSecret = "{}" }},
		{field: "fips", change: func(c *config) { c.FIPS = false }},
		{field: "sshKey", change: func(c *config) { c.SSHKey = "" }},
		{field: "publish", change: func(c *config) { c.Publish = "Internal" }},
	} {
		before, after := asked(), asked()
		for _, config := range []*config{&before, &after} {
			if c.base != nil {
				c.base(config)
			}
		}
		c.change(&after)
		for file := range rowsThatDiffer(t, inputs(t, before), inputs(t, after)) {
			row, _ := Find(strings.ReplaceAll(strings.ReplaceAll(file, forRole, "master"), numbered, "0"))
			if !slices.Contains(row.Fields, c.field) && !slices.Contains(row.Fields, "all") {
				t.Errorf("%s changes with %s, but its row names only %v", file, c.field, row.Fields)
			}
			if differs[file] == nil {
				differs[file] = map[string]bool{}
			}
			differs[file][c.field] = true
		}
	}
	for _, row := range Table {
		for _, field := range row.Fields {
			if field != "all" && !differs[row.File][field] {
				t.Errorf("%s names %s, but does not change with it", row.File, field)
			}
		}
	}
}
