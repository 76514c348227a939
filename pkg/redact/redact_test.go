package redact

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// canary is what must never be seen again, as it is or in an encoding.
const canary = "Y2FuYXJ5OnN1cGVyLXNlY3JldC1wYXNzd29yZC1vZi1hLXB1bGwtc2VjcmV0"

const key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAcanarycanarycanarycanary+/00\nMIIEpAIBAAKCAQEAcanarycanarycanarycanary+/01\n-----END RSA PRIVATE KEY-----\n"

const pullSecret = `{"auths":{"quay.io":{"auth":"` + canary + `","email":"me@example.com"}}}`

func quoted(s string) string {
	raw, _ := json.Marshal(s)
	return string(raw)
}

// urlEncoded writes all but letters and digits as a data URL may have it.
func urlEncoded(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func packed(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

func samples() map[string]string {
	kubeconfig := "users:\n- name: kubelet\n  user:\n    client-key-data: " + b64(key) + "\n"
	return map[string]string{
		"json":             pullSecret,
		"spaced":           "{\n \"auths\": {\n \"quay.io\": {\n \"auth\" : \"" + canary + "\"\n}}}\n",
		"nested":           `{"config":` + quoted(pullSecret) + `}`,
		"nested twice":     `{"config":` + quoted(quoted(pullSecret)) + `}`,
		"password":         `{"auths":{"q":{"username":"u","password":"` + canary + `\"` + canary + `","identitytoken":"` + canary + `"}}}`,
		"yaml":             "auths:\n  quay.io:\n    auth: " + canary + "\n",
		"key":              "before\n" + key + "after\n",
		"key in json":      `{"a":1,"key":` + quoted(key) + `,"z":2}`,
		"key cut off":      "x\n" + strings.TrimSuffix(key, "-----END RSA PRIVATE KEY-----\n"),
		"base64":           "data:\n  .dockerconfigjson: " + b64(pullSecret) + "\n",
		"base64 key":       "source: data:text/plain;charset=utf-8;base64," + b64(key) + "\n",
		"base64 twice":     "x: " + b64(kubeconfig) + "\n",
		"base64 thrice":    "x: " + b64(b64(kubeconfig)) + "\n",
		"base64 gzip":      `{"source":"data:;base64,` + b64(packed(pullSecret)) + `"}`,
		"url":              `{"source":"data:,` + url.PathEscape(pullSecret) + `"}`,
		"query":            `{"source":"data:,` + url.QueryEscape("{ \"auths\" : { \"q\" : { \"auth\" : \""+canary+"\" } } }") + `"}`,
		"url key":          `{"source":"data:,` + url.PathEscape(key) + `","next":1}`,
		"url kubeconfig":   `{"source":"data:,` + url.QueryEscape(kubeconfig) + `","next":1}`,
		"url twice":        `{"source":"data:,` + url.PathEscape(url.PathEscape(pullSecret)) + `"}`,
		"url thrice":       `{"source":"data:,` + urlEncoded(urlEncoded(urlEncoded(pullSecret))) + `","next":1}`,
		"url twice, key":   `{"source":"data:,` + urlEncoded(urlEncoded(key)) + `","next":1}`,
		"url twice, user":  `{"source":"data:,` + urlEncoded(urlEncoded(kubeconfig)) + `","next":1}`,
		"url twice, quote": `{"source":"data:,` + urlEncoded(`{"source":"data:,`+urlEncoded(pullSecret)+`","mode":384}`) + `","next":1}`,
		"newline in json":  `{"script":"first\n` + b64(pullSecret) + `\nlast"}`,
		"token":            "token: eyJ" + canary + ".eyJ" + canary + "." + canary + "\n",
		"url password":     "Nov 22 host podman[1]: Get \"https://me:" + canary + "@registry.example.com/v2/\": dial\n",
		"header":           "Authorization: Bearer " + canary + "\n",
		"literal":          "the password is known-literal-secret\n",
		"key in a journal": "Nov 22 h x[1]: -----BEGIN EC PRIVATE KEY-----\nNov 22 h x[1]: canarycanarycanary\nNov 22 h x[1]: -----END EC PRIVATE KEY-----\nNov 22 h x[1]: next\n",
	}
}

func leaks(text string) []string {
	look := []string{canary, "canarycanary", "known-literal-secret"}
	for _, c := range []string{pullSecret, key, canary, "canarycanarycanary"} {
		for shift := range 3 {
			e := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + c))
			look = append(look, e[4:min(len(e)-4, 36)])
		}
	}
	var found []string
	for _, c := range look {
		if strings.Contains(text, c) {
			found = append(found, c)
		}
	}
	return found
}

func clean(t *testing.T, r *Redactor, text string) string {
	t.Helper()
	var out bytes.Buffer
	if err := r.Copy(&out, strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestSecretsGo(t *testing.T) {
	t.Parallel()
	r := New("known-literal-secret\n", "short")
	for name, text := range samples() {
		got := clean(t, r, text)
		if found := leaks(got); found != nil {
			t.Errorf("%s still holds %s:\n%s", name, found, got)
		}
		if !strings.Contains(got, Gone) {
			t.Errorf("%s: nothing was taken out:\n%s", name, got)
		}
		if json.Valid([]byte(text)) && !json.Valid([]byte(got)) {
			t.Errorf("%s is no JSON any more:\n%s", name, got)
		}
		for line := range strings.SplitSeq(text, "\n") {
			if !strings.Contains(text, "PRIVATE") && leaks(r.Text(line)) != nil {
				t.Errorf("%s: of a single line %q is left", name, r.Text(line))
			}
		}
	}
	if got := clean(t, r, samples()["key"]); got != "before\nREDACTED\nafter\n" {
		t.Errorf("around a key: %q", got)
	}
	if got := clean(t, r, samples()["key in a journal"]); !strings.HasSuffix(got, "h x[1]: next\n") {
		t.Errorf("after a key: %q", got)
	}
}

// A password in a log or on a command line goes, however short it is and whatever
// stands before it; what only speaks of passwords stays.
func TestPasswords(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"password: x":          "password: REDACTED",
		"  password: hunter2!": "  password: REDACTED",
		"level=error msg=\"login\" password=hunter2 user=me":                       "level=error msg=\"login\" password=REDACTED user=me",
		"bmc: --password hunter2":                                                  "bmc: --password hunter2", // as in: --password is missing
		"bmc: --password=hunter2 --user me":                                        "bmc: --password=REDACTED --user me",
		"Password: 'two words', user: me":                                          "Password: REDACTED, user: me",
		"db_password = \"two words\"; next":                                        "db_password = REDACTED; next",
		"ROOT_PASSWORD=a,b":                                                        "ROOT_PASSWORD=REDACTED,b",
		"adminPassword: s3cret}":                                                   "adminPassword: REDACTED}",
		"the password is: s3cret":                                                  "the password is: REDACTED",
		`Login to the console with user: "kubeadmin", and password: "AAAAA-BBBBB"`: `Login to the console with user: "kubeadmin", and password: REDACTED`,
		"https://example.com/?password=x&user=me":                                  "https://example.com/?password=REDACTED&user=me",
		"token sha256~abcdefghijklmnopqrstuvwxyz0123456789-_ABCDE end":             "token REDACTED end",
		"unable to retrieve auth token: invalid username/password: unauthorized":   "unable to retrieve auth token: invalid username/password: unauthorized",
		"systemd[1]: systemd-ask-password-wall.path: Deactivated successfully.":    "systemd[1]: systemd-ask-password-wall.path: Deactivated successfully.",
		"Failed password for core from 192.168.1.5 port 2":                         "Failed password for core from 192.168.1.5 port 2",
		"enter the password:":                                                      "enter the password:",
		"passwordAuthentication no, PasswordAuth=no":                               "passwordAuthentication no, PasswordAuth=no",
		`{"password":"REDACTED","user":"me"}`:                                      `{"password":"REDACTED","user":"me"}`,
	} {
		if got := New().Text(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
		if got := clean(t, New(), in+"\n"); got != want+"\n" {
			t.Errorf("%q: got %q in a stream", in, got)
		}
		if got := New().Text(want); got != want {
			t.Errorf("%q: becomes %q the second time", want, got)
		}
	}
}

// What is no secret stays, byte for byte, with and without an end of the last line.
func TestTheRestStays(t *testing.T) {
	t.Parallel()
	text := "kind: ConfigMap\nimage: quay.io/okd/scos-content@sha256:" + strings.Repeat("0f", 32) + "\nca: |\n  -----BEGIN CERTIFICATE-----\n  " +
		strings.Repeat("MIIC", 16) + "\n  -----END CERTIFICATE-----\nsource: data:;base64," + b64("a script that has nothing to hide, and is longer than forty characters") +
		"\nauthor: someone\n\nkey-\xff\xfe file without PRIVATE matters\nGet \"https://quay.io/v2/\": dial tcp: lookup quay.io\nlast"
	for _, text := range []string{text, text + "\n", "", "\n", "\n\n"} {
		if got := clean(t, New(), text); got != text {
			t.Errorf("got\n%q\nwant\n%q", got, text)
		}
	}
}

func TestLongLines(t *testing.T) {
	t.Parallel()
	got := clean(t, New(), strings.Repeat("x", longestLine+2)+"\nnext\n")
	if got != "[a line of more than 16 MiB is left out]\nnext\n" {
		t.Errorf("got %.100q", got)
	}
}

func TestWhole(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"b/rendered-assets/openshift/tls/root-ca.key": true, "b/rendered-assets/x/kubeconfig-loopback": true,
		"b/rendered-assets/openshift/manifests/pull-secret.yaml": true, "b/resources/secrets-names.txt": false,
		"b/bootstrap/journals/bootkube.log": false, "b/rendered-assets/openshift/auth/x": true, "b/rendered-assets/openshift/master.ign": true,
		"b/bootstrap/containers/x-secret.log": false,
	} {
		if got := Whole(name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// FuzzLine puts a secret on a line of its own after anything else: it has to go.
func FuzzLine(f *testing.F) {
	for _, text := range samples() {
		f.Add(text)
	}
	r := New("known-literal-secret")
	f.Fuzz(func(t *testing.T, text string) {
		_ = r.Text(text)
		var out bytes.Buffer
		if err := r.Copy(&out, strings.NewReader(text+"\n"+pullSecret)); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, canary) && strings.Contains(out.String(), canary) {
			t.Errorf("the secret after it is still there: %q", out.String())
		}
	})
}
