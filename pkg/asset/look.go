package asset

import (
	"errors"
	"path"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/ignition"
)

// look opens a directory for a run that only looks: it takes no lock. Whoever gets
// the directory closes it.
func look(path string) (*assetdir.Dir, error) {
	dir, err := assetdir.Look(path, "name it with --dir")
	if err != nil {
		return nil, err
	}
	if err := dir.Finished(); err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	return dir, nil
}

// outputs are the files that okd-install writes at the top of a directory and in
// auth/, in the order in which they are told.
func outputs() []string {
	return append([]string{ignition.BootstrapFile, ignition.InPlaceFile, ignition.BootstrapPointerFile},
		append(pointerFiles(), kubeconfigFile, passwordFile, metadataFile)...)
}

// isIgnition tells that a file of the directory is an Ignition config.
func isIgnition(name string) bool { return path.Ext(name) == ".ign" }
