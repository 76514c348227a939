package wizard

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/shell"
	"github.com/okd-project/okd-install/pkg/system"
	"github.com/okd-project/okd-install/pkg/yamlfile"
)

// This file holds where answers come from, and where they go when somebody stops.

// given is an answer from the command line, the environment or the file of
// answers, with the name of where it is from.
func (w *wizard) given(q question) (value, from string, ok bool) {
	if q.key == releaseKey && w.Release != "" {
		return w.Release, "--release", true
	}
	if values, ok := w.Given[q.key]; ok {
		return strings.Join(values, "\n"), "--" + q.flag(), true
	}
	if value := w.Getenv(q.variable()); value != "" {
		return value, q.variable(), true
	}
	value, ok = w.file[q.key]
	return value, q.key, ok
}

// readAnswers reads the file of answers: one field for each question, a text, a
// number or a list.
func (w *wizard) readAnswers(ctx context.Context) error {
	name := w.AnswersFile
	if name == "" {
		return nil
	}
	var data []byte
	var err error
	if name == "-" {
		name = "standard input"
		data, err = system.ReadUpTo(system.Interruptible(ctx, w.In), maxAnswer)
	} else {
		data, err = w.ReadFile(name, maxAnswer)
	}
	if err != nil {
		return diag.Problem{
			Path:   "--answers",
			Detail: "the file " + name + " cannot be read: " + system.Reason(err),
			Hint:   "name a file of answers",
		}
	}
	answers, at, problems := parseAnswers(name, data)
	if len(problems) > 0 {
		return &installconfig.InvalidError{File: name, Problems: problems}
	}
	w.file, w.fileAt = answers, at
	for _, answer := range answers {
		w.Learn(answer)
	}
	return nil
}

// onCommandLine refuses a pull secret that is written on the command line itself.
func onCommandLine(q question, value, from string) error {
	if q.key != pullSecretKey || from != "--"+q.flag() || !q.secret(value) {
		return nil
	}
	return diag.Problem{
		Detail: "is the secret itself, which does not belong on a command line: others can see it there",
		Hint:   "name the file that it is in",
	}
}

// parseAnswers reads answers by key. A list becomes lines.
func parseAnswers(file string, data []byte) (answers map[string]string, at map[string]diag.Position, problems diag.Problems) {
	r := answersReader{file: file}
	root := r.root(data)
	if root == nil {
		return nil, nil, r.problems
	}
	var keys []string
	for _, q := range questions() {
		keys = append(keys, q.key)
	}
	answers, at = map[string]string{}, map[string]diag.Position{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if !slices.Contains(keys, key.Value) {
			r.fail(key, diag.Clip(key.Value, 80), "is not a question",
				diag.Meant(key.Value, keys, "the questions are "+strings.Join(keys, ", ")))
			continue
		}
		if _, twice := answers[key.Value]; twice {
			r.fail(key, key.Value, "is answered twice", "keep one of the two")
			continue
		}
		at[key.Value] = diag.Position{File: file, Line: key.Line, Column: key.Column}
		answers[key.Value] = r.text(key.Value, value)
	}
	return answers, at, r.problems
}

// answersReader collects what is wrong in a file of answers.
type answersReader struct {
	file     string
	problems diag.Problems
}

func (r *answersReader) fail(n *yaml.Node, path, detail, hint string) {
	r.problems = append(r.problems, diag.Problem{
		Position: diag.Position{File: r.file, Line: n.Line, Column: n.Column},
		Path:     path,
		Detail:   detail,
		Hint:     hint,
	})
}

// root is the object that the answers are in: nil if the file is empty or wrong as a whole.
func (r *answersReader) root(data []byte) *yaml.Node {
	documents, err := yamlfile.Documents(data)
	var syntax *yamlfile.SyntaxError
	switch {
	case errors.As(err, &syntax):
		r.fail(&yaml.Node{Line: syntax.Line, Column: syntax.Column}, "", "is not YAML: "+syntax.Words(diag.Rune),
			cmp.Or(syntax.Hint, "write one answer on a line, such as clusterName: okd"))
	case err != nil:
		r.fail(&yaml.Node{}, "", "is not YAML", "write one answer on a line, such as clusterName: okd")
	case len(documents) == 0:
	case len(documents) > 1:
		r.fail(documents[1], "", "starts a second YAML document", "keep all answers in one: remove the line ---")
	case documents[0].Content[0].Kind != yaml.MappingNode:
		r.fail(documents[0].Content[0], "", "holds no answers", "write one answer on a line, such as clusterName: okd")
	default:
		return documents[0].Content[0]
	}
	return nil
}

// text is the answer to the question key: a list becomes lines.
func (r *answersReader) text(key string, value *yaml.Node) string {
	lines := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		lines = value.Content
	}
	var texts []string
	for _, line := range lines {
		if line.Kind != yaml.ScalarNode {
			r.fail(line, key, "is not a text, a number or a list of texts", "write the answer as you would type it")
			continue
		}
		if line.ShortTag() != "!!null" {
			texts = append(texts, line.Value)
		}
	}
	return strings.Join(texts, "\n")
}

// answersYAML writes answers as parseAnswers reads them, without those that are secret.
func (w *wizard) answersYAML() (data []byte, left []string) {
	var b strings.Builder
	fmt.Fprintf(&b, "# Answers to the questions of okd-install create install-config. Go on with\n# okd-install %s\n", w.resume())
	answers := w.withAside()
	for _, q := range w.questions {
		value, ok := answers[q.key]
		if !ok {
			continue
		}
		if q.secret != nil && q.secret(value) {
			left = append(left, q.key)
			continue
		}
		var answer any = value
		if strings.Contains(value, "\n") {
			answer = strings.Split(value, "\n")
		}
		line, err := yaml.Marshal(map[string]any{q.key: answer})
		if err != nil {
			continue // texts and lists of texts can always be written
		}
		b.Write(line)
	}
	return []byte(b.String()), left
}

// answersPath is where answers are kept.
func (w *wizard) answersPath() string { return filepath.Join(w.Dir, answersFile) }

// resume is the command line that goes on where somebody stopped.
func (w *wizard) resume() string {
	line := "create install-config --dir " + shell.Word(w.Dir) + " --answers " + shell.Word(w.answersPath())
	if w.Overwrite {
		line += " --overwrite"
	}
	return line
}

// stopped says why somebody stops, and keeps the answers.
func (w *wizard) stopped(why error) {
	if errors.Is(why, ErrInterrupted) {
		w.Log.Warnf("Received interrupt signal")
	} else {
		w.Log.Errorf("%s", why)
	}
	w.keepAnswers()
}

// keepAnswers writes the answers so far to a file that only its owner can read.
func (w *wizard) keepAnswers() {
	w.Log.Warnf("no install-config was written")
	if len(w.withAside()) == 0 {
		return
	}
	data, left := w.answersYAML()
	err := w.makeDir()
	if err == nil {
		err = assetdir.Put(w.Dir, answersFile, data)
	}
	if err != nil {
		w.Log.Errorf("your answers could not be kept: %s", system.Reason(err))
		return
	}
	w.Log.Infof("your answers so far are in %s; go on with", w.answersPath())
	w.Log.Infof("    %s %s", w.Program, w.resume())
	if len(left) > 0 {
		w.Log.Infof("not kept, because they are secret: %s", strings.Join(left, ", "))
	}
}
