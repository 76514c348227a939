//go:build e2e

package apiserver

import (
	"os"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// checkKonnectivity wants the API to take the objects of konnectivity as they stand
// on the bootstrap host, with something in place of what is filled in there. A field
// that it does not know is refused, too.
func checkKonnectivity(t *testing.T, c *controlPlane) {
	fill := strings.NewReplacer("@IMAGE@", "quay.io/okd/scos-content@sha256:"+strings.Repeat("1", 64), "@SERVER_HOST@", "[2001:db8::1]",
		"@CA_CERTIFICATE@", "YQ==", "@AGENT_CERTIFICATE@", "YQ==", "@AGENT_KEY@", "YQ==")
	read := func(name string) (o object) {
		raw, err := os.ReadFile("../../data/bootstrap/files/opt/openshift/konnectivity-" + name + ".yaml")
		if err == nil {
			err = yaml.Unmarshal([]byte(fill.Replace(string(raw))), &o)
		}
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	create := func(collection string, o object) (int, []byte) {
		return c.admin.try("POST", collection+"?fieldValidation=Strict", o)
	}
	// a template has a pod looked at as a whole, without an account for it
	pod := read("server-pod")
	template := object{"metadata": object{"name": "konnectivity-server"}, "template": object{"metadata": pod["metadata"], "spec": pod["spec"]}}
	delete(pod["metadata"].(object), "namespace")
	delete(pod["metadata"].(object), "name")
	const namespace = "/namespaces/openshift-bootstrap-konnectivity/"
	for _, row := range []struct {
		collection string
		object     object
	}{
		{"/api/v1/namespaces", read("namespace")},
		{"/api/v1" + namespace + "secrets", read("agent-certs-secret")},
		{"/apis/apps/v1" + namespace + "daemonsets", read("agent-daemonset")},
		{"/api/v1" + namespace + "podtemplates", template},
	} {
		if code, said := create(row.collection, row.object); code != 201 {
			t.Errorf("%s: %d %s", row.collection, code, said)
		}
	}
	wrong := read("agent-daemonset")
	field(wrong, "spec", "template", "spec").(object)["hostnetwork"] = true
	if code, said := create("/apis/apps/v1"+namespace+"daemonsets", wrong); code != 400 || !strings.Contains(string(said), "hostnetwork") {
		t.Errorf("a field that is not there: %d %s", code, said)
	}
}
