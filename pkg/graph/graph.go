package graph

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// Node is a value of type T that a run can make, with the values it is made
// from. Nodes are created by Value, Source, From1 to From8 and Collect; a node
// exists before it can be an argument of another, so a graph has no cycles.
type Node[T any] struct{ *node }

// Any is a node of whatever type.
type Any interface{ any() *node }

func (n *node) any() *node { return n }

// Name is what the node is called.
func (n *node) Name() string { return n.name }

type node struct {
	name   string
	inputs []*node
	make   func(args []any) (any, error)
	// kept is set on values that are remembered between runs.
	kept *keeping
	// folders is set on files that the user may edit.
	folders []string
	// list is set on a node that only holds the values of its inputs.
	list bool
}

type keeping struct {
	decode func([]byte) (any, error)
	check  func(v any, inputs []any) error
	fresh  func(v any, now time.Time) bool
}

// Files are files of a directory: slash-separated path -> content.
type Files = map[string][]byte

// Value is a node whose value is known beforehand. One without a name is a
// constant, which is not worth a place in the printed graph.
func Value[T any](name string, v T) Node[T] {
	return Source(name, func() (T, error) { return v, nil })
}

// Source is a node that is made from nothing in the graph.
func Source[T any](name string, f func() (T, error)) Node[T] {
	return newNode[T](name, func([]any) (any, error) { return f() })
}

// From1 is a node made from one other by f.
func From1[A, T any](name string, a Node[A], f func(A) (T, error)) Node[T] {
	return newNode[T](name, func(v []any) (any, error) { return f(Arg[A](v, 0)) }, a.node)
}

// From2 is a node made from two others by f.
func From2[A, B, T any](name string, a Node[A], b Node[B], f func(A, B) (T, error)) Node[T] {
	return newNode[T](name, func(v []any) (any, error) { return f(Arg[A](v, 0), Arg[B](v, 1)) }, a.node, b.node)
}

// From3 is a node made from three others by f.
func From3[A, B, C, T any](name string, a Node[A], b Node[B], c Node[C], f func(A, B, C) (T, error)) Node[T] {
	return newNode[T](name, func(v []any) (any, error) {
		return f(Arg[A](v, 0), Arg[B](v, 1), Arg[C](v, 2))
	}, a.node, b.node, c.node)
}

// From4 is a node made from four others by f.
func From4[A, B, C, D, T any](name string, a Node[A], b Node[B], c Node[C], d Node[D], f func(A, B, C, D) (T, error)) Node[T] {
	return newNode[T](name, func(v []any) (any, error) {
		return f(Arg[A](v, 0), Arg[B](v, 1), Arg[C](v, 2), Arg[D](v, 3))
	}, a.node, b.node, c.node, d.node)
}

// From5 is a node made from five others by f.
func From5[A, B, C, D, E, T any](
	name string, a Node[A], b Node[B], c Node[C], d Node[D], e Node[E], f func(A, B, C, D, E) (T, error),
) Node[T] {
	return newNode[T](name, func(v []any) (any, error) {
		return f(Arg[A](v, 0), Arg[B](v, 1), Arg[C](v, 2), Arg[D](v, 3), Arg[E](v, 4))
	}, a.node, b.node, c.node, d.node, e.node)
}

// From6 is a node made from six others by f.
func From6[A, B, C, D, E, F, T any](
	name string, a Node[A], b Node[B], c Node[C], d Node[D], e Node[E], g Node[F], f func(A, B, C, D, E, F) (T, error),
) Node[T] {
	return newNode[T](name, func(v []any) (any, error) {
		return f(Arg[A](v, 0), Arg[B](v, 1), Arg[C](v, 2), Arg[D](v, 3), Arg[E](v, 4), Arg[F](v, 5))
	}, a.node, b.node, c.node, d.node, e.node, g.node)
}

// From8 is a node made from eight others by f.
func From8[A, B, C, D, E, F, G, H, T any](
	name string, a Node[A], b Node[B], c Node[C], d Node[D], e Node[E], g Node[F], h Node[G], i Node[H],
	f func(A, B, C, D, E, F, G, H) (T, error),
) Node[T] {
	return newNode[T](name, func(v []any) (any, error) {
		return f(Arg[A](v, 0), Arg[B](v, 1), Arg[C](v, 2), Arg[D](v, 3), Arg[E](v, 4), Arg[F](v, 5), Arg[G](v, 6), Arg[H](v, 7))
	}, a.node, b.node, c.node, d.node, e.node, g.node, h.node, i.node)
}

// Collect is a node that holds the values of several nodes by their names.
func Collect[T any](name string, nodes ...Node[T]) Node[map[string]T] {
	inputs := make([]*node, len(nodes))
	for i, n := range nodes {
		inputs[i] = n.node
	}
	n := newNode[map[string]T](name, func(v []any) (any, error) {
		all := make(map[string]T, len(v))
		for i := range v {
			all[inputs[i].name] = Arg[T](v, i)
		}
		return all, nil
	}, inputs...)
	n.list = true
	return n
}

// Keep makes the node's value be remembered between runs, as JSON. It is made
// again when one of its inputs has another value than last time, or when fresh
// says no; a nil fresh says yes for ever. check gets what is remembered and the
// values of the node's inputs, which Arg reads; its error says why that cannot be
// what was made. The value is found again by the node's name, so it needs one.
func (n Node[T]) Keep(check func(v T, inputs []any) error, fresh func(v T, now time.Time) bool) Node[T] {
	if n.name == "" {
		panic("a remembered node has no name")
	}
	n.kept = &keeping{decode: decodeKept[T]}
	if check != nil {
		n.kept.check = func(v any, inputs []any) error { return check(Arg[T]([]any{v}, 0), inputs) }
	}
	if fresh != nil {
		n.kept.fresh = func(v any, now time.Time) bool { return fresh(Arg[T]([]any{v}, 0), now) }
	}
	return n
}

// decodeKept reads a remembered value. What is not the whole of it, such as null
// or an object with other fields, is no value.
func decodeKept[T any](data []byte) (any, error) {
	var v T
	if data = bytes.TrimSpace(data); len(data) == 0 || bytes.Equal(data, []byte("null")) {
		return v, errors.New("it is empty")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if dec.Decode(&v) != nil {
		return v, errors.New("it does not have the form in which it is written")
	}
	return v, nil
}

// Editable makes the user's files in dirs stand in for the node's, as a whole,
// if there are any. The node's inputs are then not made.
func Editable(n Node[Files], dirs ...string) Node[Files] {
	n.folders = dirs
	return n
}

func newNode[T any](name string, f func([]any) (any, error), inputs ...*node) Node[T] {
	return Node[T]{&node{name: name, inputs: inputs, make: f}}
}

// Arg returns an argument in its type; a nil interface value becomes T's zero.
func Arg[T any](args []any, i int) T {
	v, _ := args[i].(T)
	return v
}

// Kept is a remembered value: what it was made from, and itself.
type Kept struct {
	// Inputs is the SHA-256 of the values of the node's inputs, in hex.
	Inputs string `json:"inputs"`
	// Value is the node's value as JSON.
	Value json.RawMessage `json:"value"`
}

// Run makes the values of a graph once. Its fields are set before the first Get;
// OnDisk may be taken away later, as long as no node has asked it.
type Run struct {
	// Context ends the run between two nodes when it is cancelled.
	Context context.Context
	// Now is the one instant of the run.
	Now time.Time
	// Kept holds the remembered values by node name; Get adds to it.
	Kept map[string]Kept
	// OnDisk returns the user's files in dirs, or false if there are none.
	OnDisk func(dirs []string) (Files, bool, error)
	// Damaged makes the error of a remembered value that cannot be what was made;
	// without it the detail is the error.
	Damaged func(detail string) error
	// Serial makes one node at a time, in the order of the arguments.
	Serial bool
	// Frozen makes nothing that is to be remembered: the remembered value counts
	// whatever its age, and where there is none for the inputs as they are now,
	// the run ends with a NotRememberedError.
	Frozen bool
	// Trace is told what has happened to each node: made, remembered, or on
	// disk; and by Clock how long its own function took, without those of its inputs.
	Trace func(node, how string, took time.Duration)
	Clock func() time.Time

	mu      sync.Mutex
	results map[*node]*result
	slots   chan struct{}
}

type result struct {
	done  chan struct{}
	value any
	err   error
}

// Get returns the value of n, making what it needs. The inputs of a node are
// made together, as many at a time as there are processors. Of several errors
// the first in the order of the arguments is returned.
func Get[T any](r *Run, n Node[T]) (T, error) {
	v, err := r.get(n.node)
	return Arg[T]([]any{v}, 0), err
}

func (r *Run) get(n *node) (any, error) {
	r.mu.Lock()
	if r.results == nil {
		r.results = map[*node]*result{}
		r.slots = make(chan struct{}, runtime.GOMAXPROCS(0))
	}
	res, begun := r.results[n]
	if !begun {
		res = &result{done: make(chan struct{})}
		r.results[n] = res
	}
	r.mu.Unlock()
	if begun {
		<-res.done
	} else {
		res.value, res.err = r.resolve(n)
		close(res.done)
	}
	return res.value, res.err
}

func (r *Run) resolve(n *node) (any, error) {
	if n.folders != nil && r.OnDisk != nil {
		if files, ok, err := r.OnDisk(n.folders); ok || err != nil {
			r.trace(n, "on disk", 0)
			return files, err
		}
	}
	args, err := r.args(n)
	if err != nil {
		return nil, err
	}
	if n.kept == nil {
		return r.build(n, args)
	}
	inputs, err := Digest(args)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.name, err)
	}
	if v, ok, err := r.remembered(n, args, inputs); ok || err != nil {
		r.trace(n, "remembered", 0)
		return v, err
	}
	if r.Frozen {
		return nil, NotRememberedError{n.name}
	}
	v, err := r.build(n, args)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.name, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Kept == nil {
		r.Kept = map[string]Kept{}
	}
	r.Kept[n.name] = Kept{Inputs: inputs, Value: raw}
	return v, nil
}

// args makes the inputs of n, together unless the run is serial.
func (r *Run) args(n *node) ([]any, error) {
	values, errs := make([]any, len(n.inputs)), make([]error, len(n.inputs))
	var wg sync.WaitGroup
	for i, in := range n.inputs {
		if r.Serial {
			if values[i], errs[i] = r.get(in); errs[i] != nil {
				return nil, errs[i]
			}
			continue
		}
		wg.Go(func() { values[i], errs[i] = r.get(in) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return values, nil
}

// build runs the node's function while it holds one of the slots, so that no
// more work is under way than there are processors.
func (r *Run) build(n *node, args []any) (any, error) {
	r.slots <- struct{}{}
	defer func() { <-r.slots }()
	if r.Context != nil && r.Context.Err() != nil {
		return nil, r.Context.Err()
	}
	clock := r.Clock
	if clock == nil {
		clock = func() time.Time { return r.Now }
	}
	start := clock()
	v, err := n.make(args)
	r.trace(n, "made", clock().Sub(start))
	return v, err
}

func (r *Run) remembered(n *node, args []any, inputs string) (any, bool, error) {
	r.mu.Lock()
	kept, ok := r.Kept[n.name]
	r.mu.Unlock()
	if !ok {
		return nil, false, nil
	}
	damaged := func(why string) error {
		detail := "the remembered value of " + n.name + " is damaged: " + why
		if r.Damaged != nil {
			return r.Damaged(detail)
		}
		return errors.New(detail)
	}
	switch raw, err := hex.DecodeString(kept.Inputs); {
	case err != nil || len(raw) != sha256.Size:
		return nil, false, damaged("what it was made from is not on record")
	case kept.Inputs != inputs && len(n.inputs) > 0:
		return nil, false, nil
	case kept.Inputs != inputs:
		return nil, false, damaged("it was made from nothing, and the record says otherwise")
	}
	v, err := n.kept.decode(kept.Value)
	if err == nil && n.kept.check != nil {
		err = n.kept.check(v, args)
	}
	if err != nil {
		return nil, false, damaged(err.Error())
	}
	return v, r.Frozen || n.kept.fresh == nil || n.kept.fresh(v, r.Now), nil
}

// NotRememberedError ends a frozen run at the node whose value would have to be made.
type NotRememberedError struct{ Node string }

func (e NotRememberedError) Error() string { return e.Node + " would be made again" }

func (r *Run) trace(n *node, how string, took time.Duration) {
	if r.Trace != nil && n.name != "" {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.Trace(n.name, how, took)
	}
}

// Digest is the SHA-256 of the values as JSON, in hex. Maps marshal in the order of
// their keys, so that equal values have equal digests.
func Digest(values []any) (string, error) {
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(values); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
