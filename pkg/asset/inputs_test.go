package asset

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/ignition/inspect"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/tls"
	"github.com/okd-project/okd-install/test/folder"
)

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
	return []inputChange{
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
		{field: "Provided.Certificates", nodes: []string{"root-ca"}, with: load, change: bring("root-ca"),
			touches: []string{hostCA, "master.ign", "worker.ign", manifests.Dir}},
		{field: "Provided.Certificates", name: "the administrator's", nodes: []string{"admin-kubeconfig-signer", "admin-kubeconfig-client"},
			with: load, change: bring("admin-kubeconfig-signer", "admin-kubeconfig-client"), touches: []string{kubeconfigFile}},
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
}

const (
	boundKeyNode = "bound-service-account-signing-key"
	// onDisk is the input that is no field of Inputs: a run asks the directory for it.
	onDisk = "the manifests on disk"
)

// outputNodes are the nodes that outputs come from, where the name says less.
func outputNode(output string) string {
	switch file, _, _ := strings.Cut(output, ":"); file {
	case manifests.Dir, manifests.OpenshiftDir, path.Join(manifests.Dir, path.Base(file)), path.Join(manifests.OpenshiftDir, path.Base(file)):
		return "manifests"
	case "master.ign", "worker.ign":
		return "edited-pointer-configs"
	case passwordFile:
		return "kubeadmin-password"
	default:
		return file
	}
}

// behind are the nodes that lead to a node, and itself.
func behind(nodes map[string]graph.Info, name string) map[string]bool {
	all := map[string]bool{name: true}
	for _, from := range nodes[name].MadeFrom {
		maps.Copy(all, behind(nodes, from))
	}
	return all
}

func leads(nodes map[string]graph.Info, output string, from []string) bool {
	reached := behind(nodes, outputNode(output))
	return slices.ContainsFunc(from, func(name string) bool { return reached[name] })
}

// made is what a run makes: outputs by name, and what is refused, by target.
type made struct {
	files   Files
	refused map[string]error
	nodes   map[string]graph.Info
	kept    map[string]graph.Kept
}

// makeAll makes the outputs of all targets of the graph, and writes nothing.
func (r inputRun) makeAll(t *testing.T, kept map[string]graph.Kept) made {
	t.Helper()
	r.Dir = folder.Filled(t, r.files)
	o, err := open(openTestDir(t, r.Dir).Dir, r.Request)
	if err != nil {
		t.Fatal(err)
	}
	o.before.Kept = maps.Clone(kept)
	s, err := settle(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	m := made{Files{}, map[string]error{}, map[string]graph.Info{}, nil}
	for _, target := range []graph.Node[Files]{s.graph.Manifests, s.graph.Ignition, s.graph.SingleNode} {
		for _, n := range graph.Nodes(target) {
			m.nodes[n.Name] = n
		}
		files, err := graph.Get(s.run, target)
		if err != nil {
			m.refused[target.Name()] = err
		}
		maps.Copy(m.files, files)
	}
	m.kept = s.run.Kept
	return m
}

// changes are the outputs that differ: files, manifests by folder, and what is in an
// Ignition config as well.
func (m made) changes(t *testing.T, after made) []string {
	t.Helper()
	changed := map[string]bool{}
	for name := range union(m.files, after.files) {
		if bytes.Equal(m.files[name], after.files[name]) && (m.files[name] == nil) == (after.files[name] == nil) {
			continue
		}
		switch {
		case manifests.IsManifest(name):
			changed[path.Dir(name)] = true
		case path.Ext(name) != ".ign":
			changed[name] = true
		default:
			changed[name] = true
			compare := inspect.Comparison{Now: goldenNow}
			for _, d := range compare.Configs(m.config(t, name), after.config(t, name)) {
				changed[name+":"+d.Path] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(changed))
}

func union(a, b Files) Files {
	both := maps.Clone(a)
	maps.Copy(both, b)
	return both
}

func (m made) config(t *testing.T, name string) inspect.Config {
	t.Helper()
	c, err := inspect.Read(name, m.files[name])
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// checkNamed sees that why names the input of what has changed in an Ignition config.
func (m made) checkNamed(t *testing.T, output string, nodes []string) bool {
	t.Helper()
	name, entry, _ := strings.Cut(output, ":")
	config := m.config(t, name)
	e, err := config.Find(name, entry)
	if err != nil {
		return false
	}
	why, err := Explain(name, config, e)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(nodes, func(n string) bool { return mentions(why.MadeFrom, n) || slices.Contains(why.Way, n) }) {
		said, _ := json.Marshal(why)
		t.Errorf("%s changes, but why does not name %v: %s", output, nodes, said)
	}
	return true
}

func mentions(list []graph.Ingredient, node string) bool {
	return slices.ContainsFunc(list, func(i graph.Ingredient) bool { return i.Name == node || mentions(i.MadeFrom, node) })
}

// inputConfig is that of a cluster for which every target can be made.
const inputConfig = whyConfig + "bootstrapInPlace:\n  installationDisk: /dev/vda\ncontrolPlane:\n  name: master\n  replicas: 1\n"

// neverMoves are inputs that the graph leads an output back to, and that do not change
// it here.
var neverMoves = map[string]string{
	"manifests release":               "no manifest of this cluster differs by release",
	"auth/kubeconfig issue-time":      "it is made from the list of all certificates, and only has long-lived ones",
	"auth/kubeconfig root-ca":         "it is made from the list of all certificates",
	"edited-pointer-configs leaf-key": "they are made from both durable certificates, and only have root-ca",
	"metadata.json release":           "no platform's metadata differs by release yet",
	"auth/kubeconfig release":         "only where the one release has ConfigurablePKI and the other has not",
	"edited-pointer-configs release":  "only where the one release has ConfigurablePKI and the other has not",
}

func TestEveryInputIsNamed(t *testing.T) { //nolint:tparallel // the runs collect in the same maps
	t.Parallel()
	first := inputRun{Request{
		LeafKey: "ecdsa-p256", Overwrite: true, Version: "v1.0.0", Now: goldenNow, Command: "test",
	}, map[string]string{installconfig.FileName: strings.Replace(inputConfig, "replicas: 2", "replicas: 0", 1)}}
	before := first.makeAll(t, nil)
	for target, err := range before.refused {
		t.Fatal(target, err)
	}
	own := otherCertificates(t, first)
	files := map[string]string{}
	for name, data := range before.files {
		files[name] = string(data)
	}
	named, moved := map[string]bool{}, map[string]bool{}
	rows := inputChanges(files, own, newRSAKey(t))
	for _, row := range rows {
		t.Run(path.Join(row.field, row.name), func(t *testing.T) {
			base, old := first.clone(), before
			if row.with != nil {
				row.with(&base)
				old = base.makeAll(t, before.kept)
			}
			changed := base.clone()
			row.change(&changed)
			after := changed.makeAll(t, before.kept)
			for output := range after.files {
				for _, node := range row.nodes {
					if leads(after.nodes, output, []string{node}) {
						pair := outputNode(output) + " " + node
						named[pair], moved[pair] = true, moved[pair] || row.refused
					}
				}
			}
			if row.refused {
				old.checkRefused(t, after, row.nodes)
				return
			}
			for _, run := range []made{old, after} {
				for target, err := range run.refused {
					t.Fatalf("%s: %v", target, err)
				}
			}
			outputs := old.changes(t, after)
			for _, output := range outputs {
				if !leads(after.nodes, output, row.nodes) {
					t.Errorf("%s changes, but the graph does not lead it back to %v", output, row.nodes)
				}
				if strings.Contains(output, ":") && !after.checkNamed(t, output, row.nodes) && !old.checkNamed(t, output, row.nodes) {
					t.Errorf("%s is in neither config", output)
				}
				for _, node := range row.nodes {
					moved[outputNode(output)+" "+node] = true
				}
			}
			for _, output := range row.touches {
				if !slices.Contains(outputs, output) {
					t.Errorf("%s does not change; what does is %v", output, outputs)
				}
			}
		})
	}
	for pair := range named {
		if !moved[pair] && neverMoves[pair] == "" {
			t.Errorf("the graph leads an output back to an input, but no change of it changes the output: %s", pair)
		}
	}
	for pair := range neverMoves {
		if moved[pair] || !named[pair] {
			t.Errorf("%s is no exception any more", pair)
		}
	}
	checkFields(t, rows)
}

// checkRefused sees that exactly the targets that the graph leads back to the nodes
// are refused in the one run and made in the other.
func (m made) checkRefused(t *testing.T, after made, nodes []string) {
	t.Helper()
	for _, target := range []string{"manifests", "ignition-configs", "single-node-ignition-config"} {
		reached := behind(after.nodes, target)
		wanted := slices.ContainsFunc(nodes, func(n string) bool { return reached[n] })
		if refused := m.refused[target] != nil; refused != wanted {
			t.Errorf("%s: refused is %t, and the graph says %t: %v", target, refused, wanted, m.refused[target])
		}
		if err := after.refused[target]; err != nil {
			t.Errorf("%s: %v", target, err)
		}
	}
}

// checkFields sees that each field of inputs has a row, and each row a field.
func checkFields(t *testing.T, rows []inputChange) {
	t.Helper()
	taken := []reflect.Type{reflect.TypeFor[Environment](), reflect.TypeFor[provisions](), reflect.TypeFor[pointerEdits]()}
	fields := map[string]bool{onDisk: false}
	for f := range reflect.TypeFor[inputs]().Fields() {
		if !slices.Contains(taken, f.Type) {
			fields[f.Name] = false
			continue
		}
		for part := range f.Type.Fields() {
			fields[f.Name+"."+part.Name] = false
		}
	}
	for _, row := range rows {
		if _, ok := fields[row.field]; !ok {
			t.Errorf("there is no input %s", row.field)
		}
		fields[row.field] = true
	}
	for field, has := range fields {
		if !has {
			t.Errorf("no row changes %s", field)
		}
	}
}

// otherCertificates are those of another run for the same cluster.
func otherCertificates(t *testing.T, r inputRun) map[string]tls.Pair {
	t.Helper()
	pairs := map[string]tls.Pair{}
	for name, kept := range r.makeAll(t, nil).kept {
		var p tls.Pair
		if _, ok := tls.Lookup(name); ok {
			if err := json.Unmarshal(kept.Value, &p); err != nil {
				t.Fatal(err)
			}
			pairs[name] = p
		}
	}
	return pairs
}

func newRSAKey(t *testing.T) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}
