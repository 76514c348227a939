package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/okd-project/okd-install/pkg/cluster"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/redact"
)

// Exit codes are those of the established installer.
const (
	exitOK            = 0
	exitFailure       = 1
	exitInstallConfig = 3
	exitBootstrap     = 5
	exitInstall       = 6
	exitUnstable      = 7
	exitInterrupted   = 8
)

// app is what a command gets from the outside: its streams, the environment and
// the clock.
type app struct {
	name string
	in   io.Reader
	// stdout and stderr are the process's own, and the others filters before them: see setStreams.
	stdout, stderr       io.Writer
	out, err, text, data io.Writer
	flush                func() error
	// secrets are those that the program was given, which nothing repeats.
	secrets *redact.Messages

	getenv func(string) string
	now    func() time.Time
	// allowShared takes an asset directory that its group or others may write to.
	allowShared bool
	// lockWait is how long a run waits for another one in the same directory.
	lockWait time.Duration
	// terminal tells that err is a terminal, so that colour makes sense.
	terminal bool
	// dial connects to a cluster, and sleep waits before asking it again.
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
	sleep func(context.Context, time.Duration) error
	// transport asks registries; nil for the network itself.
	transport http.RoundTripper
	// dialSSH connects to a machine; nil for the network itself.
	dialSSH func(ctx context.Context, network, address string) (net.Conn, error)

	// arguments are the command line, for the log.
	arguments []string
	// ctx ends with the first signal.
	ctx context.Context

	log       *logrus.Logger
	logFile   io.Closer
	logAsJSON func()
	dir       string
	logLevel  string
	logFormat string
	quiet     bool
}

// newApp is the app of a process.
func newApp() *app {
	a := &app{
		name: filepath.Base(os.Args[0]), in: os.Stdin, getenv: os.Getenv, now: time.Now,
		lockWait: 2 * time.Minute, terminal: term.IsTerminal(int(os.Stderr.Fd())), log: logrus.New(),
		dial: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, sleep: cluster.Sleep,
	}
	a.setStreams(os.Stdout, os.Stderr)
	return a
}

// run executes the command line and returns the exit code.
func (a *app) run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	a.ctx, a.arguments = ctx, args
	for _, arg := range args {
		a.secrets.Learn(arg)
		if _, value, ok := strings.Cut(arg, "="); ok {
			a.secrets.Learn(value)
		}
	}
	environment := a.getenv
	a.getenv = func(name string) string {
		value := environment(name)
		a.secrets.Learn(value)
		return value
	}
	a.setUpLog()
	root := a.newRootCmd()
	root.SetArgs(args)
	root.SetOut(a.text) // help, which has no secrets and examples that look like some
	root.SetErr(a.err)
	code := a.exitCode(root.ExecuteContext(ctx))
	if err := a.flush(); err != nil && code == exitOK {
		code = a.exitCode(err)
	}
	if a.logFile != nil {
		_ = a.logFile.Close() // every line is written when it is logged
	}
	return code
}

// quietError ends a command with a code after it has said everything itself.
type quietError struct{ code int }

func (quietError) Error() string { return "" }

// exitCode says what went wrong and returns the code for it.
func (a *app) exitCode(err error) int {
	var quiet quietError
	var invalid *installconfig.InvalidError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &quiet):
		return quiet.code
	case errors.Is(err, context.Canceled):
		a.log.Warn("Received interrupt signal")
		a.log.Warn("nothing of this run was written")
		return exitInterrupted
	case errors.As(err, &invalid):
		a.logFindings(logrus.ErrorLevel, err)
		return exitInstallConfig
	default:
		a.logFindings(logrus.FatalLevel, err)
		return exitFailure
	}
}

func (a *app) newRootCmd() *cobra.Command {
	root := &cobra.Command{
		Use:   a.name,
		Short: "Create OKD clusters on your own machines",
		Long: `okd-install turns an install-config.yaml into everything that an OKD cluster
on your own machines needs: manifests, certificates, and the Ignition configs
that the bootstrap host, the control plane and the workers boot with.

It works in one directory, named with --dir. What you put there stays there:
your install-config.yaml and the manifests that you edit are read, never
changed or removed.`,
		Example: `  # check the install-config and write manifests that you can edit
  okd-install create manifests --dir mycluster

  # write bootstrap.ign, master.ign, worker.ign and auth/
  okd-install create ignition-configs --dir mycluster

  # see by when the machines must have booted
  okd-install certs --dir mycluster`,
		Args:          knownCommand,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			if err := nothingEmpty(cmd, args); err != nil {
				return err
			}
			return a.applyLogFlags(cmd.Flags())
		},
	}
	root.PersistentFlags().StringVar(&a.dir, "dir", ".", "assets directory")
	root.PersistentFlags().BoolVar(&a.allowShared, "allow-shared-dir", false, "use the assets directory although users other than you may write to it")
	a.logFlags(root)
	root.AddCommand(a.newCreateCmd(), a.newValidateCmd(), a.newExplainCmd(), a.newSchemaCmd(), a.newCertsCmd(), a.newCoreOSCmd(), a.newGraphCmd(), a.newIgnitionCmd(), a.newPlanCmd(), a.newStatusCmd(), a.newWaitForCmd(), a.newApproveCSRsCmd(), a.newAddNodesCmd(), a.newGatherCmd(), a.newAnalyzeCmd(), a.newDestroyCmd(), a.newReleasesCmd(), a.newVersionCmd(), a.newCompletionCmd(), a.newManCmd())
	root.AddCommand(a.newAbsentCmds(absentFromRoot)...)
	root.SetHelpCommand(a.newHelpCmd())
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.DisableDefaultCmd = true
	_ = root.MarkPersistentFlagDirname("dir") // the only error is a flag that does not exist
	return root
}

// group is a command that only holds others. Alone it prints its help and
// succeeds, as the established installer does. A word that it does not know is an
// error there too: a script would take a step for done that nobody has taken.
func (a *app) group(cmd *cobra.Command, subcommands ...*cobra.Command) *cobra.Command {
	cmd.Args = knownCommand
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(subcommands...)
	return cmd
}

// newHelpCmd is for those who write help in front instead of --help behind.
func (a *app) newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Show what a command does, and its flags",
		Long: `Show what a command does, its flags and examples: the same as the command with
--help.`,
		Example: `  okd-install help
  okd-install help create manifests`,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			if found, rest, err := cmd.Root().Find(args); err == nil && len(rest) == 0 {
				for _, c := range found.Commands() {
					if c.IsAvailableCommand() {
						names = append(names, c.Name()+"\t"+c.Short)
					}
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil {
				return err
			}
			if err := knownCommand(found, rest); err != nil {
				return err
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}
