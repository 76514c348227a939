package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	yaml "go.yaml.in/yaml/v3"

	"github.com/okd-project/okd-install/pkg/diag"
)

func TestFilter(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	a := &App{}
	a.SetStreams(&stdout, &stderr)
	Say(a.Out, "%s is at %s, %d\n", "a\x1b[31m\nb\u202e", "http://u:s3cret@h", 1)
	table := a.NewTable(a.Out)
	table.Row("A", "B")
	table.Row("x\ty\n", "\xff\u2028z")
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"-----BEGIN PRIV", "ATE KEY-----\ns3", "cret\n-----END PRIVATE KEY-----\nrest"} {
		if _, err := a.Out.Write([]byte(part)); err != nil {
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
	_, _ = a.Text.Write([]byte("http://u:p@h \x1b[0m\r\n\tx\n"))
	_, _ = a.Data.Write([]byte("\x1b\x00"))
	if err := a.flush(); err != nil {
		t.Fatal(err)
	}
	if got := stdout.String(); got != "http://u:p@h \uFFFD[0m\uFFFD\n\tx\n\x1b\x00" {
		t.Errorf("text and data: %q", got)
	}
}

// What programs read is the value itself: only how it is written differs.
func TestDataIsEscaped(t *testing.T) {
	t.Parallel()
	value := map[string]any{
		"plain": "é 日本 \"<&>\\ /", "hostile\x1b": "a\x1b[31m\u202e\u009b\x7f\r\n\tb\u2028\U000E0041c",
		"list": []any{"\u200b", "x\u202e\ny"}, "n": 1.5, "none": nil, "mark": `\x01202e\x01 x`,
	}
	for _, form := range []string{"json", "yaml"} {
		var out bytes.Buffer
		a := &App{}
		a.SetStreams(&out, &out)
		if err := errors.Join(a.PrintData(form, value), a.Show()); err != nil {
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
	a := &App{}
	a.SetStreams(&out, &out)
	if err := errors.Join(a.PrintData("json", map[string]any{
		"auth": "s3cret", "url": "http://u:s3cret@h", "token": []string{"s3cret"}, "author": "me",
		"x": map[string]string{"password": ""},
	}), a.Show()); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.Contains(got, "s3cret") || !json.Valid(out.Bytes()) || !strings.Contains(got, `"author": "me"`) {
		t.Errorf("got %s", got)
	}
}
