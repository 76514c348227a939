//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"net"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/okd-project/okd-install/pkg/diag"
)

// evil is a name that a terminal would obey: it clears the screen, goes to the start
// of the line, sets the title, rings, turns the direction of writing, has no width,
// and ends the line. A line that it begins would be taken for ours.
const (
	evil     = "a\x1b[2J\rb\x1b]0;pwned\x07\u202ec\u009b31m\u2066\u200b\u2028d\x7f\nforged line"
	evilJSON = `a\u001b[2J\rb\u001b]0;pwned\u0007\u202ec\u009b31m\u2066\u200b\u2028d\u007f\nforged line`
)

// obeyed says what of an output a terminal would obey.
func obeyed(text string) string {
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		if r != '\n' && r != '\t' && diag.Obeyed(r) || r == utf8.RuneError && size == 1 {
			return text[max(0, i-60):min(len(text), i+60)]
		}
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "forged line") {
			return line
		}
	}
	return ""
}

// own are the codes that we send to a terminal: colours, and what takes the last status away.
var own = regexp.MustCompile("\x1b\\[(?:0|3[0-7])m|\x1b\\[[0-9]+A\x1b\\[J")

// Whatever stands in an asset directory, in a config, an image, a bundle, or in the
// answers of a cluster: no terminal obeys it.
func TestHostileNamesAreShown(t *testing.T) {
	w := newWorkspace(t, fastConfig(t), nil)
	w.write(t, evil+"/install-config.yaml", []byte(fastConfig(t)))
	t.Chdir(w.root)
	w.fillMedia(t)
	hostileFiles(t, w)
	w.taint = func(answer []byte) []byte {
		for _, word := range []string{
			`"master-0`, `"console`, `"dns`, `"v1.35.3`, `"4.22.0-okd-scos.10`, `"RouteHealthAvailable: no answer`,
			`"the route does not answer`, `"system:serviceaccount:`,
		} {
			answer = bytes.ReplaceAll(answer, []byte(word), []byte(word+evilJSON))
		}
		return answer
	}
	shown := map[string]bool{}
	check := func(name string, got outcome) {
		shown[name] = shown[name] || strings.Contains(got.stdout+got.stderr, "pwned")
		got.stderr = own.ReplaceAllString(got.stderr, "")
		if found := obeyed(got.stderr); found != "" {
			t.Errorf("%s: stderr has %q in\n%s", name, found, got)
		}
		if found := obeyed(got.log); found != "" {
			t.Errorf("%s: the log has %q in\n%s", name, found, got)
		}
		if asIs[name] {
			return
		}
		if found := obeyed(got.stdout); found != "" {
			t.Errorf("%s: stdout has %q in\n%s", name, found, got)
		}
		if strings.Contains(strings.Join(got.args, " "), " -o json") && got.stdout != "" {
			dec := json.NewDecoder(strings.NewReader(got.stdout))
			for dec.More() {
				var v any
				if err := dec.Decode(&v); err != nil {
					t.Errorf("%s: no JSON: %v\n%s", name, err, got)
					break
				}
			}
		}
	}
	w.everyLine(t, nil, check)
	w.state = "stuck"
	looks := func(name, _ string) bool { return name == "status" || strings.HasPrefix(name, "wait-for") }
	w.everyLine(t, looks, check)
	w.terminal = true
	w.everyLine(t, looks, check)
	w.terminal, w.state = false, ""
	for _, name := range []string{"status", "wait-for install-complete", "analyze", "ignition ls", "ignition tree", "approve-csrs"} {
		if !shown[name] {
			t.Errorf("nothing hostile reached the output of %s, so nothing is known of it", name)
		}
	}

	// and each flag that takes a text, each argument, and each subcommand
	for name, cmd := range leaves() {
		for _, line := range lines[name][:1] {
			check(name, w.run(append(w.words(name+" "+line), evil)))
		}
		for _, flag := range textFlags(cmd) {
			check(name, w.run(append(w.words(name+" "+lines[name][0]), "--"+flag, evil)))
		}
		check(name, w.run(append(strings.Fields(name), "--"+evil)))
	}
	check("", w.run([]string{evil}))
	check("create", w.run([]string{"create", evil}))
	check("status", w.run([]string{"status", "--dir", w.at(evil)}))
}

// hostileFiles puts names and texts that a terminal would obey wherever somebody else
// could have put them.
func hostileFiles(t *testing.T, w *workspace) {
	t.Helper()
	quoted := `"` + evilJSON + `"`
	object := "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + quoted + "\n  namespace: default\n"
	for _, name := range []string{
		"manifests/" + evil + ".yaml", "openshift/99_" + evil + ".yaml", "tls/" + evil + ".crt", "auth/" + evil, evil + ".ign",
		evil + "/x",
	} {
		w.write(t, assetDir+"/"+name, []byte(object))
	}
	w.write(t, assetDir+"/answers.yaml", []byte("clusterName: "+quoted+"\n"+quoted+": x\nmachineNetwork: ["+quoted+"]\n"))
	w.write(t, assetDir+"/.okd_install.lock", []byte(`{"pid":1,"host":`+quoted+`,"command":`+quoted+`,"since":"2026-03-02T08:00:00Z"}`))
	w.write(t, "config.ign",
		[]byte(`{"ignition":{"version":"3.4.0","config":{"merge":[{"source":"https://h/`+evilJSON+
			`"}]}},"kernelArguments":{"shouldExist":[`+quoted+`]},
		"passwd":{"users":[{"name":`+quoted+
			`}]},"storage":{"files":[{"path":"/secret","contents":{"source":"data:,x"}},{"path":"/etc/`+evilJSON+`","user":{"name":`+
			quoted+`},"contents":{"source":"data:,x"}}],
		"links":[{"path":"/l","target":`+quoted+`}]},"systemd":{"units":[{"name":"`+evilJSON+`.service","dropins":[{"name":"`+
			evilJSON+`.conf","contents":`+quoted+`}]}]}}`))
	files := map[string]string{
		evil:                                   "x",
		"bootstrap/services/" + evil + ".json": `[{"timestamp":"2026-03-02T08:00:00Z","phase":"service start","stage":` + quoted + `}]`,
	}
	for name, text := range stoppedBundle {
		text = strings.ReplaceAll(text, "exit status 1", evilJSON)
		files[name] = strings.ReplaceAll(text, "unknown flag", strings.ReplaceAll(evil, "\n", "")+" unknown flag")
	}
	w.write(t, "log-bundle-1.tar.gz", packed("log-bundle-1/", files))
	w.write(t, "folder/bootstrap/"+evil, []byte(evil))
	for name, text := range files {
		w.write(t, "folder/"+name, []byte(text))
	}
	w.write(t, "eth0.nmconnection", []byte("[connection]\nid="+strings.ReplaceAll(evil, "\n", "")+"\ntype=ethernet\n"))
}

// A config with such names and values is refused or taken, and either is said plainly.
func TestHostileConfigsAreShown(t *testing.T) {
	config := fastConfig(t)
	w := newWorkspace(t, config, nil)
	t.Chdir(w.root)
	quoted := `"` + evilJSON + `"`
	restore := w.snapshot(t)
	for _, change := range [][2]string{
		{"name: demo", "name: " + quoted}, {"baseDomain: example.com", "baseDomain: " + quoted},
		{"cidr: 192.168.1.0/24", "cidr: " + quoted}, {"platform:", quoted + ": x\nplatform:"}, {"none: {}", quoted + ": {}"},
		{"replicas: 3", "replicas: " + quoted}, {"replicas: 3", "architecture: " + quoted},
		{"featureSet:", "featureGates: [" + quoted + "]\nfeatureSet:"},
		{"pullSecret: '", "proxy: {httpProxy: " + quoted + ", noProxy: " + quoted + "}\npullSecret: '"},
		{"pullSecret: '", "sshKey: " + quoted + "\npullSecret: '"},
		{"pullSecret: '", "imageDigestSources: [{source: " + quoted + ", mirrors: [" + quoted + "]}]\npullSecret: '"},
		{"'{\"auths\":", "'{\"\x1b\":"}, {"name: worker", "name: " + quoted}, {"name: demo", "name: demo\n  \x1b[31m: x"},
		{"name: demo", "name: \u202e"}, {"curve: P256", "curve: " + quoted}, {"signerCertificates:", quoted + ":"},
	} {
		text := strings.Replace(config, change[0], change[1], 1)
		if text == config {
			t.Fatalf("%q is not in the config", change[0])
		}
		w.write(t, assetDir+"/install-config.yaml", []byte(text))
		for _, line := range []string{
			"validate --dir DIR", "validate --dir DIR -o json", "validate --dir DIR -o yaml",
			"create manifests --dir DIR --overwrite", "create ignition-configs --dir DIR --leaf-key ecdsa-p256", "status --dir DIR",
			"plan ignition-configs --dir DIR",
		} {
			got := w.run(w.words(line))
			if found := obeyed(got.stdout) + obeyed(got.stderr) + obeyed(got.log); found != "" {
				t.Errorf("%q: %q in\n%s", change[1], found, got)
			}
		}
		restore()
	}
}

// A server that answers with such things says them to nobody.
func TestHostileServer(t *testing.T) {
	w := newWorkspace(t, fastConfig(t), nil)
	t.Chdir(w.root)
	for _, answer := range []string{
		"HTTP/1.1 500 \x1b[31m\u202e\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/%zz\x1b[31m\u202e\r\nContent-Length: 0\r\n\r\n",
		"\x1b[31m\u202e\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: \u202e\x9b\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: \u202e\r\n\r\n",
		"HTTP/1.1 200 OK\r\nETag: \"\u202e\"\r\nContent-Length: 3\r\n\r\n\x1b[3",
		"HTTP/1.1 401 \u202e\r\nContent-Length: 9\r\nWWW-Authenticate: \u202e\r\n\r\n\x1b[31mabcd",
	} {
		w.server = answering(t, answer)
		for _, line := range lines["coreos download"] {
			got := w.run(w.words("coreos download " + line))
			if found := obeyed(got.stdout) + obeyed(got.stderr); found != "" {
				t.Errorf("%q: %q in\n%s", answer, found, got)
			}
		}
	}
}

// answering is the URL of a server that gives the same answer to everything.
func answering(t *testing.T, answer string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = conn.Write([]byte(answer))
			_ = conn.Close()
		}
	}()
	return "http://" + listener.Addr().String()
}
