//go:build e2e && truth

package guest

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// variant is a cluster of which okd-install makes more manifests, or others.
type variant struct {
	name string
	// masters and workers are the numbers of machines.
	masters, workers int
	platform         string
	// config is more of the install-config, and pool of its block controlPlane.
	config, pool string
	single       bool
	// set is the feature set whose definitions the server has.
	set string
	// edited is text that the user's worker.ign has instead of our own.
	edited bool
	env    []string
	// files are some that must be among the manifests.
	files []string
}

const mirrors = `imageDigestSources:
- {source: quay.io/okd/scos-release, mirrors: [mirror.example.com/okd/release], sourcePolicy: NeverContactSource}
- {source: quay.io/okd/scos-content, mirrors: [mirror.example.com/okd/content, mirror2.example.com/okd/content]}
`

const contentSources = `imageContentSources:
- {source: quay.io/okd/scos-release, mirrors: [mirror.example.com/okd/release]}
`

const withProxy = `proxy:
  httpProxy: http://user:word@proxy.example.com:3128
  httpsProxy: http://user:word@proxy.example.com:3128
  noProxy: .intern.example.com,192.0.2.0/24
`

const dualStack = `networking:
  machineNetwork: [{cidr: 10.0.0.0/16}, {cidr: "fd01:10::/64"}]
  clusterNetwork: [{cidr: 10.128.0.0/14, hostPrefix: 23}, {cidr: "fd01:128::/48", hostPrefix: 64}]
  serviceNetwork: [172.30.0.0/16, "fd01:30::/112"]
  ovnKubernetesConfig: {ipv4: {internalJoinSubnet: 100.99.0.0/16}}
`

const singleStackIPv6 = `networking:
  machineNetwork: [{cidr: "fd01:10::/64"}]
  clusterNetwork: [{cidr: "fd01:128::/48", hostPrefix: 64}]
  serviceNetwork: ["fd01:30::/112"]
`

const fencing = `
  fencing:
    credentials:
    - {hostName: master-0, username: u, password: p, address: "redfish+https://192.0.2.10/redfish/v1/Systems/1"}
    - {hostName: master-1, username: u, password: p, address: "redfish+https://192.0.2.11/redfish/v1/Systems/1", certificateVerification: Disabled}`

var variants = []variant{
	{name: "default", masters: 3, workers: 2},
	{name: "proxy, mirrors, trust bundle", masters: 3, workers: 2, config: withProxy + mirrors + "additionalTrustBundlePolicy: Always\n",
		files: []string{"image-digest-mirror-set.yaml", "user-ca-bundle-config.yaml"}},
	{name: "mirrors as they were, compact, FIPS", masters: 3, config: contentSources + "fips: true\n",
		env:   []string{"OPENSHIFT_INSTALL_SKIP_HOSTCRYPT_VALIDATION=true"},
		files: []string{"image-content-source-policy.yaml", "99_openshift-machineconfig_99-master-fips.yaml"}},
	{name: "dual stack, join subnet", masters: 3, workers: 2, config: dualStack, files: []string{"cluster-network-03-config.yml"}},
	{name: "IPv6", masters: 3, workers: 2, config: singleStackIPv6},
	{name: "another network plug-in", masters: 3, workers: 2, config: "networking: {networkType: Calico}\n"},
	{name: "external, cloud controller manager", masters: 3, workers: 2,
		platform: "external: {platformName: oci, cloudControllerManager: External}"},
	{name: "external", masters: 3, workers: 2, platform: "external: {}"},
	{name: "capabilities, pinned processors", masters: 3, workers: 2, pool: "\n  hyperthreading: Disabled",
		config: `cpuPartitioningMode: AllNodes
capabilities:
  baselineCapabilitySet: None
  additionalEnabledCapabilities: [Ingress, NodeTuning, CloudCredential, MachineAPI]
`},
	{name: "arbiter", masters: 2, workers: 0, config: "arbiter: {name: arbiter, replicas: 1}\n",
		files: []string{"99_openshift-cluster-api_arbiter-user-data-secret.yaml"}},
	{name: "fencing", masters: 2, workers: 0, pool: fencing, files: []string{"99_openshift-etcd_fencing-credentials-secrets-0.yaml"}},
	{name: "single node", masters: 1, single: true, config: "bootstrapInPlace: {installationDisk: /dev/vda}\n"},
	{name: "edited pointer configs", masters: 3, workers: 2, edited: true,
		env:   []string{"OPENSHIFT_INSTALL_EXPERIMENTAL_DISABLE_IMAGE_POLICY=true"},
		files: []string{"99_openshift-installer-ignition_worker.yaml"}},
	{name: "feature set TechPreviewNoUpgrade", masters: 3, workers: 2, set: "TechPreviewNoUpgrade",
		config: "featureSet: TechPreviewNoUpgrade\n",
		files:  []string{"cluster-pki-02-config.yaml"}},
	{name: "feature set CustomNoUpgrade, keys", masters: 3, workers: 2, set: "CustomNoUpgrade", config: `featureSet: CustomNoUpgrade
featureGates: [ConfigurablePKI=true, ShortCertRotation=false]
pki: {signerCertificates: {key: {algorithm: ECDSA, ecdsa: {curve: P384}}}}
`, files: []string{"cluster-pki-02-config.yaml"}},
}

// make has the program under test make the configs of a cluster, and reads their manifests.
func (v variant) make(t *testing.T, ca []byte) []manifest {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cluster")
	must(t, os.Mkdir(dir, 0o700))
	if v.platform == "" {
		v.platform = "none: {}"
	}
	bundle := ""
	if strings.Contains(v.config, "additionalTrustBundlePolicy") {
		bundle = "additionalTrustBundle: |\n  " + strings.ReplaceAll(strings.TrimSpace(string(ca)), "\n", "\n  ") + "\n"
	}
	public, err := ssh.NewPublicKey(newIssuer(t, "the user").key.Public()) // of a type that FIPS mode allows
	must(t, err)
	config := fmt.Sprintf(`apiVersion: v1
metadata: {name: other}
baseDomain: example.com
controlPlane:
  name: master
  replicas: %d%s
compute:
- {name: worker, replicas: %d}
platform: {%s}
sshKey: %q
pullSecret: %q
%s%s`, v.masters, v.pool, v.workers, v.platform, string(ssh.MarshalAuthorizedKey(public)), pullSecret(), v.config, bundle)
	write(t, filepath.Join(dir, "install-config.yaml"), []byte(config), 0o600)
	target, file := "ignition-configs", "bootstrap.ign"
	if v.single {
		target, file = "single-node-ignition-config", "bootstrap-in-place-for-live-iso.ign"
	}
	create := func() {
		t.Helper()
		cmd := exec.Command(okdInstall(t), "create", target, "--dir", dir, "--release", "4.22")
		cmd.Env = append(os.Environ(), v.env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("okd-install: %v\n%s", err, out)
		}
	}
	create()
	if v.edited {
		name := filepath.Join(dir, "worker.ign")
		raw, err := os.ReadFile(name)
		must(t, err)
		edited := strings.Replace(string(raw), `{"ignition":`,
			`{"storage":{"files":[{"path":"/etc/motd.d/mine","contents":{"source":"data:,mine"},"mode":420}]},"ignition":`, 1)
		must(t, os.WriteFile(name, []byte(edited), 0o600))
		create()
	}
	return readIgnition(t, filepath.Join(dir, file))
}

// keptKinds are those whose one object the server lets nobody delete. By another name they
// can be created with their status where that is true.
var keptKinds = map[string]bool{
	"ClusterVersion": false, "DNS": false, "FeatureGate": false, "Infrastructure": true, "Ingress": true, "Network": false,
	"PKI": false, "Proxy": true, "Scheduler": false,
}

// emptyField is what we write into the Scheduler as the established installer does, empty,
// and what only the definition of a preview knows: the server leaves it out with a warning.
const emptyField = "profileCustomizations"

// leaveOutEmpty takes emptyField out, as long as there is nothing in it.
func leaveOutEmpty(m manifest) {
	spec, _ := m.object["spec"].(map[string]any)
	if m.of().kind == "Scheduler" && reflect.DeepEqual(spec[emptyField], map[string]any{"dynamicResourceAllocation": ""}) {
		delete(spec, emptyField)
	}
}

// tryVariants creates the manifests of each cluster with strict validation, reads them back
// and takes them away again. At the end the server has those of the host again. What cannot
// be taken away is validated without being stored.
func tryVariants(t *testing.T, admin *asker, r *truthReport, all definitionFiles) {
	ca := newIssuer(t, "authority of the mirror").pem
	made := make([][]manifest, len(variants))
	ofSet := map[string][]manifest{}
	for i, v := range variants {
		made[i] = v.make(t, ca)
		ofSet[v.set] = append(ofSet[v.set], made[i]...)
	}
	before := map[string]map[string]any{}
	var undefined []string
	objects, dry := 0, 0
	for i, v := range variants {
		if i == 0 || v.set != variants[i-1].set {
			undefined = append(undefined, admin.define(all, cmp.Or(v.set, "Default"), kindsOf(ofSet[v.set]))...)
		}
		t.Run(v.name, func(t *testing.T) {
			outer := admin.t
			admin.t = t
			defer func() { admin.t = outer }()
			for _, file := range v.files {
				if !slices.ContainsFunc(made[i], func(m manifest) bool { return m.file == file }) {
					t.Errorf("there is no %s", file)
				}
			}
			for _, m := range made[i] {
				leaveOutEmpty(m)
				objects++
				another, kept := keptKinds[m.of().kind]
				kept = kept && m.of().group == "config.openshift.io"
				complaints := admin.validate(m)
				switch {
				case kept && another:
					m.object["metadata"].(map[string]any)["name"] = "of-another-cluster"
				case kept:
					dry++
				default:
					if _, one := admin.paths(m); one != "" && before[one] == nil {
						if code, _ := admin.try("GET", one, nil); code == 200 {
							before[one] = admin.must(200, "GET", one, nil)
						}
					}
				}
				if !kept || another {
					admin.remove(m)
					complaints = append(complaints, admin.create(m)...)
					admin.remove(m)
				}
				for _, c := range complaints {
					t.Error(c)
				}
			}
		})
	}
	r.version("manifests of other clusters", fmt.Sprintf(
		"%d objects of %d clusters, all with strict validation; %d were not stored, as the server keeps the one that it has",
		objects, len(variants), dry))
	slices.Sort(undefined)
	undefined = slices.Compact(undefined)
	r.version("kinds of ours without a definition in openshift/api", cmp.Or(strings.Join(undefined, ", "), "none"))
	if len(undefined) > 0 {
		t.Errorf("nobody has a definition of %v", undefined)
	}
	admin.define(all, "Default", kindsOf(ofSet[""]))
	for one, o := range before {
		admin.restore(one, o)
	}
}
