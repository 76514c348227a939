package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// cage is a set of secrets, each of which is in one place. A secret has characters that
// JSON, YAML, shells and URLs write in another way; what is looked for has none, so that
// it is found however it is written.
type cage struct {
	names map[string]string // of the places, by what is looked for
	// looks are all forms of them, by how they begin.
	looks map[string][]look
	first [256]bool
}

// begins is how much of a form they are found by.
const begins = 6

// look is one form of what is looked for.
type look struct{ marker, form string }

// secret makes the secret of a place.
func (c *cage) secret(place string) string {
	marker := fmt.Sprintf("kAn%02dArY7QwZpX", len(c.names))
	c.add(place, marker)
	return marker + `/+"'%&` + marker
}

// word is a secret of letters and digits, for places where nothing else can stand.
func (c *cage) word(place string) string {
	marker := fmt.Sprintf("kAn%02dArY7QwZpX", len(c.names))
	c.add(place, marker)
	return marker
}

// add looks for a secret that is there already.
func (c *cage) add(place, marker string) {
	if c.names == nil {
		c.names = map[string]string{}
	}
	c.names[marker] = place
	forms := map[string]bool{marker: true, hex.EncodeToString([]byte(marker)): true, strings.ToUpper(hex.EncodeToString([]byte(marker))): true}
	once := inBase64(marker)
	for _, form := range once {
		forms[form] = true
		for _, twice := range inBase64(form) {
			forms[twice] = true
		}
	}
	if c.looks == nil {
		c.looks = map[string][]look{}
	}
	for form := range forms {
		c.looks[form[:begins]] = append(c.looks[form[:begins]], look{marker, form})
		c.first[form[0]] = true
	}
}

// inBase64 is how a text looks within base64, at each of the three places where it can begin.
func inBase64(text string) []string {
	var forms []string
	for shift := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + text))
		encoded = strings.TrimRight(encoded, "=")
		forms = append(forms, encoded[4:len(encoded)-2])
	}
	return forms
}

// found names the secrets that are in a text.
func (c *cage) found(text string) []string {
	var places []string
	for i := range max(0, len(text)-begins+1) {
		if !c.first[text[i]] {
			continue
		}
		for _, l := range c.looks[text[i:i+begins]] {
			if strings.HasPrefix(text[i:], l.form) {
				places = append(places, c.names[l.marker]+" as "+l.form)
			}
		}
	}
	slices.Sort(places)
	return slices.Compact(places)
}

// pullSecret is one with the secret, as registries and as people write it.
func pullSecretWith(secret string) string {
	raw, _ := json.Marshal(map[string]any{"auths": map[string]any{
		"registry.example.com": map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte("me:" + secret)), "email": "me@example.com"},
	}})
	return string(raw)
}

func pemWith(secret string) string {
	body := base64.StdEncoding.EncodeToString([]byte(secret + strings.Repeat("x", 60)))
	return "-----BEGIN RSA PRIVATE KEY-----\n" + body[:64] + "\n" + body[64:] + "\n-----END RSA PRIVATE KEY-----\n"
}

func jsonString(text string) string {
	raw, _ := json.Marshal(text)
	return string(raw)
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

func inB64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// encodings are the ways in which a secret may stand somewhere, as text of one line.
func encodings(c *cage, place string) []string {
	s := func(form string) string { return c.secret(place + ", " + form) }
	return []string{
		"password=" + c.word(place+", assigned"),
		"tool --password " + c.word(place+", as a flag") + " --user me",
		"Get \"http://u:" + c.word(place+", in a URL") + "@h/x\": refused",
		"proxy http://u:" + c.word(place+", in a URL with a slash") + "/x@h:3128 refused",
		"Get \"https://h/f.iso?X-Amz-Signature=" + c.word(place+", signed URL") + "\": 403",
		"Authorization: Bearer " + c.word(place+", bearer"),
		"read " + pullSecretWith(s("JSON")),
		"read " + jsonString(pullSecretWith(s("JSON in JSON"))),
		"read " + jsonString(jsonString(pullSecretWith(s("JSON in JSON in JSON")))),
		"read " + inB64(pullSecretWith(s("base64"))),
		"read " + inB64(inB64(pullSecretWith(s("base64 twice")))),
		"read " + inB64(gzipped(pullSecretWith(s("compressed")))),
		"read " + url.QueryEscape(pullSecretWith(s("URL-encoded"))),
		"read " + hex.EncodeToString([]byte(pullSecretWith(s("hexadecimal")))),
		"read " + jsonString(pemWith(s("a key in JSON"))),
		"read " + inB64(pemWith(s("a key in base64"))),
		"hash $2a$10$" + c.word(place+", bcrypt") + "abcdefghijklm",
		"hash $6$salt$" + c.word(place+", crypt") + "abcdefghijklm",
		"token sha256~" + c.word(place+", OpenShift's") + "abcdefghijklm",
		"token eyJ" + c.word(place+", JWT") + ".eyJ" + strings.Repeat("a", 9) + "." + strings.Repeat("b", 9),
	}
}

// cagedWorkspace has a secret in each place where one can be.
func cagedWorkspace(t *testing.T, c *cage) *workspace {
	t.Helper()
	urlSafe := func(place string) string { return url.QueryEscape(c.secret(place)) }
	config := strings.Replace(fastConfig(t), `'{"auths":{"registry.example.com":{"auth":"bWU6c2VjcmV0"}}}'`,
		jsonString(pullSecretWith(c.secret("pullSecret")))+"\nproxy:\n  httpProxy: http://u:"+urlSafe("httpProxy")+
			"@proxy.example.com:3128\n  httpsProxy: http://u:"+urlSafe("httpsProxy")+"@proxy.example.com:3128", 1)
	w := newWorkspace(t, config, map[string]string{
		"manifests/99_secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata:\n  name: mine\n  namespace: default\nstringData:\n  plain: " +
			jsonString(c.secret("a Secret")) +
			"\ndata:\n  encoded: " + inB64(c.secret("data of a Secret")) + "\n",
		"openshift/99_mine.yaml": "apiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfig\nmetadata:\n  name: 99-worker-mine\n  labels:\n    machineconfiguration.openshift.io/role: worker\n" +
			"spec:\n  config:\n    ignition: {version: 3.2.0}\n    passwd: {users: [{name: core, passwordHash: \"$6$salt$" +
			c.word("a hash in a MachineConfig") + "abcdefghijkl\"}]}\n" +
			"    storage: {files: [{path: /etc/mine, mode: 0600, contents: {source: \"data:;base64," +
			inB64("PASSWORD="+c.word("a file in a MachineConfig")+"\n") + "\"}}]}\n",
	})
	own := func(place, file string, pattern string) {
		data, err := os.ReadFile(w.at(assetDir + "/" + file))
		found := regexp.MustCompile(pattern).FindSubmatch(data)
		if err != nil || found == nil {
			t.Fatalf("no secret in %s: %v", file, err)
		}
		c.add(place, string(found[1]))
	}
	own("the password of kubeadmin", "auth/kubeadmin-password", `^(\S+)$`)
	own("the key in auth/kubeconfig", "auth/kubeconfig", `client-key-data: \S{40}(\S{30})`)
	own("a key in the state file", ".okd_install_state.json", `LS0tLS1CRUdJTi\S{40}(\S{30})`)
	w.write(t, assetDir+"/answers.yaml",
		[]byte("pullSecret: "+jsonString(pullSecretWith(c.secret("the pull secret of answers")))+"\nhttpProxy: http://u:"+
			c.word("the proxy of answers")+"/x@h\nclusterName: okd\nbaseDomain: example.com\n"))
	w.write(t, "eth0.nmconnection",
		[]byte("[connection]\nid=eth0\ntype=wifi\n[wifi-security]\npsk="+c.word("psk of a keyfile")+"\n[802-1x]\npassword="+
			c.word("password of a keyfile")+"\n"))
	w.write(t, "key", []byte(pemWith(c.secret("an SSH key"))))
	w.write(t, "config.ign",
		[]byte(`{"ignition":{"version":"3.4.0","config":{"merge":[{"source":"https://u:`+urlSafe("user of a URL in Ignition")+
			`@h/x?token=`+c.word("query of a URL in Ignition")+
			`","httpHeaders":[{"name":"Authorization","value":`+jsonString("Basic "+c.word("a header in Ignition"))+`}]}]}},
		"passwd":{"users":[{"name":"core","passwordHash":"$y$j9T$`+c.word("a hash in Ignition")+`abcdefghij"}]},
		"storage":{"files":[{"path":"/secret","contents":{"source":"data:,password%3D`+c.word("a file in Ignition")+
			`"}},{"path":"/root/.docker/config.json","contents":{"source":"data:;base64,`+
			inB64(pullSecretWith(c.secret("a pull secret in Ignition")))+`"}},
		{"path":"/zip","contents":{"compression":"gzip","source":"data:;base64,`+inB64(gzipped(pemWith(c.secret("a key in Ignition"))))+`"}}],
		"luks":[{"name":"root","device":"/dev/sda","keyFile":{"source":"data:,`+c.word("a key of LUKS")+`"}}]},
		"systemd":{"units":[{"name":"a.service","contents":"[Service]\nEnvironment=HTTP_PROXY=http://u:`+
			c.word("a unit in Ignition")+`@h\nExecStart=/bin/true\n"}]}}`))
	journal, records := "", ""
	for i, text := range encodings(c, "a log bundle") {
		journal += "Mar 02 08:04:00 bootstrap bootkube.sh[1]: Error: unknown flag: " + text + "\n"
		records += fmt.Sprintf(`,{"timestamp":"2026-03-02T08:%02d:00Z","phase":"stage end","stage":"kube-apiserver-bootstrap","result":"failure","errorMessage":%s}`,
			i+5, jsonString(text))
		files := map[string]string{}
		for name, text := range stoppedBundle {
			files[name] = text
		}
		files["bootstrap/journals/bootkube.log"] += "Mar 02 08:04:00 bootstrap bootkube.sh[1]: Error: unknown flag: --x " + text + "\n"
		files["bootstrap/services/bootkube.json"] = `[{"timestamp":"2026-03-02T08:02:00Z","phase":"service start"},{"timestamp":"2026-03-02T08:03:00Z","phase":"stage start","stage":"kube-apiserver-bootstrap"}` +
			records + "]"
		w.write(t, fmt.Sprintf("bundles/log-bundle-%02d.tar.gz", i), packed(fmt.Sprintf("log-bundle-%02d/", i), files))
		for name, text := range files {
			w.write(t, "folder/"+name, []byte(text))
		}
	}
	return w
}

// noSecretsIn returns what fails if a run shows a secret.
func noSecretsIn(t *testing.T, c *cage) func(name string, got outcome) {
	return func(name string, got outcome) {
		t.Helper()
		if asIs[name] {
			got.stdout = ""
		}
		for stream, text := range map[string]string{"stdout": got.stdout, "stderr": got.stderr, "the log": got.log} {
			if found := c.found(text); found != nil {
				t.Errorf("%s: %s has the secret of %s in\n%s", name, stream, strings.Join(found, " and "), got)
			}
		}
	}
}

// A secret in any of its places is shown by no command.
func TestNoSecretIsShown(t *testing.T) {
	c := &cage{}
	w := cagedWorkspace(t, c)
	t.Chdir(w.root)
	w.fillMedia(t)
	refusing := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved/f.iso" {
			rw.Header().Set("Location", "http://u:"+c.word("a redirect")+"@127.0.0.1:1/%zz?token="+c.word("the query of a redirect"))
			rw.WriteHeader(http.StatusFound)
			return
		}
		rw.WriteHeader(http.StatusInternalServerError)
	}))
	defer refusing.Close()
	check := noSecretsIn(t, c)
	w.everyLine(t, nil, check)
	w.terminal = true
	w.everyLine(t, func(name, _ string) bool {
		return name == "status" || name == "coreos download" || strings.HasPrefix(name, "wait-for") || strings.HasPrefix(name, "create i")
	}, check)
	w.terminal = false
	for _, name := range []string{"stuck", "bootstrap", "no-name"} {
		w.state = name
		w.taint = func(answer []byte) []byte {
			said := jsonString("no answer: Get \"http://u:" + c.word("what an operator says") + "@h/?token=" + c.word("a query that it says") + "\"")
			return bytes.ReplaceAll(answer, []byte(`"the route does not answer`), []byte(strings.TrimSuffix(said, `"`)))
		}
		w.everyLine(t, func(name, _ string) bool { return name == "status" || strings.HasPrefix(name, "wait-for") }, check)
	}
	for i := range encodings(&cage{}, "") {
		for _, form := range []string{"text", "json", "yaml"} {
			check("analyze", w.run([]string{"analyze", "--file", w.at(fmt.Sprintf("bundles/log-bundle-%02d.tar.gz", i)), "-o", form}))
		}
	}
	for _, path := range []string{
		"/f.iso?token=" + c.word("the query of a download"), "/moved/f.iso?sig=" + c.word("the query of a moved download"),
		"/f.iso#" + c.word("a fragment"),
	} {
		address := strings.Replace(refusing.URL, "http://", "http://u:"+c.word("the user of a download")+"@", 1)
		check("coreos download",
			w.run([]string{"coreos", "download", "--url", address + path, "--sha256", strings.Repeat("0", 64), "-C", w.at("media")}))
	}
	for _, show := range [][]string{
		{"ignition", "diff", w.at("config.ign"), w.at(assetDir + "/worker.ign"), "--show-secrets"},
		{"wait-for", "install-complete", "--dir", w.at(assetDir), "--show-password"},
	} {
		w.state, w.taint = "complete", nil
		if got := w.run(show); c.found(got.stdout+got.stderr) == nil || c.found(got.log) != nil {
			t.Errorf("who asks for secrets gets them, and the log does not: %s", got)
		}
	}
	if len(c.names) < 50 {
		t.Errorf("there are only %d secrets", len(c.names))
	}
}

func fastConfig(t testing.TB) string {
	t.Helper()
	config, err := os.ReadFile("testdata/fast.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(config)
}

// asIs are the commands whose output is the content of a file, byte for byte.
var asIs = map[string]bool{
	"ignition cat": true, "coreos iso ignition show": true, "coreos pxe ignition unwrap": true,
	"coreos iso network extract": true, "coreos pxe network unwrap": true, "coreos iso kargs show": true,
	"coreos pxe ipxe": true, "coreos pxe grub": true,
}
