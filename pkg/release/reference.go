package release

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// reference is an image reference taken apart:
// host[:port]/repository[:tag][@sha256:digest].
type reference struct {
	host       string // with the port, if there is one
	repository string
	tag        string
	digest     string // 64 hexadecimal digits, or empty
}

const referenceHint = "write it like quay.io/okd/scos-release:4.22.0-okd-scos.7 or quay.io/okd/scos-release@sha256:… with 64 hexadecimal digits"

// parseReference reads an image reference. What it refuses it names, apart from
// anything that might be a password.
func parseReference(s string) (reference, error) {
	refuse := func(detail string) (reference, error) {
		return reference{}, diag.Problem{Detail: detail, Hint: referenceHint}
	}
	if s == "" {
		return refuse("the release image is empty")
	}
	if at := strings.IndexByte(s, '@'); at >= 0 && strings.Contains(s[at:], "/") {
		return refuse("the release image has a user name or password before the host; credentials belong in the pullSecret")
	}
	if strings.Contains(s, "://") {
		return refuse("the release image starts with a scheme, such as docker://, which is not part of an image reference")
	}
	name, digest, hasDigest := strings.Cut(s, "@")
	if hasDigest {
		hex, ok := strings.CutPrefix(digest, "sha256:")
		if !ok || !isDigest(hex) {
			return refuse("the release image has an @ that is not followed by a sha256 digest of 64 lower-case hexadecimal digits")
		}
		digest = hex
	}
	host, path, ok := strings.Cut(name, "/")
	if !ok || !isHost(host) {
		return refuse("the release image " + strconv.Quote(s) + " does not start with the host of a registry")
	}
	repository, tag, hasTag := strings.Cut(path, ":")
	if hasTag && !isTagText(tag) {
		return refuse("the release image " + strconv.Quote(s) + " has a tag that no registry can hold")
	}
	if !isRepository(repository) {
		return refuse("the release image " + strconv.Quote(s) + " has a repository that is not lower-case words with slashes between them")
	}
	return reference{host: host, repository: repository, tag: tag, digest: digest}, nil
}

func isDigest(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// isHost reports whether s is a registry's host and not the first word of a
// repository: it has a dot or a port, or is localhost.
func isHost(s string) bool {
	host, hasPort := s, false
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		host, hasPort = s[:i], true
		n, err := strconv.ParseUint(s[i+1:], 10, 16)
		if err != nil || n == 0 {
			return false
		}
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		return err == nil && addr.Is6() && addr.Zone() == "" && strings.HasSuffix(inner, "]")
	}
	if !hasPort && !strings.Contains(host, ".") && host != "localhost" {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' || strings.Trim(label, letters+digits+"-") != "" {
			return false
		}
	}
	return true
}

const (
	lower   = "abcdefghijklmnopqrstuvwxyz"
	letters = lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

// isRepository reports whether s is what registries take as a repository: words of
// lower-case letters and digits, with single separators inside the words.
func isRepository(s string) bool {
	if len(s) > 255 {
		return false
	}
	for word := range strings.SplitSeq(s, "/") {
		if word == "" || strings.Trim(word, lower+digits+"._-") != "" {
			return false
		}
		first, last := word[:1], word[len(word)-1:]
		if strings.Trim(first+last, lower+digits) != "" || badSeparators(word) {
			return false
		}
	}
	return true
}

// badSeparators finds separators in a row other than __ and any number of dashes.
func badSeparators(word string) bool {
	for run := range strings.FieldsFuncSeq(word, func(r rune) bool { return strings.ContainsRune(lower+digits, r) }) {
		if run != "." && run != "_" && run != "__" && strings.Trim(run, "-") != "" {
			return true
		}
	}
	return false
}

func isTagText(s string) bool {
	return s != "" && len(s) <= 128 && s[0] != '.' && s[0] != '-' && strings.Trim(s, letters+digits+"._-") == ""
}
