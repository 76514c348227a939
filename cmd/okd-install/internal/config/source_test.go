package config

import (
	"strings"
	"testing"
)

// A line is shown with a caret, and never one that has to do with a secret.
func TestExcerpt(t *testing.T) {
	t.Parallel()
	const secret = "aHVudGVyMg"
	for name, c := range map[string]struct {
		config       string
		line, column int
		columns      int
		want         string
	}{
		"a field":        {"a: 1\n  replicas: x\n", 2, 13, 0, "     2 |   replicas: x\n       |             ^"},
		"no column":      {"a: 1\n", 1, 0, 0, "     1 | a: 1"},
		"end of a line":  {"a: [1", 1, 99, 0, "     1 | a: [1\n       |      ^"},
		"a tab":          {"\ta: 1", 1, 1, 0, "     1 |  a: 1\n       | ^"},
		"obeyed":         {"a: \x1b[31m", 1, 4, 0, "     1 | a: \uFFFD[31m\n       |    ^"},
		"behind the end": {"a: 1", 7, 1, 0, ""},
		"narrow": {
			"networks: " + strings.Repeat("[10.0.0.0/8], ", 9), 1, 61, 49,
			"     1 | ….0.0.0/8], [10.0.0.0/8], [10.0.0.0/8],…\n       |                     ^",
		},
		"pull secret":             {"pullSecret: " + secret, 1, 13, 0, ""},
		"below it":                {"pullSecret: |\n  " + secret + "\n", 2, 3, 0, ""},
		"not indented below it":   {"pullSecret: '\n" + secret + "'\n", 2, 1, 0, ""},
		"JSON below it":           {"pullSecret:\n  {\n  \"x\": {\n  \"y\": \"" + secret + "\"}}\n", 4, 8, 0, ""},
		"a password of a list":    {"hosts:\n- bmc:\n    password:\n      " + secret + "\n", 4, 7, 0, ""},
		"what follows a password": {"hosts:\n- password: x\n  name: y\nb: 1", 4, 4, 0, "     4 | b: 1\n       |    ^"},
		"a user in a URL":         {"proxy:\n  httpProxy: http://u:" + secret + "@h\n", 2, 14, 0, ""},
		"in one line":             {"{baseDomain: x, pullSecret: " + secret + "}", 1, 2, 0, ""},
		"what looks like one":     {"a: " + strings.Repeat(secret, 5), 1, 1, 0, ""},
	} {
		got := strings.Join(newSource([]byte(c.config)).excerpt(finding{Line: c.line, Column: c.column}, c.columns), "\n")
		if got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
		if strings.Contains(got, secret) {
			t.Errorf("%s: the secret is shown: %s", name, got)
		}
	}
	if got := newSource([]byte("a: x")).excerpt(finding{Line: 1, Column: 1, Path: "platform.vsphere.password"}, 0); got != nil {
		t.Errorf("a finding about a password shows %q", got)
	}
}
