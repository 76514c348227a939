package ignition

import (
	"cmp"
	"errors"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/ignition/inspect"
)

type diffOptions struct {
	*cli.App
	output      string
	showSecrets bool
}

// Comparison is the form of a comparison for scripts.
type Comparison struct {
	SchemaVersion int              `json:"schemaVersion"`
	Same          bool             `json:"same"`
	Changes       []inspect.Change `json:"changes"`
}

func newDiffCmd(a *cli.App) *cobra.Command {
	o := diffOptions{App: a}
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare two Ignition configs, file by file",
		Long: `Compare two Ignition configs by what they put on a machine: files that came and
went, modes and owners, units switched on and off, and contents as a unified
diff. Certificates are compared by what they say.

How a config is written does not count: white space, the order of its fields,
compression. Secrets are numbered and not shown: a secret that has another number
has changed.

The exit code is 0 if there is no difference, 1 if there is one, and 2 if the two
cannot be compared.`,
		Example: `  okd-install ignition diff mycluster/worker.ign ./mycluster/worker.ign
  cat mycluster/master.ign | okd-install ignition diff mycluster/master.ign -`,
		ValidArgsFunction: completeConfigs(2),
		Args: func(cmd *cobra.Command, args []string) error {
			return trouble(a, cli.Takes("a config", "another")(cmd, args))
		},
		RunE: func(cmd *cobra.Command, args []string) error { return trouble(a, o.run(cmd, args[0], args[1])) },
	}
	cli.AddOutputFlag(cmd, &o.output, "text")
	cmd.Flags().BoolVar(&o.showSecrets, "show-secrets", false, "show secrets in the differences")
	return cmd
}

func (o diffOptions) run(cmd *cobra.Command, before, after string) error {
	if err := cli.CheckOutput(o.output, "text"); err != nil {
		return err
	}
	if before == "-" && after == "-" {
		return diag.Problem{Detail: "only one of the two can come from standard input", Hint: "name a file for the other"}
	}
	old, err := readConfig(cmd, before)
	if err != nil {
		return err
	}
	now, err := readConfig(cmd, after)
	if err != nil {
		return err
	}
	c := inspect.Comparison{Now: o.Now(), ShowSecrets: o.showSecrets}
	changes := c.Configs(old, now)
	if cli.IsData(o.output) {
		err = o.PrintJSON(o.output, Comparison{1, len(changes) == 0, append([]inspect.Change{}, changes...)}, !o.showSecrets)
	} else {
		err = o.PrintChanges(changes, o.showSecrets)
	}
	if err == nil && len(changes) > 0 {
		return cli.ExitFailure
	}
	return err
}

type extractOptions struct {
	*cli.App
	into string
}

func newExtractCmd(a *cli.App) *cobra.Command {
	o := extractOptions{App: a}
	cmd := &cobra.Command{
		Use:   "extract FILE -C FOLDER",
		Short: "Unpack an Ignition config into a folder",
		Long: `Write what an Ignition config would put on a machine into a folder, as Ignition
itself would: files with their modes, directories, links, units and drop-ins, the
file that enables units, and the SSH keys of users.

The folder is made, or is empty, and gets mode 0700, since there may be secrets in
it. Nothing is written outside of it, whatever paths and links the config has. All
files belong to you; bits such as set-user-id are left out. What is no file, and
what would have to be fetched, is named and left out.`,
		Example: `  okd-install ignition extract mycluster/bootstrap.ign -C bootstrap-tree
  find bootstrap-tree -type f`,
		Args:              cli.Takes("a config"),
		ValidArgsFunction: completeConfigs(1),
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0]) },
	}
	cmd.Flags().StringVarP(&o.into, "into", "C", "", "folder to write to")
	_ = cmd.MarkFlagDirname("into")
	return cmd
}

func (o extractOptions) run(cmd *cobra.Command, file string) error {
	if o.into == "" {
		return diag.Problem{Detail: "it is not said where to write the files to", Hint: "add -C and the name of a folder"}
	}
	config, err := readConfig(cmd, file)
	if err != nil {
		return err
	}
	nodes, left, err := inspect.Tree(file, config)
	if err != nil {
		return err
	}
	if err := asset.WriteTree(o.into, nodes); err != nil {
		return err
	}
	files := 0
	for _, n := range nodes {
		if n.Kind != inspect.Directory {
			files++
		}
	}
	for _, what := range left {
		o.Log.Warn(what)
	}
	o.Log.Infof("wrote %d files to %s", files, o.into)
	return nil
}

type validateOptions struct {
	*cli.App
	output string
}

// Validation is the form of ignition validate for scripts.
type Validation struct {
	SchemaVersion int            `json:"schemaVersion"`
	Valid         bool           `json:"valid"`
	File          string         `json:"file"`
	Spec          string         `json:"spec,omitempty"`
	Problems      []diag.Problem `json:"problems"`
	// Omitted is how many more there are.
	Omitted int `json:"omitted,omitempty"`
}

func newValidateCmd(a *cli.App) *cobra.Command {
	o := validateOptions{App: a}
	cmd := &cobra.Command{
		Use:   "validate FILE",
		Short: "Check an Ignition config by Ignition's own rules",
		Long: `Check a config with Ignition's own parser and validator for the spec that it is
written for, 3.0.0 to 3.6.0, and unpack all that is in it. Every finding counts,
also what Ignition itself would only warn of: a field that it does not know has no
effect, and somebody wanted one.

The exit code is 0 if the config is valid, and 1 if not.`,
		Example: `  okd-install ignition validate mycluster/worker.ign
  okd-install ignition validate - < mycluster/worker.ign`,
		Args:              cli.Takes("a config"),
		ValidArgsFunction: completeConfigs(1),
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0]) },
	}
	cli.AddOutputFlag(cmd, &o.output, "text")
	return cmd
}

func (o validateOptions) run(cmd *cobra.Command, file string) error {
	if err := cli.CheckOutput(o.output, "text"); err != nil {
		return err
	}
	raw, err := readInput(cmd, file)
	if err != nil {
		return err
	}
	spec, err := ignition.ValidateAny(file, raw)
	if err == nil {
		// what the validator takes on trust: that compressed data can be unpacked
		if config, readErr := inspect.Read(file, raw); readErr != nil {
			err = readErr
		} else {
			_, _, err = inspect.Tree(file, config)
		}
	}
	if cli.IsData(o.output) {
		told, more := problemsOf(err).First()
		out := Validation{SchemaVersion: 1, Valid: err == nil, File: file, Spec: spec, Problems: append([]diag.Problem{}, told...), Omitted: more}
		if err := o.PrintData(o.output, out); err != nil {
			return err
		}
		if !out.Valid {
			return cli.ExitFailure
		}
		return nil
	}
	if err != nil {
		return err
	}
	o.Log.Infof("%s is a valid Ignition config of spec %s", file, cmp.Or(spec, "unknown"))
	return nil
}

// problemsOf lists the problems that an error is made of; another error is one.
func problemsOf(err error) diag.Problems {
	var many diag.Problems
	var one diag.Problem
	switch {
	case err == nil:
		return diag.Problems{}
	case errors.As(err, &many):
		return many.Sorted()
	case errors.As(err, &one):
		return diag.Problems{one}
	}
	return diag.Problems{{Detail: err.Error()}}
}
