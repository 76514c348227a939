package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Whatever a URL could have meant as a secret goes, from the URL alone and from a
// sentence about it.
func TestURL(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                  "",
		"http://h":                          "http://h",
		"http://h:3128/a/b.iso":             "http://h:3128/a/b.iso",
		"http://u:s3cret@h:3128/a":          "http://REDACTED@h:3128/a",
		"http://s3cret@h/a":                 "http://REDACTED@h/a",
		"http://u:s3/cret@h":                "http://REDACTED@h",
		"http://u:s3@cret@h":                "http://REDACTED@h",
		"http://u:s3 cret@h":                "http://REDACTED@h",
		"http://u:s3\"cret@h":               "http://REDACTED@h",
		"http://u:s3<cret@h":                "http://REDACTED@h",
		"http:/u:s3cret@h":                  "http:/REDACTED@h",
		"http:///u:s3cret@h":                "http:///REDACTED@h",
		`http:\\u:s3cret@h`:                 `http:\\REDACTED@h`,
		"http:u:s3cret@h":                   "REDACTED@h",
		"u:s3cret@h:1":                      "REDACTED@h:1",
		"http://u:s3cret@":                  "http://REDACTED@",
		"http://u:s3cret":                   "http://u:REDACTED",
		"http://u:s3cret/x":                 "http://u:REDACTED",
		"http://u:s3?cret@h":                "http://REDACTED",
		"http://u:s3#cret@h":                "http://REDACTED",
		"https://h/f?mail=a@b&token=s3":     "https://REDACTED",
		"https://h/f.iso?token=s3cret":      "https://h/f.iso?REDACTED",
		"https://h/f.iso?s3cret":            "https://h/f.iso?REDACTED",
		"https://h/f.iso#s3cret":            "https://h/f.iso#REDACTED",
		"https://h/f.iso?":                  "https://h/f.iso?",
		"https://[fd00::1]:6443/x":          "https://[fd00::1]:6443/x",
		"https://fd00::1/x":                 "https://fd00::1/x",
		"https://a:2379,https://b:2379":     "https://a:2379,https://b:2379",
		"https://REDACTED@h/x?REDACTED":     "https://REDACTED@h/x?REDACTED",
		"http://user:password@proxy:3128":   "http://user:password@proxy:3128",
		"quay.io/okd/x@sha256:" + hex64:     "quay.io/okd/x@sha256:" + hex64,
		"h:5000/okd/x:4.20@sha256:" + hex64: "h:5000/okd/x:4.20@sha256:" + hex64,
		"docker://u:s3@h/x@sha256:" + hex64: "docker://REDACTED@h/x@sha256:" + hex64,
	} {
		if got := URL(in); got != want {
			t.Errorf("URL(%q) is %q, want %q", in, got, want)
		}
		if got := URL(want); got != want {
			t.Errorf("URL(%q) becomes %q the second time", want, got)
		}
		if strings.ContainsAny(in, "\" ") || strings.HasSuffix(in, "?") {
			continue // a sentence cannot tell where such a URL ends
		}
		for _, sentence := range []string{
			"%", "cannot get \"%\": refused", "%: dial tcp", "proxy (%) is used", "use '%'.", "url=% next",
			"{\"url\":\"%\",\"email\":\"me@example.com\"}",
		} {
			whole := strings.ReplaceAll(sentence, "%", in)
			if want := strings.ReplaceAll(sentence, "%", want); Message(whole) != want {
				t.Errorf("Message(%q) is\n%q, want\n%q", whole, Message(whole), want)
			}
		}
	}
}

var hex64 = strings.Repeat("0f", 32)

// What Go itself says about a URL goes the same way.
func TestErrorsOfURLs(t *testing.T) {
	t.Parallel()
	for _, proxy := range []string{
		"http://u:s3cret/x@h", "u:s3cret@h:x", "http:/u:s3cret@h", "http://u:s3cret", "http://u:%zzs3cret@h",
		"http://u:s3cret@h h", "http://h/?s3cret%zz", "ht!tp://u:s3cret@h", "://u:s3cret@h",
	} {
		for _, ask := range []func() error{
			func() error { _, err := url.Parse(proxy); return err },
			func() error { _, err := url.ParseRequestURI(proxy); return err },
			func() error { _, err := http.NewRequest(http.MethodGet, proxy, http.NoBody); return err }, //nolint:noctx // it is never sent
		} {
			if err := ask(); err != nil && strings.Contains(Message(err.Error()), "s3cret") {
				t.Errorf("%s: %s", proxy, Message(err.Error()))
			}
		}
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	head := []byte{0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20}
	der := slices.Concat(head, []byte("canarycanarycanarycanarycanary00"))
	for in, want := range map[string]string{
		"mymachine --password s3cret --user me":                               "mymachine --password REDACTED --user me",
		"--registry-token=s3cret is wrong":                                    "--registry-token=REDACTED is wrong",
		"--password is missing":                                               "--password is missing",
		"--show-password prints it":                                           "--show-password prints it",
		"--pull-secret names a file":                                          "--pull-secret names a file",
		"a.yaml:3:5: x.password: is missing":                                  "a.yaml:3:5: x.password: is missing",
		"a.yaml:3:5: x.password: \"s3cret\" is":                               "a.yaml:3:5: x.password: \"REDACTED\" is",
		"password=s3cret user=me":                                             "password=REDACTED user=me",
		"the password is: s3cret":                                             "the password is: REDACTED",
		"the password AbC23-dEf45-ghi67-JKL89 is":                             "the password REDACTED is",
		"host node1-rack2-room3-site4 is":                                     "host node1-rack2-room3-site4 is",
		"Authorization: Bearer s3cret-s3cret":                                 "Authorization: Bearer REDACTED",
		"hash $2a$10$abcdefghijklmnopqrstuv is":                               "hash REDACTED is",
		"hash $6$salt$abcdefghijklmnop":                                       "hash REDACTED",
		"f.iso?token=s3cret; trying again":                                    "f.iso?REDACTED; trying again",
		"did you mean f.iso?":                                                 "did you mean f.iso?",
		"auth is Y2FuYXJ5OnMzY3JldA==, and":                                   "auth is REDACTED==, and",
		"auth is Y2FuYXJ5OnMzY3JldA, and":                                     "auth is REDACTED, and",
		"bootstrapInPlace installationDisk":                                   "bootstrapInPlace installationDisk",
		"core@host:22 and me@example.com":                                     "core@host:22 and me@example.com",
		"image quay.io/o/r@sha256:" + hex64:                                   "image quay.io/o/r@sha256:" + hex64,
		"sum " + hex64:                                                        "sum " + hex64,
		`pullSecret: '{"auths":{"fake":{"auth":"aWQ6cGFzcwo="}}}'`:            `pullSecret: '{"auths":{"fake":{"auth":"aWQ6cGFzcwo="}}}'`,
		"pullSecret: 's3cret'":                                                "pullSecret: 'REDACTED'",
		pullSecret:                                                            `{"auths":{"quay.io":{"auth":"REDACTED","email":"me@example.com"}}}`,
		"x " + quoted(pullSecret):                                             `x "{\"auths\":{\"quay.io\":{\"auth\":\"REDACTED\",\"email\":\"me@example.com\"}}}"`,
		"x " + hex.EncodeToString([]byte(pullSecret)) + " y":                  "x REDACTED y",
		"x " + strings.ToUpper(hex.EncodeToString([]byte(pullSecret))) + " y": "x REDACTED y",
		"x " + b64("proxy http://u:s3cret@h:3128"):                            "x REDACTED==",
		"x " + url.QueryEscape("http://u:s3cret@h") + " y":                    "x REDACTED y",
		`x http:\/\/u:s3cret@h y`:                                             `x http:\/\/REDACTED@h y`,
		`x http://u:s3cret\u0040h y`:                                          "x http://u:REDACTED y",
		"x " + base64.StdEncoding.EncodeToString(der) + " y":                  "x REDACTED y",
		"before\n" + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})) + "after\n": "before\nREDACTED\nafter\n",
		"HTTP_PROXY=u:s3cret@h:1 next":                    "HTTP_PROXY=REDACTED@h:1 next",
		"HTTP_PROXY='http://u:s3cret@h:1'":                "HTTP_PROXY='http://REDACTED@h:1'",
		"--pull-secret=/a/b.json --volume /a:/b:z":        "--pull-secret=/a/b.json --volume /a:/b:z",
		"--pull-secret=s3cret":                            "--pull-secret=REDACTED",
		`such as {"auths":{"h":{"auth":"…"}}}`:            `such as {"auths":{"h":{"auth":"…"}}}`,
		"data " + b64(`{"ignition":{"version":"3.2.0"}}`): "data " + b64(`{"ignition":{"version":"3.2.0"}}`),
		"data " + b64("redfish+https://10.0.0.1:8000/x"):  "data " + b64("redfish+https://10.0.0.1:8000/x"),
		"proxy http://us%40er:pa'ss@h:1 is":               "proxy http://REDACTED@h:1 is",
		"/var/lib/x%20y and 100% of it":                   "/var/lib/x%20y and 100% of it",
	} {
		if got := Message(in); got != want {
			t.Errorf("%q: got\n%q, want\n%q", in, got, want)
		}
		if got := Message(want); got != want {
			t.Errorf("%q: becomes %q the second time", want, got)
		}
	}
}

func TestArgs(t *testing.T) {
	t.Parallel()
	in := []string{"create", "x", "--url=http://u:s3 cret@h/f?s3cret", "--http-proxy", "u:s3cret@h:1", "--url", "https://h/f?s3cret",
		"--pull-secret", pullSecret, "--bmc-password", "s3cret", "--api-token=s3cret",
		"--show-password", "--bootstrap", "core@h:22", "--dir", "a b", "-o=json", "--release-image", "q/x@sha256:" + hex64}
	want := []string{"create", "x", "--url=http://REDACTED@h/f?REDACTED", "--http-proxy", "REDACTED@h:1", "--url", "https://h/f?REDACTED",
		"--pull-secret", Gone, "--bmc-password", Gone, "--api-token=REDACTED",
		"--show-password", "--bootstrap", "core@h:22", "--dir", "a b", "-o=json", "--release-image", "q/x@sha256:" + hex64}
	if got := Args(in); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// FuzzValues: whatever stands in an argument or in the environment is looked at, also where a
// percent sign encodes nothing.
func FuzzValues(f *testing.F) {
	f.Add("/tmp/100%s%d")
	f.Add("%")
	f.Add("%25%252B%2")
	f.Add("aWQ6cGFzcw%253D%253D")
	f.Fuzz(func(t *testing.T, value string) {
		_ = secretsOf(value)
		if got := Args([]string{"--dir", value}); len(got) != 2 || got[0] != "--dir" {
			t.Errorf("%q becomes %q", value, got)
		}
	})
}

// FuzzURL puts a password into a URL of any form: neither URL nor Message leaves it.
func FuzzURL(f *testing.F) {
	f.Add("http://", "u:", "", "@h")
	f.Add("http:/", "u:x/", "?a", "@h/x?y=z")
	f.Add("", "u:", "#", "@h:1")
	f.Fuzz(func(t *testing.T, scheme, before, after, rest string) {
		text := scheme + before + "s3cretvalue" + after + rest
		if strings.Contains(before+after, "@") || !strings.HasPrefix(rest, "@") || strings.Contains(rest, "@sha") {
			return
		}
		if got := URL(text); strings.Contains(got, "s3cretvalue") && scheme != "" &&
			!strings.Contains(scheme, "s3cretvalue") && schemeEnd(scheme) == len(scheme) {
			t.Errorf("%q becomes %q", text, got)
		}
		_ = Message(text)
	})
}

// FuzzForms: no secret is missed for want of a word.
func FuzzForms(f *testing.F) {
	f.Add("a:b\nApi_Key: x1\n")
	f.Add("https://u:p@h?sig=x basic abcdefghijklmnop --password=a")
	f.Add("\u017fecret_\u212aey=abc eyJaaaaaaaaaa.eyJaaaaaaaaaa.b $6$aaaaaaaaaaaaaa")
	f.Fuzz(func(t *testing.T, text string) {
		for _, list := range [][]form{forms(), assigned(), said()} {
			found := formsIn(text, list)
			for _, f := range list {
				for _, at := range f.find.FindAllStringSubmatchIndex(text, -1) {
					hides := func(s Span) bool { return s.From == at[2] }
					if (f.except == nil || !f.except(text[at[0]:at[1]], text[at[2]:at[3]])) && !slices.ContainsFunc(found, hides) {
						t.Errorf("%q of %q is not found", text[at[2]:at[3]], text)
					}
				}
			}
		}
	})
}

// What is taken apart after it was given is still known.
func TestMessages(t *testing.T) {
	t.Parallel()
	for given, said := range map[string]string{
		"http://u:p s3cretpart@h":            `"s3cretpart@h" is no network`,
		"http://u:a,s3cretpart@h":            `"s3cretpart@h" is no network`,
		"u:s3cretpart@h":                     "password s3cretpart",
		"https://h/f?token=s3cretpart":       "s3cretpart is short",
		"https://h/f?s3cretpart":             "s3cretpart is short",
		`{"auths":{"h":{"auth":"s3cretpart"`: "s3cretpart is not base64",
		"x\n-----BEGIN RSA PRIVATE KEY-----\ns3cretpart\n-----END RSA PRIVATE KEY-----\n": "no file s3cretpart",
		"-----BEGIN RSA PRIVATE KEY-----\ns3cretpartofakey\n":                             "\"-----BEGIN RSA PRIVATE KEY-----\\ns3cretpart...\" is not one",
	} {
		var m Messages
		m.Learn(given)
		if got := m.Message(said); strings.Contains(got, "s3cret") || !strings.Contains(got, Gone) {
			t.Errorf("%q: %q", given, got)
		}
		if strings.Contains(Message(`cannot use "`+given+`"`), "s3cret") {
			t.Errorf("%q alone: %q", given, Message(given))
		}
	}
	var m Messages
	for _, given := range []string{
		"administrator@host:22", "http://user:password@proxy.example.com", "quay.io/some/repository@sha256:" + hex64,
		"--show-password", "https://mirror.example.com/folder/", "",
	} {
		m.Learn(given)
		if len(m.known) > 0 {
			t.Errorf("%q: %q is taken for a secret", given, m.known)
		}
	}
}
