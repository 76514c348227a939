package coreos

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/media"
	"github.com/okd-project/okd-install/pkg/rhcos"
)

type downloadOptions struct {
	queryOptions
	url, sha256, uncompressed string
	directory, cache, mirror  string
	signingKey                string
	skipSignature, decompress bool
	output                    string
}

func newDownloadCmd(a *cli.App) *cobra.Command {
	o := downloadOptions{queryOptions: queryOptions{buildOptions: buildOptions{App: a}, query: rhcos.Query{Platform: "metal", Format: "iso"}}}
	cmd := &cobra.Command{
		Use:   "download",
		Short: "Download a boot image and verify it",
		Long: `Download the boot image that coreos image finds with the same flags, or any file
with --url and --sha256. The file has its name only when its SHA-256 sum is right.
When the command is interrupted, or the network is, what came so far is kept as a
hidden file, and the same command goes on from there.

The sums are part of okd-install, so a mirror or a cache need not be trusted. Fedora
CoreOS is signed as well, and its signature must be good, too: by Fedora's key, which
is part of okd-install for Fedora 39, or by one of those in --signing-key. It is taken
from beside the file, on a mirror as well, and kept beside it as NAME.sig. With
--skip-signature, for a mirror that has none, the sum alone decides. CentOS Stream
CoreOS has no signatures.

With --decompress the image is taken out of gz, xz, zst, or of a zip archive that
holds nothing else.

Proxies are taken from HTTPS_PROXY, HTTP_PROXY and NO_PROXY. The name of each file
is printed when it is there.`,
		Example: `  # the ISO for the default release
  mkdir -p media && okd-install coreos download -C media

  # the image of a disk, through a proxy
  HTTPS_PROXY=http://proxy.example.com:3128 okd-install coreos download --format raw

  # kernel, initramfs and rootfs, from a mirror
  cd tftp && okd-install coreos download --format pxe --mirror https://m.example.com/okd

  # Fedora CoreOS, from a mirror that has no signatures
  cd media && okd-install coreos download --release 4.18 --skip-signature \
      --mirror https://m.example.com/okd`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	o.addFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.url, "url", "", "file to download, in place of an image of the catalogue")
	f.StringVar(&o.sha256, "sha256", "", "SHA-256 sum of the file at --url; not needed for files of the catalogue")
	f.StringVar(&o.uncompressed, "uncompressed-sha256", "", "SHA-256 sum of what is compressed in the file at --url")
	f.StringVarP(&o.directory, "directory", "C", ".", "folder to put the file into")
	f.StringVar(&o.cache, "cache", "", "folder that keeps downloads for other folders; several runs can share it")
	f.StringVar(&o.mirror, "mirror", "", "URL of a folder that has the files under their names")
	f.StringVar(&o.signingKey, "signing-key", "", "file with OpenPGP public keys, in place of the one that okd-install has")
	f.BoolVar(&o.skipSignature, "skip-signature", false, "do without the signature of Fedora CoreOS: the SHA-256 sum alone decides")
	f.BoolVar(&o.decompress, "decompress", false, "take the file out of its compression (gz, xz, zst, zip), and verify that sum as well")
	cli.AddOutputFlag(cmd, &o.output, "text")
	for _, flag := range []string{"directory", "cache"} {
		_ = cmd.MarkFlagDirname(flag)
	}
	return cmd
}

func (o downloadOptions) run(cmd *cobra.Command) error {
	if err := cli.CheckOutput(o.output, "text"); err != nil {
		return err
	}
	images, err := o.images(cmd)
	if err != nil {
		return err
	}
	mine, err := o.readKey()
	if err != nil {
		return err
	}
	results := []media.Result{}
	for _, i := range images {
		key, err := o.keyOf(i, mine)
		if err != nil {
			return err
		}
		result, err := o.download(cmd.Context(), i, key)
		if err != nil {
			return err
		}
		results = append(results, result)
		if o.output == "text" {
			if _, err := fmt.Fprintln(o.Data, result.File); err != nil {
				return err
			}
		}
	}
	if cli.IsData(o.output) {
		return o.PrintData(o.output, DownloadReport{1, results})
	}
	return nil
}

// readKey reads the user's keys; nil if there are none.
func (o downloadOptions) readKey() ([]byte, error) {
	if o.signingKey == "" {
		return nil, nil
	}
	if o.skipSignature {
		return nil, diag.Problem{Detail: "--signing-key and --skip-signature contradict each other", Hint: "use one of them"}
	}
	const hint = "name the file with the public key of Fedora"
	key, err := o.ReadUpTo(o.signingKey, cli.MaxText)
	if err != nil {
		return nil, cli.Unreadable(o.signingKey, err, hint)
	}
	if len(key) == 0 {
		return nil, diag.Problem{Position: diag.Position{File: o.signingKey}, Detail: "the file is empty", Hint: hint}
	}
	return key, nil
}

// keyOf is what the signature of a file is verified with; nil where there is none
// to verify. It is read only when something signed is downloaded.
func (o downloadOptions) keyOf(i rhcos.Image, mine []byte) ([]byte, error) {
	switch {
	case mine != nil || o.skipSignature:
		return mine, nil
	case i.Signature == "" || i.Build == "":
		return nil, nil // nobody has signed it, or nobody knows who has
	}
	return signingKey(i.Build)
}

// images is what to download.
func (o downloadOptions) images(cmd *cobra.Command) ([]rhcos.Image, error) {
	if o.url == "" {
		if o.sha256 != "" || o.uncompressed != "" {
			return nil, diag.Problem{
				Detail: "--sha256 is given without --url: the catalogue has the sums of its own files",
				Hint:   "leave it out, or name the file with --url",
			}
		}
		return o.fromCatalogue()
	}
	for _, flag := range []string{"platform", "format", "arch", "part", "release", "stream"} {
		if cmd.Flags().Changed(flag) {
			return nil, diag.Problem{Detail: "--url and --" + flag + " both say what to download", Hint: "use one of them"}
		}
	}
	builds, err := loadBuilds()
	if err != nil {
		return nil, err
	}
	i, known := builds.ByFile(o.url)
	switch {
	case o.sha256 == "" && !known:
		return nil, diag.Problem{
			Detail: "the file at --url is not in the catalogue, so nothing says what it must be",
			Hint:   "give its sum with --sha256",
		}
	case o.sha256 != "":
		i = rhcos.Image{SHA256: o.sha256, UncompressedSHA256: o.uncompressed, Signature: o.url + ".sig"}
	case i.Signature != "" || o.signingKey != "":
		i.Signature = o.url + ".sig"
	}
	i.Location = o.url
	return []rhcos.Image{i}, nil
}

func (o downloadOptions) fromCatalogue() ([]rhcos.Image, error) {
	b, err := o.build()
	if err != nil {
		return nil, err
	}
	images, err := b.Find(o.query)
	if err != nil {
		return nil, err
	}
	for _, i := range images {
		switch {
		case i.Format == rhcos.CloudFormat:
			return nil, diag.Problem{
				Detail: "images of the format cloud are in the cloud already, and are not downloaded",
				Hint:   "okd-install coreos image --format cloud prints what the cloud's own tools take",
			}
		case i.Platform != images[0].Platform || i.Format != images[0].Format:
			return nil, diag.Problem{
				Detail: fmt.Sprintf("these flags leave %d images", len(images)),
				Hint:   "name one with --platform and --format; coreos image lists them",
			}
		}
	}
	return images, nil
}

func (o downloadOptions) download(ctx context.Context, i rhcos.Image, key []byte) (media.Result, error) {
	name := fileAt(i.Location)
	bar := newProgress(o.App, name)
	fetcher := media.Fetcher{
		Progress: bar.update, Note: bar.note, Stall: o.Patience("OKD_INSTALL_STALL"), Pause: o.Patience("OKD_INSTALL_PAUSE"),
		Window: o.Patience("OKD_INSTALL_WINDOW"),
	}
	most := int64(maxImage)
	if o.url != "" {
		most = 0
	}
	result, err := fetcher.Download(ctx, media.Request{
		URL: i.Location, Signature: i.Signature, SHA256: i.SHA256, UncompressedSHA256: i.UncompressedSHA256,
		Mirror: o.mirror, Dir: o.directory, Cache: o.cache, Most: most, Decompress: o.decompress, SigningKey: key,
	})
	bar.end()
	switch {
	case errors.Is(err, context.Canceled):
		o.Log.Warn("Received interrupt signal")
		o.Log.Warnf("%s is not complete; what came so far is kept, and the same command goes on from there", name)
		return result, cli.ExitInterrupted
	case err != nil:
		return result, err
	}
	o.tell(result)
	return result, nil
}

// maxImage is how many bytes an image of the catalogue has at most: four times the
// largest. The catalogue itself has sums, and no sizes.
const maxImage = 16 << 30

// fileAt is the name of the file that a URL leads to, without what may follow it.
func fileAt(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return "the file"
	}
	return path.Base(u.Path)
}

func (o downloadOptions) tell(r media.Result) {
	from := map[string]string{
		media.FromNetwork: "downloaded", media.FromCache: "taken from the cache", media.FromBefore: "was there already",
	}[r.Source]
	name, sum := filepath.Base(r.File), "sha256 "+r.SHA256+" is right"
	if fetched := fileAt(r.URL); o.decompress && fetched != name {
		sum = "sha256 of " + fetched + " " + r.SHA256 + " is right"
		if r.UncompressedSHA256 != "" {
			sum += ", of " + name + " " + r.UncompressedSHA256
		}
	}
	o.Log.Infof("%s: %s, %d bytes, %s", name, from, r.Size, sum)
	if r.SignedBy != "" {
		o.Log.Infof("%s: its signature is good, by the key %s", name, r.SignedBy)
	}
}

// DownloadReport lists what was downloaded.
type DownloadReport struct {
	SchemaVersion int            `json:"schemaVersion"`
	Files         []media.Result `json:"files"`
}
