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

	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/ignition/inspect"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/tls"
	"github.com/okd-project/okd-install/test/folder"
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
			after := changed.makeAll(t, old.kept)
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
			if len(outputs) == 0 {
				t.Error("no output changes")
			}
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
