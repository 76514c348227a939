package asset

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/tls"
)

func TestBootstrapKey(t *testing.T) {
	t.Parallel()
	pair, err := tls.NewKeyPair(tls.BootstrapSSH, tls.KeySpec{Algorithm: tls.ECDSA, Curve: "P256"})
	if err != nil {
		t.Fatal(err)
	}
	value, err := json.Marshal(pair)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ state, key, problem string }{
		"none":        {state: ""},
		"another run": {state: `{"schemaVersion":1,"kept":{}}`},
		"there":       {state: `{"schemaVersion":1,"kept":{"bootstrap-ssh":{"inputs":"","value":` + string(value) + `}}}`, key: string(pair.Private)},
		"no key":      {state: `{"schemaVersion":1,"kept":{"bootstrap-ssh":{"inputs":"","value":{"private":"a2V5","public":"cHVi"}}}}`, problem: "damaged"},
		"empty":       {state: `{"schemaVersion":1,"kept":{"bootstrap-ssh":{"inputs":"","value":{}}}}`, problem: "damaged"},
		"gone":        {state: `{"schemaVersion":1,"remembers":["bootstrap-ssh"],"kept":{}}`, problem: "is missing"},

		"damaged key":  {state: `{"schemaVersion":1,"kept":{"bootstrap-ssh":{"inputs":"","value":{"private":7}}}}`, problem: "the key of the bootstrap host that it holds is damaged"},
		"damaged file": {state: `{`, problem: "the file is damaged"},
	} {
		dir := t.TempDir()
		if test.state != "" {
			if err := os.WriteFile(filepath.Join(dir, assetdir.StateFile), []byte(test.state), 0o600); err != nil {
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
