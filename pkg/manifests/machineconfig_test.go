package manifests

import (
	"path/filepath"
	"testing"
)

func TestInstallerIgnition(t *testing.T) {
	t.Parallel()
	path, data, err := InstallerIgnition("master", []byte(`{"ignition":{"version":"3.2.0"},
		"storage":{"files":[{"path":"/etc/motd","mode":420,"contents":{"source":"data:,hello"}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if path != "openshift/99_openshift-installer-ignition_master.yaml" {
		t.Errorf("path %s", path)
	}
	golden(t, filepath.Join("testdata", "installer-ignition.yaml"), data)
}

func TestInstallerIgnitionOfSomethingElse(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "null", "[]", "text"} {
		_, _, err := InstallerIgnition("worker", []byte(text))
		want := "worker.ign: is not a JSON object\n    hint: delete the file to have it made again, and repeat the edit"
		if err == nil || err.Error() != want {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
