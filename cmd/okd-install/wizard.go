package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig"
)

// The wizard makes an install-config from answers. Each question is a row of
// questions(): its answer comes from its flag, its environment variable or the
// file of answers, in this order, or else from the person at the terminal. Each
// is checked as soon as it is there, by reading the config as it would be.

// schemaFile is the JSON Schema that the wizard puts beside the config.
const schemaFile = ".install-config.schema.json"

// answersFile is where answers are kept when somebody stops in the middle.
const answersFile = "install-config-answers.yaml"

// wizardOptions are the flags of create install-config that give answers.
type wizardOptions struct {
	answers string
	plain   bool
	// flags hold the answers on the command line, by the question's key.
	flags map[string]*[]string
	given func(flag string) bool
}

func (o *wizardOptions) addFlags(cmd *cobra.Command) {
	o.flags = map[string]*[]string{}
	o.given = cmd.Flags().Changed
	cmd.Flags().StringVar(&o.answers, "answers", "", "file with answers to the questions, or - for standard input")
	cmd.Flags().BoolVar(&o.plain, "plain", false, "ask line by line and draw nothing, for simple terminals and screen readers")
	_ = cmd.MarkFlagFilename("answers", "yaml", "yml")
	for _, q := range questions() {
		if q.key == releaseKey {
			continue // all create commands have that flag
		}
		value := []string{}
		cmd.Flags().Var((*answerFlag)(&value), q.flag(), q.usage)
		o.flags[q.key] = &value
		switch {
		case q.words == nil && !q.takesFile:
			_ = cmd.RegisterFlagCompletionFunc(q.flag(), cobra.NoFileCompletions)
		case q.words != nil:
			_ = cmd.RegisterFlagCompletionFunc(q.flag(), cobra.FixedCompletions(q.words(), cobra.ShellCompDirectiveNoFileComp))
		}
	}
}

// answerFlag holds what a flag was given, each time that it was: a question with
// one answer refuses two by its own rules.
type answerFlag []string

func (f *answerFlag) String() string { return strings.Join(*f, ",") }

// Set adds an answer.
func (f *answerFlag) Set(answer string) error {
	*f = append(*f, answer)
	return nil
}

// Type is what the help says that the flag takes.
func (f *answerFlag) Type() string { return "string" }

// MayBeEmpty is for the check of all flags: the question tells what is wrong with an
// empty answer.
func (f *answerFlag) MayBeEmpty() {}

// wizard is one run of questions.
type wizard struct {
	*cli.App
	options   wizardOptions
	release   string
	image     string
	overwrite bool
	questions []question
	// old is the config that is there and is not to be replaced.
	old []byte
	// prompter is nil where there is nobody to ask.
	prompter Prompter
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

// newConfig makes the install-config that the user's answers describe, with what
// is to stand beside it. It is nil if there is one already and nobody wants another.
func (o *createOptions) newConfig(ctx context.Context) (asset.Files, error) {
	w := &wizard{
		App: o.App, options: o.wizard, release: o.release, image: o.releaseImage, overwrite: o.overwrite, questions: questions(),
		answers: map[string]string{}, said: map[string]bool{}, asked: map[string]bool{}, usual: map[string]bool{}, aside: map[string]string{},
	}
	notices, err := assetdir.Finish(ctx, o.Dir, o.Opening("create "+o.target.name))
	for _, n := range notices {
		o.Log.Info(n)
	}
	if err != nil {
		return nil, err
	}
	wanted, err := w.wanted()
	if !wanted || err != nil {
		return nil, err
	}
	if asset.HasEstablishedConfig(o.Dir) {
		o.Log.Warnf("there is an install-config in %s, which the established installer has consumed: --from-state gets it back", filepath.Join(o.Dir, asset.EstablishedStateFile))
	}
	if err := w.readAnswers(); err != nil {
		return nil, err
	}
	if w.old != nil {
		files, err := w.same(ctx)
		o.answered = err == nil
		return files, err
	}
	restore, err := w.openTerminal()
	if err != nil {
		return nil, err
	}
	defer restore()
	files, err := w.run(ctx)
	if errors.Is(err, errInterrupted) || errors.Is(err, io.EOF) {
		restore()
		return nil, w.stopped(err)
	}
	if chosen := w.answers[releaseKey]; err == nil && chosen != "" {
		o.release = chosen
	}
	return files, err
}

// refuseAnswers stops where answers were given that nothing would read.
func (o *wizardOptions) refuseAnswers(why string) error {
	var problems diag.Problems
	for _, name := range append([]string{"answers"}, o.names()...) {
		if o.given(name) {
			problems = append(problems, diag.Problem{Path: "--" + name, Detail: "would change nothing: " + why, Hint: "leave it out, and change the file afterwards"})
		}
	}
	return problems.Err()
}

// names are the flags of the questions, but for that of the release.
func (o *wizardOptions) names() (names []string) {
	for _, q := range questions() {
		if q.key != releaseKey {
			names = append(names, q.flag())
		}
	}
	return names
}

// wanted tells whether a config is to be made from answers.
func (w *wizard) wanted() (bool, error) {
	given := w.options.answers != "" || slices.ContainsFunc(w.options.names(), w.options.given)
	if _, err := os.Stat(w.Dir); errors.Is(err, fs.ErrNotExist) {
		// it will be made, if the one that it is to be in is there
		parent, err := os.Stat(filepath.Dir(filepath.Clean(w.Dir)))
		return err == nil && parent.IsDir(), nil
	}
	old, _, err := asset.ReadConfig(w.Dir)
	if err != nil {
		return false, err
	}
	if given && !w.overwrite {
		w.old = old
	}
	return old == nil || given, nil
}

// canAsk tells whether there is somebody to ask: a terminal to read and one to
// write on.
func (w *wizard) canAsk() bool {
	in, isFile := w.In.(*os.File)
	out, outIsFile := w.Stderr.(*os.File)
	return isFile && outIsFile && term.IsTerminal(int(in.Fd())) && term.IsTerminal(int(out.Fd())) && w.options.answers != "-"
}

func (w *wizard) openTerminal() (restore func(), err error) {
	if !w.canAsk() {
		return func() {}, nil
	}
	plain := w.options.plain || w.Getenv("TERM") == "dumb" || w.Getenv("ACCESSIBLE") != ""
	w.prompter, restore, err = newPrompter(w.In.(*os.File), w.Stderr.(*os.File), plain, w.Getenv("NO_COLOR") == "")
	return restore, err
}

// run answers all questions and makes the files of it.
func (w *wizard) run(ctx context.Context) (asset.Files, error) {
	if w.prompter != nil {
		w.prompter.Say(diag.Wrap(fmt.Sprintf("These questions make the install-config of a cluster, in %s. Each can be answered with ? for help, "+
			"and with "+goBack+" to go back to the one before. Ctrl-C stops and keeps what you have answered.", w.Dir), "") + "\n")
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
		"Made by " + w.Name + " create install-config for OKD " + line + ". It is yours to change; okd-install",
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
			Path: "--" + q.flag(), Detail: "is missing: " + q.usage, Hint: fmt.Sprintf("or set %s, or write %s into the file of --answers", q.variable(), q.key),
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
		w.prompter.Say(diag.Wrap(text, "  "))
	}
}
