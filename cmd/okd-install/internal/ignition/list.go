package ignition

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/ignition/inspect"
	"github.com/okd-project/okd-install/pkg/redact"
)

type listOptions struct {
	*cli.App
	output string
}

// List is the form of ignition ls for scripts.
type List struct {
	SchemaVersion int     `json:"schemaVersion"`
	File          string  `json:"file"`
	Spec          string  `json:"spec"`
	Entries       []entry `json:"entries"`
}

type entry struct {
	Path  string       `json:"path"`
	Kind  inspect.Kind `json:"kind"`
	Mode  string       `json:"mode,omitempty"`
	Owner string       `json:"owner,omitempty"`
	// Size and SHA256 are those of the decoded content, as far as it is in the
	// config. A secret has no SHA256: a short one could be guessed from it.
	Size       int      `json:"size"`
	SHA256     string   `json:"sha256,omitempty"`
	Target     string   `json:"target,omitempty"`
	Hard       bool     `json:"hard,omitempty"`
	Enabled    *bool    `json:"enabled,omitempty"`
	Masked     bool     `json:"masked,omitempty"`
	Appended   bool     `json:"appended,omitempty"`
	Compressed bool     `json:"compressed,omitempty"`
	URLs       []string `json:"urls,omitempty"`
	// Unreadable tells that the content cannot be decoded.
	Unreadable   bool                  `json:"unreadable,omitempty"`
	Secret       bool                  `json:"secret,omitempty"`
	Certificates []inspect.Certificate `json:"certificates,omitempty"`
}

func newListCmd(a *cli.App) *cobra.Command {
	o := listOptions{App: a}
	cmd := &cobra.Command{
		Use:   "ls FILE",
		Short: "List what is in an Ignition config",
		Long: `List everything that an Ignition config puts on a machine or changes there: files,
directories and links with their modes, owners and decoded sizes, units and
drop-ins, and by the path of their field users, further configs, certificate
authorities and every other setting.

The last column says what is special: what is secret, what is enabled, what is
compressed, appended or elsewhere, and until when a certificate is good.`,
		Example: `  okd-install ignition ls mycluster/bootstrap.ign

  # for scripts
  okd-install ignition ls mycluster/master.ign -o json`,
		Args:              cli.Takes("a config"),
		ValidArgsFunction: completeConfigs(1),
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0]) },
	}
	cli.AddOutputFlag(cmd, &o.output, "table", "wide")
	return cmd
}

func (o listOptions) run(cmd *cobra.Command, file string) error {
	if err := cli.CheckOutput(o.output, "table", "wide"); err != nil {
		return err
	}
	config, unreadable := readConfig(cmd, file)
	if config.Version == "" {
		return unreadable
	}
	list := List{SchemaVersion: 1, File: file, Spec: config.Version, Entries: []entry{}}
	for _, e := range config.Entries {
		list.Entries = append(list.Entries, describeEntry(e))
	}
	if cli.IsData(o.output) {
		return errors.Join(o.PrintData(o.output, list), unreadable)
	}
	titles := []string{"MODE", ">SIZE", "PATH", "WHAT IT IS"}
	wide := o.output == "wide"
	if wide {
		titles = []string{"MODE", "OWNER", ">SIZE", "PATH", "WHAT IT IS", "SHA256"}
	}
	t := o.NewTable(o.Out, titles...)
	for _, e := range list.Entries {
		what := strings.Join(e.remarks(o.Now()), ", ")
		if wide {
			t.Row(dash(e.Mode), dash(e.Owner), e.size(), e.Path, dash(what), dash(e.SHA256))
		} else {
			t.Row(dash(e.Mode), e.size(), e.Path, what)
		}
	}
	return errors.Join(t.Flush(), unreadable)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func describeEntry(e inspect.Entry) entry {
	data := e.Data()
	d := entry{
		Path: e.Path, Kind: e.Kind, Size: len(data), Target: e.Target, Hard: e.Hard, Enabled: e.Enabled, Masked: e.Masked, Appended: e.Appended(),
		Unreadable: e.Unreadable, Secret: inspect.Secret(e.Path, data), Certificates: inspect.Certificates(data),
	}
	if e.OnDisk() && e.Kind != inspect.Link {
		d.Mode = fmt.Sprintf("%04o", e.Mode)
	}
	if e.OnDisk() {
		d.Owner = e.Owner()
	}
	for _, url := range e.Remote() {
		d.URLs = append(d.URLs, redact.URL(url))
	}
	for _, p := range e.Parts {
		d.Compressed = d.Compressed || p.Compressed
	}
	if len(e.Parts) > len(d.URLs) && !d.Secret && !d.Unreadable {
		sum := sha256.Sum256(data)
		d.SHA256 = hex.EncodeToString(sum[:])
	}
	return d
}

// size is a dash for what has no content of its own.
func (e entry) size() string {
	if e.Kind == inspect.Directory || e.Kind == inspect.Link || (len(e.URLs) > 0 || e.Unreadable) && e.Size == 0 {
		return "-"
	}
	return strconv.Itoa(e.Size)
}

// remarks say what is special about an entry.
func (e entry) remarks(now time.Time) []string {
	var out []string
	add := func(is bool, remark string) {
		if is {
			out = append(out, remark)
		}
	}
	add(e.Kind != inspect.File && e.Kind != inspect.Link, string(e.Kind))
	if e.Kind == inspect.Link {
		word := "link to "
		if e.Hard {
			word = "hard link to "
		}
		out = append(out, word+e.Target)
	}
	if e.Enabled != nil {
		add(*e.Enabled, "enabled")
		add(!*e.Enabled, "disabled")
	}
	add(e.Masked, "masked")
	add(e.Appended, "appended")
	add(e.Compressed, "compressed")
	for _, url := range e.URLs {
		out = append(out, "at "+url)
	}
	add(e.Unreadable, "cannot be read")
	add(e.Secret, "secret")
	if n := len(e.Certificates); n > 0 {
		first := e.Certificates[0]
		for _, c := range e.Certificates {
			if c.NotAfter.Before(first.NotAfter) {
				first = c
			}
		}
		what := "certificate"
		if n > 1 {
			what = fmt.Sprintf("%d certificates", n)
		}
		out = append(out, what+" "+first.Validity(now))
	}
	return out
}

func newTreeCmd(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tree FILE",
		Short: "Show an Ignition config as a tree, with its certificates explained",
		Long: `Show what an Ignition config puts on a machine as a tree of folders, and after it
what it sets besides. Below each file that holds certificates stands what these
are: whose, signed by whom, for which names, and until when they are good.`,
		Example:           `  okd-install ignition tree mycluster/bootstrap.ign`,
		Args:              cli.Takes("a config"),
		ValidArgsFunction: completeConfigs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, unreadable := readConfig(cmd, args[0])
			if config.Version == "" {
				return unreadable
			}
			return errors.Join(printTree(a, args[0], config), unreadable)
		},
	}
	return cmd
}

// printTree prints folders before what is in them; entries come sorted.
func printTree(a *cli.App, file string, config inspect.Config) error {
	var b strings.Builder
	cli.Say(&b, "%s: Ignition config of spec %s\n", file, config.Version)
	open := []string{}
	for _, fields := range []bool{false, true} {
		for _, e := range config.Entries {
			if e.OnDisk() == fields {
				continue
			}
			depth, name := 0, e.Path
			if e.OnDisk() {
				open = folders(&b, open, e.Path)
				depth, name = len(open), path.Base(e.Path)
			}
			d := describeEntry(e)
			pad := strings.Repeat("  ", depth)
			if e.Kind == inspect.Directory {
				name += "/"
			}
			columns := []string{pad + name, d.Mode, d.size(), strings.Join(d.words(), ", ")}
			columns = slices.DeleteFunc(columns, func(s string) bool { return s == "" || s == "-" })
			cli.Say(&b, "%s\n", strings.Join(columns, "  "))
			if e.Kind == inspect.Directory {
				open = append(open, path.Base(e.Path))
			}
			for _, c := range d.Certificates {
				cli.Say(&b, "%s    %s\n", pad, c.Words(a.Now()))
			}
		}
	}
	_, err := io.WriteString(a.Out, b.String())
	return err
}

// words are the remarks without those that a tree shows otherwise.
func (e entry) words() []string {
	e.Certificates = nil
	if e.Kind == inspect.Directory {
		return nil
	}
	return e.remarks(time.Time{})
}

// folders prints the folders that lead to a path and are not open yet, and
// returns those that are open then.
func folders(b *strings.Builder, open []string, name string) []string {
	want := strings.Split(strings.TrimPrefix(path.Dir(name), "/"), "/")
	if path.Dir(name) == "/" {
		want = nil
	}
	want = append([]string{""}, want...)
	same := 0
	for same < len(open) && same < len(want) && open[same] == want[same] {
		same++
	}
	for i := same; i < len(want); i++ {
		cli.Say(b, "%s%s/\n", strings.Repeat("  ", i), want[i])
	}
	return want
}
