package tool

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

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
--help says. The packages of okd-install have put them where man looks already.`,
		Example: `  okd-install man --directory ~/.local/share/man/man1`,
		Args:    cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			date, err := buildDate(a)
			if err != nil {
				return err
			}
			header := &doc.GenManHeader{Section: "1", Source: "okd-install " + a.Version(), Manual: "okd-install", Date: &date}
			cmd.Root().DisableAutoGenTag = true
			if err := writePages(cmd.Root(), header, to); err != nil {
				return diag.Problem{
					Position: diag.Position{File: to},
					Detail:   "the pages cannot be written there: " + system.Reason(err),
					Hint:     "name another folder with --directory",
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

// writePages has the pages made in a folder of its own, and gives each its place in one
// step: the library would follow links that others have put there.
func writePages(root *cobra.Command, header *doc.GenManHeader, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	made, err := os.MkdirTemp("", "okd-install-man-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(made) }()
	if err := doc.GenManTree(root, header, made); err != nil {
		return err
	}
	pages, err := os.ReadDir(made)
	if err != nil {
		return err
	}
	for _, page := range pages {
		text, err := os.ReadFile(filepath.Join(made, page.Name()))
		if err == nil {
			err = cli.WriteOutput(filepath.Join(to, page.Name()), func(w io.Writer) error { _, err := w.Write(text); return err })
		}
		if err != nil {
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
