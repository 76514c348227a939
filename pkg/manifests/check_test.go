package manifests

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/release"
)

// newest is the release for which manifests are checked where none is named.
var newest = release.Release{Line: "5.0"}

// edited is the asset directory after a user has had it in hand: the minimal
// config's files, with those of the archive instead of, or added to them. A
// file that holds DELETED is gone. Its last file, findings, is the golden.
func edited(t *testing.T, a *archive) map[string][]byte {
	t.Helper()
	files := filesOf(t, minimal())
	for _, f := range a.files {
		switch {
		case f.name == "findings":
		case string(f.data) == "DELETED\n":
			if _, ok := files[f.name]; !ok {
				t.Fatalf("%s was never there", f.name)
			}
			delete(files, f.name)
		default:
			files[f.name] = f.data
		}
	}
	return files
}

// TestCheck reads the cases of testdata/check: what a user did to the
// manifests, and what they are told.
func TestCheck(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/check/*.txtar")
	if err != nil || len(cases) < 10 {
		t.Fatalf("found %d cases, %v", len(cases), err)
	}
	for _, name := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a := parseArchive(t, name)
			found, err := Read(edited(t, a)).Check(newest)
			var text strings.Builder
			for _, p := range found.Notes {
				text.WriteString("note: " + p.Error() + "\n")
			}
			for _, p := range found.Warnings {
				text.WriteString("warning: " + p.Error() + "\n")
			}
			if err != nil {
				text.WriteString(err.Error() + "\n")
				if !errors.As(err, new(diag.Problems)) {
					t.Errorf("the error is a %T", err)
				}
			}
			if strings.Contains(text.String(), "hunter2") {
				t.Error("a finding tells the content of a manifest")
			}
			a.files = slices.DeleteFunc(a.files, func(f archived) bool { return f.name == "findings" })
			a.files = append(a.files, archived{"findings", []byte(text.String())})
			golden(t, name, a.format())
		})
	}
}

func TestCheckOfWhatFilesMade(t *testing.T) {
	t.Parallel()
	found, err := Read(filesOf(t, full())).Check(newest)
	if err != nil || len(found.Warnings) > 0 || len(found.Notes) > 0 {
		t.Errorf("got %v, %v", found, err)
	}
}

// Which of the installer's own files may be deleted: those that nobody on the
// bootstrap host opens by name.
func TestCheckOfDeletions(t *testing.T) {
	t.Parallel()
	refused := []string{proxyFile, dnsFile, InfrastructureFile, networkFile, pullSecretFile, clusterVersionFile, featureGateFile}
	for path := range filesOf(t, full()) {
		files := filesOf(t, full())
		delete(files, path)
		found, err := Read(files).Check(newest)
		if got, want := err != nil, slices.Contains(refused, path); got != want {
			t.Errorf("%s: refused %t, want %t", path, got, want)
		}
		if got, want := len(found.Warnings) > 0, path == clusterConfigFile; got != want {
			t.Errorf("%s: warned %t, want %t", path, got, want)
		}
	}
}

// A file that means the same in other words is the same file.
func TestCheckKnowsCopies(t *testing.T) {
	t.Parallel()
	files := filesOf(t, minimal())
	files["manifests/a.yaml"] = []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: m}\ndata: {x: \"1\"}\n")
	files["openshift/b.json"] = []byte("{\n\t\"kind\": \"ConfigMap\", \"apiVersion\": \"v1\",\n\t\"metadata\": {\"name\": \"a\", \"namespace\": \"m\"},\n\t\"data\": {\"x\": \"1\"}\n}\n")
	if _, err := Read(files).Check(newest); err != nil {
		t.Errorf("a copy is refused: %v", err)
	}
	files["openshift/b.json"] = []byte(`{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"m"},"data":{"x":"2"}}`)
	if _, err := Read(files).Check(newest); err == nil {
		t.Error("an object with two contents is accepted")
	}
	files["openshift/b.json"] = []byte(`{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"n"},"data":{"x":"2"}}`)
	if _, err := Read(files).Check(newest); err != nil {
		t.Errorf("objects of two namespaces are taken for one: %v", err)
	}
}

func TestIsManifest(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"manifests/a.yaml":   true,
		"manifests/a.yml":    true,
		"openshift/a.json":   true,
		"openshift/.a.yaml":  false,
		"openshift/..yaml":   false,
		"manifests/a.txt":    false,
		"manifests/a.yaml~":  false,
		"manifests/b/a.yaml": false,
		"a.yaml":             false,
		"tls/a.yaml":         false,
	} {
		if got := IsManifest(path); got != want {
			t.Errorf("%s: got %t", path, got)
		}
	}
}

// FuzzCheck gives both readers of manifests anything at all. What Check accepts,
// BootstrapFiles takes, and its ClusterVersion is again one that Check accepts.
func FuzzCheck(f *testing.F) {
	cases, err := filepath.Glob("testdata/check/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	seed := func(data []byte) { f.Add(data, uint8(0)); f.Add(data, uint8(1)) }
	for _, text := range []string{
		"", "---\n", "a: &a [*a]\n", "{", "{\t}", "? [a]\n: b\n", "<<: 1\nkind: x\n", "a: b\n--- \nkind: List\nitems: []\n...\n",
		"\ufeffkind: A\n", "x: &x {a: 1}\nkind: A\napiVersion: v1\nmetadata: {name: a, <<: *x}\nspec: {overrides: [1]}\n",
	} {
		seed([]byte(text))
	}
	for _, name := range cases {
		t := &testing.T{}
		for _, file := range parseArchive(t, name).files {
			seed(file.data)
		}
	}
	base := filesOf(f, minimal())
	maps.DeleteFunc(base, func(name string, _ []byte) bool {
		return !slices.ContainsFunc(openedByName, func(o opened) bool { return o.path == name })
	})
	names := append([]string{"manifests/a.yaml", "openshift/a.json"}, slices.Sorted(maps.Keys(base))...)
	f.Fuzz(func(t *testing.T, data []byte, which uint8) {
		files := maps.Clone(base)
		files[names[int(which)%len(names)]] = data
		_, err := Read(files).Check(newest)
		out, bootErr := Read(files).BootstrapFiles(BootstrapOptions{DisableImagePolicy: which%2 == 0})
		if err != nil {
			return
		}
		if bootErr != nil {
			t.Fatalf("Check accepts what BootstrapFiles refuses: %v", bootErr)
		}
		if docs := Read(files).docs; len(out) != len(docs)+1 {
			t.Errorf("%d objects became %d files", len(docs), len(out)-1)
		}
		delete(out, overridesPatchFile)
		if _, err := Read(out).Check(newest); err != nil {
			t.Errorf("the bootstrap host's own files are refused: %v", err)
		}
	})
}
