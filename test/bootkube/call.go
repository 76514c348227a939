package bootkube

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// hostName is the name under which the test binary enters the namespaces of a
// host and becomes its first process.
const hostName = "bootstrap-host"

// quiet are the fakes whose calls say nothing about what a script does.
var quiet = []string{"agetty", "cp", "journalctl", "jq", "restorecon", "sleep", "sync"}

// The folder by which a test and the fakes of its host talk to each other, as
// the fakes see it.
const (
	fakesDir       = "/run/fakes"
	setupFile      = "setup.json"
	callsFile      = "calls"
	complaintsFile = "complaints"
	killFile       = "kill"
	traceFile      = "trace"
)

// Setup tells the fakes what to play.
type Setup struct {
	Line, Version, Kubernetes string
	// Release is the pull spec in the environment file, Digest the same image
	// by its digest.
	Release, Digest string
	// MoreFlags are flags that operators have beyond the table, by stage.
	MoreFlags map[string]map[string]Flag
	Faults    []Fault
	// BrokenAPI keeps names and addresses of the API from resolving.
	BrokenAPI bool
	// Copies lets copies fail too, which makes each of them slower.
	Copies bool
	// Quick has records written by a quicker jq than the real one.
	Quick bool
	// Konnectivity says that this host has it. Its certificates are made by the
	// real openssl.
	Konnectivity bool
	// NodeIP is the address of the host, by its routes; empty if there is none.
	NodeIP string
	// Without are programs that this host does not have.
	Without []string
}

// Fault makes one call fail, the first whose record contains Match.
type Fault struct {
	Match string
	// Code is the exit code; 0 stands for a kill of the whole host.
	Code int
	// After lets the fake do its work first; Middle lets it write half of a file.
	After, Middle bool
}

// call is one call of a fake.
type call struct {
	name  string
	args  []string
	setup Setup
	fault *Fault
}

func (c *call) String() string {
	return strings.Join(append([]string{c.name}, c.args...), " ")
}

// exit ends a fake with a code; play catches it.
type exit int

// play plays a fake of this host, by its name.
func play(name string, fake func(*call) int) int {
	c := &call{name: name, args: os.Args[1:]}
	if name == hostName {
		return fake(c)
	}
	return c.play(fake)
}

// play records the call, and does what the fake does.
func (c *call) play(fake func(*call) int) (code int) {
	defer func() {
		if e := recover(); e != nil {
			if e, ok := e.(exit); ok {
				code = int(e)
				return
			}
			c.complain("panic: %v", e)
			code = 2
		}
	}()
	c.setup = readJSON[Setup](setupFile)
	if c.name != "cp" { // a copy that is to fail does so in the middle
		c.record()
	}
	c.chooseFault()
	if c.fault != nil && !c.fault.After && !c.fault.Middle {
		c.fail()
	}
	code = fake(c)
	if c.fault != nil {
		c.fail()
	}
	return code
}

func readJSON[T any](name string) (value T) {
	raw, err := os.ReadFile(filepath.Join(fakesDir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return value
	}
	if err == nil {
		err = json.Unmarshal(raw, &value)
	}
	if err != nil {
		panic(err)
	}
	return value
}

// record appends the call to the list of calls, as one line of JSON: arguments
// hold anything.
func (c *call) record() {
	if slices.Contains(quiet, c.name) {
		return
	}
	line, _ := json.Marshal(madeCall{openStage(), append([]string{c.name}, c.args...)})
	appendLine(callsFile, string(line))
}

// madeCall is a line of the list of calls: the words, and the stage of bootkube
// in which it was made.
type madeCall struct {
	Stage string
	Words []string
}

func (c madeCall) String() string { return strings.Join(c.Words, " ") }

// record is an entry of a service's records.
type record struct {
	Timestamp, Phase, Result, Stage, PreCommand, PostCommand, ErrorLine, ErrorMessage string
}

// openStage is the stage of bootkube that its records call open, or empty.
func openStage() (open string) {
	raw, err := os.ReadFile("/var/log/openshift/bootkube.json")
	if err != nil {
		return ""
	}
	var records []record
	if json.Unmarshal(raw, &records) != nil {
		return ""
	}
	for _, r := range records {
		switch r.Phase {
		case "stage start":
			open = r.Stage
		case "stage end", "service start", "service end":
			open = ""
		}
	}
	return open
}

// complain writes down that the scripts did something that no test allows. It
// goes to standard error too, for whoever reads the log of the run.
func (c *call) complain(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	appendLine(complaintsFile, fmt.Sprintf("%s\n    in: %s", text, c))
	fmt.Fprintln(os.Stderr, "fake "+c.name+":", text)
}

func appendLine(name, line string) {
	f, err := os.OpenFile(filepath.Join(fakesDir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.WriteString(line + "\n"); err != nil {
		panic(err)
	}
}

// chooseFault finds the fault for this call. A fault strikes once: a file says
// that it did.
func (c *call) chooseFault() {
	for i, f := range c.setup.Faults {
		if !strings.Contains(c.String(), f.Match) {
			continue
		}
		mark, err := os.OpenFile(filepath.Join(fakesDir, fmt.Sprintf("fault-%d", i)), os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			continue
		}
		_ = mark.Close()
		c.fault = &f
		return
	}
}

// fail does what the fault of this call says.
func (c *call) fail() {
	if c.fault.Code != 0 {
		fmt.Fprintf(os.Stderr, "fake %s: fails as the test wants it\n", c.name)
		panic(exit(c.fault.Code))
	}
	appendLine(killFile, c.String())
	// the test kills the host, and this process with it
	for {
		time.Sleep(time.Hour)
	}
}

// trace notes that a file of the host is read, or made.
func trace(what, name string) {
	if abs, err := filepath.Abs(name); err == nil {
		name = abs
	}
	appendLine(traceFile, what+" "+name)
}

// put writes a file. A fault in the middle leaves the first half of it.
func (c *call) put(name string, data []byte, mode os.FileMode) error {
	if c.fault != nil && c.fault.Middle {
		_ = os.WriteFile(name, data[:len(data)/2], mode)
		c.fail()
	}
	trace("make", name)
	return os.WriteFile(name, data, mode)
}

// once reports whether this is the first call with that name on the host.
func once(name string) bool {
	f, err := os.OpenFile(filepath.Join(fakesDir, "once-"+name), os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false
	}
	_ = f.Close()
	return true
}

// mark and marked keep facts about the fake cluster.
func mark(name string) { once("mark-" + name) }

func marked(name string) bool {
	_, err := os.Stat(filepath.Join(fakesDir, "once-mark-"+name))
	return err == nil
}

func count(name string) int {
	appendLine("count-"+name, "")
	info, err := os.Stat(filepath.Join(fakesDir, "count-"+name))
	if err != nil {
		panic(err)
	}
	return int(info.Size())
}
