package manifests

import (
	"encoding/json"

	"github.com/okd-project/okd-install/pkg/installconfig"
)

// Metadata makes metadata.json, by which a cluster is known to the commands
// that come after the installation. It is compact JSON without a newline; the
// order of the keys is part of it.
func Metadata(c installconfig.InstallConfig, id Identity) ([]byte, error) {
	return json.Marshal(struct {
		ClusterName      string     `json:"clusterName"`
		ClusterID        string     `json:"clusterID"`
		InfraID          string     `json:"infraID"`
		FeatureSet       string     `json:"featureSet"`
		CustomFeatureSet *gateLists `json:"customFeatureSet"`
	}{c.Metadata.Name, id.UUID, id.InfraID, c.FeatureSet, customGates(c)})
}
