package coreos

import (
	"fmt"
	"io"
	"maps"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/media"
	"github.com/okd-project/okd-install/pkg/rhcos/live"
	"github.com/okd-project/okd-install/pkg/rhcos/pxe"
)

// newPXECommand holds what prepares booting over the network. The flags are
// those of coreos-installer, so that scripts carry over.
func newPXECommand(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pxe",
		Short: "Put configs into what machines boot over the network",
		Long: `Put an Ignition config and network settings into the initramfs of a live system,
or into an initrd of their own beside it, and write the scripts that tell iPXE
or GRUB what to load.

What is made here coreos-installer reads, and the other way round.`,
		Example: `  okd-install coreos pxe customize --dest-device /dev/sda \
    --dest-ignition mycluster/worker.ign -o worker.img live-initramfs.img
  okd-install coreos pxe ipxe --base-url http://192.0.2.1/scos \
    --kernel live-kernel --initramfs worker.img --rootfs live-rootfs.img`,
	}
	return a.Group(cmd, newPXECustomizeCommand(a), newPXEIgnitionCommand(a), newPXENetworkCommand(a),
		newPXEBootCommand(a, "ipxe"), newPXEBootCommand(a, "grub"))
}

func newPXECustomizeCommand(a *cli.App) *cobra.Command {
	var c customizeOptions
	var output string
	cmd := &cobra.Command{
		Use:   "customize INITRAMFS",
		Short: "Make an initramfs that installs a machine by itself",
		Long: `Copy the initramfs of a live system and append all that a machine needs to be
installed without anybody there: the disk, the Ignition config, network
settings, and scripts around the installation. Or only set up the live system.

Each flag that begins with --dest-, and --installer-config, makes the live
system install. With --dest-device it asks nobody before it overwrites the disk.
The initramfs itself stays as it is.`,
		Example: `  okd-install coreos pxe customize --dest-device /dev/sda \
    --dest-ignition mycluster/worker.ign -o worker-initramfs.img live-initramfs.img`,
		Args: oneFile("the initramfs of a live system"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if output == "" {
				return diag.Problem{Detail: "there is no place for the result", Hint: "name a new file, or - for standard output, with --output"}
			}
			if err := a.CheckStream(output); err != nil {
				return err
			}
			custom, err := c.customization(cmd)
			if err != nil {
				return err
			}
			configured := false
			err = media.CopyChanged(cmd.Context(), args[0], output, a.Data, func(w io.Writer, r io.Reader) error {
				return pxe.Customize(w, r, func(can live.Features) (map[string][]byte, error) {
					files, err := custom.Files(can, validateIgnition)
					_, configured = files[live.ConfigPath]
					return files, err
				})
			})
			if err != nil {
				return err
			}
			if configured {
				a.Log.Info("the kernel needs the arguments ignition.firstboot ignition.platform.id=metal; coreos pxe ipxe and coreos pxe grub write them")
			}
			tellCustomized(a, custom)
			return nil
		},
	}
	c.addFlags(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "", "new file for the result, or - for standard output")
	return cmd
}

// writeInitrd writes a small initrd to a file, or to standard output.
func writeInitrd(a *cli.App, output string, files map[string][]byte) error {
	packed, err := pxe.Wrap(files)
	if err != nil {
		return err
	}
	if output != "" && output != "-" {
		return media.WriteFile(output, packed, 0o600)
	}
	if err := a.CheckStream("-"); err != nil {
		return err
	}
	_, err = a.Data.Write(packed)
	return err
}

// readInitrd reads an initrd from a file, or from standard input.
func readInitrd(cmd *cobra.Command, args []string) (name string, files map[string][]byte, err error) {
	if len(args) > 1 {
		return "", nil, diag.Problem{Detail: cli.Words(cmd) + " takes one initrd", Hint: cli.SeeHelp(cmd)}
	}
	name = "standard input"
	in := cmd.InOrStdin()
	if len(args) == 1 && args[0] != "-" {
		name = args[0]
		files, err = media.ReadInitrd(cmd.Context(), name)
		return name, files, err
	}
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return "", nil, diag.Problem{Detail: "there is no initrd", Hint: "name the file, or send it to standard input"}
	}
	files, err = pxe.Unwrap(cli.Input(cmd))
	if interrupted := cmd.Context().Err(); interrupted != nil {
		err = interrupted
	}
	return name, files, err
}

func newPXEIgnitionCommand(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ignition",
		Short: "Make an initrd of an Ignition config, or read one",
		Long: `Make a small initrd that holds an Ignition config for a live system, or read the
config out of an initrd. The small one is loaded behind the initramfs.`,
		Example: `  okd-install coreos pxe ignition wrap -i mycluster/worker.ign -o config.img`,
	}
	return a.Group(cmd, newPXEIgnitionWrapCommand(a), newPXEIgnitionUnwrapCommand(a))
}

func newPXEIgnitionWrapCommand(a *cli.App) *cobra.Command {
	var file, output string
	cmd := &cobra.Command{
		Use:   "wrap",
		Short: "Make an initrd of an Ignition config",
		Long: `Make a small initrd that holds an Ignition config for a live system. It is read
from --ignition-file or from standard input, and has to pass Ignition's own
validator. Have the boot loader load it behind the initramfs.`,
		Example: `  okd-install coreos pxe ignition wrap -i mycluster/worker.ign -o config.img`,
		Args:    cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			raw, err := givenIgnition(cmd, file)
			if err != nil {
				return err
			}
			return writeInitrd(a, output, map[string][]byte{live.ConfigPath: raw})
		},
	}
	cmd.Flags().StringVarP(&file, "ignition-file", "i", "", "Ignition config to put in (default: standard input)")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file for the initrd (default: standard output)")
	return cmd
}

func newPXEIgnitionUnwrapCommand(a *cli.App) *cobra.Command {
	return &cobra.Command{
		Use:   "unwrap [INITRD]",
		Short: "Print the Ignition config in an initrd",
		Long: `Print the Ignition config in an initrd, byte for byte as it was put in. The
initrd may be a small one or a whole initramfs, from a file or standard input.`,
		Example: `  okd-install coreos pxe ignition wrap -i mycluster/worker.ign -o config.img
  okd-install coreos pxe ignition unwrap config.img`,
		RunE: func(cmd *cobra.Command, args []string) error {
			name, files, err := readInitrd(cmd, args)
			if err != nil {
				return err
			}
			raw, err := pxe.Config(files)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			_, err = a.Data.Write(raw)
			return err
		},
	}
}

func newPXENetworkCommand(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "network",
		Short: "Make an initrd of network settings, or read one",
		Long: `Make a small initrd that holds keyfiles of NetworkManager for a live system, or
read the keyfiles out of an initrd.`,
		Example: `  okd-install coreos pxe network wrap -k eth0.nmconnection -o network.img`,
	}
	return a.Group(cmd, newPXENetworkWrapCommand(a), newPXENetworkUnwrapCommand(a))
}

func newPXENetworkWrapCommand(a *cli.App) *cobra.Command {
	var paths []string
	var output string
	cmd := &cobra.Command{
		Use:   "wrap",
		Short: "Make an initrd of network settings",
		Long: `Make a small initrd that holds keyfiles of NetworkManager for a live system. Have
the boot loader load it behind the initramfs.`,
		Example: `  okd-install coreos pxe network wrap -k eth0.nmconnection -o network.img`,
		Args:    cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			keyfiles, err := readKeyfiles(cmd.Context(), paths)
			if err != nil {
				return err
			}
			return writeInitrd(a, output, keyfiles)
		},
	}
	addKeyfileFlag(cmd, &paths)
	cmd.Flags().StringVarP(&output, "output", "o", "", "file for the initrd (default: standard output)")
	return cmd
}

func newPXENetworkUnwrapCommand(a *cli.App) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "unwrap [INITRD]",
		Short: "Print the network settings in an initrd, or write them to files",
		Long: `Print the keyfiles of NetworkManager in an initrd, each below a line with its
name, or write them to a directory. The initrd may be a small one or a whole
initramfs, from a file or standard input.`,
		Example: `  okd-install coreos pxe network wrap -k eth0.nmconnection -o network.img
  okd-install coreos pxe network unwrap network.img`,
		RunE: func(cmd *cobra.Command, args []string) error {
			name, files, err := readInitrd(cmd, args)
			if err != nil {
				return err
			}
			maps.DeleteFunc(files, func(name string, _ []byte) bool { return !live.IsKeyfile(name) })
			return extractNetwork(a, name, files, dir)
		},
	}
	cmd.Flags().StringVarP(&dir, "directory", "C", "", "write files to this directory")
	return cmd
}
