package external

import (
	"encoding/json"
	"testing"

	"github.com/okd-project/okd-install/pkg/installconfig"
	block "github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/platform/parts"
)

func TestInfrastructure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config       any
		spec, status string
	}{
		{&block.External{}, `{"external":{}}`, `{"external":{"cloudControllerManager":{"state":"None"}}}`},
		{&block.External{PlatformName: "oci"}, `{"external":{"platformName":"oci"}}`, `{"external":{"cloudControllerManager":{"state":"None"}}}`},
		{&block.External{CloudControllerManager: "External"}, `{"external":{}}`, `{"external":{"cloudControllerManager":{"state":"External"}}}`},
	} {
		p, err := Row.Of(parts.Cluster{Config: installconfig.InstallConfig{Platform: block.Platform{Name: Row.Name, Config: c.config}}})
		if err != nil {
			t.Fatal(err)
		}
		for got, want := range map[*map[string]any]string{&p.Manifests.Spec: c.spec, &p.Manifests.Status: c.status} {
			if text, err := json.Marshal(*got); err != nil || string(text) != want {
				t.Errorf("%+v: %s, want %s (%v)", c.config, text, want, err)
			}
		}
		if p.Manifests.IngressOnSingleNode {
			t.Errorf("%+v: the ingress of a single node is bound to it", c.config)
		}
	}
}
