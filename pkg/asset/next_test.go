package asset

import (
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/release"
)

// What is said to a user holds the names, numbers and files of this cluster.
func TestNextSteps(t *testing.T) {
	t.Parallel()
	replicas := func(n int64) *int64 { return &n }
	config := func(masters, workers int64) installconfig.InstallConfig {
		c := installconfig.InstallConfig{BaseDomain: "example.com", ControlPlane: &installconfig.MachinePool{Replicas: replicas(masters)}}
		c.Metadata.Name = "demo"
		if workers > 0 {
			c.Compute = []installconfig.MachinePool{{Replicas: replicas(workers)}}
		}
		return c
	}
	voting := config(2, 1)
	voting.Arbiter = &installconfig.MachinePool{Replicas: replicas(1)}
	single := config(1, 0)
	single.BootstrapInPlace = &installconfig.BootstrapInPlace{InstallationDisk: "/dev/vda"}
	open, closed := manifests.Scheduling{ControlPlane: true}, manifests.Scheduling{}
	for name, test := range map[string]struct {
		target    string
		config    installconfig.InstallConfig
		line      string
		say, hide []string
		scheduler manifests.Scheduling
	}{
		"with workers": {
			targetIgnitionConfigs, config(3, 2), "4.22",
			[]string{
				"api.demo.example.com", "*.apps.demo.example.com", "80 and 443 to the workers", "3 control plane machines with master.ign",
				"2 workers with worker.ign", "coreos image --release 4.22 --platform metal", "wait-for bootstrap-complete", "approve-csrs",
			},
			[]string{"pivot", "arbiter"},
			closed,
		},
		"an arbiter": {targetIgnitionConfigs, voting, "4.22",
			[]string{"2 control plane machines with master.ign, 1 arbiter with arbiter.ign, 1 worker with worker.ign"}, nil, closed},
		"without workers": {
			targetIgnitionConfigs, config(3, 0), "4.22",
			[]string{"80 and 443 to the control plane, as there are no workers"},
			[]string{"worker.ign", "approve-csrs"},
			open,
		},
		"workers from elsewhere": {
			targetIgnitionConfigs, config(3, 0), "4.22",
			[]string{"80 and 443 to the workers", "3 control plane machines with master.ign, your workers with worker.ign", "approve-csrs"},
			[]string{"no workers", "0 workers"},
			closed,
		},
		"workloads everywhere": {
			targetIgnitionConfigs, config(3, 2), "4.22",
			[]string{"80 and 443 to the workers and the control plane", "2 workers with worker.ign", "approve-csrs"},
			nil,
			open,
		},
		"no media of its own": {targetIgnitionConfigs, config(1, 1), "4.17",
			[]string{"create pivot-config", "1 control plane machine with", "1 worker with"}, nil, closed},
		"manifests": {targetManifests, config(3, 2), "4.22", []string{"create ignition-configs"}, []string{"single-node"}, closed},
		"a single node": {targetManifests, single, "4.22", []string{"create single-node-ignition-config"},
			[]string{"create ignition-configs"}, closed},
		"its config": {targetSingleNode, single, "4.22",
			[]string{"*.apps.demo.example.com name the node", "bootstrap-in-place-for-live-iso.ign",
				"wait-for install-complete"}, []string{"bootstrap-complete", "22623"}, closed},
		"a pointer": {targetBootstrapPointer, config(3, 2), "4.22", []string{"bootstrap-pointer.ign"}, nil, closed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all strings.Builder
			for _, s := range nextSteps(test.target, madeFrom{test.config, liveISO, release.Release{Line: test.line}, test.scheduler}) {
				all.WriteString(s.Command + " " + s.Why + "\n")
			}
			for _, want := range test.say {
				if !strings.Contains(all.String(), want) {
					t.Errorf("nothing is said of %s:\n%s", want, all.String())
				}
			}
			for _, not := range test.hide {
				if strings.Contains(all.String(), not) {
					t.Errorf("%s is said:\n%s", not, all.String())
				}
			}
		})
	}
}
