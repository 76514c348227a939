package platform

import (
	"slices"
	"time"

	block "github.com/okd-project/okd-install/pkg/installconfig/platform"
)

// This file has what is known of the platforms without a row. Clusters that another
// program makes there can be waited for, and machines can join them.

// foreign has the limits of those that are not the usual ones.
var foreign = map[string]Limits{
	"baremetal": {Bootstrap: 60 * time.Minute, Install: 60 * time.Minute},
	"vsphere":   {Bootstrap: 60 * time.Minute, Install: 40 * time.Minute},
}

// Foreign lists the platforms without a row on which other programs install clusters.
func Foreign() []string {
	return slices.DeleteFunc(slices.Clone(block.Known), func(name string) bool {
		_, ok := find(name)
		return ok
	})
}

// foreignBlock has the fields that the blocks of such platforms have in common, the
// deprecated forms of the addresses among them.
type foreignBlock struct {
	APIVIPs     []string `json:"apiVIPs"`
	APIVIP      string   `json:"apiVIP"`
	IngressVIPs []string `json:"ingressVIPs"`
	IngressVIP  string   `json:"ingressVIP"`
	Hosts       []struct {
		Name string `json:"name"`
	} `json:"hosts"`
}

func (b foreignBlock) declared() Declared {
	d := Declared{APIVIPs: b.APIVIPs, IngressVIPs: b.IngressVIPs}
	if b.APIVIP != "" && len(d.APIVIPs) == 0 {
		d.APIVIPs = []string{b.APIVIP}
	}
	if b.IngressVIP != "" && len(d.IngressVIPs) == 0 {
		d.IngressVIPs = []string{b.IngressVIP}
	}
	for _, h := range b.Hosts {
		if h.Name != "" {
			d.Hosts = append(d.Hosts, h.Name)
		}
	}
	return d
}
