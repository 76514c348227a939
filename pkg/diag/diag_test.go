package diag

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestProblemsPrintInFileOrder(t *testing.T) {
	ps := Problems{
		{Position: Position{File: "a.yaml", Line: 9, Column: 1}, Path: "x.y", Detail: "is wrong", Hint: "mend it"},
		{Position: Position{File: "a.yaml", Line: 2, Column: 5}, Detail: "is empty"},
		{Position: Position{File: "a.yaml"}, Path: "apiVersion", Detail: "is missing"},
	}
	want := "a.yaml: apiVersion: is missing\n" +
		"a.yaml:2:5: is empty\n" +
		"a.yaml:9:1: x.y: is wrong\n    hint: mend it"
	if got := ps.Err().Error(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if Problems(nil).Err() != nil {
		t.Error("no problems must not be an error")
	}
}

func TestNearest(t *testing.T) {
	fields := []string{"clusterNetwork", "serviceNetwork", "networkType", "mtu"}
	for word, want := range map[string]string{
		"clusterNetworkz": "clusterNetwork",
		"netwrokType":     "networkType",
		"NetworkType":     "networkType",
		"nothingLikeIt":   "",
		"x":               "",
		"mut":             "mtu",
	} {
		if got := Nearest(word, fields); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

// A file with a hundred thousand documents gave 21 MB of messages.
func TestManyProblems(t *testing.T) {
	var ps Problems
	for i := range 100_000 {
		ps = append(ps, Problem{Position: Position{File: "a.yaml", Line: 100_000 - i}, Detail: "is wrong"})
	}
	for n, end := range map[int]string{
		Most: "a.yaml:100000: is wrong", Most + 1: "1 more problem is not shown: correct these first",
		len(ps): "99950 more problems are not shown: correct these first",
	} {
		lines := strings.Split(ps[:n].Error(), "\n")
		if len(lines) != min(n, Most+1) || lines[len(lines)-1] != end || lines[0] != fmt.Sprintf("a.yaml:%d: is wrong", 100_001-n) {
			t.Errorf("%d problems: %d lines, from %s to %s", n, len(lines), lines[0], lines[len(lines)-1])
		}
	}
	p := Problem{Path: strings.Repeat("x", 1<<20), Detail: strings.Repeat("é", 1<<20), Hint: strings.Repeat("日", 1<<20)}
	if text := p.Error(); len(text) > 4*longest || !utf8.ValidString(text) || !strings.Contains(text, "é… (2093152 more bytes)") {
		t.Errorf("%d bytes: %.50s", len(text), text)
	}
}

func TestOneLine(t *testing.T) {
	one := Problem{Position: Position{File: "a.yaml", Line: 2}, Detail: "is empty", Hint: "write one"}
	for want, err := range map[string]error{
		"a.yaml:2: is empty; write one":           one,
		"is wrong; a.yaml:2: is empty; write one": Problems{one, {Detail: "is wrong"}},
		"no such file": errors.New("no such file"),
	} {
		if got := OneLine(err); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestFindings(t *testing.T) {
	one, two := Problem{Detail: "one", Hint: "do this"}, Problem{Detail: "two"}
	many := make(Problems, Most+3)
	closing := errors.New("the file cannot be closed")
	for name, c := range map[string]struct {
		err         error
		parts, more int
	}{
		"a problem":         {one, 1, 0},
		"problems":          {Problems{one, two}, 2, 0},
		"too many":          {many, Most, 3},
		"joined":            {errors.Join(Problems{one, two}, closing), 3, 0},
		"joined, too many":  {errors.Join(many, closing), Most + 1, 3},
		"with words around": {fmt.Errorf("a.yaml: %w", Problems{one, two}), 1, 0},
		"another error":     {closing, 1, 0},
	} {
		parts, more := Findings(c.err)
		if len(parts) != c.parts || more != c.more {
			t.Errorf("%s: %d parts and %d more, want %d and %d", name, len(parts), more, c.parts, c.more)
		}
	}
	var found Problem
	if !errors.As(fmt.Errorf("around: %w", Problems{one, two}), &found) || found != one {
		t.Errorf("errors.As finds %+v", found)
	}
}
