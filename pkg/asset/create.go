package asset

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/release"
)

// creation is one run of Create: what follows from what was found, and the change to
// write. What only reads is a method of settled or opened, and cannot change it.
type creation struct {
	settled
	state  State
	change assetdir.Change
	report Report
	// madeAgain tells that the folders are made again, whatever they hold.
	madeAgain bool
}

// Create makes the target's files in the asset directory. All of them are
// written, or none.
func Create(ctx context.Context, req Request) (Report, error) {
	dir, err := assetdir.Open(ctx, req.Dir, assetdir.Opening{
		Command:     req.Command,
		Wait:        req.LockWait,
		Waiting:     req.Waiting,
		AllowShared: req.AllowShared,
	})
	if err != nil {
		return Report{}, err
	}
	c := newCreation()
	c.report.Notes = notes(dir.Notices)
	err = c.create(ctx, dir, req)
	if left := dir.Close(); left != nil {
		c.report.Warnings = append(c.report.Warnings, finding(left))
	}
	return c.report, err
}

func newCreation() *creation {
	return &creation{change: assetdir.Change{Aside: map[string]string{}, Write: Files{}}}
}

func (c *creation) create(ctx context.Context, dir *assetdir.Locked, req Request) error {
	if err := c.plan(ctx, dir.Dir, req); err != nil {
		return c.keepTakenConfig(dir, err)
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
	written, err := dir.Commit(c.change)
	c.report.Written = slices.DeleteFunc(written, func(name string) bool { return name == assetdir.StateFile })
	return err
}

// plan makes everything, and the change that writes it.
func (c *creation) plan(ctx context.Context, dir *assetdir.Dir, req Request) error {
	if err := c.begin(ctx, dir, req); err != nil {
		return err
	}
	if err := c.tellConfig(); err != nil {
		return err
	}
	return c.make()
}

// begin looks at the directory, settles what is left open, and begins a new state.
func (c *creation) begin(ctx context.Context, dir *assetdir.Dir, req Request) (err error) {
	c.opened, err = open(dir, req)
	c.report.Warnings = append(c.report.Warnings, notes(c.found)...)
	if err != nil {
		return err
	}
	c.settled, err = settle(ctx, c.opened)
	c.report.Release = c.release
	c.report.Warnings = append(c.report.Warnings, notes(c.unused)...)
	if err != nil {
		return err
	}
	c.state = c.before.clone()
	c.state.rememberRelease(c.release)
	c.state.LeafKey = cmp.Or(c.LeafKey, c.before.LeafKey)
	c.state.OwnCertificates = c.own
	return nil
}

// tellConfig loads the install-config and passes on what is to be said about it.
func (c *creation) tellConfig() error {
	loaded, err := graph.Get(c.run, c.graph.InstallConfig)
	if !c.before.exists() { // who has read them does not need them with every step
		say(&c.report.Notes, loaded.Notes)
	}
	say(&c.report.Warnings, c.stillTrue(loaded.Warnings))
	if err != nil {
		return err
	}
	c.tellEstablished()
	c.report.NoProxy = loaded.Config.NoProxy()
	if r := c.release; c.Environment.DisableImagePolicy && !r.Has(release.ImagePolicy) {
		c.warn("OPENSHIFT_INSTALL_EXPERIMENTAL_DISABLE_IMAGE_POLICY has no effect: release %s has no image policy", r.Line)
	}
	c.warnAboutMirrors(loaded.Config)
	if ip := c.Environment.BootstrapNodeIP; ip != "" {
		if _, err := netip.ParseAddr(ip); err != nil {
			return diag.Problem{
				Path:   "OPENSHIFT_INSTALL_BOOTSTRAP_NODE_IP",
				Detail: fmt.Sprintf("%q is not an IP address", ip),
				Hint:   "set it to the bootstrap host's address, or unset it",
			}
		}
	}
	return nil
}

// warnAboutMirrors tells when a mirror is meant for the release image but cannot
// serve it: digest mirrors are asked for images by digest only.
func (c *creation) warnAboutMirrors(config installconfig.InstallConfig) {
	image := c.release.Image
	if strings.Contains(image, "@") {
		return
	}
	for _, m := range ignition.Mirrors(config.ImageDigestSources, config.ImageContentSources) {
		if strings.HasPrefix(image, m.Source+":") || strings.HasPrefix(image, m.Source+"/") {
			c.warn("the mirrors of %s are not used for the release image: mirrors serve images by digest, and %s is a tag; look up "+
				"its digest with releases pin, or give the image by digest with --release-image",
				m.Source, image)
			return
		}
	}
}

func (c *creation) make() error {
	if t := c.target(); t.make != nil {
		return t.make(c)
	}
	return fmt.Errorf("there is no target %q", c.Target)
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
	if c.target().Input && len(c.change.Write) == 0 {
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
	c.report.Warnings = append(c.report.Warnings, diag.Problem{Detail: fmt.Sprintf(format, args...)})
}

func say(to *diag.Problems, ps diag.Problems) {
	told, more := ps.First()
	*to = append(*to, told...)
	if more > 0 {
		*to = append(*to, diag.Problem{Detail: diag.More(more)})
	}
}

// notes are findings that are words and no more.
func notes(lines []string) diag.Problems {
	var out diag.Problems
	for _, line := range lines {
		out = append(out, diag.Problem{Detail: line})
	}
	return out
}

// finding is an error that stops nothing.
func finding(err error) diag.Problem {
	var p diag.Problem
	if errors.As(err, &p) && p.Error() == err.Error() {
		return p
	}
	return diag.Problem{Detail: err.Error()}
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}
