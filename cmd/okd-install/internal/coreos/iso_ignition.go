package coreos

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/media"
	"github.com/okd-project/okd-install/pkg/rhcos/iso"
)

func newISOIgnitionCommand(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ignition",
		Short: "Put an Ignition config into an image, or take it out",
		Long: `Put an Ignition config into a live ISO image. The live system that boots from it
is set up by this config; to install a machine with a config, see iso customize.`,
		Example: `  okd-install coreos iso ignition embed -i mycluster/worker.ign -o live.iso scos.iso`,
	}
	return a.Group(cmd, newISOIgnitionEmbedCommand(a), newISOIgnitionShowCommand(a), newISOIgnitionRemoveCommand(a))
}

func newISOIgnitionEmbedCommand(a *cli.App) *cobra.Command {
	o := isoOptions{App: a}
	var force bool
	var file string
	cmd := &cobra.Command{
		Use:   "embed ISO",
		Short: "Put an Ignition config into an image",
		Long: `Put an Ignition config into a live ISO image. It is read from --ignition-file or
from standard input, and has to pass Ignition's own validator.

The area for it has 256 KiB in most images, for the compressed config. A
bootstrap.ign with many manifests may be larger: then embed the small config
that create bootstrap-pointer makes.`,
		Example: `  # change a copy
  okd-install coreos iso ignition embed -i mycluster/bootstrap.ign -o boot.iso scos.iso

  # change the image itself, and replace a config that is in it
  okd-install coreos iso ignition embed --force -i mycluster/worker.ign scos.iso`,
		Args: oneFile("an ISO image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" && args[0] == "-" {
				return diag.Problem{
					Detail: "both the image and the config would come from standard input",
					Hint:   "name the config with --ignition-file",
				}
			}
			raw, err := givenIgnition(cmd, file)
			if err != nil {
				return err
			}
			return o.edit(cmd, args[0], func(image *iso.Image) error {
				old, err := image.Ignition()
				if err != nil {
					return err
				}
				if old != nil && !force {
					return diag.Problem{Detail: "has an Ignition config already", Hint: "replace it with --force"}
				}
				return image.SetIgnition(raw)
			})
		},
	}
	o.addFlags(cmd)
	cmd.Flags().BoolVarP(&force, "force", "f", false, "replace a config that is in the image")
	cmd.Flags().StringVarP(&file, "ignition-file", "i", "", "Ignition config to put in (default: standard input)")
	return cmd
}

func newISOIgnitionShowCommand(a *cli.App) *cobra.Command {
	return &cobra.Command{
		Use:   "show ISO",
		Short: "Print the Ignition config of an image",
		Long: `Print the Ignition config in a live ISO image, byte for byte as it was put in.

It may hold secrets: a bootstrap.ign has the keys of its cluster.`,
		Example: `  okd-install coreos iso ignition embed -i mycluster/worker.ign scos.iso
  okd-install coreos iso ignition show scos.iso > config.ign
  okd-install coreos iso ignition remove scos.iso`,
		Args: oneFile("an ISO image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			image, err := media.ReadISO(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			raw, err := image.Ignition()
			if err == nil && raw == nil {
				err = diag.Problem{Detail: "has no Ignition config"}
			}
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			_, err = a.Data.Write(raw)
			return err
		},
	}
}

func newISOIgnitionRemoveCommand(a *cli.App) *cobra.Command {
	o := isoOptions{App: a}
	cmd := &cobra.Command{
		Use:   "remove ISO",
		Short: "Take the Ignition config out of an image",
		Long: `Take the Ignition config out of a live ISO image. Network settings and kernel
arguments stay; iso reset takes out everything.`,
		Example: `  okd-install coreos iso ignition remove scos.iso`,
		Args:    oneFile("an ISO image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.edit(cmd, args[0], func(image *iso.Image) error { return image.SetIgnition(nil) })
		},
	}
	o.addFlags(cmd)
	return cmd
}

func newISOKargsCommand(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kargs",
		Short: "Show or change the kernel arguments of an image",
		Long: `Show or change the kernel arguments that a live ISO image boots with. They are
those of the live system, not of a machine that is installed from it: for that,
see iso customize.`,
		Example: `  okd-install coreos iso kargs show scos.iso`,
	}
	return a.Group(cmd, newISOKargsModifyCommand(a), newISOKargsResetCommand(a), newISOKargsShowCommand(a))
}

func newISOKargsModifyCommand(a *cli.App) *cobra.Command {
	o := isoOptions{App: a}
	var edit iso.KargEdit
	cmd := &cobra.Command{
		Use:   "modify ISO",
		Short: "Change the kernel arguments of an image",
		Long: `Change the kernel arguments that a live ISO image boots with: first those of
--delete are removed, then those of --append are added at the end, then
--replace changes values. Each flag can be given several times.

What --delete or --replace does not find is said, and is no failure.`,
		Example: `  okd-install coreos iso kargs modify --append console=ttyS0 scos.iso
  okd-install coreos iso kargs modify --replace console=ttyS0=tty0 scos.iso
  okd-install coreos iso kargs modify --delete console=tty0 scos.iso`,
		Args: oneFile("an ISO image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if edit.Empty() {
				return diag.Problem{Detail: "there is nothing to change", Hint: "give --append, --delete or --replace"}
			}
			return o.edit(cmd, args[0], func(image *iso.Image) error {
				kargs, err := image.Kargs()
				if err != nil {
					return err
				}
				return setKargs(a, image, kargs, edit, "--")
			})
		},
	}
	o.addFlags(cmd)
	addKargFlags(cmd, &edit, "", true)
	return cmd
}

// addKargFlags adds the three flags that change kernel arguments.
func addKargFlags(cmd *cobra.Command, edit *iso.KargEdit, prefix string, short bool) {
	add := func(to *[]string, name, letter, usage string) {
		if !short {
			letter = ""
		}
		cmd.Flags().StringArrayVarP(to, prefix+name, letter, nil, usage)
	}
	add(&edit.Append, "append", "a", "kernel argument to add (repeatable)")
	add(&edit.Delete, "delete", "d", "kernel argument to remove (repeatable)")
	add(&edit.Replace, "replace", "r", "kernel argument to change, as KEY=OLD=NEW (repeatable)")
}

// setKargs changes kernel arguments and warns about what was not found.
func setKargs(a *cli.App, image *iso.Image, kargs string, edit iso.KargEdit, prefix string) error {
	changed, missed, err := edit.Apply(kargs)
	if err != nil {
		return withFlags(err, prefix)
	}
	for _, karg := range missed {
		a.Log.Warnf("the image does not boot with %s, so there was nothing to change", karg)
	}
	return image.SetKargs(changed)
}

// withFlags makes the fields of problems flags.
func withFlags(err error, prefix string) error {
	problems, ok := err.(diag.Problems) //nolint:errorlint // Apply returns nothing else
	if !ok {
		return err
	}
	for i := range problems {
		problems[i].Path = prefix + problems[i].Path
	}
	return problems
}

func newISOKargsResetCommand(a *cli.App) *cobra.Command {
	o := isoOptions{App: a}
	cmd := &cobra.Command{
		Use:   "reset ISO",
		Short: "Boot with the kernel arguments as published",
		Long: `Make the kernel arguments of a live ISO image those that it was published with.
The Ignition config and network settings stay.`,
		Example: `  okd-install coreos iso kargs reset scos.iso`,
		Args:    oneFile("an ISO image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.edit(cmd, args[0], (*iso.Image).ResetKargs)
		},
	}
	o.addFlags(cmd)
	return cmd
}

func newISOKargsShowCommand(a *cli.App) *cobra.Command {
	var published bool
	cmd := &cobra.Command{
		Use:   "show ISO",
		Short: "Print the kernel arguments of an image",
		Long: `Print the kernel arguments that a live ISO image boots with, on one line; or
with --default those that it was published with.`,
		Example: `  okd-install coreos iso kargs show scos.iso
  okd-install coreos iso kargs show --default scos.iso`,
		Args: oneFile("an ISO image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			image, err := media.ReadISO(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			get := image.Kargs
			if published {
				get = image.DefaultKargs
			}
			kargs, err := get()
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			_, err = fmt.Fprintln(a.Data, strings.TrimSpace(kargs))
			return err
		},
	}
	cmd.Flags().BoolVarP(&published, "default", "d", false, "print the kernel arguments as published")
	return cmd
}
