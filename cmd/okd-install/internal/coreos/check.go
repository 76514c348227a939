package coreos

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/rhcos"
	"github.com/okd-project/okd-install/pkg/system"
)

type checkOptions struct {
	*cli.App
	release, image, output string
	arch, secureBoot, cpu  string
	thisMachine            bool
	pivot                  string
	computedRef, ext4      bool
}

func newCheckCmd(a *cli.App) *cobra.Command {
	o := checkOptions{App: a}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check that a boot image goes with a release and a machine",
		Long: `Tell whether machines can be booted from an image to install a release, and if
not, why and what to do. The image is a stream or build, the URL or name of a
file, an ISO on this disk (its label is read), or a system such as fcos-42;
without one it is the image that the release was made with.

What the machine can do decides as well. Say what you know of it with flags, or
run this on the machine itself with --this-machine; what is not known is told as a
note.

The exit code is 1 if the image is refused, and 0 otherwise.`,
		Example: `  okd-install coreos check --release 4.22
  okd-install coreos check --release 4.18 --image stable --secure-boot off
  okd-install coreos check --image scos-10.0.20251103-0-live-iso.x86_64.iso -o json
  okd-install coreos check --this-machine || echo "not this one"`,
		Args: cli.NoArguments,
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	f := cmd.Flags()
	f.StringVar(&o.release, "release", "", "OKD release, a line such as 4.22 or a version (default: the newest 4.22)")
	f.StringVar(&o.image, "image", "", "boot image: a stream, build, URL, file name, ISO, or such as fcos-42 (default: the release's own)")
	f.StringVar(&o.arch, "arch", "", "architecture of the machine (default: the image's)")
	f.StringVar(&o.secureBoot, "secure-boot", "", "Secure Boot of the machine: on, off, bios or unknown")
	f.StringVar(&o.cpu, "cpu", "", "file with the machine's /proc/cpuinfo")
	f.BoolVar(&o.thisMachine, "this-machine", false, "take architecture, Secure Boot and CPU of this machine where no flag says otherwise")
	f.StringVar(&o.pivot, "pivot", "",
		"the image runs live and puts the system on the disk: image or offline-deploy, as with create pivot-config")
	f.BoolVar(&o.computedRef, "computed-ref", true,
		"bootstrap.ign computes the name of the node image, as that of okd-install does; =false for one of the established installer")
	f.BoolVar(&o.ext4, "ignition-ext4", false, "the Ignition config makes ext4 file systems: a mirrored /boot, a /var of its own")
	cli.AddOutputFlag(cmd, &o.output, "text")
	for flag, values := range map[string][]string{
		"secure-boot": {"on", "off", "bios", "unknown"}, "pivot": {rhcos.PivotImage, rhcos.PivotOfflineDeploy},
		"arch": {"x86_64", "aarch64", "ppc64le", "s390x"},
	} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	cli.CompleteRelease(cmd)
	return cmd
}

func (o checkOptions) run() error {
	if err := cli.CheckOutput(o.output, "text"); err != nil {
		return err
	}
	r, err := asset.ChooseRelease(o.release, "", o.Environment())
	if err != nil {
		return err
	}
	if o.image == "" {
		o.image = r.BootImage.Build
	}
	image, err := o.identify()
	if err != nil {
		return err
	}
	machine, err := o.machine()
	if err != nil {
		return err
	}
	report, err := rhcos.Check(r, image, machine)
	if err != nil {
		return err
	}
	if cli.IsData(o.output) {
		err = o.PrintData(o.output, report)
	} else {
		err = o.print(report)
	}
	if err == nil && report.Verdict == rhcos.Refused {
		err = cli.ExitFailure
	}
	return err
}

// identify tells what the image is: by the label of an ISO if it is a file here,
// or else by its name.
func (o checkOptions) identify() (rhcos.BootImage, error) {
	builds, err := loadBuilds()
	if err != nil {
		return rhcos.BootImage{}, err
	}
	f, err := system.Open(o.Context(), o.image)
	if errors.Is(err, fs.ErrNotExist) {
		image, err := rhcos.Identify(builds, o.image)
		var p diag.Problem
		if errors.As(err, &p) && strings.ContainsAny(o.image, `/\.`) && !strings.Contains(o.image, "://") {
			p.Detail += ": there is no such file, and its name does not say it"
			err = p
		}
		return image, err
	}
	if err != nil {
		return rhcos.BootImage{}, diag.Problem{
			Position: diag.Position{File: o.image},
			Detail:   "the file cannot be read: " + system.Reason(err),
			Hint:     "name a file, or the build that it is of",
		}
	}
	defer func() { _ = f.Close() }()
	byName, nameErr := rhcos.Identify(builds, o.image)
	label, err := rhcos.ISOLabel(f)
	switch {
	case err != nil && nameErr == nil:
		return byName, nil // such as a raw image
	case errors.As(err, new(*fs.PathError)): // such as a directory
		return rhcos.BootImage{}, diag.Problem{
			Position: diag.Position{File: o.image},
			Detail:   "the file cannot be read: " + system.Reason(err),
			Hint:     "name an ISO, or the build that it is of",
		}
	case err != nil:
		return rhcos.BootImage{}, fmt.Errorf("%s: %w", o.image, err)
	}
	image, err := rhcos.Identify(builds, label)
	if err != nil {
		return rhcos.BootImage{}, fmt.Errorf("%s, by its label: %w", o.image, err)
	}
	if nameErr == nil && image.Architecture == "" {
		image.Architecture = byName.Architecture // no label has it
	}
	return image, nil
}

// machine is what is known of the machine.
func (o checkOptions) machine() (rhcos.Machine, error) {
	m := rhcos.Machine{Architecture: o.arch, Pivot: o.pivot, ComputedRef: o.computedRef, IgnitionExt4: o.ext4}
	states := []rhcos.Firmware{rhcos.SecureBootOn, rhcos.SecureBootOff, rhcos.BIOS, rhcos.SecureBootUnknown}
	if m.Firmware = rhcos.Firmware(o.secureBoot); o.secureBoot != "" && !slices.Contains(states, m.Firmware) {
		return m, diag.Problem{
			Detail: fmt.Sprintf("--secure-boot: %q is not a state of Secure Boot", o.secureBoot),
			Hint:   "use on, off, bios or unknown",
		}
	}
	if err := cli.CheckArchitecture(o.arch); err != nil {
		return m, err
	}
	cpu := o.cpu
	if o.thisMachine {
		if cpu == "" {
			cpu = "/proc/cpuinfo"
		}
		if m.Architecture == "" {
			m.Architecture = rhcos.Architecture(runtime.GOARCH)
		}
		if m.Firmware == "" && runtime.GOOS == "linux" {
			m.Firmware = rhcos.ReadFirmware(os.DirFS("/sys/firmware"))
		}
	}
	if cpu == "" {
		return m, nil
	}
	text, err := o.ReadUpTo(cpu, cli.MaxText)
	switch {
	case err == nil:
		m.CPU = rhcos.ReadCPU(string(text))
	case o.cpu != "":
		return m, diag.Problem{
			Position: diag.Position{File: cpu},
			Detail:   "the file cannot be read: " + system.Reason(err),
			Hint:     "copy /proc/cpuinfo from the machine, and name the copy",
		}
	}
	if o.cpu != "" && !m.CPU.Known {
		return m, diag.Problem{
			Position: diag.Position{File: cpu},
			Detail:   "there are no flags of an x86 CPU in the file",
			Hint:     "copy /proc/cpuinfo from the machine, and name the copy; other architectures need no --cpu",
		}
	}
	return m, nil
}

// print says the verdict and then why.
func (o checkOptions) print(r rhcos.Report) error {
	verdict := map[rhcos.Verdict]string{
		rhcos.Good: "works with", rhcos.Note: "works with", rhcos.Warning: "may fail with", rhcos.Refused: "does not work with",
	}[r.Verdict]
	var text strings.Builder
	cli.Say(&text, "%s %s OKD %s, which runs %s\n", r.Image, verdict, r.Release, r.Target.Title())
	for _, f := range r.Findings {
		cli.Say(&text, "\n%s (%s): %s\n", f.Verdict, f.Rule, f.Reason)
		if f.Way != "" {
			cli.Say(&text, "    hint: %s\n", f.Way)
		}
	}
	_, err := io.WriteString(o.Findings(), text.String())
	return err
}
