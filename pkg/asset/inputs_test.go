package asset

import (
	"maps"
	"slices"
	"testing"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/ignition/inspect"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
)

// The inputs of a run besides the fields of the install-config, each with the node that
// it enters the graph by. The node's name is in what why says of each file that the
// input changes, and no other file changes.
var inputChanges = []struct {
	name, node string
	change     func(*Request, map[string]string)
	// touches are files of the host that must change.
	touches []string
}{
	{"the host's address", "environment", func(r *Request, _ map[string]string) { r.Environment.BootstrapNodeIP = "192.168.1.9" }, []string{ignition.EnvironmentFile}},
	{"the cluster profile", "environment", func(r *Request, _ map[string]string) { r.Environment.ClusterProfile = "single-node-developer" }, []string{ignition.EnvironmentFile}},
	{"the image policy", "environment", func(r *Request, _ map[string]string) { r.Environment.DisableImagePolicy = true }, []string{"/opt/openshift/manifests/cvo-overrides.yaml"}},
	{"the invoker", "provenance", func(r *Request, _ map[string]string) { r.Environment.Invoker = "robot" }, []string{"/opt/openshift/openshift/openshift-install-manifests.yaml"}},
	{"the version", "provenance", func(r *Request, _ map[string]string) { r.Version = "v9.9.9" }, []string{"/opt/openshift/openshift/openshift-install-manifests.yaml"}},
	{"the release image", "release", func(r *Request, _ map[string]string) {
		r.Environment.ReleaseImage = "registry.example.com/okd/scos-release:4.22.0-okd-scos.99"
	}, []string{ignition.EnvironmentFile}},
	{"a password", "kubeadmin-password", func(_ *Request, files map[string]string) {
		files[manifests.PasswordHashFile] = "$2a$10$zvMDdyEj4Ra5Xz1tE4YRZ.eKKY3FUxU2EgZ6j7Vq9lq2cUSLcVw9a\n"
	}, []string{"/opt/openshift/openshift/99_kubeadmin-password-secret.yaml"}},
	{"the kind of key", "leaf-key", func(r *Request, _ map[string]string) { r.LeafKey = "ecdsa-p384" }, []string{"/opt/openshift/tls/service-account.key", "/opt/openshift/tls/kube-apiserver-internal-lb-server.key"}},
}

func TestEveryInputIsNamed(t *testing.T) {
	t.Parallel()
	files := map[string]string{installconfig.FileName: whyConfig}
	request := Request{LeafKey: "ecdsa-p256", Overwrite: true, Version: "v1.0.0"}
	before, state := makeConfigAs(t, files, request)
	files[assetdir.StateFile] = state
	for _, c := range inputChanges {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			changed, files := request, maps.Clone(files)
			c.change(&changed, files)
			after, _ := makeConfigAs(t, files, changed)
			var paths []string
			compare := inspect.Comparison{Now: goldenNow}
			for _, d := range compare.Configs(before, after) {
				paths = append(paths, d.Path)
				e, err := after.Find(ignition.BootstrapFile, d.Path)
				if err != nil {
					t.Errorf("%s is gone", d.Path)
					continue
				}
				why, err := Explain(ignition.BootstrapFile, after, e)
				if err != nil {
					t.Fatal(err)
				}
				if !mentions(why.MadeFrom, c.node) {
					t.Errorf("%s changes, but why does not name %s: %+v", d.Path, c.node, why)
				}
			}
			for _, path := range c.touches {
				if !slices.Contains(paths, path) {
					t.Errorf("%s does not change; what does is %v", path, paths)
				}
			}
		})
	}
}

func mentions(list []graph.Ingredient, node string) bool {
	return slices.ContainsFunc(list, func(i graph.Ingredient) bool { return i.Name == node || mentions(i.MadeFrom, node) })
}
