package manifests

import (
	"encoding/json"

	"github.com/okd-project/okd-install/pkg/installconfig"
)

// Metadata makes metadata.json, by which a cluster is known to the commands
// that come after the installation. It is compact JSON without a newline; the
// order of the keys is part of it. What the platform says, if it is not nil, stands
// under the platform's name.
func Metadata(c installconfig.InstallConfig, id Identity, platform any) ([]byte, error) {
	head, err := json.Marshal(struct {
		ClusterName string `json:"clusterName"`
		ClusterID   string `json:"clusterID"`
		InfraID     string `json:"infraID"`
	}{c.Metadata.Name, id.UUID, id.InfraID})
	if err != nil {
		return nil, err
	}
	tail, err := json.Marshal(struct {
		FeatureSet       string     `json:"featureSet"`
		CustomFeatureSet *gateLists `json:"customFeatureSet"`
	}{c.FeatureSet, customGates(c)})
	if err != nil || platform == nil {
		return joinObjects(head, tail), err
	}
	middle, err := json.Marshal(map[string]any{c.Platform.Name: platform})
	return joinObjects(head, middle, tail), err
}

// joinObjects makes one JSON object of several that are not empty, in their order.
func joinObjects(objects ...[]byte) []byte {
	joined := []byte("{")
	for i, o := range objects {
		if i > 0 {
			joined = append(joined, ',')
		}
		joined = append(joined, o[1:len(o)-1]...)
	}
	return append(joined, '}')
}
