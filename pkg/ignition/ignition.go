// Package ignition makes the Ignition configs with which machines boot for the
// first time, and reads what a user did to them.
//
// Bootstrap makes bootstrap.ign: a Host in, one line of JSON out, with the
// static files and units of package data and the few files that depend on the
// cluster. Pointer makes master.ign and its siblings, which hold nothing but
// the place where the machine config server will hand out the real config.
// Customised tells what a user added to one of them. Validate holds every
// config against Ignition's own rules. Package inspect looks into configs.
//
// All configs have spec 3.2.0, the newest that the boot images of every
// supported release read. They are built from the types of coreos/ignition's
// config/v3_2, and read with its parser. What a user brings may have a later
// spec: ValidateAny and CheckMachineConfig read it with config/v3_6, which
// translates every older one of its generation.
//
// The package does not know where its input comes from: certificates and
// manifests are bytes, and it reads neither disk nor clock. What runs on the
// bootstrap host is in data/bootstrap.
package ignition

import (
	"encoding/base64"
	"encoding/json"

	"github.com/coreos/ignition/v2/config/v3_2/types"
)

const specVersion = "3.2.0"

// dataPrefix opens the data URL of every file. The first-boot scripts of CoreOS
// that look into a config before Ignition runs know this one form.
const dataPrefix = "data:text/plain;charset=utf-8;base64,"

func dataURL(data []byte) *string {
	s := dataPrefix + base64.StdEncoding.EncodeToString(data)
	return &s
}

// encode gives a config as one line of JSON without a newline at its end, and
// without the empty objects that the types would write for each unused section.
func encode(c types.Config) ([]byte, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	out, _ := withoutEmptyObjects(make([]byte, 0, len(raw)), raw)
	return out, nil
}

// withoutEmptyObjects appends the first value of in, which is what json.Marshal
// wrote, to out and leaves out each member of an object whose value is {} or
// becomes {} that way. It returns the rest of in.
func withoutEmptyObjects(out, in []byte) (result, rest []byte) {
	switch in[0] {
	case '{':
		out, in = append(out, '{'), in[1:]
		for in[0] != '}' {
			start := len(out)
			if out[start-1] != '{' {
				out = append(out, ',')
			}
			out, in = copyScalar(out, in)
			out, in = append(out, ':'), in[1:]
			value := len(out)
			out, in = withoutEmptyObjects(out, in)
			if string(out[value:]) == "{}" {
				out = out[:start]
			}
			if in[0] == ',' {
				in = in[1:]
			}
		}
		return append(out, '}'), in[1:]
	case '[':
		out, in = append(out, '['), in[1:]
		for in[0] != ']' {
			out, in = withoutEmptyObjects(out, in)
			if in[0] == ',' {
				out, in = append(out, ','), in[1:]
			}
		}
		return append(out, ']'), in[1:]
	default:
		return copyScalar(out, in)
	}
}

// copyScalar appends the string, number or word at the beginning of in to out.
func copyScalar(out, in []byte) (result, rest []byte) {
	end := 1
	if in[0] == '"' {
		for in[end] != '"' {
			if in[end] == '\\' {
				end++
			}
			end++
		}
		end++
	} else {
		for end < len(in) && in[end] != ',' && in[end] != '}' && in[end] != ']' {
			end++
		}
	}
	return append(out, in[:end]...), in[end:]
}
