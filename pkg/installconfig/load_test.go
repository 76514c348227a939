package installconfig

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/release"
)

const minimal = `apiVersion: v1
baseDomain: example.com
metadata:
  name: okd
platform:
  none: {}
pullSecret: '{"auths":{"fake":{"auth":"aWQ6cGFzcwo="}}}'
`

func load(t *testing.T, text string) Loaded {
	t.Helper()
	loaded, err := Load(FileName, []byte(text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// refusal returns the problems of a text that must be refused.
func refusal(t *testing.T, data []byte) diag.Problems {
	t.Helper()
	_, err := Load(FileName, data, Options{})
	var invalid *InvalidError
	var problems diag.Problems
	if !errors.As(err, &invalid) || invalid.File != FileName || !errors.As(err, &problems) {
		t.Fatalf("not refused: %v", err)
	}
	return problems
}

func TestRefusesWhatIsNoInstallConfig(t *testing.T) {
	t.Parallel()
	deep := minimal + "x: " + strings.Repeat("[", 200) + strings.Repeat("]", 200)
	chain := minimal + "a0: &a0 [x]\n"
	for i := range 500 {
		chain += fmt.Sprintf("a%d: &a%d [*a%d]\n", i+1, i+1, i)
	}
	for name, c := range map[string]struct{ text, want string }{
		"too large":    {minimal + "# " + strings.Repeat("x", maxBytes), "more than the 1048576"},
		"UTF-16":       {"\xff\xfea\x00", "not a text file"},
		"Latin-1":      {minimal + "sshKey: \xe9\n", "not a text file"},
		"nothing":      {"\x00\x01", "not a text file"},
		"deep":         {deep, "nested more than 100 levels"},
		"alias chain":  {chain, "through aliases"},
		"duplicates":   {minimal + strings.Repeat("a: b\n", 1000), "given twice"},
		"list":         {"- a", "holds a list"},
		"second":       {minimal + "---\n" + minimal, "second YAML document"},
		"broken after": {minimal + "---\n[", "is not YAML"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := refusal(t, []byte(c.text))
			if !strings.Contains(problems.Error(), c.want) {
				t.Errorf("got %v, want %q", problems, c.want)
			}
			if len(problems) > maxProblems {
				t.Errorf("%d problems are more than anybody reads", len(problems))
			}
		})
	}
}

// The whole second document may be empty: a file that ends in --- is one document.
func TestAcceptsDocumentMarkers(t *testing.T) {
	t.Parallel()
	if got := load(t, "---\n"+minimal+"...\n").Config.Metadata.Name; got != "okd" {
		t.Errorf("name is %q", got)
	}
}

func TestByteOrderMarkIsNoPartOfTheFirstField(t *testing.T) {
	t.Parallel()
	if got := load(t, "\ufeff"+minimal).Config.APIVersion; got != "v1" {
		t.Errorf("apiVersion is %q", got)
	}
}

func TestWindowsLineEnds(t *testing.T) {
	t.Parallel()
	loaded := load(t, strings.ReplaceAll(minimal, "\n", "\r\n"))
	if !reflect.DeepEqual(loaded.Config, load(t, minimal).Config) {
		t.Error("the line ends are part of the config")
	}
}

func TestPullSecretDefault(t *testing.T) {
	t.Parallel()
	without := strings.Split(minimal, "pullSecret")[0]
	for _, text := range []string{without, without + "pullSecret:\n", without + "pullSecret: null\n"} {
		loaded := load(t, text)
		if loaded.Config.PullSecret != PublicPullSecret || len(loaded.Notes) != 1 || loaded.Notes[0].Path != "pullSecret" {
			t.Errorf("%q: %q, notes %v", text[len(without):], loaded.Config.PullSecret, loaded.Notes)
		}
	}
	if loaded := load(t, minimal); len(loaded.Notes) != 0 {
		t.Errorf("notes about a secret that was given: %v", loaded.Notes)
	}
	if problems := refusal(t, []byte(without+"pullSecret: ''\n")); problems[0].Line != 7 {
		t.Errorf("the empty secret is on line 7: %v", problems)
	}
}

func TestCluster(t *testing.T) {
	t.Parallel()
	c := load(t, `
apiVersion: v1
baseDomain: example.com.
metadata: {name: okd}
platform: {none: {}}
controlPlane: {replicas: 3}
compute: [{name: worker, replicas: 7}]
networking:
  machineNetwork: [{cidr: 192.168.1.0/24}, {cidr: "fd00::/64"}]
  clusterNetwork: [{cidr: 10.128.0.0/14, hostPrefix: 23}, {cidr: "fd01::/48", hostPrefix: 64}]
  serviceNetwork: [172.30.0.0/16, "fd02::/112"]
sshKey: |

  ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIPVEdyqnLUXYJG/bCPku/mw3JCImv4DSPTur29bAkJo one
  ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIPVEdyqnLUXYJG/bCPku/mw3JCImv4DSPTur29bAkJo two
  ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIPVEdyqnLUXYJG/bCPku/mw3JCImv4DSPTur29bAkJo one
`).Config
	if got := c.ClusterDomain(); got != "okd.example.com" {
		t.Errorf("domain %s", got)
	}
	if got := c.ComputeReplicas(); got != 7 {
		t.Errorf("%d workers", got)
	}
	if got := c.ServiceIPs(); !slices.Equal(got, []string{"172.30.0.1", "fd02::1"}) {
		t.Errorf("service addresses %v", got)
	}
	if !c.DualStack() {
		t.Error("not dual-stack")
	}
	if got := c.SSHKeys(); len(got) != 2 || !strings.HasSuffix(got[0], " one") || !strings.HasSuffix(got[1], " two") {
		t.Errorf("keys %q", got)
	}
	if (InstallConfig{}).DualStack() || (InstallConfig{}).ServiceIPs() != nil || (InstallConfig{}).ComputeReplicas() != 0 {
		t.Error("an empty config has networks or workers")
	}
	if load(t, minimal).Config.DualStack() {
		t.Error("the default is dual-stack")
	}
}

func TestEnabled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set   string
		gates []string
		gate  string
		want  bool
	}{
		{"", nil, "DualReplica", true},
		{"OKD", nil, "OSStreams", true},
		{"", nil, "ConfigurablePKI", false},
		{"TechPreviewNoUpgrade", nil, "ConfigurablePKI", true},
		{"DevPreviewNoUpgrade", nil, "MultiDiskSetup", true},
		{"", nil, "NeverHeardOf", false},
		{"CustomNoUpgrade", nil, "DualReplica", false},
		{"CustomNoUpgrade", []string{"Mine=true"}, "Mine", true},
		{"CustomNoUpgrade", []string{"Mine=false"}, "Mine", false},
		{"", []string{"Mine=true"}, "Mine", false},
	} {
		config := InstallConfig{FeatureSet: c.set, FeatureGates: c.gates}
		if got := config.Enabled(c.gate, release.Release{}); got != c.want {
			t.Errorf("%s with %q %v is %v", c.gate, c.set, c.gates, got)
		}
	}
}

// A release that does not have a gate yet does not know what it guards either:
// the bootstrap host cannot create an object of a kind that is not there.
func TestGateOfALaterReleaseIsOff(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{"": true, "4.16": false, "4.21": false, "4.22": true, "5.0": true} {
		for _, more := range []string{
			"featureSet: TechPreviewNoUpgrade\n", "featureSet: CustomNoUpgrade\nfeatureGates: [ConfigurablePKI=true]\n",
		} {
			r := release.Release{Line: line}
			loaded, err := Load(FileName, []byte(minimal+more), Options{Release: r})
			if err != nil {
				t.Fatal(err)
			}
			if got := loaded.Config.Enabled("ConfigurablePKI", r); got != want {
				t.Errorf("ConfigurablePKI of release %q is %v with %s", line, got, more)
			}
		}
	}
}

// Konnectivity takes one of two gates, and a release that has them.
func TestKonnectivity(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line, more string
		want       bool
	}{
		{"5.0", "", false},
		{"5.0", "featureSet: OKD\n", false},
		{"5.0", "featureSet: TechPreviewNoUpgrade\n", true},
		{"5.0", "featureSet: DevPreviewNoUpgrade\n", true},
		{"4.22", "featureSet: TechPreviewNoUpgrade\n", false},
		{"5.0", "featureSet: CustomNoUpgrade\n", false},
		{"5.0", "featureSet: CustomNoUpgrade\nfeatureGates: [CRDCompatibilityRequirementOperator=true]\n", true},
		{"5.0", "featureSet: CustomNoUpgrade\nfeatureGates: [ClusterAPIMachineManagement=true]\n", true},
		{"5.0", "featureSet: CustomNoUpgrade\nfeatureGates: [ClusterAPIMachineManagement=false]\n", false},
		{"4.22", "featureSet: CustomNoUpgrade\nfeatureGates: [ClusterAPIMachineManagement=true]\n", false},
	} {
		r := release.Release{Line: c.line}
		loaded, err := Load(FileName, []byte(minimal+c.more), Options{Release: r})
		if err != nil {
			t.Fatal(err)
		}
		if got := loaded.Config.Konnectivity(r); got != c.want {
			t.Errorf("%s with %q: %t", c.line, c.more, got)
		}
	}
}

func TestCapabilitySets(t *testing.T) {
	t.Parallel()
	for set, n := range map[string]int{"None": 0, "v4.11": 4, "v4.16": 16, "v4.17": 16, "v4.18": 17, "vCurrent": 19} {
		if got := len(capabilitiesOf(set)); got != n {
			t.Errorf("%s has %d capabilities, want %d", set, got, n)
		}
	}
	if !(InstallConfig{}).hasCapability("Console") {
		t.Error("without the block there is no Console")
	}
	c := InstallConfig{Capabilities: &Capabilities{BaselineCapabilitySet: "None", AdditionalEnabledCapabilities: []string{"Ingress"}}}
	if c.hasCapability("Console") || !c.hasCapability("Ingress") {
		t.Error("None with Ingress has other capabilities")
	}
}

func TestCapabilitySetOfRelease(t *testing.T) {
	t.Parallel()
	text := []byte(minimal + "capabilities: {baselineCapabilitySet: v4.17}\n")
	for line, good := range map[string]bool{"": true, "4.16": false, "4.17": true, "4.22": true, "5.0": true} {
		_, err := Load(FileName, text, Options{Release: release.Release{Line: line}})
		if (err == nil) != good {
			t.Errorf("v4.17 with release %q: %v", line, err)
		}
	}
}

func TestFIPS(t *testing.T) {
	t.Parallel()
	text := []byte(minimal + "fips: true\n")
	if _, err := Load(FileName, text, Options{}); err == nil || !strings.Contains(err.Error(), ": fips: ") {
		t.Errorf("accepted on any host: %v", err)
	}
	loaded, err := Load(FileName, text, Options{FIPSHost: true})
	if err != nil || len(loaded.Config.Metadata.Annotations) != 0 {
		t.Errorf("on a host with FIPS: %v, annotations %v", err, loaded.Config.Metadata.Annotations)
	}
	loaded, err = Load(FileName, text, Options{SkipHostCryptCheck: true})
	if err != nil || loaded.Config.Metadata.Annotations[hostCryptBypassed] != "true" || len(loaded.Warnings) != 1 {
		t.Errorf("with the check skipped: %v, %+v", err, loaded)
	}
}

func TestFingerprintsTellWhatChanged(t *testing.T) {
	t.Parallel()
	before := load(t, minimal+"sshKey: ''\n").Config
	after := before
	after.PullSecret = `{"auths":{"x":{"auth":"aHVudGVyMjo="}}}`
	compute := slices.Clone(before.Compute)
	two := int64(2)
	compute[0].Replicas = &two
	after.Compute = compute
	after.FIPS = true
	after.Metadata.Annotations = map[string]string{"a.b/c": "d"}
	want := []string{"compute[0].replicas", "fips", `metadata.annotations["a.b/c"]`, "pullSecret"}
	old, current := Fingerprints(before), Fingerprints(after)
	if got := Changed(old, current); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := Changed(current, old); !slices.Equal(got, want) {
		t.Errorf("in the other direction: %v", got)
	}
	if got := Changed(old, maps.Clone(old)); len(got) != 0 {
		t.Errorf("nothing changed, but %v", got)
	}
	for path, sum := range current {
		if len(sum) != 64 {
			t.Errorf("%s: %q is not a SHA-256 in hex", path, sum)
		}
	}
}

// A platform must need no more than its file and its row.
func TestAFurtherPlatformIsOneRow(t *testing.T) { //nolint:paralleltest // changes the table
	type toy struct {
		Region string   `json:"region"`
		Zones  []string `json:"zones,omitempty"`
		Old    string   `json:"old,omitempty"`
	}
	type toyPool struct {
		Disk int64 `json:"disk,omitempty"`
	}
	before := platform.Table
	t.Cleanup(func() { platform.Table = before })
	platform.Table = append(slices.Clone(before), platform.Spec{
		Name:    "toy",
		New:     func() any { return &toy{} },
		NewPool: func() any { return &toyPool{} },
		Complete: func(config any, warn platform.Report) {
			if c := config.(*toy); c.Old != "" {
				warn("old", "is deprecated", "")
				c.Region = c.Old
			}
		},
		Validate: func(config any, c platform.Cluster, fail platform.Report) {
			if config.(*toy).Region == "" || c.Domain != "okd.example.com" || c.ControlPlane != 3 || len(c.MachineNetworks) != 1 {
				fail("region", "is missing", "")
			}
		},
		ClusterName: func(name string) string { return map[bool]string{true: "is taken"}[name == "taken"] },
	})
	text := strings.Replace(minimal, "none: {}", "toy: {zones: [a], old: here}", 1) + "controlPlane: {platform: {toy: {disk: 5}}}\n"
	loaded := load(t, text)
	if got := loaded.Config.Platform.Config.(*toy); got.Region != "here" || !slices.Equal(got.Zones, []string{"a"}) {
		t.Errorf("read as %+v", got)
	}
	if got := loaded.Config.ControlPlane.Platform.Config.(*toyPool).Disk; got != 5 {
		t.Errorf("the pool's disk is %d", got)
	}
	if len(loaded.Warnings) != 1 || loaded.Warnings[0].Path != "platform.toy.old" || loaded.Warnings[0].Line != 6 {
		t.Errorf("warnings %v", loaded.Warnings)
	}
	canonical, err := Marshal(loaded.Config)
	if err != nil {
		t.Fatal(err)
	}
	checkReload(t, canonical, Options{})

	wrong := strings.NewReplacer("none: {}", "toy: {zone: [a]}", "name: okd", "name: taken").Replace(minimal) +
		"credentialsMode: Manual\npublish: Internal\ncontrolPlane: {replicas: 1}\narbiter: {replicas: 1}\nbootstrapInPlace: {installationDisk: /dev/vda}\n" +
		"networking: {machineNetwork: [{cidr: fd00::/64}], clusterNetwork: [{cidr: fd01::/48, hostPrefix: 64}], serviceNetwork: [fd02::/112]}\n"
	problems := refusal(t, []byte(wrong)).Error()
	for _, want := range []string{
		"platform.toy.zone: is not a field", "platform.toy.region: is missing", "metadata.name: \"taken\" is taken",
		"credentialsMode: cannot be used on platform toy", "publish: Internal cannot be used on platform toy",
		"does not support a single node", "arbiter: cannot be used on platform toy",
		"bootstrapInPlace: cannot be used on platform toy", "has no IPv4 network, which platform toy needs",
	} {
		if !strings.Contains(problems, want) {
			t.Errorf("no %q in:\n%s", want, problems)
		}
	}
}

// Files that are made to keep the reader busy are refused in few words. Each of
// them once took seconds, or printed a hundred megabytes.
func TestHostileFilesAreRefusedInFewWords(t *testing.T) {
	t.Parallel()
	many := func(line string) string { return strings.Repeat(line, (maxBytes-1000)/len(line)) }
	var networks strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&networks, "  - cidr: 10.%d.%d.%d/32\n", i>>16, i>>8&255, i&255)
	}
	for name, text := range map[string]string{
		"capabilities": "capabilities:\n  additionalEnabledCapabilities:\n" + strings.Repeat("  - x\n", 40_000),
		"too many":     "featureGates:\n" + many("- x\n"),
		"keys":         "sshKey: \"" + many(`a\n`) + "\"\n",
		"blocks":       "additionalTrustBundle: \"" + many(`-----BEGIN A-----\n-----END A-----\n`) + "\"\n",
		"noProxy":      "proxy:\n  httpProxy: http://a\n  noProxy: \"" + many(",") + "\"\n",
		"networks":     "networking:\n  machineNetwork:\n" + networks.String(),
		"brackets":     "x: " + many("["),
		"anchors":      "x: " + many("&a "),
		"question":     many("? "),
		"long key":     many("k") + ": v\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := refusal(t, []byte(minimal+text))
			if len(problems) > maxProblems+1 || len(problems.Error()) > 64<<10 {
				t.Errorf("%d problems in %d bytes", len(problems), len(problems.Error()))
			}
		})
	}
}
