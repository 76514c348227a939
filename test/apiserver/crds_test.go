//go:build e2e

package apiserver

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/openshift/api/config/v1" // its module holds the definitions
	"sigs.k8s.io/yaml"
)

// Definitions of the cluster's own objects, by their files in the module of
// openshift/api. On a cluster routes are served by an API server of their own.
var definitions = []string{
	"config/v1/zz_generated.crd-manifests/0000_00_cluster-version-operator_*_clusterversions-OKD.crd.yaml",
	"config/v1/zz_generated.crd-manifests/0000_00_cluster-version-operator_*_clusteroperators.crd.yaml",
	"config/v1/zz_generated.crd-manifests/0000_10_config-operator_*_infrastructures-OKD.crd.yaml",
	"operator/v1/zz_generated.crd-manifests/0000_12_etcd_*_etcds-OKD.crd.yaml",
	"route/v1/zz_generated.crd-manifests/routes.crd.yaml",
}

// Where the objects of an installation are.
const (
	versions        = "/apis/config.openshift.io/v1/clusterversions"
	operators       = "/apis/config.openshift.io/v1/clusteroperators"
	infrastructures = "/apis/config.openshift.io/v1/infrastructures"
	etcds           = "/apis/operator.openshift.io/v1/etcds"
	consoles        = "/apis/route.openshift.io/v1/namespaces/openshift-console/routes"
	kubeSystem      = "/api/v1/namespaces/kube-system/configmaps"
	managed         = "/api/v1/namespaces/openshift-config-managed/configmaps"
	serverCAs       = "/api/v1/namespaces/openshift-machine-config-operator/configmaps"
	nodes           = "/api/v1/nodes"
	requests        = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
)

// install defines the cluster's objects and namespaces.
func (c *controlPlane) install() {
	c.t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/openshift/api").Output()
	if err != nil {
		c.t.Fatal(err)
	}
	for _, pattern := range definitions {
		found, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), filepath.FromSlash(pattern)))
		if err != nil || len(found) != 1 {
			c.t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		data, err := os.ReadFile(found[0])
		if err != nil {
			c.t.Fatal(err)
		}
		var crd object
		if err := yaml.Unmarshal(data, &crd); err != nil {
			c.t.Fatal(err)
		}
		c.admin.must("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
	}
	for _, name := range []string{"openshift-config-managed", "openshift-console", "openshift-machine-config-operator", "kube-system"} {
		c.admin.put("/api/v1/namespaces", object{"metadata": object{"name": name}})
	}
	for _, path := range []string{versions, operators, infrastructures, etcds, consoles} {
		for end := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			if code, _ := c.admin.try("GET", path, nil); code == 200 {
				break
			} else if time.Now().After(end) {
				c.t.Fatalf("%s is not served: %d", path, code)
			}
		}
	}
}

// conditions writes a status as "Available=True: message".
func conditions(at time.Time, said ...string) []any {
	var out []any
	for _, s := range said {
		head, message, _ := strings.Cut(s, ": ")
		kind, status, _ := strings.Cut(head, "=")
		out = append(out, object{
			"type": kind, "status": status, "reason": "Played", "message": message,
			"lastTransitionTime": at.UTC().Format(time.RFC3339),
		})
	}
	return out
}

// long is long enough ago for an operator to have settled.
func long() time.Time { return time.Now().Add(-time.Hour) }

func (c *controlPlane) operator(name string, at time.Time, said ...string) {
	c.t.Helper()
	c.admin.put(operators, object{"apiVersion": "config.openshift.io/v1", "kind": "ClusterOperator", "metadata": object{"name": name},
		"spec":   object{},
		"status": object{"conditions": conditions(at, said...)}})
}

func (c *controlPlane) version(said ...string) {
	c.t.Helper()
	c.admin.put(versions, object{"apiVersion": "config.openshift.io/v1", "kind": "ClusterVersion", "metadata": object{"name": "version"},
		"spec": object{"clusterID": "8b3c0f3e-3c6c-4b0e-9d0c-0f6b6f0c1d11"},
		"status": object{
			"conditions":         conditions(long(), said...),
			"desired":            object{"version": "4.22.0-okd-scos.5", "image": "quay.io/okd/scos-release:4.22.0-okd-scos.5"},
			"observedGeneration": 1, "versionHash": "x", "availableUpdates": []any{}, "history": []any{}}})
}

func (c *controlPlane) etcd(said ...string) {
	c.t.Helper()
	c.admin.put(etcds, object{"apiVersion": "operator.openshift.io/v1", "kind": "Etcd", "metadata": object{"name": "cluster"},
		"spec":   object{"managementState": "Managed"},
		"status": object{"conditions": conditions(long(), said...)}})
}

func (c *controlPlane) bootstrapped() {
	c.t.Helper()
	c.admin.put(kubeSystem, object{"metadata": object{"name": "bootstrap"}, "data": object{"status": "complete"}})
}

// node makes a machine that has joined.
func (c *controlPlane) node(name, ip string, ready bool, labels object) {
	c.t.Helper()
	status := "False"
	if ready {
		status = "True"
	}
	c.admin.put(nodes, object{"metadata": object{"name": name, "labels": labels}, "status": object{
		"conditions": conditions(long(), "Ready="+status),
		"addresses":  []any{object{"type": "InternalIP", "address": ip}, object{"type": "Hostname", "address": name}},
	}})
}

// console gives the web console its address.
func (c *controlPlane) console() {
	c.t.Helper()
	const host = "console-openshift-console.apps.demo.example.com"
	c.admin.put(consoles, object{"apiVersion": "route.openshift.io/v1", "kind": "Route", "metadata": object{"name": "console"},
		"spec": object{"host": host, "to": object{"kind": "Service", "name": "console", "weight": 100}},
		"status": object{"ingress": []any{object{
			"host": host, "routerName": "default", "conditions": []any{object{"type": "Admitted", "status": "True"}},
		}}}})
}
