// Package releases has the commands that list releases and pin one.
package releases

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/media/payload"
)

// NewCmd is the command releases.
func NewCmd(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "releases",
		Short: "List the OKD releases, and pin the one that is installed",
		Long: `List the OKD releases that can be installed, and have an asset directory remember
the digest of the one that it is for.

okd-install knows releases by a catalogue of its own, and needs no network for it.
Only releases list --online and releases pin ask a registry.`,
		Example: `  okd-install releases list
  okd-install releases pin --dir mycluster`,
	}
	return a.Group(cmd, newListCmd(a), newPinCmd(a))
}

type listOptions struct {
	*cli.App
	online                   bool
	line, repository, output string
}

func newListCmd(a *cli.App) *cobra.Command {
	o := listOptions{App: a}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the OKD releases, newest first",
		Long: `List the OKD releases, newest first: those of the catalogue, and those that were
looked up for the asset directory. KUBE is the release of Kubernetes in each, and BY
says how its image is pulled: by its digest, where that is known, or by its tag. -o
wide adds the boot image and the image itself.

With --online the registry is asked which tags it has, so that releases that are
newer than this program are listed too: pin one and the directory can be made for it.
The pull secret and the trust bundle of an install-config.yaml in the directory, and
HTTPS_PROXY, are used. --repository asks a mirror.`,
		Example: `  okd-install releases list
  okd-install releases list --line 4.22 -o json
  okd-install releases list --online`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.online, "online", false, "ask the registry which releases it has")
	f.StringVar(&o.line, "line", "", "list one line only, such as 4.22")
	f.StringVar(&o.repository, "repository", "", "repository to ask with --online (default: that of the catalogue)")
	cli.AddOutputFlag(cmd, &o.output, "table", "wide")
	_ = cmd.RegisterFlagCompletionFunc("line", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return asset.ReleaseLines(), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	})
	_ = cmd.RegisterFlagCompletionFunc("repository", cobra.NoFileCompletions)
	return cmd
}

func (o listOptions) run(ctx context.Context) error {
	if err := cli.CheckOutput(o.output, "table", "wide"); err != nil {
		return err
	}
	if o.repository != "" && !o.online {
		return diag.Problem{Detail: "--repository is there without --online: the catalogue needs no registry", Hint: "add --online"}
	}
	list, err := asset.ListReleases(o.Dir, o.line, "", nil)
	if err != nil {
		return err
	}
	if o.online {
		repository := cmp.Or(o.repository, list.Repository)
		tags, err := o.tags(ctx, repository)
		if err != nil {
			return err
		}
		if list, err = asset.ListReleases(o.Dir, o.line, repository, tags); err != nil {
			return err
		}
	}
	if cli.IsData(o.output) {
		return o.PrintData(o.output, list)
	}
	return o.table(list)
}

func (o listOptions) tags(ctx context.Context, repository string) ([]string, error) {
	access, err := asset.RegistryAccess(o.Dir, o.Environment())
	if err != nil {
		o.Log.Warn("the registry is asked without a pull secret: " + err.Error())
		access = asset.PayloadQuery{}
	}
	o.Log.Infof("asking %s which releases it has", repository)
	ctx, cancel := context.WithTimeout(ctx, cli.RegistryPatience)
	defer cancel()
	tags, err := o.Registry().Tags(ctx, repository, payload.Query{PullSecret: access.PullSecret, TrustBundle: access.TrustBundle})
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, diag.Problem{
			Detail: fmt.Sprintf("%s did not list its tags within %s", repository, cli.RegistryPatience),
			Hint:   "try again later; without --online the catalogue is listed",
		}
	}
	return tags, err
}

func (o listOptions) table(list asset.ReleaseList) error {
	titles := []string{"RELEASE", "DATE", ">KUBE", "BY", "NOTES"}
	wide := o.output == "wide"
	if wide {
		titles = append(titles, "BOOT IMAGE", "IMAGE")
	}
	t := o.NewTable(o.Out, titles...)
	for _, r := range list.Releases {
		by := "tag"
		if r.Digest != "" {
			by = "digest"
		}
		row := []string{r.Version, cmp.Or(r.Date, "-"), r.Kubernetes, by, cmp.Or(releaseNotes(list, r), "-")}
		if wide {
			row = append(row, r.BootImage.Stream+" "+r.BootImage.Build, r.Image)
		}
		t.Row(row...)
	}
	return t.Flush()
}

// releaseNotes are what is special about a release of the list.
func releaseNotes(list asset.ReleaseList, r asset.ListedRelease) string {
	var notes []string
	for _, n := range []struct {
		is   bool
		note string
	}{
		{r.Here, "of this directory"},
		{r.Default, "default"},
		{r.Preview, "preview"},
		{!r.Known, "not in the catalogue: pin it first"},
		{list.Asked && !r.Online, "not in the repository"},
	} {
		if n.is {
			notes = append(notes, n.note)
		}
	}
	return strings.Join(notes, ", ")
}

type pinOptions struct {
	*cli.App
	release, image, arch, digest, output string
}

func newPinCmd(a *cli.App) *cobra.Command {
	o := pinOptions{App: a}
	cmd := &cobra.Command{
		Use:   "pin",
		Short: "Look up the digest of a release, and have the directory remember it",
		Long: `Ask the registry which digest the tag of a release has, check that the image is a
release of OKD, the one that its tag says, and for the machines' architecture, and
have the asset directory remember it: what is made there names the image by digest.
A tag can be moved, and mirrors serve images by digest only.

Without --release it is the release that the directory is for, or else the default.
The release may be newer than the catalogue; once it is pinned, --release takes it in
this directory.

The mirrors of install-config.yaml are asked before the source, since nodes will pull
the digest that a mirror serves; its pull secret, its trust bundle and HTTPS_PROXY are
used. Without a network, give the digest with --digest, as this prints it elsewhere.`,
		Example: `  # the release that the directory is for, or the default
  okd-install releases pin --dir mycluster

  # one that is newer than this program
  okd-install releases pin --dir newcluster --release 4.22.0-okd-scos.11

  # where there is no network, with the digest from elsewhere
  okd-install releases pin --dir newcluster --release 4.22.0-okd-scos.7 \
      --digest sha256:8de30c8988d2420d4edab93af533077a8d191cf3a92c80c1ecbe4917bf6b1959`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	f := cmd.Flags()
	f.StringVar(&o.release, "release", "", "OKD release, a line such as 4.22 or a version (default: what this directory is for)")
	f.StringVar(&o.image, "release-image", "", "pull spec of a release image of your own, with a tag or a digest")
	f.StringVar(&o.arch, "arch", "", "architecture of the machines (default: what install-config.yaml says, or x86_64)")
	f.StringVar(&o.digest, "digest", "", "digest that was looked up elsewhere, sha256:…: no registry is asked, and nothing is checked")
	cli.AddOutputFlag(cmd, &o.output, "text")
	cli.CompleteRelease(cmd)
	_ = cmd.RegisterFlagCompletionFunc("arch",
		cobra.FixedCompletions([]string{"x86_64", "aarch64", "ppc64le", "s390x"}, cobra.ShellCompDirectiveNoFileComp))
	for _, name := range []string{"digest", "release-image"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	return cmd
}

func (o pinOptions) run(ctx context.Context) error {
	if err := cli.CheckOutput(o.output, "text"); err != nil {
		return err
	}
	if err := cli.CheckArchitecture(o.arch); err != nil {
		return err
	}
	p, err := asset.PinRelease(ctx, asset.PinRequest{
		Dir: o.Dir, Opening: o.Opening("releases pin"), Release: o.release, ReleaseImage: o.image, Digest: o.digest, Architecture: o.arch,
		Environment: o.Environment(), Resolve: o.resolve,
	})
	o.Tell(logrus.InfoLevel, p.Notices...)
	if err != nil {
		return err
	}
	o.Tell(logrus.WarnLevel, p.Warnings...)
	if cli.IsData(o.output) {
		return o.PrintData(o.output, p)
	}
	what := cmp.Or(p.Release, "a build of OKD "+p.Line)
	if _, err := fmt.Fprintln(o.Out, p.Image); err != nil {
		return err
	}
	switch {
	case !p.Changed:
		o.Log.Infof("%s is pinned already", what)
	case p.Source == "":
		o.Log.Infof("pinned %s to the digest that was given; nothing was checked", what)
	default:
		o.Log.Infof("pinned %s, looked up as %s for %s", what, p.Source, strings.Join(p.Architectures, " and "))
	}
	for _, s := range p.Next {
		o.Log.Infof("next: %s  # %s", o.CommandLine(s.Command), s.Why)
	}
	return nil
}

// resolve asks a registry for the digest of a release image.
func (o pinOptions) resolve(ctx context.Context, q asset.PayloadQuery, architectures []string) (asset.PayloadImage, error) {
	o.Log.Infof("asking for the digest of %s", q.Release)
	ctx, cancel := context.WithTimeout(ctx, cli.RegistryPatience)
	defer cancel()
	found, err := o.Registry().Resolve(ctx, payload.Query{
		Release: q.Release, Component: q.Component, PullSecret: q.PullSecret, TrustBundle: q.TrustBundle, Mirrors: q.Mirrors,
	}, architectures)
	if errors.Is(err, context.DeadlineExceeded) {
		return asset.PayloadImage{}, diag.Problem{
			Detail: fmt.Sprintf("%s was not read within %s", q.Release, cli.RegistryPatience),
			Hint:   "look its digest up elsewhere, and give it with --digest",
		}
	}
	return asset.PayloadImage{Image: found.Image, Version: found.Version, Digest: found.Release, Source: found.Source}, err
}
