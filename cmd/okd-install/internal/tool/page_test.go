package tool

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// Whatever a help text holds is shown as it is: what a formatter takes for a request, an
// escape or a quotation mark, and what is not ASCII.
func TestPage(t *testing.T) {
	t.Parallel()
	root := &cobra.Command{Use: "prog"}
	cmd := &cobra.Command{
		Use: "go FILE... [WORD]", Short: `Say "it's"`, Run: func(*cobra.Command, []string) {},
		Long:    ".profile is read, and\n'quoted' too: C:\\x, `y`, a^b, ~/z…\n\n  copy this --now\n    and \\this\n\n  not\nthis 😀",
		Example: "  prog go a \\\n    -x",
	}
	cmd.Flags().StringP("name", "n", ".", "the `NAME` of \\it")
	cmd.Flags().Int("count", 3, "how many")
	cmd.Flags().Bool("old", false, "hidden")
	_ = cmd.Flags().MarkHidden("old")
	root.AddCommand(cmd)
	const want = `.TH "PROG\-GO" 1 2026-03-02 "prog \(dqv1\(dq" "okd\-install"
.nr HY 0
.nh
.ad l
.SH NAME
prog\-go \- Say \(dqit\(aqs\(dq
.SH SYNOPSIS
\fBprog go\fR \fIFILE\fR... [\fIWORD\fR] [\fIflags\fR]
.SH DESCRIPTION
\&.profile is read, and
\(aqquoted\(aq too: C:\ex, \(gay\(ga, a\(hab, \(ti/z\[u2026]
.PP
.RS 4
.EX
copy this \-\-now
  and \ethis
.EE
.RE
.PP
not
this \[u1F600]
.SH OPTIONS
.TP
\fB\-\-count\fR \fIint\fR
how many (default 3)
.TP
\fB\-h\fR, \fB\-\-help\fR
help for go
.TP
\fB\-n\fR, \fB\-\-name\fR \fINAME\fR
the NAME of \eit (default \(dq.\(dq)
.SH EXIT STATUS
`
	got := page(cmd, stamp{program: `prog "v1"`, date: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)})
	if !strings.HasPrefix(got, want) {
		t.Errorf("the page is\n%s\nand should begin with\n%s", got, want)
	}
	const end = ".SH EXAMPLES\n.RS 4\n.EX\nprog go a \\e\n  \\-x\n.EE\n.RE\n.SH SEE ALSO\n.BR prog (1)\n"
	if !strings.HasSuffix(got, end) {
		t.Errorf("the page is\n%s\nand should end with\n%s", got, end)
	}
}

// What stands in a table is said in sentences, others of which may follow.
func TestTablesHaveSentences(t *testing.T) {
	t.Parallel()
	for _, table := range tables() {
		for _, r := range table.rows {
			if !strings.HasSuffix(r.meaning, ".") || r.name == "" {
				t.Errorf("%s: %q says %q, which is not a sentence", table.title, r.name, r.meaning)
			}
		}
	}
}
