//go:build unix

package wizard

import (
	"io"
	"reflect"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/term"

	"github.com/okd-project/okd-install/pkg/system"
)

// What is typed ahead of a drawn question is shown by nobody but the question itself,
// from the first one to the last.
func TestTypingAheadIsNotShown(t *testing.T) {
	t.Parallel()
	person, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close(); _ = terminal.Close() })
	go func() { _, _ = io.Copy(io.Discard, person) }()
	mode := func() *term.State {
		t.Helper()
		state, err := term.GetState(int(terminal.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	before := mode()
	show, err := system.HideEcho(terminal.Fd())
	if err != nil {
		t.Fatal(err)
	}
	hidden := mode()
	show()
	if reflect.DeepEqual(before, hidden) || !reflect.DeepEqual(before, mode()) {
		t.Fatal("the two modes of this terminal cannot be told apart")
	}

	p, restore, err := newPrompter(Terminal{In: terminal, Out: terminal})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(mode(), hidden) {
		t.Error("before the first question, typing is shown")
	}
	for _, secret := range []bool{false, true} {
		if _, err := person.WriteString("typed\r"); err != nil {
			t.Fatal(err)
		}
		answer, err := p.Ask(t.Context(), prompt{Label: "Which", Secret: secret})
		if err != nil || answer != "typed" {
			t.Errorf("the answer is %q, %v", answer, err)
		}
		if !reflect.DeepEqual(mode(), hidden) {
			t.Error("between two questions, typing is shown")
		}
	}
	if restore(); !reflect.DeepEqual(mode(), before) {
		t.Error("afterwards, the terminal is not as it was")
	}
}
