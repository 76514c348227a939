package ignition

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/diag"
)

func standardPointer(t testing.TB) []byte {
	t.Helper()
	raw, err := Pointer("api-int.okd.example.com", "master", []byte(testRootCA))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// edited is the standard pointer with a piece of its text replaced.
func edited(t testing.TB, old, changed string) []byte {
	t.Helper()
	std := standardPointer(t)
	if !bytes.Contains(std, []byte(old)) {
		t.Fatalf("the pointer has no %s", old)
	}
	return bytes.Replace(std, []byte(old), []byte(changed), 1)
}

func TestPointerRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ host, role, ca, want string }{
		{"h", "infra", testRootCA, `role "infra"`},
		{"", "master", testRootCA, "master.ign needs the host"},
		{"h", "worker", "", "worker.ign needs the host"},
		{"a b", "worker", testRootCA, "worker.ign:1:"},
	} {
		if _, err := Pointer(c.host, c.role, []byte(c.ca)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// What a person does to master.ign, and what of it has to reach the nodes.
func TestCustomised(t *testing.T) {
	t.Parallel()
	std := standardPointer(t)
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, std, "", "    "); err != nil {
		t.Fatal(err)
	}
	ca := `"security":{"tls":{"certificateAuthorities":[{"source":"` + *dataURL([]byte(testRootCA)) + `"}]}}`
	hostname := `,"storage":{"files":[{"path":"/etc/hostname","contents":{"source":"data:,a"}}]}}`
	for _, c := range []struct {
		name, user, rest string
		changed          bool
	}{
		{name: "untouched", user: string(std)},
		{name: "with a newline at its end", user: string(std) + "\n"},
		{name: "indented by an editor", user: pretty.String()},
		{name: "sections written out empty", user: string(edited(t, `"version":"3.2.0"}`, `"version":"3.2.0","proxy":{},"timeouts":{}},"storage":{},"passwd":{}`))},
		{name: "an older spec that says the same", user: string(edited(t, "3.2.0", "3.1.0"))},
		{
			name: "a file added", user: string(edited(t, `"version":"3.2.0"}}`, `"version":"3.2.0"}`+hostname)), changed: true,
			rest: `{"ignition":{` + ca + `,"version":"3.2.0"},"storage":{"files":[{"path":"/etc/hostname","contents":{"source":"data:,a"}}]}}`,
		},
		{
			name: "a file added, with spec 3.1.0", user: string(edited(t, `"version":"3.2.0"}}`, `"version":"3.1.0"}`+hostname)), changed: true,
			rest: `{"ignition":{` + ca + `,"version":"3.2.0"},"storage":{"files":[{"path":"/etc/hostname","contents":{"source":"data:,a"}}]}}`,
		},
		{name: "by the address of a load balancer", user: string(edited(t, "api-int.okd", "10.0.0.5")), changed: true, rest: `{"ignition":{` + ca + `,"version":"3.2.0"}}`},
		{name: "the merge taken out", user: `{"ignition":{"version":"3.2.0"}}`, changed: true, rest: `{"ignition":{"version":"3.2.0"}}`},
	} {
		rest, changed, err := Customised("master.ign", []byte(c.user), std)
		if err != nil || changed != c.changed || string(rest) != c.rest {
			t.Errorf("%s: %t %s (%v), want %t %s", c.name, changed, rest, err, c.changed, c.rest)
		}
		if changed {
			if err := validateConfig("rest", rest); err != nil {
				t.Errorf("%s: what is left is not valid: %v", c.name, err)
			}
		}
	}
}

// A file that Ignition would refuse on every machine, or of which it would
// silently drop a part, is refused here, with its place.
func TestCustomisedRefuses(t *testing.T) {
	t.Parallel()
	std := standardPointer(t)
	for _, c := range []struct{ name, user, want string }{
		{"nothing", " \n", "master.ign: is empty"},
		{"half a file", string(std[:100]), "master.ign:1:101: is not JSON: it ends too early"},
		{"a comment", "{\n  // mine\n}", "master.ign:2:3: is not JSON: invalid character '/'"},
		{"YAML", "ignition:\n  version: 3.2.0\n", "master.ign:1:1: is not JSON"},
		{"two configs", string(std) + string(std), "is not JSON: invalid character '{' after top-level value"},
		{"a key twice", "{\"ignition\": {\"version\": \"3.2.0\"},\n \"storage\": {\"files\": []},\n \"storage\": {}}",
			`master.ign:3:10: the key "storage" appears twice`},
		{"an array", `[]`, "master.ign:1:1: a JSON array is not allowed here; an object is expected"},
		{"a wrong type", "{\"ignition\": {\"version\": \"3.2.0\"},\n \"storage\": {\"files\": {}}}",
			"storage.files: a JSON object is not allowed here; an array is expected"},
		{"text as mode", `{"ignition":{"version":"3.2.0"},"storage":{"files":[{"path":"/a","mode":"0644"}]}}`,
			"storage.files.mode: a JSON string is not allowed here; a whole number is expected"},
		{"no version", `{"storage":{}}`, "ignition.version: is missing"},
		{"a newer spec", string(edited(t, "3.2.0", "3.4.0")), `ignition.version: "3.4.0" is not a supported spec`},
		{"an ancient spec", string(edited(t, "3.2.0", "2.2.0")), `"2.2.0" is not a supported spec`},
		{"an unknown key", "{\"ignition\": {\"version\": \"3.2.0\"},\n \"systemd\": {\"unit\": []}}", "master.ign:2:14: systemd.unit: is not a field of Ignition's spec 3.2.0"},
		{"a key in capitals", `{"ignition":{"version":"3.2.0"},"Storage":{}}`, "Storage: is not a field"},
		{"a relative path", `{"ignition":{"version":"3.2.0"},"storage":{"files":[{"path":"etc/hostname"}]}}`, "storage.files[0].path: path not absolute"},
		{"a path twice", `{"ignition":{"version":"3.2.0"},"storage":{"files":[{"path":"/a"},{"path":"/a"}]}}`, "storage.files[1]: duplicate entry"},
		{"a unit without Install", `{"ignition":{"version":"3.2.0"},"systemd":{"units":[{"name":"a.service","enabled":true,"contents":"[Service]\nExecStart=/bin/true\n"}]}}`, "has no install section"},
		{"a setuid file", `{"ignition":{"version":"3.2.0"},"storage":{"files":[{"path":"/a","mode":2541}]}}`, "storage.files[0].mode: setuid/setgid/sticky bits"},
		{"a broken data URL", string(edited(t, "base64,", "base64,*")), "ignition.security.tls.certificateAuthorities[0].source:"},
		{"too large", string(std) + strings.Repeat(" ", 2<<20), "becomes one object of the cluster"},
	} {
		rest, changed, err := Customised("master.ign", []byte(c.user), std)
		var problems diag.Problems
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), c.want) || rest != nil || changed {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
		for _, p := range problems {
			if p.File != "master.ign" {
				t.Errorf("%s: the file is %q", c.name, p.File)
			}
		}
	}
}

// All that is wrong is said at once, in the order of the file.
func TestCustomisedReportsEverything(t *testing.T) {
	t.Parallel()
	user := `{"ignition": {"version": "3.2.0"},
 "storage": {"files": [
  {"path": "a"},
  {"path": "/b", "Mode": 1},
  {"path": "/c", "contents": {"source": "ftp://x"}}
 ]}}`
	_, _, err := Customised("worker.ign", []byte(user), standardPointer(t))
	var problems diag.Problems
	if !errors.As(err, &problems) || len(problems) != 3 {
		t.Fatalf("got %v", err)
	}
	for i, p := range problems {
		if p.Line != 3+i {
			t.Errorf("%v is in line %d", p, 3+i)
		}
	}
}

// What the validator quotes of a config may be a password.
func TestProblemsKeepSecrets(t *testing.T) {
	t.Parallel()
	for _, user := range []string{
		`{"ignition":{"version":"3.2.0"},"systemd":{"units":[{"name":"a.service","contents":"[Service] PASSWORD=s3cret\n"}]}}`,
		`{"ignition":{"version":"3.2.0"},"storage":{"files":[{"path":"/a","contents":{"source":"data:;s3cret,"}}]}}`,
		`{"ignition":{"version":"3.2.0"},"storage":{"files":[{"path":"/a","contents":{"source":"s3cret://s3cret\u0001"}}]}}`,
		`{"ignition":{"version":"3.2.0"},"storage":"s3cret"}`,
		`{"ignition":{"version":"3.2.0"},"passwd":{"users":[{"name":"a","passwordHash":"s3cret`,
	} {
		if err := validateConfig("a.ign", []byte(user)); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", user, err)
		}
	}
}

func FuzzCustomised(f *testing.F) {
	std := standardPointer(f)
	f.Add(std)
	f.Add(edited(f, `"version":"3.2.0"}}`, `"version":"3.1.0"},"storage":{"files":[{"path":"/a","mode":420}]}}`))
	f.Add([]byte(`{"ignition":{"version":"3.2.0"},"systemd":{"units":[{"name":"a.service","contents":"[Unit]\nA=\\"}]}}`))
	f.Add([]byte(`{"ignition":{"version":"3.0.0"},"storage":{"disks":[{"device":"/dev/a","partitions":[{"number":1}]}]}}`))
	f.Add([]byte(`{"a":[[[[{"a":{}}]]]],"a":null}`))
	f.Fuzz(func(t *testing.T, user []byte) {
		rest, changed, err := Customised("master.ign", user, std)
		switch {
		case err != nil:
			var problems diag.Problems
			if !errors.As(err, &problems) || rest != nil || changed {
				t.Fatalf("%v, %s, %t", err, rest, changed)
			}
		case changed:
			// what is left has no pointer in it, and reading it again changes nothing
			again, _, err := Customised("master.ign", rest, std)
			if err != nil || !bytes.Equal(rest, again) {
				t.Fatalf("%s became %s (%v)", rest, again, err)
			}
		case rest != nil:
			t.Fatalf("unchanged, but with %s", rest)
		}
	})
}

func FuzzValidate(f *testing.F) {
	f.Add(standardPointer(f))
	small, err := Bootstrap(smallHost())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	f.Add([]byte(`{"ignition":{"version":"3.2.0"},"storage":{"luks":[{"name":"a","clevis":{"custom":{"pin":"tpm2"}}}]}}`))
	f.Add([]byte(`{"ignition":{"version":"3.2.0","config":{"replace":{"source":"s3://a?versionId="}}}}`))
	f.Add([]byte("\xef\xbb\xbf{}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if err := validateConfig("a.ign", raw); err != nil {
			var problems diag.Problems
			if !errors.As(err, &problems) || len(problems) == 0 {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		// a valid config can be written again, and is valid then too
		config, _ := parse("a.ign", raw)
		out, err := encode(config)
		if err != nil {
			t.Fatal(err)
		}
		if err := validateConfig("a.ign", out); err != nil {
			t.Fatalf("%s became %s: %v", raw, out, err)
		}
	})
}

// A pointer config of whatever cluster holds nothing of a user's; with anything
// else in it, it does.
func TestIsPointer(t *testing.T) {
	t.Parallel()
	other := bytes.Replace(standardPointer(t), []byte("okd.example.com"), []byte("other.example.org"), 1)
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, other, "", "\t"); err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{"ours": standardPointer(t), "another cluster's": other, "spaced": pretty.Bytes()} {
		if !IsPointer("master", raw) {
			t.Errorf("%s is not taken for one", name)
		}
	}
	for name, raw := range map[string][]byte{
		"nothing": nil, "text": []byte("x"), "empty": []byte("{}"), "no merge": []byte(`{"ignition":{"version":"3.2.0"}}`),
		"a file in it": edited(t, `"ignition":`, `"storage":{"files":[{"path":"/a","contents":{"source":"data:,a"}}]},"ignition":`),
		"another role": edited(t, "config/master", "config/worker"), "another port": edited(t, ":22623", ":443"),
		"an authority on a server": edited(t, *dataURL([]byte(testRootCA)), "https://example.com/ca"),
	} {
		if IsPointer("master", raw) {
			t.Errorf("%s is taken for one", name)
		}
	}
}
