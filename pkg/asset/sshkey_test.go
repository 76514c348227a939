package asset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBootstrapKey(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ state, key, problem string }{
		"none":         {state: ""},
		"another run":  {state: `{"schemaVersion":1,"kept":{}}`},
		"there":        {state: `{"schemaVersion":1,"kept":{"bootstrap-ssh":{"inputs":"","value":{"private":"a2V5","public":"cHVi"}}}}`, key: "key"},
		"damaged key":  {state: `{"schemaVersion":1,"kept":{"bootstrap-ssh":{"inputs":"","value":{"private":7}}}}`, problem: "the key of the bootstrap host that it holds is damaged"},
		"damaged file": {state: `{`, problem: "the file is damaged"},
	} {
		dir := t.TempDir()
		if test.state != "" {
			if err := os.WriteFile(filepath.Join(dir, StateFile), []byte(test.state), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		key, err := BootstrapKey(dir)
		if string(key) != test.key || (err == nil) != (test.problem == "") || err != nil && !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%s: %q, %v", name, key, err)
		}
	}
	if _, err := BootstrapKey(filepath.Join(t.TempDir(), "nowhere")); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("no directory: %v", err)
	}
}
