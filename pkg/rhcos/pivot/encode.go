package pivot

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	ignition "github.com/coreos/ignition/v2/config/v3_4"

	"github.com/okd-project/okd-install/pkg/diag"
)

// The languages: variant and version of Butane, and the spec of Ignition that it
// stands for. Every live system since Fedora CoreOS 39 reads it.
const (
	butaneVariant = "fcos"
	butaneVersion = "1.5.0"
	specVersion   = "3.4.0"
)

// The parts that both languages share. Their tags name the fields in both.
type (
	unitEntry struct {
		Name     string        `json:"name" yaml:"name"`
		Enabled  bool          `json:"enabled,omitempty" yaml:"enabled,omitempty"`
		Contents string        `json:"contents,omitempty" yaml:"contents,omitempty"`
		Dropins  []dropinEntry `json:"dropins,omitempty" yaml:"dropins,omitempty"`
	}
	dropinEntry struct {
		Name     string `json:"name" yaml:"name"`
		Contents string `json:"contents" yaml:"contents"`
	}
	unitsEntry struct {
		Units []unitEntry `json:"units" yaml:"units"`
	}
)

func (c liveConfig) unitEntries() unitsEntry {
	var out unitsEntry
	for _, u := range c.units {
		if u.dropin != "" {
			out.Units = append(out.Units, unitEntry{Name: u.name, Dropins: []dropinEntry{{u.dropin, u.contents}}})
			continue
		}
		out.Units = append(out.Units, unitEntry{Name: u.name, Enabled: true, Contents: u.contents})
	}
	return out
}

// Butane is the config of the live system for people: butane turns it into what
// Ignition gives, apart from how the files are packed.
func (p Plan) Butane() ([]byte, error) {
	c, err := p.live()
	if err != nil {
		return nil, err
	}
	body, err := encodeYAML(c.butane())
	if err != nil {
		return nil, err
	}
	head := fmt.Sprintf("# How a %s of OKD %s gets its system on %s: mode %s.\n# Made by okd-install; it holds secrets. docs/pivot.md tells what happens with it.\n", p.Role, p.Release.Line, p.Device, p.Mode)
	return append([]byte(head), body...), nil
}

func (c liveConfig) butane() any {
	type contents struct {
		Inline *string `yaml:"inline,omitempty"`
		Source string  `yaml:"source,omitempty"`
	}
	type file struct {
		Path      string   `yaml:"path"`
		Mode      octal    `yaml:"mode"`
		Overwrite bool     `yaml:"overwrite"`
		Contents  contents `yaml:"contents"`
	}
	type user struct {
		Name string   `yaml:"name"`
		Keys []string `yaml:"ssh_authorized_keys"`
	}
	var out struct {
		Variant string                  `yaml:"variant"`
		Version string                  `yaml:"version"`
		Passwd  *struct{ Users []user } `yaml:"passwd,omitempty"`
		Storage struct{ Files []file }  `yaml:"storage"`
		Systemd unitsEntry              `yaml:"systemd"`
	}
	out.Variant, out.Version, out.Systemd = butaneVariant, butaneVersion, c.unitEntries()
	if len(c.sshKeys) > 0 {
		out.Passwd = &struct{ Users []user }{[]user{{"core", c.sshKeys}}}
	}
	for _, f := range c.files {
		entry := file{Path: f.Path, Mode: octal(f.Mode), Overwrite: true}
		if text := string(f.Data); inline(text) {
			entry.Contents.Inline = &text
		} else {
			entry.Contents.Source = "data:;base64," + base64.StdEncoding.EncodeToString(f.Data)
		}
		out.Storage.Files = append(out.Storage.Files, entry)
	}
	return out
}

// octal is a number that YAML shows as people write modes.
type octal int

// MarshalYAML implements yaml.Marshaler.
func (o octal) MarshalYAML() (any, error) {
	return octalNode(int(o)), nil
}

// inline reports whether YAML carries a text as it is. A carriage return becomes a
// newline in it, and other control characters are not allowed. The encoder writes a
// text of several lines that begins with a tab as a block which no parser reads.
func inline(text string) bool {
	if !utf8.ValidString(text) || strings.HasPrefix(text, "\t") {
		return false
	}
	for _, r := range text {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0xfeff {
			return false
		}
	}
	return true
}

// Ignition is the config of the live system, as one line of JSON. It has passed
// Ignition's own parser and validator; whatever these report is an error.
func (p Plan) Ignition() ([]byte, error) {
	c, err := p.live()
	if err != nil {
		return nil, err
	}
	raw, err := c.ignition()
	if err != nil {
		return nil, err
	}
	_, report, err := ignition.Parse(raw)
	var problems diag.Problems
	for _, e := range report.Entries {
		problems = append(problems, diag.Problem{Detail: "the config for the live system is not right: " + e.Context.String() + ": " + e.Message})
	}
	if err != nil && len(problems) == 0 {
		return nil, err
	}
	return raw, problems.Err()
}

func (c liveConfig) ignition() ([]byte, error) {
	type contents struct {
		Source      string `json:"source"`
		Compression string `json:"compression,omitempty"`
	}
	type file struct {
		Path      string   `json:"path"`
		Mode      int      `json:"mode"`
		Overwrite bool     `json:"overwrite"`
		Contents  contents `json:"contents"`
	}
	type user struct {
		Name string   `json:"name"`
		Keys []string `json:"sshAuthorizedKeys"`
	}
	type passwd struct {
		Users []user `json:"users"`
	}
	var out struct {
		Ignition struct {
			Version string `json:"version"`
		} `json:"ignition"`
		Passwd  *passwd `json:"passwd,omitempty"`
		Storage struct {
			Files []file `json:"files"`
		} `json:"storage"`
		Systemd unitsEntry `json:"systemd"`
	}
	out.Ignition.Version, out.Systemd = specVersion, c.unitEntries()
	if len(c.sshKeys) > 0 {
		out.Passwd = &passwd{[]user{{"core", c.sshKeys}}}
	}
	for _, f := range c.files {
		entry := file{Path: f.Path, Mode: f.Mode, Overwrite: true, Contents: contents{Source: "data:;base64,"}}
		packed := compressed(f.Data)
		if len(packed) < len(f.Data) {
			entry.Contents.Source += base64.StdEncoding.EncodeToString(packed)
			entry.Contents.Compression = "gzip"
		} else {
			entry.Contents.Source += base64.StdEncoding.EncodeToString(f.Data)
		}
		out.Storage.Files = append(out.Storage.Files, entry)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(out)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func compressed(data []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level exists
	_, _ = w.Write(data)                                  // a Buffer takes everything
	_ = w.Close()
	return b.Bytes()
}
