package bootkube

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"strings"
)

// FakesDir is where the fakes find what to play, a Setup in SetupFile and the
// table beside it, and where they leave their notes: CallsFile has a line of
// JSON for each call, ComplaintsFile what no test allows, KillFile says that a
// Fault without a code has struck, and that the fake waits to be killed.
const (
	FakesDir       = fakesDir
	SetupFile      = setupFile
	CallsFile      = callsFile
	ComplaintsFile = complaintsFile
	KillFile       = killFile
	TableFile      = "operators.yaml"
)

// realMounts are the folders of the host that a container may have: a fake that
// runs in a real container finds them at their own names.
var realMounts = []string{"/assets", "/etc/kubernetes", "/opt/openshift/tls"}

// Play has this process be one image of a release, in a container of its own,
// with the arguments of the container. It returns the exit code. The folder
// FakesDir of the host has to be there under its own name. Await replaces what
// cluster-bootstrap waits for once the static pods are in place.
func Play(tag string, args []string, await func() error) (code int) {
	c := &call{name: tag, args: args}
	if tag == releaseTag {
		c.name = "release"
	}
	k := &container{tag: tag, args: args, workdir: "/", env: map[string]string{}, await: await}
	for _, name := range []string{"CLUSTER_PROFILE", "CLUSTER_NODE_TUNED_BOOTSTRAP_SAFE_ENV"} {
		k.env[name] = os.Getenv(name)
	}
	for _, dir := range realMounts {
		if _, err := os.Stat(dir); err == nil {
			k.mounts = append(k.mounts, mount{source: dir, target: dir, overlay: ownOverlay(dir)})
		}
	}
	return c.play(func(c *call) int { return runOperator(c, k) })
}

// ownOverlay reports whether an overlay is mounted at a folder, so that nothing that is
// written there reaches the host. The root of the mount is in the 4th field, the place in
// the 5th (proc(5)).
func ownOverlay(dir string) bool {
	raw, _ := os.ReadFile("/proc/self/mountinfo")
	for line := range strings.Lines(string(raw)) {
		place, system, _ := strings.Cut(line, " - ")
		if f := strings.Fields(place); len(f) > 4 && f[3] == "/" && f[4] == dir {
			return strings.HasPrefix(system, "overlay ")
		}
	}
	return false
}

// Complain writes down from outside a container what no test allows.
func Complain(who, format string, args ...any) {
	(&call{name: who}).complain(format, args...)
}

// ReadSetup reads what the fakes are to play.
func ReadSetup() Setup { return readJSON[Setup](setupFile) }

// PayloadTags are the names of the images of a release that the host may ask for.
func PayloadTags() []string { return append([]string{}, payload...) }

// ImageReferences is the file of that name in a release image: which image is
// which, by name.
func ImageReferences(version string, images map[string]string) []byte {
	var tags []any
	for _, tag := range sortedNames(images) {
		tags = append(tags, object{"name": tag, "from": object{"kind": "DockerImage", "name": images[tag]}})
	}
	raw, _ := json.Marshal(object{
		"kind": "ImageStream", "apiVersion": "image.openshift.io/v1",
		"metadata": object{"name": version}, "spec": object{"tags": tags},
	})
	return append(raw, '\n')
}

// Programs are the paths at which the images of a release have their programs,
// by image.
func (t Table) Programs() map[string][]string {
	programs := map[string][]string{}
	for _, name := range sortedNames(t.Stages) {
		s := t.Stages[name]
		program := s.Program
		if program == "" {
			program = s.Entrypoint
		}
		programs[s.Image] = append(programs[s.Image], path.Clean(program))
	}
	return programs
}

// Entrypoint is the program that an image starts by itself, or empty.
func (t Table) Entrypoint(image string) string {
	for _, name := range sortedNames(t.Stages) {
		if s := t.Stages[name]; s.Image == image && s.Entrypoint != "" {
			return s.Entrypoint
		}
	}
	return ""
}

// Objects reads the objects of a folder of manifests, by file.
func Objects(dir string) (map[string]map[string]any, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	objects := map[string]map[string]any{}
	for _, e := range entries {
		raw, err := os.ReadFile(path.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		if objects[e.Name()], err = decode(raw); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
	}
	return objects, nil
}
