package asset

import (
	"fmt"
	"strings"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/release"
)

// tellNext says what the user does now.
func (c *creation) tellNext() error {
	loaded, err := graph.Get(c.run, c.graph.InstallConfig)
	if err != nil {
		return err
	}
	var checked checkedManifests
	if c.Target == TargetIgnitionConfigs {
		if checked, err = graph.Get(c.run, c.graph.Checked); err != nil {
			return err
		}
	}
	c.report.Next = nextSteps(c.Target, loaded.Config, c.report.Release, checked.Scheduling)
	return nil
}

// nextSteps says what a user does after a target has been made: a few commands,
// and what has to be set up outside of them, with the names and numbers of this
// cluster. A command stands without the program and without --dir. Where
// workloads run is what the Scheduler that goes out says, whatever the
// install-config counts.
func nextSteps(target string, config installconfig.InstallConfig, r release.Release, s manifests.Scheduling) []Step {
	switch target {
	case TargetInstallConfig:
		return []Step{
			{"create manifests", "writes the manifests, if you want to look at them or change them"},
			{createFor(config), makesFiles},
		}
	case TargetManifests:
		return []Step{
			{"", "look through manifests/ and openshift/; what you change, add or delete there is kept"},
			{createFor(config), makesFiles},
		}
	case TargetIgnitionConfigs:
		return append(prepare(config, s), bootCluster(config, r, s)...)
	case TargetSingleNode:
		return append(prepareNode(config), bootNode(r)...)
	case TargetBootstrapPointer:
		return []Step{
			{"", "serve " + ignition.BootstrapFile + " at that URL until the bootstrap host has fetched it, and no longer: it holds keys"},
			{"", "boot the bootstrap host with " + ignition.BootstrapPointerFile + " in the place of " + ignition.BootstrapFile},
		}
	}
	return nil
}

// InstallSteps are the steps from an install-config to a cluster, for those who
// look for one command that takes them all. Without an install-config that can be
// read they are the usual ones, and the first is about that file.
func InstallSteps(dir string, env Environment) []Step {
	first := Step{"create install-config", "asks for what is in an install-config.yaml"}
	if data, _, err := ReadConfig(dir); err == nil && data != nil {
		first = Step{"validate", "says what is wrong with install-config.yaml, which cannot be used as it is"}
		options, err := ConfigOptions(dir, "", "", env)
		if loaded, loadErr := installconfig.Load(installconfig.FileName, data, options); err == nil && loadErr == nil {
			target := strings.TrimPrefix(createFor(loaded.Config), "create ")
			return append([]Step{{createFor(loaded.Config), makesFiles}}, nextSteps(target, loaded.Config, options.Release, schedulingIn(dir, loaded.Config))...)
		}
	}
	return []Step{
		first,
		{"create " + TargetIgnitionConfigs, makesFiles},
		{"", "set up DNS and load balancers, and boot your machines from the Ignition configs"},
		{"wait-for bootstrap-complete", "says how far they are, and when the bootstrap host can go"},
		{"approve-csrs --nodes NAMES --watch", "lets the workers that you name join"},
		{"wait-for install-complete", "says when the cluster is up, and where its console is"},
	}
}

// schedulingIn is what the Scheduler on disk says, or the one that would be made.
func schedulingIn(dir string, config installconfig.InstallConfig) manifests.Scheduling {
	made := manifests.Scheduling{ControlPlane: config.ComputeReplicas() == 0}
	d, err := assetdir.Look(dir, "")
	if err != nil {
		return made
	}
	defer func() { _ = d.Close() }()
	files, _, ok, err := d.ReadFolders(isManifest, manifests.Dir, manifests.OpenshiftDir)
	if err != nil || !ok {
		return made
	}
	return manifests.SchedulingOf(files)
}

const makesFiles = "makes the files that the machines boot with"

func createFor(config installconfig.InstallConfig) string {
	if config.BootstrapInPlace != nil {
		return "create " + TargetSingleNode
	}
	return "create " + TargetIgnitionConfigs
}

// prepare is what has to stand before the first machine boots: names and load
// balancers, which nobody sets up on machines of one's own.
func prepare(config installconfig.InstallConfig, s manifests.Scheduling) []Step {
	domain := config.ClusterDomain()
	ingress := "the workers"
	switch {
	case !joiningWorkers(config, s):
		ingress = "the control plane, as there are no workers"
	case s.ControlPlane:
		ingress = "the workers and the control plane, as both take workloads"
	}
	return []Step{
		{"", fmt.Sprintf("DNS: api.%s and api-int.%s name the API's load balancer, *.apps.%s that of the ingress", domain, domain, domain)},
		{"", "load balancers: 6443 and 22623 go to the bootstrap host and the control plane, 80 and 443 to " + ingress},
	}
}

// joiningWorkers reports whether machines are booted with worker.ign: those that
// the install-config counts, or those that must come from elsewhere because the
// control plane takes no workloads.
func joiningWorkers(config installconfig.InstallConfig, s manifests.Scheduling) bool {
	return config.ComputeReplicas() > 0 || !s.ControlPlane
}

func bootCluster(config installconfig.InstallConfig, r release.Release, s manifests.Scheduling) []Step {
	machines := []string{"the bootstrap host with " + ignition.BootstrapFile}
	if config.ControlPlane != nil && config.ControlPlane.Replicas != nil {
		machines = append(machines, diag.Count(*config.ControlPlane.Replicas, "control plane machine")+" with "+"master.ign")
	}
	if config.Arbiter != nil && config.Arbiter.Replicas != nil && *config.Arbiter.Replicas > 0 {
		machines = append(machines, diag.Count(*config.Arbiter.Replicas, "arbiter")+" with "+"arbiter.ign")
	}
	if n := config.ComputeReplicas(); n > 0 {
		machines = append(machines, diag.Count(n, "worker")+" with "+"worker.ign")
	} else if joiningWorkers(config, s) {
		machines = append(machines, "your workers with worker.ign")
	}
	boot := Step{imageCommand(r), "names the boot image: boot " + strings.Join(machines, ", ")}
	if !r.Has(release.SCOSMedia) {
		boot.Why += "; release " + r.Line + " boots Fedora CoreOS and changes over, see create pivot-config"
	}
	steps := []Step{boot, {"wait-for bootstrap-complete", "says when the bootstrap host can be taken out of the load balancer and switched off"}}
	if joiningWorkers(config, s) {
		steps = append(steps, Step{"approve-csrs --nodes NAMES --watch", "lets the workers that you name join"})
	}
	return append(steps, Step{"wait-for install-complete", "says when the cluster is up, and where its console is"})
}

func prepareNode(config installconfig.InstallConfig) []Step {
	domain := config.ClusterDomain()
	return []Step{{"", fmt.Sprintf("DNS: api.%s, api-int.%s and *.apps.%s name the node", domain, domain, domain)}}
}

func bootNode(r release.Release) []Step {
	return []Step{
		{imageCommand(r), "names the live ISO; coreos iso ignition embed puts " + ignition.InPlaceFile + " into it"},
		{"wait-for install-complete", "says when the node has installed itself and the cluster is up"},
	}
}

func imageCommand(r release.Release) string {
	return "coreos image --release " + r.Line + " --platform metal --format iso"
}
