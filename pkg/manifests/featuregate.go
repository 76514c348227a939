package manifests

import (
	"strings"

	"github.com/okd-project/okd-install/pkg/installconfig"
)

// featureGate is made for every cluster, also with an empty spec: the first
// renderer on the bootstrap host fills in its status and all others read that.
func featureGate(in Inputs) ([]file, error) {
	spec := object{}
	put(spec, "featureSet", in.Config.FeatureSet)
	if custom := customGates(in.Config); custom != nil {
		gates := object{}
		if len(custom.Enabled) > 0 {
			gates["enabled"] = custom.Enabled
		}
		if len(custom.Disabled) > 0 {
			gates["disabled"] = custom.Disabled
		}
		spec["customNoUpgrade"] = gates
	}
	return one(FeatureGateFile, config("FeatureGate", "cluster", object{
		"spec":   spec,
		"status": object{"featureGates": nil},
	}))
}

// gateLists is the featureGates field, split into what it turns on and off.
type gateLists struct {
	Enabled  []string `json:"enabled,omitempty"`
	Disabled []string `json:"disabled,omitempty"`
}

// customGates keeps the order of the install-config. It returns nil when the
// config names no gates.
func customGates(c installconfig.InstallConfig) *gateLists {
	if len(c.FeatureGates) == 0 {
		return nil
	}
	out := &gateLists{}
	for _, entry := range c.FeatureGates {
		name, value, _ := strings.Cut(entry, "=")
		if strings.EqualFold(strings.TrimSpace(value), "true") {
			out.Enabled = append(out.Enabled, strings.TrimSpace(name))
		} else {
			out.Disabled = append(out.Disabled, strings.TrimSpace(name))
		}
	}
	return out
}

// pki tells the cluster's operators which keys to use for the certificates
// that they mint. The cluster knows the object only while its gate is on.
func pki(in Inputs) ([]file, error) {
	if !in.Config.Enabled("ConfigurablePKI", in.Release) {
		return nil, nil
	}
	management := object{"mode": "Default"}
	if p := in.Config.PKI; p != nil {
		management = object{
			"mode": "Custom",
			"custom": object{
				"defaults":           object{"key": object{"algorithm": "RSA", "rsa": object{"keySize": 4096}}},
				"signerCertificates": object{"key": p.SignerCertificates.Key},
			},
		}
	}
	return one("manifests/cluster-pki-02-config.yaml", object{
		"apiVersion": "config.openshift.io/v1alpha1",
		"kind":       "PKI",
		"metadata":   object{"name": "cluster"},
		"spec":       object{"certificateManagement": management},
	})
}
