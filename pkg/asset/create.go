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

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/release"
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

// creation is one run of Create.
type creation struct {
	Request
	dir    *assetdir.Dir
	before State
	state  State
	run    *graph.Run
	graph  Cluster
	change assetdir.Change
	report Report
	// folders is what the user has in manifests/ and openshift/: on disk, or
	// consumed by an earlier run.
	folders          Files
	onDisk, haveThem bool
	// madeAgain tells that the folders are made again, whatever they hold.
	madeAgain bool
	// rendered is the SHA-256 of auth/kubeconfig as it is made, without what was
	// added to it since.
	rendered string
	// addedTo tells that something is added to the user's auth/kubeconfig.
	addedTo bool
	// edited holds the pointer configs that the user has changed, by role.
	edited  Files
	leafKey tls.KeySpec
}

// Create makes the target's files in the asset directory. All of them are
// written, or none.
func Create(ctx context.Context, req Request) (Report, error) {
	dir, err := assetdir.Open(ctx, req.Dir, assetdir.Opening{Command: req.Command, Wait: req.LockWait, Waiting: req.Waiting, AllowShared: req.AllowShared})
	if err != nil {
		return Report{}, err
	}
	c := &creation{Request: req, dir: dir, change: assetdir.Change{Aside: map[string]string{}, Write: Files{}}}
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
	c.report.Written = slices.DeleteFunc(written, func(name string) bool { return name == assetdir.StateFile })
	return err
}

// readDir reads what is remembered and what the user has edited.
func (c *creation) readDir(context.Context) (err error) {
	if c.before, err = readState(c.dir); err != nil {
		return err
	}
	if err := c.before.complete(); err != nil {
		return err
	}
	c.state = c.before.clone()
	if c.FromState {
		if err := c.takeEstablishedConfig(); err != nil {
			return err
		}
	}
	files, left, onDisk, err := c.dir.ReadFolders(isManifest, manifests.Dir, manifests.OpenshiftDir)
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
		InstallConfig: c.readConfig, Release: c.report.Release, Environment: c.Environment, Version: c.Version,
		Now: c.Now, LeafKey: c.leafKey, Reissue: c.Reissue, Provided: provided,
		Pointers: pointerEdits{Files: c.edited, Overwrite: c.Overwrite, Discard: c.DiscardManifests},
	})
	c.run = &graph.Run{
		Context: ctx, Now: c.Now, Kept: c.state.Kept, Serial: c.Serial, Trace: c.Trace, Clock: time.Now,
		Damaged: func(detail string) error { return stateError(detail) },
		OnDisk:  func([]string) (Files, bool, error) { return c.folders, c.haveThem && !c.madeAgain, nil },
	}
	return nil
}

// loadConfig loads the install-config where no graph is there yet.
func (c *creation) loadConfig() (installconfig.Loaded, error) {
	data, err := c.readConfig()
	if err != nil {
		return installconfig.Loaded{}, err
	}
	return loadConfig(data, c.report.Release, c.Environment.strictness())
}

// readConfig reads install-config.yaml, or what an earlier run consumed.
func (c *creation) readConfig() ([]byte, error) {
	if data, isNew := c.Config[installconfig.FileName]; isNew {
		return data, nil
	}
	data, ok, err := c.dir.ReadFile(installconfig.FileName)
	if err != nil {
		return nil, err
	}
	if !ok {
		data, ok = c.before.Consumed[installconfig.FileName]
	}
	if !ok {
		hint := "write one, or have create install-config ask for what is in it, or name its directory with --dir"
		if HasEstablishedConfig(c.Dir) {
			hint = FromStateHint
		}
		return nil, &installconfig.InvalidError{File: installconfig.FileName, Problems: diag.Problems{{
			Position: diag.Position{File: installconfig.FileName}, Detail: "there is no such file in " + c.Dir, Hint: hint,
		}}}
	}
	return data, nil
}

// tellConfig loads the install-config and passes on what is to be said about it.
func (c *creation) tellConfig(context.Context) error {
	loaded, err := graph.Get(c.run, c.graph.InstallConfig)
	c.say(&c.report.Notes, loaded.Notes)
	c.say(&c.report.Warnings, c.stillTrue(loaded.Warnings))
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
		loaded, err := graph.Get(c.run, c.graph.InstallConfig)
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
	c.report.Files = slices.Sorted(maps.Keys(files))
	if !c.onDisk || c.madeAgain {
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
	c.change.Write[assetdir.StateFile] = data
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
