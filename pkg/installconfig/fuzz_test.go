package installconfig

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/okd-project/okd-install/pkg/diag"
)

// FuzzLoad holds that no input makes Load panic, that every refusal names the
// file and says something, and that what is accepted can be written and read again.
func FuzzLoad(f *testing.F) {
	for _, folder := range []string{"bad", "good"} {
		files, err := filepath.Glob(filepath.Join("testdata", folder, "*.yaml"))
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data, folder == "good")
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, lenient bool) {
		o := Options{Lenient: lenient, SkipHostCryptCheck: true}
		loaded, err := Load(FileName, data, o)
		if err != nil {
			var problems diag.Problems
			if !errors.As(err, &problems) || len(problems) == 0 {
				t.Fatalf("an error without problems: %v", err)
			}
			for _, p := range problems {
				if p.File != FileName || p.Detail == "" {
					t.Fatalf("a problem without file or detail: %+v", p)
				}
			}
			return
		}
		canonical, err := Marshal(loaded.Config)
		if err != nil {
			t.Fatal(err)
		}
		checkReload(t, canonical, o)
		if before, after := Fingerprints(loaded.Config), Fingerprints(loaded.Config); len(Changed(before, after)) > 0 {
			t.Fatal("the fingerprints of one config differ")
		}
	})
}
