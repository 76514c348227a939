package asset

import (
	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/platform"
	"github.com/okd-project/okd-install/pkg/release"
	"github.com/okd-project/okd-install/pkg/rhcos"
)

// The names of the targets.
const (
	targetInstallConfig    = "install-config"
	targetManifests        = "manifests"
	targetIgnitionConfigs  = "ignition-configs"
	targetSingleNode       = "single-node-ignition-config"
	targetBootstrapPointer = "bootstrap-pointer"
	targetPivotConfig      = "pivot-config"
)

// Target is one thing that the create commands make. Its row is all that is said about
// it: create has a command for each, and plan, graph and status say what stands here.
type Target struct {
	Name string
	// Short, Long and Example are the help of its command.
	Short, Long, Example string
	// Made is what it is called when it is there, as in Manifests created in; Several tells
	// that this is a plural.
	Made    string
	Several bool
	// Flags say how it is made, for its command and for plan.
	Flags []Flag
	// Input tells that it is the user's own file, not a result: its command asks for what
	// is to be in it, and checks one that is there.
	Input bool
	// OneMachine tells that it is made for one machine, which its command has flags of its
	// own for.
	OneMachine bool
	// Usual tells that plan shows it unless another is named.
	Usual bool

	// unplanned is why plan does not have it; empty if it has.
	unplanned string
	// does is what its command does, for those to whom it is proposed.
	does string
	make func(*creation) error
	// folders is what it does with manifests/ and openshift/.
	folders folderUse
	// node is where it is in the graph; nil for what the drawings leave out.
	node func(Cluster) graph.Any
	// next is what a user does when it has been made; nil if that is said elsewhere.
	next func(madeFrom) []Step

	// allRoles tells that it has the pointer configs of all roles: any other one that is
	// there is of an earlier result.
	allRoles bool
	// first is the first file that machines boot from; empty if they do not. boot says
	// to boot them, and wait is the command that waits for them.
	first, boot string
	wait        Step
}

// folderUse is what a target does with manifests/ and openshift/.
type folderUse int

const (
	// foldersUnused says that it has nothing to do with them.
	foldersUnused folderUse = iota
	// foldersTaken says that it is made from what is in them, or would be.
	foldersTaken
	// foldersWritten says that they are the result.
	foldersWritten
)

// madeFrom is what the next steps depend on. Where workloads run is what the Scheduler
// that goes out says, whatever the install-config counts.
type madeFrom struct {
	config     installconfig.InstallConfig
	image      rhcos.Query
	release    release.Release
	scheduling manifests.Scheduling
}

const makesFiles = "makes the files that the machines boot with"

// Targets are the rows, in the order in which they are made.
func Targets() []Target {
	return []Target{
		{
			Name:  targetInstallConfig,
			Short: "Make install-config.yaml from answers, or check the one that is there",
			Long: `Make an install-config.yaml. On a terminal it asks what it has to know: where the
cluster runs, its release, names, networks and machines, who may log in, and
whether there is a proxy or a mirror. Every answer is checked at once; < goes back
to the question before. At the end it shows the file and writes it, when you say
so, with a JSON Schema for editors beside it; there you can change any answer.
Ctrl-C stops and keeps your answers.

Each question has a flag, an environment variable (OKD_INSTALL_BASE_DOMAIN for
--base-domain) and a field in the file of --answers (baseDomain); they count in
this order, and what they answer is not asked. Without a terminal nothing is
asked: what is missing or wrong is listed, and the exit code is 3. --plain, a
TERM of dumb, or ACCESSIBLE in the environment make it ask line by line and draw
nothing.

If there is an install-config.yaml already, it is checked: everything that is
wrong with it is reported at once, and nothing is changed. If an earlier run with
--consume-inputs removed the file, it is written again. With --overwrite it is
replaced by its canonical form, with all defaults spelled out; the file as it
was is moved aside first.

Where the established installer has consumed the file, --from-state gets it back
out of .openshift_install_state.json, with the defaults that it had added. Nothing
else in there is used: the keys and the cluster ID are made again.`,
			Example: `  # ask, or check what is there
  okd-install create install-config --dir mycluster

  # ask nothing
  okd-install create install-config --dir newcluster --cluster-name okd \
      --base-domain example.com --machine-network 192.168.1.0/24 --workers 2

  # the canonical form, with all defaults
  okd-install create install-config --dir mycluster --overwrite`,
			Made:  "Install-Config",
			Input: true,
			Flags: []Flag{overwriteConfig, releaseFlag, releaseImageFlag, fromStateFlag},
			does:  "asks for the content of an install-config.yaml",
			make:  (*creation).makeInstallConfig,
			next: func(m madeFrom) []Step {
				return []Step{target(targetManifests).step(), createFor(m.config)}
			},
		},
		{
			Name:  targetManifests,
			Short: "Write the manifests, to look at and edit",
			Long: `Write the Kubernetes manifests of the cluster to manifests/ and openshift/ in
the asset directory. You can then edit them, add others and delete some:
create ignition-configs takes them as they are.

Manifests that are there already stay as they are, with your edits. If
install-config.yaml has changed since they were made, the command stops and
says what changed. With --overwrite it then moves the folders aside and writes
new ones, unless you have edited, added or deleted manifests: these are named,
and only --discard-manifests leaves them out.`,
			Example: `  okd-install create manifests --dir mycluster

  # after a change in install-config.yaml: move the old folders aside, write new ones
  okd-install create manifests --dir mycluster --overwrite`,
			Made:    "Manifests",
			Several: true,
			Flags:   append([]Flag{overwriteFlag, releaseFlag, releaseImageFlag}, fromManifests...),
			does:    "writes the manifests, if you want to inspect or change them",
			make:    (*creation).makeManifests,
			folders: foldersWritten,
			node:    func(c Cluster) graph.Any { return c.Manifests },
			next: func(m madeFrom) []Step {
				return []Step{{"", "look through manifests/ and openshift/; what you change, add or delete there is kept"}, createFor(m.config)}
			},
		},
		{
			Name:  targetIgnitionConfigs,
			Short: "Write the Ignition configs that the machines boot with",
			Long: `Write bootstrap.ign, master.ign and worker.ign, the administrator's kubeconfig
and password in auth/, and metadata.json.

bootstrap.ign holds certificates that are good for 24 hours. The last lines say
by when the machines should have booted, and must have. Run the command
again after more than 12 hours and it issues new ones of these, and only
these: the cluster keeps its ID, its authorities, its kubeconfig and its
password.

What you or oc add to auth/kubeconfig stays. Other results that somebody has
changed are not written over: with --overwrite they are moved aside. Your
manifests count all the same, and only --discard-manifests leaves them out.`,
			Example: `  okd-install create ignition-configs --dir mycluster

  # for another release than the default
  okd-install create ignition-configs --dir nextcluster --release 5.0`,
			Made:     "Ignition-Configs",
			Several:  true,
			Usual:    true,
			Flags:    append([]Flag{overwriteFlag, releaseFlag, releaseImageFlag, reissueFlag}, fromManifests...),
			does:     makesFiles,
			make:     func(c *creation) error { return c.makeIgnitionConfigs(c.graph.Ignition) },
			folders:  foldersTaken,
			allRoles: true,
			node:     func(c Cluster) graph.Any { return c.Ignition },
			next: func(m madeFrom) []Step {
				site := platform.Site{Config: m.config, Scheduling: m.scheduling}
				return append(provide(site), bootCluster(site, m.image, m.release)...)
			},
			first: ignition.BootstrapFile,
			boot:  "boot the machines from the Ignition configs",
			wait:  Step{"wait-for bootstrap-complete", "reports when the bootstrap host can be removed from the load balancer and switched off"},
		},
		{
			Name:  targetSingleNode,
			Short: "Write the Ignition config of a node that installs itself",
			Long: `Write bootstrap-in-place-for-live-iso.ign, the administrator's kubeconfig and
password in auth/, metadata.json, and worker.ign for machines that join later.

A machine that is booted from a live ISO with this config needs no bootstrap
host: it brings up the cluster from memory, installs itself to the disk that
bootstrapInPlace.installationDisk names in install-config.yaml, and starts from
there as the only node. controlPlane.replicas must be 1.

The certificates in it are good for 24 hours, as with create ignition-configs.`,
			Example: `  okd-install create single-node-ignition-config --dir mynode`,
			Made:    "Single-Node-Ignition-Config",
			Flags:   append([]Flag{overwriteFlag, releaseFlag, releaseImageFlag, reissueFlag}, fromManifests...),
			does:    makesFiles,
			make:    (*creation).makeSingleNode,
			folders: foldersTaken,
			node:    func(c Cluster) graph.Any { return c.SingleNode },
			next: func(m madeFrom) []Step {
				return append(provide(platform.Site{Config: m.config, Alone: true}), bootNode(m.release)...)
			},
			first: ignition.InPlaceFile,
			boot:  "boot the node from the live ISO with " + ignition.InPlaceFile,
			wait:  Step{"wait-for install-complete", "reports when the node has installed itself and the cluster is up"},
		},
		{
			Name:  targetBootstrapPointer,
			Short: "Write a small config that fetches bootstrap.ign from a server",
			Long: `Write bootstrap-pointer.ign, a config of about a kilobyte that has the bootstrap
host fetch bootstrap.ign from the URL and refuse any other file than the one
that is in the asset directory now. It fits where bootstrap.ign does not: in
the user data of a cloud, in vSphere's guestinfo, in a kernel argument.

The additionalTrustBundle of install-config.yaml vouches for the server, and
the proxy is used as the cluster will use it. Run the command again after each
create ignition-configs. bootstrap.ign holds keys: the server should offer it
over https, and no longer than it is needed.`,
			Example: `  okd-install create bootstrap-pointer --dir mycluster --url https://example.com/b.ign`,
			Made:    "Bootstrap-Pointer",
			Flags:   []Flag{overwriteFlag, urlFlag},
			make:    (*creation).makeBootstrapPointer,
			next: func(madeFrom) []Step {
				return []Step{
					{"", "serve " + ignition.BootstrapFile + " at that URL only until the bootstrap host has fetched it: it contains keys"},
					{"", "boot the bootstrap host with " + ignition.BootstrapPointerFile + " in the place of " + ignition.BootstrapFile},
				}
			},
		},
		{
			Name:  targetPivotConfig,
			Short: "Write the config with which a live system installs a machine",
			Long: `Write pivot-ROLE.ign, with which a machine that boots a CoreOS live medium installs
itself to a disk and boots ROLE.ign from there, and pivot-ROLE.bu, the same for
Butane and for you to read.

The live system first checks Secure Boot, processor, disk, clock and network, and
touches nothing unless all is well. Where anything fails it stops in an emergency
shell and says what to do; it does not reboot.

With --mode image it installs CentOS Stream CoreOS: from its own live medium, or
fetched and checked if the medium is Fedora CoreOS. This is the default from 4.19
on. With --mode offline-deploy, the default before, it installs the medium's Fedora
CoreOS and replaces that by the system of the release before its first boot.

Which system that is stands in the release image: its registry is asked, by way of
the mirrors and with the pull secret and the trust bundle of install-config.yaml,
and of HTTPS_PROXY. Only this needs a network. Without one give it with --os-image,
as this prints it elsewhere:
oc adm release info --image-for=stream-coreos RELEASE-IMAGE`,
			Example: `  # what would happen to a worker
  okd-install create pivot-config --dir mycluster --role worker --device /dev/sda \
      --dry-run

  # a control plane machine whose live medium is Fedora CoreOS
  okd-install create pivot-config --dir mycluster --role master --device /dev/sda \
      --boot-image fcos-41

  # into a copy of a live ISO
  okd-install create pivot-config --dir mycluster --role worker --device /dev/sda \
      --iso scos.iso -o worker-0.iso`,
			Made:       "Pivot-Config",
			OneMachine: true,
			Flags:      []Flag{overwritePivot, releasePivot, releaseImageFlag},
			unplanned:  "its effects on the machine are what matters",
			make:       (*creation).makePivotConfig,
		},
	}
}

// target is the row of a name.
func target(name string) Target {
	for _, t := range Targets() {
		if t.Name == name {
			return t
		}
	}
	return Target{Name: name}
}

// target is the row of what is asked for.
func (r Request) target() Target { return target(r.Target) }

// step is its command as what to do next.
func (t Target) step() Step { return Step{"create " + t.Name, t.does} }

// Unplanned is why plan does not show what the target would write, and what does show
// it; ok is false if plan does.
func (t Target) Unplanned() (why, instead string, ok bool) {
	return t.unplanned, "create " + t.Name + " --dry-run tells that", t.unplanned != ""
}
