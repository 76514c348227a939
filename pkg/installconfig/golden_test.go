package installconfig

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/release"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestBad reads each file of testdata/bad and compares what Load says about it
// with the text beside it: these are the messages as users see them.
func TestBad(t *testing.T) {
	t.Parallel()
	each(t, "bad", ".txt", func(t *testing.T, data []byte) []byte {
		loaded, err := Load(FileName, data, optionsIn(data))
		var invalid *InvalidError
		var problems diag.Problems
		if !errors.As(err, &invalid) || !errors.As(err, &problems) {
			t.Fatalf("want an InvalidError with Problems, got %v", err)
		}
		for _, p := range problems {
			if p.File != FileName || p.Detail == "" {
				t.Errorf("problem without file or detail: %+v", p)
			}
		}
		out := err.Error() + "\n"
		if len(loaded.Warnings) > 0 {
			out += "\nwarnings:\n" + loaded.Warnings.Error() + "\n"
		}
		for _, secret := range []string{"hunter2", "aHVudGVyMg", "HUNTER2"} {
			if strings.Contains(out, secret) {
				t.Errorf("a secret of the file is in what is said about it:\n%s", out)
			}
		}
		return []byte(out)
	})
}

// TestGood reads each file of testdata/good and compares the canonical form, with
// the warnings and notes in front of it.
func TestGood(t *testing.T) {
	t.Parallel()
	each(t, "good", ".out", func(t *testing.T, data []byte) []byte {
		loaded, err := Load(FileName, data, optionsIn(data))
		if err != nil {
			t.Fatal(err)
		}
		canonical, err := Marshal(loaded.Config)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for _, said := range []struct {
			title    string
			problems diag.Problems
		}{{"warnings", loaded.Warnings}, {"notes", loaded.Notes}} {
			if len(said.problems) > 0 {
				out.WriteString(said.title + ":\n" + said.problems.Error() + "\n\n")
			}
		}
		checkReload(t, canonical, optionsIn(data))
		return append([]byte(out.String()), canonical...)
	})
}

// checkReload reports whether a canonical config is read as itself.
func checkReload(t *testing.T, canonical []byte, o Options) {
	t.Helper()
	again, err := Load(FileName, canonical, o)
	if err != nil {
		t.Fatalf("the canonical form is refused: %v\n%s", err, canonical)
	}
	second, err := Marshal(again.Config)
	if err != nil {
		t.Fatal(err)
	}
	if string(second) != string(canonical) {
		t.Fatalf("the canonical form changes when it is read again, from\n%s\nto\n%s", canonical, second)
	}
}

func each(t *testing.T, folder, extension string, produce func(*testing.T, []byte) []byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in testdata/%s: %v", folder, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(file, ".yaml")
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := produce(t, data)
			if *update {
				if err := os.WriteFile(name+extension, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(name + extension)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// optionsIn reads the options of a case from a comment on its first line, such as
// "# options: lenient fips-host release=4.16".
func optionsIn(data []byte) Options {
	var o Options
	line, _, _ := strings.Cut(string(data), "\n")
	words, ok := strings.CutPrefix(line, "# options: ")
	if !ok {
		return o
	}
	for word := range strings.FieldsSeq(words) {
		switch key, value, _ := strings.Cut(word, "="); key {
		case "lenient":
			o.Lenient = true
		case "fips-host":
			o.FIPSHost = true
		case "skip-hostcrypt":
			o.SkipHostCryptCheck = true
		case "profile":
			o.ClusterProfile = value
		case "release":
			o.Release = release.Release{Line: value}
		}
	}
	return o
}
