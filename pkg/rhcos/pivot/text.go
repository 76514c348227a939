package pivot

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Text is the plan for people.
func (p Plan) Text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		_, _ = w.Write([]byte(name + "\t" + diag.Printable(fmt.Sprintf(format, args...)) + "\n"))
	}
	row("role", "%s", p.Role)
	row("mode", "%s: %s", p.Mode, p.ModeReason)
	row("release", "%s", p.Release.Image)
	row("medium", "%s (%s)", p.Medium, p.Architecture)
	row("target", "%s", p.Target.Title())
	row("disk", "%s", p.Device)
	if p.OSImage != "" {
		row("system", "%s", p.OSImage)
	}
	for _, i := range p.Images {
		row("image", "%s, for sectors of %d bytes, SHA-256 %s", i.URL, i.SectorSize, i.SHA256)
	}
	row("config", "%s, spec %s, %d bytes, SHA-256 %s", p.Config.Name, p.Config.Version, p.Config.Bytes, p.Config.SHA256)
	if p.Config.Expires != nil {
		row("", "valid until %s", p.Config.Expires.Format("Mon 2 Jan 2006 15:04 MST"))
	}
	_ = w.Flush() // a strings.Builder takes everything
	b.WriteString("\nSteps\n")
	w = tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	for _, s := range p.Steps {
		fmt.Fprintf(w, "%3d. %s\t%s\n", s.Number, s.Where, diag.Printable(s.What))
	}
	_ = w.Flush()
	if len(p.Findings) > 0 {
		b.WriteString("\nNotes\n")
	}
	for _, f := range p.Findings {
		fmt.Fprintf(&b, "  %s: %s", f.Verdict, diag.Printable(f.Reason))
		if f.Way != "" {
			b.WriteString(". " + diag.Capital(f.Way))
		}
		b.WriteByte('\n')
	}
	return b.String()
}
