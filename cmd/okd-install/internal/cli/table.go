package cli

import (
	"io"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Table is a table that is written when it is whole.
type Table struct {
	*diag.Table
	to io.Writer
}

// NewTable is a table for the terminal at hand, with titles as diag.NewTable takes them.
func (a *App) NewTable(to io.Writer, titles ...string) Table {
	return Table{diag.NewTable(a.Width(), titles...), to}
}

// Flush writes the table.
func (t Table) Flush() error {
	_, err := io.WriteString(t.to, t.String())
	return err
}
