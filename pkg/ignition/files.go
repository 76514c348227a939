package ignition

import (
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/okd-project/okd-install/data"
)

// File is one file of a config.
type File struct {
	// Path is absolute, with slashes.
	Path string
	Data []byte
	// Mode holds the permission bits.
	Mode int
	// Append adds Data to what the boot image has at Path instead of replacing it.
	Append bool
}

// staticFiles declares the files of data/bootstrap/files: one row per file, in
// the order in which they stand in the config.
var staticFiles = []File{
	{Path: "/etc/motd", Mode: 0o644, Append: true},
}

// staticUnit is a systemd unit of data/bootstrap/units.
type staticUnit struct {
	name    string
	enabled bool
	// dropin is the one drop-in of a unit that the boot image brings; empty for
	// a unit of our own.
	dropin string
}

// staticUnits declares the units. What is not enabled is started by a unit that
// wants or requires it.
var staticUnits = []staticUnit{
	{name: "approve-csr.service", enabled: true},
	{name: "bootkube.service"},
	{name: "crio-configure.service"},
	{name: "kubelet.service", enabled: true},
	{name: "progress.service", enabled: true},
	{name: "release-image.service"},
	{name: "systemd-journal-gatewayd.service", dropin: "certs.conf"},
	{name: "zincati.service", dropin: "okd-machine-os-disabled.conf"},
}

// Modes of the generated files, by the reader that needs them: everything else
// that is generated is root's alone.
const (
	modePublic = 0o644
	modeSecret = 0o600
)

// openshiftDir is where bootkube works and finds its assets.
const openshiftDir = "/opt/openshift/"

// openshiftModes declares the modes of the files below openshiftDir. The first
// pattern that matches counts; a file that none matches is refused.
var openshiftModes = []struct {
	pattern string
	mode    int
}{
	{"openshift/99_openshift-etcd_fencing-credentials-secrets-*", 0o600},
	{"openshift/*", 0o644},
	{"manifests/*", 0o644},
	{"original_cvo_overrides.patch", 0o644},
	{"tls/root-ca.crt", 0o644},
	{"tls/*", 0o600},
	{"auth/*", 0o600},
}

// openshiftFiles places the assets below openshiftDir, sorted by path.
func openshiftFiles(assets map[string][]byte) ([]File, error) {
	files := make([]File, 0, len(assets))
	for name, content := range assets {
		mode, ok := openshiftMode(name)
		if !ok {
			return nil, fmt.Errorf("%q has no declared place on the bootstrap host below %s", name, openshiftDir)
		}
		files = append(files, File{Path: openshiftDir + name, Data: content, Mode: mode})
	}
	slices.SortFunc(files, byPath)
	return files, nil
}

func openshiftMode(name string) (int, bool) {
	if !fs.ValidPath(name) {
		return 0, false
	}
	for _, row := range openshiftModes {
		if ok, err := path.Match(row.pattern, name); err == nil && ok {
			return row.mode, true
		}
	}
	return 0, false
}

func byPath(a, b File) int {
	switch {
	case a.Path < b.Path:
		return -1
	case a.Path > b.Path:
		return 1
	default:
		return 0
	}
}

// readStaticFiles returns the files of staticFiles with their content.
func readStaticFiles() ([]File, error) {
	files := slices.Clone(staticFiles)
	for i := range files {
		content, err := data.Bootstrap.ReadFile("bootstrap/files" + files[i].Path)
		if err != nil {
			return nil, err
		}
		files[i].Data = content
	}
	return files, nil
}
