package asset

import (
	"encoding/json"
	"path/filepath"
	"slices"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/platform"
)

// Left lists what is left to remove of the directory's cluster, or of its bootstrap host
// alone. A directory that has made no cluster, and a cluster that another program has made
// in a cloud, are a diag.Problem.
func Left(dir string, bootstrap bool) ([]string, error) {
	files, err := assetdir.ReadOnly(dir, metadataFile)
	if err != nil {
		return nil, err
	}
	place := diag.Position{File: filepath.Join(dir, metadataFile)}
	data, ok := files[metadataFile]
	if !ok {
		return nil, diag.Problem{
			Position: place,
			Detail:   "this file does not exist, so no cluster was made from this directory",
			Hint:     "give the directory of the cluster with --dir",
		}
	}
	var metadata map[string]json.RawMessage
	if json.Unmarshal(data, &metadata) != nil {
		return nil, diag.Problem{Position: place, Detail: "the file is damaged: it is not JSON", Hint: "run the same create command again"}
	}
	if made := namedIn(metadata, platform.Foreign()); made != "" {
		return nil, diag.Problem{
			Position: place,
			Path:     made,
			Detail:   "another program made this cluster on " + made + ", and okd-install does not know what it created there",
			Hint:     "destroy it with the program that made it",
		}
	}
	known, err := ReadRunning(dir)
	if err != nil {
		return nil, err
	}
	return platform.Left(known.Platform, platform.Remains{Domain: known.Domain, Bootstrap: bootstrap}), nil
}

// namedIn is the one of the platforms that metadata.json names, which it does where
// resources were made for the cluster; empty if it names none of them.
func namedIn(metadata map[string]json.RawMessage, platforms []string) string {
	for _, name := range platforms {
		if value, ok := metadata[name]; ok && !slices.Contains([]string{"null", "{}"}, string(value)) {
			return name
		}
	}
	return ""
}
