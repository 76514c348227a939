package inspect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/redact"
)

// Node is a file, directory or link as Ignition would leave it on a machine that
// has nothing but the folders above it.
type Node struct {
	// Path is relative to the machine's root, with slashes.
	Path   string
	Kind   Kind
	Mode   int
	Data   []byte
	Target string
	Hard   bool
}

// presetFile is where Ignition says which units are enabled.
const presetFile = "etc/systemd/system-preset/20-ignition.preset"

// Tree lays out what Ignition would write for a config: first the directories
// that the config names, then the files, then the links, each parent before what
// is in it. left says what else the config asks for that is no file here: what
// would be fetched, users, disks.
//
// A config that Ignition would refuse because two of its entries collide is an
// error.
func Tree(file string, c Config) (nodes []Node, left []string, err error) {
	var enabled []Entry
	for _, e := range c.Entries {
		for _, url := range e.Remote() {
			left = append(left, fmt.Sprintf("%s: its content is at %s, and is not fetched", e.Path, redact.URL(url)))
		}
		switch e.Kind {
		case Directory, Link:
			nodes = append(nodes, e.node())
		case File:
			if len(e.Remote()) == 0 {
				nodes = append(nodes, e.node())
			}
		case Dropin:
			if e.Parts != nil {
				nodes = append(nodes, e.node())
			}
		case Unit:
			nodes = append(nodes, e.unit()...)
			if e.Enabled != nil && *e.Enabled {
				enabled = append(enabled, e)
			}
		case user:
			more, what := e.user()
			nodes, left = append(nodes, more...), append(left, what)
		default:
			left = append(left, e.Path+": is not a file")
		}
	}
	if len(enabled) > 0 {
		nodes = append(nodes, Node{Path: presetFile, Kind: File, Mode: 0o644, Data: presets(enabled)})
	}
	nodes = slices.DeleteFunc(nodes, func(n Node) bool { return n.Path == "." || n.Path == "" })
	nodes, left = withoutLooseLinks(nodes, left)
	slices.SortStableFunc(nodes, func(a, b Node) int {
		if a.rank() != b.rank() {
			return a.rank() - b.rank()
		}
		return strings.Compare(a.Path, b.Path)
	})
	return nodes, left, collisions(file, nodes)
}

// withoutLooseLinks leaves out hard links to files that the boot image has, and
// the config has not.
func withoutLooseLinks(nodes []Node, left []string) (kept []Node, more []string) {
	files := map[string]bool{}
	for _, n := range nodes {
		files[n.Path] = files[n.Path] || n.Kind == File
	}
	for _, n := range nodes {
		if target := path.Clean("/" + n.Target)[1:]; n.Hard && !files[target] {
			left = append(left, "/"+n.Path+": is a hard link to /"+target+", which is not a file of the config")
			continue
		}
		kept = append(kept, n)
	}
	return kept, left
}

// rank orders nodes: links come last, so that nothing is written through one.
func (n Node) rank() int {
	return slices.IndexFunc([]bool{n.Kind == Directory, n.Kind == File, n.Kind == Link && n.Hard, true}, func(is bool) bool { return is })
}

func (e Entry) node() Node {
	kind := e.Kind
	if kind == Dropin || kind == Unit {
		kind = File
	}
	return Node{Path: strings.TrimPrefix(e.Path, "/"), Kind: kind, Mode: e.Mode, Data: e.Data(), Target: e.Target, Hard: e.Hard}
}

// unit is a unit's file, or the link that masks it.
func (e Entry) unit() []Node {
	switch {
	case e.Masked:
		return []Node{{Path: strings.TrimPrefix(e.Path, "/"), Kind: Link, Target: "/dev/null"}}
	case len(e.Parts) > 0:
		return []Node{e.node()}
	}
	return nil
}

// presets is the file that enables units. Those of one template stand on one
// line, in the order of the config.
func presets(units []Entry) []byte {
	slices.SortFunc(units, func(a, b Entry) int { return a.order - b.order })
	lines := map[string]string{}
	for _, unit := range units {
		name := path.Base(unit.Path)
		template, instance := name, ""
		if before, after, ok := strings.Cut(name, "@"); ok {
			dot := strings.LastIndex(after, ".")
			if dot < 0 {
				dot = len(after)
			}
			template, instance = before+"@"+after[dot:], " "+after[:dot]
		}
		if lines[template] == "" {
			lines[template] = "enable " + template
		}
		lines[template] += instance
	}
	var keys []string
	for name := range lines {
		keys = append(keys, name+"-enabled") // Ignition sorts them so
	}
	slices.Sort(keys)
	var b bytes.Buffer
	for _, key := range keys {
		b.WriteString(lines[strings.TrimSuffix(key, "-enabled")] + "\n")
	}
	return b.Bytes()
}

// user is the file with a user's SSH keys, in the home that the config names or
// the usual one.
func (e Entry) user() (nodes []Node, left string) {
	var u struct {
		Name    string
		HomeDir string
		Keys    []string `json:"sshAuthorizedKeys"`
	}
	if json.Unmarshal(e.Data(), &u) != nil || len(u.Keys) == 0 {
		return nil, e.Path + ": the user is not created, since only a running system has users"
	}
	home := u.HomeDir
	switch {
	case home == "" && u.Name == "root":
		home = "/root"
	case home == "":
		home = "/home/" + u.Name
	}
	ssh := strings.TrimPrefix(path.Join("/", diag.Printable(home), ".ssh"), "/")
	keys := strings.Join(u.Keys, "\n")
	if !strings.HasSuffix(keys, "\n") {
		keys += "\n"
	}
	return []Node{
		{Path: ssh, Kind: Directory, Mode: 0o700},
		{Path: ssh + "/authorized_keys.d", Kind: Directory, Mode: 0o700},
		{Path: ssh + "/authorized_keys.d/ignition", Kind: File, Mode: 0o600, Data: []byte(keys)},
	}, e.Path + ": only the SSH keys of the user are written, to " + "/" + ssh + "/authorized_keys.d/ignition"
}

// collisions finds paths that stand twice, and those below a file or a link.
func collisions(file string, nodes []Node) error {
	var problems diag.Problems
	taken := map[string]Kind{}
	for _, n := range nodes {
		if kind, twice := taken[n.Path]; twice && (kind != Directory || n.Kind != Directory) {
			problems = append(problems, diag.Problem{
				Position: diag.Position{File: file},
				Path:     "/" + n.Path,
				Detail:   "is in the config twice",
				Hint:     "Ignition refuses such a config; run ignition validate to see where",
			})
		}
		taken[n.Path] = n.Kind
	}
	for _, n := range nodes {
		for parent := path.Dir(n.Path); parent != "."; parent = path.Dir(parent) {
			if kind, ok := taken[parent]; ok && kind != Directory {
				problems = append(problems, diag.Problem{
					Position: diag.Position{File: file},
					Path:     "/" + n.Path,
					Detail:   "is below /" + parent + ", which is a " + string(kind) + " of the same config",
				})
				break
			}
		}
	}
	return problems.Err()
}
