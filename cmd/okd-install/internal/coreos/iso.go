package coreos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/media"
	"github.com/okd-project/okd-install/pkg/rhcos/iso"
	"github.com/okd-project/okd-install/pkg/rhcos/live"
	"github.com/okd-project/okd-install/pkg/system"
)

// newISOCommand holds what changes a live ISO image. The flags are those of
// coreos-installer, so that scripts carry over.
func newISOCommand(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "iso",
		Short: "Put configs and kernel arguments into a live ISO image",
		Long: `Put an Ignition config, network settings and kernel arguments into a live ISO
image of CoreOS, see what is in one, and take it out again.

The images keep areas free for this, so that nothing in them moves and their
size stays. Without --output the image itself is changed, and only in these
areas; with --output the result is a new file, or - for standard output. An
image that cannot be handled is refused before anything is written.

What is made here coreos-installer reads, and the other way round.`,
		Example: `  okd-install coreos iso ignition embed -i mycluster/worker.ign -o worker.iso scos.iso
  okd-install coreos iso show worker.iso
  okd-install coreos iso reset worker.iso`,
	}
	return a.Group(cmd, newISOIgnitionCommand(a), newISOKargsCommand(a), newISONetworkCommand(a),
		newISOCustomizeCommand(a), newISOResetCommand(a), newISOShowCommand(a))
}

// isoOptions are those of every command that changes an image.
type isoOptions struct {
	*cli.App
	output string
}

func (o *isoOptions) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "write the result to a new file, or to standard output with -")
}

// edit changes the image that the command line names, and says what was done.
func (o *isoOptions) edit(cmd *cobra.Command, in string, change func(*iso.Image) error) error {
	if err := o.CheckStream(o.output); err != nil {
		return err
	}
	var after *iso.Image
	edit := media.ISOEdit{In: in, Out: o.output, Stdin: cli.Input(cmd), Stdout: o.Data}
	changed, err := edit.Run(cmd.Context(), func(image *iso.Image) error {
		after = image
		return change(image)
	})
	if err != nil {
		return err
	}
	name := cmp.Or(o.output, in)
	if name == "-" {
		name = "the image"
	}
	switch what := after.Customized(); {
	case changed == 0 && o.output == "":
		o.Log.Infof("%s was like this already: nothing was written", name)
	case len(what) == 0:
		o.Log.Infof("%s is as it was published", name)
	default:
		o.Log.Infof("%s has %s of its own", name, diag.And(what))
	}
	return nil
}

// oneFile wants exactly the one argument that a command is about.
func oneFile(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 && args[0] != "" {
			return nil
		}
		return diag.Problem{Detail: fmt.Sprintf("%s takes one argument, %s, and got %d", cli.Words(cmd), what, len(args)), Hint: cli.SeeHelp(cmd)}
	}
}

// readFile reads a file that a flag names.
func readFile(ctx context.Context, path string) (live.File, error) {
	data, err := system.ReadFile(ctx, path, cli.MaxIgnition)
	if ctx.Err() != nil {
		return live.File{}, ctx.Err()
	}
	if err != nil {
		detail := "cannot be read: " + system.Reason(err)
		if os.IsNotExist(err) {
			detail = "does not exist"
		}
		return live.File{}, diag.Problem{Position: diag.Position{File: path}, Detail: detail}
	}
	return live.File{Path: filepath.ToSlash(path), Data: data}, nil
}

// readFiles reads all of them and says everything that is wrong at once.
func readFiles(ctx context.Context, lists ...struct {
	paths []string
	to    *[]live.File
}) error {
	var problems diag.Problems
	for _, list := range lists {
		for _, path := range list.paths {
			f, err := readFile(ctx, path)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if p, ok := err.(diag.Problem); ok { //nolint:errorlint // readFile returns nothing else
				problems = append(problems, p)
			}
			*list.to = append(*list.to, f)
		}
	}
	return problems.Err()
}

// givenIgnition reads and validates the config that --ignition-file names, or
// standard input.
func givenIgnition(cmd *cobra.Command, path string) ([]byte, error) {
	f := live.File{Path: "standard input"}
	var err error
	if path == "" {
		if in, ok := cmd.InOrStdin().(*os.File); ok && term.IsTerminal(int(in.Fd())) {
			return nil, diag.Problem{Detail: "there is no Ignition config", Hint: "name the file with --ignition-file, or send it to standard input"}
		}
		f.Data, err = system.ReadUpTo(cli.Input(cmd), cli.MaxIgnition)
		if errors.As(err, new(system.TooLargeError)) {
			err = diag.Problem{
				Detail: "standard input holds more than an Ignition config can",
				Hint:   "send a config, or name its file with --ignition-file",
			}
		}
	} else {
		f, err = readFile(cmd.Context(), path)
	}
	if err != nil {
		return nil, err
	}
	return f.Data, validateIgnition(f.Path, f.Data)
}

func validateIgnition(name string, raw []byte) error {
	_, err := ignition.ValidateAny(name, raw)
	return err
}

func newISOResetCommand(a *cli.App) *cobra.Command {
	o := isoOptions{App: a}
	cmd := &cobra.Command{
		Use:   "reset ISO",
		Short: "Make an image as it was published",
		Long: `Take everything out of a live ISO image that was put in: the Ignition config,
network settings, other files, and changes of the kernel arguments. The image
is then, byte for byte, the one that was published.

This also repairs an image after an edit that was interrupted.`,
		Example: `  okd-install coreos iso reset scos.iso`,
		Args:    oneFile("an ISO image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.edit(cmd, args[0], func(image *iso.Image) error {
				image.Reset()
				return nil
			})
		},
	}
	o.addFlags(cmd)
	return cmd
}

type isoShowOptions struct {
	*cli.App
	output string
}

func newISOShowCommand(a *cli.App) *cobra.Command {
	o := isoShowOptions{App: a}
	cmd := &cobra.Command{
		Use:     "show ISO",
		Aliases: []string{"inspect"},
		Short:   "Show what an image holds and has room for",
		Long: `Show what can be put into a live ISO image and what is in it: the area for the
Ignition config and network settings and how full it is, the kernel arguments
now and as published, and what the system in the image can do.

Nothing secret is shown; iso ignition show prints the Ignition config itself.`,
		Example: `  okd-install coreos iso show scos.iso

  # for scripts
  okd-install coreos iso show scos.iso -o json`,
		Args: oneFile("an ISO image"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args[0]) },
	}
	cli.AddOutputFlag(cmd, &o.output, "table")
	return cmd
}

// ISOReport is what iso show tells with -o json.
type ISOReport struct {
	SchemaVersion int    `json:"schemaVersion"`
	Label         string `json:"label"`
	// Customized lists what the image was not published with, in words.
	Customized []string      `json:"customized"`
	Initrd     isoInitrd     `json:"initrd"`
	Kargs      *isoKargs     `json:"kargs"` // null: no place for them
	Features   live.Features `json:"features"`
}

type isoInitrd struct {
	Area  iso.Area  `json:"area"`
	Used  int64     `json:"used"`
	Files []isoFile `json:"files"`
	Error string    `json:"error,omitempty"`
}

type isoFile struct {
	Path string `json:"path"`
	Size int    `json:"size"`
}

type isoKargs struct {
	Current string     `json:"current"`
	Default string     `json:"default"`
	Areas   []iso.Area `json:"areas"`
	Error   string     `json:"error,omitempty"`
}

func (o isoShowOptions) run(ctx context.Context, path string) error {
	if err := cli.CheckOutput(o.output, "table"); err != nil {
		return err
	}
	image, err := media.ReadISO(ctx, path)
	if err != nil {
		return err
	}
	r := reportISO(image)
	if cli.IsData(o.output) {
		return o.PrintData(o.output, r)
	}
	return o.table(r)
}

func reportISO(image *iso.Image) ISOReport {
	r := ISOReport{SchemaVersion: 1, Label: image.Label, Features: image.Features, Customized: slices.Concat([]string{}, image.Customized())}
	files, err := image.Files()
	r.Initrd = isoInitrd{Area: image.Initrd, Used: image.Used(), Files: []isoFile{}, Error: text(err)}
	for name, data := range files {
		r.Initrd.Files = append(r.Initrd.Files, isoFile{name, len(data)})
	}
	slices.SortFunc(r.Initrd.Files, func(a, b isoFile) int { return strings.Compare(a.Path, b.Path) })
	if areas := image.KargAreas(); areas != nil {
		r.Kargs = &isoKargs{Areas: areas}
		var current error
		r.Kargs.Current, current = image.Kargs()
		r.Kargs.Error = text(current)
		r.Kargs.Default, _ = image.DefaultKargs() // there are areas, so there is a default
	}
	return r
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (o isoShowOptions) table(r ISOReport) error {
	t := o.NewTable(o.Out)
	customized := "no, it is as it was published"
	if len(r.Customized) > 0 {
		customized = diag.And(r.Customized)
	}
	t.Rowf("LABEL", "%s", asShown(r.Label))
	t.Rowf("CUSTOMIZED", "%s", customized)
	t.Rowf("AREA FOR CONFIGS", "%d of %d bytes used, at byte %d in %s",
		r.Initrd.Used, r.Initrd.Area.Length, r.Initrd.Area.Offset, r.Initrd.Area.File)
	for _, f := range r.Initrd.Files {
		t.Rowf("", "%s, %d bytes", asShown(f.Path), f.Size)
	}
	if r.Kargs == nil {
		t.Rowf("KERNEL ARGUMENTS", "no place for them")
	} else {
		t.Rowf("KERNEL ARGUMENTS", "%s", r.Kargs.Current)
		if r.Kargs.Current != r.Kargs.Default {
			t.Rowf("AS PUBLISHED", "%s", r.Kargs.Default)
		}
		for _, area := range r.Kargs.Areas {
			t.Rowf("", "up to %d bytes, in %s", area.Length-1, area.File)
		}
	}
	t.Rowf("THE SYSTEM READS", "%s", readable(r.Features))
	if err := t.Flush(); err != nil {
		return err
	}
	for _, problem := range []string{r.Initrd.Error, kargsError(r.Kargs)} {
		if problem != "" {
			o.Log.Warn(problem)
		}
	}
	return nil
}

// asShown puts a text from an image between quotes if it holds what a terminal
// would obey rather than show.
func asShown(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// readable lists what the system in the image reads, besides an Ignition config.
func readable(can live.Features) string {
	what := []string{"an Ignition config"}
	if can.Network {
		what = append(what, "network settings")
	}
	if can.InstallerConfig {
		what = append(what, "configs of the installer")
	}
	if can.Directives.Console {
		what = append(what, "with consoles in them")
	}
	return strings.Join(what, ", ")
}

func kargsError(k *isoKargs) string {
	if k == nil {
		return ""
	}
	return k.Error
}
