package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
)

// This file holds the flags that several commands have.

// addReleaseFlag adds --release to a command, with the releases as its completions.
func addReleaseFlag(cmd *cobra.Command, value *string, usage string) {
	cmd.Flags().StringVar(value, "release", "", usage)
	completeRelease(cmd)
}

// completeRelease proposes lines and releases for --release, newest first.
func completeRelease(cmd *cobra.Command) {
	_ = cmd.RegisterFlagCompletionFunc("release", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return asset.ReleaseNames(), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	})
}

// architectureNames are what --arch takes: those of Linux, and those of Go.
var architectureNames = []string{"aarch64", "amd64", "arm64", "ppc64le", "s390x", "x86_64"}

// checkArchitecture refuses a value of --arch that is none; it may be empty.
func checkArchitecture(name string) error {
	if name == "" || slices.Contains(architectureNames, name) {
		return nil
	}
	return diag.Problem{
		Detail: fmt.Sprintf("--arch: there is no architecture %q", name),
		Hint:   diag.Meant(name, architectureNames, "use one of "+strings.Join(architectureNames, ", ")),
	}
}

// addOutputFlag adds -o to a command that lists something; plain is the name of
// the form for people, which is the default. json and yaml hold the same data,
// and docs/output.md says which.
func addOutputFlag(cmd *cobra.Command, value *string, plain string) {
	cmd.Flags().StringVarP(value, "output", "o", plain, "form of the output: "+plain+", json or yaml")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{plain, "json", "yaml"}, cobra.ShellCompDirectiveNoFileComp))
}

// addEventsFlag adds -o to a command that tells what happens while it happens:
// with json, one object a line.
func addEventsFlag(cmd *cobra.Command, value *string) {
	cmd.Flags().StringVarP(value, "output", "o", "text", "form of the output: text, or json with one object a line")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
}

func checkEvents(value string) error {
	if value == "text" || value == "json" {
		return nil
	}
	return diag.Problem{Detail: fmt.Sprintf("--output: %q is not a form that this command prints", value), Hint: "use text or json"}
}

// isData tells whether a form is for programs.
func isData(form string) bool { return form == "json" || form == "yaml" }

func checkOutput(value, plain string) error {
	if value == plain || isData(value) {
		return nil
	}
	return diag.Problem{Detail: fmt.Sprintf("--output: %q is not a form that this command prints", value), Hint: "use " + plain + ", json or yaml"}
}
