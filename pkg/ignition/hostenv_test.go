package ignition

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/okd-project/okd-install/pkg/shell"
	"github.com/okd-project/okd-install/test/needs"
)

// hostile holds values that have a meaning in a shell, in systemd's files or in
// TOML.
var hostile = []string{
	"", " ", "plain", "two words", "'", `"`, `\`, `\\`, `\'`, `'\''`, "''", `a\`, "$HOME", "${X}", "$(id)", "`id`",
	"a;id", "a&b", "a|b", "a>b", "#a", "a #b", "~", "*", "?", "[a]", "{a,b}", "!", "!!", "a=b", "-n", "--", "%", "%%", "%h", "%n%i",
	"100%", "http://us%40er:pa%25ss@proxy:3128", "é", "日本", "\u2028", "\U0001F600", `\x41`, `\u0041`, `\n`, `"""`, "'''",
	"]]", "[[registry]]", "a\nb", "a\n", "\n", "a\r\nb", "\t", "a\tb", "\x01", "\x1b[31m", "\x7f", "a\\\nb",
}

func bash(t testing.TB) string {
	t.Helper()
	return needs.Program(t, "bash")
}

// sourced lets bash source a file of one assignment per value, with nothing set
// to be lenient, and returns the values that bash then has.
func sourced(t testing.TB, values []string) []string {
	t.Helper()
	var file strings.Builder
	script := "set -euo pipefail\nsource /dev/stdin\n"
	for i, v := range values {
		fmt.Fprintf(&file, "V%d=%s\n", i, shell.Quote(v))
		script += fmt.Sprintf("printf '%%s\\0' \"$V%d\"\n", i)
	}
	cmd := exec.Command(bash(t), "--norc", "--noprofile", "-c", script)
	cmd.Stdin = strings.NewReader(file.String())
	cmd.Env = []string{"LC_ALL=C", "PATH="}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, file.String())
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

func TestShellQuoteInBash(t *testing.T) {
	t.Parallel()
	got := sourced(t, hostile)
	for i, want := range hostile {
		if got[i] != want {
			t.Errorf("%q came back as %q", want, got[i])
		}
	}
}

func FuzzShellQuote(f *testing.F) {
	for _, v := range hostile {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, value string) {
		value = strings.ReplaceAll(value, "\x00", "")
		if got := unquoteShell(t, shell.Quote(value)); got != value {
			t.Fatalf("%q came back as %q", value, got)
		}
		if got := sourced(t, []string{value}); got[0] != value {
			t.Fatalf("%q came back from bash as %q", value, got[0])
		}
	})
}

// unquoteShell reads one word by the rules of POSIX for quotes, and refuses
// anything that stands outside of them.
func unquoteShell(t *testing.T, word string) string {
	t.Helper()
	var b strings.Builder
	for word != "" {
		switch {
		case strings.HasPrefix(word, `\'`):
			b.WriteByte('\'')
			word = word[2:]
		case word[0] == '\'':
			text, rest, ok := strings.Cut(word[1:], "'")
			if !ok {
				t.Fatal("a quote is not closed")
			}
			b.WriteString(text)
			word = rest
		default:
			t.Fatalf("%q is not quoted", word)
		}
	}
	return b.String()
}

func FuzzSystemdQuote(f *testing.F) {
	for _, v := range hostile {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, value string) {
		value = strings.ReplaceAll(value, "\x00", "")
		line := systemdQuote("X=" + value)
		if strings.ContainsAny(line, "\n\r") {
			t.Fatalf("%q is more than one line", line)
		}
		got, err := systemdWords(line)
		if err != nil || len(got) != 1 || got[0] != "X="+value {
			t.Fatalf("%q came back as %q (%v)", value, got, err)
		}
	})
}

// systemdWords reads a setting's right side as systemd does: words, quotes and C
// escapes by systemd.syntax(7), then % specifiers, of which %% is a percent sign
// and every other one is an error here.
func systemdWords(line string) ([]string, error) {
	var words []string
	for {
		line = strings.TrimLeft(line, " \t\n\r")
		if line == "" {
			return words, nil
		}
		var word []byte
		var quote byte
		for line != "" && (quote != 0 || !strings.ContainsRune(" \t\n\r", rune(line[0]))) {
			c := line[0]
			switch {
			case c == '\\':
				n, text, err := systemdEscape(line[1:])
				if err != nil {
					return nil, err
				}
				word, line = append(word, text), line[1+n:]
				continue
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case c == quote:
				quote = 0
			default:
				word = append(word, c)
			}
			line = line[1:]
		}
		if quote != 0 {
			return nil, errors.New("a quote is not closed")
		}
		text, err := specifiers(string(word))
		if err != nil {
			return nil, err
		}
		words = append(words, text)
	}
}

func systemdEscape(s string) (length int, text byte, err error) {
	if s == "" {
		return 0, 0, errors.New("a backslash ends the line")
	}
	if i := strings.IndexByte(`abfnrtv\"'s`, s[0]); i >= 0 {
		return 1, "\a\b\f\n\r\t\v\\\"' "[i], nil
	}
	if s[0] == 'x' && len(s) >= 3 {
		n, err := strconv.ParseUint(s[1:3], 16, 8)
		return 3, byte(n), err
	}
	return 0, 0, fmt.Errorf(`\%c is not an escape`, s[0])
}

func specifiers(s string) (string, error) {
	if rest := strings.ReplaceAll(s, "%%", ""); strings.Contains(rest, "%") {
		return "", fmt.Errorf("%q has a specifier", s)
	}
	return strings.ReplaceAll(s, "%%", "%"), nil
}

// What the host reads of a proxy, as a shell and as systemd would.
func TestProxyFiles(t *testing.T) {
	t.Parallel()
	for _, p := range []Proxy{
		{},
		{HTTP: "http://proxy:3128"},
		{HTTPS: "https://us%40er:p%25@proxy:3128", NoProxy: ".corp,10.0.0.0/8"},
		{HTTP: `http://a"b\c'd$e:1`, HTTPS: "http://x:2", NoProxy: "*"},
	} {
		var set []variable
		for _, v := range p.variables() {
			if v.value != "" {
				set = append(set, v)
			}
		}
		lines := strings.Split(strings.TrimSuffix(string(proxyDefaults(p)), "\n"), "\n")
		if lines[0] != "[Manager]" || len(lines) != 1+len(set) {
			t.Fatalf("%+v: %q", p, lines)
		}
		profile := strings.Split(strings.TrimSuffix(string(proxyProfile(p)), "\n"), "\n")
		if len(profile) != 1+len(set) {
			t.Fatalf("%+v: %q", p, profile)
		}
		for i, v := range set {
			words, err := systemdWords(strings.TrimPrefix(lines[i+1], "DefaultEnvironment="))
			if err != nil || len(words) != 1 || words[0] != v.name+"="+v.value {
				t.Errorf("systemd reads %q of %q (%v)", words, lines[i+1], err)
			}
			word, ok := strings.CutPrefix(profile[i+1], "export "+v.name+"=")
			if !ok || unquoteShell(t, word) != v.value {
				t.Errorf("a shell reads %q", profile[i+1])
			}
		}
	}
}

// The whole environment file, sourced: every value arrives, and an empty one is
// set, since the scripts stop at what is not.
func TestEnvironmentFileInBash(t *testing.T) {
	t.Parallel()
	e := Environment{
		ReleaseImage: "quay.io/okd/scos-release@sha256:ab", ReleaseLine: "4.22", ClusterDomain: "it's $HOME.example.com",
		NodeIPFamily: "ipv6", BootstrapNodeIP: "fd00::1",
	}
	vars := e.variables("manifests/image-digest-mirror-set.yaml")
	script := "set -euo pipefail\nsource /dev/stdin\n"
	var want bytes.Buffer
	for _, v := range vars {
		script += fmt.Sprintf("printf '%%s\\0' \"$%s\"\n", v.name)
		want.WriteString(v.value + "\x00")
	}
	cmd := exec.Command(bash(t), "-c", script)
	cmd.Stdin = bytes.NewReader(environmentFile(e.variables("manifests/image-digest-mirror-set.yaml")))
	got, err := cmd.Output()
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("got %q, want %q (%v)", got, want.Bytes(), err)
	}
}

// Random text of every byte, by a fixed seed, through both quotings.
func TestQuotingOfRandomBytes(t *testing.T) {
	t.Parallel()
	var values []string
	for seed := range uint64(300) {
		var value []byte
		x := seed*0x9E3779B97F4A7C15 + 1
		for range seed % 40 {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
			value = binary.LittleEndian.AppendUint16(value, uint16(x))
		}
		values = append(values, strings.ReplaceAll(string(value), "\x00", ""))
	}
	for _, v := range values {
		got, err := systemdWords(systemdQuote("X=" + v))
		if err != nil || len(got) != 1 || got[0] != "X="+v {
			t.Errorf("systemd: %q came back as %q (%v)", v, got, err)
		}
		if utf8.ValidString(v) && unquoteShell(t, shell.Quote(v)) != v {
			t.Errorf("shell: %q", v)
		}
	}
	for i, got := range sourced(t, values) {
		if got != values[i] {
			t.Errorf("bash: %q came back as %q", values[i], got)
		}
	}
}
