package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
)

// logFile keeps every log line of the commands that write to the asset
// directory. It has the established installer's name, since tools collect it.
const logFile = ".openshift_install.log"

var logLevels = []string{"error", "warn", "info", "debug"}

// setUpLog lets the logger fire at every level; each sink has its own limit.
func (a *app) setUpLog() {
	a.log.SetOutput(io.Discard)
	a.log.SetLevel(logrus.TraceLevel)
	a.log.AddHook(&sink{
		w: a.err, level: func() logrus.Level { l, _ := logrus.ParseLevel(a.logLevel); return max(l, logrus.ErrorLevel) },
		format: screenFormat(a.terminal && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb", a.terminal),
	})
}

func (a *app) applyLogLevel() error {
	if _, err := logrus.ParseLevel(a.logLevel); err != nil {
		bad := a.logLevel
		a.logLevel = "info"
		return diag.Problem{Detail: fmt.Sprintf("invalid log-level: %q is not a level", bad), Hint: "use one of " + strings.Join(logLevels, ", ")}
	}
	return nil
}

func (a *app) completeLogLevel(root *cobra.Command) {
	// the only error is a flag name that does not exist, which tests would see
	_ = root.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions(logLevels, cobra.ShellCompDirectiveNoFileComp))
	_ = root.MarkPersistentFlagDirname("dir")
}

// openLogFile adds the log file of the asset directory as a sink. The first
// lines say what was run. A directory that is not there, or cannot be written,
// has no log file: the command itself will say so.
func (a *app) openLogFile(args []string) {
	f, err := asset.OpenLog(a.dir, logFile)
	if err != nil {
		a.log.Warn("nothing is written to the log file: " + err.Error())
	}
	if f == nil {
		return
	}
	a.logFile = f
	a.log.AddHook(&sink{w: f, level: func() logrus.Level { return logrus.TraceLevel }, format: fileFormat()})
	a.log.Debug("Running: " + strings.Join(append([]string{a.name}, withoutCredentials(args)...), " "))
	a.log.Debug("OKD Installer " + version())
	if c := commit(); c != "" {
		a.log.Debug("Built from commit " + c)
	}
}

// withoutCredentials leaves user and password out of the URLs on a command line.
func withoutCredentials(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range out {
		scheme, rest, ok := strings.Cut(arg, "://")
		host, path, slash := strings.Cut(rest, "/")
		if at := strings.LastIndex(host, "@"); ok && at >= 0 {
			out[i] = scheme + "://REDACTED" + host[at:]
			if slash {
				out[i] += "/" + path
			}
		}
	}
	return out
}

// sink is one place that log lines go to.
type sink struct {
	w      io.Writer
	level  func() logrus.Level
	format func(e *logrus.Entry, line string) string
}

func (s *sink) Levels() []logrus.Level { return logrus.AllLevels }

// Fire writes each line of a message as a record of its own.
func (s *sink) Fire(e *logrus.Entry) error {
	if e.Level > s.level() {
		return nil
	}
	var b bytes.Buffer
	for line := range strings.SplitSeq(strings.TrimRight(e.Message, "\n"), "\n") {
		b.WriteString(s.format(e, line) + "\n")
	}
	_, err := s.w.Write(b.Bytes())
	return err
}

var levelColour = map[logrus.Level]int{
	logrus.FatalLevel: 31, logrus.ErrorLevel: 31, logrus.WarnLevel: 33, logrus.InfoLevel: 36, logrus.DebugLevel: 37, logrus.TraceLevel: 37,
}

// screenFormat is level=info msg=text without quotes where scripts read it, and
// a short level name in front of the text on a terminal.
func screenFormat(colour, terminal bool) func(*logrus.Entry, string) string {
	return func(e *logrus.Entry, line string) string {
		level := strings.ToUpper(e.Level.String())
		level = level[:min(5, len(level))]
		switch {
		case colour:
			return fmt.Sprintf("\x1b[%dm%-5s\x1b[0m %s", levelColour[e.Level], level, line)
		case terminal:
			return fmt.Sprintf("%-5s %s", level, line)
		default:
			return "level=" + e.Level.String() + " msg=" + line
		}
	}
}

// fileFormat is logrus' own text format with a full timestamp.
func fileFormat() func(*logrus.Entry, string) string {
	text := &logrus.TextFormatter{DisableColors: true, FullTimestamp: true}
	return func(e *logrus.Entry, line string) string {
		one := *e
		one.Message = line
		data, err := text.Format(&one)
		if err != nil {
			return line
		}
		return strings.TrimSuffix(string(data), "\n")
	}
}
