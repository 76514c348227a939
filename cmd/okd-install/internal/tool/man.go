package tool

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
)

// NewManCmd writes the help of all commands as manual pages: packages carry
// them, and whoever has only the binary makes them.
func NewManCmd(a *cli.App) *cobra.Command {
	to := "."
	cmd := &cobra.Command{
		Use:   "man",
		Short: "Write the manual pages of all commands",
		Long: `Write a manual page for each command, such as okd-install-create.1, with what its
--help says, its exit codes, and the variables and files that it uses. The
packages of okd-install have put them where man looks already.`,
		Example: `  okd-install man --directory ~/.local/share/man/man1`,
		Args:    cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			date, err := buildDate(a)
			if err != nil {
				return err
			}
			if err = os.MkdirAll(to, 0o755); err == nil {
				err = writePages(cmd.Root(), stamp{program: "okd-install " + a.Version(), date: date}, to)
			}
			if err != nil {
				return diag.Problem{
					Position: diag.Position{File: to},
					Detail:   "the pages cannot be written there: " + system.Reason(err),
					Hint:     "give another folder with --directory",
				}
			}
			a.Log.Infof("the manual pages are in %s", filepath.Clean(to))
			return nil
		},
	}
	cmd.Flags().StringVarP(&to, "directory", "C", to, "folder for the pages; it is made if it is not there")
	_ = cmd.MarkFlagDirname("directory")
	return cmd
}

// writePages writes the page of a command and those of all below it.
func writePages(cmd *cobra.Command, by stamp, to string) error {
	name := filepath.Join(to, pageName(cmd)+".1")
	if err := cli.WriteOutput(name, func(w io.Writer) error { _, err := io.WriteString(w, page(cmd, by)); return err }); err != nil {
		return err
	}
	for _, c := range available(cmd) {
		if err := writePages(c, by, to); err != nil {
			return err
		}
	}
	return nil
}

// buildDate is the date that whoever packs programs asks for, so that the same
// source makes the same bytes (reproducible-builds.org), or today's.
func buildDate(a *cli.App) (time.Time, error) {
	const name = "SOURCE_DATE_EPOCH"
	text := a.Getenv(name)
	if text == "" {
		return a.Now().UTC(), nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, diag.Problem{
			Detail: fmt.Sprintf("%s: %q is not a number of seconds since 1970", name, text),
			Hint:   "date +%s prints today's",
		}
	}
	return time.Unix(seconds, 0).UTC(), nil
}
