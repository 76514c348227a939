package coreos

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/media"
	"github.com/okd-project/okd-install/pkg/rhcos/iso"
	"github.com/okd-project/okd-install/pkg/rhcos/live"
)

func newISONetworkCommand(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "network",
		Short: "Put network settings into an image, or take them out",
		Long: `Put keyfiles of NetworkManager into a live ISO image: static addresses, bonds or
VLANs, for machines that no DHCP server tells. They are there before Ignition
runs, so that it can fetch configs.`,
		Example: `  okd-install coreos iso network embed -k eth0.nmconnection scos.iso`,
	}
	return a.Group(cmd, newISONetworkEmbedCommand(a), newISONetworkExtractCommand(a), newISONetworkRemoveCommand(a))
}

func newISONetworkEmbedCommand(a *cli.App) *cobra.Command {
	o := isoOptions{App: a}
	var force bool
	var paths []string
	cmd := &cobra.Command{
		Use:   "embed ISO",
		Short: "Put network settings into an image",
		Long: `Put keyfiles of NetworkManager into a live ISO image. The live system uses them
from the moment its network starts. A machine that is installed from it uses
them too if the installer copies them, which iso customize arranges.`,
		Example: `  okd-install coreos iso network embed --force -k eth0.nmconnection scos.iso`,
		Args:    oneFile("an ISO image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			keyfiles, err := readKeyfiles(cmd.Context(), paths)
			if err != nil {
				return err
			}
			return o.edit(cmd, args[0], func(image *iso.Image) error {
				old, err := image.Network()
				if err != nil {
					return err
				}
				if len(old) > 0 && !force {
					return diag.Problem{Detail: "has network settings already", Hint: "replace them with --force"}
				}
				return image.SetNetwork(keyfiles)
			})
		},
	}
	o.addFlags(cmd)
	addKeyfileFlag(cmd, &paths)
	cmd.Flags().BoolVarP(&force, "force", "f", false, "replace network settings that are in the image")
	return cmd
}

func addKeyfileFlag(cmd *cobra.Command, paths *[]string) {
	cmd.Flags().StringArrayVarP(paths, "keyfile", "k", nil, "keyfile of NetworkManager (repeatable)")
}

// readKeyfiles reads what --keyfile names, by path in the initrd.
func readKeyfiles(ctx context.Context, paths []string) (map[string][]byte, error) {
	if len(paths) == 0 {
		return nil, diag.Problem{Detail: "there are no network settings", Hint: "name a keyfile with --keyfile"}
	}
	var keyfiles []live.File
	if err := readFiles(ctx, fileList{paths, &keyfiles}); err != nil {
		return nil, err
	}
	return live.Keyfiles(keyfiles)
}

func newISONetworkExtractCommand(a *cli.App) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "extract ISO",
		Short: "Print the network settings of an image, or write them to files",
		Long: `Print the keyfiles in a live ISO image, each below a line with its name, or
write them to a directory. Files that are there are not replaced.`,
		Example: `  okd-install coreos iso network embed --force -k eth0.nmconnection scos.iso
  okd-install coreos iso network extract scos.iso
  okd-install coreos iso network extract -C keyfiles scos.iso`,
		Args: oneFile("an ISO image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			image, err := media.ReadISO(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			keyfiles, err := image.Network()
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return extractNetwork(a, args[0], keyfiles, dir)
		},
	}
	cmd.Flags().StringVarP(&dir, "directory", "C", "", "write files to this directory")
	return cmd
}

// extractNetwork prints keyfiles in the form that coreos-installer has, or
// writes them to a directory and prints where.
func extractNetwork(a *cli.App, source string, keyfiles map[string][]byte, dir string) error {
	if len(keyfiles) == 0 {
		return diag.Problem{Position: diag.Position{File: source}, Detail: "has no network settings"}
	}
	for name := range keyfiles {
		if asShown(name) != name { // nobody gives such names but to fool a terminal
			return diag.Problem{
				Position: diag.Position{File: source},
				Detail:   fmt.Sprintf("has a keyfile named %.60q, which is not written out", path.Base(name)),
				Hint:     "where does it come from? iso show lists what is in an image",
			}
		}
	}
	if dir == "" {
		for i, name := range slices.Sorted(maps.Keys(keyfiles)) {
			if i > 0 {
				fmt.Fprintln(a.Data)
			}
			fmt.Fprintf(a.Data, "########## %s ##########\n%s", path.Base(name), keyfiles[name])
		}
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(keyfiles)) {
		// Base has no slash, so that nothing is written elsewhere, whatever the image says.
		target := filepath.Join(dir, path.Base(name))
		if err := writeKeyfile(target, keyfiles[name]); err != nil {
			return err
		}
		fmt.Fprintln(a.Out, target)
	}
	return nil
}

// writeKeyfile writes a file that is not there yet, for its owner only.
func writeKeyfile(target string, data []byte) error {
	f, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if os.IsExist(err) {
		return diag.Problem{
			Position: diag.Position{File: target},
			Detail:   "exists, and is not replaced",
			Hint:     "remove it, or name another directory",
		}
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

func newISONetworkRemoveCommand(a *cli.App) *cobra.Command {
	o := isoOptions{App: a}
	cmd := &cobra.Command{
		Use:   "remove ISO",
		Short: "Take the network settings out of an image",
		Long: `Take the keyfiles of NetworkManager out of a live ISO image. The Ignition config
and kernel arguments stay; iso reset takes out everything.`,
		Example: `  okd-install coreos iso network remove scos.iso`,
		Args:    oneFile("an ISO image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.edit(cmd, args[0], func(image *iso.Image) error { return image.SetNetwork(nil) })
		},
	}
	o.addFlags(cmd)
	return cmd
}
