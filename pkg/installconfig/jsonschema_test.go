package installconfig

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/santhosh-tekuri/jsonschema/v6"
	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/release"
)

// The schema is written beside the config: the same release has the same bytes.
func TestTheSchemaIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	first, err := JSONSchema(release.Release{Line: "4.22"})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if again, err := JSONSchema(release.Release{Line: "4.22"}); err != nil || !bytes.Equal(first, again) {
			t.Fatalf("it is another one, %v", err)
		}
	}
}

// compiled is the schema of a release, as a validator of other people reads it.
func compiled(t *testing.T, line string) *jsonschema.Schema {
	t.Helper()
	data, err := JSONSchema(release.Release{Line: line})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// eachOnce compiles the schema of a line when it is asked for first.
func eachOnce(t *testing.T) func(line string) *jsonschema.Schema {
	t.Helper()
	schemas := map[string]*jsonschema.Schema{}
	return func(line string) *jsonschema.Schema {
		if schemas[line] == nil {
			schemas[line] = compiled(t, line)
		}
		return schemas[line]
	}
}

// flagged says what the schema has against a file; a file that is not YAML is
// flagged by any reader.
func flagged(t *testing.T, s *jsonschema.Schema, data []byte) error {
	t.Helper()
	var document any
	if err := yamlv3.Unmarshal(data, &document); err != nil {
		return err
	}
	text, err := json.Marshal(document)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(value)
}

func TestSchemaOfEveryLine(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"", "4.16", "4.17", "4.18", "4.19", "4.20", "4.21", "4.22", "5.0"} {
		s := compiled(t, line)
		if err := flagged(t, s, []byte(minimal)); err != nil {
			t.Errorf("%s refuses the smallest config: %v", line, err)
		}
		r := release.Release{Line: line}
		for text, since := range map[string]string{
			"arbiter: {replicas: 1}\n":                          "4.22",
			"osImageStream: centos-10\n":                        "4.22",
			"capabilities: {baselineCapabilitySet: v4.17}\n":    "4.17",
			"capabilities: {baselineCapabilitySet: v4.18}\n":    "4.18",
			"capabilities: {baselineCapabilitySet: vCurrent}\n": "4.16",
		} {
			want := line == "" || r.AtLeast(since)
			if err := flagged(t, s, []byte(minimal+text)); (err == nil) != want {
				t.Errorf("%s: %s: %v", line, text, err)
			}
			if _, err := Load(FileName, []byte(minimal+text), Options{Release: r}); (err == nil) != want {
				t.Errorf("%s: %s: Load says %v", line, text, err)
			}
		}
	}
}

// mended are good configs that Load mends with a warning, and the schema flags.
var mended = map[string]string{
	"capital-names": "fields in another case",
	"surprises":     "a field in another case, an unknown field, a gate turned on as True",
	"two-nodes":     "a password that is a number",
}

func TestSchemaAcceptsWhatLoadAccepts(t *testing.T) {
	t.Parallel()
	schemaFor := eachOnce(t)
	files, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		o := optionsIn(data)
		loaded, err := Load(FileName, data, o)
		if err != nil {
			t.Fatal(err)
		}
		s, name := schemaFor(o.Release.Line), strings.TrimSuffix(filepath.Base(file), ".yaml")
		switch err := flagged(t, s, data); {
		case err != nil && mended[name] == "":
			t.Errorf("%s: %v", file, err)
		case err == nil && mended[name] != "":
			t.Errorf("%s: is not flagged, although it has %s", file, mended[name])
		}
		canonical, err := Marshal(loaded.Config)
		if err != nil {
			t.Fatal(err)
		}
		if err := flagged(t, s, canonical); err != nil {
			t.Errorf("the canonical form of %s: %v", file, err)
		}
	}
}

// unseen are the bad configs that the schema does not flag, with the reason why
// no schema could, or this one should not.
var unseen = []string{
	"cluster-network-small", "deprecated-contradictions", "domain-too-long", "fencing-gate-off", "fips", "host-subnet-length", "join-subnet",
	"join-subnet-small", "join-subnet-transit", "overlaps", "proxy-inside", "proxy-port", "pull-secret-asked", "pull-secret-entries",
	"reserved-networks", "ssh-fips", "ssh-keys", "trust-bundle-comment", "trust-bundle-corrupt", "trust-bundle-end",
	"trust-bundle-folded", "trust-bundle-leftover",
	"trust-bundle-not-certificate", "two-documents",
}

func TestSchemaFlagsWhatLoadRefuses(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var missed []string
	schemaFor := eachOnce(t)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if flagged(t, schemaFor(optionsIn(data).Release.Line), data) == nil {
			missed = append(missed, strings.TrimSuffix(filepath.Base(file), ".yaml"))
		}
	}
	t.Logf("%d of %d are flagged", len(files)-len(missed), len(files))
	slices.Sort(missed)
	if !slices.Equal(missed, unseen) {
		t.Errorf("not flagged: %q, want %q", missed, unseen)
	}
}

// TestCorpus measures the schema with configs from elsewhere: a folder with one
// folder for each, named reject-… where okd-install must refuse it.
func TestCorpus(t *testing.T) {
	t.Parallel()
	corpus := os.Getenv("OKD_CONFIG_CORPUS")
	if corpus == "" {
		t.Skip("OKD_CONFIG_CORPUS names no folder with cases")
	}
	files, err := filepath.Glob(filepath.Join(corpus, "*", FileName))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", corpus, err)
	}
	s := compiled(t, "4.22")
	var accepted, refused, seen int
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(filepath.Dir(file))
		_, bad := Load(FileName, data, Options{Release: release.Release{Line: "4.22"}})
		flaw := flagged(t, s, data)
		switch {
		case bad == nil && strings.HasPrefix(name, "reject-"):
			t.Errorf("%s: is accepted", name)
		case bad == nil:
			accepted++
			if flaw != nil {
				t.Errorf("%s: Load accepts it, the schema does not: %v", name, flaw)
			}
		case flaw == nil:
			refused++
			t.Logf("%s: is not flagged: %v", name, bad)
		default:
			refused++
			seen++
		}
	}
	t.Logf("%d accepted; of %d refused %d are flagged", accepted, refused, seen)
	if seen*100 < refused*80 {
		t.Errorf("only %d of %d are flagged", seen, refused)
	}
}

// Whatever validation accepts of a form, its pattern matches.
func TestPatterns(t *testing.T) {
	t.Parallel()
	for form, c := range map[platform.Form]struct{ good, bad []string }{
		platform.ClusterName: {[]string{"okd", "a", "a-b", "a.b", "1"}, []string{"", "Okd", "-a", "a.", "a_b"}},
		platform.Domain:      {[]string{"example.com", "example.com.", "com"}, []string{"example..com", ".com", "Example.com", "a b"}},
		platform.CIDR: {
			[]string{"10.0.0.0/8", "192.168.1.0/24", "192.168.1.4/30", "172.16.0.0/12", "fd00::/64", "fd01::/48", "::/1", "FD00::/64"},
			[]string{"10.0.0.0", "10.0.0.1/16", "192.168.1.1/24", "10.0.0.0/33", "256.0.0.0/8", "10.0.0.0/08", "fd00::/129", "0.0.0.0/0", "hello"},
		},
		platform.ServiceCIDR: {[]string{"172.30.0.0/16", "fd02::/112"}, []string{"10.0.0.0/8", "172.30.0.0/30", "fd02::/64"}},
		platform.IPv4CIDR:    {[]string{"100.65.0.0/16"}, []string{"fd00::/64", "100.64.0.1/16"}},
		platform.HTTPURL:     {[]string{"http://p:3128", "HTTP://p", "http://user:pa ss@p/"}, []string{"https://p", "p:3128", "http:///x", "ftp://p"}},
		platform.WebURL:      {[]string{"http://p:3128", "https://p", "http://[fd00::1]:3128"}, []string{"ftp://p", "p"}},
		platform.NoProxyList: {[]string{"*", "a", ".a.b,10.0.0.0/8,fd00::/8,1.2.3.4", "a.", "fe80::1%eth0"}, []string{"a,,b", "a b", "*.a", "a,", "A.b", "http://a"}},
		platform.Repository: {
			[]string{"quay.io/okd/scos", "mirror:5000/a", "localhost/a", "host", "[fd00::1]:5000/a/b", "q.io/a-b/c__d/e--f", "Q.io/a"},
			[]string{"http://q.io/a", "q.io/a:tag", "q.io/a@sha256:1", "q.io/A", "q.io//a", "q.io/a.", "q.io/a b"},
		},
		platform.PullSecret:  {[]string{PublicPullSecret, "\n{ \"auths\" : { \"a\": {\"auth\": \"YTpi\"} } }\n"}, []string{"", "{}", `{"auths":{}}`, `{"auths":[]}`, "hello"}},
		platform.PEM:         {[]string{"text\n-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n\n"}, []string{"hello", "-----BEGIN RSA PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----"}},
		platform.SSHKeys:     {[]string{"ssh-ed25519 AAAAC3 me", "\n", "# x\nssh-rsa AAAA\n", "sk-ssh-ed25519@openssh.com AAAA x"}, []string{"hello", "-----BEGIN OPENSSH PRIVATE KEY-----"}},
		platform.GateSetting: {[]string{"A=true", "A=False", "A1=0"}, []string{"A", "A=yes", "=true", "A b=true"}},
		platform.MAC:         {[]string{"52:54:00:ab:cd:01", "52-54-00-AB-CD-02", "5254.00ab.cd01"}, []string{"52:54:00:ab:cd", "52:54:00:ab:cd:zz"}},
		platform.Disk:        {[]string{"/dev/vda", "/dev/disk/by-id/wwn-0x5"}, []string{"vda", "/dev/", "/dev/v da", ""}},
	} {
		re := regexp.MustCompile("^(?:" + patterns[form].regexp + ")$")
		for _, text := range c.good {
			if !re.MatchString(text) {
				t.Errorf("%s: %q does not match", form, text)
			}
		}
		for _, text := range c.bad {
			if re.MatchString(text) {
				t.Errorf("%s: %q matches", form, text)
			}
		}
	}
}

// A text in one of the fields that have a form: if Load has nothing against it,
// neither has the schema.
func FuzzForms(f *testing.F) {
	fields := []struct {
		path string
		form platform.Form
	}{
		{"networking.machineNetwork.cidr", platform.CIDR},
		{"proxy.noProxy", platform.NoProxyList},
		{"proxy.httpProxy", platform.HTTPURL},
		{"imageDigestSources.source", platform.Repository},
		{"metadata.name", platform.ClusterName},
		{"sshKey", platform.SSHKeys},
		{"pullSecret", platform.PullSecret},
	}
	for i, seed := range []string{
		"10.0.0.0/16", "a,.b", "http://p:1", "q.io/a", "okd",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIPVEdyqnLUXYJG/bCPku/mw3JCImv4DSPTur29bAkJo x", PublicPullSecret,
	} {
		f.Add(byte(i), seed)
	}
	var expressions []*regexp.Regexp
	for _, one := range fields {
		expressions = append(expressions, regexp.MustCompile("^(?:"+patterns[one.form].regexp+")$"))
	}
	f.Fuzz(func(t *testing.T, which byte, text string) {
		i := int(which) % len(fields)
		if text == "" || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' }) {
			return // not a text that can be in a file at all
		}
		data := set(t, fields[i].path, text)
		if _, problems := parse(FileName, data); len(problems) > 0 || len(problemsAt(data, fields[i].path, Options{})) > 0 {
			return
		}
		if !expressions[i].MatchString(text) {
			t.Errorf("%s accepts %q, the pattern does not", fields[i].path, text)
		}
	})
}

func TestSchemaHasNoSecretAndNoHTML(t *testing.T) {
	t.Parallel()
	data, err := JSONSchema(release.Release{})
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(data) || bytes.Contains(data, []byte(`\u003c`)) {
		t.Error("the schema is not JSON, or has escapes that people do not read")
	}
}
