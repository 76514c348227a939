package asset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
	"github.com/okd-project/okd-install/test/folder"
)

// Those who only look are told of a directory in which no run would begin.
func TestLookingAtSharedDirectories(t *testing.T) {
	t.Parallel()
	if !system.PermissionsCount {
		t.Skip("this system has no permission bits")
	}
	dir := folder.Filled(t, map[string]string{"install-config.yaml": killConfig})
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	blocked(t, dir, "chmod go-w ")
	if _, err := Plan(t.Context(), killRequest(dir), false); err == nil || !strings.Contains(err.Error(), "chmod go-w ") {
		t.Errorf("plan: %v", err)
	}
}

// And of a run that was stopped and cannot be finished: what it has written aside
// is not there.
func TestLookingAtAnUnfinishedRun(t *testing.T) {
	t.Parallel()
	dir := folder.Filled(t, map[string]string{"install-config.yaml": killConfig, "a": "old"})
	stage := filepath.Join(dir, ".okd_install_commit")
	if err := os.Mkdir(stage, 0o700); err != nil {
		t.Fatal(err)
	}
	journal := `{"schemaVersion":1,"writes":[{"from":".okd_install_commit/0","to":"a","digest":"sha256:00","replaces":"sha256:cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4"}]}`
	if err := os.WriteFile(filepath.Join(stage, "journal.json"), []byte(journal), 0o600); err != nil {
		t.Fatal(err)
	}
	if s := blocked(t, dir, "cannot be finished"); s.Unfinished == nil {
		t.Error("status does not list what is unfinished")
	}
	if _, err := Plan(t.Context(), killRequest(dir), false); err == nil || !strings.Contains(err.Error(), "an earlier run was stopped") {
		t.Errorf("plan: %v", err)
	}
}

func blocked(t *testing.T, dir, want string) Status {
	t.Helper()
	s, err := GetStatus(t.Context(), killRequest(dir))
	if err != nil || s.Condition != Blocked || !strings.Contains(diag.Problems(s.Problems).Error(), want) {
		t.Errorf("status: %+v, %v; want it blocked by %q", s, err, want)
	}
	return s
}
