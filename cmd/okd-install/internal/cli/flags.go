package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
)

// This file holds the flags that several commands have.

// AddReleaseFlag adds --release to a command, with the releases as its completions.
func AddReleaseFlag(cmd *cobra.Command, value *string, usage string) {
	cmd.Flags().StringVar(value, "release", "", usage)
	CompleteRelease(cmd)
}

// CompleteRelease proposes lines and releases for --release, newest first.
func CompleteRelease(cmd *cobra.Command) {
	_ = cmd.RegisterFlagCompletionFunc("release", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return asset.ReleaseNames(), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	})
}

// architectureNames are what --arch takes: those of Linux, and those of Go.
var architectureNames = []string{"aarch64", "amd64", "arm64", "ppc64le", "s390x", "x86_64"}

// CheckArchitecture refuses a value of --arch that is none; it may be empty.
func CheckArchitecture(name string) error {
	if name == "" || slices.Contains(architectureNames, name) {
		return nil
	}
	return diag.Problem{
		Detail: fmt.Sprintf("--arch: there is no architecture %q", name),
		Hint:   diag.Meant(name, architectureNames, "use one of "+strings.Join(architectureNames, ", ")),
	}
}

// AddOutputFlag adds -o to a command that lists something; plain is the name of the form for
// people, which is the default, and more are further ones, such as wide for all columns of a
// table. json and yaml hold the same data, and docs/output.md says which.
func AddOutputFlag(cmd *cobra.Command, value *string, plain string, more ...string) {
	forms := outputForms(plain, more)
	cmd.Flags().StringVarP(value, "output", "o", plain, "form of the output: "+diag.Or(forms))
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(forms, cobra.ShellCompDirectiveNoFileComp))
}

func outputForms(plain string, more []string) []string {
	return slices.Concat([]string{plain}, more, []string{"json", "yaml"})
}

// AddEventsFlag adds -o to a command that tells what happens while it happens:
// with json, one object a line.
func AddEventsFlag(cmd *cobra.Command, value *string) {
	cmd.Flags().StringVarP(value, "output", "o", "text", "form of the output: text, or json with one object a line")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
}

// CheckEvents refuses a form of events other than text and json.
func CheckEvents(value string) error {
	if value == "text" || value == "json" {
		return nil
	}
	return diag.Problem{Detail: fmt.Sprintf("--output: %q is not a form that this command prints", value), Hint: "use text or json"}
}

// IsData reports whether a form is for programs.
func IsData(form string) bool { return form == "json" || form == "yaml" }

// CheckOutput refuses a form of output that is not one of AddOutputFlag's.
func CheckOutput(value, plain string, more ...string) error {
	forms := outputForms(plain, more)
	if slices.Contains(forms, value) {
		return nil
	}
	return diag.Problem{
		Detail: fmt.Sprintf("--output: %q is not a form that this command prints", value),
		Hint:   "use " + diag.Or(forms),
	}
}
