// Package page is for tests of what documents show: Blocks are the fenced blocks of a page in
// their order, with the language that stands behind the fence.
package page

import (
	"regexp"
	"strings"
)

// A Block is what stands between two fences. ```sh notest has the language "sh" and the
// remark "notest".
type Block struct {
	Language, Remark string
	Text             string // whole lines
}

// fence is the beginning of a block with its language and remark; in a list it is indented.
var fence = regexp.MustCompile("^ *```\\s*(\\S*)\\s*(.*)$")

// Blocks returns all of a page, of any language.
func Blocks(text string) []Block {
	var blocks []Block
	open := false
	for line := range strings.Lines(text) {
		m := fence.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		switch {
		case m != nil && open:
			open = false
		case m != nil:
			open = true
			blocks = append(blocks, Block{Language: m[1], Remark: m[2]})
		case open:
			blocks[len(blocks)-1].Text += line
		}
	}
	return blocks
}

// Named returns the text of the block whose first line ends with the name, as in
// "# /etc/haproxy/haproxy.cfg", and "" if there is none.
func Named(text, name string) string {
	for _, b := range Blocks(text) {
		if first, _, _ := strings.Cut(b.Text, "\n"); strings.HasSuffix(first, " "+name) {
			return b.Text
		}
	}
	return ""
}
