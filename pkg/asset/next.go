package asset

import (
	"strings"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/platform"
	"github.com/okd-project/okd-install/pkg/release"
	"github.com/okd-project/okd-install/pkg/rhcos"
)

// tellNext says what the user does now.
func (c *creation) tellNext() error {
	loaded, err := graph.Get(c.run, c.graph.InstallConfig)
	if err != nil {
		return err
	}
	var checked checkedManifests
	if c.target().folders != foldersUnused {
		if checked, err = graph.Get(c.run, c.graph.Checked); err != nil {
			return err
		}
	}
	parts, err := graph.Get(c.run, c.graph.Platform)
	if err != nil {
		return err
	}
	c.report.Next = nextSteps(c.Target, madeFrom{loaded.Config, parts.Image, c.release, checked.Scheduling})
	return nil
}

// nextSteps says what a user does after a target has been made: a few commands,
// and what has to be set up outside of them, with the names and numbers of this
// cluster. A command stands without the program and without --dir.
func nextSteps(name string, m madeFrom) []Step {
	if t := target(name); t.next != nil {
		return t.next(m)
	}
	return nil
}

// InstallSteps are the steps from an install-config to a cluster, for those who
// look for one command that takes them all. Without an install-config that can be
// read they are the usual ones, and the first is about that file.
func InstallSteps(dir string, env Environment) []Step {
	first := target(targetInstallConfig).step()
	if data, _, err := ReadConfig(dir); err == nil && data != nil {
		first = Step{"validate", "shows what is wrong with install-config.yaml, which cannot be used as it is"}
		options, err := ConfigOptions(dir, "", "", env)
		loaded, loadErr := installconfig.Load(installconfig.FileName, data, options)
		parts, partsErr := platform.Of(loaded.Config, manifests.Identity{}, options.Release)
		if err == nil && loadErr == nil && partsErr == nil {
			t := bootedFrom(loaded.Config)
			return append([]Step{t.step()},
				nextSteps(t.Name, madeFrom{loaded.Config, parts.Image, options.Release, schedulingIn(dir, loaded.Config)})...)
		}
	}
	return append([]Step{
		first,
		target(targetIgnitionConfigs).step(),
		{"", "set up DNS and load balancers, and boot your machines from the Ignition configs"},
	}, untilUp(true)...)
}

// schedulingIn is what the Scheduler on disk says, or the one that would be made.
func schedulingIn(dir string, config installconfig.InstallConfig) manifests.Scheduling {
	made := manifests.Scheduling{ControlPlane: config.ComputeReplicas() == 0}
	d, err := assetdir.Look(dir, "")
	if err != nil {
		return made
	}
	defer func() { _ = d.Close() }()
	files, _, ok, err := d.ReadFolders(manifests.IsManifest, manifests.Dir, manifests.OpenshiftDir)
	if err != nil || !ok {
		return made
	}
	return manifests.Read(files).Scheduling()
}

// bootedFrom is the target that a cluster's machines boot from.
func bootedFrom(config installconfig.InstallConfig) Target {
	if config.BootstrapInPlace != nil {
		return target(targetSingleNode)
	}
	return target(targetIgnitionConfigs)
}

func createFor(config installconfig.InstallConfig) Step { return bootedFrom(config).step() }

// provide is what has to stand before the first machine boots.
func provide(s platform.Site) []Step {
	var steps []Step
	for _, step := range platform.Provide(s) {
		steps = append(steps, Step(step))
	}
	return steps
}

func bootCluster(s platform.Site, image rhcos.Query, r release.Release) []Step {
	config := s.Config
	machines := []string{"the bootstrap host with " + ignition.BootstrapFile}
	if config.ControlPlane != nil && config.ControlPlane.Replicas != nil {
		machines = append(machines, diag.Count(*config.ControlPlane.Replicas, "control plane machine")+" with "+"master.ign")
	}
	if config.Arbiter != nil && config.Arbiter.Replicas != nil && *config.Arbiter.Replicas > 0 {
		machines = append(machines, diag.Count(*config.Arbiter.Replicas, "arbiter")+" with "+"arbiter.ign")
	}
	if n := config.ComputeReplicas(); n > 0 {
		machines = append(machines, diag.Count(n, "worker")+" with "+"worker.ign")
	} else if s.WorkersJoin() {
		machines = append(machines, "your workers with worker.ign")
	}
	boot := Step{imageCommand(image, r), "names the boot image: boot " + strings.Join(machines, ", ")}
	if !r.Has(release.SCOSMedia) {
		boot.Why += "; release " + r.Line + " boots Fedora CoreOS and switches, see create pivot-config"
	}
	return append([]Step{boot}, untilUp(s.WorkersJoin())...)
}

// untilUp are the steps from booted machines to a cluster.
func untilUp(workersJoin bool) []Step {
	steps := []Step{target(targetIgnitionConfigs).wait}
	if workersJoin {
		steps = append(steps, Step{"approve-csrs --nodes NAMES --watch", "lets the listed workers join"})
	}
	return append(steps, Step{"wait-for install-complete", "reports when the cluster is up, and where its console is"})
}

func bootNode(r release.Release) []Step {
	return []Step{
		{imageCommand(liveISO, r), "names the live ISO; coreos iso ignition embed puts " + ignition.InPlaceFile + " into it"},
		target(targetSingleNode).wait,
	}
}

// liveISO is the boot image of a node that installs itself.
var liveISO = rhcos.Query{Platform: "metal", Format: "iso"}

// imageCommand names the boot image of a query.
func imageCommand(q rhcos.Query, r release.Release) string {
	command := "coreos image --release " + r.Line + " --platform " + q.Platform + " --format " + q.Format
	if q.Region != "" {
		command += " --region " + q.Region
	}
	return command
}
