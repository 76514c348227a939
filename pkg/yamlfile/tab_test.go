package yamlfile

import (
	"fmt"
	"strings"
	"testing"
)

func TestFindTab(t *testing.T) {
	t.Parallel()
	const before = "apiVersion: v1\nmetadata:\n  name: site1\n"
	for name, c := range map[string]struct{ text, want string }{
		"second field of an entry": {before + "compute:\n- name: worker\n\treplicas: 2\nx: 1\n", "6:1"},
		"behind a dash":            {before + "compute:\n-\tname: worker\n  replicas: 2\n", "5:2"},
		"before a dash":            {before + "compute:\n\t- name: worker\n", "5:1"},
		"first field":              {before + "controlPlane:\n\treplicas: 3\n", "5:1"},
		"behind blanks":            {before + "controlPlane:\n  name: a\n  \treplicas: 3\n", "6:3"},
		"at the top":               {before + "\tcompute: []\n", "4:1"},
		"first line":               {"\tapiVersion: v1\n", "1:1"},
		"last line":                {before + "controlPlane:\n  name: x\n\treplicas: 3", "6:1"},
		"comment":                  {before + "\t# hi\ncompute: []\n", "4:1"},
		"empty line":               {before + "\t\ncompute: []\n", "4:1"},
		"first line of a block":    {before + "sshKey: |\n\tssh-ed25519 x\n", "5:1"},
		"later line of a block":    {before + "sshKey: |\n  a\n\tb\ny: 1\n", "6:1"},
		"every line":               {before + "controlPlane:\n\tname: x\n\treplicas: 3\n", "5:1"},
		"second document":          {before + "---\na:\n\tb: 1\n", "6:1"},
		"Windows":                  {strings.ReplaceAll(before+"a:\n\tb: 1\n", "\n", "\r\n"), "5:1"},
		"carriage returns":         {strings.ReplaceAll(before+"a:\n\tb: 1\n", "\n", "\r"), "5:1"},
		"behind good ones":         {before + "a: |\n  x\n  \ty\n" + strings.Repeat("  \tz\n", 500) + "b:\n\tc: 1\n", "508:1"},
		"in brackets":              {before + "compute: [\n\t{name: worker}]\nb:\n\tc: 1\n", "7:1"},
		"no tab":                   {before + "a: [\n", "0:0"},
		"tabs that are right":      {before + "a:\t[\n\t1]\nb: \"x\n\ty\"\n", "0:0"},
		"broken before":            {before + "a: b: c\nd:\n\te: 1\n", "0:0"},
	} {
		line, column, ok := findTab([]byte(c.text))
		if got := fmt.Sprintf("%d:%d", line, column); got != c.want || ok != (c.want != "0:0") {
			t.Errorf("%s: %s %v, want %s", name, got, ok, c.want)
		}
	}
}

// What findTab names is a tab in front of a line.
func FuzzTab(f *testing.F) {
	for _, text := range []string{"a:\n\tb: 1\n", "a: |\n  x\n\ty\n", "-\ta\r\tb", "\t"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		line, column, ok := findTab(data)
		if !ok {
			return
		}
		lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data)), "\n")
		if line < 1 || line > len(lines) || column < 1 || column > len(lines[line-1]) || lines[line-1][column-1] != '\t' {
			t.Fatalf("there is no tab in %d:%d", line, column)
		}
	})
}
