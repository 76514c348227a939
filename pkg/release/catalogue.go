package release

import (
	"fmt"
	"slices"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/yamlfile"
)

// DefaultLine is the line that an installation gets unless the user asks for another.
const DefaultLine = "4.22"

// maxCatalogue is far above any catalogue there will be; it keeps a wrong file
// from being read for long.
const maxCatalogue = 1 << 20

// Catalogue is what data/releases.yaml says: release lines, and the releases of
// each. Make one with Parse; the zero value knows no release.
type Catalogue struct {
	repository string
	lines      []line // oldest first
}

// Entry is a row of the catalogue as it is listed.
type Entry struct {
	Release
	// Date is when the release came out, as exact as it is known: 2026-07-13,
	// 2026-09, 2024 or empty.
	Date string `json:"date,omitempty"`
	// Preview is true for an early candidate (ec).
	Preview bool `json:"preview,omitempty"`
}

type line struct {
	name       string
	kubernetes string
	bootImage  BootImage
	entries    []entry // oldest first
}

type entry struct {
	tag
	date   string
	digest string // 64 hexadecimal digits, or empty
}

// The file as it is written.
type (
	fileYAML struct {
		Repository string     `yaml:"repository"`
		Lines      []lineYAML `yaml:"lines"`
	}
	lineYAML struct {
		Line       string        `yaml:"line"`
		Kubernetes string        `yaml:"kubernetes"`
		BootImage  bootImageYAML `yaml:"bootImage"`
		Releases   []releaseYAML `yaml:"releases"`
	}
	bootImageYAML struct {
		Stream string `yaml:"stream"`
		Build  string `yaml:"build"`
	}
	releaseYAML struct {
		Tag    string `yaml:"tag"`
		Date   string `yaml:"date"`
		Digest string `yaml:"digest"`
	}
)

// Parse reads a catalogue file. It refuses unknown and repeated keys, anything
// that is not a tag, date or digest in its place, two releases with the same tag
// or digest, and a catalogue without a stable release of DefaultLine. The error
// holds every problem with the content, as diag.Problems.
func Parse(data []byte) (Catalogue, error) {
	if len(data) > maxCatalogue {
		return Catalogue{}, diag.Problem{Detail: fmt.Sprintf("the release catalogue has %d bytes, more than the limit of %d", len(data),
			maxCatalogue)}
	}
	var file fileYAML
	if err := yamlfile.Decode(data, &file); err != nil {
		return Catalogue{}, diag.Problem{Detail: "the release catalogue cannot be read: " + err.Error()}
	}
	return file.catalogue()
}

// catalogue checks the file and sorts it.
func (f fileYAML) catalogue() (Catalogue, error) {
	var problems diag.Problems
	report := func(path, format string, args ...any) {
		problems = append(problems, diag.Problem{Path: path, Detail: fmt.Sprintf(format, args...)})
	}
	if ref, err := parseReference(f.Repository); err != nil || ref.tag != "" || ref.digest != "" {
		report("repository", "%q is not a repository such as quay.io/okd/scos-release", f.Repository)
	}
	c := Catalogue{repository: f.Repository}
	seen := map[string]string{}
	once := func(path, what, value string) {
		if before, ok := seen[what+value]; ok {
			report(path, "%s %q already exists, at %s", what, value, before)
		}
		seen[what+value] = path
	}
	for i, l := range f.Lines {
		path := fmt.Sprintf("lines[%d]", i)
		if _, err := parseLine(l.Line); err != nil {
			report(path+".line", "%v", err)
			continue
		}
		once(path+".line", "line", l.Line)
		if _, err := parseLine(l.Kubernetes); err != nil {
			report(path+".kubernetes", "%q is not a minor version such as 1.35", l.Kubernetes)
		}
		if l.BootImage.Stream == "" || l.BootImage.Build == "" {
			report(path+".bootImage", "stream and build are both needed")
		}
		if len(l.Releases) == 0 {
			report(path+".releases", "%s has no release", l.Line)
		}
		out := line{name: l.Line, kubernetes: l.Kubernetes, bootImage: BootImage(l.BootImage)}
		for j, r := range l.Releases {
			path := fmt.Sprintf("%s.releases[%d]", path, j)
			t, err := parseTag(r.Tag)
			switch {
			case err != nil:
				report(path+".tag", "%v", err)
			case t.line() != l.Line:
				report(path+".tag", "%s is not a release of %s", r.Tag, l.Line)
			}
			once(path+".tag", "tag", r.Tag)
			if r.Date != "" && !isDate(r.Date) {
				report(path+".date", "%q is not a date such as 2026-07-13, 2026-07 or 2026", r.Date)
			}
			if r.Digest != "" {
				if !isDigest(r.Digest) {
					report(path+".digest", "%q is not 64 hexadecimal digits, so it is not the digest of an image", r.Digest)
				}
				once(path+".digest", "digest", r.Digest)
			}
			out.entries = append(out.entries, entry{tag: t, date: r.Date, digest: r.Digest})
		}
		slices.SortFunc(out.entries, func(a, b entry) int { return a.compare(b.tag) })
		c.lines = append(c.lines, out)
	}
	slices.SortFunc(c.lines, func(a, b line) int { return compareLines(a.name, b.name) })
	if e, ok := c.newest(DefaultLine); len(problems) == 0 && (!ok || e.preview) {
		report("lines", "there is no stable release of %s, the default", DefaultLine)
	}
	if err := problems.Err(); err != nil {
		return Catalogue{}, err
	}
	return c, nil
}

// isDate reports whether s is a year, a month or a day.
func isDate(s string) bool {
	const shape = "0000-00-00"
	if len(s) != 4 && len(s) != 7 && len(s) != 10 {
		return false
	}
	for i := range len(s) {
		if shape[i] == '-' && s[i] != '-' || shape[i] == '0' && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return (len(s) < 7 || "01" <= s[5:7] && s[5:7] <= "12") && (len(s) < 10 || "01" <= s[8:] && s[8:] <= "31")
}
