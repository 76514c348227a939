package ignition

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	ignerrors "github.com/coreos/ignition/v2/config/shared/errors"
	"github.com/coreos/ignition/v2/config/v3_6"
	"github.com/coreos/ignition/v2/config/v3_6/types"
	"github.com/coreos/vcontext/report"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/release"
)

// maxFileMode is the highest mode that the machine-config operator gives a file.
const maxFileMode = 0o777

// CheckMachineConfig looks at the config in a MachineConfig as the
// machine-config operator of the release does on the bootstrap host. It stops at
// what Ignition calls an error, and no machine is then given any config; these
// are problems. What Ignition would pass over is a warning.
//
// Raw is JSON. place gives the position of a field of the config, such as
// storage.files[3].mode, in the user's file.
func CheckMachineConfig(place func(path string) diag.Position, raw []byte, r release.Release) (problems, warnings diag.Problems) {
	c := machineConfigCheck{place: place, release: r}
	c.check(raw)
	return c.problems, c.warnings
}

type machineConfigCheck struct {
	place              func(string) diag.Position
	release            release.Release
	problems, warnings diag.Problems
}

func (c *machineConfigCheck) add(to *diag.Problems, p diag.Problem) {
	p.Position = c.place(p.Path)
	p.Path = strings.TrimSuffix("spec.config."+p.Path, ".")
	*to = append(*to, p)
}

func (c *machineConfigCheck) check(raw []byte) {
	var v struct {
		Ignition struct {
			Version string `json:"version"`
		} `json:"ignition"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		c.add(&c.problems, typeProblem(raw, err))
		return
	}
	version := v.Ignition.Version
	switch version {
	case "":
		c.add(&c.problems, diag.Problem{
			Path: "ignition.version", Detail: "is missing", Hint: "write " + specVersion + " there, which every OKD release reads",
		})
		return
	case "2.0.0", "2.1.0", "2.2.0":
		c.checkSpec2(raw)
		return
	}
	config, rpt, err := v3_6.ParseCompatibleVersion(raw)
	if errors.Is(err, ignerrors.ErrUnknownVersion) || errors.Is(err, ignerrors.ErrInvalidVersion) || newer(version, c.release.IgnitionSpec()) {
		c.add(&c.problems, diag.Problem{
			Path: "ignition.version",
			Detail: fmt.Sprintf("OKD %s does not read spec %.20q in a MachineConfig, only 3.0.0 to %s and 2.0.0 to 2.2.0",
				c.release.Line, version, c.release.IgnitionSpec()),
			Hint: "write the config for spec " + c.release.IgnitionSpec() + " or an earlier one, such as " + specVersion +
				"; with Butane, lower the version of its variant",
		})
		return
	}
	if wrong := json.Unmarshal(raw, &config); wrong != nil && err != nil {
		p := typeProblem(raw, wrong)
		if strings.HasSuffix(p.Path, ".mode") {
			p.Hint = "write a number without quotes, such as 420, which is 0644 in octal"
		}
		c.add(&c.problems, p)
		return
	}
	c.reported(rpt, version, c.modes(config))
}

// typeProblem words an error of encoding/json, and names the item of a list in
// which it is.
func typeProblem(raw []byte, err error) diag.Problem {
	p := jsonProblem("", raw, err)
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) {
		p.Path = pathAt(raw, typed.Offset)
	}
	return p
}

// pathAt is the path of the first value of raw, which is JSON, that ends at an
// offset or behind it; an object or a list counts from its bracket.
func pathAt(raw []byte, offset int64) string {
	type level struct {
		path  string
		index int // of the next item, or -1 in an object
		key   string
		value bool // the next token is the value of the key
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	stack := []level{}
	for {
		tok, err := dec.Token()
		if err != nil {
			return ""
		}
		var path string
		if n := len(stack); n > 0 {
			top := &stack[n-1]
			key, isText := tok.(string)
			switch {
			case tok == json.Delim('}') || tok == json.Delim(']'):
				stack = stack[:n-1]
				continue
			case top.index >= 0:
				path = fmt.Sprintf("%s[%d]", top.path, top.index)
				top.index++
			case !top.value && isText:
				top.key, top.value = key, true
				continue
			default:
				path = strings.TrimPrefix(top.path+"."+top.key, ".")
				top.value = false
			}
		}
		if dec.InputOffset() >= offset {
			return path
		}
		switch tok {
		case json.Delim('{'):
			stack = append(stack, level{path: path, index: -1})
		case json.Delim('['):
			stack = append(stack, level{path: path})
		}
	}
}

// newer reports whether a version of the third generation is later than another.
func newer(version, than string) bool {
	minor := func(v string) int {
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(v, "3."), ".0"))
		if err != nil {
			return -1
		}
		return n
	}
	return minor(version) > minor(than)
}

// reported passes on what Ignition's validator found, but for the modes that
// have a rule of their own here.
func (c *machineConfigCheck) reported(rpt report.Report, version string, own map[string]bool) {
	found := reported("", rpt)
	for i, entry := range rpt.Entries {
		p := found[i]
		if own[p.Path] {
			continue
		}
		p.Detail = strings.ReplaceAll(p.Detail, "spec "+specVersion, "spec "+version)
		p.Hint = strings.TrimSuffix(p.Hint, "correct the field, or move the file away to have it made again")
		if entry.Kind.IsFatal() {
			c.add(&c.problems, p)
		} else {
			c.add(&c.warnings, p)
		}
	}
}

// modes refuses those above 0777: the operator does not set the bits for set-uid
// and the like. The number is nearly always an octal one that was written in
// decimal. It returns the fields of which nothing more is to be said.
func (c *machineConfigCheck) modes(config types.Config) map[string]bool {
	own := map[string]bool{}
	for i, f := range config.Storage.Files {
		if path := fmt.Sprintf("storage.files[%d].mode", i); f.Mode != nil && c.fileMode(path, *f.Mode) {
			own[path] = true
		}
	}
	for i, d := range config.Storage.Directories {
		if mode := d.Mode; mode != nil && *mode > maxFileMode && *mode < 1000 && meant(*mode) != 0 {
			p := modeProblem(*mode)
			p.Path = fmt.Sprintf("storage.directories[%d].mode", i)
			c.add(&c.warnings, p)
			own[p.Path] = true
		}
	}
	return own
}

// fileMode reports whether it had to say something of a file's mode.
func (c *machineConfigCheck) fileMode(path string, mode int) bool {
	p := modeProblem(mode)
	p.Path = path
	switch {
	case mode < 0:
		p.Detail = "is less than 0"
		c.add(&c.problems, p)
	case mode > maxFileMode:
		p.Detail += ", above 0777"
		c.add(&c.problems, p)
	case oddModes[mode]:
		c.add(&c.warnings, p)
	default:
		return false
	}
	return true
}

// oddModes are octal numbers written in decimal that happen to be modes as well,
// if strange ones: 400 is 0620.
var oddModes = map[int]bool{400: true, 440: true, 444: true, 500: true}

// modeProblem says what a mode is in octal, and which was meant.
func modeProblem(mode int) diag.Problem {
	p := diag.Problem{
		Detail: fmt.Sprintf("%d is %s in octal", mode, octal(mode)),
		Hint:   "write a mode up to 511, which is 0777 in octal",
	}
	if m := meant(mode); m != 0 {
		p.Hint = fmt.Sprintf("write %d, which is %s in octal", m, octal(m))
	} else if m := mode & maxFileMode; m != 0 && mode > 0 {
		p.Hint = fmt.Sprintf("write %d, which is %s in octal, without the bits above it", m, octal(m))
	}
	return p
}

func octal(mode int) string { return fmt.Sprintf("%#04o", mode) }

// meant is the mode whose octal digits a number shows: 420 for 644, and 0 for
// one that shows none.
func meant(mode int) int {
	n, err := strconv.ParseInt(strconv.Itoa(mode), 8, 32)
	if err != nil || n > maxFileMode {
		return 0
	}
	return int(n)
}
