package cluster

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// DeclaredNode is a machine that belongs to the cluster because its owner says so.
type DeclaredNode struct {
	Name string
	// Addresses are those that its certificate may be for; empty if nobody said.
	Addresses []netip.Addr
}

// ParseNodes reads declared nodes. Each is a name, alone or with addresses:
//
//	worker-0
//	worker-1=192.168.1.31+fd00::31
//	worker-2 192.168.1.32 fd00::32   # in a file
//	worker-[3-9]                     # seven nodes, as worker-{3..9}
//
// place names the flag or the file in problems. isFile tells which of the two it
// is: a flag has commas where a file has lines.
func ParseNodes(place, text string, isFile bool) ([]DeclaredNode, error) {
	p := nodeParser{place: place, seen: map[string]int{}}
	lines := strings.Split(text, "\n")
	if !isFile {
		lines = strings.Split(text, ",")
	}
	for i, line := range lines {
		if !isFile {
			i = -1
		}
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			p.line(i+1, line)
		}
	}
	if len(p.nodes) == 0 && len(p.problems) == 0 {
		p.complain(0, "no node is listed", "write one node name per line, as the node will report it, such as worker-0.demo.example.com")
	}
	return p.nodes, p.problems.Err()
}

type nodeParser struct {
	place    string
	nodes    []DeclaredNode
	seen     map[string]int
	problems diag.Problems
}

func (p *nodeParser) complain(line int, detail, hint string) {
	p.problems = append(p.problems, diag.Problem{Position: diag.Position{File: p.place, Line: line}, Detail: detail, Hint: hint})
}

func (p *nodeParser) line(number int, text string) {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '=' || r == ',' || r == '+' })
	if len(words) == 0 {
		p.complain(number, fmt.Sprintf("%q does not contain a node name", oneLine(text, 60)), "")
		return
	}
	names, problem := expandName(words[0])
	switch {
	case problem != "":
		p.complain(number, fmt.Sprintf("%q %s", oneLine(words[0], 80), problem), "write a range such as worker-[0-4]")
		return
	case len(names) > 1 && len(words) > 1:
		p.complain(number, fmt.Sprintf("%q is a range, and has addresses", oneLine(words[0], 80)), "declare nodes with addresses one by one")
		return
	}
	for _, name := range names {
		p.node(number, name, words[1:])
	}
}

// node adds one node with its addresses.
func (p *nodeParser) node(number int, name string, addresses []string) {
	node := DeclaredNode{Name: name}
	if !validNodeName(node.Name) {
		detail := fmt.Sprintf("%q cannot be the name of a node", oneLine(node.Name, 80))
		p.complain(number, detail, "a name has only lowercase letters, digits, hyphens and dots, such as worker-0.demo.example.com; "+
			"a range is worker-[0-4]")
		return
	}
	if _, there := p.seen[node.Name]; there {
		p.complain(number, fmt.Sprintf("%s is listed twice", node.Name), "")
		return
	}
	p.seen[node.Name] = number
	for _, word := range addresses {
		ip, err := netip.ParseAddr(word)
		if err != nil || ip.Zone() != "" {
			p.complain(number, fmt.Sprintf("%q is not an IP address", oneLine(word, 60)), "write the addresses of "+node.Name+" after its name")
			continue
		}
		node.Addresses = append(node.Addresses, ip.Unmap())
	}
	p.nodes = append(p.nodes, node)
}

// validNodeName reports whether Kubernetes takes the name for a node: a DNS
// subdomain.
func validNodeName(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
				return false
			}
		}
	}
	return true
}

// similar finds a declared node that was probably meant: one with the same first
// label.
func (x *index) similar(name string) string {
	label, _, _ := strings.Cut(name, ".")
	return x.short[label]
}
