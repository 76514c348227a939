package asset

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// kubeconfigText is a file as okd-install makes it, small.
func kubeconfigText(server string, authority []byte, key string) []byte {
	encode := func(s []byte) string { return base64.StdEncoding.EncodeToString(s) }
	return fmt.Appendf(nil, `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: %s
    server: %s
  name: demo
contexts:
- context:
    cluster: demo
    user: admin
  name: admin
current-context: admin
kind: Config
preferences: {}
users:
- name: admin
  user:
    client-certificate-data: %s
    client-key-data: %s
`, encode(authority), server, encode([]byte("certificate")), encode([]byte(key)))
}

const demoServer = "https://api.demo.example.com:6443"

// What people and oc do to the file, and what a run makes of that.
func TestMergeKubeconfig(t *testing.T) {
	t.Parallel()
	ca, ingress := testAuthority(t, "signer"), testAuthority(t, "ingress")
	made := kubeconfigText(demoServer, ca, "key")
	edit := func(old, changed string) []byte {
		if !strings.Contains(string(made), old) {
			t.Fatalf("there is no %s", old)
		}
		return bytes.Replace(made, []byte(old), []byte(changed), 1)
	}
	withIngress := kubeconfigText(demoServer, append(bytes.Clone(ca), ingress...), "key")
	for name, test := range map[string]struct {
		have, made []byte
		changed    bool // since made was last written
		kin, same  bool
		elsewhere  string
		want       []string
	}{
		"as made":              {have: made, made: made, kin: true, same: true},
		"a remark":             {have: append(bytes.Clone(made), "# mine\n"...), made: made, kin: true, same: true},
		"a namespace":          {have: edit("    user: admin\n", "    user: admin\n    namespace: mine\n"), made: made, kin: true, same: true},
		"a token":              {have: edit("users:\n", "users:\n- name: me/demo\n  user:\n    token: sha256~secret\n"), made: made, kin: true, same: true},
		"another cluster":      {have: edit("clusters:\n", "clusters:\n- cluster:\n    server: https://elsewhere\n  name: elsewhere\n"), made: made, kin: true, same: true},
		"a renamed context":    {have: edit("  name: admin\ncurrent", "  name: lab\ncurrent"), made: made, kin: true, same: true},
		"an address":           {have: edit(demoServer, "https://10.0.0.1:6443"), made: made, kin: true, same: true, elsewhere: "https://10.0.0.1:6443"},
		"the ingress by hand":  {have: withIngress, made: made, kin: true, same: true},
		"the ingress is known": {have: made, made: withIngress, kin: true, want: []string{base64.StdEncoding.EncodeToString(append(bytes.Clone(ca), ingress...))}},
		"a new address": {
			have: edit("    user: admin\n", "    user: admin\n    namespace: mine\n"), made: kubeconfigText("https://api.new:6443", ingress, "key"),
			changed: true, kin: true, want: []string{"server: https://api.new:6443", "namespace: mine", base64.StdEncoding.EncodeToString(ingress)},
		},
		"a new address, and no entries": {
			have: []byte(string(edit("clusters:", "old:"))), made: kubeconfigText("https://api.new:6443", ca, "key"),
			changed: true, kin: true, want: []string{"server: https://api.new:6443", "name: demo"},
		},
		"another key":       {have: kubeconfigText(demoServer, ca, "other"), made: made},
		"no key":            {have: edit("client-key-data", "client-key"), made: made},
		"nothing":           {have: nil, made: made},
		"text":              {have: []byte("hello"), made: made},
		"a list":            {have: []byte("- a\n"), made: made},
		"lists of nothings": {have: []byte("users: 7\nclusters: [1]\n"), made: made},
	} {
		merged, elsewhere, kin := mergeKubeconfig(test.have, test.made, !test.changed)
		if kin != test.kin || elsewhere != test.elsewhere || test.same && !bytes.Equal(merged, test.have) {
			t.Errorf("%s: kin %t, elsewhere %q, and\n%s", name, kin, elsewhere, merged)
		}
		for _, want := range test.want {
			if !strings.Contains(string(merged), want) {
				t.Errorf("%s: there is no %s in\n%s", name, want, merged)
			}
		}
	}
}

// The authority of the ingress is for the administrator's cluster, and for no
// other that somebody has added to the file.
func TestAuthoritiesStayWithTheirCluster(t *testing.T) {
	t.Parallel()
	ca, ingress := testAuthority(t, "signer"), testAuthority(t, "ingress")
	file := strings.Replace(string(kubeconfigText(demoServer, ca, "key")), "clusters:\n", "clusters:\n"+
		"- cluster:\n    server: https://elsewhere:6443\n  name: elsewhere\n"+
		"- cluster:\n    server: "+demoServer+"\n  name: api-demo-example-com:6443\n", 1)
	after, err := withAuthorities([]byte(file), ingress)
	if err != nil {
		t.Fatal(err)
	}
	typed, _, err := readKubeconfig(after)
	if err != nil || len(typed.Clusters) != 3 {
		t.Fatal(typed, err)
	}
	for _, k := range typed.Clusters {
		if has := bytes.Contains(k.Cluster.Authority, ingress); has != (k.Cluster.Server == demoServer) {
			t.Errorf("%s has it: %t", k.Name, has)
		}
	}
}

func FuzzMergeKubeconfig(f *testing.F) {
	// the same in every process of the fuzzer: no real certificates
	made, newer := kubeconfigText(demoServer, []byte("signer"), "key"), kubeconfigText("https://api.new:6443", []byte("other"), "key")
	f.Add(made, true)
	f.Add(newer, false)
	f.Add(bytes.Replace(made, []byte("contexts:\n"),
		[]byte("contexts:\n- {name: mine, context: {cluster: demo, user: admin, namespace: a}}\n"), 1),
		false)
	f.Add([]byte("users: [{name: admin, user: {token: a}}]"), true)
	f.Fuzz(func(t *testing.T, have []byte, settled bool) {
		merged, _, kin := mergeKubeconfig(have, newer, settled)
		if !kin {
			return
		}
		before, _, err := readKubeconfig(have)
		if err != nil {
			t.Fatal(err)
		}
		after, _, err := readKubeconfig(merged)
		if err != nil {
			t.Fatalf("%v\n%s", err, merged)
		}
		if len(after.Users) != len(before.Users) || len(after.Contexts) < len(before.Contexts) || len(after.Clusters) < len(before.Clusters) {
			t.Errorf("an entry is lost:\n%s", merged)
		}
		if again, _, _ := mergeKubeconfig(merged, newer, settled); !bytes.Equal(again, merged) {
			t.Errorf("a second time makes\n%s\nof\n%s", again, merged)
		}
	})
}
