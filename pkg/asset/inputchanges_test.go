package asset

import (
	"maps"
	"strings"
	"time"

	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/tls"
)

// This file is the table of the changes that TestEveryInputIsNamed makes, one after the
// other, and of what is known not to follow from them.

// inputRun is what one run starts from: a request, and the files of the directory.
type inputRun struct {
	Request
	files map[string]string
}

func (r inputRun) clone() inputRun {
	r.files = maps.Clone(r.files)
	return r
}

// inputChange changes one input of the graph: a field of inputs, or what a user has on disk.
type inputChange struct {
	// field is its name; Environment, Provided and Pointers are taken apart.
	field, name string
	// nodes are those by which it enters the graph.
	nodes []string
	// with is what both runs have, and change what only the second has.
	with, change func(*inputRun)
	// touches are outputs that must change, among others.
	touches []string
	// refused tells that the run without the change is refused, and with it is not.
	refused bool
}

const (
	hostEnvironment = ignition.BootstrapFile + ":" + ignition.EnvironmentFile
	madeBy          = ignition.BootstrapFile + ":/opt/openshift/openshift/openshift-install-manifests.yaml"
	hostCA          = ignition.BootstrapFile + ":/opt/openshift/tls/root-ca.crt"
	// ownDomain is another cluster's.
	ownDomain = "baseDomain: example.com"
)

// addition is what a user may add to a pointer config, before its first brace.
const addition = `"storage":{"files":[{"path":"/etc/own","mode":420,"contents":{"source":"data:,own"}}]},`

func inputChanges(made map[string]string, own map[string]tls.Pair, boundKey []byte) []inputChange {
	editedPointer := strings.Replace(made["master.ign"], "{", "{"+addition, 1)
	othersPointer := strings.ReplaceAll(editedPointer, "demo.example.com", "other.example.com")
	plainPointer := strings.ReplaceAll(made["master.ign"], "demo.example.com", "other.example.com")
	bring := func(names ...string) func(*inputRun) {
		return func(r *inputRun) {
			for _, name := range names {
				r.files["tls/"+name+".crt"], r.files["tls/"+name+".key"] = string(own[name].Cert), string(own[name].Key)
			}
		}
	}
	file := func(name, content string) func(*inputRun) { return func(r *inputRun) { r.files[name] = content } }
	config := func(old, now string) func(*inputRun) {
		return func(r *inputRun) {
			r.files[installconfig.FileName] = strings.Replace(r.files[installconfig.FileName], old, now, 1)
		}
	}
	load := func(r *inputRun) { r.Environment.LoadClusterCerts = true }
	later := func(r *inputRun) { r.Now = r.Now.Add(time.Hour) }
	rows := []inputChange{
		{field: "InstallConfig", nodes: []string{installconfig.FileName}, change: config(ownDomain, "baseDomain: example.org"),
			touches: []string{hostEnvironment, "master.ign", "worker.ign", kubeconfigFile, manifests.Dir}},
		{field: "InstallConfig", name: "the name", nodes: []string{installconfig.FileName}, change: config("name: demo", "name: demi"),
			touches: []string{hostEnvironment, metadataFile, kubeconfigFile, manifests.Dir}},
		{field: "InstallConfig", name: "the authorities' keys", nodes: []string{installconfig.FileName}, change: config("P256", "P384"),
			touches: []string{hostCA, "master.ign", "worker.ign", kubeconfigFile, manifests.Dir}},
		{field: "Release", nodes: []string{"release"}, change: func(r *inputRun) { r.Release = "5.0" },
			touches: []string{hostEnvironment, ignition.BootstrapFile + ":/opt/openshift/konnectivity-namespace.yaml"}},
		{field: "Environment.Invoker", nodes: []string{"provenance", "strictness"},
			change: func(r *inputRun) { r.Environment.Invoker = "robot" }, touches: []string{madeBy, manifests.OpenshiftDir}},
		{field: "Environment.ReleaseImage", nodes: []string{"release"}, change: func(r *inputRun) {
			r.Environment.ReleaseImage = "registry.example.com/okd/scos-release:4.22.0-okd-scos.99"
		}, touches: []string{hostEnvironment}},
		{field: "Environment.BootstrapNodeIP", nodes: []string{"environment"},
			change: func(r *inputRun) { r.Environment.BootstrapNodeIP = "192.168.1.9" }, touches: []string{hostEnvironment}},
		{field: "Environment.ClusterProfile", nodes: []string{"environment", "strictness"},
			change: func(r *inputRun) { r.Environment.ClusterProfile = "single-node-developer" }, touches: []string{hostEnvironment}},
		{field: "Environment.DisableImagePolicy", nodes: []string{"environment"},
			change:  func(r *inputRun) { r.Environment.DisableImagePolicy = true },
			touches: []string{ignition.BootstrapFile + ":/opt/openshift/manifests/cvo-overrides.yaml"}},
		{field: "Environment.LoadClusterCerts", nodes: []string{"root-ca"}, with: bring("root-ca"), change: load,
			touches: []string{hostCA, "master.ign", "worker.ign", manifests.Dir}},
		{field: "Environment.SkipHostCryptCheck", nodes: []string{"strictness"}, refused: true,
			with: func(r *inputRun) {
				r.files[installconfig.FileName] = strings.Replace(r.files[installconfig.FileName], "sshKey:", "fips: true\n# sshKey:", 1)
			}, change: func(r *inputRun) { r.Environment.SkipHostCryptCheck = true }},
		{field: "Version", nodes: []string{"provenance"}, change: func(r *inputRun) { r.Version = "v9.9.9" },
			touches: []string{madeBy, manifests.OpenshiftDir}},
		{field: "Now", nodes: []string{"issue-time"}, change: func(r *inputRun) { r.Now = r.Now.Add(2 * tls.Margin) },
			touches: []string{ignition.BootstrapFile + ":/opt/openshift/tls/aggregator-client.crt"}},
		{field: "LeafKey", nodes: []string{"leaf-key"}, change: func(r *inputRun) { r.LeafKey = "ecdsa-p384" }, touches: []string{
			ignition.BootstrapFile + ":/opt/openshift/tls/service-account.key", kubeconfigFile, manifests.Dir,
		}},
		{field: "Reissue", nodes: []string{"issue-time"}, with: later, change: func(r *inputRun) { r.Reissue = true },
			touches: []string{ignition.BootstrapFile + ":/opt/openshift/tls/aggregator-client.crt"}},
		{field: "Provided.KeyPairs", nodes: []string{boundKeyNode}, change: file("tls/"+boundKeyNode+".key", string(boundKey)),
			touches: []string{ignition.BootstrapFile + ":/opt/openshift/tls/" + boundKeyNode + ".key"}},
		{field: "Provided.Password", nodes: []string{"kubeadmin-password"},
			change:  file(manifests.PasswordHashFile, "$2a$10$zvMDdyEj4Ra5Xz1tE4YRZ.eKKY3FUxU2EgZ6j7Vq9lq2cUSLcVw9a\n"),
			touches: []string{ignition.BootstrapFile + ":/opt/openshift/openshift/99_kubeadmin-password-secret.yaml", passwordFile}},
		{field: "Pointers.Files", nodes: []string{"pointer-edits"}, change: file("master.ign", editedPointer), touches: []string{
			"master.ign", ignition.BootstrapFile + ":/opt/openshift/openshift/99_openshift-installer-ignition_master.yaml",
		}},
		{field: "Pointers.Overwrite", nodes: []string{"pointer-edits"}, refused: true, with: func(r *inputRun) {
			r.Overwrite, r.files["master.ign"] = false, plainPointer
		}, change: func(r *inputRun) { r.Overwrite = true }},
		{field: "Pointers.Discard", nodes: []string{"pointer-edits"}, refused: true, with: file("master.ign", othersPointer),
			change: func(r *inputRun) { r.DiscardManifests = true }},
		{field: onDisk, nodes: []string{"manifests"}, change: func(r *inputRun) {
			for name, content := range made {
				if manifests.IsManifest(name) {
					r.files[name] = content
				}
			}
			r.files["manifests/extra.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra, namespace: default}\n"
		}, touches: []string{ignition.BootstrapFile + ":/opt/openshift/manifests/extra.yaml", manifests.Dir}},
	}
	for _, row := range tls.Certificates {
		own := inputChange{field: "Provided.Certificates", name: row.Name, nodes: []string{row.Name}, touches: holders[row.Name],
			change: func(r *inputRun) { load(r); bring(row.Name)(r) }}
		if !row.Authority() { // it is taken with its signer only
			own.with = func(r *inputRun) { load(r); bring(row.Signer)(r) }
		}
		rows = append(rows, own)
	}
	return rows
}

// holders are outputs that hold certificates, or leaves of theirs, besides the bootstrap
// host, which has them all.
var holders = map[string][]string{
	"root-ca":                               {hostCA, "master.ign", "worker.ign", manifests.Dir},
	"machine-config-server":                 {manifests.Dir},
	"admin-kubeconfig-signer":               {kubeconfigFile},
	"admin-kubeconfig-client":               {kubeconfigFile},
	"kube-apiserver-lb-signer":              {kubeconfigFile},
	"kube-apiserver-localhost-signer":       {kubeconfigFile},
	"kube-apiserver-service-network-signer": {kubeconfigFile},
}

const (
	boundKeyNode = "bound-service-account-signing-key"
	// onDisk is the input that is no field of Inputs: a run asks the directory for it.
	onDisk = "the manifests on disk"
)

// inputConfig is that of a cluster for which every target can be made.
const inputConfig = whyConfig + "bootstrapInPlace:\n  installationDisk: /dev/vda\ncontrolPlane:\n  name: master\n  replicas: 1\n"

// neverMoves are inputs that the graph leads an output back to, and that do not change
// it here.
var neverMoves = map[string]string{
	"manifests release":              "no manifest of this cluster differs by release",
	"metadata.json release":          "no platform's metadata differs by release yet",
	"auth/kubeconfig release":        "only where the one release has ConfigurablePKI and the other has not",
	"edited-pointer-configs release": "only where the one release has ConfigurablePKI and the other has not",
}
