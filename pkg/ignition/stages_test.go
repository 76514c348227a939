package ignition

import (
	"strings"
	"testing"

	"github.com/okd-project/okd-install/test/needs"
)

// inStage is a bash script in a stage of bootkube.
func inStage(t *testing.T, dir, script string) (string, int) {
	t.Helper()
	needs.Program(t, "jq") // the records are written with it
	return runBash(t, dir, `STATE=$PWD; mkdir() { command mkdir "${@//\/run/$STATE}"; }
source "$L/bin/bootstrap-service-record.sh"; source "$L/lib/okd-install/status.sh"; source "$L/lib/okd-install/causes.sh"
source <(sed "s|/run/okd-install|$STATE|; s|/opt/openshift|$STATE|" "$L/lib/okd-install/stages.sh")
status() { echo "$1"; }; likely_cause() { :; }
`+script)
}

// What a stage has made is on the disk before its marker says so.
func TestAStageIsOnTheDiskBeforeItsMarker(t *testing.T) {
	t.Parallel()
	out, code := inStage(t, t.TempDir(), `sync() { local IFS=' '; echo "sync $*: $(ls one.done 2>/dev/null)"; }
if stage one; then finish; fi; ls one.done`)
	if code != 0 || !strings.Contains(out, "/etc/kubernetes: \n") || !strings.Contains(out, "sync --file-system ") ||
		!strings.HasSuffix(out, "one.done\n") {
		t.Errorf("exit %d\n%s", code, out)
	}
	out, code = inStage(t, t.TempDir(), `sync() { echo 'sync: error syncing: Input/output error' >&2; return 1; }
if stage one; then finish; fi; echo never`)
	if code == 0 || strings.Contains(out, "never") || strings.Contains(out, "stage one is done") {
		t.Errorf("the disk does not take the files, and the stage is done: exit %d\n%s", code, out)
	}
}

// Only what systemd starts again is said to be tried again.
func TestWhatIsStoppedIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		`if stage one; then false; fi`:         "tried again in 5 s",
		`if stage one; then kill -TERM $$; fi`: "stopped; to go on: systemctl start bootkube.service",
	} {
		out, _ := inStage(t, t.TempDir(), script)
		if !strings.Contains(out, "bootkube: stage one since ") || !strings.Contains(out, ": "+want+"\n") {
			t.Errorf("%s: want %q\n%s", script, want, out)
		}
	}
}

// A name has an address if dig says one; not if it says where the name leads, or that
// a server is silent.
func TestNamesWithAddresses(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		`192.0.2.1`: "yes", `lb.example.com.\n192.0.2.1\n192.0.2.2`: "yes", ``: "no", `lb.example.com.`: "no",
		`;; communications error to 192.0.2.53#53: timed out`: "no", `;; communications error to 192.0.2.53#53: timed out\n192.0.2.1`: "yes",
	} {
		out, code := runBash(t, t.TempDir(), `source "$L/bin/bootstrap-verify-api-server-urls.sh"
dig() { printf '%b\n' '`+said+`'; }; getent() { return 2; }
if name_resolves api.okd.example.com; then echo yes; else echo no; fi`)
		if code != 0 || out != want+"\n" {
			t.Errorf("dig says %s: %q (%d), want %s", said, out, code, want)
		}
	}
	out, _ := runBash(t, t.TempDir(), `source "$L/bin/bootstrap-verify-api-server-urls.sh"
dig() { :; }; getent() { echo 2001:db8::1; }
if name_resolves api.okd.example.com; then echo yes; else echo no; fi`)
	if out != "yes\n" {
		t.Errorf("a name with an address of IPv6: %q", out)
	}
}
