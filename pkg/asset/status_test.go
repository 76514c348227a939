package asset

import (
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/ignition/inspect"
	"github.com/okd-project/okd-install/pkg/system"
	"github.com/okd-project/okd-install/test/folder"
)

// Neither plan nor status leaves anything in a directory, whatever they find.
func TestLookingWritesNothing(t *testing.T) {
	t.Parallel()
	dir := folder.Filled(t, map[string]string{"install-config.yaml": killConfig})
	for _, create := range []bool{false, true} {
		if create {
			if _, err := Create(t.Context(), killRequest(dir)); err != nil {
				t.Fatal(err)
			}
		}
		before := folder.Tree(t, dir)
		for _, target := range []string{targetInstallConfig, targetManifests, targetIgnitionConfigs} {
			req := killRequest(dir)
			req.Target, req.Reissue = target, false
			p, err := Plan(t.Context(), req, false)
			if err != nil {
				t.Errorf("%s: %v", target, err)
			}
			if p.UpToDate != (create && target == targetIgnitionConfigs || target == targetInstallConfig) {
				t.Errorf("%s after create=%t: up to date %t", target, create, p.UpToDate)
			}
			for _, change := range p.Changes {
				if strings.Contains(change.Diff, "PRIVATE KEY") {
					t.Errorf("%s shows a key in %s", target, change.Path)
				}
			}
		}
		if _, err := GetStatus(t.Context(), killRequest(dir)); err != nil {
			t.Error(err)
		}
		if !maps.Equal(before, folder.Tree(t, dir)) {
			t.Error("something was written")
		}
	}
}

// What plan shows of keys that exist is what the run writes.
func TestPlanIsCarriedOut(t *testing.T) {
	t.Parallel()
	dir := folder.Filled(t, map[string]string{"install-config.yaml": killConfig})
	req := killRequest(dir)
	req.Reissue = false
	if _, err := Create(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	folder.Put(t, dir, "install-config.yaml",
		killConfig+"sshKey: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMDm7EIYjPyMMBCmjEr+DpiKlpIXaj2FVqqgHSsCHKJa a@b\n")
	planned, err := Plan(t.Context(), req, true)
	if err != nil {
		t.Fatal(err)
	}
	before := folder.Tree(t, dir)
	report, err := Create(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, c := range planned.Changes {
		if !strings.Contains(c.Path, ":") {
			files = append(files, c.Path)
		}
	}
	if strings.Join(files, " ") != strings.Join(report.Written, " ") || len(planned.Makes) > 0 {
		t.Errorf("planned were %v (made %v), written %v", files, planned.Makes, report.Written)
	}
	was, err := inspect.Read("", []byte(before["bootstrap.ign"]))
	if err != nil {
		t.Fatal(err)
	}
	now, err := inspect.Read("", []byte(folder.Tree(t, dir)["bootstrap.ign"]))
	if err != nil {
		t.Fatal(err)
	}
	compare := inspect.Comparison{Now: req.Now, ShowSecrets: true}
	changes := compare.Configs(was, now)
	for i, c := range changes {
		if p := planned.Changes[i+1]; p.Path != "bootstrap.ign:"+c.Path || p.Diff != c.Diff {
			t.Errorf("planned was %+v, done %+v", p, c)
		}
	}
	if len(changes) < 3 || len(planned.Changes) != len(changes)+1 {
		t.Errorf("%d changes, %d planned", len(changes), len(planned.Changes))
	}
}

// A directory that cannot be looked into is not one where a run was stopped.
func TestStatusOfClosedDirectory(t *testing.T) {
	t.Parallel()
	if !system.PermissionsCount || os.Geteuid() == 0 {
		t.Skip("permission bits do not bind this user")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	if s, err := GetStatus(t.Context(), killRequest(dir)); err == nil || !strings.Contains(err.Error(), "the asset directory cannot be read") {
		t.Errorf("got %v, condition %s", err, s.Condition)
	}
}
