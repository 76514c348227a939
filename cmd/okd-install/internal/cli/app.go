package cli

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

// Exit is a code that the program ends with. As an error it ends a command that has
// said everything itself.
type Exit int

// Exit codes are those of the established installer.
const (
	ExitOK            Exit = 0
	ExitFailure       Exit = 1
	ExitInstallConfig Exit = 3
	ExitBootstrap     Exit = 5
	ExitInstall       Exit = 6
	ExitUnstable      Exit = 7
	ExitInterrupted   Exit = 8
)

func (Exit) Error() string { return "" }

// App is what a command gets from the outside: its streams, the environment and
// the clock.
type App struct {
	Name string
	// linkedVersion and linkedCommit are empty if nothing was linked in.
	linkedVersion, linkedCommit string

	In io.Reader
	// stdout and stderr are the process's own, and the others filters before them: see SetStreams.
	stdout, Stderr       io.Writer
	Out, err, Text, Data io.Writer
	// whole is where the others of stdout write to.
	whole io.Writer
	flush func() error
	// Show writes the lines that were printed until now, for commands that go on.
	Show func() error
	// Secrets are those that the program was given, which nothing repeats.
	Secrets *redact.Messages

	Getenv func(string) string
	Now    func() time.Time
	// AllowShared takes an asset directory that its group or others may write to.
	AllowShared bool
	// LockWait is how long a run waits for another one in the same directory.
	LockWait time.Duration
	// Terminal tells that err is a terminal, so that colour makes sense.
	Terminal bool
	// Dial connects to a cluster, and sleep waits before asking it again.
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Sleep func(context.Context, time.Duration) error
	// Transport asks registries; nil for the network itself.
	Transport http.RoundTripper
	// DialSSH connects to a machine; nil for the network itself.
	DialSSH func(ctx context.Context, network, address string) (net.Conn, error)

	// Arguments are the command line, for the log.
	Arguments []string
	// Ctx ends with the first signal.
	Ctx context.Context

	Log       *logrus.Logger
	logFile   io.Closer
	logAsJSON func()
	Dir       string
	LogLevel  string
	logFormat string
	quiet     bool
}

// New is the app of a process, with the version and the commit that the program was
// linked with, if it was.
func New(version, commit string) *App {
	a := &App{
		Name: strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe"), linkedVersion: version, linkedCommit: commit,
		In: os.Stdin, Getenv: os.Getenv, Now: time.Now,
		LockWait: 2 * time.Minute, Terminal: term.IsTerminal(int(os.Stderr.Fd())), Log: logrus.New(),
		Dial: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, Sleep: cluster.Sleep,
	}
	a.SetStreams(os.Stdout, os.Stderr)
	return a
}

// Run executes the command line with the tree of commands, and returns the exit code.
func (a *App) Run(args []string, tree func(*App) *cobra.Command) Exit {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	a.Ctx, a.Arguments = ctx, args
	for _, arg := range args {
		a.Secrets.Learn(arg)
		if _, value, ok := strings.Cut(arg, "="); ok {
			a.Secrets.Learn(value)
		}
	}
	environment := a.Getenv
	a.Getenv = func(name string) string {
		value := environment(name)
		a.Secrets.Learn(value)
		return value
	}
	a.SetUpLog()
	root := tree(a)
	root.SetArgs(args)
	root.SetOut(a.Text) // help, which has no secrets and examples that look like some
	root.SetErr(a.err)
	code := a.exitCode(root.ExecuteContext(ctx))
	if err := a.flush(); err != nil && code == ExitOK {
		code = a.exitCode(err)
	}
	if a.logFile != nil {
		_ = a.logFile.Close() // every line is written when it is logged
	}
	return code
}

// exitCode says what went wrong and returns the code for it.
func (a *App) exitCode(err error) Exit {
	var quiet Exit
	var invalid *installconfig.InvalidError
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &quiet):
		return quiet
	case errors.Is(err, context.Canceled):
		a.Log.Warn("Received interrupt signal")
		a.Log.Warn("nothing of this run was written")
		return ExitInterrupted
	case errors.As(err, &invalid):
		a.LogFindings(logrus.ErrorLevel, err)
		return ExitInstallConfig
	default:
		a.LogFindings(logrus.FatalLevel, err)
		return ExitFailure
	}
}
