package installconfig

import (
	"reflect"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/release"
)

// Options are the circumstances under which a file is read.
type Options struct {
	// Lenient makes unknown fields warnings, for tools that set OPENSHIFT_INSTALL_INVOKER.
	Lenient bool
	// Release is what will be installed. The zero value stands for a release
	// that is not known, and nothing is checked against it.
	Release release.Release
	// FIPSHost tells that this host runs in FIPS mode, with a build that can.
	FIPSHost bool
	// SkipHostCryptCheck lets fips: true pass on any host, with a warning.
	SkipHostCryptCheck bool
	// ClusterProfile is the experimental cluster profile; empty means
	// self-managed-high-availability.
	ClusterProfile string
}

// Loaded is a config that can be installed, and what the user should know of it.
type Loaded struct {
	// Config is complete: no later stage adds a default.
	Config InstallConfig
	// Warnings are what is probably not meant, or deprecated.
	Warnings diag.Problems
	// Notes are for information only.
	Notes diag.Problems
}

// InvalidError says that the user's file cannot be used. errors.As finds the
// diag.Problems in it.
type InvalidError struct {
	// File is the file as the caller of Load named it.
	File string
	// Problems are all that was found, in the order of the file.
	Problems diag.Problems
}

// Error gives all problems, one or two lines each.
func (e *InvalidError) Error() string { return e.Problems.Error() }

// Unwrap returns the Problems.
func (e *InvalidError) Unwrap() error { return e.Problems.Err() }

// Load reads the content of an install-config. File is its name in messages. The
// error is an *InvalidError that holds all problems of the file at once.
func Load(file string, data []byte, o Options) (Loaded, error) {
	root, problems := parse(file, data)
	if len(problems) > 0 {
		return Loaded{}, &InvalidError{File: file, Problems: problems}
	}
	var c InstallConfig
	f := &findings{file: file, source: sourceLines(data), release: o.Release, places: map[string]place{}, broken: map[string]bool{}}
	r := &reader{findings: f, lenient: o.Lenient}
	r.read(root, reflect.ValueOf(&c).Elem(), "")
	convert(&c, f)
	complete(&c, o, f)
	validate(&c, o, f)
	if len(f.problems) > 0 {
		return Loaded{Warnings: f.warnings.Sorted()}, &InvalidError{File: file, Problems: f.all()}
	}
	return Loaded{Config: c, Warnings: f.warnings.Sorted(), Notes: f.notes.Sorted()}, nil
}

// Marshal writes the config in canonical form: YAML with sorted keys, indented
// by two, without the fields that are empty.
func Marshal(c InstallConfig) ([]byte, error) {
	return yaml.Marshal(c)
}
