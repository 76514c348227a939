package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Whoever writes past the filters has to be on one of these lists, with a reason.
var (
	// drawing is what moves the cursor or asks, and cleans what it shows itself.
	drawing = []string{"streams.go", "log.go", "waitfor.go", "waitfor_screen.go", "coreos_progress.go", "wizard.go", "logfold.go"}
	// asData is what programs read byte for byte.
	asData = []string{
		"streams.go", "outputjson.go", "approve.go", "waitfor.go", // JSON, which is escaped
		"schema.go", "graph.go", "coreos_image.go", "coreos_pxe_boot.go", "coreos_download.go", // documents, scripts, places of files
		"ignition.go", "coreos_iso.go", "coreos_iso_ignition.go", "coreos_iso_network.go", "coreos_pxe.go", "pivot.go", // the content of files
	}
	// asText is what has no secrets, or shows those that somebody asked for.
	asText = []string{"streams.go", "app.go", "completion.go", "explain.go", "changes.go"}
)

func TestStreamsAreFiltered(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("*.go")
	if err != nil || len(names) == 0 {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		code, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for pattern, allowed := range map[string][]string{
			`\b[a-z]\.(?:stdout|stderr)\b`: drawing, `\b[a-z]\.data\b`: asData, `\b[aow]\.text\b`: asText,
			`os\.Std(?:out|err)\b`: {"app.go"}, `fmt\.Print(?:f|ln)?\(`: nil, `tabwriter\.NewWriter`: {"streams.go"},
		} {
			if found := regexp.MustCompile(pattern).Find(code); found != nil && !slices.Contains(allowed, name) {
				t.Errorf("%s uses %s: write to out or err, whose secrets and control characters are taken out", name, found)
			}
		}
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	a := &app{}
	a.setStreams(&stdout, &stderr)
	say(a.out, "%s is at %s, %d\n", "a\x1b[31m\nb\u202e", "http://u:s3cret@h", 1)
	table := newTable(a.out)
	table.row("A", "B")
	table.row("x\ty\n", "\xff\u2028z")
	if err := table.flush(); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"-----BEGIN PRIV", "ATE KEY-----\ns3", "cret\n-----END PRIVATE KEY-----\nrest"} {
		if _, err := a.out.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.flush(); err != nil {
		t.Fatal(err)
	}
	const want = "a\uFFFD[31m\uFFFDb\uFFFD is at http://REDACTED@h, 1\nA     B\nx\uFFFDy\uFFFD  \uFFFD\uFFFDz\nREDACTED\nrest"
	if stdout.String() != want {
		t.Errorf("got  %q\nwant %q", stdout.String(), want)
	}
	stdout.Reset()
	_, _ = a.text.Write([]byte("http://u:p@h \x1b[0m\r\n\tx\n"))
	_, _ = a.data.Write([]byte("\x1b\x00"))
	if got := stdout.String(); got != "http://u:p@h \uFFFD[0m\uFFFD\n\tx\n\x1b\x00" {
		t.Errorf("text and data: %q", got)
	}
}

// What programs read is the value itself: only how it is written differs.
func TestDataIsEscaped(t *testing.T) {
	t.Parallel()
	value := map[string]any{
		"plain": "é 日本 \"<&>\\ /", "hostile\x1b": "a\x1b[31m\u202e\u009b\x7f\r\n\tb\u2028\U000E0041c", "list": []any{"\u200b", "x\u202e\ny"}, "n": 1.5, "none": nil,
		"mark": `\x01202e\x01 x`,
	}
	for _, form := range []string{"json", "yaml"} {
		var out bytes.Buffer
		a := &app{}
		a.setStreams(&out, &out)
		if err := a.printData(form, value); err != nil {
			t.Fatal(err)
		}
		if diag.Lines(out.String()) != out.String() {
			t.Errorf("%s has what a terminal obeys: %q", form, out.String())
		}
		var back map[string]any
		read := func(data []byte, v any) error { return yaml.Unmarshal(data, v) }
		if form == "json" {
			read = json.Unmarshal
		}
		if err := read(out.Bytes(), &back); err != nil {
			t.Errorf("%s: %v\n%s", form, err, out.String())
			continue
		}
		a1, _ := json.Marshal(value)
		b1, _ := json.Marshal(back)
		if !bytes.Equal(a1, b1) {
			t.Errorf("%s: got\n%s\nwant\n%s\nfrom\n%s", form, b1, a1, out.String())
		}
	}
	var out bytes.Buffer
	a := &app{}
	a.setStreams(&out, &out)
	if err := a.printData("json", map[string]any{"auth": "s3cret", "url": "http://u:s3cret@h", "token": []string{"s3cret"}, "author": "me", "x": map[string]string{"password": ""}}); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.Contains(got, "s3cret") || !json.Valid(out.Bytes()) || !strings.Contains(got, `"author": "me"`) {
		t.Errorf("got %s", got)
	}
}
