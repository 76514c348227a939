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

// exit is a code that the program ends with. As an error it ends a command that has
// said everything itself.
type exit int

// Exit codes are those of the established installer.
const (
	exitOK            exit = 0
	exitFailure       exit = 1
	exitInstallConfig exit = 3
	exitBootstrap     exit = 5
	exitInstall       exit = 6
	exitUnstable      exit = 7
	exitInterrupted   exit = 8
)

func (exit) Error() string { return "" }

// app is what a command gets from the outside: its streams, the environment and
// the clock.
type app struct {
	name string
	// linkedVersion and linkedCommit are empty if nothing was linked in.
	linkedVersion, linkedCommit string

	in io.Reader
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

// newApp is the app of a process, with the version and the commit that the program was
// linked with, if it was.
func newApp(version, commit string) *app {
	a := &app{
		name: filepath.Base(os.Args[0]), linkedVersion: version, linkedCommit: commit, in: os.Stdin, getenv: os.Getenv, now: time.Now,
		lockWait: 2 * time.Minute, terminal: term.IsTerminal(int(os.Stderr.Fd())), log: logrus.New(),
		dial: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, sleep: cluster.Sleep,
	}
	a.setStreams(os.Stdout, os.Stderr)
	return a
}

// run executes the command line with the tree of commands, and returns the exit code.
func (a *app) run(args []string, tree func(*app) *cobra.Command) exit {
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
	root := tree(a)
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

// exitCode says what went wrong and returns the code for it.
func (a *app) exitCode(err error) exit {
	var quiet exit
	var invalid *installconfig.InvalidError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &quiet):
		return quiet
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
