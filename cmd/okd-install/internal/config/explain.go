package config

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig"
)

type explainOptions struct {
	*cli.App
	recursive bool
	output    string
}

// NewExplainCmd is the command explain.
func NewExplainCmd(a *cli.App) *cobra.Command {
	o := explainOptions{App: a}
	cmd := &cobra.Command{
		Use:   "explain [FIELD]",
		Short: "Explain the fields of install-config.yaml",
		Long: `Explain a field of install-config.yaml: its type, its default, the values that
it may have, what it does, since which release, and what took its place if it
is deprecated. Without a field, list the fields of the whole file.

A field is named as in an error message, with or without installconfig in front
and with or without [] behind lists: installconfig.networking.clusterNetwork and
networking.clusterNetwork[0] are the same. Below an object, its fields are
listed; --recursive lists those of all objects in it as well.`,
		Example: `  okd-install explain
  okd-install explain installconfig.networking.clusterNetwork
  okd-install explain compute.replicas
  okd-install explain platform --recursive`,
		Args: oneField,
		ValidArgsFunction: func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			paths := installconfig.Paths()
			if strings.HasPrefix(begun, "installconfig.") {
				for i := range paths {
					paths[i] = "installconfig." + paths[i]
				}
			}
			return paths, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error { return o.run(strings.Join(args, "")) },
	}
	cmd.Flags().BoolVar(&o.recursive, "recursive", false, "list the fields of all objects below, too")
	cli.AddOutputFlag(cmd, &o.output, "text")
	return cmd
}

func oneField(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return diag.Problem{
			Detail: "explain takes one field, got " + strings.Join(args, " "),
			Hint:   "join the names with dots, such as networking.clusterNetwork",
		}
	}
	return nil
}

func (o explainOptions) run(path string) error {
	if err := cli.CheckOutput(o.output, "text"); err != nil {
		return err
	}
	for strings.Contains(path, "..") {
		path = strings.ReplaceAll(path, "..", ".")
	}
	e, err := installconfig.Explain(strings.TrimRight(path, ".")) // as completion leaves it
	if err != nil {
		return err
	}
	if cli.IsData(o.output) {
		return o.PrintWhole(o.output, ExplainReport{1, explained(e, o.recursive, true)})
	}
	var b strings.Builder
	o.describe(&b, e)
	if len(e.Fields) > 0 {
		b.WriteString("\nfields:\n")
		o.list(&b, e.Fields, "  ")
	}
	_, err = fmt.Fprint(o.Text, o.Fitted(b.String()))
	return err
}

// describe writes all that is known of one field.
func (o explainOptions) describe(b *strings.Builder, e installconfig.Explanation) {
	name := e.Name
	if name == "" {
		name = installconfig.FileName
	}
	fmt.Fprintf(b, "%s\n\n%s\n", name, diag.Wrap(e.Text, "  ", o.Width()))
	facts := [][2]string{{"type", e.Type}}
	if e.Name != "" {
		facts = append(facts, [2]string{"required", map[bool]string{true: "yes", false: "no"}[e.Required]})
	}
	facts = append(facts, [2]string{"default", e.Default}, [2]string{"if absent", e.Absent})
	if len(e.Values) > 0 {
		facts = append(facts, [2]string{"values", valueList(e.Values)})
	}
	facts = append(facts, [2]string{"number", rangeOf(e.Field)}, [2]string{"form", string(e.Form)})
	if e.Most > 0 {
		facts = append(facts, [2]string{"entries", fmt.Sprintf("at most %d", e.Most)})
	}
	facts = append(facts, [2]string{"example", e.Example}, [2]string{"feature gate", gateOf(e.Field)})
	if e.Name != "" {
		since := "every release that okd-install knows"
		if e.Since() != "" {
			since = "OKD " + e.Since()
		}
		facts = append(facts, [2]string{"since", since})
	}
	if e.Deprecated != "" {
		facts = append(facts, [2]string{"deprecated", "use " + e.Deprecated})
	}
	b.WriteString("\n")
	for _, fact := range facts {
		if fact[1] != "" {
			b.WriteString(o.hanging(fmt.Sprintf("%-14s", fact[0]+":"), fact[1]))
		}
	}
	for _, v := range e.Values {
		if v.Text != "" {
			b.WriteString(o.hanging(fmt.Sprintf("  %s: ", v.Word), v.Text))
		}
	}
}

// list writes one or two lines for each field.
func (o explainOptions) list(b *strings.Builder, fields []installconfig.Explanation, indent string) {
	for _, f := range fields {
		name := f.Name[strings.LastIndex(f.Name, ".")+1:]
		line := fmt.Sprintf("%s%s <%s>", indent, name, f.Type)
		switch {
		case f.Required:
			line += " required"
		case f.Deprecated != "":
			line += " deprecated"
		case f.Default != "":
			line += " default: " + f.Default
		}
		b.WriteString(line + "\n")
		if o.recursive {
			o.list(b, f.Fields, indent+"  ")
			continue
		}
		b.WriteString(diag.Wrap(diag.FirstSentence(f.Text)+".", indent+"    ", o.Width()) + "\n")
	}
}

// gateOf words which feature gate a field needs, and until when.
func gateOf(f installconfig.Field) string {
	gate := f.Gate()
	if note := gate.GateNote(); note != "" {
		return gate.Gate + ", " + note
	}
	return gate.Gate
}

func rangeOf(f installconfig.Field) string {
	switch {
	case f.Range == nil:
		return ""
	case f.Range.Max == 1<<63-1:
		return fmt.Sprintf("%d or more", f.Range.Min)
	default:
		return fmt.Sprintf("%d to %d", f.Range.Min, f.Range.Max)
	}
}

func valueList(values []installconfig.Value) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = v.Word
		if v.Since() != "" {
			words[i] += " (since " + v.Since() + ")"
		}
	}
	return strings.Join(words, ", ")
}

// hanging writes a title and a text, whose further lines stand below its first.
func (o explainOptions) hanging(title, text string) string {
	indent := strings.Repeat(" ", len(title))
	return title + strings.TrimPrefix(diag.Wrap(text, indent, o.Width()), indent) + "\n"
}

// explainedField is a field in JSON.
type explainedField struct {
	Path       string           `json:"path"`
	Type       string           `json:"type"`
	Text       string           `json:"text"`
	Required   bool             `json:"required"`
	Default    string           `json:"default,omitempty"`
	Absent     string           `json:"ifAbsent,omitempty"`
	Values     []explainedValue `json:"values,omitempty"`
	Form       string           `json:"form,omitempty"`
	Example    string           `json:"example,omitempty"`
	Since      string           `json:"since,omitempty"`
	Gate       string           `json:"featureGate,omitempty"`
	GateOn     string           `json:"featureGateDefaultSince,omitempty"`
	Deprecated string           `json:"deprecatedBy,omitempty"`
	Fields     []explainedField `json:"fields,omitempty"`
}

type explainedValue struct {
	Value string `json:"value"`
	Text  string `json:"text,omitempty"`
	Since string `json:"since,omitempty"`
}

// explained is a field with those in it; deep also with what is in those.
func explained(e installconfig.Explanation, deep, top bool) explainedField {
	out := explainedField{
		Path: e.Name, Type: e.Type, Text: e.Text, Required: e.Required, Default: e.Default, Absent: e.Absent,
		Form: string(e.Form), Example: e.Example, Since: e.Since(), Gate: e.Gate().Gate, GateOn: e.Gate().GateDefault, Deprecated: e.Deprecated,
	}
	for _, v := range e.Values {
		out.Values = append(out.Values, explainedValue{v.Word, v.Text, v.Since()})
	}
	if deep || top {
		for _, f := range e.Fields {
			out.Fields = append(out.Fields, explained(f, deep, false))
		}
	}
	return out
}

// ExplainReport is a field, and those below it.
type ExplainReport struct {
	SchemaVersion int `json:"schemaVersion"`
	explainedField
}
