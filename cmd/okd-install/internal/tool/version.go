// Package tool has the commands about okd-install itself: its version, its manual
// pages, the completion of shells.
package tool

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
)

type versionOptions struct {
	*cli.App
	output string
}

// NewVersionCmd is the command version.
func NewVersionCmd(a *cli.App) *cobra.Command {
	o := versionOptions{App: a}
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version and the default release",
		Long: `Print the OKD release that okd-install installs unless --release says otherwise, the
commit it was built from, and its own version.

The first three lines are as scripts know them: the second word of the first is the
release, and the third has its image. The version of okd-install is the last line.`,
		Example: `  okd-install version
  okd-install version -o json`,
		Args: cli.NoArguments,
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	cli.AddOutputFlag(cmd, &o.output, "text")
	return cmd
}

func (o versionOptions) run() error {
	if err := cli.CheckOutput(o.output, "text"); err != nil {
		return err
	}
	r, err := asset.ChooseRelease("", "", o.Environment())
	if err != nil {
		return err
	}
	if cli.IsData(o.output) {
		return o.PrintData(o.output, VersionReport{1, o.Version(), o.Commit(), r.Version, r.Image, "amd64", runtime.Version()})
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s\nbuilt from commit %s\nrelease image %s\n",
		o.Name, cmp.Or(r.Version, r.Line), cmp.Or(o.Commit(), "unknown"), r.Image)
	if r.Version != "" {
		fmt.Fprintf(&text, "release %s\n", r.Version)
	}
	fmt.Fprintf(&text, "default architecture amd64\nokd-install version %s\n", o.Version())
	// at once: a script that takes the first line only must not break the pipe
	_, err = io.WriteString(o.Out, text.String())
	return err
}

// VersionReport says what this program is.
type VersionReport struct {
	SchemaVersion       int    `json:"schemaVersion"`
	Version             string `json:"version"`
	Commit              string `json:"commit,omitempty"`
	Release             string `json:"release,omitempty"`
	ReleaseImage        string `json:"releaseImage"`
	DefaultArchitecture string `json:"defaultArchitecture"`
	Go                  string `json:"go"`
}
