package pemfile

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// body is base64 of no meaning, on two lines.
const (
	body  = "MIIBcDCCARWgAwIBAgIUCsm2f83f50jKgg+jrNIq+z5ZPZkwCgYIKoZIzj0EAwIw\nDTELMAkGA1UEAwwCY2EwHhcNMjYxMTMwMTMxNjE5\n"
	begin = "-----BEGIN CERTIFICATE-----"
	end   = "-----END CERTIFICATE-----"
	good  = begin + "\n" + body + end + "\n"
)

func TestRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		blocks []int
		faults []string
	}{
		"nothing":                 {"", nil, nil},
		"one":                     {good, []int{1}, nil},
		"two with remarks":        {"# mine\n" + good + "subject=CN=x\n-- end of the first\n" + good, []int{2, 8}, nil},
		"blanks behind the edges": {begin + "  \n" + body + end + "\t\n", []int{1}, nil},
		"headers":                 {"-----BEGIN X-----\nA: b\n\n" + body + "-----END X-----\n", []int{1}, nil},
		"no line end at the end":  {strings.TrimSpace(good), []int{1}, nil},
		"Windows":                 {strings.ReplaceAll(good+good, "\n", "\r\n"), []int{1, 5}, nil},
		"carriage returns":        {strings.ReplaceAll(good+good, "\n", "\r"), []int{1, 5}, nil},
		"one carriage return":     {strings.Replace(good, "\n", "\r", 1), []int{1}, nil},
		"converted twice":         {strings.ReplaceAll(good, "\n", "\r\r\n"), []int{1}, nil},
		"comment behind BEGIN": {begin + "   # of the mirror\n" + body + end + "\n" + good, []int{5},
			[]string{"1:31: there is a comment after the dashes of " + begin}},
		"text behind END": {begin + "\n" + body + end + ",\n", nil, []string{"4:26: there is text after the dashes of " + end}},
		"END indented": {begin + "\n" + body + "    " + end + "\n", nil,
			[]string{"4:5: " + end + " is indented further than the text, and so is not the end of the block"}},
		"BEGIN indented": {"x\n\t" + good, nil,
			[]string{"2:2: " + begin + " is indented further than the text, and so is not the beginning of the block"}},
		"an invisible character": {"\ufeff" + good, nil, []string{"1:2: there is an invisible character before " + begin}},
		"a quote before BEGIN":   {`"` + good, nil, []string{"1:2: " + begin + " does not begin its line"}},
		"END behind base64":      {begin + "\nMIIB" + end + "\n", nil, []string{"2:5: " + end + " does not begin its line"}},
		"no END":                 {begin + "\n" + body, nil, []string{"1:1: " + begin + " has no " + end + " after it"}},
		"no END before another":  {begin + "\n" + body + good, []int{4}, []string{"1:1: " + begin + " has no " + end + " after it"}},
		"no BEGIN":               {body + end + "\n", nil, []string{"3:1: " + end + " has no " + begin + " before it"}},
		"another END": {begin + "\n" + body + "-----END PUBLIC KEY-----\n", nil,
			[]string{"4:1: -----END PUBLIC KEY----- ends what " + begin + " begins"}},
		"four dashes": {"----BEGIN CERTIFICATE-----\n" + body + end + "\n", nil, []string{"1:1: this is not quite " + begin}},
		"dashes of a web page": {"—–BEGIN CERTIFICATE—–\n" + body + "—–END CERTIFICATE—–\n", nil,
			[]string{"1:1: this is not quite " + begin, "4:1: this is not quite " + end}},
		"lower case": {"-----begin certificate-----\n" + body + end + "\n", nil, []string{"1:1: this is not quite " + begin}},
		"on one line": {strings.ReplaceAll(good, "\n", " "), nil,
			[]string{"1:1: " + begin + " is on one line with the rest of the block"}},
		"with \\n": {strings.ReplaceAll(good, "\n", `\n`), nil,
			[]string{"1:1: " + begin + " is on one line with the rest of the block"}},
		"base64 behind BEGIN": {begin + "MIIB\n" + body + end + "\n", nil, []string{"1:28: there is text after the dashes of " + begin}},
		"a comment between": {begin + "\n# mine\n" + body + end + "\n", nil,
			[]string{"2:1: the line is not base64, as all text of a block must be"}},
		"dots between": {begin + "\nMIIB...\n" + end + "\n", nil,
			[]string{"2:5: the line is not base64, as all text of a block must be"}},
		"a character lost": {begin + "\nMIIBc\n" + end + "\n", nil,
			[]string{"3:1: the base64 before " + end + " is incomplete: some of it was lost"}},
		"nothing between":         {begin + "\n" + end + "\n", []int{1}, nil},
		"a sentence with dashes":  {"- begin here\n-- the end of it --\n" + good, []int{3}, nil},
		"label that nobody knows": {"-----BEGIN X Y-----\n" + body + "-----END X Y-----\n", []int{1}, nil},
		"a remark behind unknown": {"-----BEGIN X----- y\n" + body + "-----END X-----\n", nil,
			[]string{"1:19: there is text after the dashes of the BEGIN line of a block"}},
		"a key's text is not repeated": {"-----BEGIN PRIVATE KEY-----\nhunter2!\n-----END PRIVATE KEY-----\n", nil,
			[]string{"2:8: the line is not base64, as all text of a block must be"}},
	} {
		contents := Read([]byte(c.text))
		var lines []int
		for _, b := range contents.Blocks {
			lines = append(lines, b.Line)
		}
		var faults []string
		for _, f := range contents.Faults {
			faults = append(faults, fmt.Sprintf("%d:%d: %s", f.Line, f.Column, f.Detail))
			if f.Hint == "" {
				t.Errorf("%s: no hint with %q", name, f.Detail)
			}
		}
		if !slices.Equal(lines, c.blocks) || !slices.Equal(faults, c.faults) {
			t.Errorf("%s: blocks in lines %v and faults %q,\nwant %v and %q", name, lines, faults, c.blocks, c.faults)
		}
	}
}

func TestRest(t *testing.T) {
	t.Parallel()
	for text, line := range map[string]int{"": 0, good: 0, good + "\n\n": 0, good + "\nmore\n": 6, "more\n": 1} {
		if got := Read([]byte(text)); got.RestLine != line || strings.TrimSpace(got.Rest) != map[bool]string{true: "more"}[line > 0] {
			t.Errorf("%q: %q in line %d", text, got.Rest, got.RestLine)
		}
	}
}

func TestManyFaults(t *testing.T) {
	t.Parallel()
	if got := len(Read([]byte(strings.Repeat(begin+" x\n", 1000))).Faults); got != maxFaults {
		t.Errorf("%d faults are listed", got)
	}
}

// A text without faults has the blocks that the standard library finds in it.
func FuzzRead(f *testing.F) {
	for _, text := range []string{
		good, begin + " x\n" + body + end, strings.ReplaceAll(good, "\n", "\r"),
		"-----BEGIN X-----\nA: b\n\nMIIB\n-----END X-----", "—BEGIN CERTIFICATE",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		contents := Read(text)
		lines := bytes.Count(Unix(text), []byte("\n")) + 1
		for _, fault := range contents.Faults {
			if fault.Line < 1 || fault.Line > lines || fault.Column < 1 || fault.Detail == "" || fault.Hint == "" {
				t.Fatalf("%+v in %d lines", fault, lines)
			}
		}
		var want [][]byte
		for block, rest := pem.Decode(Unix(text)); block != nil; block, rest = pem.Decode(rest) {
			want = append(want, block.Bytes)
		}
		var got [][]byte
		for _, block := range contents.Blocks {
			got = append(got, block.Bytes)
		}
		if len(contents.Faults) == 0 && !slices.EqualFunc(got, want, bytes.Equal) {
			t.Fatalf("%d blocks, where the standard library finds %d", len(got), len(want))
		}
	})
}
