package main

import (
	"maps"
	"net/netip"
	"testing"

	"github.com/okd-project/okd-install/pkg/asset"
)

// No node may have a virtual address of the cluster, whatever it is written like.
func TestReservedAddresses(t *testing.T) {
	t.Parallel()
	got := reserved(asset.RunningCluster{APIVIPs: []string{"192.168.1.5", "fd00:0::5", "nonsense"}, IngressVIPs: []string{"192.168.1.7", "::ffff:192.168.1.5"}})
	want := map[netip.Addr]string{
		netip.MustParseAddr("192.168.1.5"): "the API", netip.MustParseAddr("fd00::5"): "the API", netip.MustParseAddr("192.168.1.7"): "the ingress",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
