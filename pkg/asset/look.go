package asset

import (
	"context"
	"errors"
	"path"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/manifests"
)

// look prepares a run that only looks: it takes no lock and writes nothing. In a
// frozen run nothing is made that would be remembered either.
func look(ctx context.Context, req Request, frozen bool) (*creation, error) {
	dir, err := assetdir.Look(req.Dir, "name it with --dir")
	if err != nil {
		return nil, err
	}
	if err := dir.Finished(); err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	c := &creation{Request: req, dir: dir, change: assetdir.Change{Aside: map[string]string{}, Write: Files{}}}
	for _, step := range []func(context.Context) error{c.readDir, c.chooseRelease, c.build} {
		if err := step(ctx); err != nil {
			return c, err
		}
	}
	c.run.Frozen = frozen
	return c, nil
}

// outputs are the files that okd-install writes at the top of a directory and in
// auth/, in the order in which they are told.
func outputs() []string {
	return append([]string{ignition.BootstrapFile, ignition.InPlaceFile, ignition.BootstrapPointerFile}, append(pointerFiles(), kubeconfigFile, passwordFile, metadataFile)...)
}

// isIgnition tells that a file of the directory is an Ignition config.
func isIgnition(name string) bool { return path.Ext(name) == ".ign" }

// ownStamp is the one manifest that says who made it, so that it differs from
// version to version without anybody's edit.
const ownStamp = manifests.OpenshiftDir + "/openshift-install-manifests.yaml"
