package inspect

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/ignition"
)

// now is the clock of these tests.
var now = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func zipped(t testing.TB, content string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return "data:;base64," + base64.StdEncoding.EncodeToString(b.Bytes())
}

// lines writes a config as one line per entry.
func lines(c Config) string {
	var out []string
	for _, e := range c.Entries {
		line := fmt.Sprintf("%s %s %04o %s", e.Kind, e.Path, e.Mode, e.Owner())
		if e.Target != "" {
			line += fmt.Sprintf(" -> %s hard=%t", e.Target, e.Hard)
		}
		if e.Enabled != nil {
			line += fmt.Sprintf(" enabled=%t", *e.Enabled)
		}
		if e.Masked {
			line += " masked"
		}
		for _, p := range e.Parts {
			line += fmt.Sprintf(" %q", p.Data)
			if p.Append {
				line += "+"
			}
			if p.URL != "" {
				line += " at " + p.URL + " " + p.Hash
			}
			if p.Compressed {
				line += " compressed"
			}
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// generation3 has one of everything that spec 3.x knows.
func generation3(t testing.TB) string {
	return `{"ignition":{"version":"3.4.0","timeouts":{"httpTotal":5},"proxy":{},
	  "config":{"merge":[{"source":"https://u:s3cret@a/b","verification":{"hash":"sha512-00"}},{"source":"data:,%7B%7D"}],"replace":{"source":null}},
	  "security":{"tls":{"certificateAuthorities":[{"source":"data:,x"}]}}},
	"storage":{
	  "directories":[{"path":"/d","mode":448,"user":{"name":"core"},"group":{"id":5}}],
	  "links":[{"path":"/l","target":"/etc/passwd"},{"path":"/h","target":"/f","hard":true}],
	  "files":[{"path":"/f","mode":2541,"contents":{"source":"` + zipped(t, "zip") + `","compression":"gzip"}},
	    {"path":"/a/../e","contents":{}},
	    {"path":"/app","append":[{"source":"data:,x"},{"source":"http://y"}]}],
	  "disks":[{"device":"/dev/sda"}]},
	"systemd":{"units":[{"name":"a.service","enabled":true,"contents":"[Unit]\n","dropins":[{"name":"x.conf","contents":"[Service]\n"}]},{"name":"b.socket","mask":true,"enabled":false}]},
	"passwd":{"users":[{"name":"core","sshAuthorizedKeys":["ssh-rsa A"]}],"groups":[{"name":"g"}]},
	"kernelArguments":{"shouldExist":["x"]},"new":{"field":1}}`
}

const generation3Lines = `file /app 0644 root:root "x"+ ""+ at http://y 
directory /d 0700 core:5
file /e 0644 root:root
unit /etc/systemd/system/a.service 0644 root:root enabled=true "[Unit]\n"
drop-in /etc/systemd/system/a.service.d/x.conf 0644 root:root "[Service]\n"
unit /etc/systemd/system/b.socket 0644 root:root enabled=false masked
file /f 4755 root:root "zip" compressed
link /h 0000 root:root -> /f hard=true
link /l 0000 root:root -> /etc/passwd hard=false
config ignition.config.merge[0] 0000 root:root "" at https://u:s3cret@a/b sha512-00
config ignition.config.merge[1] 0000 root:root "{}"
authority ignition.security.tls.certificateAuthorities[0] 0000 root:root "x"
setting ignition.timeouts 0000 root:root "{\n  \"httpTotal\": 5\n}\n"
setting kernelArguments 0000 root:root "{\n  \"shouldExist\": [\n    \"x\"\n  ]\n}\n"
setting new 0000 root:root "{\n  \"field\": 1\n}\n"
group passwd.groups[g] 0000 root:root "{\n  \"name\": \"g\"\n}\n"
user passwd.users[core] 0000 root:root "{\n  \"name\": \"core\",\n  \"sshAuthorizedKeys\": [\n    \"ssh-rsa A\"\n  ]\n}\n"
setting storage.disks 0000 root:root "[\n  {\n    \"device\": \"/dev/sda\"\n  }\n]\n"`

// Mode 2541 is 04755; bits beyond are kept, and shown.
func TestRead(t *testing.T) {
	t.Parallel()
	c, err := Read("x.ign", []byte(generation3(t)))
	if err != nil {
		t.Fatal(err)
	}
	if got := lines(c); got != generation3Lines || c.Version != "3.4.0" {
		t.Errorf("spec %s:\n%s\nwant\n%s", c.Version, got, generation3Lines)
	}
}

func TestReadGeneration2(t *testing.T) {
	t.Parallel()
	c, err := Read("x.ign", []byte(`{"ignition":{"version":"2.2.0","config":{"append":[{"source":"http://a/b"}]}},
	"storage":{"files":[{"filesystem":"root","path":"/e","contents":{"source":""}},{"filesystem":"root","path":"/m","append":true,"contents":{"source":"data:,m"}}]},
	"systemd":{"units":[{"name":"a.service","enable":true}]},
	"networkd":{"units":[{"name":"00-eth.network","contents":"[Match]\n"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := `file /e 0644 root:root ""
unit /etc/systemd/network/00-eth.network 0644 root:root "[Match]\n"
unit /etc/systemd/system/a.service 0644 root:root enabled=true
file /m 0644 root:root "m"+
config ignition.config.append[0] 0000 root:root "" at http://a/b `
	if got := lines(c); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Content that cannot be decoded does not hide what is beside it.
func TestReadKeepsTheRest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, want string }{
		{"base64", `"contents":{"source":"data:;base64,s3cret!"}`, "storage.files[0].contents.source: the content of /bad cannot be read: the data URL is not base64"},
		{"gzip", `"append":[{"source":"data:,s3cret","compression":"gzip"}]`, "storage.files[0].append[0].source: the content of /bad cannot be read: it is not gzip"},
		{"compression", `"contents":{"source":"data:,s3cret","compression":"xz"}`, "storage.files[0].contents.compression: the content of /bad cannot be read: only gzip is known"},
	} {
		const files = `{"ignition":{"version":"3.2.0"},"storage":{"files":[{"path":"/bad",%s},{"path":"/good","contents":{"source":"data:,a"}}]}}`
		got, err := Read("x.ign", fmt.Appendf(nil, files, c.file))
		if err == nil || !strings.HasPrefix(err.Error(), "x.ign: "+c.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
		if len(got.Entries) != 2 || !got.Entries[0].Unreadable || got.Entries[1].Unreadable || string(got.Entries[1].Data()) != "a" {
			t.Errorf("%s: got %+v", c.name, got)
		}
	}
}

// What is known is what Ignition's validator takes, and the older generation.
func TestKnownSpec(t *testing.T) {
	t.Parallel()
	for i := range 10 {
		version := fmt.Sprintf("3.%d.0", i)
		_, err := ignition.ValidateAny("x.ign", fmt.Appendf(nil, `{"ignition":{"version":%q}}`, version))
		if knownSpec(version) != (err == nil) {
			t.Errorf("%s: %v, but the validator says %v", version, knownSpec(version), err)
		}
	}
	for version, want := range map[string]bool{
		"2.0.0": true, "2.4.0": true, "2.5.0": false, "3.6.0-experimental": true, "3.2": false, "": false, "1": false,
		"3.2.1": false, "4.0.0": false,
	} {
		if knownSpec(version) != want {
			t.Errorf("%s: %v", version, !want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, raw, want string }{
		{"nothing", " ", "x.ign: is empty"},
		{"text", "variant: fcos", "is not JSON"},
		{"half", `{"ignition":{"version":"3.2.0"`, "is not JSON, or is incomplete"},
		{"a list", "[]", "which is an object"},
		{"other JSON", `{"a":1}`, "has no ignition.version"},
		{"two", `{"ignition":{"version":"3.2.0"}}{}`, "is not JSON"},
		{"a number", `{"ignition":{"version":3}}`, "ignition.version: a JSON number is not allowed here"},
		{"files that are none", `{"storage":{"files":{}}}`, "storage.files: an array is expected here"},
		{"a path that is none", `{"storage":{"files":[{},{"path":[]}]}}`, "storage.files[1].path: a JSON array is not allowed here"},
		{"a byte order mark", "\xef\xbb\xbf{}", "begins with a byte order mark"},
		{"UTF-16", "\xff\xfe{\x00}\x00", "begins with a byte order mark"},
		{"an unknown spec", `{"ignition":{"version":"3.9.0"}}`, "2.0.0 to 2.4.0 and 3.0.0 to " + ignition.NewestSpec},
		{"too long", strings.Repeat(" ", maxConfig+1), "larger than 64 MiB"},
		{"too many", `{"storage":{"files":[` + strings.Repeat("{},", maxEntries) + `{}]}}`, "more than 20000"},
	} {
		_, err := Read("x.ign", []byte(c.raw))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") ||
			!strings.HasPrefix(err.Error(), "x.ign") {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	c := Config{}
	for _, p := range []string{
		"/etc/a.conf", "/etc/b/a.conf", "/etc/systemd/system/x.service", "/opt/only.sh", "/twice", "/twice", "ignition.proxy",
	} {
		c.Entries = append(c.Entries, Entry{Path: p})
	}
	for _, k := range []struct{ name, want string }{
		{"/etc/a.conf", "/etc/a.conf"}, {"etc/a.conf", "/etc/a.conf"}, {"x.service", "/etc/systemd/system/x.service"},
		{"only.sh", "/opt/only.sh"}, {"opt/only.sh", "/opt/only.sh"}, {"b/a.conf", "/etc/b/a.conf"}, {"ignition.proxy", "ignition.proxy"},
		{"a.conf", "f.ign: a.conf: could be more than one file of the config\n    hint: name one of /etc/a.conf, /etc/b/a.conf"},
		{"/twice", "f.ign: /twice: is in the config more than once"},
		{"onyl.sh", "f.ign: onyl.sh: is not in the config\n    hint: did you mean /opt/only.sh?"},
		{"", "f.ign: is not in the config\n    hint: run ignition ls to list the paths of the config"},
	} {
		e, err := c.Find("f.ign", k.name)
		got := e.Path
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, k.want) || k.want == "" {
			t.Errorf("%q: got %s, want %s", k.name, got, k.want)
		}
	}
}

func TestTree(t *testing.T) {
	t.Parallel()
	c, err := Read("x.ign", []byte(generation3(t)))
	if err != nil {
		t.Fatal(err)
	}
	nodes, left, err := Tree("x.ign", c)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range nodes {
		got = append(got, fmt.Sprintf("%s %s %04o %q %s%t", n.Kind, n.Path, n.Mode, n.Data, n.Target, n.Hard))
	}
	want := `directory d 0700 "" false
directory home/core/.ssh 0700 "" false
directory home/core/.ssh/authorized_keys.d 0700 "" false
file e 0644 "" false
file etc/systemd/system-preset/20-ignition.preset 0644 "enable a.service\n" false
file etc/systemd/system/a.service 0644 "[Unit]\n" false
file etc/systemd/system/a.service.d/x.conf 0644 "[Service]\n" false
file f 4755 "zip" false
file home/core/.ssh/authorized_keys.d/ignition 0600 "ssh-rsa A\n" false
link h 0000 "" /ftrue
link etc/systemd/system/b.socket 0000 "" /dev/nullfalse
link l 0000 "" /etc/passwdfalse`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	said := strings.Join(left, "\n")
	for _, word := range []string{
		"/app: its content is at http://y, and is not fetched", "https://REDACTED@a/b", "storage.disks: is not a file",
		"passwd.users[core]",
	} {
		if !strings.Contains(said, word) {
			t.Errorf("%q is not said: %s", word, said)
		}
	}
	if strings.Contains(said, "s3cret") {
		t.Error("a password is said")
	}
}

// A hard link to a file of the boot image cannot be made here: it is left out, and said.
func TestTreeLeavesLooseLinks(t *testing.T) {
	t.Parallel()
	c, err := Read("x.ign", []byte(`{"ignition":{"version":"3.2.0"},"storage":{"files":[{"path":"/f"}],"directories":[{"path":"/d"}],`+
		`"links":[{"path":"/a","target":"../f","hard":true},{"path":"/b","target":"/usr/bin/x","hard":true},{"path":"/c","target":"/d","hard":true},{"path":"/s","target":"/usr/bin/x"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	nodes, left, err := Tree("x.ign", c)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, n := range nodes {
		paths = append(paths, n.Path)
	}
	if got := strings.Join(paths, " "); got != "d f a s" {
		t.Errorf("got %s", got)
	}
	want := "/b: is a hard link to /usr/bin/x, which is not a file of the config\n/c: is a hard link to /d, which is not a file of the config"
	if got := strings.Join(left, "\n"); got != want {
		t.Errorf("got %s", got)
	}
}

func TestTreeRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ files, links, want string }{
		{`{"path":"/a"},{"path":"/b/../a"}`, ``, "/a: is in the config twice"},
		{`{"path":"/l/a"}`, `{"path":"/l","target":"/etc"}`, "/l/a: is below /l, which is a link"},
		{`{"path":"/f"},{"path":"/f/g"}`, ``, "/f/g: is below /f, which is a file"},
		{`{"path":"/../../etc/passwd"},{"path":"etc/passwd"}`, ``, "/etc/passwd: is in the config twice"},
	} {
		config, err := Read("x.ign", fmt.Appendf(nil, `{"ignition":{"version":"3.2.0"},"storage":{"files":[%s],"links":[%s]}}`, c.files, c.links))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err = Tree("x.ign", config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func TestPresets(t *testing.T) {
	t.Parallel()
	var units []Entry
	for i, name := range []string{"b.service", "echo@foo.service", "a.timer", "echo@bar.service"} {
		units = append([]Entry{{Path: "/etc/systemd/system/" + name, order: i}}, units...)
	}
	got := string(presets(units))
	if want := "enable a.timer\nenable b.service\nenable echo@.service foo bar\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A config of brackets only, as long as allowed, must not cost gigabytes.
func TestReadMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a second")
	}
	for _, raw := range []string{
		`{"ignition":{"version":"3.0.0"},"storage":{"files":[` + strings.Repeat(`{},`, 1<<20) + `{}]}}`,
		`{"ignition":{"version":"3.0.0"},"x":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`,
	} {
		c, err := Read("x.ign", []byte(raw))
		if err == nil && (len(c.Entries) != 1 || len(c.Entries[0].Data()) > 10*len(raw)) {
			t.Errorf("%d entries, %d bytes", len(c.Entries), len(c.Entries[0].Data()))
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(generation3(f)))
	f.Add([]byte(`{"ignition":{"version":"2.2.0"},"storage":{"files":[{"append":true,"contents":{"source":""}}]},"networkd":{"units":[{}]}}`))
	f.Add([]byte(`{"ignition":{"version":"3.2.0"},"storage":{"links":[{"path":"../../x","target":"/"}],"files":[{"path":"../x/y","contents":{"source":"data:,%00"}}]}}`))
	f.Add([]byte(`{"ignition":{"version":"3.2.0"},"systemd":{"units":[{"name":"../../e@.x","enabled":true,"dropins":[{"name":"/"}]}]},"passwd":{"users":[{"name":"../..","sshAuthorizedKeys":[""]}]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := Read("x.ign", raw)
		if err != nil {
			return
		}
		same := Comparison{Now: now}
		if changes := same.Configs(c, c); len(changes) > 0 {
			t.Fatalf("a config differs from itself: %v", changes)
		}
		nodes, _, err := Tree("x.ign", c)
		for _, n := range nodes {
			if !filepath.IsLocal(filepath.FromSlash(n.Path)) && err == nil {
				t.Fatalf("%q leads out of the tree", n.Path)
			}
		}
		for _, e := range c.Entries {
			Secret(e.Path, e.Data())
		}
	})
}

// What golden tests of others have made is read, too.
func TestReadOurs(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../testdata/master.ign")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Read("master.ign", raw)
	if err != nil || len(c.Entries) != 2 {
		t.Fatalf("%v: %s", err, lines(c))
	}
	if u := c.Entries[0].Remote(); len(u) != 1 || !strings.HasSuffix(u[0], ":22623/config/master") {
		t.Errorf("it points to %v", u)
	}
}
