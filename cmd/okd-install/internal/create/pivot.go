package create

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/media"
	"github.com/okd-project/okd-install/pkg/media/payload"
	"github.com/okd-project/okd-install/pkg/rhcos/iso"
	"github.com/okd-project/okd-install/pkg/rhcos/live"
	"github.com/okd-project/okd-install/pkg/rhcos/pivot"
	"github.com/okd-project/okd-install/pkg/rhcos/pxe"
	"github.com/okd-project/okd-install/pkg/system"
)

type pivotOptions struct {
	createOptions
	pivot  asset.PivotRequest
	dryRun bool
	// output is the ISO to write, or with dryRun the form of the plan.
	output, iso, pxeDir string
}

func newPivotConfigCmd(a *cli.App, t asset.Target) *cobra.Command {
	o := pivotOptions{createOptions: createOptions{App: a, target: t}}
	cmd := &cobra.Command{
		Use: t.Name, Short: t.Short, Long: t.Long, Example: t.Example,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.args = o.Arguments
			return o.runPivot(cmd.Context())
		},
	}
	f := cmd.Flags()
	p := &o.pivot
	f.StringVar(&p.Role, "role", "", "what the machine becomes: bootstrap, master or worker")
	f.StringVar(&p.Device, "device", "", "disk to install to, as the machine sees it, such as /dev/sda or /dev/disk/by-id/…")
	f.StringVar(&p.Mode, "mode", "", "image or offline-deploy (default: by the release)")
	f.StringVar(&p.OSImage, "os-image", "",
		"system of the release, by digest, for offline-deploy: host/repository@sha256:… (default: asked of the release image)")
	f.StringVar(&p.BootImage, "boot-image", "",
		"live medium: a build, file name, stream, or a system such as fcos-41 (default: the release's own)")
	f.StringVar(&p.ImageURL, "image-url", "",
		"URL of the image to write with --mode image, such as a mirror's (default: the medium's own, or the published one)")
	f.StringVar(&p.ImageSHA256, "image-sha256", "", "SHA-256 of what is at --image-url")
	f.StringVar(&p.Architecture, "arch", "",
		"architecture of the machine: x86_64 or aarch64; with --mode image also s390x or ppc64le (default: from install-config.yaml)")
	f.StringVar(&p.Config, "config", "", "file of the asset directory that the installed system boots with (default: ROLE.ign)")
	f.StringArrayVar(&p.KernelArguments, "karg", nil, "kernel argument to add to the installed system; may be repeated")
	f.BoolVar(&p.AllowSecureBoot, "allow-secure-boot", false, "only warn where Secure Boot is on and is known not to work")
	f.BoolVar(&p.Reinstall, "reinstall", false, "overwrite a disk even if the system on it has been started before")
	f.BoolVar(&o.dryRun, "dry-run", false, "print the plan and write nothing; -o json for scripts")
	f.StringVar(&o.iso, "iso", "", "live ISO to put the config into; the result is written to --output")
	f.StringVarP(&o.output, "output", "o", "", "with --iso the ISO to write, with --dry-run the form of the plan: text or json")
	f.StringVar(&o.pxeDir, "pxe-dir", "", "directory to write an initrd with the config to, for machines that boot over the network")
	for _, flag := range t.Flags {
		addFlag(cmd, &o.request, flag, flag.Usage)
	}
	for name, words := range map[string][]string{"role": pivot.Roles, "mode": pivot.Modes} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

// check finds flags that do not go together.
func (o pivotOptions) check() error {
	plain := o.output == "" || o.output == "text" || cli.IsData(o.output)
	switch {
	case o.dryRun && !plain && o.iso == "":
		return diag.Problem{
			Detail: fmt.Sprintf("--output: %q is not a form that the plan is printed in", o.output),
			Hint:   "use text, json or yaml",
		}
	case !o.dryRun && o.iso == "" && o.output != "":
		return diag.Problem{
			Detail: "--output names the result of --iso, which is not there",
			Hint:   "the configs go to the asset directory; add --iso with the live ISO to change, or --dry-run to print the plan",
		}
	case !o.dryRun && o.iso != "" && o.output == "":
		return diag.Problem{Detail: "--iso needs a name for the result", Hint: "add -o with the ISO to write"}
	}
	return nil
}

func (o pivotOptions) runPivot(ctx context.Context) error {
	if err := o.check(); err != nil {
		return err
	}
	if !o.dryRun {
		if err := o.CheckStream(o.output); err != nil {
			return err
		}
		o.OpenLogFile(o.args)
	}
	o.pivot.FindImage = o.findImage
	r := o.asked()
	r.Pivot, r.DryRun = o.pivot, o.dryRun
	report, err := asset.Create(ctx, r)
	if err == nil && o.dryRun {
		return o.printPlan(*report.Pivot)
	}
	o.tell(report, err == nil)
	if err != nil {
		return err
	}
	o.Log.Infof("mode %s: %s", report.Pivot.Mode, report.Pivot.ModeReason)
	return errors.Join(o.writeISO(ctx, report), o.writeInitrd(report))
}

// findImage asks the registry of a release for one of its images.
func (o pivotOptions) findImage(ctx context.Context, q asset.PayloadQuery) (asset.PayloadImage, error) {
	o.Log.Infof("asking %s which system it brings", q.Release)
	ctx, cancel := context.WithTimeout(ctx, cli.RegistryPatience)
	defer cancel()
	found, err := o.Registry().Find(ctx, payload.Query{
		Release: q.Release, Component: q.Component, Architecture: q.Architecture,
		PullSecret: q.PullSecret, TrustBundle: q.TrustBundle, Mirrors: q.Mirrors,
	})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return asset.PayloadImage{}, diag.Problem{
			Detail: fmt.Sprintf("%s was not read within %s", q.Release, cli.RegistryPatience),
			Hint:   "look the system up elsewhere, and give it with --os-image: oc adm release info --image-for=" + q.Component + " " + q.Release,
		}
	case err != nil:
		var p diag.Problem
		if errors.As(err, &p) && p.Path == "" {
			p.Path = "--os-image"
			return asset.PayloadImage{}, p
		}
		return asset.PayloadImage{}, err
	}
	o.Log.Infof("OKD %s (%s, from %s) brings %s", found.Version, found.Release, found.Source, found.Image)
	return asset.PayloadImage{Image: found.Image, Version: found.Version}, nil
}

func (o pivotOptions) printPlan(plan pivot.Plan) error {
	if cli.IsData(o.output) {
		return o.PrintData(o.output, plan)
	}
	_, err := fmt.Fprint(o.Out, plan.Text(o.Width()))
	return err
}

// writeISO puts the config into a copy of a live ISO.
func (o pivotOptions) writeISO(ctx context.Context, report asset.Report) error {
	if o.iso == "" {
		return nil
	}
	_, err := media.ISOEdit{In: o.iso, Out: o.output, Stdout: o.Data}.Run(ctx, func(image *iso.Image) error {
		if !image.Features.InstallerConfig {
			return diag.Problem{Detail: "its live system is too old to install by a config", Hint: "use a build since 2022"}
		}
		old, err := image.Ignition()
		if err != nil {
			return err
		}
		if old != nil {
			return diag.Problem{Detail: "has an Ignition config already", Hint: "take it out first: okd-install coreos iso ignition remove " + o.iso}
		}
		return image.SetIgnition(report.PivotIgnition)
	})
	if err == nil && o.output != "-" {
		o.Log.Infof("wrote %s: a machine that boots it is installed to %s without a question", o.output, report.Pivot.Device)
	}
	return err
}

// writeInitrd puts the config into an initrd of its own.
func (o pivotOptions) writeInitrd(report asset.Report) error {
	if o.pxeDir == "" {
		return nil
	}
	initrd, err := pxe.Wrap(map[string][]byte{live.ConfigPath: report.PivotIgnition})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.pxeDir, 0o700); err != nil {
		return diag.Problem{
			Position: diag.Position{File: o.pxeDir},
			Detail:   "the directory cannot be made: " + system.Reason(err),
			Hint:     "name another one with --pxe-dir",
		}
	}
	name := filepath.Join(o.pxeDir, asset.PivotFile(report.Pivot.Role, ".img"))
	if err := media.WriteFile(name, initrd, 0o600); err != nil {
		return err
	}
	o.Log.Infof("wrote %s: load it as a second initrd, behind the live initramfs of %s", name, report.Pivot.Medium)
	return nil
}
