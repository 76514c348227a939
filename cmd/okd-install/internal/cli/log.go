package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/redact"
)

// LogFile keeps every log line of the commands that write to the asset
// directory. It has the established installer's name, since tools collect it.
const LogFile = ".openshift_install.log"

var (
	logLevels  = []string{"error", "warn", "info", "debug"}
	logFormats = []string{"text", "json"}
)

// SetUpLog lets the logger fire at every level; each sink has its own limit.
func (a *App) SetUpLog() {
	a.Log.SetOutput(io.Discard)
	a.Log.SetLevel(logrus.TraceLevel)
	screen := &sink{
		w: a.Stderr, secrets: a.Secrets, level: func() logrus.Level { l, _ := logrus.ParseLevel(a.LogLevel); return max(l, logrus.ErrorLevel) },
		format: screenFormat(a.Terminal && a.coloured(), a.Terminal), before: a.Show, named: a.named,
	}
	if a.Terminal {
		screen.width = func() int { return foldingWidth(a.Stderr) }
	}
	a.Log.AddHook(screen)
	a.logAsJSON = func() { screen.format, screen.whole = jsonFormat(screen.secrets), true }
}

// ApplyLogFlags sets the log up as the flags ask, and names the first that asks
// for what is not there.
func (a *App) ApplyLogFlags(flags *pflag.FlagSet) error {
	switch a.logFormat {
	case "json":
		a.logAsJSON()
	case "text":
	default:
		return diag.Problem{
			Detail: fmt.Sprintf("invalid log-format: %q is not a format", a.logFormat),
			Hint:   "use one of " + strings.Join(logFormats, ", "),
		}
	}
	if _, err := logrus.ParseLevel(a.LogLevel); err != nil {
		bad := a.LogLevel
		a.LogLevel = "info"
		return diag.Problem{Detail: fmt.Sprintf("invalid log-level: %q is not a level", bad), Hint: "use one of " + strings.Join(logLevels, ", ")}
	}
	if a.quiet && flags.Changed("log-level") {
		return diag.Problem{
			Detail: "--quiet and --log-level both say how much is told",
			Hint:   "--quiet is the same as --log-level warn: leave out one of them",
		}
	}
	if a.quiet {
		a.LogLevel = "warn"
	}
	return nil
}

// coloured reports whether the environment lets a terminal have colour.
func (a *App) coloured() bool { return a.Getenv("NO_COLOR") == "" && a.Getenv("TERM") != "dumb" }

// AddLogFlags gives the root command the flags of the log.
func (a *App) AddLogFlags(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.StringVar(&a.LogLevel, "log-level", "info", "lowest level of log lines on the terminal: error, warn, info, debug")
	flags.StringVar(&a.logFormat, "log-format", "text", "form of the log lines on the terminal: text, or json with one object a line")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "only warnings and errors on the terminal")
	// the only error is a flag name that does not exist, which tests would see
	_ = root.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions(logLevels, cobra.ShellCompDirectiveNoFileComp))
	_ = root.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions(logFormats, cobra.ShellCompDirectiveNoFileComp))
}

// Drawable reports whether log lines go to a terminal on which something can be drawn
// between them.
func (a *App) Drawable() bool {
	return a.Terminal && a.logFormat == "text" && a.Getenv("TERM") != "dumb"
}

// Chatty reports whether more than warnings is told.
func (a *App) Chatty() bool {
	level, err := logrus.ParseLevel(a.LogLevel)
	return err == nil && level >= logrus.InfoLevel
}

// OpenLogFile adds the log file of the asset directory as a sink. The first
// lines say what was run. A directory that is not there, or cannot be written,
// has no log file: the command itself will say so.
func (a *App) OpenLogFile(args []string) {
	f, err := assetdir.OpenLog(a.Dir, LogFile, a.AllowShared)
	if err != nil {
		a.Log.Warn("nothing is written to the log file: " + err.Error())
	}
	if f == nil {
		return
	}
	a.logFile = f
	a.Log.AddHook(&sink{w: f, secrets: a.Secrets, level: func() logrus.Level { return logrus.TraceLevel }, format: fileFormat()})
	a.Log.Debug("Running: " + strings.Join(append([]string{a.Name}, redact.Args(args)...), " "))
	a.Log.Debug("OKD Installer " + a.Version())
	if c := a.Commit(); c != "" {
		a.Log.Debug("Built from commit " + c)
	}
}

// sink is one place that log lines go to.
type sink struct {
	w       io.Writer
	secrets *redact.Messages
	level   func() logrus.Level
	format  func(e *logrus.Entry, line string) string
	// whole keeps a message of several lines in one record.
	whole bool
	// width is that of the terminal, or nil where lines may have any length.
	width func() int
	// named gives commands the name of this program; nil leaves them as they are.
	named func(string) string
	// before writes what was printed until now, so that it stands before the line; or nil.
	before func() error
}

func (s *sink) Levels() []logrus.Level { return logrus.AllLevels }

// Fire writes each line of a message as a record of its own, unless a record
// can hold them all. Secrets, and what a terminal obeys, do not get further than here.
func (s *sink) Fire(e *logrus.Entry) error {
	if e.Level > s.level() {
		return nil
	}
	if s.before != nil {
		_ = s.before() // what is lost shows in the exit code of the pipe
	}
	message := s.secrets.Message(strings.TrimRight(e.Message, "\n"))
	if s.named != nil {
		message = s.named(message)
	}
	if s.whole {
		_, err := io.WriteString(s.w, s.format(e, message)+"\n")
		return err
	}
	var b bytes.Buffer
	for line := range strings.SplitSeq(diag.Lines(message), "\n") {
		lines := []string{line}
		if s.width != nil {
			lines = folded(lines[0], max(s.width()-len(screenMargin), 0))
		}
		b.WriteString(s.format(e, lines[0]) + "\n")
		for _, more := range lines[1:] {
			b.WriteString(screenMargin + more + "\n")
		}
	}
	_, err := s.w.Write(b.Bytes())
	return err
}

var levelColour = map[logrus.Level]int{
	logrus.FatalLevel: 31, logrus.ErrorLevel: 31, logrus.WarnLevel: 33, logrus.InfoLevel: 36, logrus.DebugLevel: 37, logrus.TraceLevel: 37,
}

// screenMargin is as wide as what stands before a line on a terminal.
const screenMargin = "      "

// screenFormat is level=info msg=text without quotes where scripts read it, and
// a short level name in front of the text on a terminal.
func screenFormat(colour, terminal bool) func(*logrus.Entry, string) string {
	return func(e *logrus.Entry, line string) string {
		level := strings.ToUpper(e.Level.String())
		level = strings.TrimSuffix(level, "ING") // five letters at most
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

// findingField is the field of a log entry that holds its diag.Problem, if it is one.
const findingField = "finding"

// LogFindings logs each finding of an error on its own, so that a record has the place
// of one.
func (a *App) LogFindings(level logrus.Level, err error) {
	parts, more := diag.Findings(err)
	for _, part := range parts {
		var p diag.Problem
		if errors.As(part, &p) {
			a.Log.WithField(findingField, p).Log(level, part.Error())
		} else {
			a.Log.Log(level, part.Error())
		}
	}
	if more > 0 {
		a.Log.Log(level, diag.More(more))
	}
}

// Tell logs findings that end nothing, each with its place, in their order.
func (a *App) Tell(level logrus.Level, findings ...diag.Problem) {
	for _, p := range findings {
		a.Log.WithField(findingField, p).Log(level, p.Error())
	}
}

// record is a log line as JSON: the keys of logrus' own JSON, and for a finding its
// place, field and hint.
type record struct {
	Level string `json:"level"`
	Msg   string `json:"msg"`
	Time  string `json:"time"`
	diag.Position
	Field string `json:"field,omitempty"`
	Hint  string `json:"hint,omitempty"`
}

// jsonFormat is one JSON object a line.
func jsonFormat(secrets *redact.Messages) func(*logrus.Entry, string) string {
	return func(e *logrus.Entry, text string) string {
		r := record{Level: e.Level.String(), Msg: text, Time: e.Time.Format(time.RFC3339)}
		if p, ok := e.Data[findingField].(diag.Problem); ok {
			r.Position, r.Field, r.Hint = p.Position, secrets.Message(p.Path), secrets.Message(p.Hint)
			r.File = secrets.Message(p.File)
		}
		line, err := json.Marshal(r)
		if err != nil {
			return ""
		}
		return string(cleanJSON(line, nil, jsonEscape))
	}
}

// fileFormat is logrus' own text format with a full timestamp.
func fileFormat() func(*logrus.Entry, string) string {
	text := &logrus.TextFormatter{DisableColors: true, FullTimestamp: true}
	return func(e *logrus.Entry, line string) string {
		one := *e
		one.Message, one.Data = line, nil
		data, err := text.Format(&one)
		if err != nil {
			return line
		}
		return strings.TrimSuffix(string(data), "\n")
	}
}
