package asset

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/ignition/inspect"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/test/folder"
)

var (
	sequences = flag.Int("sequences", 2, "how many random lives of an asset directory are tried")
	firstLife = flag.Uint64("first-life", 1, "the number of the first of them")
)

const (
	domainFile  = "manifests/cluster-dns-02-config.yml"
	deletedFile = "manifests/kube-cloud-config.yaml"
)

// life is an asset directory in the hands of a user who does anything to it that
// one may do, in any order.
type life struct {
	*testing.T
	rand *rand.Rand
	dir  string
	now  time.Time
	// mine is what the user has done to the manifests: the content of a file, or
	// nil where one was deleted.
	mine map[string]*string
	// context is whether the user has added one to auth/kubeconfig.
	context bool
	replica int
	log     []string
}

// Whatever a user does, no manifest of theirs is left out of a result without
// being named, a run that stops changes nothing, there is always a way on, and
// status and plan say what the next run does.
func TestLivesOfADirectory(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		*sequences = 1
	}
	for n := range uint64(*sequences) {
		seed := *firstLife + n
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			l := &life{
				T: t, rand: rand.New(rand.NewPCG(seed, 9)), dir: t.TempDir(),
				now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), mine: map[string]*string{}, replica: 3,
			}
			l.writeConfig()
			for range 12 {
				for range l.rand.IntN(3) {
					l.edit()
				}
				l.run()
				if l.Failed() {
					t.Fatalf("life %d:\n%s", seed, strings.Join(l.log, "\n"))
				}
			}
			l.wayOn()
			if l.Failed() {
				t.Fatalf("life %d:\n%s", seed, strings.Join(l.log, "\n"))
			}
		})
	}
}

func (l *life) writeConfig() {
	folder.Put(l.T, l.dir, "install-config.yaml", killConfig+fmt.Sprintf("compute: [{name: worker, replicas: %d}]\n", l.replica))
}

func (l *life) there(name string) bool {
	_, err := os.Stat(filepath.Join(l.dir, filepath.FromSlash(name)))
	return err == nil
}

func (l *life) remove(name string) {
	if err := os.RemoveAll(filepath.Join(l.dir, filepath.FromSlash(name))); err != nil {
		l.Fatal(err)
	}
}

func (l *life) appendTo(name, text string) string {
	content := string(readAll(l.T, filepath.Join(l.dir, filepath.FromSlash(name)))) + text
	folder.Put(l.T, l.dir, name, content)
	return content
}

// edit is one thing that the user does.
func (l *life) edit() {
	does := func(format string, args ...any) { l.log = append(l.log, "    "+fmt.Sprintf(format, args...)) }
	folders := l.there("openshift/99_feature-gate.yaml") && l.there(domainFile)
	switch n := l.rand.IntN(12); {
	case n == 0 && folders:
		does("edit a manifest")
		content := l.appendTo(domainFile, fmt.Sprintf("# mine %d\n", l.rand.IntN(1000)))
		l.mine[domainFile] = &content
	case n == 1 && folders:
		name := fmt.Sprintf("openshift/mine-%d.yaml", l.rand.IntN(3))
		does("add %s", name)
		content := fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {n: \"%d\"}}\n",
			strings.TrimSuffix(path.Base(name), ".yaml"), l.rand.IntN(1000))
		folder.Put(l.T, l.dir, name, content)
		l.mine[name] = &content
	case n == 2 && folders && l.there(deletedFile):
		does("delete a manifest")
		l.remove(deletedFile)
		l.mine[deletedFile] = nil
	case n == 3:
		does("change the config")
		l.replica = 7 - l.replica
		l.writeConfig()
	case n == 4 && l.there("bootstrap.ign"):
		does("edit bootstrap.ign")
		l.appendTo("bootstrap.ign", " ")
	case n == 5 && l.there(kubeconfigFile):
		does("oc project")
		l.context = true
		typed, whole, err := readKubeconfig(readAll(l.T, filepath.Join(l.dir, kubeconfigFile)))
		if err != nil {
			l.Fatal(err)
		}
		if !slices.ContainsFunc(typed.Contexts, func(x kubeContext) bool { return x.Name == "mine" }) {
			putEntry(whole, "contexts", "context", -1, "mine", map[string]any{"cluster": "demo", "user": "admin", "namespace": "mine"})
			text, err := yaml.Marshal(whole)
			if err != nil {
				l.Fatal(err)
			}
			folder.Put(l.T, l.dir, kubeconfigFile, string(text))
		}
	case n == 6 && folders && l.rand.IntN(3) == 0:
		does("delete both folders")
		l.remove("manifests")
		l.remove("openshift")
		if files := consumedManifests(l.state()); len(files) == 0 {
			clear(l.mine)
		}
	case n == 7:
		name := []string{"bootstrap.ign", "master.ign", "metadata.json", kubeconfigFile, passwordFile}[l.rand.IntN(5)]
		does("delete %s", name)
		l.remove(name)
		l.context = l.context && name != kubeconfigFile
	case n == 8:
		l.now = l.now.Add(13 * time.Hour)
		does("go to bed")
	case n == 9 && !folders && l.rand.IntN(3) == 0:
		does("put a file where the folders were")
		content := "apiVersion: v1\nkind: Namespace\nmetadata: {name: lone}\n"
		folder.Put(l.T, l.dir, "openshift/lone.yaml", content)
		l.mine["openshift/lone.yaml"] = &content
	}
}

func (l *life) state() State {
	s, err := parseState(readAll(l.T, filepath.Join(l.dir, assetdir.StateFile)))
	if err != nil {
		l.Fatal(err)
	}
	return s
}

// run is one run of the program, and what has to be true of it.
func (l *life) run() {
	req := Request{Dir: l.dir, Command: "test", LeafKey: "ecdsa-p256", Now: l.now, Target: targetIgnitionConfigs}
	if l.rand.IntN(3) == 0 {
		req.Target = targetManifests
	}
	req.Overwrite, req.ConsumeInputs = l.rand.IntN(3) == 0, l.rand.IntN(4) == 0
	req.DiscardManifests, req.Reissue = l.rand.IntN(8) == 0, l.rand.IntN(5) == 0 && req.Target == targetIgnitionConfigs
	l.log = append(l.log,
		fmt.Sprintf("create %s overwrite=%t discard=%t consume=%t reissue=%t",
			req.Target, req.Overwrite, req.DiscardManifests, req.ConsumeInputs, req.Reissue))
	if l.rand.IntN(2) == 0 {
		l.statusAgrees()
	}

	before := folder.Tree(l.T, l.dir)
	planned, planErr := Plan(l.T.Context(), req, false)
	report, err := Create(l.T.Context(), req)
	after := folder.Tree(l.T, l.dir)
	if (err == nil) != (planErr == nil) || err != nil && err.Error() != planErr.Error() {
		l.Errorf("plan says %v, create %v", planErr, err)
	}
	if err != nil {
		l.log = append(l.log, "    -> "+strings.ReplaceAll(err.Error(), "\n", "\n       "))
		if !maps.Equal(before, after) {
			l.Error("a run that stops has changed something")
		}
		l.named(err.Error())
		return
	}
	if planned.UpToDate != (len(report.Written)+len(report.Consumed) == 0 && report.Aside == "") {
		l.Errorf("plan says up to date %t, and create wrote %v, consumed %v, moved to %q",
			planned.UpToDate, report.Written, report.Consumed, report.Aside)
	}
	if req.DiscardManifests && strings.Contains(wording(report.Warnings), ": it is ") {
		for name := range l.mine {
			if !strings.Contains(wording(report.Warnings), name) {
				l.Errorf("%s was left out without a word", name)
			}
		}
		clear(l.mine)
	}
	if req.Target == targetIgnitionConfigs {
		l.result()
	}
	l.kept(before, after)
	if l.rand.IntN(2) == 0 {
		return
	}
	again, err := Create(l.T.Context(), Request{Dir: l.dir, Target: req.Target, Command: "test", Now: l.now})
	if err != nil || len(again.Written) > 0 {
		l.Errorf("a second run writes %v, %v", again.Written, err)
	}
}

// named sees that an error about the manifests names all that is the user's.
func (l *life) named(text string) {
	if !strings.Contains(text, "or use --discard-manifests") {
		return
	}
	for name := range l.mine {
		if !strings.Contains(text, name+": ") {
			l.Errorf("%s is not named", name)
		}
	}
}

// result sees that all that the user has done is in what machines boot from.
func (l *life) result() {
	inside, err := inspect.Read("bootstrap.ign", readAll(l.T, filepath.Join(l.dir, "bootstrap.ign")))
	if err != nil {
		l.Fatal(err)
	}
	host := map[string]string{}
	for _, f := range inside.Entries {
		host[f.Path] = string(f.Data())
	}
	for name, content := range l.mine {
		got, there := host["/opt/openshift/"+name]
		if content == nil && there || content != nil && got != *content {
			l.Errorf("%s: what the user did to it is lost; there is %q", name, got)
		}
	}
	if text := string(readAll(l.T, filepath.Join(l.dir, kubeconfigFile))); l.context && !strings.Contains(text, "namespace: mine") {
		l.Error("the user's context is lost")
	}
}

// kept sees that nothing of the user's is gone from the directory: it stands
// where it was, or aside, or is remembered.
func (l *life) kept(before, after map[string]string) {
	somewhere := map[string]bool{}
	for _, content := range after {
		somewhere[content] = true
	}
	for _, content := range l.state().Consumed {
		somewhere[string(content)] = true
	}
	for name, content := range before {
		if manifests.IsManifest(name) && !somewhere[content] {
			l.Errorf("%s is gone for good", name)
		}
	}
}

// statusAgrees sees that status calls the directory blocked where the next run
// would stop, and only there.
func (l *life) statusAgrees() {
	req := Request{Dir: l.dir, Command: "test", Now: l.now, Target: targetIgnitionConfigs}
	s, err := GetStatus(l.T.Context(), req)
	if err != nil {
		l.Fatal(err)
	}
	_, err = Plan(l.T.Context(), req, false)
	if (err != nil) != (s.Condition == Blocked) {
		l.Errorf("status says %s %v, and the next run %v", s.Condition, s.Problems, err)
	}
}

// wayOn sees that a directory is never stuck: the two flags that move things
// aside lead on from anywhere, and after that none is needed.
func (l *life) wayOn() {
	req := Request{
		Dir:              l.dir,
		Command:          "test",
		LeafKey:          "ecdsa-p256",
		Now:              l.now,
		Target:           targetIgnitionConfigs,
		Overwrite:        true,
		DiscardManifests: true,
	}
	for _, flags := range []bool{true, false} {
		req.Overwrite, req.DiscardManifests = flags, flags
		if _, err := Create(l.T.Context(), req); err != nil {
			l.Errorf("with the flags %t the directory is stuck: %v", flags, err)
		}
	}
	err := filepath.WalkDir(l.dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(e.Name(), ".tmp") {
			err = errors.New(e.Name() + " is left behind")
		}
		return err
	})
	if err != nil {
		l.Error(err)
	}
}

// wording is that of findings as they are told.
func wording(ps diag.Problems) string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}
