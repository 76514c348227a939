package ignition

import (
	"fmt"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig"
)

// Mirror is a source of images with the registries that mirror it.
type Mirror struct {
	// Source is a registry or a repository, such as quay.io/okd/scos-release.
	Source string
	// Mirrors are asked in this order.
	Mirrors []string
	// Policy is empty, AllowContactingSource or NeverContactSource.
	Policy string
}

// neverContactSource forbids the source itself when no mirror answers.
const neverContactSource = "NeverContactSource"

// Mirrors collects the mirrors of an install-config, of imageDigestSources and
// of its deprecated form: one entry per source and policy, in the order of
// first mention, each mirror once. A source without mirrors is left out.
func Mirrors(digest []installconfig.ImageDigestSource, content []installconfig.ImageContentSource) []Mirror {
	var out []Mirror
	add := func(source, policy string, mirrors []string) {
		if len(mirrors) == 0 {
			return
		}
		i := slices.IndexFunc(out, func(m Mirror) bool { return m.Source == source && m.Policy == policy })
		if i < 0 {
			i = len(out)
			out = append(out, Mirror{Source: source, Policy: policy})
		}
		for _, m := range mirrors {
			if !slices.Contains(out[i].Mirrors, m) {
				out[i].Mirrors = append(out[i].Mirrors, m)
			}
		}
	}
	for _, s := range digest {
		add(s.Source, s.SourcePolicy, s.Mirrors)
	}
	for _, s := range content {
		add(s.Source, "", s.Mirrors)
	}
	return out
}

// mirrorProblems finds sources that podman and CRI-O would not start with:
// registries.conf may not both block a location and allow it.
func mirrorProblems(mirrors []Mirror) diag.Problems {
	var problems diag.Problems
	blocked := map[string]bool{}
	for _, m := range mirrors {
		never := m.Policy == neverContactSource
		if before, seen := blocked[m.Source]; seen && before != never {
			problems = append(problems, diag.Problem{
				Position: diag.Position{File: installconfig.FileName}, Path: "imageDigestSources",
				Detail: fmt.Sprintf("source %s is given with sourcePolicy %s and without it", m.Source, neverContactSource),
				Hint:   "use the same sourcePolicy in all entries of a source",
			})
		}
		blocked[m.Source] = never
	}
	return problems
}

// registriesConf is /etc/containers/registries.conf. Without mirrors it is
// empty, and so takes the place of the one of the boot image all the same: the
// host must pull as the cluster's nodes will.
func registriesConf(mirrors []Mirror) []byte {
	var b strings.Builder
	for i, m := range mirrors {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "[[registry]]\nlocation = %s\ninsecure = false\nblocked = %t\nmirror-by-digest-only = true\n",
			tomlQuote(m.Source), m.Policy == neverContactSource)
		for _, mirror := range m.Mirrors {
			fmt.Fprintf(&b, "\n  [[registry.mirror]]\n  location = %s\n  insecure = false\n", tomlQuote(mirror))
		}
	}
	return []byte(b.String())
}

// tomlQuote writes a value as a basic string of TOML.
func tomlQuote(value string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range value {
		switch {
		case r == '"', r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ', r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
