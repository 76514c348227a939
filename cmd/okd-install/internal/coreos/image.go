package coreos

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/release"
	"github.com/okd-project/okd-install/pkg/rhcos"
	"github.com/okd-project/okd-install/pkg/system"
)

// loadBuilds reads the catalogue of builds. Only the coreos commands pay for it.
func loadBuilds() (rhcos.Catalogue, error) {
	files, err := fs.Sub(data.CoreOS, "coreos")
	if err != nil {
		return rhcos.Catalogue{}, err
	}
	return rhcos.Load(files)
}

// buildOptions choose a build.
type buildOptions struct {
	*cli.App
	release, stream string
}

func (o *buildOptions) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.release, "release", "",
		"OKD release whose boot image is meant, a line such as 4.22 or a version (default: the newest 4.22)")
	cmd.Flags().StringVar(&o.stream, "stream", "",
		"stream or build in place of a release: c10s, c9s, stable (Fedora CoreOS), or such as 10.0.20251103-0")
	cli.CompleteRelease(cmd)
	_ = cmd.RegisterFlagCompletionFunc("stream", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		builds, err := loadBuilds()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return builds.Names(), cobra.ShellCompDirectiveNoFileComp
	})
}

// build is what the flags choose.
func (o *buildOptions) build() (rhcos.Build, error) {
	builds, err := loadBuilds()
	if err != nil {
		return rhcos.Build{}, err
	}
	usual, err := asset.ChooseRelease(o.release, "", o.Environment())
	if err != nil {
		return rhcos.Build{}, err
	}
	var asked *release.Release
	if o.release != "" {
		asked = &usual
	}
	return builds.Choose(o.stream, asked, usual)
}

func newPrintStreamCmd(a *cli.App) *cobra.Command {
	o := buildOptions{App: a}
	cmd := &cobra.Command{
		Use:   "print-stream-json",
		Short: "Print what was published about a build, as stream metadata",
		Long: `Print the stream metadata of a build: the JSON document that CoreOS publishes,
with the URL and SHA-256 sum of every file and the names of the images that
clouds have. Tools that read stream metadata can read it.`,
		Example: `  okd-install coreos print-stream-json
  okd-install coreos print-stream-json --release 4.18
  okd-install coreos print-stream-json --stream c9s`,
		Args: cli.NoArguments,
		RunE: func(*cobra.Command, []string) error {
			b, err := o.build()
			if err != nil {
				return err
			}
			return o.PrintWhole("json", b.Stream)
		},
	}
	o.addFlags(cmd)
	return cmd
}

// queryOptions choose images of a build.
type queryOptions struct {
	buildOptions
	query rhcos.Query
}

func (o *queryOptions) addFlags(cmd *cobra.Command) {
	o.buildOptions.addFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.query.Platform, "platform", o.query.Platform,
		"what the machine runs on: metal, qemu (libvirt, Proxmox), vmware (vsphere), openstack, aws, …")
	f.StringVar(&o.query.Format, "format", o.query.Format, "kind of image: iso, pxe, raw, 4k.raw, qcow2, ova, …")
	f.StringVar(&o.query.Architecture, "arch", "x86_64", "architecture of the machine: x86_64 (amd64), aarch64 (arm64), ppc64le or s390x")
	f.StringVar(&o.query.Part, "part", "", "one part of a pxe image: kernel, initramfs or rootfs")
	o.complete(cmd, "platform", func(q *rhcos.Query) { q.Platform = "" }, func(i rhcos.Image) string { return i.Platform })
	o.complete(cmd, "format", func(q *rhcos.Query) { q.Format = "" }, func(i rhcos.Image) string { return i.Format })
	o.complete(cmd, "arch", func(q *rhcos.Query) { q.Architecture = "" }, func(i rhcos.Image) string { return i.Architecture })
	o.complete(cmd, "part", func(q *rhcos.Query) { q.Part = "" }, func(i rhcos.Image) string { return i.Part })
}

// complete proposes for a flag what there is among the images that the other flags leave;
// without takes the flag's own value out of the query.
func (o *queryOptions) complete(cmd *cobra.Command, flag string, without func(*rhcos.Query), of func(rhcos.Image) string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		b, err := o.build()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		q := o.query
		if without(&q); !cmd.Flags().Changed("arch") {
			q.Architecture = ""
		}
		images, err := b.Find(q)
		if err != nil {
			images = b.Images()
		}
		values := map[string]bool{}
		for _, i := range images {
			values[of(i)] = true
		}
		delete(values, "")
		return slices.Sorted(maps.Keys(values)), cobra.ShellCompDirectiveNoFileComp
	})
}

type imageOptions struct {
	queryOptions
	output string
}

func newImageCmd(a *cli.App) *cobra.Command {
	o := imageOptions{queryOptions: queryOptions{buildOptions: buildOptions{App: a}}}
	cmd := &cobra.Command{
		Use:   "image",
		Short: "Find the boot image for a release and a machine",
		Long: `List the boot images of a build, with the URL and the SHA-256 sum of each file.
Flags narrow the list down; without --platform and --format it has all that there
is for the architecture. The format cloud stands for images that a cloud has
already: an AMI, the name of an image, a container.

-o url prints where the image is and nothing else, for scripts. It wants flags
that leave one image; of pxe it prints kernel, initramfs and rootfs in this order.`,
		Example: `  okd-install coreos image
  okd-install coreos image --platform metal --format iso -o url
  okd-install coreos image --platform metal --format pxe --arch arm64 -o json
  okd-install coreos image --platform aws --format cloud --region us-east-1 -o url`,
		Args: cli.NoArguments,
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	o.addFlags(cmd)
	cmd.Flags().StringVar(&o.query.Region, "region", "", "region of a cloud, with --format cloud")
	o.complete(cmd, "region", func(q *rhcos.Query) { q.Region = "" }, func(i rhcos.Image) string { return i.Region })
	cli.AddOutputFlag(cmd, &o.output, "table", "wide", "url")
	return cmd
}

func (o imageOptions) run() error {
	if err := cli.CheckOutput(o.output, "table", "wide", "url"); err != nil {
		return err
	}
	b, err := o.build()
	if err != nil {
		return err
	}
	images, err := b.Find(o.query)
	if err != nil {
		return err
	}
	switch o.output {
	case "json", "yaml":
		return o.PrintData(o.output, ImageReport{1, images})
	case "url":
		return o.urls(images)
	default:
		return o.table(images)
	}
}

// urls prints one image, which may have parts.
func (o imageOptions) urls(images []rhcos.Image) error {
	first := images[0]
	for _, i := range images {
		if i.Platform != first.Platform || i.Format != first.Format || i.Region != first.Region {
			return diag.Problem{
				Detail: fmt.Sprintf("these flags leave %d images of %s, and -o url prints one", len(images), first.Build),
				Hint:   "name one with --platform, --format and, in a cloud, --region; the same command with -o table lists them",
			}
		}
	}
	for _, i := range images {
		if _, err := fmt.Fprintln(o.Data, i.Location); err != nil {
			return err
		}
	}
	return nil
}

func (o imageOptions) table(images []rhcos.Image) error {
	titles := []string{"PLATFORM", "FORMAT", "PART", "IMAGE"}
	wide := o.output == "wide"
	if wide {
		titles = []string{"BUILD", "ARCH", "PLATFORM", "FORMAT", "PART", "SHA256", "LOCATION"}
	}
	t := o.NewTable(o.Out, titles...)
	for _, i := range images {
		part := i.Part
		if i.Format == rhcos.CloudFormat {
			part = i.Region
		}
		part = cmp.Or(part, "-")
		if wide {
			t.Row(i.Build, i.Architecture, i.Platform, i.Format, part, cmp.Or(i.SHA256, "-"), i.Location)
		} else {
			t.Row(i.Platform, i.Format, part, path.Base(i.Location))
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if !wide {
		o.Log.Infof("images of build %s for %s; -o wide adds where they are and their SHA-256 sums", images[0].Build, images[0].Architecture)
	}
	return nil
}

type importOptions struct {
	*cli.App
	directory string
}

func newImportStreamCmd(a *cli.App) *cobra.Command {
	o := importOptions{App: a}
	cmd := &cobra.Command{
		Use:    "import-stream FILE...",
		Short:  "Turn published stream metadata into files of the catalogue",
		Hidden: true, // for those who maintain okd-install
		Long: `Turn stream metadata as CoreOS publishes it into the short form in which
okd-install carries it, and write that to a folder: data/coreos in the source of
okd-install. Each file is read back first and must say the same as what was
published. The same input gives the same file.

A build of Fedora CoreOS is signed with a key of its version of Fedora. Where that
is not in data/coreos/keys, the command says so: coreos download will want
--signing-key for this build.`,
		Example: `  okd-install coreos import-stream --directory data/coreos stream.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return diag.Problem{Detail: cli.Words(cmd) + " needs a file with stream metadata", Hint: cli.SeeHelp(cmd)}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return o.run(args) },
	}
	cmd.Flags().StringVarP(&o.directory, "directory", "C", ".", "folder to write to")
	return cmd
}

func (o importOptions) run(files []string) error {
	for _, file := range files {
		published, err := o.ReadUpTo(file, cli.MaxStream)
		if err != nil {
			return cli.Unreadable(file, err, "name a file with stream metadata")
		}
		name, short, err := rhcos.Import(published)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		path := o.directory + "/" + name
		if err := cli.WriteOutput(path, func(w io.Writer) error { _, err := w.Write(short); return err }); err != nil {
			return diag.Problem{
				Position: diag.Position{File: path},
				Detail:   "the file cannot be written: " + system.Reason(err),
				Hint:     "give another folder with --directory",
			}
		}
		fmt.Fprintln(o.Data, path)
		o.warnAboutKey(short)
	}
	return nil
}

// warnAboutKey tells that the files of a build cannot be verified with what is here.
func (o importOptions) warnAboutKey(short []byte) {
	b, err := rhcos.ParseBuild(short)
	if err != nil || !slices.ContainsFunc(b.Images(), func(i rhcos.Image) bool { return i.Signature != "" }) {
		return
	}
	var missing diag.Problem
	if _, err := signingKey(b.ID); errors.As(err, &missing) {
		o.Log.Warnf("%s: coreos download needs --signing-key or --skip-signature for it", missing.Detail)
	}
}

// signingKey is the public key that a build of Fedora CoreOS is signed with.
func signingKey(build string) ([]byte, error) {
	files, err := fs.Sub(data.CoreOS, "coreos")
	if err != nil {
		return nil, err
	}
	return rhcos.SigningKey(files, build)
}

// ImageReport lists the images that were asked for.
type ImageReport struct {
	SchemaVersion int           `json:"schemaVersion"`
	Images        []rhcos.Image `json:"images"`
}
