package coreos

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/rhcos/iso"
	"github.com/okd-project/okd-install/pkg/rhcos/live"
)

// fileList is a flag that names files, and where they go.
type fileList = struct {
	paths []string
	to    *[]live.File
}

// customizeOptions are the flags that iso customize and pxe customize share.
type customizeOptions struct {
	live.Customization
	destIgnition, keyfiles, ca, pre, post, installer, live []string
}

func (o *customizeOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	list := func(to *[]string, name, usage string) { f.StringArrayVar(to, name, nil, usage+" (repeatable)") }
	list(&o.destIgnition, "dest-ignition", "install with this Ignition config; several are merged")
	f.StringVar(&o.DestDevice, "dest-device", "", "install to this disk, which is overwritten without asking")
	list(&o.DestConsole, "dest-console", "install with this console, such as ttyS0,115200n8")
	list(&o.DestKargAppend, "dest-karg-append", "install with this kernel argument")
	list(&o.DestKargDelete, "dest-karg-delete", "install without this kernel argument")
	list(&o.keyfiles, "network-keyfile", "keyfile of NetworkManager for the live system, and for the machine if it is installed")
	list(&o.ca, "ignition-ca", "PEM bundle of authorities that Ignition trusts")
	list(&o.pre, "pre-install", "script to run before installing")
	list(&o.post, "post-install", "script to run after installing")
	list(&o.installer, "installer-config", "install with this config file of the installer")
	list(&o.live, "live-ignition", "Ignition config of the live system; several are merged")
}

// customization reads what the flags name.
func (o *customizeOptions) customization(cmd *cobra.Command) (live.Customization, error) {
	c := o.Customization
	if !o.given(cmd) {
		return c, diag.Problem{Detail: "there is nothing to put in", Hint: cli.SeeHelp(cmd)}
	}
	err := readFiles(cmd.Context(),
		fileList{o.destIgnition, &c.DestIgnition}, fileList{o.keyfiles, &c.NetworkKeyfiles}, fileList{o.ca, &c.IgnitionCA},
		fileList{o.pre, &c.PreInstall}, fileList{o.post, &c.PostInstall}, fileList{o.installer, &c.InstallerConfig},
		fileList{o.live, &c.LiveIgnition},
	)
	return c, err
}

// given tells that a flag says what to put in.
func (o *customizeOptions) given(cmd *cobra.Command) bool {
	given := false
	cmd.Flags().Visit(func(f *pflag.Flag) {
		given = given || f.Name != "force" && f.Name != "output" && cmd.InheritedFlags().Lookup(f.Name) == nil
	})
	return given
}

// tellCustomized says what the medium will do, and what there is to know.
func tellCustomized(a *cli.App, c live.Customization) {
	switch {
	case c.DestDevice != "":
		a.Log.Warnf("a machine that boots from it overwrites %s without asking", c.DestDevice)
	case c.Installs():
		a.Log.Info("a machine that boots from it runs the installer by itself")
	}
	for _, karg := range c.DestKargAppend {
		if console, ok := strings.CutPrefix(karg, "console="); ok {
			a.Log.Infof("--dest-console %s would set the console of the boot loader as well as that of the kernel", console)
		}
	}
	if len(c.PreInstall)+len(c.PostInstall) > 0 && !c.Installs() {
		a.Log.Warn("the scripts run around an installation, and nothing says that there is one: give --dest-device, --dest-ignition or --installer-config")
	}
}

func newISOCustomizeCommand(a *cli.App) *cobra.Command {
	o := isoOptions{App: a}
	var c customizeOptions
	var kargs iso.KargEdit
	var force bool
	cmd := &cobra.Command{
		Use:   "customize ISO",
		Short: "Make an image that installs a machine by itself",
		Long: `Put into a live ISO image all that a machine needs to be installed from it
without anybody there: the disk, the Ignition config, network settings, kernel
arguments, and scripts around the installation. Or only set up the live system.

Each flag that begins with --dest-, and --installer-config, makes the live
system install. With --dest-device it asks nobody before it overwrites the disk.

The image is customized as if it were as published. If it is not, the command
refuses; --force drops what is in it, kernel arguments too.`,
		Example: `  # a machine that installs itself as a worker
  okd-install coreos iso customize --dest-device /dev/sda \
    --dest-ignition mycluster/worker.ign -o self-installing.iso scos.iso

  # with a static address, and a serial console on the live system
  okd-install coreos iso customize --dest-device /dev/sda \
    --dest-ignition mycluster/master.ign --network-keyfile eth0.nmconnection \
    --live-karg-append console=ttyS0 -o master.iso scos.iso`,
		Args: oneFile("an ISO image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			custom, err := c.customization(cmd)
			if err != nil {
				return err
			}
			err = o.edit(cmd, args[0], func(image *iso.Image) error {
				if what := image.Customized(); len(what) > 0 && !force {
					return diag.Problem{Detail: "is not as it was published: it has " + diag.And(what) + " of its own", Hint: "drop that with --force"}
				}
				files, err := custom.Files(image.Features, validateIgnition)
				if err != nil {
					return err
				}
				image.Reset()
				image.SetFiles(files)
				if kargs.Empty() {
					return nil
				}
				published, err := image.DefaultKargs()
				if err != nil {
					return err
				}
				return setKargs(a, image, published, kargs, "--live-karg-")
			})
			if err == nil {
				tellCustomized(a, custom)
			}
			return err
		},
	}
	c.addFlags(cmd)
	addKargFlags(cmd, &kargs, "live-karg-", false)
	cmd.Flags().BoolVarP(&force, "force", "f", false, "drop what is in the image")
	o.addFlags(cmd)
	return cmd
}
