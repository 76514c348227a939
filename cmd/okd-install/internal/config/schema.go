package config

import (
	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/installconfig"
)

type schemaOptions struct {
	*cli.App
	release string
}

// NewSchemaCmd is the command schema.
func NewSchemaCmd(a *cli.App) *cobra.Command {
	o := schemaOptions{App: a}
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of install-config.yaml",
		Long: `Print a JSON Schema (draft 2020-12) of install-config.yaml, for editors that
complete fields and mark mistakes while you type, and for checks in a pipeline.
It describes the fields, the words and the numbers that the release knows, and
the rules between fields that a schema can express; okd-install validate knows
all of them.

Save it beside the config and name it on the config's first line:

  # yaml-language-server: $schema=install-config.schema.json`,
		Example: `  okd-install schema > install-config.schema.json
  okd-install schema --release 4.18 > install-config.schema.json`,
		Args: cli.NoArguments,
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	cli.AddReleaseFlag(cmd, &o.release, "OKD release, a line such as 4.22 or a version (default: the newest 4.22)")
	return cmd
}

func (o schemaOptions) run() error {
	r, err := asset.ChooseRelease(o.release, "", o.Environment())
	if err != nil {
		return err
	}
	data, err := installconfig.JSONSchema(r)
	if err != nil {
		return err
	}
	_, err = o.Data.Write(data)
	return err
}
