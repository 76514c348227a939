// Package wizard makes an install-config from answers.
//
// Each question is a row of questions(): its answer comes from its flag, its
// environment variable or the file of answers, in this order, or else from the person
// at the terminal. Each is checked as soon as it is there, by reading the config as it
// would be with it (check.go). back.go has the way from one question to the next and
// back, review.go the end, where any answer can be changed, and same.go what answers
// mean where there is a config already.
//
// Who asks is a prompter: one that draws (prompt.go, the only file that knows survey,
// and keys.go, which stands between it and the terminal), and one that writes and reads
// lines. Where there is nobody to ask, all that is missing or wrong is said at once.
//
// The package writes two things itself, both for their owner only: a key pair that
// somebody wants made, and the answers of somebody who stops (disk.go). The config is
// returned; pkg/asset writes it. Streams, terminal, environment and home folder are given.
package wizard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig"
)

// schemaFile is the JSON Schema that the wizard puts beside the config.
const schemaFile = ".install-config.schema.json"

// answersFile is where answers are kept when somebody stops in the middle.
const answersFile = "install-config-answers.yaml"

// Options is what the wizard gets from the outside.
type Options struct {
	// Dir is the asset directory, and Program what okd-install is called, for the
	// command lines that are told.
	Dir, Program string
	// Given are the answers on the command line, by the key of the question, and
	// AnswersFile the file with others; "-" is In.
	Given       map[string][]string
	AnswersFile string
	// Release and ReleaseImage are as asset.Request has them.
	Release, ReleaseImage string
	// Overwrite makes another config where there is one.
	Overwrite bool

	// Terminal is where somebody can be asked; nil if there is none.
	Terminal *Terminal
	// In is standard input.
	In io.Reader
	// Home is the user's home folder, where keys are looked for; empty if there is none.
	Home string
	// Getenv reads the environment: each question has a variable. Environment is
	// what the variables say that change what is made.
	Getenv      func(string) string
	Environment asset.Environment
	// ReadFile reads a file that an answer names, within a bound in bytes.
	ReadFile func(name string, most int64) ([]byte, error)
	// Learn hears each answer of a file, so that nothing repeats a secret.
	Learn func(string)
	Log   Logger
}

// Logger takes what there is to say before and after the questions.
type Logger interface {
	Infof(format string, values ...any)
	Warnf(format string, values ...any)
	Errorf(format string, values ...any)
}

// Result is what came of it.
type Result struct {
	// Files are the install-config and what is to stand beside it; nil if there is a
	// config already and nobody wants another.
	Files asset.Files
	// Release is the line or version that was chosen, empty if nobody did.
	Release string
	// Same says that answers were given, and are what the config says that is there.
	Same bool
}

// The ways in which Run ends without a config, after it has said so itself.
var (
	// ErrInterrupted is Ctrl-C.
	ErrInterrupted = errors.New("interrupted")
	// ErrInputEnded is the end of the input before that of the questions.
	ErrInputEnded = errors.New("the input ended before all questions were answered")
	// ErrDeclined is somebody who does not want the config that the answers make.
	ErrDeclined = errors.New("no install-config is wanted")
)

// wizard is one run of questions.
type wizard struct {
	Options
	questions []question
	// old is the config that is there and is not to be replaced.
	old []byte
	// prompter is nil where there is nobody to ask.
	prompter prompter
	file     map[string]string // the answers of the file
	fileAt   map[string]diag.Position
	answers  map[string]string
	// asked are the questions that the person was asked: what is in the file for
	// them does not count any more. path has their places, in order.
	asked map[string]bool
	path  []int
	// aside are answers of somebody who went back, usual those that were what was
	// proposed. again is the question that is to be asked, whatever is aside.
	aside map[string]string
	usual map[string]bool
	again string
	// keeping tells that one answer is being changed, that to the first question:
	// what is aside is taken where it still fits.
	keeping bool
	first   int
	// notes are what there is to say about an answer once it is taken, and said
	// what has been.
	notes    []string
	said     map[string]bool
	problems diag.Problems
}

// Run makes the install-config that the user's answers describe, with what is to
// stand beside it. The error is one of the above, or says what is missing or wrong.
func Run(ctx context.Context, o Options) (Result, error) {
	w := &wizard{
		Options: o, questions: questions(),
		answers: map[string]string{}, said: map[string]bool{}, asked: map[string]bool{}, usual: map[string]bool{}, aside: map[string]string{},
	}
	wanted, err := w.wanted()
	if !wanted || err != nil {
		return Result{}, err
	}
	if asset.HasEstablishedConfig(w.Dir) {
		w.Log.Warnf("there is an install-config in %s, which the established installer has consumed: --from-state gets it back",
			filepath.Join(w.Dir, asset.EstablishedStateFile))
	}
	if err := w.readAnswers(ctx); err != nil {
		return Result{}, err
	}
	if w.old != nil {
		files, err := w.same(ctx)
		return Result{Files: files, Same: err == nil}, err
	}
	restore := func() {}
	if w.Terminal != nil {
		if w.prompter, restore, err = newPrompter(*w.Terminal); err != nil {
			return Result{}, err
		}
	}
	defer restore()
	files, err := w.run(ctx)
	switch {
	case errors.Is(err, io.EOF):
		err = ErrInputEnded
		fallthrough
	case errors.Is(err, ErrInterrupted):
		restore()
		w.stopped(err)
	}
	return Result{Files: files, Release: w.answers[releaseKey]}, err
}

// wanted reports whether a config is to be made from answers.
func (w *wizard) wanted() (bool, error) {
	given := w.AnswersFile != "" || len(w.Given) > 0
	if there, makeable := folder(w.Dir); !there {
		return makeable, nil
	}
	old, _, err := asset.ReadConfig(w.Dir)
	if err != nil {
		return false, err
	}
	if given && !w.Overwrite {
		w.old = old
	}
	return old == nil || given, nil
}

// run answers all questions and makes the files of it.
func (w *wizard) run(ctx context.Context) (asset.Files, error) {
	if w.prompter != nil {
		w.prompter.Tell(fmt.Sprintf("These questions make the install-config of a cluster, in %s. Each can be answered with ? for help, "+
			"and with "+goBack+" to go back to the one before. Ctrl-C stops and keeps what you have answered.", w.Dir), "")
		w.prompter.Say("")
	}
	if err := w.settleAll(ctx, 0); err != nil {
		return nil, err
	}
	w.tellUnused()
	if err := w.refusal(); err != nil {
		return nil, err
	}
	if err := w.review(ctx); err != nil {
		return nil, err
	}
	text, schema, err := w.result()
	if err != nil {
		return nil, err
	}
	if err := w.makeDir(); err != nil {
		return nil, err
	}
	return asset.Files{installconfig.FileName: text, schemaFile: schema}, nil
}

// result is the config that the answers make, and its schema.
func (w *wizard) result() (text, schema []byte, err error) {
	options, err := w.loadOptions(w.answers[releaseKey])
	if err != nil {
		return nil, nil, err
	}
	text = w.draft(w.answers).YAML(w.head(options.Release.Line)...)
	if _, err := installconfig.Load(installconfig.FileName, text, options); err != nil {
		return nil, nil, err
	}
	schema, err = installconfig.JSONSchema(options.Release)
	return text, schema, err
}

// head are the comments at the top of the config.
func (w *wizard) head(line string) []string {
	return []string{
		"yaml-language-server: $schema=" + schemaFile,
		"Made by " + w.Program + " create install-config for OKD " + line + ". It is yours to change; okd-install",
		"validate checks it, and okd-install explain tells what there is beside these fields.",
	}
}

// settle finds the answer to one question.
func (w *wizard) settle(ctx context.Context, q question) error {
	if q.asked != nil && !q.asked(w) {
		return nil
	}
	given, from, ok := w.given(q)
	if w.asked[q.key] {
		ok = false
	}
	if w.keep(q) {
		return nil
	}
	switch {
	case ok:
		value, err := given, onCommandLine(q, given, from)
		if err == nil {
			value, err = w.check(q, emptied(q, given))
		}
		if err == nil {
			w.accept(q, value)
			return nil
		}
		if w.prompter == nil {
			w.refuse(q, from, err)
			return nil
		}
		w.prompter.Say("Wrong in " + from + ": " + err.Error())
	case w.prompter == nil && (q.optional || w.preset(q) != ""):
		value, err := w.check(q, w.preset(q))
		if err != nil {
			w.refuse(q, "the default of --"+q.flag(), err)
			return nil
		}
		w.accept(q, value)
		return nil
	case w.prompter == nil:
		w.problems = append(w.problems, diag.Problem{
			Path: "--" + q.flag(), Detail: "is missing: " + q.usage,
			Hint: fmt.Sprintf("or set %s, or write %s into the file of --answers", q.variable(), q.key),
		})
		return nil
	}
	return w.ask(ctx, q)
}

// refuse keeps what is wrong with an answer for the end, when all are known.
func (w *wizard) refuse(q question, from string, err error) {
	p := diag.Problem{Path: from, Detail: err.Error()}
	if from == q.key {
		p.Position = w.fileAt[q.key]
	}
	var found diag.Problems
	var one diag.Problem
	switch {
	case errors.As(err, &found):
		for _, f := range found {
			w.problems = append(w.problems, diag.Problem{Position: p.Position, Path: from, Detail: f.Detail, Hint: f.Hint})
		}
		return
	case errors.As(err, &one):
		p.Detail, p.Hint = one.Detail, one.Hint
	}
	w.problems = append(w.problems, p)
}

// refusal is all that is missing or wrong, or nil.
func (w *wizard) refusal() error {
	if len(w.problems) == 0 {
		return nil
	}
	file := filepath.Join(w.Dir, installconfig.FileName)
	problems := w.problems
	if w.prompter == nil {
		problems = append(diag.Problems{{
			Position: diag.Position{File: file}, Detail: "there is no such file, there is no terminal to ask on, and the answers do not make one",
			Hint: "write the file, or give what is missing here",
		}}, problems...)
	}
	for i := range problems {
		if problems[i].File == "" {
			problems[i].File = file
		}
	}
	return &installconfig.InvalidError{File: file, Problems: problems}
}

// tellUnused reports answers to questions that the other answers rule out.
func (w *wizard) tellUnused() {
	for _, q := range w.questions {
		_, from, ok := w.given(q)
		if _, used := w.answers[q.key]; ok && !used && w.prompter != nil {
			w.say("Note: " + from + " is given, but does not belong to a cluster with these answers.")
		} else if ok && !used && !slices.ContainsFunc(w.problems, func(p diag.Problem) bool { return p.Path == from }) {
			w.refuse(q, from, diag.Problem{Detail: "is given, but does not belong to a cluster with the other answers", Hint: "leave it out"})
		}
	}
}

// noAnswer is what one answers to leave an optional field out.
const noAnswer = "none"

func emptied(q question, answer string) string {
	if q.optional && q.options == nil && strings.EqualFold(answer, noAnswer) {
		return ""
	}
	return answer
}

// say tells the person at the terminal something about an answer, once.
func (w *wizard) say(text string) {
	if w.prompter != nil && text != "" && !w.said[text] {
		w.said[text] = true
		w.prompter.Tell(text, "  ")
	}
}
