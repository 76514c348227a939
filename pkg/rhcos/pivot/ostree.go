package pivot

import (
	"fmt"
	"strings"
)

// OSTreeRef is the name under which ostree keeps an image that came from a
// registry. It is computed because a repository may hold other images as well:
// builds of Fedora CoreOS since 42 were made of one themselves.
func OSTreeRef(pullspec string) string {
	return "ostree/container/image/" + escapeRef("docker://"+pullspec)
}

// escapeRef writes a text as a ref. Letters, digits and dashes stand for
// themselves, as does a slash between a letter or digit and something else; an
// underscore is doubled, and any other byte is _XX_ in hexadecimal digits.
func escapeRef(text string) string {
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case alphanumeric(c), c == '-', c == '/' && i > 0 && alphanumeric(text[i-1]) && i+1 < len(text):
			b.WriteByte(c)
		case c == '_':
			b.WriteString("__")
		default:
			fmt.Fprintf(&b, "_%02X_", c)
		}
	}
	return b.String()
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
