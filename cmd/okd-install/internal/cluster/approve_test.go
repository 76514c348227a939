package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/cluster"
	"github.com/okd-project/okd-install/pkg/diag"

	"github.com/okd-project/okd-install/pkg/platform"
)

// No node may have a virtual address of the cluster, whatever it is written like.
func TestReservedAddresses(t *testing.T) {
	t.Parallel()
	got := reserved(platform.Declared{
		APIVIPs:     []string{"192.168.1.5", "fd00:0::5", "nonsense"},
		IngressVIPs: []string{"192.168.1.7", "::ffff:192.168.1.5"},
	})
	want := map[netip.Addr]string{
		netip.MustParseAddr("192.168.1.5"): "the API", netip.MustParseAddr("fd00::5"): "the API",
		netip.MustParseAddr("192.168.1.7"): "the ingress",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Three thousand foreign requests do not hide the one that matters.
func TestManyRefused(t *testing.T) {
	t.Parallel()
	round := cluster.Round{}
	for i := range 3000 {
		round.Refused = append(round.Refused, cluster.Verdict{
			Request: fmt.Sprintf("csr-%d", i),
			Node:    fmt.Sprintf("foreign-%d", i),
			Reasons: []string{"no"},
		})
	}
	round.Refused[2999].Node = "worker-0"
	for _, output := range []string{"text", "json"} {
		var out bytes.Buffer
		o := approveOptions{App: cli.New("", ""), told: map[string]string{}, nodeNames: map[string]bool{"worker-0": true}, output: output}
		o.SetStreams(&out, io.Discard)
		o.tell(round, false)
		if output == "json" {
			var event ApprovalEvent
			if err := json.Unmarshal(out.Bytes(), &event); err != nil || len(event.Refused) != diag.Most || event.Omitted != 2950 ||
				event.Refused[0].Node != "worker-0" {
				t.Errorf("got %d, %d, %v", len(event.Refused), event.Omitted, err)
			}
		} else if !strings.HasPrefix(out.String(), "refused csr-2999") ||
			!strings.HasSuffix(out.String(), "refused 2950 more, which are not shown: oc get csr lists them\n") {
			t.Errorf("got %s", out.String())
		}
		out.Reset()
		if o.tell(round, false); out.Len() > 0 {
			t.Errorf("told twice: %s", out.String())
		}
	}
}
