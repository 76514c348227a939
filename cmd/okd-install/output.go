package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/shell"
)

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

// environment reads the variables that change what is made. Their names and
// meanings are the established installer's.
func (a *app) environment() asset.Environment {
	get := func(name string) string { return a.getenv("OPENSHIFT_INSTALL_" + name) }
	return asset.Environment{
		Invoker:            get("INVOKER"),
		ReleaseImage:       get("RELEASE_IMAGE_OVERRIDE"),
		BootstrapNodeIP:    get("BOOTSTRAP_NODE_IP"),
		ClusterProfile:     get("EXPERIMENTAL_CLUSTER_PROFILE"),
		DisableImagePolicy: get("EXPERIMENTAL_DISABLE_IMAGE_POLICY") != "",
		LoadClusterCerts:   get("LOAD_CLUSTER_CERTS") == "true",
		SkipHostCryptCheck: get("SKIP_HOSTCRYPT_VALIDATION") != "",
	}
}

// unheeded are variables of the established installer that change nothing here,
// with the reason.
var unheeded = map[string]string{
	"OPENSHIFT_INSTALL_OS_IMAGE_OVERRIDE": "no file made here names a boot image",
	"OPENSHIFT_INSTALL_DATA":              "all data is part of the program",
}

func (a *app) warnAboutEnvironment() {
	const own = "OPENSHIFT_INSTALL_LOAD_CLUSTER_CERTS"
	if v := a.getenv(own); v != "" && v != "true" && v != "false" {
		a.log.Warnf("%s is %q and has no effect: only true has", own, v)
	}
	for _, name := range slices.Sorted(maps.Keys(unheeded)) {
		if a.getenv(name) != "" {
			a.log.Warnf("%s has no effect: %s", name, unheeded[name])
		}
	}
}

// sentence joins directories as the established installer does: one, two or
// three by name, more as the directory that holds them all.
func sentence(base string, dirs []string) string {
	dirs = slices.Clone(dirs)
	slices.Sort(dirs)
	dirs = slices.Compact(dirs)
	switch n := len(dirs); {
	case n == 0 || n > 3:
		return base
	case n == 1:
		return dirs[0]
	default:
		return strings.Join(dirs[:n-1], ", ") + " and " + dirs[n-1]
	}
}

// commandLine is a command as people copy it, for the asset directory at hand.
// Boot images belong to no directory.
func (a *app) commandLine(command string) string {
	line := a.name + " " + command
	if a.dir != "." && !strings.HasPrefix(command, "coreos ") {
		line += " --dir " + quoted(a.dir)
	}
	return line
}

// quoted writes a word of a command line that people copy.
func quoted(s string) string { return shell.Word(s) }
