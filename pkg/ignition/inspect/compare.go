package inspect

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/redact"
)

// Change is how an entry differs between two configs, or between two sets of files.
type Change struct {
	Path string `json:"path"`
	Kind Kind   `json:"kind"`
	// How is added, removed or changed.
	How string `json:"how"`
	// Details say what else than the content is different, or what the content
	// means: one line each.
	Details []string `json:"details,omitempty"`
	// Secret tells that something of the content is hidden in Diff.
	Secret bool `json:"secret,omitempty"`
	// Diff is the content as a unified diff, without secrets; it is empty if the
	// content is the same, is no text, or is certificates.
	Diff string `json:"diff,omitempty"`
}

// The ways in which an entry changes.
const (
	Added   = "added"
	removed = "removed"
	Changed = "changed"
)

// Comparison says how things are compared, and shown.
type Comparison struct {
	// Now is the time from which the life of certificates is counted.
	Now time.Time
	// ShowSecrets leaves secrets in the diffs.
	ShowSecrets bool

	mask Mask
}

// Configs compares two configs, entry by entry.
func (c *Comparison) Configs(before, after Config) []Change {
	var changes []Change
	if before.Version != after.Version {
		changes = append(changes, Change{
			Path:    "ignition.version",
			Kind:    setting,
			How:     Changed,
			Details: []string{fmt.Sprintf("spec: %s -> %s", diag.Printable(before.Version), diag.Printable(after.Version))},
		})
	}
	old, now := byPath(before), byPath(after)
	for _, path := range union(old, now) {
		// a path that stands twice is compared one by one
		for i := range max(len(old[path]), len(now[path])) {
			if change, differs := c.entry(at(old[path], i), at(now[path], i)); differs {
				changes = append(changes, change)
			}
		}
	}
	return changes
}

func byPath(c Config) map[string][]Entry {
	found := map[string][]Entry{}
	for _, e := range c.Entries {
		found[e.Path] = append(found[e.Path], e)
	}
	return found
}

func at(entries []Entry, i int) *Entry {
	if i < len(entries) {
		return &entries[i]
	}
	return nil
}

func union[V any](a, b map[string]V) []string {
	var names []string
	for name := range a {
		names = append(names, name)
	}
	for name := range b {
		if _, both := a[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// entry compares two entries with one path; one of them may be absent.
func (c *Comparison) entry(a, b *Entry) (Change, bool) {
	switch {
	case a == nil:
		return c.content(Change{Path: b.Path, Kind: b.Kind, How: Added, Details: properties(*b)}, nil, b.Data()), true
	case b == nil:
		return c.content(Change{Path: a.Path, Kind: a.Kind, How: removed, Details: properties(*a)}, a.Data(), nil), true
	}
	change := Change{Path: a.Path, Kind: b.Kind, How: Changed}
	old, now := properties(*a), properties(*b)
	for i := range max(len(old), len(now)) {
		if from, to := nth(old, i), nth(now, i); from != to {
			change.Details = append(change.Details, from+" -> "+to)
		}
	}
	if !bytes.Equal(a.Data(), b.Data()) {
		change = c.content(change, a.Data(), b.Data())
	} else if len(change.Details) == 0 {
		return change, false
	}
	return change, true
}

func nth(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "nothing"
}

// properties says what an entry is besides its content, as many lines for every
// entry of a kind.
func properties(e Entry) []string {
	var out []string
	switch e.Kind {
	case File, Directory:
		out = []string{fmt.Sprintf("mode %04o", e.Mode), "owner " + e.Owner()}
	case Link:
		kind := "link to "
		if e.Hard {
			kind = "hard link to "
		}
		out = []string{kind + e.Target, "owner " + e.Owner()}
	case Unit:
		state := "neither enabled nor disabled"
		if e.Enabled != nil && *e.Enabled {
			state = "enabled"
		} else if e.Enabled != nil {
			state = "disabled"
		}
		if e.Masked {
			state += ", masked"
		}
		out = []string{state}
	}
	if e.Kind == File && e.Appended() {
		out = append(out, "appended to what the image has")
	} else if e.Kind == File {
		out = append(out, "replaces what the image has")
	}
	for _, p := range e.Parts {
		if p.URL != "" {
			out = append(out, strings.TrimSpace("content from "+redact.URL(p.URL)+" "+p.Hash))
		}
	}
	return out
}

// Owner is the user and group of an entry.
func (e Entry) Owner() string {
	name := func(s string) string {
		if s == "" {
			return "root"
		}
		return s
	}
	return name(e.User) + ":" + name(e.Group)
}

// Files compares two sets of files by their paths.
func (c *Comparison) Files(before, after map[string][]byte) []Change {
	var changes []Change
	for _, name := range union(before, after) {
		old, was := before[name]
		now, is := after[name]
		change := Change{Path: name, Kind: File, How: Changed}
		switch {
		case !was:
			change.How = Added
		case !is:
			change.How = removed
		case bytes.Equal(old, now):
			continue
		}
		changes = append(changes, c.content(change, old, now))
	}
	return changes
}

// content adds to a change how the content differs.
func (c *Comparison) content(change Change, old, now []byte) Change {
	if bytes.Equal(old, now) {
		return change
	}
	if Binary(old) || Binary(now) {
		change.Details = append(change.Details, fmt.Sprintf("binary content: %d -> %d bytes", len(old), len(now)))
		change.Secret = !c.ShowSecrets && (Secret(change.Path, old) || Secret(change.Path, now))
		return change
	}
	certificates := c.certificates(Certificates(old), Certificates(now))
	change.Details = append(change.Details, certificates...)
	if onlyCertificates(old) && onlyCertificates(now) && len(certificates) > 0 {
		return change
	}
	before, after, hidden := string(old), string(now), false
	if !c.ShowSecrets {
		var a, b bool
		before, a = c.mask.Text(change.Path, old)
		after, b = c.mask.Text(change.Path, now)
		hidden = a || b
	}
	if one(before) && one(after) {
		change.Secret = true
		change.Details = append(change.Details, "it is secret as a whole, and differs")
		return change
	}
	before, after = namedCertificates(before), namedCertificates(after)
	names := [2]string{"a/" + strings.TrimPrefix(change.Path, "/"), "b/" + strings.TrimPrefix(change.Path, "/")}
	change.Secret = hidden
	change.Diff = unified(names[0], before, names[1], after)
	return change
}

// pemBlocks finds certificates in a text of something else.
var pemBlocks = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s\\]+-----END CERTIFICATE-----|` + encodedPEM().String())
})

// namedCertificates puts what they say in place of certificates, which as text
// nobody can read.
func namedCertificates(text string) string {
	return pemBlocks().ReplaceAllStringFunc(text, func(block string) string {
		var names []string
		for _, c := range Certificates([]byte(block)) {
			names = append(names, "<certificate "+c.Subject+" until "+stamp(c.NotAfter)+">")
		}
		if len(names) == 0 {
			return block
		}
		return strings.Join(names, " ")
	})
}

// one tells that a masked text is a single secret.
func one(masked string) bool {
	masked = strings.TrimSpace(masked)
	return strings.HasPrefix(masked, "<secret ") && strings.IndexByte(masked, '>') == len(masked)-1
}

// maxDiff is the most bytes of which lines are compared.
const maxDiff = 4 << 20

func unified(oldName, old, newName, now string) string {
	if len(old)+len(now) > maxDiff {
		return ""
	}
	text := string(diff.Diff(oldName, []byte(old), newName, []byte(now)))
	_, text, _ = strings.Cut(text, "\n") // its first line names both files once more
	return text
}

// onlyCertificates tells that a text is PEM certificates and nothing else.
func onlyCertificates(data []byte) bool {
	text := string(data)
	for {
		_, rest, ok := strings.Cut(text, "-----BEGIN CERTIFICATE-----")
		if !ok {
			return strings.TrimSpace(text) == ""
		}
		if strings.TrimSpace(text[:len(text)-len(rest)-len("-----BEGIN CERTIFICATE-----")]) != "" {
			return false
		}
		if _, text, ok = strings.Cut(rest, "-----END CERTIFICATE-----"); !ok {
			return false
		}
	}
}

// certificates says which certificates came, went, or were made again.
func (c *Comparison) certificates(old, now []Certificate) []string {
	var out []string
	gone := slices.DeleteFunc(slices.Clone(old), func(o Certificate) bool {
		return slices.ContainsFunc(now, func(n Certificate) bool { return n.sum == o.sum })
	})
	for _, n := range now {
		if slices.ContainsFunc(old, func(o Certificate) bool { return o.sum == n.sum }) {
			continue
		}
		i := slices.IndexFunc(gone, func(o Certificate) bool { return o.Subject == n.Subject && o.Issuer == n.Issuer })
		if i < 0 {
			out = append(out, "new "+n.Words(c.Now))
			continue
		}
		out = append(out, reissued(gone[i], n))
		gone = slices.Delete(gone, i, i+1)
	}
	for _, o := range gone {
		out = append(out, "no more "+o.Words(c.Now))
	}
	return out
}

// reissued says how a certificate differs from the one of the same name.
func reissued(old, now Certificate) string {
	what := []string{}
	differ := func(name, a, b string) {
		if a != b {
			what = append(what, fmt.Sprintf("%s: %s -> %s", name, a, b))
		}
	}
	differ("good from", stamp(old.NotBefore), stamp(now.NotBefore))
	differ("good until", stamp(old.NotAfter), stamp(now.NotAfter))
	differ("names", strings.Join(old.Names, " "), strings.Join(now.Names, " "))
	differ("key", old.Key, now.Key)
	if len(what) == 0 {
		what = append(what, "a new one for the same time and names")
	}
	return fmt.Sprintf("certificate %s made again: %s", now.Subject, strings.Join(what, "; "))
}
