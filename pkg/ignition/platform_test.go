package ignition

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/coreos/ignition/v2/config/v3_2/types"
)

// What a platform adds is on the host, and cannot take the place of what every host has.
func TestPlatform(t *testing.T) {
	t.Parallel()
	unit := []byte("[Service]\nExecStart=/usr/bin/true\n[Install]\nWantedBy=multi-user.target\n")
	h := smallHost()
	h.Platform = Platform{
		Files: []File{{Path: "/etc/hostname", Data: []byte("demo-bootstrap\n"), Mode: 0o644}},
		Units: []Unit{{Name: "ironic.service", Content: unit, Enabled: true}}, Variables: map[string]string{"API_VIP": "192.168.1.5"},
	}
	raw, err := Bootstrap(h)
	if err != nil {
		t.Fatal(err)
	}
	var config types.Config
	if err := json.Unmarshal(raw, &config); err != nil {
		t.Fatal(err)
	}
	last := config.Systemd.Units[len(config.Systemd.Units)-1]
	if last.Name != "ironic.service" || last.Enabled == nil || !*last.Enabled || *last.Contents != string(unit) {
		t.Errorf("the last unit is %+v", last)
	}
	text := string(environmentFile(h.variables()))
	if !strings.HasSuffix(text, "\nAPI_VIP='192.168.1.5'\n") {
		t.Errorf("the environment ends in %q", text[max(0, len(text)-60):])
	}
	for name, bad := range map[string]Platform{
		"unit":     {Units: []Unit{{Name: "bootkube.service", Content: unit}}},
		"variable": {Variables: map[string]string{"RELEASE_IMAGE": "quay.io/other"}},
	} {
		h.Platform = bad
		if _, err := Bootstrap(h); err == nil || !strings.Contains(err.Error(), "every bootstrap host has") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
