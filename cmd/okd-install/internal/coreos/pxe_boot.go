package coreos

import (
	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/media"
	"github.com/okd-project/okd-install/pkg/rhcos/pxe"
)

// bootLoaders are the loaders that a script can be written for.
var bootLoaders = map[string]struct {
	short, long, example string
	script               func(pxe.Boot) ([]byte, error)
}{
	"ipxe": {
		short: "Write the script that has iPXE load a live system",
		long: `Write the script that has iPXE load the kernel, the initramfs and the root file
system of a live system, with the kernel arguments that it needs.

Each file is named by its URL, or by its path below --base-url.`,
		example: `  okd-install coreos pxe ipxe --base-url http://192.0.2.1/scos --kernel live-kernel \
    --initramfs live-initramfs.img --rootfs live-rootfs.img \
    --ignition-url http://192.0.2.1/worker.ign -o boot.ipxe`,
		script: pxe.Boot.IPXE,
	},
	"grub": {
		short: "Write the grub.cfg that has GRUB load a live system",
		long: `Write the grub.cfg that has GRUB load the kernel, the initramfs and the root file
system of a live system over the network, with the kernel arguments that it
needs. GRUB loads the kernel and the initrds over http or tftp, not https.

Each file is named by its URL, or by its path below --base-url.`,
		example: `  okd-install coreos pxe grub --base-url http://192.0.2.1/scos --kernel live-kernel \
    --initramfs live-initramfs.img --rootfs live-rootfs.img \
    --install-device /dev/sda --install-ignition-url http://192.0.2.1/worker.ign`,
		script: pxe.Boot.GRUB,
	},
}

func newPXEBootCommand(a *cli.App, loader string) *cobra.Command {
	l := bootLoaders[loader]
	var b pxe.Boot
	var output string
	cmd := &cobra.Command{
		Use: loader, Short: l.short, Long: l.long, Example: l.example,
		Args: cli.NoArguments,
		RunE: func(*cobra.Command, []string) error {
			script, err := l.script(b)
			if err != nil {
				return err
			}
			if output != "" && output != "-" {
				return media.WriteFile(output, script, 0o644)
			}
			_, err = a.Data.Write(script)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&b.Base, "base-url", "", "URL of the folder that the files are in")
	f.StringVar(&b.Kernel, "kernel", "", "kernel of the live system")
	f.StringVar(&b.Initramfs, "initramfs", "", "initramfs of the live system")
	f.StringVar(&b.RootFS, "rootfs", "", "root file system of the live system")
	f.StringArrayVar(&b.Initrds, "initrd", nil, "another initrd, such as one of pxe ignition wrap (repeatable)")
	f.StringVar(&b.IgnitionURL, "ignition-url", "", "URL of the Ignition config of the live system")
	f.StringVar(&b.InstallDevice, "install-device", "", "install to this disk, which is overwritten without asking")
	f.StringVar(&b.InstallIgnitionURL, "install-ignition-url", "", "URL of the Ignition config of the machine that is installed")
	f.StringArrayVar(&b.Kargs, "karg-append", nil, "kernel argument of the live system (repeatable)")
	f.StringVarP(&output, "output", "o", "", "file for the script (default: standard output)")
	return cmd
}
