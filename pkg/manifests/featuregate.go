package manifests

import (
	"strings"

	"github.com/okd-project/okd-install/pkg/installconfig"
)

func featureGate(in Inputs) (values, error) {
	v := values{"featureSet": given(in.Config.FeatureSet), "customNoUpgrade": nil}
	if custom := customGates(in.Config); custom != nil {
		v["customNoUpgrade"] = custom
	}
	return v, nil
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

func pki(in Inputs) (values, error) {
	if !in.Config.Enabled("ConfigurablePKI", in.Release) {
		return nil, nil
	}
	p := in.Config.PKI
	if p == nil {
		return values{"mode": "Default", "custom": nil}, nil
	}
	return values{"mode": "Custom", "custom": object{
		"defaults":           object{"key": object{"algorithm": "RSA", "rsa": object{"keySize": 4096}}},
		"signerCertificates": object{"key": p.SignerCertificates.Key},
	}}, nil
}
