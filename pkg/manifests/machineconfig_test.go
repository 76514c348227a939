package manifests

import (
	"fmt"
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

// Whatever stands in spec.config is read by the machine-config operator; only
// nothing is nothing.
func TestMachineConfigsWithAConfig(t *testing.T) {
	t.Parallel()
	const begin = "apiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfig\nmetadata: {name: ours}\nspec:\n  extensions: [usbguard]\n"
	for config, want := range map[string]string{
		"": "", "  config:\n": "", "  config: null\n": "",
		"  config: {}\n":   `openshift/99.yaml:6:11 {}`,
		"  config: '{}'\n": `openshift/99.yaml:6:11 "{}"`,
		"  config:\n    ignition: {version: 3.2.0}\n": `openshift/99.yaml:7:5 {"ignition":{"version":"3.2.0"}}`,
	} {
		got := ""
		for _, m := range Read(map[string][]byte{"openshift/99.yaml": []byte(begin + config)}).MachineConfigs() {
			got += fmt.Sprintf("%s %s", m.Position(""), m.Config)
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", config, got, want)
		}
	}
}
