package ignition

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/shell"
	"github.com/okd-project/okd-install/test/needs"
)

const libraries = "../../data/bootstrap/files/usr/local"

// runBash runs a script in dir, with the folder of our own files as $L.
func runBash(t *testing.T, dir, script string) (string, int) {
	t.Helper()
	where, err := filepath.Abs(libraries)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bash(t), "-c", "set -euo pipefail; shopt -s inherit_errexit; IFS=$'\\n\\t'\n"+script)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "L=" + where, "SERVICE_NAME=bootkube", "RECORD_FOLDER=" + filepath.Join(dir, "records"),
		"LC_ALL=C", "TZ=UTC",
	}
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestSinceAndUpTo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version, line string
		since, upto   string
	}{
		{"4.22.0-okd-scos.10", "4.22", "yes", "yes"},
		{"4.22.0-okd-scos.10", "4.9", "yes", "no"},
		{"4.22.0-okd-scos.10", "4.23", "no", "yes"},
		{"4.22.0-okd-scos.10", "5.0", "no", "yes"},
		{"5.0.0-0.okd-scos-2026-07-01-020304", "5.0", "yes", "yes"},
		{"5.0.0-0.okd-scos-2026-07-01-020304", "4.22", "yes", "no"},
		{"4.19.0-0.okd-scos-2025-05-10-010203", "4.19", "yes", "yes"},
		{"4.20.0-ec.3", "4.20", "yes", "yes"},
		{"4.16.0+build", "4.17", "no", "yes"},
		{"v4.18.1", "4.18", "yes", "yes"},
		{"4.08.1", "4.8", "yes", "yes"},
		{"10.1.0", "5.0", "yes", "no"},
	} {
		out, code := runBash(t, t.TempDir(), `source "$L/lib/okd-install/versions.sh"; VERSION='`+c.version+`'
if since `+c.line+`; then echo yes; else echo no; fi
if upto `+c.line+`; then echo yes; else echo no; fi`)
		if want := c.since + "\n" + c.upto + "\n"; out != want || code != 0 {
			t.Errorf("%s against %s: %q (%d), want %q", c.version, c.line, out, code, want)
		}
	}
	// no answer is never taken for a "no"
	for _, version := range []string{"", "4", "latest", "4.x", "4.22foo", "-4.22", "4.22.0\nrm -rf", "4.99999999999999999999"} {
		out, code := runBash(t, t.TempDir(), `source "$L/lib/okd-install/versions.sh"; VERSION=$'`+strings.ReplaceAll(version, "\n", `\n`)+`'
if since 4.16; then echo yes; else echo no; fi; echo on`)
		if version == "4.22.0\nrm -rf" {
			continue // it is of 4.22 all the same, and nothing of it is run
		}
		if code == 0 || strings.Contains(out, "yes") || strings.Contains(out, "no\n") || strings.Contains(out, "on\n") {
			t.Errorf("%q: %q (%d)", version, out, code)
		}
	}
}

// The release table as the operators of each release would tell it.
func TestReleaseTable(t *testing.T) {
	t.Parallel()
	const (
		gate = "--feature-gate-manifest-path=/assets/manifests/99_feature-gate.yaml"
		cv   = "--cluster-version-manifest-path=/assets/manifests/cvo-overrides.yaml"
	)
	const kas = "--operand-kubernetes-version=1.35.1"
	for _, c := range []struct{ version, cvo, kas, etcd, stages, platforms, mcc, api, ha, cpu string }{
		{"4.16.0-0.okd-scos-1", "", "", "", "", "gcp", "", "/version", "endpoints", ""},
		{"4.17.0-okd-scos.0", gate, "", "", "", "gcp", "", "/readyz", "endpoints", ""},
		{"4.18.0-okd-scos.9", gate, kas, "", "", "gcp", "", "/readyz", "kubeapiservers", ""},
		{"4.19.0-okd-scos.1", gate, kas, "", "auth-api-bootstrap", "gcp aws", "", "/readyz", "kubeapiservers", ""},
		{"4.20.0-okd-scos.1", gate, kas, "", "auth-api-bootstrap", "gcp aws", "", "/readyz", "kubeapiservers", "x86-64-v3"},
		{"4.21.0-okd-scos.1", gate, kas, "", "auth-api-bootstrap", "gcp aws azure", "image-references", "/readyz", "kubeapiservers", "x86-64-v3"},
		{"4.22.0-okd-scos.10", gate + " " + cv, kas, "--rendered-manifest-files=/assets/manifests --payload-version=4.22.0-okd-scos.10", "auth-api-bootstrap", "gcp aws azure", "image-references", "/readyz", "kubeapiservers", "x86-64-v3"},
		{"5.0.0-0.okd-scos-2", gate + " " + cv, kas, "--rendered-manifest-files=/assets/manifests --payload-version=5.0.0-0.okd-scos-2", "auth-api-bootstrap", "gcp aws azure", "image-references", "/readyz", "kubeapiservers", "x86-64-v3"},
	} {
		out, code := runBash(t, t.TempDir(), `source "$L/lib/okd-install/versions.sh"; source "$L/lib/okd-install/release-table.sh"
VERSION=`+c.version+` KUBERNETES_VERSION=1.35.1
IFS=' '; release_table; release_table
for list in "${CVO_FLAGS[*]}" "${KAS_FLAGS[*]}" "${ETCD_FLAGS_IF_KNOWN[*]}" "${STAGES_IN_RELEASE[*]}" "${STATIC_POD_PLATFORMS[*]}" "${MCC_INPUT[*]}" "${API_PATH[*]}" "${HA_EVIDENCE[*]}" "${CPU_LEVEL[*]}"; do echo "$list"; done`)
		want := strings.Join([]string{
			c.cvo, c.kas, c.etcd, c.stages, "baremetal openstack ovirt vsphere nutanix " + c.platforms, c.mcc, c.api, c.ha, c.cpu, "",
		}, "\n")
		if out != want || code != 0 {
			t.Errorf("%s (%d):\n%swant\n%s", c.version, code, out, want)
		}
	}
}

type record struct {
	Timestamp, Phase, Result, Stage, PreCommand, PostCommand, ErrorLine, ErrorMessage string
}

func TestServiceRecords(t *testing.T) {
	t.Parallel()
	needs.Program(t, "jq") // the records are written with it
	for name, c := range map[string]struct {
		script string
		code   int // -1: ended by a signal, as systemd sees it
		want   string
	}{
		"success": {`record_service_stage_start one; record_service_stage_success`, 0,
			"service start|stage start one|stage end one success|service end success"},
		"an open stage ends with the script": {`record_service_stage_start one; exit 0`, 0,
			"service start|stage start one|stage end one success|service end success"},
		"a command fails": {`record_service_stage_start one; false; echo never`, 1,
			"service start|stage start one|stage end one failure+|service end failure+"},
		"a function fails": {`f() { (exit 7); }; record_service_stage_start one; f`, 7,
			"service start|stage start one|stage end one failure+|service end failure+"},
		"an explicit exit": {`record_service_stage_start one; exit 3`, 3,
			"service start|stage start one|stage end one failure+|service end failure+"},
		"a failure that stops nothing": {`record_service_stage_start one; record_service_stage_failure; record_service_stage_start one; record_service_stage_success`, 0,
			"service start|stage start one|stage end one failure+|stage start one|stage end one success|service end success"},
		"a stage in a stage": {`record_service_stage_start one; record_service_stage_start two; echo never`, 1,
			"service start|stage start one|stage end one failure+|service end failure+"},
		"sourced twice":   {`source "$L/bin/bootstrap-service-record.sh"`, 0, "service start|service end success"},
		"outside a stage": {`false`, 1, "service start|service end failure+"},
		"hook":            {`at_service_failure() { echo "asked $1 in $RECORD_STAGE"; }; record_service_stage_start one; exit 9`, 9, "service start|stage start one|stage end one failure+|service end failure+"},
		"a signal after a command that went well": {`record_service_stage_start one; true; kill -TERM $$; echo never`, -1,
			"service start|stage start one|stage end one failure+|service end failure+"},
		"a signal while a command ends well": {`record_service_stage_start one; bash -c "kill -TERM $$; sleep 0.1"; echo never`, -1,
			"service start|stage start one|stage end one failure+|service end failure+"},
		"odd names": {`record_service_stage_start '--arg "x" $y'; record_service_stage_success`, 0, `service start|stage start --arg "x" $y|stage end --arg "x" $y success|service end success`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			out, code := runBash(t, dir, `source "$L/bin/bootstrap-service-record.sh"`+"\n"+c.script)
			if code != c.code || strings.Contains(out, "never") {
				t.Errorf("exit %d, want %d\n%s", code, c.code, out)
			}
			if got := describeRecords(t, dir); got != c.want {
				t.Errorf("got  %s\nwant %s\n%s", got, c.want, out)
			}
			if name == "hook" && out != "asked 9 in one\n" {
				t.Errorf("the hook says %q", out)
			}
		})
	}
}

func describeRecords(t *testing.T, dir string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "records/bootkube.json"))
	if err != nil {
		t.Fatal(err)
	}
	var records []record
	if err := json.Unmarshal(raw, &records); err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	var words []string
	for _, r := range records {
		if _, err := time.Parse(time.RFC3339, r.Timestamp); err != nil || !strings.HasSuffix(r.Timestamp, "Z") {
			t.Errorf("timestamp %q", r.Timestamp)
		}
		line := r.Phase
		for _, word := range []string{r.PreCommand, r.PostCommand, r.Stage, r.Result} {
			if word != "" {
				line += " " + word
			}
		}
		if r.ErrorLine != "" {
			line += "+"
		}
		words = append(words, line)
	}
	return strings.Join(words, "|")
}

// A command around a service, an earlier run, a file that something spoilt, and
// a folder that cannot be written: the service goes on in every case.
func TestServiceRecordsOverTime(t *testing.T) {
	t.Parallel()
	needs.Program(t, "jq") // the records are written with it
	dir := t.TempDir()
	source := `source "$L/bin/bootstrap-service-record.sh"`
	for _, script := range []string{"PRE_COMMAND=kubelet-pause-image; " + source, source, "POST_COMMAND=after; " + source + "; exit 4"} {
		runBash(t, dir, script)
	}
	want := "pre-command start kubelet-pause-image|pre-command end kubelet-pause-image success|service start|service end success|" +
		"post-command start after|post-command end after failure+"
	if got := describeRecords(t, dir); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	file := filepath.Join(dir, "records/bootkube.json")
	if err := os.WriteFile(file, []byte(`[{"phase":"service sta`), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := runBash(t, dir, source); code != 0 {
		t.Errorf("exit %d\n%s", code, out)
	}
	if got := describeRecords(t, dir); got != "service start|service end success" {
		t.Error(got)
	}
	if _, err := os.Stat(file + ".unreadable"); err != nil {
		t.Error(err)
	}
	blocked := t.TempDir()
	if err := os.WriteFile(filepath.Join(blocked, "records"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out, code := runBash(t, blocked, source+"; echo went on")
	if code != 0 || !strings.Contains(out, "went on") || !strings.Contains(out, "could not be written") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

func TestLikelyCause(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ said, want string }{
		{`Error: initializing source docker://quay.io/okd/scos-release:4.22: pinging container registry quay.io: Get "https://quay.io/v2/": dial tcp: lookup quay.io on 192.168.1.1:53: no such host`,
			"not found in DNS; see: cat /etc/resolv.conf; getent ahosts NAME (quay.io)"},
		{`Error: initializing source docker://quay.io/a: pinging container registry quay.io: Get "https://quay.io/v2/": dial tcp 1.2.3.4:443: i/o timeout`,
			"not reachable from here; see: curl -v https://REGISTRY/v2/ (quay.io)"},
		{`Error: initializing source docker://mirror.corp:5000/a: reading manifest x in mirror.corp:5000/a: unauthorized: authentication required`,
			"refuses the pull secret"},
		{`Error: writing blob: storing blob to file "/var/tmp/storage": write /var/tmp/storage: no space left on device`, "the disk is full"},
		{`pinging container registry quay.io: Get "https://quay.io/v2/": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2020-01-01T00:00:00Z is before 2025`,
			"the clock of this host is wrong"},
		{`Get "https://mirror.corp:5000/v2/": x509: certificate signed by unknown authority`,
			"which must be in additionalTrustBundle (mirror.corp:5000)"},
		{`Fatal glibc error: CPU does not support x86-64-v3`, "does not support x86-64-v3"},
		{`reading manifest sha256:ab in quay.io/okd/x: manifest unknown`, "not in the registry"},
		{`Error: readlink /var/lib/containers/storage/overlay/l/ABC: no such file or directory`, "the images on this host are damaged"},
		{`Get "https://quay.io/v2/": dial tcp: lookup quay.io on [::1]:53: read udp [::1]:41125->[::1]:53: read: connection refused`,
			"not found in DNS; see: cat /etc/resolv.conf; getent ahosts NAME (quay.io)"},
		{`Get "https://localhost:6443/readyz": dial tcp [::1]:6443: connect: connection refused`, ""},
		{`The connection to the server localhost:6443 was refused - did you specify the right host or port?`, ""},
		{`F1122 14:00:00 render.go:1] missing operand kubernetes version`, ""},
		{``, ""},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "said"), []byte("something before\n"+c.said+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		out, code := runBash(t, dir, `source "$L/lib/okd-install/causes.sh"; DISK_NEEDED=0; API_INT_HOST=''; likely_cause said`)
		if code != 0 || c.want == "" && out != "" || c.want != "" && (!strings.Contains(out, c.want) || strings.Count(out, "\n") != 1) {
			t.Errorf("%s\ngot  %q (%d)\nwant %q", c.said, out, code, c.want)
		}
	}
	// what is wrong with the host itself
	for script, want := range map[string]string{
		`DISK_NEEDED=999999999999`:                                     "the disk is full; see: df -h /var\n",
		`getent() { return 2; }; API_INT_HOST=api-int.okd.example.com`: "api-int.okd.example.com is not found in DNS",
		`cpu_is_old() { return 0; }; CPU_LEVEL=(x86-64-v3)`:            "does not support x86-64-v3",
	} {
		out, code := runBash(t, t.TempDir(), `source "$L/lib/okd-install/causes.sh"; DISK_NEEDED=0; `+script+`; likely_cause /nowhere`)
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: %q (%d)", script, out, code)
		}
	}
}

func TestCPUIsOld(t *testing.T) {
	t.Parallel()
	const haswell = "fpu sse4_2 avx avx2 bmi1 bmi2 f16c fma abm movbe"
	for text, want := range map[string]string{
		"processor\t: 0\nflags\t\t: " + haswell + "\n":                                 "fine\n",
		"flags\t\t: " + strings.ReplaceAll(haswell, " avx2", "") + " avx2_not\n":       "old\n",
		"processor : 0\nfeatures : facility\n":                                         "fine\n",
		"flags\t\t: " + strings.ReplaceAll(haswell, " movbe", "") + "\nflags: movbe\n": "old\n",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "cpuinfo"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, _ := runBash(t, dir, `source "$L/lib/okd-install/causes.sh"; if cpu_is_old cpuinfo; then echo old; else echo fine; fi`)
		if out != want {
			t.Errorf("%q: %q", text, out)
		}
	}
}

// A template is filled in with what its place can hold, and with nothing else; the
// result is for root alone.
func TestKonnectivityFill(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"quay.io/okd/scos-content@sha256:0a": "image: 'quay.io/okd/scos-content@sha256:0a'\nhost: '@HOST@'\n",
		"[2001:db8::1]":                      "image: '[2001:db8::1]'\nhost: '@HOST@'\n",
		"":                                   "",
		"a'b":                                "",
		"a\nb":                               "",
		"a&b":                                "",
		`a\b`:                                "",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "x.yaml"), []byte("image: '@IMAGE@'\nhost: '@HOST@'\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		out, code := runBash(t, dir,
			`source <(sed '/^source/d' "$L/lib/okd-install/konnectivity.sh"); mkdir out; konnectivity_fill out x.yaml IMAGE `+shell.Quote(value))
		got, err := os.ReadFile(filepath.Join(dir, "out/x.yaml"))
		if string(got) != want || (code == 0) != (want != "") || want == "" && !strings.Contains(out, "IMAGE") {
			t.Errorf("%q: exit %d, %v, %s\n%s", value, code, err, got, out)
		}
		if info, err := os.Stat(filepath.Join(dir, "out/x.yaml")); err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%v", info.Mode())
		}
	}
}
