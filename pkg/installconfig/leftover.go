package installconfig

import (
	"regexp"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/yamlfile"
)

// leftover reports a value that is not meant: a template that nobody filled, a command
// that only a shell runs, the name of a file whose content belongs there, or a character
// that only looks like one of ours. It is reported once, whatever else would follow.
func (r *reader) leftover(n *yaml.Node, path string) bool {
	row := r.row(path)
	holdsFile := row.Form == platform.SSHKeys || row.Form == platform.PullSecret || row.Form == platform.PEM
	if row.Path == "" || row.Secret && !holdsFile || strings.HasSuffix(path, ".username") {
		return false // a text that may hold anything
	}
	if unfilled := yamlfile.Unfilled(n.Value); unfilled != "" && !strings.Contains(n.Value, "-----BEGIN ") {
		r.amiss(n, path, unfilled, templateHint(row))
		return true
	}
	if isFileName(n.Value, holdsFile) {
		r.amiss(n, path, "is the name of a file, but the field holds the content itself", contentHint(row))
		return true
	}
	free := strings.HasPrefix(path, "platform.") && row.Form == "" && len(row.Values) == 0 // names that others have given
	if char, _, found := diag.Odd(strings.TrimRight(n.Value, "\t")); found && !holdsFile && (!free || diag.Obeyed(char)) {
		hint := "write it again, with the keyboard"
		if plain, ok := diag.LookAlike(n.Value); ok && len(plain) < 100 {
			hint = "write " + strings.TrimSpace(plain)
		}
		r.amissAt(n, path, char, "has "+diag.Rune(char)+" in it, which does not belong there", hint)
		return true
	}
	return false
}

func (r *reader) amiss(n *yaml.Node, path, detail, hint string) {
	r.add(r.pointing(n, path, detail, hint))
	r.broken[path] = true
}

// amissAt is amiss at a character of the value, if that stands in the file as it is.
func (r *reader) amissAt(n *yaml.Node, path string, char rune, detail, hint string) {
	p := r.pointing(n, path, detail, hint)
	for line := n.Line; line > 0 && line <= len(r.source); line++ {
		if column := strings.IndexRune(r.source[line-1], char); column >= 0 {
			p.Line, p.Column = line, 1+len([]rune(r.source[line-1][:column]))
			break
		}
	}
	r.add(p)
	r.broken[path] = true
}

func templateHint(row Field) string {
	switch row.Form {
	case platform.SSHKeys, platform.PullSecret, platform.PEM:
		return contentHint(row)
	}
	const orFill = ", or fill the template before okd-install reads the file"
	switch {
	case len(row.Values) > 0:
		return "write " + diag.Or(wordsOf(row)[:min(4, len(row.Values))]) + orFill
	case row.Example != "":
		return "write a value such as " + strings.Trim(row.Example, "[]") + orFill
	}
	return yamlfile.TemplateHint
}

// contentHint says how the content of a file is written into its field.
func contentHint(row Field) string {
	switch row.Form {
	case platform.SSHKeys:
		return "write the line that is in the file: sshKey: ssh-ed25519 AAAA… name"
	case platform.PullSecret:
		return `write the JSON that is in the file, in single quotes` + pullSecretForm
	case platform.PEM:
		return "write additionalTrustBundle: | and the content of the file below it, indented"
	}
	if row.Example != "" {
		return "write a value such as " + strings.Trim(row.Example, "[]")
	}
	return "write the value itself"
}

var (
	homePath    = regexp.MustCompile(`^(~/|~[a-z]+/|\$HOME/|\.\.?/|file:|[A-Za-z]:\\)`)
	anyFilePath = regexp.MustCompile(`^(~$|/|@[^ ]|[^ {}"]+\.(pub|pem|crt|cer|json|txt)$)`)
)

// isFileName reports whether a value is the name of a file; holdsFile says that the field
// holds what is usually in one.
func isFileName(value string, holdsFile bool) bool {
	value = strings.TrimSpace(value)
	return !strings.Contains(value, "\n") && (homePath.MatchString(value) || holdsFile && anyFilePath.MatchString(value))
}

// oddKey reports a field whose name has a character that only looks like one of ours.
func (r *reader) oddKey(key *yaml.Node, at string, names []string) (name string, odd bool) {
	char, index, found := diag.Odd(key.Value)
	if !found {
		return "", false
	}
	hint := "write the name again, with the keyboard"
	if plain, ok := diag.LookAlike(key.Value); ok {
		if name, ok = proper(strings.TrimSpace(plain), names); ok {
			hint = "write " + name
		}
	}
	if trimmed := strings.TrimSpace(key.Value); trimmed != key.Value && index == 0 {
		hint = "indent the field with blanks"
	}
	p := r.pointing(key, at, "has "+diag.Rune(char)+" in its name, which does not belong there", hint)
	if key.Style == 0 {
		p.Column += index
	}
	r.add(p)
	return name, true
}

// squashed is a name without what people put between its words, in lower case.
func squashed(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "", ".", "", "+", "").Replace(name))
}

// synonyms are names that people give to fields of the file.
var synonyms = map[string]string{
	"domain": "baseDomain", "dnsdomain": "baseDomain", "clusterdomain": "baseDomain", "dnszone": "baseDomain", "clustername": "metadata.name",
	"sshpublickey": "sshKey", "publickey": "sshKey", "sshkeys": "sshKey", "sshauthorizedkeys": "sshKey", "authorizedkeys": "sshKey",
	"master": "controlPlane", "masters": "controlPlane", "controlplanes": "controlPlane", "worker": "compute", "workers": "compute",
	"nodes": "compute", "pullsecrets": "pullSecret", "imagepullsecret": "pullSecret", "trustbundle": "additionalTrustBundle",
	"additionaltrustedca": "additionalTrustBundle", "cabundle": "additionalTrustBundle", "ca": "additionalTrustBundle",
	"imagedigestmirrors": "imageDigestSources", "mirrors": "imageDigestSources.mirrors", "fipsmode": "fips", "capability": "capabilities",
	"networktypes": "networking.networkType", "proxies": "proxy", "version": "apiVersion", "pods": "networking.clusterNetwork",
}

// elsewhere says where a field belongs that is not one of the object it is in.
func (r *reader) elsewhere(object, name string) string {
	if meant, ok := synonyms[squashed(name)]; ok && object == "" {
		return "did you mean " + meant + "?"
	}
	switch {
	case object == "" && platformNamed(name):
		return "indent it below platform"
	case object == "" && name == "kind":
		return "remove it: an install-config has no kind"
	case object == "" && name == "spec":
		return "remove it, and begin the fields below it in column 1"
	case strings.Contains(name, " ") && diag.Nearest(shorten(name), Paths()) == "":
		return "remove the line, or correct the name: no field has a blank in its name"
	}
	var objects []string
	for _, row := range table() {
		last := row.Path[strings.LastIndex(row.Path, ".")+1:]
		if squashed(last) != squashed(name) || row.Deprecated != "" || strings.HasPrefix(row.Path, "metadata.") && last != "name" ||
			strings.Contains(row.Path, "diskSetup") {
			continue
		}
		if parent := strings.TrimSuffix(strings.TrimSuffix(row.Path, last), "."); parent == "" {
			return "begin " + last + " in column 1: it is a field of the file itself"
		} else if parent != withoutIndexes(object) {
			objects = append(objects, parent)
		}
	}
	switch {
	case len(objects) == 0:
		return ""
	case len(objects) == 1:
		return "indent it below " + objects[0] + ", which it is a field of"
	}
	return "indent it below " + diag.Or(diag.Few(objects, 4)) + ", which have such a field"
}

func platformNamed(name string) bool {
	for _, known := range platform.Names() {
		if name == known {
			return true
		}
	}
	return false
}

// shapeHint says how a value of a wrong kind is written: a list as an object, an object as
// a list, a number as a word.
func (r *reader) shapeHint(path, want string, n *yaml.Node) string {
	name := withoutIndexes(path)[strings.LastIndex(withoutIndexes(path), ".")+1:]
	switch {
	case want == "a list" && n.Kind == yaml.MappingNode && path == "featureGates":
		return "write each as an entry of its own: - Name=true"
	case want == "a list" && n.Kind == yaml.MappingNode && len(r.row(path).Values) > 0:
		return "write each as an entry of its own, such as - " + r.row(path).Values[0].Word
	case want == "a list" && n.Kind == yaml.MappingNode && len(n.Content) > 0:
		if path == "compute" && n.Content[1].Kind == yaml.MappingNode {
			return "write - name: worker and its other fields below name, in the same column"
		}
		return "put a dash and a blank before " + shorten(n.Content[0].Value) + " in line " + strconv.Itoa(n.Content[0].Line) +
			", and indent the other fields of the entry by 2 more"
	case strings.HasPrefix(want, "an object") && n.Kind == yaml.SequenceNode:
		return "remove the dash, and indent the fields alike below " + name
	case want == "text" && n.Kind == yaml.SequenceNode && r.row(path).Form == platform.NoProxyList:
		return "write the entries on one line, with commas between them: noProxy: .example.com,10.1.0.0/16"
	case want == "text" && n.Kind == yaml.SequenceNode && r.row(path).Form == platform.PEM:
		return "write additionalTrustBundle: | and below it the certificates, indented, without a dash"
	case n.Kind == yaml.SequenceNode:
		return "write the value behind " + name + ":, without a dash"
	case want == "text" && n.Kind == yaml.MappingNode:
		return "write the value behind " + name + ":, on the same line"
	case strings.HasPrefix(want, "an object") && stuckField.MatchString(n.Value):
		return "put a blank behind the colon"
	case strings.HasPrefix(want, "an object"):
		var fields []string
		for _, row := range table() {
			if below, ok := strings.CutPrefix(row.Path, withoutIndexes(path)+"."); ok && !strings.Contains(below, ".") && row.Deprecated == "" {
				fields = append(fields, below)
			}
		}
		if path == "metadata" {
			fields = []string{"name"}
		}
		return "write its fields below " + name + ", indented: " + diag.And(diag.Few(fields, 4))
	case strings.HasPrefix(want, "a whole number"):
		return numberHint(r.row(path), n.Value)
	case want == wantedBool:
		if isYes[strings.ToLower(n.Value)] {
			return "write true"
		}
		return "write true or false"
	}
	return ""
}

var (
	stuckField = regexp.MustCompile(`^[A-Za-z]+:[^\s/]`)
	digits     = regexp.MustCompile(`[0-9]+`)
	isYes      = map[string]bool{"1": true, "enabled": true, "enable": true, "y": true, "yes": true, "on": true, "true": true}
	// numerals are numbers as people write them out.
	numerals = []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}
)

// numberHint is the number that a text probably means.
func numberHint(row Field, value string) string {
	lower := strings.ToLower(strings.TrimSpace(value))
	for i, word := range numerals {
		if lower == word || i > 1 && diag.Nearest(lower, []string{word}) == word && len(lower) > 3 {
			return "write " + strconv.Itoa(i)
		}
	}
	if bits, ok := maskBits(lower); ok {
		return "write " + strconv.Itoa(bits)
	}
	if all := digits.FindAllString(lower, 2); len(all) == 1 && len(all[0]) < 6 && !strings.HasPrefix(lower, "-") {
		return "write " + all[0]
	}
	example := row.Default
	if example == "" {
		example = row.Example
	}
	if _, err := strconv.Atoi(example); err != nil {
		return "write a number"
	}
	return "write a number such as " + example
}
