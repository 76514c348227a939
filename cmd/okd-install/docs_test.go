package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/test/folder"
	"github.com/okd-project/okd-install/test/needs"
	"github.com/okd-project/okd-install/test/page"
)

// createsOlder finds commands that make files for a release before 4.22.
var createsOlder = regexp.MustCompile(`create [a-z-]+ .*--release 4\.(1[6-9]|2[01])`)

// docsRoot is where the documents are.
const docsRoot = "../.."

// notRun lists every block that is marked with "sh notest", by its document and
// first line: what needs more than okd-install. Keep it short.
var notRun = map[string]bool{
	"README.md: git clone https://github.com/okd-project/okd-install": true,
	"README.md: make build": true, // asks; TestReadme of test/wizard runs it
	"docs/install.md: sha256sum --check --ignore-missing SHA256SUMS":   true, // is for a download
	"docs/install.md: podman load --input okd-install_VERSION_oci.tar": true, // needs podman
	"docs/boot-media.md: okd-install coreos download -C media":         true, // needs the network
	"docs/pivot.md: mkdir -m 0700 older":                               true, // needs the network
	"docs/boot-media.md: rpm-ostree cleanup -b -p -r -m":               true, // is for a node
	// the services machine, which TestServices of test/e2e does with the same files
	"docs/upi.md: named-checkconf":                                  true,
	"docs/upi.md: haproxy -c -f /etc/haproxy/haproxy.cfg":           true,
	"docs/upi.md: sed -i '/ bootstrap /d' /etc/haproxy/haproxy.cfg": true,
	// the network, or a cluster that runs pods
	"docs/upi.md: okd-install coreos download -C media":                                                        true,
	"docs/upi.md: okd-install coreos download --format pxe -C media":                                           true,
	"docs/upi.md: curl -kLO https://downloads-openshift-console.apps.okd.example.com/amd64/linux/oc.tar":       true,
	"docs/upi.md: oc adm policy add-cluster-role-to-user cluster-admin me":                                     true,
	"docs/upi.md: oc apply -f - <<'END'":                                                                       true,
	"docs/upi.md: oc patch configs.imageregistry.operator.openshift.io cluster --type merge --patch \\":        true,
	"docs/upi.md: oc adm release mirror --registry-config merged.json \\":                                      true,
	"docs/upi.md: okd-install create install-config --dir far --cluster-name okd --base-domain example.com \\": true,
}

// TestDocumentsRun runs the shell blocks of the README and of everything in
// docs/ in their order, each document in a directory of its own that has an
// install-config.yaml in it: what stands there works.
func TestDocumentsRun(t *testing.T) {
	t.Parallel()
	bash := needs.Program(t, "bash")
	marked := map[string]bool{}
	for _, name := range documents(t) {
		text, err := os.ReadFile(filepath.Join(docsRoot, name))
		if err != nil {
			t.Fatal(err)
		}
		script := ""
		for _, b := range shellBlocks(string(text)) {
			if b.notest {
				first, _, _ := strings.Cut(b.text, "\n")
				marked[name+": "+first] = true
				continue
			}
			script += b.text
		}
		if script == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			config, err := os.ReadFile("testdata/fast.yaml")
			if err != nil {
				t.Fatal(err)
			}
			if createsOlder.MatchString(script) {
				config, _, _ = bytes.Cut(config, []byte("featureSet:")) // its keys are of later releases
			}
			if err := os.WriteFile(filepath.Join(dir, "install-config.yaml"), config, 0o600); err != nil {
				t.Fatal(err)
			}
			if name == "README.md" { // what the wizard has written, whose block test/wizard runs
				folder.Put(t, dir, "mycluster/install-config.yaml", string(config))
				if err := os.Chmod(filepath.Join(dir, "mycluster"), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			sampleMedia(t, dir)
			sampleBundle(t, dir)
			cmd := exec.CommandContext(t.Context(), bash, "-euxo", "pipefail", "-c", script)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "TEST_LEAF_KEY=ecdsa-p256", "TEST_CLUSTER=complete", "TEST_SSH="+machineAddress(),
				"TEST_REGISTRY="+registryAddress())
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("the blocks of %s do not run: %v\n%s", name, err, out)
			}
		})
	}
	for block := range marked {
		if !notRun[block] {
			t.Errorf("the block %q is marked with notest, but not listed here", block)
		}
	}
	for block := range notRun {
		if !marked[block] {
			t.Errorf("there is no block %q any more: take it off the list", block)
		}
	}
}

// documents lists the README and all of docs/.
func documents(t *testing.T) []string {
	t.Helper()
	names := []string{"README.md"}
	for _, pattern := range []string{"docs/*.md", "docs/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(docsRoot, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			name, err := filepath.Rel(docsRoot, path)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, filepath.ToSlash(name))
		}
	}
	return names
}

type shellBlock struct {
	text   string
	notest bool
}

// shellBlocks returns the ```sh blocks of a document.
func shellBlocks(text string) []shellBlock {
	var blocks []shellBlock
	for _, b := range page.Blocks(text) {
		if b.Language == "sh" {
			blocks = append(blocks, shellBlock{text: b.Text, notest: b.Remark == "notest"})
		}
	}
	return blocks
}

// TestShellBlocks makes sure that the documents' blocks are seen at all.
func TestShellBlocks(t *testing.T) {
	t.Parallel()
	got := shellBlocks("text\n```sh\none\ntwo\n```\n```yaml\nno: shell\n```\n```sh notest\nthree\n```\n```\nplain\n```\n")
	want := []shellBlock{{text: "one\ntwo\n"}, {text: "three\n", notest: true}}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if n := len(documents(t)); n < 8 {
		t.Errorf("only %d documents found", n)
	}
}
