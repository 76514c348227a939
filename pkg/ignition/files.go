package ignition

import (
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/pkg/release"
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

// releases says which bootstrap hosts a row is for. The zero value is every host.
type releases struct {
	// with is what the release must have, and without what it must not; empty asks
	// for nothing.
	with, without release.Feature
	// inPlace is for single nodes only, which bootstrap themselves in place.
	inPlace bool
	// konnectivity is for hosts with konnectivity only.
	konnectivity bool
}

func (r releases) include(e Environment) bool {
	line := release.Release{Line: e.ReleaseLine}
	if r.inPlace && !e.BootstrapInPlace || r.konnectivity && !e.konnectivity() {
		return false
	}
	return (r.with == "" || line.Has(r.with)) && (r.without == "" || !line.Has(r.without))
}

// Condition says which of the hosts of a release line have a file or unit.
type Condition int

// Conditions.
const (
	// Always is every host.
	Always Condition = iota
	// WithKonnectivity are the hosts whose API server reaches the cluster through
	// konnectivity, which features of the cluster ask for.
	WithKonnectivity
	// InPlace is a single node that bootstraps itself.
	InPlace
)

func (r releases) condition() Condition {
	switch {
	case r.inPlace:
		return InPlace
	case r.konnectivity:
		return WithKonnectivity
	}
	return Always
}

// ConditionOf says which hosts have the file or unit at this path of the host, if
// it is one whose content is the same wherever it is.
func ConditionOf(path string) Condition {
	for _, f := range staticFiles {
		if f.path == path {
			return f.condition()
		}
	}
	for _, u := range staticUnits {
		if unitDir+u.name == path {
			return u.condition()
		}
	}
	return Always
}

// staticFile is a file of data/bootstrap/files.
type staticFile struct {
	path   string
	mode   int
	append bool
	releases
	// source is the name below data/bootstrap/files where it is not path: an
	// embedded file's name has no backslash.
	source string
}

func (f staticFile) embedded() string {
	if f.source != "" {
		return "bootstrap/files" + f.source
	}
	return "bootstrap/files" + f.path
}

// Modes of the static files, by what is done with them. A library is sourced by
// scripts that run as root, but people may read it.
const (
	modeProgram = 0o555
	modeLibrary = 0o444
	modeUnit    = 0o600
)

// Where the scripts stand on the host. What is in binDir is run, but for the
// five that are sourced under a path which is known from openshift-install:
// bootstrap-in-place.sh, bootstrap-service-record.sh, release-image.sh,
// bootstrap-verify-api-server-urls.sh and wait-for-ha-api.sh. What is in libraryDir only defines functions. What is in its
// folder stages is sourced by bootkube.sh alone, in the order of the names, and
// does the work.
const (
	binDir     = "/usr/local/bin/"
	libraryDir = "/usr/local/lib/okd-install/"
	unitDir    = "/etc/systemd/system/"
)

var (
	// overlaid hosts put the release's node image over the /usr that they booted;
	// pivoted ones boot it.
	overlaid = releases{with: release.NodeImageOverlay}
	pivoted  = releases{without: release.NodeImageOverlay}
	inPlace  = releases{inPlace: true}
	// konnectivity comes with features that are off by default
	konnectivity = releases{konnectivity: true}
)

// staticFiles declares the files of data/bootstrap/files: one row per file, in
// the order in which they stand in the config.
var staticFiles = []staticFile{
	{path: "/etc/motd", mode: 0o644, append: true},
	{path: "/etc/systemd/system-generators/node-image-overlay-generator", mode: modeProgram, releases: overlaid},
	{path: unitDir + "node-image-finish.service", mode: modeUnit, releases: overlaid},
	{path: unitDir + "node-image-overlay.service", mode: modeUnit, releases: overlaid},
	{path: unitDir + "node-image-overlay.target", mode: modeUnit, releases: overlaid},
	{path: unitDir + "node-image-pull.service", mode: modeUnit, releases: overlaid},
	{path: unitDir + "ostree-finalize-staged.service.d/10-okd-path.conf", mode: modeUnit, releases: pivoted},
	{path: unitDir + "rpm-ostreed.service.d/10-okd-path.conf", mode: modeUnit, releases: pivoted},
	{path: unitDir + `var-ostree\x2dcontainer.mount`, mode: modeUnit, releases: releases{with: release.DashedOSTreeStore}, source: "/etc/systemd/system/var-ostree-container.mount"},
	{path: unitDir + "var-ostreecontainer.mount", mode: modeUnit, releases: releases{with: release.OSTreeStore}},
	{path: "/opt/openshift/bootstrap-in-place/bootstrap-in-place-handover.sh", mode: modeSecret, releases: inPlace},
	{path: "/opt/openshift/bootstrap-in-place/bootstrap-in-place-post-reboot.sh", mode: modeSecret, releases: inPlace},
	{path: "/opt/openshift/bootstrap-in-place/master-update.fcc", mode: modeSecret, releases: inPlace},
	{path: "/opt/openshift/egress-selector-config.yaml", mode: modeSecret, releases: konnectivity},
	{path: "/opt/openshift/konnectivity-agent-certs-secret.yaml", mode: modeSecret, releases: konnectivity},
	{path: "/opt/openshift/konnectivity-agent-daemonset.yaml", mode: modeSecret, releases: konnectivity},
	{path: "/opt/openshift/konnectivity-config-override.yaml", mode: modeSecret, releases: konnectivity},
	{path: "/opt/openshift/konnectivity-namespace.yaml", mode: modeSecret, releases: konnectivity},
	{path: "/opt/openshift/konnectivity-server-pod.yaml", mode: modeSecret, releases: konnectivity},
	{path: binDir + "approve-csr.sh", mode: modeProgram},
	{path: binDir + "bootkube.sh", mode: modeProgram},
	{path: binDir + "bootstrap-cluster-gather.sh", mode: modeProgram},
	{path: binDir + "bootstrap-in-place.sh", mode: modeProgram, releases: inPlace},
	{path: binDir + "bootstrap-pivot.sh", mode: modeProgram, releases: pivoted},
	{path: binDir + "bootstrap-service-record.sh", mode: modeProgram},
	{path: binDir + "bootstrap-verify-api-server-urls.sh", mode: modeProgram},
	{path: binDir + "crio-configure.sh", mode: modeProgram},
	{path: binDir + "install-to-disk.sh", mode: modeProgram, releases: inPlace},
	{path: binDir + "installer-gather.sh", mode: modeProgram},
	{path: binDir + "installer-masters-gather.sh", mode: modeProgram},
	{path: binDir + "kubelet-pause-image.sh", mode: modeProgram},
	{path: binDir + "kubelet.sh", mode: modeProgram},
	{path: binDir + "node-image-overlay.sh", mode: modeProgram, releases: overlaid},
	{path: binDir + "node-image-pull.sh", mode: modeProgram, releases: overlaid},
	{path: binDir + "redact-secrets.sh", mode: modeProgram},
	{path: binDir + "release-image-download.sh", mode: modeProgram},
	{path: binDir + "release-image.sh", mode: modeProgram},
	{path: binDir + "report-progress.sh", mode: modeProgram},
	{path: binDir + "wait-for-ha-api.sh", mode: modeProgram},
	{path: libraryDir + "causes.sh", mode: modeLibrary},
	{path: libraryDir + "containers.sh", mode: modeLibrary},
	{path: libraryDir + "folders.sh", mode: modeLibrary},
	{path: libraryDir + "gather.sh", mode: modeLibrary},
	{path: libraryDir + "konnectivity-certs.sh", mode: modeLibrary, releases: konnectivity},
	{path: libraryDir + "konnectivity.sh", mode: modeLibrary, releases: konnectivity},
	{path: libraryDir + "ostree.sh", mode: modeLibrary, releases: overlaid},
	{path: libraryDir + "pivot-guards.sh", mode: modeLibrary, releases: pivoted},
	{path: libraryDir + "preflight.sh", mode: modeLibrary},
	{path: libraryDir + "release-table.sh", mode: modeLibrary},
	{path: libraryDir + "stages.sh", mode: modeLibrary},
	{path: libraryDir + "stages/1-cluster.sh", mode: modeLibrary},
	{path: libraryDir + "stages/2-kube.sh", mode: modeLibrary},
	{path: libraryDir + "stages/3-nodes.sh", mode: modeLibrary},
	{path: libraryDir + "stages/4-handover.sh", mode: modeLibrary},
	{path: libraryDir + "status.sh", mode: modeLibrary},
	{path: libraryDir + "versions.sh", mode: modeLibrary},
}

// staticUnit is a systemd unit of data/bootstrap/units.
type staticUnit struct {
	name    string
	enabled bool
	// dropin is the one drop-in of a unit that the boot image brings; empty for
	// a unit of our own.
	dropin string
	releases
}

func (u staticUnit) embedded() string {
	if u.dropin != "" {
		return "bootstrap/units/" + u.name + ".d/" + u.dropin
	}
	return "bootstrap/units/" + u.name
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
	{name: "release-image-pivot.service", enabled: true, releases: pivoted},
	{name: "systemd-journal-gatewayd.service", dropin: "certs.conf"},
	{name: "zincati.service", dropin: "okd-machine-os-disabled.conf"},
	{name: "install-to-disk.service", enabled: true, releases: inPlace},
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
// pattern that matches counts, after those of Host.Secrets; a file that none matches is
// refused.
var openshiftModes = []struct {
	pattern string
	mode    int
}{
	{"openshift/*", 0o644},
	{"manifests/*", 0o644},
	{"original_cvo_overrides.patch", 0o644},
	{"tls/root-ca.crt", 0o644},
	{"tls/*", 0o600},
	{"auth/*", 0o600},
}

// openshiftFiles places the assets below openshiftDir, sorted by path.
func openshiftFiles(assets map[string][]byte, secrets []string) ([]File, error) {
	files := make([]File, 0, len(assets))
	for name, content := range assets {
		mode, ok := openshiftMode(name, secrets)
		if !ok {
			return nil, fmt.Errorf("%q has no declared place on the bootstrap host below %s", name, openshiftDir)
		}
		files = append(files, File{Path: openshiftDir + name, Data: content, Mode: mode})
	}
	slices.SortFunc(files, byPath)
	return files, nil
}

func openshiftMode(name string, secrets []string) (int, bool) {
	if !fs.ValidPath(name) {
		return 0, false
	}
	for _, pattern := range secrets {
		if ok, err := path.Match(pattern, name); err == nil && ok {
			return modeSecret, true
		}
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

// readStaticFiles returns the files of staticFiles that the host gets.
func readStaticFiles(e Environment) ([]File, error) {
	var files []File
	for _, row := range staticFiles {
		if !row.include(e) {
			continue
		}
		content, err := data.Bootstrap.ReadFile(row.embedded())
		if err != nil {
			return nil, err
		}
		files = append(files, File{Path: row.path, Data: content, Mode: row.mode, Append: row.append})
	}
	return files, nil
}
