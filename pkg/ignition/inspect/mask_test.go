package inspect

import (
	"encoding/base64"
	"strings"
	"testing"
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// key has the form of a private key and is none.
var key = "-----BEGIN " + "PRIVATE KEY-----\ns3cret\n-----END " + "PRIVATE KEY-----\n"

func TestMask(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, path, text, want string }{
		{"nothing", "/a", "hello: world\n", "hello: world\n"},
		{"a key", "/a", "x\n" + key + "y\n", "x\n<secret 1>\ny\n"},
		{"the same key twice, and another", "/a", key + key + strings.Replace(key, "s3cret", "s3cret2", 1), "<secret 1>\n<secret 1>\n<secret 2>\n"},
		{"half a key", "/a", strings.TrimSuffix(key, "-----END PRIVATE KEY-----\n"), "<secret 1>\n"},
		{"a key in base64", "/a", "k: " + b64(key) + "\n", "k: <secret 1>\n"},
		{"a key in base64 in base64", "/a", "k: " + b64("k: "+b64(key)) + "\n", "k: <secret 1>\n"},
		{"a pull secret", "/root/.docker/config.json", `{"auths":{"quay.io":{"auth":"s3cret=","email":"a@b"}}}`, `{"auths":{"quay.io":{"auth":"<secret 1>","email":"a@b"}}}`},
		{"a Secret", "/m.yaml", "kind: Secret\ndata:\n  a: s3cret\n  b: \"s3cret\\\"2\"\n  c: 's3''cret'\nmetadata:\n  name: x\n", "kind: Secret\ndata:\n  a: <secret 1>\n  b: \"<secret 2>\"\n  c: '<secret 3>'\nmetadata:\n  name: x\n"},
		{"a Secret in JSON", "/m.json", `{"kind":"Secret","stringData":{"a":"s3cret"},"x":"y"}`, `{"kind":"Secret","stringData":{"a":"<secret 1>"},"x":"y"}`},
		{"a block", "/m.yaml", "kind: Secret\nstringData:\n  a: |\n    s3cret\n    s3cret2\n  b: x\ntype: y\n", "kind: Secret\nstringData:\n  a: |\n<secret 1>\n  b: <secret 2>\ntype: y\n"},
		{"the second of two documents", "/m.yaml", "kind: A\ndata:\n  a: b\n---\nkind: Secret\ndata:\n  a: s3cret\n", "kind: A\ndata:\n  a: b\n---\nkind: Secret\ndata:\n  a: <secret 1>\n"},
		{"a List", "/m.yaml", "kind: List\nitems:\n- kind: Secret\n  data: {a: s3cret}\n", "kind: List\nitems:\n- kind: Secret\n  data: {a: <secret 1>}\n"},
		{"a ConfigMap", "/m.yaml", "kind: ConfigMap\ndata:\n  a: b\n", "kind: ConfigMap\ndata:\n  a: b\n"},
		{"a kubeconfig", "/kubeconfig", "users:\n- user:\n    client-key-data: " + b64(key) + "\n    token: s3cret\n", "users:\n- user:\n    client-key-data: <secret 1>\n    token: <secret 2>\n"},
		{"a hash", "/shadowed", "core:$6$abcdefgh$ijklmnopqrstuvwxyz:1\n", "core:<secret 1>:1\n"},
		{"a user of Ignition", "passwd.users[core]", "{\n  \"passwordHash\": \"$y$j9T$s3cret\"\n}\n", "{\n  \"passwordHash\": \"<secret 1>\"\n}\n"},
		{"a proxy", "/etc/profile.d/proxy.sh", "export HTTP_PROXY='http://u:s3cret@p:3128'\n", "export HTTP_PROXY='http://<secret 1>@p:3128'\n"},
		{"a header", "x", `[{"httpHeaders":[{"name":"Authorization","value":"s3cret"}]}]`, `[{"httpHeaders":[{"name":"<secret 1>","value":"<secret 2>"}]}]`},
		{"a connection", "/etc/NetworkManager/x.nmconnection", "[wifi-security]\nkey-mgmt=wpa-psk\npsk=s3cret\n", "[wifi-security]\nkey-mgmt=wpa-psk\npsk=<secret 1>\n"},
		{"a script", "/x.sh", "#!/bin/bash\ntoken=$(cat x)\nPASSWORD=\"$1\"\nAPI_TOKEN=s3cret\n", "#!/bin/bash\ntoken=$(cat x)\nPASSWORD=\"$1\"\nAPI_TOKEN=<secret 1>\n"},
		{"a file that is secret by its name", "/auth/kubeadmin-password", "s3cret", "<secret 1>"},
		{"what cannot be read but looks secret", "/m.yaml", "kind: Secret\ndata:\n  a: [s3cret\n", "<secret 1>\n"},
		{"a MachineConfig with a key", "/m.yaml", "source: data:;base64," + b64(key) + "\n", "source: data:;base64,<secret 1>\n"},
		{"letters of more than one byte", "/m.yaml", "kind: Secret\ndata: {ä: s3cret, ö: s3cret}\n", "kind: Secret\ndata: {ä: <secret 1>, ö: <secret 1>}\n"},
		{"a key of LUKS", "storage.luks",
			"[\n  {\n    \"name\": \"root\",\n    \"keyFile\": {\n      \"source\": \"data:,s3cret\"\n    }\n  }\n]\n",
			"[\n  {\n    \"name\": \"root\",\n    \"keyFile\": {\n      \"source\": \"<secret 1>\"\n    }\n  }\n]\n"},
		{"a URL with a token", "/a", "https://h/x?a=b&access_token=s3cret&c=d https://h/?X-Amz-Signature=s3cret2", "https://h/x?a=b&access_token=<secret 1>&c=d https://h/?X-Amz-Signature=<secret 2>"},
		{"letters that fold", "/a", "pa\u017fsword: s3cret\nto\u212aen=s3cret2\n", "pa\u017fsword: <secret 1>\nto\u212aen=<secret 2>\n"},
		{"empty", "/x.key", "", ""},
	} {
		got, hidden := new(Mask).Text(c.path, []byte(c.text))
		if got != c.want || hidden != (c.want != c.text) || strings.Contains(got, "s3cret") {
			t.Errorf("%s: got %t\n%s\nwant\n%s", c.name, hidden, got, c.want)
		}
	}
}

// FuzzMask puts a secret into a manifest of any form: it is not in the result.
func FuzzMask(f *testing.F) {
	f.Add("name", "value", "x: y\n")
	f.Add("a b", "|\n  x", "- a\n")
	f.Add("ä", "'", "{")
	f.Add("k", "\\\"", "#\n")
	f.Fuzz(func(t *testing.T, name, value, rest string) {
		text := "kind: Secret\nstringData:\n  k: \"s3cretvalue\"\n" + rest
		if got, _ := new(Mask).Text(name, []byte(text)); strings.Contains(got, "s3cretvalue") && !Binary([]byte(text)) &&
			!strings.Contains(rest, "s3cretvalue") {
			// what follows may make it something else than a Secret
			if !strings.Contains(rest, "kind") && !strings.Contains(rest, "stringData") {
				t.Fatalf("the secret is still there:\n%s", got)
			}
		}
		new(Mask).Text(name, []byte(value))
		new(Mask).Text(name, []byte(rest+key+value))
	})
}
