package wizard

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig"
)

// The rows of the questions fit together, with the config and onto the screen.
func TestQuestions(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, q := range questions() {
		if seen[q.key] {
			t.Errorf("%s is asked twice", q.key)
		}
		seen[q.key] = true
		if len(q.label) == 0 || len(q.label) > 52 || q.usage == "" || q.explanation() == "" {
			t.Errorf("%s: label %q, usage %q, help %q", q.key, q.label, q.usage, q.explanation())
		}
		for _, field := range q.fields {
			if _, err := installconfig.Explain(field); err != nil {
				t.Errorf("%s decides a field that does not exist: %v", q.key, err)
			}
		}
		if q.put == nil && q.key != releaseKey {
			t.Errorf("the answer to %s goes nowhere", q.key)
		}
		if strings.ToLower(q.flag()) != q.flag() ||
			strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(q.variable(), "OKD_INSTALL_")), "_", "-") != q.flag() {
			t.Errorf("%s: flag %s, variable %s", q.key, q.flag(), q.variable())
		}
	}
}

// What is said of an answer is a sentence, with its field as the subject or without one.
func TestConcerning(t *testing.T) {
	t.Parallel()
	w := &wizard{questions: questions()}
	q := w.questions[slices.IndexFunc(w.questions, func(q question) bool { return q.key == mirrorKey })]
	for detail, want := range map[string]string{
		"there are no credentials for m": "there are no credentials for m",
		"holds a tag":                    "imageDigestSources[0].mirrors[0] holds a tag",
	} {
		found := w.concerning(q, diag.Problems{{Path: "imageDigestSources[0].mirrors[0]", Detail: detail}}, nil)
		if len(found) != 1 || found[0].Detail != want {
			t.Errorf("got %v, want %s", found, want)
		}
	}
}

// What is pasted as soon as the question is there must not be shown.
func TestSecretIsHiddenBeforeItIsAskedFor(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := &plainPrompter{out: &out, in: bufio.NewReader(strings.NewReader("")), secret: func(ask func()) (string, error) {
		if out.Len() > 0 {
			t.Errorf("asked while typing is shown: %q", out.String())
		}
		ask()
		return "s3cret", nil
	}}
	answer, err := p.Ask(t.Context(), prompt{Label: "Pull secret", Secret: true})
	if answer != "s3cret" || err != nil || !strings.Contains(out.String(), "Pull secret") {
		t.Errorf("%q, %v after %q", answer, err, out.String())
	}
}

// What is said after the end of the input stands on a line of its own.
func TestPlainPrompterEnds(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &plainPrompter{out: &out, in: bufio.NewReader(strings.NewReader(""))}
	if _, err := p.Ask(t.Context(), prompt{Label: "Which"}); !errors.Is(err, io.EOF) || out.String() != "Which: \n" {
		t.Errorf("got %v, %q", err, out.String())
	}
}

func TestPlainPrompter(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &plainPrompter{out: &out, in: bufio.NewReader(strings.NewReader("?\nx\n9\ntwo\n\n2\nlast"))}
	options := []option{{"a", "one of them"}, {"b", "two of them"}}
	q := prompt{Label: "Which", Help: "Help is here.", Default: "b", Options: options}
	for _, want := range []string{"b", "b", "b"} { // by title, by default, by number
		if got, err := p.Ask(t.Context(), q); err != nil || got != want {
			t.Errorf("got %q, %v", got, err)
		}
	}
	const shown = `  1. one of them
  2. two of them
Which (? for help) [2]:   Help is here.
Which (? for help) [2]: Wrong: answer with a number from 1 to 2
Which (? for help) [2]: Wrong: answer with a number from 1 to 2
Which (? for help) [2]:   1. one of them
  2. two of them
Which (? for help) [2]:   1. one of them
  2. two of them
Which (? for help) [2]: `
	if out.String() != shown {
		t.Errorf("shown:\n%s\nwant:\n%s", out.String(), shown)
	}
	if got, err := p.Ask(t.Context(), prompt{Label: "Text"}); err != nil || got != "last" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := p.Ask(t.Context(), prompt{Label: "Text"}); err == nil {
		t.Error("the end of the input is an answer")
	}
}

// Whatever is kept of answers is read as the same answers.
func FuzzAnswers(f *testing.F) {
	f.Add("clusterName: okd\nworkers: 3\nmachineNetwork: [10.0.0.0/16, 'fd00::/64']\nplatform: null\n")
	f.Add("a: b")
	f.Add("sshKey: &x [*x]")
	f.Fuzz(func(t *testing.T, text string) {
		answers, _, problems := parseAnswers("file", []byte(text))
		if len(problems) > 0 {
			return
		}
		w := &wizard{Options: Options{Dir: "c"}, questions: questions(), answers: answers}
		data, left := w.answersYAML()
		again, _, problems := parseAnswers("file", data)
		if len(problems) > 0 {
			t.Fatalf("%v\n%s", problems, data)
		}
		for key, value := range answers {
			if got := again[key]; got != value && len(left) == 0 {
				t.Errorf("%s: %q becomes %q in\n%s", key, value, got, data)
			}
		}
	})
}

// A line without an end is not read into memory.
func TestEndlessLine(t *testing.T) {
	t.Parallel()
	if _, err := readLine(bufio.NewReader(io.LimitReader(endless{}, 1<<30))); err == nil ||
		!strings.Contains(err.Error(), "more than 2097152 bytes") {
		t.Errorf("got %v", err)
	}
	for text, want := range map[string]string{"one\r\ntwo": "one", "last": "last", "\n": ""} {
		if got, err := readLine(bufio.NewReader(strings.NewReader(text))); got != want || err != nil {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
