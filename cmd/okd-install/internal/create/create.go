// Package create has the commands that make what a cluster is installed from, and those
// that show before what they would make.
package create

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/absent"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
)

// createTarget is one command below create.
type createTarget struct {
	name    string
	short   string
	long    string
	example string
	// made is what the last line says was created.
	made string
}

var createTargets = []createTarget{
	{
		name:  asset.TargetInstallConfig,
		short: "Make install-config.yaml from answers, or check the one that is there",
		long: `Make an install-config.yaml. On a terminal it asks what it has to know: where the
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
wrong with it is said at once, and nothing is changed. If an earlier run with
--consume-inputs removed the file, it is written again. With --overwrite it is
replaced by its canonical form, with all defaults spelled out; the file as it
was is moved aside first.

Where the established installer has consumed the file, --from-state gets it back
out of .openshift_install_state.json, with the defaults that it had added. Nothing
else in there is used: the keys and the cluster ID are made again.`,
		example: `  # ask, or check what is there
  okd-install create install-config --dir mycluster

  # ask nothing
  okd-install create install-config --dir newcluster --cluster-name okd \
      --base-domain example.com --machine-network 192.168.1.0/24 --workers 2

  # the canonical form, with all defaults
  okd-install create install-config --dir mycluster --overwrite`,
		made: "Install-Config",
	},
	{
		name:  asset.TargetManifests,
		short: "Write the manifests, to look at and edit",
		long: `Write the Kubernetes manifests of the cluster to manifests/ and openshift/ in
the asset directory. You can then edit them, add others and delete some:
create ignition-configs takes them as they are.

Manifests that are there already stay as they are, with your edits. If
install-config.yaml has changed since they were made, the command stops and
says what changed. With --overwrite it then moves the folders aside and writes
new ones, unless you have edited, added or deleted manifests: these are named,
and only --discard-manifests leaves them out.`,
		example: `  okd-install create manifests --dir mycluster

  # after a change in install-config.yaml: move the old folders aside, write new ones
  okd-install create manifests --dir mycluster --overwrite`,
		made: "Manifests",
	},
	{
		name:  asset.TargetIgnitionConfigs,
		short: "Write the Ignition configs that the machines boot with",
		long: `Write bootstrap.ign, master.ign and worker.ign, the administrator's kubeconfig
and password in auth/, and metadata.json.

bootstrap.ign holds certificates that are good for 24 hours. The last lines say
by when the machines should have booted, and must have. Run the command
again after more than 12 hours and it issues these certificates anew, and only
these: the cluster keeps its ID, its authorities, its kubeconfig and its
password.

What you or oc add to auth/kubeconfig stays. Other results that somebody has
changed are not written over: with --overwrite they are moved aside. Your
manifests count all the same, and only --discard-manifests leaves them out.`,
		example: `  okd-install create ignition-configs --dir mycluster

  # for another release than the default
  okd-install create ignition-configs --dir nextcluster --release 5.0`,
		made: "Ignition-Configs",
	},
	{
		name:  asset.TargetSingleNode,
		short: "Write the Ignition config of a node that installs itself",
		long: `Write bootstrap-in-place-for-live-iso.ign, the administrator's kubeconfig and
password in auth/, metadata.json, and worker.ign for machines that join later.

A machine that is booted from a live ISO with this config needs no bootstrap
host: it brings up the cluster from memory, installs itself to the disk that
bootstrapInPlace.installationDisk names in install-config.yaml, and starts from
there as the only node. controlPlane.replicas must be 1.

The certificates in it are good for 24 hours, as with create ignition-configs.`,
		example: `  okd-install create single-node-ignition-config --dir mynode`,
		made:    "Single-Node-Ignition-Config",
	},
	{
		name:  asset.TargetBootstrapPointer,
		short: "Write a small config that fetches bootstrap.ign from a server",
		long: `Write bootstrap-pointer.ign, a config of about a kilobyte that has the bootstrap
host fetch bootstrap.ign from the URL and refuse any other file than the one
that is in the asset directory now. It fits where bootstrap.ign does not: in
the user data of a cloud, in vSphere's guestinfo, in a kernel argument.

The additionalTrustBundle of install-config.yaml vouches for the server, and
the proxy is used as the cluster will use it. Run the command again after each
create ignition-configs. bootstrap.ign holds keys: the server should offer it
over https, and no longer than it is needed.`,
		example: `  okd-install create bootstrap-pointer --dir mycluster --url https://example.com/b.ign`,
		made:    "Bootstrap-Pointer",
	},
}

// leafKeys are the kinds of keys that completion proposes for --leaf-key.
var leafKeys = []string{"rsa-2048", "rsa-4096", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521"}

type createOptions struct {
	*cli.App
	target createTarget
	args   []string
	wizard wizardOptions

	release       string
	releaseImage  string
	url           string
	leafKey       string
	overwrite     bool
	consumeInputs bool
	reissue       bool
	fromState     bool

	discardManifests bool
	// answered tells that the install-config that is there says what the answers say.
	answered bool
}

func NewCmd(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create part of an OKD cluster",
		Long: `Create the files that a cluster is installed from, step by step or all at once:
each command makes what it needs of the steps before it.

There is no create cluster: your own machines are not created. You boot them from
these files, and wait-for says how far they are.`,
		Example: `  okd-install create manifests --dir mycluster
  okd-install create ignition-configs --dir mycluster`,
	}
	for _, t := range createTargets {
		cmd.AddCommand(newCreateTargetCmd(a, t))
	}
	cmd.AddCommand(newPivotConfigCmd(a))
	return a.Group(cmd, absent.FromCreate(a)...)
}

func newCreateTargetCmd(a *cli.App, t createTarget) *cobra.Command {
	o := createOptions{App: a, target: t}
	cmd := &cobra.Command{
		Use: t.name, Short: t.short, Long: t.long, Example: t.example,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.args = o.Arguments
			return o.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	overwrite := "move aside what is in the way of the result; your manifests stay"
	if t.name == asset.TargetInstallConfig {
		overwrite = "write the file again; the one that is there is moved aside first"
	}
	f.BoolVar(&o.overwrite, "overwrite", false, overwrite)
	if t.name == asset.TargetBootstrapPointer {
		f.StringVar(&o.url, "url", "", "where the bootstrap host will find bootstrap.ign: https://… or http://…")
		_ = cmd.RegisterFlagCompletionFunc("url", cobra.NoFileCompletions)
		return cmd
	}
	f.StringVar(&o.release, "release", "", "OKD release, a line such as 4.22 or a version (default: the newest 4.22, or what this directory was made for)")
	f.StringVar(&o.releaseImage, "release-image", "", "pull spec of the release image, for mirrors and builds of your own")
	cli.CompleteRelease(cmd)
	if t.name == asset.TargetInstallConfig {
		o.wizard.addFlags(cmd)
		f.BoolVar(&o.fromState, "from-state", false, "take the install-config that the established installer has consumed here out of its "+asset.EstablishedStateFile)
	} else {
		f.BoolVar(&o.consumeInputs, "consume-inputs", false, "remove the inputs when the result is written, as the established installer does")
		f.BoolVar(&o.discardManifests, "discard-manifests", false, "make the manifests again without what you edited, added or deleted there; your folders are moved aside")
		f.StringVar(&o.leafKey, "leaf-key", "", "kind of key of the certificates that are not authorities: rsa-2048 to rsa-8192, ecdsa-p256, ecdsa-p384 or ecdsa-p521 (default rsa-2048)")
		_ = cmd.RegisterFlagCompletionFunc("leaf-key", cobra.FixedCompletions(leafKeys, cobra.ShellCompDirectiveNoFileComp))
	}
	if t.name == asset.TargetIgnitionConfigs || t.name == asset.TargetSingleNode {
		f.BoolVar(&o.reissue, "reissue", false, "issue the 24-hour certificates anew, whatever their age")
	}
	return cmd
}

func (o createOptions) run(ctx context.Context) error {
	o.OpenLogFile(o.args)
	o.WarnAboutEnvironment()
	var config asset.Files
	if o.target.name == asset.TargetInstallConfig && o.fromState {
		if err := o.wizard.refuseAnswers("--from-state takes the whole install-config from the state file"); err != nil {
			return err
		}
	} else if o.target.name == asset.TargetInstallConfig {
		var err error
		if config, err = o.newConfig(ctx); err != nil {
			return err
		}
	}
	report, err := asset.Create(ctx, asset.Request{
		Dir:           o.Dir,
		Target:        o.target.name,
		Command:       "create " + o.target.name,
		Release:       o.release,
		ReleaseImage:  o.releaseImage,
		Config:        config,
		FromState:     o.fromState,
		URL:           o.url,
		LeafKey:       o.leafKey,
		Overwrite:     o.overwrite,
		ConsumeInputs: o.consumeInputs,
		Reissue:       o.reissue,

		DiscardManifests: o.discardManifests,

		Environment: o.Environment(),
		Version:     o.Version(),
		Now:         o.Now(),
		AllowShared: o.AllowShared,
		LockWait:    o.LockWait,
		Waiting:     o.TellWaiting,
		Trace:       func(node, how string, _ time.Duration) { o.Log.Debugf("%s: %s", node, how) },
	})
	o.tell(report, err == nil)
	return err
}

// tell prints what happened. After an error it prints only what came before it.
func (o createOptions) tell(r asset.Report, done bool) {
	o.Tell(logrus.InfoLevel, r.Notes...)
	o.Tell(logrus.WarnLevel, r.Warnings...)
	if !done {
		return
	}
	if r.NoProxy != "" {
		o.Log.Info("the cluster will not use the proxy for " + r.NoProxy)
	}
	if r.Aside != "" {
		o.Log.Infof("moved what was in the way to %s", filepath.Join(o.Dir, r.Aside))
	}
	for _, name := range r.Consumed {
		o.Log.Infof("Consuming %s from target directory", name)
	}
	switch {
	case o.target.name == asset.TargetInstallConfig && len(r.Written) == 0 && !o.answered:
		o.Log.Infof("%s is valid", filepath.Join(o.Dir, r.Files[0]))
	case len(r.Written) == 0:
		verb := "is"
		if strings.HasSuffix(o.target.made, "s") {
			verb = "are"
		}
		o.Log.Infof("nothing to write: %s %s up to date", o.target.made, verb)
	default:
		o.Log.Infof("%s created in: %s", o.target.made, sentence(o.Dir, o.folders(r.Files)))
	}
	if d := r.Deadline; d != nil {
		o.Log.Infof("for OKD release %s (%s)", cmp.Or(r.Release.Version, r.Release.Line), r.Release.Image)
		if !strings.Contains(r.Release.Image, "@") {
			o.Log.Infof("that is a tag, which can be moved: %s has the digest looked up and remembered", o.CommandLine("releases pin"))
		}
		o.Log.Warnf("the machines should have booted by %s: 12 hours after the certificates were issued", o.moment(d.Recommended))
		o.Log.Infof("and must have booted by %s: 24 hours after, when the certificates expire", o.moment(d.Latest))
	}
	o.tellNext(r.Next)
}

// tellNext numbers what is to be done now. Commands are written so that they can
// be copied.
func (o createOptions) tellNext(steps []asset.Step) {
	for i, s := range steps {
		text := s.Why
		if s.Command != "" {
			text = o.CommandLine(s.Command) + "  # " + s.Why
		}
		o.Log.Infof("next, %d: %s", i+1, text)
	}
}

// folders lists the directories of the files, below the asset directory as the
// user wrote it.
func (o createOptions) folders(files []string) []string {
	dirs := []string{o.Dir}
	for _, f := range files {
		if folder, _, ok := strings.Cut(f, "/"); ok {
			dirs = append(dirs, filepath.Join(o.Dir, folder))
		}
	}
	if o.target.name == asset.TargetManifests {
		dirs = dirs[1:]
	}
	return dirs
}

// moment is a time as people write it, in local time with the zone.
func (o createOptions) moment(t time.Time) string {
	return fmt.Sprintf("%s, in %s", t.Local().Format("Mon 2 Jan 2006 15:04 MST"), cli.Hours(t.Sub(o.Now())))
}

// sentence joins directories as the established installer does: one, two or
// three by name, more as the directory that holds them all.
func sentence(base string, dirs []string) string {
	dirs = slices.Clone(dirs)
	slices.Sort(dirs)
	dirs = slices.Compact(dirs)
	switch n := len(dirs); {
	case n == 0 || n > 3:
		return base
	case n == 1:
		return dirs[0]
	default:
		return strings.Join(dirs[:n-1], ", ") + " and " + dirs[n-1]
	}
}
