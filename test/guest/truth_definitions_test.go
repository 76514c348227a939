//go:build e2e && truth

package guest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// bootstrapModule is our cluster-bootstrap; its go.sum also holds the module that has the
// definitions of OpenShift's kinds, of the day on which the line of 4.22 began.
const bootstrapModule = "../truth/clusterbootstrap"

const profile = "include.release.openshift.io/self-managed-high-availability"

// definitionFile is a CustomResourceDefinition in the module github.com/openshift/api.
type definitionFile struct {
	group, kind, profile string
	sets                 []string
	raw                  []byte
	file                 string
}

// definitionFiles are all that the module has.
type definitionFiles []definitionFile

var (
	definedGroup = regexp.MustCompile(`(?m)^  group: (\S+)$`)
	definedKind  = regexp.MustCompile(`(?m)^    kind: (\S+)$`)
	definedSet   = regexp.MustCompile(`(?m)^    release.openshift.io/feature-set: (\S+)$`)
)

// readDefinitions reads the definitions that the release brings in its images, and those that
// the operators bring, without the examples.
func readDefinitions(t *testing.T) (all definitionFiles, version string) {
	t.Helper()
	run(t, bootstrapModule, "go", "mod", "download", "github.com/openshift/api")
	module := strings.Fields(run(t, bootstrapModule, "go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", "github.com/openshift/api"))
	names, err := filepath.Glob(filepath.Join(module[1], "*/*/zz_generated.crd-manifests/*.yaml"))
	must(t, err)
	for _, name := range names {
		raw, err := os.ReadFile(name)
		must(t, err)
		group, kind := definedGroup.FindSubmatch(raw), definedKind.FindSubmatch(raw)
		if group == nil || kind == nil || strings.Contains(name, "/example/") {
			continue
		}
		d := definitionFile{group: string(group[1]), kind: string(kind[1]), raw: raw, file: filepath.Base(name)}
		if set := definedSet.FindSubmatch(raw); set != nil {
			d.sets = strings.Split(string(set[1]), ",")
		}
		if strings.Contains(string(raw), profile+`: "true"`) || !strings.Contains(string(raw), "include.release.openshift.io/") {
			d.profile = profile
		}
		all = append(all, d)
	}
	if len(all) < 100 {
		t.Fatalf("%s holds %d definitions", module[1], len(all))
	}
	return all, module[0]
}

// find is the definition of a kind for a feature set, if there is one.
func (all definitionFiles) find(group, kind, set string) (definitionFile, bool) {
	for _, d := range all {
		if d.group == group && d.kind == kind && d.profile != "" && (len(d.sets) == 0 || slices.Contains(d.sets, set)) {
			return d, true
		}
	}
	return definitionFile{}, false
}

// broughtByOperators are definitions that operators write on a bootstrap host, by the names
// of their files there.
var broughtByOperators = map[string][2]string{
	"0000_00_cluster-version-operator_clusterversions.crd.yaml":  {"config.openshift.io", "ClusterVersion"},
	"0000_00_cluster-version-operator_clusteroperators.crd.yaml": {"config.openshift.io", "ClusterOperator"},
	"authorization.openshift.io_rolebindingrestrictions.yaml":    {"authorization.openshift.io", "RoleBindingRestriction"},
	"cluster-ingress-00-custom-resource-definition.yaml":         {"operator.openshift.io", "IngressController"},
	"kube-apiserver_apirequestcounts.crd.yaml":                   {"apiserver.openshift.io", "APIRequestCount"},
	"cco-cloudcredential_v1_operator_config_custresdef.yaml":     {"operator.openshift.io", "CloudCredential"},
}

// credentialsRequest is not in the module: its operator has it.
const credentialsRequest = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: credentialsrequests.cloudcredential.openshift.io}
spec:
  group: cloudcredential.openshift.io
  scope: Namespaced
  names: {plural: credentialsrequests, singular: credentialsrequest, kind: CredentialsRequest, listKind: CredentialsRequestList}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`

// withManifests has the images of the release bring definitions, and cluster-bootstrap be a
// program that creates manifests.
func withManifests(t *testing.T, p parts, all definitionFiles) parts {
	t.Helper()
	for _, d := range all {
		if strings.Contains(string(d.raw), `release.openshift.io/bootstrap-required: "true"`) {
			p.common = append(p.common, entry{name: "usr/share/bootkube/manifests/manifests/" + d.file, content: d.raw, mode: 0o644})
		}
	}
	add := func(name string, raw []byte) {
		p.common = append(p.common, entry{name: "usr/share/okd-test/manifests/" + name, content: raw, mode: 0o644})
	}
	for _, name := range slices.Sorted(maps.Keys(broughtByOperators)) {
		kind := broughtByOperators[name]
		d, ok := all.find(kind[0], kind[1], "Default")
		if !ok {
			t.Fatalf("there is no definition of %v", kind)
		}
		add(name, d.raw)
	}
	add("cco-cloudcredential_v1_credentialsrequest_crd.yaml", []byte(credentialsRequest))
	program := filepath.Join(t.TempDir(), "cluster-bootstrap")
	began := time.Now()
	run(t, bootstrapModule, "env", "CGO_ENABLED=0", "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, ".")
	took(t, "building cluster-bootstrap", began)
	raw, err := os.ReadFile(program)
	must(t, err)
	p.images["cluster-bootstrap"] = newImage(t, "/cluster-bootstrap", nil,
		newLayer(t, entry{name: "cluster-bootstrap", content: raw, mode: 0o755}))
	return p
}

// define has the API server know the kinds by their definitions for a feature set. Those of
// kinds that nobody has defined are returned.
func (a *asker) define(all definitionFiles, set string, kinds []groupKind) (undefined []string) {
	a.t.Helper()
	const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
	for _, k := range kinds {
		if !strings.HasSuffix(k.group, ".openshift.io") {
			continue // of Kubernetes itself
		}
		d, ok := all.find(k.group, k.kind, set)
		if !ok {
			undefined = append(undefined, k.kind+"."+k.group)
			continue
		}
		var definition map[string]any
		must(a.t, yaml.Unmarshal(d.raw, &definition))
		name := definition["metadata"].(map[string]any)["name"].(string)
		code, said := a.try("GET", definitions+"/"+name, nil)
		if code == 404 {
			a.must(201, "POST", definitions, definition)
		} else {
			var there map[string]any
			must(a.t, json.Unmarshal([]byte(said), &there))
			there["spec"] = definition["spec"]
			a.must(200, "PUT", definitions+"/"+name, there)
		}
		a.until(name+" is established", func() (bool, string) {
			_, said := a.try("GET", definitions+"/"+name, nil)
			var there struct {
				Status struct {
					Conditions []struct{ Type, Status string }
				}
			}
			_ = json.Unmarshal([]byte(said), &there)
			return slices.ContainsFunc(there.Status.Conditions, func(c struct{ Type, Status string }) bool {
				return c.Type == "Established" && c.Status == "True"
			}), tail(said, 3)
		})
	}
	clear(a.resources)
	time.Sleep(3 * time.Second) // the server reads a changed schema a moment later
	return undefined
}

// undefine takes the definitions of kinds away, and their objects with them.
func (a *asker) undefine(names ...string) {
	a.t.Helper()
	for _, name := range names {
		at := path.Join("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", name)
		if code, said := a.try("DELETE", at, nil); code != 200 && code != 404 {
			a.t.Fatalf("%s: %d: %s", at, code, said)
		}
		a.until(name+" is gone", func() (bool, string) {
			code, said := a.try("GET", at, nil)
			return code == 404, fmt.Sprint(code, " ", tail(said, 5))
		})
	}
	clear(a.resources)
}
