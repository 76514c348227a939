package bootkube

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/ignition"
)

// singleNodes makes the config of a single node that installs itself, for a line
// that changes its system by a reboot and for one that does not.
var singleNodes = sync.OnceValues(func() (map[string]payloadOf, error) {
	config := strings.NewReplacer("replicas: 3", "replicas: 1", "replicas: 2", "replicas: 0").Replace(installConfig) +
		"bootstrapInPlace:\n  installationDisk: /dev/vda\n"
	out := map[string]payloadOf{}
	for _, line := range []string{"4.18", "4.22"} {
		dir, err := os.MkdirTemp("", "bootkube")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		if err := os.WriteFile(filepath.Join(dir, "install-config.yaml"), []byte(config), 0o600); err != nil {
			return nil, err
		}
		setup := newSetup(line)
		if _, err := asset.Create(context.Background(), asset.Request{
			Dir: dir, Target: "single-node-ignition-config", Release: line, ReleaseImage: setup.Release,
			LeafKey: "ecdsa-p256", Version: "test", Now: time.Now(),
		}); err != nil {
			return nil, err
		}
		ign, err := os.ReadFile(filepath.Join(dir, ignition.InPlaceFile))
		if err != nil {
			return nil, err
		}
		out[line] = payloadOf{ign, setup}
	}
	return out, nil
})

// inPlaceStages are those of a single node: it hands over to itself.
func inPlaceStages(line string) []string {
	stages := slices.DeleteFunc(stagesOf(line), func(s string) bool { return s == "cvo-overrides" || s == "wait-for-ceo" })
	stages = slices.Insert(stages, slices.Index(stages, "cb-bootstrap")+1, "stop-etcd", "master-ignition")
	return slices.Insert(stages, slices.Index(stages, "mco-bootstrap"), "cmdbootline-nto-bootstrap") //nolint:misspell // as it is known
}

func newSingleNode(t *testing.T, line string) *host {
	t.Helper()
	needNamespaces(t)
	all, err := singleNodes()
	if err != nil {
		t.Fatal(err)
	}
	p := all[line]
	quickly(&p.setup)
	h := newHost(t, p.ign, p.setup)
	// gathering takes longer than all the rest, and has tests of its own
	h.must(os.WriteFile(h.path("/usr/local/bin/installer-gather.sh"), []byte("#!/bin/bash\necho bundle >\"$TAR_FILE\"\n"), 0o755))
	return h
}

// A single node goes through the stages of any bootstrap host up to the control
// plane, and then makes a config of what it holds, from which its disk is
// installed.
func TestSingleNode(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"4.18", "4.22"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			h := newSingleNode(t, line)
			h.mustRun("release-image.service")
			r := h.mustRun("bootkube.service")
			calls := slices.DeleteFunc(h.setup.readable(r.calls), func(c madeCall) bool { return !slices.Contains(inPlaceOnly, c.Stage) })
			checkGolden(t, line+"-single-node.txt", render(calls))

			var got []string
			for _, r := range h.records("bootkube") {
				if r.Phase == "stage end" && r.Result == "success" {
					got = append(got, r.Stage)
				}
			}
			if want := inPlaceStages(line); !slices.Equal(got, want) {
				t.Errorf("stages\n got %v\nwant %v", got, want)
			}
			if info, err := os.Stat(h.path("/opt/openshift/master.ign")); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("master.ign: %v, %v", info, err)
			}
			if h.marked("overrides") {
				t.Error("the overrides are restored by a host that is about to go, and not by the node")
			}
			if again := h.mustRun("bootkube.service"); len(again.calls) > 0 {
				t.Errorf("bootkube.service, again: calls\n%s", render(again.calls))
			}
		})
	}
}

var inPlaceOnly = []string{"cb-bootstrap", "stop-etcd", "master-ignition", "check-api-url"}

// The end of a single node's bootstrap is killed wherever it does something, and
// fails where it can, and ends as if nothing had been.
func TestSingleNodeResumes(t *testing.T) {
	t.Parallel()
	clean := newSingleNode(t, "4.22")
	clean.mustRun("release-image.service")
	clean.mustRun("bootkube.service")
	h := newSingleNode(t, "4.22")
	h.mustRun("release-image.service")
	h.killedBy(t, []Fault{
		{Match: "--name cluster-bootstrap", Middle: true},
		{Match: "--name cluster-bootstrap", After: true},
		{Match: "crictl ps --name ^etcd"},
		{Match: "config/master"},
		{Match: "config/master", After: true},
		{Match: "--name bootstrap-in-place", Middle: true},
		{Match: "--name bootstrap-in-place", After: true},
	})
	h.sameAs(t, clean)

	failing := newSingleNode(t, "4.22")
	failing.mustRun("release-image.service")
	failing.fault(Fault{Match: "--name bootstrap-in-place", Code: 1}, Fault{Match: "config/master", Code: 22},
		Fault{Match: "crictl ps --name ^etcd", Code: 1})
	if r := failing.run("bootkube.service"); r.code == 0 {
		t.Error("the config of the node cannot be made, and bootkube ends well")
	}
	failing.failedIn(t, "master-ignition")
	r := failing.mustRun("bootkube.service")
	for stage, calls := range byStage(r.calls) {
		if !slices.Contains([]string{"master-ignition", "check-api-url", "check-api-int-url"}, stage) {
			t.Errorf("%s is run again: %v", stage, calls)
		}
	}
}
