package asset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/release"
	"github.com/okd-project/okd-install/pkg/rhcos/pivot"
	"github.com/okd-project/okd-install/pkg/tls"
)

// The targets of the create commands.
const (
	TargetInstallConfig    = "install-config"
	TargetManifests        = "manifests"
	TargetIgnitionConfigs  = "ignition-configs"
	TargetSingleNode       = "single-node-ignition-config"
	TargetBootstrapPointer = "bootstrap-pointer"
	TargetPivotConfig      = "pivot-config"
)

// Environment holds what the user's environment variables say. The names of the
// variables are the door's business.
type Environment struct {
	Invoker            string
	ReleaseImage       string
	BootstrapNodeIP    string
	ClusterProfile     string
	DisableImagePolicy bool
	LoadClusterCerts   bool
	SkipHostCryptCheck bool
}

// Request says what to create, and where.
type Request struct {
	Dir    string
	Target string
	// Command is what others see while they wait for this run.
	Command string
	// Release and ReleaseImage are the user's choice; empty for what the
	// directory was made for before, or the default.
	Release, ReleaseImage string
	// Config is a new install-config, with what is to stand beside it, to be
	// written instead of the one in the directory; for TargetInstallConfig.
	Config Files
	// FromState takes the new install-config from the state file of the established
	// installer, which has consumed it; for TargetInstallConfig.
	FromState bool
	// URL is where a server will offer bootstrap.ign, for TargetBootstrapPointer.
	URL string
	// Pivot is for TargetPivotConfig.
	Pivot PivotRequest
	// DryRun makes everything and writes nothing.
	DryRun bool
	// LeafKey is a kind of key, such as ecdsa-p256; empty as Release is.
	LeafKey                           string
	Overwrite, ConsumeInputs, Reissue bool
	Environment                       Environment
	Version                           string
	Now                               time.Time
	// Serial makes one thing at a time, for reproducible output.
	Serial bool
	// AllowShared takes a directory that its group or others may write to.
	AllowShared bool
	LockWait    time.Duration
	Waiting     func(holder string)
	Trace       func(node, how string, took time.Duration)
}

// Report says what a run did. It is filled as far as the run came, also when
// Create returns an error.
type Report struct {
	// Files are all files of the target, Written those that were written.
	Files, Written []string
	// Consumed are inputs that were removed at the user's wish.
	Consumed []string
	// Aside is the folder that holds what was in the way, or empty.
	Aside           string
	Notes, Warnings []string
	// NoProxy is what the cluster will reach without its proxy.
	NoProxy  string
	Deadline *Deadline
	Release  release.Release
	// Next is what the user does now.
	Next []Step
	// Pivot is the plan of TargetPivotConfig, and PivotIgnition the live system's config.
	Pivot         *pivot.Plan
	PivotIgnition []byte
}

// Deadline says until when machines boot from the Ignition configs.
type Deadline struct{ Recommended, Latest time.Time }

// creation is one run of Create.
type creation struct {
	Request
	dir    *Dir
	before State
	state  State
	run    *Run
	graph  Cluster
	change Change
	report Report
	// folders is what the user has in manifests/ and openshift/: on disk, or
	// consumed by an earlier run.
	folders          Files
	onDisk, haveThem bool
	// edited holds the pointer configs that the user has changed, by role.
	edited  Files
	leafKey tls.KeySpec
}

// Create makes the target's files in the asset directory. All of them are
// written, or none.
func Create(ctx context.Context, req Request) (Report, error) {
	dir, err := OpenDir(ctx, req.Dir, Opening{Command: req.Command, Wait: req.LockWait, Waiting: req.Waiting, AllowShared: req.AllowShared})
	if err != nil {
		return Report{}, err
	}
	c := &creation{Request: req, dir: dir, change: Change{Aside: map[string]string{}, Write: Files{}}}
	c.report.Notes = dir.Notices
	err = c.create(ctx)
	if left := dir.Close(); left != nil {
		c.warn("%v", left)
	}
	return c.report, err
}

func (c *creation) create(ctx context.Context) error {
	for _, step := range []func(context.Context) error{c.readDir, c.chooseRelease, c.build, c.tellConfig, c.make} {
		if err := step(ctx); err != nil {
			return c.keepTakenConfig(ctx, err)
		}
	}
	if err := c.finishState(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.DryRun {
		return nil
	}
	if err := c.tellNext(); err != nil {
		return err
	}
	written, err := c.dir.Commit(c.change)
	c.report.Written = slices.DeleteFunc(written, func(name string) bool { return name == StateFile })
	return err
}

// readDir reads what is remembered and what the user has edited.
func (c *creation) readDir(context.Context) (err error) {
	if c.before, err = c.dir.ReadState(); err != nil {
		return err
	}
	c.state = c.before.clone()
	if c.FromState {
		if err := c.takeEstablishedConfig(); err != nil {
			return err
		}
	}
	files, left, onDisk, err := c.dir.ReadFolders(manifests.Dir, manifests.OpenshiftDir)
	if err != nil {
		return err
	}
	for _, name := range left {
		c.warn("%s is left out: only .yaml, .yml and .json files directly in manifests/ and openshift/ are installed", name)
	}
	if !onDisk {
		files = consumedManifests(c.before)
	}
	c.folders, c.onDisk, c.haveThem = files, onDisk, onDisk || len(files) > 0
	return nil
}

// chooseRelease settles what the directory is made for: the user's word now,
// the word at an earlier run, or the default.
func (c *creation) chooseRelease(context.Context) (err error) {
	if c.report.Release, err = c.before.chooseRelease(c.Release, c.ReleaseImage, c.Environment); err != nil {
		return err
	}
	if err := c.checkLine(); err != nil {
		return err
	}
	c.state.rememberRelease(c.report.Release)
	if c.LeafKey != "" {
		c.state.LeafKey = c.LeafKey
	}
	c.leafKey = tls.DefaultKey
	if c.state.LeafKey != "" {
		if c.leafKey, err = tls.ParseKeySpec(c.state.LeafKey); err != nil {
			return diag.Problem{Path: "--leaf-key", Detail: err.Error()}
		}
	}
	return nil
}

// build sets up the graph and the run.
func (c *creation) build(ctx context.Context) error {
	provided, err := c.readProvided()
	if err != nil {
		return err
	}
	if c.edited, err = c.readEditedPointers(); err != nil {
		return err
	}
	c.graph = NewCluster(Inputs{
		InstallConfig: c.loadConfig, Release: c.report.Release, Environment: c.Environment, Version: c.Version,
		Now: c.Now, LeafKey: c.leafKey, Reissue: c.Reissue, Provided: provided, IngressCA: c.before.IngressCA, Pointers: c.edited,
	})
	c.run = &Run{
		Context: ctx, Now: c.Now, Kept: c.state.Kept, Serial: c.Serial, Trace: c.Trace,
		OnDisk: func([]string) (Files, bool, error) { return c.folders, c.haveThem && !c.Overwrite, nil },
	}
	return nil
}

// loadConfig reads install-config.yaml, or what an earlier run consumed.
func (c *creation) loadConfig() (installconfig.Loaded, error) {
	if data, isNew := c.Config[installconfig.FileName]; isNew {
		return installconfig.Load(installconfig.FileName, data, configOptions(c.report.Release, c.Environment))
	}
	data, ok, err := c.dir.ReadFile(installconfig.FileName)
	if err != nil {
		return installconfig.Loaded{}, err
	}
	if !ok {
		data, ok = c.before.Consumed[installconfig.FileName]
	}
	if !ok {
		hint := "write one, or have create install-config ask for what is in it, or name its directory with --dir"
		if HasEstablishedConfig(c.Dir) {
			hint = FromStateHint
		}
		return installconfig.Loaded{}, &installconfig.InvalidError{File: installconfig.FileName, Problems: diag.Problems{{
			Position: diag.Position{File: installconfig.FileName}, Detail: "there is no such file in " + c.Dir, Hint: hint,
		}}}
	}
	return installconfig.Load(installconfig.FileName, data, configOptions(c.report.Release, c.Environment))
}

// tellConfig loads the install-config and passes on what is to be said about it.
func (c *creation) tellConfig(context.Context) error {
	loaded, err := Get(c.run, c.graph.InstallConfig)
	c.say(&c.report.Notes, loaded.Notes)
	c.say(&c.report.Warnings, loaded.Warnings)
	if err != nil {
		return err
	}
	c.tellEstablished()
	c.report.NoProxy = loaded.Config.NoProxy()
	if r := c.report.Release; c.Environment.DisableImagePolicy && !r.Has(release.ImagePolicy) {
		c.warn("OPENSHIFT_INSTALL_EXPERIMENTAL_DISABLE_IMAGE_POLICY has no effect: release %s has no image policy", r.Line)
	}
	c.warnAboutMirrors(loaded.Config)
	if ip := c.Environment.BootstrapNodeIP; ip != "" {
		if _, err := netip.ParseAddr(ip); err != nil {
			return diag.Problem{Path: "OPENSHIFT_INSTALL_BOOTSTRAP_NODE_IP", Detail: fmt.Sprintf("%q is not an IP address", ip), Hint: "set it to the bootstrap host's address, or unset it"}
		}
	}
	return nil
}

// warnAboutMirrors tells when a mirror is meant for the release image but cannot
// serve it: digest mirrors are asked for images by digest only.
func (c *creation) warnAboutMirrors(config installconfig.InstallConfig) {
	image := c.report.Release.Image
	if strings.Contains(image, "@") {
		return
	}
	for _, m := range ignition.Mirrors(config.ImageDigestSources, config.ImageContentSources) {
		if strings.HasPrefix(image, m.Source+":") || strings.HasPrefix(image, m.Source+"/") {
			c.warn("the mirrors of %s are not asked for the release image: mirrors serve images by digest, and %s is a tag; releases pin looks its digest up, or name it by digest with --release-image", m.Source, image)
			return
		}
	}
}

func (c *creation) make(context.Context) error {
	switch c.Target {
	case TargetInstallConfig:
		return c.makeInstallConfig()
	case TargetManifests:
		return c.makeManifests()
	case TargetIgnitionConfigs:
		return c.makeIgnitionConfigs(c.graph.Ignition)
	case TargetSingleNode:
		return c.makeSingleNode()
	case TargetBootstrapPointer:
		return c.makeBootstrapPointer()
	case TargetPivotConfig:
		return c.makePivotConfig()
	default:
		return fmt.Errorf("there is no target %q", c.Target)
	}
}

// makeInstallConfig gives back a consumed file, or with overwrite writes the
// canonical form.
func (c *creation) makeInstallConfig() error {
	c.report.Files = []string{installconfig.FileName}
	data, onDisk, err := c.dir.ReadFile(installconfig.FileName)
	if err != nil {
		return err
	}
	if !onDisk {
		data = c.before.Consumed[installconfig.FileName]
	}
	if c.Config != nil {
		return c.writeNewConfig(data, onDisk)
	}
	if c.Overwrite {
		loaded, err := Get(c.run, c.graph.InstallConfig)
		if err != nil {
			return err
		}
		canonical, err := installconfig.Marshal(loaded.Config)
		if err != nil {
			return err
		}
		if onDisk && string(canonical) != string(data) {
			c.moveAside(installconfig.FileName)
		}
		data = canonical
	}
	if !onDisk || c.Overwrite {
		c.change.Write[installconfig.FileName] = data
	}
	return nil
}

func (c *creation) makeManifests() error {
	files, err := c.manifests()
	if err != nil {
		return err
	}
	c.report.Files = sortedKeys(files)
	if !c.onDisk || c.Overwrite {
		maps.Copy(c.change.Write, files)
	}
	return c.consume(installconfig.FileName)
}

// finishState adds the state to the change, but not for its own sake: a run
// that has nothing to remember writes nothing.
func (c *creation) finishState() error {
	if _, onDisk, err := c.dir.ReadFile(installconfig.FileName); err != nil {
		return err
	} else if onDisk && !slices.Contains(c.change.Remove, installconfig.FileName) || c.change.Write[installconfig.FileName] != nil {
		delete(c.state.Consumed, installconfig.FileName)
	}
	c.state.Kept = c.run.Kept
	if c.Target == TargetInstallConfig && len(c.change.Write) == 0 {
		return nil
	}
	data, err := c.state.marshal()
	if err != nil {
		return err
	}
	c.change.Write[StateFile] = data
	return nil
}

func (c *creation) warn(format string, args ...any) {
	c.report.Warnings = append(c.report.Warnings, fmt.Sprintf(format, args...))
}

func (c *creation) say(to *[]string, ps diag.Problems) {
	told, more := ps.First()
	for _, p := range told {
		*to = append(*to, p.Error())
	}
	if more > 0 {
		*to = append(*to, diag.More(more))
	}
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}
