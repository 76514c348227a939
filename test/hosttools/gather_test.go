package hosttools

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// canary is what must never be in a bundle: as it is or in any encoding, since
// its encodings are canaries as well.
const canary = "Y2FuYXJ5OnN1cGVyLXNlY3JldC1wYXNzd29yZC1vZi1hLXB1bGwtc2VjcmV0"

// canaryKey is a key in PEM whose lines are canaries.
func canaryKey() string {
	return "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAcanarycanarycanarycanary+/00\nMIIEpAIBAAKCAQEAcanarycanarycanarycanary+/01\n-----END RSA PRIVATE KEY-----\n"
}

func pullSecret() string {
	return `{"auths":{"quay.io":{"auth":"` + canary + `","email":"me@example.com"}}}`
}

func toJSON(s string) string {
	raw, _ := json.Marshal(s)
	return string(raw)
}

func compressed(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// secrets are all the ways in which the canaries stand in real files.
func secrets() map[string]string {
	kubeconfig := "users:\n- name: kubelet\n  user:\n    client-key-data: " + b64(canaryKey()) + "\n"
	inner := toJSON(pullSecret())
	forms := map[string]string{
		"json.json":           pullSecret(),
		"spaced.json":         "{\n  \"auths\": {\n    \"quay.io\": {\n      \"auth\" : \"" + canary + "\"\n    }\n  }\n}\n",
		"nested.json":         `{"config":` + inner + `}`,
		"twice-nested.json":   `{"config":` + toJSON(inner) + `}`,
		"password.json":       `{"auths":{"q":{"username":"u","password":"` + canary + `\"` + canary + `","identitytoken":"` + canary + `"}}}`,
		"auth.yaml":           "auths:\n  quay.io:\n    auth: " + canary + "\n",
		"key.pem":             "before\n" + canaryKey() + "after\n",
		"key.json":            `{"a":1,"key":` + toJSON(canaryKey()+"-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n"+canaryKey()) + `,"z":2}`,
		"cut-off.pem":         "x\n" + strings.TrimSuffix(canaryKey(), "-----END RSA PRIVATE KEY-----\n"),
		"base64.yaml":         "data:\n  .dockerconfigjson: " + b64(pullSecret()) + "\n",
		"base64-key.yaml":     "source: data:text/plain;charset=utf-8;base64," + b64(canaryKey()) + "\n",
		"base64-twice.yaml":   "x: " + b64(kubeconfig) + "\n",
		"base64-gzip.json":    `{"compression":"gzip","source":"data:;base64,` + b64(compressed(pullSecret())) + `"}`,
		"url.json":            `{"source":"data:,` + url.PathEscape(pullSecret()) + `"}`,
		"query.json":          `{"source":"data:,` + url.QueryEscape("{ \"auths\" : { \"q\" : { \"auth\" : \""+canary+"\" } } }") + `"}`,
		"url-key.json":        `{"source":"data:,` + url.PathEscape(canaryKey()) + `","next":1}`,
		"url-kubeconfig.json": `{"source":"data:,` + url.QueryEscape(kubeconfig) + `","next":1}`,
		"url-twice.json":      `{"source":"data:,` + url.PathEscape(url.PathEscape(pullSecret())) + `"}`,
		"url-thrice.json":     `{"source":"data:,` + urlEncoded(urlEncoded(urlEncoded(pullSecret()))) + `","next":1}`,
		"url-twice-key.json":  `{"source":"data:,` + urlEncoded(urlEncoded(canaryKey())) + `","next":1}`,
		"url-twice-user.json": `{"source":"data:,` + urlEncoded(urlEncoded(kubeconfig)) + `","next":1}`,
		"url-in-url.json":     `{"source":"data:,` + urlEncoded(`{"source":"data:,`+urlEncoded(pullSecret())+`","mode":384}`) + `","next":1}`,
		"json-newline.json":   `{"script":"first\n` + b64(pullSecret()) + `\nlast"}`,
		"token.yaml":          "token: eyJ" + canary + ".eyJ" + canary + "." + canary + "\n",
	}
	return forms
}

// urlEncoded writes all but letters and digits as a data URL may have it.
func urlEncoded(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// leaks lists the canaries in text, also those that stand in base64 or are URL-encoded.
func leaks(text string) []string {
	var found []string
	look := []string{canary, "canarycanary", "super-secret-password", "PRIVATE KEY-----\nMII"}
	for _, c := range []string{pullSecret(), canaryKey(), canary, "canarycanarycanary", "canary:super-secret"} {
		for shift := range 3 {
			encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + c))
			look = append(look, encoded[4:min(len(encoded)-4, 36)])
		}
	}
	plain := text
	if unescaped, err := url.QueryUnescape(strings.ReplaceAll(text, "+", "%2B")); err == nil {
		plain = unescaped
	}
	for _, c := range look {
		if strings.Contains(text, c) || strings.Contains(plain, c) {
			found = append(found, c)
		}
	}
	return found
}

func TestRedaction(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for name, text := range secrets() {
		if name != "base64-gzip.json" && name != "base64-twice.yaml" &&
			name != "url-kubeconfig.json" && name != "url-twice-user.json" && name != "base64-key.yaml" && len(leaks(text)) == 0 {
			t.Errorf("the test would not notice a leak in %s", name)
		}
		h.write("/secrets/"+name, text, 0o640)
		if out, err := h.run(h.path("/usr/local/bin/redact-secrets.sh"), h.path("/secrets/"+name)); err != nil {
			t.Fatal(err, out)
		}
		got := h.read("/secrets/" + name)
		if found := leaks(got); found != nil {
			t.Errorf("%s still holds %s:\n%s", name, found, got)
		}
		if !strings.Contains(got, "REDACTED") {
			t.Errorf("%s:\n%s", name, got)
		}
		if strings.HasSuffix(name, ".json") && !json.Valid([]byte(got)) {
			t.Errorf("%s is no JSON any more:\n%s", name, got)
		}
		if info, err := os.Stat(h.path("/secrets/" + name)); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("%s has mode %v (%v)", name, info.Mode(), err)
		}
	}
	if got := h.read("/secrets/key.pem"); got != "before\nREDACTED\nafter\n" {
		t.Errorf("around a key: %q", got)
	}
	if got := h.read("/secrets/key.json"); !strings.Contains(got, `CERTIFICATE-----\nMIIC`) || !strings.HasSuffix(got, "\"z\":2}\n") {
		t.Errorf("a certificate between keys: %s", got)
	}
}

// Secrets are found in any line of what is encoded, and what is as long as the bundle of
// all authorities takes no process for each of its lines.
func TestRedactionLooksAtAllQuickly(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.fake("base64", `exec /usr/bin/base64 "$@"`)
	var text strings.Builder
	for i := range 500 {
		line := make([]byte, 48)
		for j := range line {
			line[j] = byte(0x80 + (i*j+i)%0x80) // no text
		}
		text.WriteString(base64.StdEncoding.EncodeToString(line) + "\n")
	}
	want := text.String()
	text.WriteString("source: " + b64("name: registry\nauth: c2hvcnQ6c2hvcnQ=\n") + "\n")
	h.write("/bundle.yaml", text.String(), 0o644)
	if out, err := h.run(h.path("/usr/local/bin/redact-secrets.sh"), h.path("/bundle.yaml")); err != nil {
		t.Fatal(err, out)
	}
	if got := h.read("/bundle.yaml"); got != want+"source: REDACTED\n" {
		t.Errorf("got\n%s", got[max(0, len(got)-300):])
	}
	if n := strings.Count(h.read("/calls"), "base64 "); n > 50 {
		t.Errorf("%d words are decoded one by one", n)
	}
	// without the quick look, the slow one
	h.fake("jq", "exit 2")
	h.write("/bundle.yaml", text.String()[len(want)-650:], 0o644)
	if out, err := h.run(h.path("/usr/local/bin/redact-secrets.sh"), h.path("/bundle.yaml")); err != nil {
		t.Fatal(err, out)
	}
	if got := h.read("/bundle.yaml"); !strings.HasSuffix(got, "source: REDACTED\n") {
		t.Errorf("without jq: %s", got)
	}
}

// What is no secret stays, byte for byte.
func TestRedactionLeavesTheRest(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	if out, err := h.run("-c", `echo '"auth": "x"' | "$1"`, "test", h.path("/usr/local/bin/redact-secrets.sh")); err != nil || out != "" {
		t.Errorf("without files: %v, %q", err, out)
	}
	text := "kind: ConfigMap\nimage: quay.io/okd/scos-content@sha256:" + strings.Repeat("0f", 32) + "\nca: |\n  -----BEGIN CERTIFICATE-----\n  " +
		strings.Repeat("MIIC", 16) + "\n  -----END CERTIFICATE-----\nsource: data:;base64," + b64("a script that has nothing to hide, and is longer than forty characters") + "\nauthor: someone\n"
	h.write("/plain.yaml", text, 0o644)
	if out, err := h.run(h.path("/usr/local/bin/redact-secrets.sh"), h.path("/plain.yaml")); err != nil {
		t.Fatal(err, out)
	}
	if got := h.read("/plain.yaml"); got != text {
		t.Errorf("got\n%s\nwant\n%s", got, text)
	}
}

// gatherHost is a host in the middle of its work, with canaries where secrets are.
func gatherHost(t *testing.T) *host {
	h := newHost(t)
	// the folder of the test is below /tmp, whose name stands in the scripts as well
	h.env = []string{fmt.Sprintf("SUDO_UID=%d", os.Getuid()), fmt.Sprintf("SUDO_GID=%d", os.Getgid())}
	h.write("/var/log/openshift/bootkube.json", `[{"phase":"service start"}]`, 0o644)
	h.write("/var/log/bootstrap-control-plane/kube-apiserver.log", "I0101", 0o644)
	h.write("/etc/resolv.conf", "nameserver 192.0.2.1\n", 0o644)
	h.write("/var/opt/openshift/manifests/cluster-config.yaml", "kind: ConfigMap\n", 0o644)
	for name, text := range secrets() {
		h.write("/var/opt/openshift/mco-bootstrap/"+name, text, 0o600)
		h.write("/var/opt/openshift/"+name+".ign", text, 0o600)
	}
	for _, name := range []string{
		"tls/root-ca.key", "auth/kubeconfig", "auth/kubeadmin-password", "manifests/pull-secret.yaml", ".kube/cache",
		"master.ign", "log-bundle-bootstrap.tar.gz",
	} {
		h.write("/var/opt/openshift/"+name, canary, 0o600)
	}
	h.write("/var/opt/openshift/manifests/creds.yaml", "apiVersion: v1\nkind: Secret\ndata:\n  password: "+canary+"\n", 0o600)
	h.write("/var/opt/openshift/manifests/creds.json", `{"apiVersion":"v1","kind": "Secret","data":{"password":"`+canary+`"}}`, 0o600)
	h.write("/var/opt/openshift/manifests/list.yaml", "kind: List\nitems:\n- kind: Secret\n  data:\n    x: "+canary+"\n", 0o600)
	h.write("/opt/openshift/auth/kubeconfig", "", 0o600)
	h.fake("systemctl", `case "$*" in list-units*) echo 'bootkube.service loaded failed x' ;; *) echo status ;; esac`)
	h.fake("journalctl", `echo "journal $*"`)
	h.fake("crictl", `case "$*" in 'ps '*) echo '{"containers":[{"id":"c0ffee","metadata":{"name":"etcd"}}]}' ;; *) echo "$*" ;; esac`)
	h.fake("podman", `case "$*" in 'ps '*) echo 'beef01 mco-render' ;; *) echo "$*" ;; esac`)
	s := secrets()
	configs := []string{s["nested.json"], s["url.json"], s["key.json"], s["url-kubeconfig.json"]}
	h.write("/machineconfigs", strings.Join(configs, "\n"), 0o600)
	h.fake("oc", `
case "$*" in
    *machineconfigs*) cat machineconfigs.source 2>/dev/null || cat "$MACHINECONFIGS" ;;
    *'get nodes -l '*) printf '192.168.1.11\n192.168.1.12\n' ;;
    *secrets*) printf 'ns name-token-abcde kubernetes.io/service-account-token\nns pull-secret Opaque\n' ;;
    *openapi*) head -c 500 /dev/urandom ;;
    *) echo '{}' ;;
esac`)
	h.env = append(h.env, "MACHINECONFIGS="+h.path("/machineconfigs"))
	h.fake("scp", `if [[ $* == *artifacts* ]]; then if [[ $* == *192.168.1.12* ]]; then exit 1; fi; echo x >"${@: -1}/failed-units.txt"; fi`)
	return h
}

// bundle reads a log bundle: name of each file -> content.
func bundle(t *testing.T, name string) map[string]string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for r := tar.NewReader(z); ; {
		header, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag == tar.TypeReg {
			content, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			files[header.Name] = string(content)
		}
	}
}

func TestLogBundle(t *testing.T) {
	t.Parallel()
	h := gatherHost(t)
	// a file that stands in no folder once became a folder of its name
	h.write("/var/opt/openshift/payload-version", "4.22.0\n", 0o644)
	if out, err := h.run(h.path("/usr/local/bin/installer-gather.sh"), "--id", "20260101000000"); err != nil {
		t.Fatal(err, out)
	}
	files := bundle(t, h.path("/root/log-bundle-20260101000000.tar.gz"))
	for _, want := range []string{
		"gather.log", "failed-units.txt", "unit-status/bootkube.service.txt", "unit-status/bootkube.service.log",
		"bootstrap/services/bootkube.json", "bootstrap/journals/bootkube.log", "bootstrap/journals/release-image.log",
		"bootstrap/journals/journal.log.gz", "bootstrap/network/ip-addr.txt", "bootstrap/network/resolv.conf",
		"bootstrap/containers/etcd-c0ffee.log", "bootstrap/containers/etcd-c0ffee.inspect",
		"bootstrap/containers/kube-apiserver.log", "bootstrap/pods/mco-render-beef01.log",
		"bootstrap/pods/mco-render-beef01.inspect", "bootstrap/rpm-ostree/status", "bootstrap/rpm-ostree/history",
		"rendered-assets/openshift/manifests/cluster-config.yaml", "rendered-assets/openshift/mco-bootstrap/nested.json",
		"rendered-assets/openshift/payload-version", "resources/nodes.list", "resources/masters.list",
		"resources/containers", "resources/api-pods", "resources/clusteroperators.json", "resources/machineconfigs.json",
		"resources/secrets-names.txt", "resources/openapi.json.gz", "resources/events.json",
		"control-plane/192.168.1.11/failed-units.txt",
	} {
		if _, ok := files["log-bundle-20260101000000/"+want]; !ok {
			t.Errorf("%s is missing", want)
		}
	}
	for name, content := range files {
		short := strings.TrimPrefix(name, "log-bundle-20260101000000/")
		if short == name {
			t.Errorf("%s stands outside the folder of the bundle", name)
		}
		if found := leaks(content); found != nil {
			t.Errorf("%s holds %s", name, found)
		}
		base := filepath.Base(name)
		if strings.HasPrefix(short, "rendered-assets/") &&
			(strings.HasSuffix(base, ".key") || strings.HasSuffix(base, ".ign") || strings.Contains(base, "secret") ||
				strings.HasPrefix(base, "creds") || base == "list.yaml" || strings.Contains(base, "kube") && base != "url-kubeconfig.json") {
			t.Errorf("%s is bundled", name)
		}
	}
	if got := files["log-bundle-20260101000000/resources/secrets-names.txt"]; !strings.Contains(got, "pull-secret") || strings.Contains(got, "token") {
		t.Errorf("names of secrets: %s", got)
	}
	if info, err := os.Stat(h.path("/root/log-bundle-20260101000000.tar.gz")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if h.exists("/tmp/artifacts-20260101000000") {
		t.Error("the scratch folder is left")
	}
}

// The API told something when cluster-bootstrap failed, and is gone since.
func TestGatherKeepsWhatTheAPISaidBefore(t *testing.T) {
	t.Parallel()
	h := gatherHost(t)
	script := h.path("/usr/local/bin/bootstrap-cluster-gather.sh")
	if out, err := h.run(script); err != nil {
		t.Fatal(err, out)
	}
	before := h.read("/tmp/artifacts-api-server-temp/resources/masters.list")
	h.fake("oc", "exit 1")
	if out, err := h.run(script); err != nil || !strings.Contains(out, "the API does not answer") {
		t.Fatal(err, out)
	}
	if after := h.read("/tmp/artifacts-api-server-temp/resources/masters.list"); before == "" || after != before {
		t.Errorf("had %q, has %q", before, after)
	}
	entries, err := os.ReadDir(h.path("/tmp/artifacts-api-server-temp"))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v (%v)", entries, err)
	}
}

func TestMastersGather(t *testing.T) {
	t.Parallel()
	h := gatherHost(t)
	h.write("/var/log/pcsd/pcsd.log", "pcsd", 0o644)
	h.write("/var/log/pacemaker/pacemaker.log", canary, 0o644)
	if out, err := h.run(h.path("/usr/local/bin/installer-masters-gather.sh"), "--id", "master-1"); err != nil {
		t.Fatal(err, out)
	}
	var names []string
	err := filepath.WalkDir(h.path("/tmp/artifacts-master-1"), func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(h.path("/tmp/artifacts-master-1"), name)
			names = append(names, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"failed-units.txt", "unit-status/bootkube.service.log", "journals/kubelet.log", "journals/pacemaker.log",
		"journals/machine-config-daemon-firstboot.log", "journals/journal.log.gz", "pacemaker/pcsd.log.gz",
		"network/ip-route.txt", "containers/etcd-c0ffee.log", "containers/mco-render-beef01.inspect", "rpm-ostree/status",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing in %s", want, names)
		}
	}
	if slices.Contains(names, "pacemaker/pacemaker.log.gz") {
		t.Error("pacemaker.log, which holds the parameters of fencing, is taken along")
	}
}
