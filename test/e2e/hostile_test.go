//go:build e2e && unix

package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/test/folder"
	"github.com/okd-project/okd-install/test/needs"
)

func TestSymbolicLinksInTheWay(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"bootstrap.ign", "master.ign", "metadata.json", "auth", "auth/kubeconfig", "manifests", "openshift", stateFile,
		lockFile, logFile, stageDir,
	} {
		args := ignition
		if name == "manifests" || name == "openshift" {
			args = manifests
		}
		for _, kind := range []string{"file", "folder", "nothing"} {
			dir, elsewhere := assetDir(t, configs["ecdsa"]), t.TempDir()
			target := filepath.Join(elsewhere, "target")
			switch kind {
			case "file":
				folder.Put(t, elsewhere, "target", "")
			case "folder":
				folder.Put(t, elsewhere, "target/theirs", "theirs")
			}
			link := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(target, link); err != nil {
				t.Fatal(err)
			}
			there, before := tree(t, elsewhere), tree(t, dir)
			o := run(t, dir, args)
			if name == logFile || name == stageDir {
				// not worth a refusal, but nothing goes through the link
				spoken(t, o)
			} else {
				refused(t, o, 1, filepath.Base(name))
				if d := difference(tree(t, dir), before); d != "" || exists(dir, journal) {
					t.Errorf("%s as a link to a %s: changed: %s", name, kind, d)
				}
			}
			if d := difference(tree(t, elsewhere), there); d != "" {
				t.Errorf("%s as a link to a %s: changed behind the link: %s", name, kind, d)
			}
		}
	}
}

func TestDirIsALink(t *testing.T) {
	t.Parallel()
	dir := assetDir(t, configs["ecdsa"])
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{manifests, ignition} {
		must(t, link, args)
	}
	if err := mixed(tree(t, dir), ignition); err != nil {
		t.Error(err)
	}
	must(t, link, []string{"certs"})
}

func TestNamesOfDirectories(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"with space", "ünï ☃ cluster", "new\nline", "-dash", "100%s%d", `quote"'`, "tab\there", "not\xffutf8",
		strings.Repeat("long", 60),
	} {
		dir := filepath.Join(t.TempDir(), name)
		folder.Put(t, dir, configFile, configs["ecdsa"])
		for _, args := range [][]string{manifests, ignition} {
			spoken(t, must(t, dir, args))
		}
		if err := mixed(tree(t, dir), ignition); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		// and the name by which a user in it calls it
		must(t, "", []string{"create", "ignition-configs"}, in(dir))
	}
}

func TestStreams(t *testing.T) {
	t.Parallel()
	for _, redirection := range []string{"<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full", ">/dev/full 2>&1"} {
		dir := assetDir(t, configs["ecdsa"])
		shell := under(`exec "$0" "$@" ` + redirection)
		for _, args := range [][]string{manifests, ignition} {
			spoken(t, must(t, dir, args, shell))
		}
		files := tree(t, dir)
		if err := mixed(files, ignition); err != nil {
			t.Errorf("%s: %v", redirection, err)
		}
		for name, content := range files {
			if strings.Contains(content, "level=info") {
				t.Errorf("%s: log lines ended up in %s", redirection, name)
			}
		}
		o := run(t, dir, []string{"create", "manifests", "--release", "none"}, shell)
		if o.code != 1 {
			t.Errorf("%s: want exit 1, got %s", redirection, o)
		}
	}
	dir := assetDir(t, configs["ecdsa"])
	must(t, dir, ignition)
	// who redirects a listing to a full disk has no listing, and is told
	for _, args := range [][]string{
		{"version"}, {"version", "-o", "json"}, {"graph"}, {"completion", "bash"}, {"certs", "--dir", dir},
		{"certs", "-o", "json", "--dir", dir},
	} {
		o := run(t, "", args, under(`exec "$0" "$@" >/dev/full`))
		if o.code != 1 || !strings.Contains(o.stderr, "no space left") {
			t.Errorf("want an error about the full disk: %s", o)
		}
	}
}

func TestNoEnvironment(t *testing.T) {
	t.Parallel()
	dir := assetDir(t, configs["ecdsa"])
	for _, args := range [][]string{manifests, ignition, {"certs"}} {
		spoken(t, must(t, dir, args, env()))
	}
	if err := mixed(tree(t, dir), ignition); err != nil {
		t.Error(err)
	}
}

// Somebody leaves a journal in an asset directory of root, or hands on a whole
// directory with one: no run may follow it out of the directory, or believe it.
func TestPlantedJournals(t *testing.T) {
	t.Parallel()
	needs.Root(t, "to own what others have planted")
	const plan = `{"schemaVersion":1,"writes":[{"from":".okd_install_commit/0","to":"%[1]s","digest":"%[2]s"}],` +
		`"removals":[{"name":"install-config.yaml","digest":"%[3]s"}]}`
	for name, c := range map[string]struct {
		to      string
		prepare func(dir, elsewhere string) error
		says    string
	}{
		"through a link":              {"L/cron", nil, "symbolic link"},
		"through a link, over a file": {"L/theirs", nil, "symbolic link"},
		"out of the directory":        {"../elsewhere/cron", nil, "not inside the asset directory"},
		"by another user": {"bootstrap.ign", func(dir, _ string) error {
			return errors.Join(os.Chown(filepath.Join(dir, stageDir), nobody, nobody), os.Chown(filepath.Join(dir, journal), nobody, nobody))
		}, "belongs to user"},
		"by another user, in our folder": {"bootstrap.ign", func(dir, _ string) error { return os.Chown(filepath.Join(dir, journal), nobody, nobody) }, "belongs to user"},
		"in a shared directory":          {"bootstrap.ign", func(dir, _ string) error { return os.Chmod(dir, 0o777) }, "users other than you may write"},
		"behind a link": {"bootstrap.ign", func(dir, elsewhere string) error {
			to := filepath.Join(elsewhere, "stage")
			return errors.Join(os.Rename(filepath.Join(dir, stageDir), to), os.Symlink(to, filepath.Join(dir, stageDir)))
		}, "something else with the name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			elsewhere := filepath.Join(t.TempDir(), "elsewhere")
			folder.Put(t, elsewhere, "theirs", "theirs")
			dir := assetDir(t, configs["ecdsa"])
			sum := func(text string) string {
				s := sha256.Sum256([]byte(text))
				return "sha256:" + hex.EncodeToString(s[:])
			}
			folder.Put(t, dir, stageDir+"/0", "planted")
			folder.Put(t, dir, journal, fmt.Sprintf(plan, c.to, sum("planted"), sum(configs["ecdsa"])))
			err := errors.Join(os.Chmod(filepath.Join(dir, stageDir), 0o700), os.Chmod(filepath.Join(dir, journal), 0o600),
				os.Symlink(elsewhere, filepath.Join(dir, "L")))
			if c.prepare != nil {
				err = errors.Join(err, c.prepare(dir, elsewhere))
			}
			if err != nil {
				t.Fatal(err)
			}
			there, before := tree(t, elsewhere), tree(t, dir)
			for _, args := range [][]string{manifests, ignition, checkConfig, append(slices.Clone(ignition), "--allow-shared-dir")} {
				refused(t, run(t, dir, args), 1, c.says)
				if d := difference(tree(t, dir), before) + difference(tree(t, elsewhere), there); d != "" {
					t.Fatalf("%v changed %s", args, d)
				}
			}
			if o := must(t, dir, []string{"status"}); !strings.Contains(o.stdout, "blocked") || !strings.Contains(o.stdout, c.says) {
				t.Errorf("status does not say so: %s", o)
			}
		})
	}
}
