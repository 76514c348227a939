package manifests

import (
	"fmt"
	"regexp"
	"strings"
)

// The forms of names that the API knows, with the longest of each.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
const (
	maxLabel     = 63
	maxSubdomain = 253
)

var (
	dnsLabel      = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	dnsSubdomain  = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	qualifiedName = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$`)
	kindName      = regexp.MustCompile(`^[A-Za-z]([-A-Za-z0-9]*[A-Za-z0-9])?$`)
	notInName     = regexp.MustCompile(`[^a-z0-9.]+`)
)

// nameForm is a rule for the names of objects.
type nameForm struct {
	// words describe what is allowed.
	words string
	max   int
	fits  func(string) bool
	// mend turns a name into one that fits, or into nothing.
	mend func(string) string
}

var (
	labelForm = nameForm{
		words: "lower case letters, digits and -, with a letter or digit at both ends", max: maxLabel,
		fits: dnsLabel.MatchString,
		mend: func(s string) string { return strings.ReplaceAll(mendName(s), ".", "-") },
	}
	subdomainForm = nameForm{
		words: "lower case letters, digits, - and ., with a letter or digit at both ends", max: maxSubdomain,
		fits: dnsSubdomain.MatchString,
		mend: mendName,
	}
	// segmentForm is for the kinds whose names are those of people and roles.
	segmentForm = nameForm{
		words: "anything but / and %, and neither . nor ..", max: maxSubdomain,
		fits: func(s string) bool { return s != "." && s != ".." && !strings.ContainsAny(s, "/%") },
		mend: func(s string) string { return strings.Trim(strings.NewReplacer("/", "-", "%", "-").Replace(s), "-.") },
	}
)

// mendName is the nearest DNS subdomain: 60-Worker_kargs becomes 60-worker-kargs.
func mendName(s string) string {
	var parts []string
	for _, part := range strings.Split(notInName.ReplaceAllString(strings.ToLower(s), "-"), ".") {
		if part = strings.Trim(part, "-"); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ".")
}

// problem says why a name does not fit, and what would; both are empty if it does.
func (f nameForm) problem(name string) (detail, hint string) {
	switch {
	case len(name) > f.max:
		return fmt.Sprintf("has %d characters, and the API takes %d at most", len(name), f.max), "choose a shorter name"
	case f.fits(name):
		return "", ""
	}
	detail = fmt.Sprintf("%q is a name that the API refuses; it takes %s", shorten(name), f.words)
	hint = "choose another name"
	if better := f.mend(name); better != "" && f.fits(better) {
		hint = "write " + better
	}
	return detail, hint
}

// keyProblem says why the key of a label or an annotation is refused: it is a
// name, with a domain and / in front if one likes.
func keyProblem(key string) string {
	prefix, name, found := strings.Cut(key, "/")
	if !found {
		prefix, name = "", key
	}
	switch {
	case found && (len(prefix) > maxSubdomain || !dnsSubdomain.MatchString(prefix)):
		return "the part before the / is not a domain such as example.com"
	case len(name) > maxLabel:
		return fmt.Sprintf("has a name of %d characters, and the API takes %d at most", len(name), maxLabel)
	case !qualifiedName.MatchString(name):
		return "has a name that the API refuses; it takes letters, digits, -, _ and ., with a letter or digit at both ends"
	}
	return ""
}

// labelValueProblem says why the value of a label is refused.
func labelValueProblem(value string) string {
	switch {
	case len(value) > maxLabel:
		return fmt.Sprintf("has %d characters, and the API takes %d at most", len(value), maxLabel)
	case value != "" && !qualifiedName.MatchString(value):
		return "has a value that the API refuses; it takes letters, digits, -, _ and ., with a letter or digit at both ends"
	}
	return ""
}
