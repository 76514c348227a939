package installconfig

import (
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"github.com/okd-project/okd-install/pkg/diag"
)

// measure counts the values of a tree with its aliases followed, and finds
// duplicate keys, cycles and bottomless nesting on the way. Every node is
// counted once, so that the time is bounded by the size of the file.
type measure struct {
	file     string
	sizes    map[*yaml.Node]int
	path     []string // of the node that is visited, such as compute [0] name
	written  int      // values without aliases
	problems diag.Problems
}

const (
	busy = -1
	many = 1 << 30 // where counting stops
)

// visit returns the number of values in n.
func (m *measure) visit(n *yaml.Node) int {
	if n.Kind == yaml.AliasNode {
		return m.alias(n)
	}
	if len(m.path) > maxDepth {
		m.refuse(n, "is nested more than "+strconv.Itoa(maxDepth)+" levels deep", "check that this is the right file")
		return 0
	}
	m.sizes[n] = busy
	m.written++
	size := 1
	switch n.Kind {
	case yaml.MappingNode:
		first := map[string]*yaml.Node{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			m.path = append(m.path, "."+shorten(key.Value))
			m.key(key, first)
			size += 1 + m.visit(value)
			m.path = m.path[:len(m.path)-1]
		}
	case yaml.SequenceNode:
		for i, value := range n.Content {
			m.path = append(m.path, "["+strconv.Itoa(i)+"]")
			size += m.visit(value)
			m.path = m.path[:len(m.path)-1]
		}
	}
	m.sizes[n] = min(size, many)
	return m.sizes[n]
}

// key refuses a key that is not a name, or is in first already.
func (m *measure) key(key *yaml.Node, first map[string]*yaml.Node) {
	m.written++
	if key.Kind != yaml.ScalarNode {
		m.refuse(key, "has "+kindOf(key)+" where a field name belongs", "write the name of a field before the colon")
		return
	}
	if before, twice := first[key.Value]; twice {
		m.refuse(key, "is given twice, first on line "+strconv.Itoa(before.Line), "keep one of the two")
		return
	}
	first[key.Value] = key
}

// alias returns the size of what an alias stands for. The parser has seen the
// anchor before, so that its size is known, unless the alias is inside of it.
func (m *measure) alias(n *yaml.Node) int {
	switch size, seen := m.sizes[n.Alias]; {
	case !seen:
		return m.visit(n.Alias)
	case size == busy:
		m.refuse(n, "the alias *"+shorten(n.Value)+" is inside of what it stands for", "write the value out instead")
		return 0
	default:
		return size
	}
}

func (m *measure) refuse(n *yaml.Node, detail, hint string) {
	if len(m.problems) >= maxProblems {
		return
	}
	m.problems = append(m.problems, diag.Problem{
		Position: diag.Position{File: m.file, Line: n.Line, Column: n.Column},
		Path:     strings.TrimPrefix(strings.Join(m.path, ""), "."),
		Detail:   detail,
		Hint:     hint,
	})
}
