package pivot

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Text is the plan for people, in lines of at most width characters; 0 is any number.
func (p Plan) Text(width int) string {
	var b strings.Builder
	head := diag.NewTable(width)
	head.Row("role", p.Role)
	head.Rowf("mode", "%s: %s", p.Mode, p.ModeReason)
	head.Row("release", p.Release.Image)
	head.Rowf("medium", "%s (%s)", p.Medium, p.Architecture)
	head.Row("target", p.Target.Title())
	head.Row("disk", p.Device)
	if p.OSImage != "" {
		head.Row("system", p.OSImage)
	}
	for _, i := range p.Images {
		head.Rowf("image", "%s, for sectors of %d bytes, SHA-256 %s", i.URL, i.SectorSize, i.SHA256)
	}
	head.Rowf("config", "%s, spec %s, %d bytes, SHA-256 %s", p.Config.Name, p.Config.Version, p.Config.Bytes, p.Config.SHA256)
	if p.Config.Expires != nil {
		head.Rowf("", "valid until %s", p.Config.Expires.Format("Mon 2 Jan 2006 15:04 MST"))
	}
	b.WriteString(head.String() + "\n")
	steps := diag.NewTable(width, ">STEP", "WHERE", "WHAT IT DOES")
	for _, s := range p.Steps {
		steps.Row(strconv.Itoa(s.Number), s.Where, s.What)
	}
	b.WriteString(steps.String())
	if len(p.Findings) > 0 {
		b.WriteString("\nNotes\n")
	}
	for _, f := range p.Findings {
		line := fmt.Sprintf("  %s: %s", f.Verdict, diag.Printable(f.Reason))
		if f.Way != "" {
			line += ". " + diag.Capital(f.Way)
		}
		b.WriteString(strings.Join(diag.Fold(line, "    ", width), "\n") + "\n")
	}
	return b.String()
}
