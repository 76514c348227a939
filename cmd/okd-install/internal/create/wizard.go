package create

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/wizard"
)

// This file starts the wizard, which is pkg/wizard.

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
	for _, f := range wizard.Flags() {
		value := []string{}
		cmd.Flags().Var((*answerFlag)(&value), f.Name, f.Usage)
		o.flags[f.Key] = &value
		switch {
		case f.Words != nil:
			_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(f.Words, cobra.ShellCompDirectiveNoFileComp))
		case !f.TakesFile:
			_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.NoFileCompletions)
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

// answersGiven are the answers on the command line.
func (o *wizardOptions) answersGiven() map[string][]string {
	given := map[string][]string{}
	for _, f := range wizard.Flags() {
		if o.given(f.Name) {
			given[f.Key] = *o.flags[f.Key]
		}
	}
	return given
}

// refuseAnswers stops where answers were given that nothing would read.
func (o *wizardOptions) refuseAnswers(why string) error {
	names := []string{"answers"}
	for _, f := range wizard.Flags() {
		names = append(names, f.Name)
	}
	var problems diag.Problems
	for _, name := range names {
		if o.given(name) {
			problems = append(problems, diag.Problem{
				Path:   "--" + name,
				Detail: "would change nothing: " + why,
				Hint:   "leave it out, and change the file afterwards",
			})
		}
	}
	return problems.Err()
}

// newConfig makes the install-config that the user's answers describe, with what
// is to stand beside it. It is nil if there is one already and nobody wants another.
func (o *createOptions) newConfig(ctx context.Context) (asset.Files, error) {
	notices, err := assetdir.Finish(ctx, o.Dir, o.Opening("create "+o.target.Name))
	for _, n := range notices {
		o.Log.Info(n)
	}
	if err != nil {
		return nil, err
	}
	result, err := wizard.Run(ctx, wizard.Options{
		Dir: o.Dir, Program: o.Name, Given: o.wizard.answersGiven(), AnswersFile: o.wizard.answers,
		Release: o.request.Release, ReleaseImage: o.request.ReleaseImage, Overwrite: o.request.Overwrite,
		Terminal: o.wizardTerminal(), In: o.In, Home: o.Getenv("HOME"), Getenv: o.Getenv, Environment: o.Environment(),
		ReadFile: o.ReadUpTo, Learn: o.Secrets.Learn, Log: o.Log,
	})
	switch {
	case errors.Is(err, wizard.ErrInterrupted):
		return nil, cli.ExitInterrupted
	case errors.Is(err, wizard.ErrInputEnded):
		return nil, cli.ExitFailure
	case errors.Is(err, wizard.ErrDeclined):
		return nil, cli.ExitOK
	case err != nil:
		return nil, err
	}
	o.answered = result.Same
	if result.Release != "" {
		o.request.Release = result.Release
	}
	return result.Files, nil
}

// wizardTerminal is where there is somebody to ask: a terminal to read and one to
// write on. It is nil if there is none.
func (o *createOptions) wizardTerminal() *wizard.Terminal {
	in, isFile := o.In.(*os.File)
	out, outIsFile := o.Stderr.(*os.File)
	if !isFile || !outIsFile || !term.IsTerminal(int(in.Fd())) || !term.IsTerminal(int(out.Fd())) || o.wizard.answers == "-" {
		return nil
	}
	plain := o.wizard.plain || o.Getenv("TERM") == "dumb" || o.Getenv("ACCESSIBLE") != ""
	return &wizard.Terminal{In: in, Out: out, Plain: plain, Colour: o.Getenv("NO_COLOR") == ""}
}
