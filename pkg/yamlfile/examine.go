package yamlfile

import yaml "go.yaml.in/yaml/v3"

// Kind is what is wrong with a tree.
type Kind int

const (
	// TooDeep is a value below more levels than may be. What is in it is not examined.
	TooDeep Kind = iota
	// NotAName is a key that is not a single value: an object, a list or an alias. What
	// an object or a list leads to is not examined.
	NotAName
	// Twice is a key that its object has had before.
	Twice
	// Endless is an alias inside of what it stands for.
	Endless
)

// Step is one step of the way from the root of a tree to a value: a field's name, or
// the index in a list, for which Key is empty and InList true.
type Step struct {
	Key    string
	Index  int
	InList bool
}

// Fault is something that is wrong with a tree.
type Fault struct {
	Kind Kind
	// At is the key for NotAName and Twice, and otherwise the value.
	At *yaml.Node
	// Path leads to At; with NotAName to the object that has the key.
	Path []Step
	// First is the line that has the key already, with Twice.
	First int
}

// Examination is what Examine has found.
type Examination struct {
	// Faults are in the order of the file, as far as aliases allow that.
	Faults []Fault
	// Written is how many values the tree has, keys among them, and Aliased how many
	// more there are when each alias is replaced by what it stands for.
	Written, Aliased int
}

// Examine goes through a tree with at most depth levels. Every node is visited once,
// however many aliases lead to it, so that the time is bounded by the size of the file.
func Examine(root *yaml.Node, depth int) Examination {
	e := examiner{depth: depth, sizes: map[*yaml.Node]int{}}
	e.Aliased = e.visit(root) - e.Written
	return e.Examination
}

type examiner struct {
	Examination
	depth int
	path  []Step
	// sizes are the values in a node, with its aliases replaced.
	sizes map[*yaml.Node]int
}

const (
	busy = -1
	many = 1 << 30 // where counting stops
)

// visit returns the number of values in n.
func (e *examiner) visit(n *yaml.Node) int {
	if n.Kind == yaml.AliasNode {
		return e.alias(n)
	}
	if len(e.path) > e.depth {
		e.fault(TooDeep, n, 0)
		return 0
	}
	e.sizes[n] = busy
	e.Written++
	size := 1
	switch n.Kind {
	case yaml.MappingNode:
		size += e.fields(n)
	case yaml.SequenceNode:
		for i, value := range n.Content {
			size += e.below(Step{Index: i, InList: true}, value)
		}
	}
	e.sizes[n] = min(size, many)
	return e.sizes[n]
}

func (e *examiner) fields(n *yaml.Node) (size int) {
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		e.Written++
		size++
		if key.Kind != yaml.ScalarNode {
			e.fault(NotAName, key, 0)
			if key.Kind != yaml.AliasNode {
				continue
			}
		}
		name := Followed(key).Value
		if line, twice := first[name]; twice {
			e.path = append(e.path, Step{Key: name})
			e.fault(Twice, key, line)
			e.path = e.path[:len(e.path)-1]
		} else {
			first[name] = key.Line
		}
		size += e.below(Step{Key: name}, value)
	}
	return size
}

func (e *examiner) below(s Step, value *yaml.Node) int {
	e.path = append(e.path, s)
	size := e.visit(value)
	e.path = e.path[:len(e.path)-1]
	return size
}

// alias returns the size of what an alias stands for. The parser has seen the anchor
// before, so that its size is known, unless the alias is inside of it.
func (e *examiner) alias(n *yaml.Node) int {
	switch size, seen := e.sizes[n.Alias]; {
	case !seen:
		return e.visit(n.Alias)
	case size == busy:
		e.fault(Endless, n, 0)
		return 0
	default:
		return size
	}
}

func (e *examiner) fault(k Kind, at *yaml.Node, first int) {
	e.Faults = append(e.Faults, Fault{Kind: k, At: at, Path: append([]Step(nil), e.path...), First: first})
}
