// Package live makes what a live system is told when it boots: the files of the
// small initrd that goes into an ISO image or behind the initramfs for PXE.
//
// Customization is what one can ask for, under the names that people know from
// coreos-installer, and its method Files turns it into those files: an Ignition
// config for the live system, and NetworkManager's keyfiles. The config carries
// all that the installer in the live system reads: its own settings, the Ignition
// config of the machine to be installed, and scripts to run before and after.
//
// The package only computes. Where the files go is the matter of pkg/rhcos/iso
// and pkg/rhcos/pxe; Ignition's validator is handed in as a function.
package live

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

const (
	// ConfigPath is where the Ignition config of the live system is in the initrd.
	ConfigPath = "config.ign"
	// NetworkDir is the folder of the initrd for NetworkManager's keyfiles.
	NetworkDir = "etc/coreos-firstboot-network"
	// FeaturesPath is where the initramfs for PXE says what it can do.
	FeaturesPath = "etc/coreos/features.json"
	// StampPath is in every initramfs of a live system.
	StampPath = "etc/coreos-live-initramfs"
)

// IsKeyfile tells that a path in the initrd is one of NetworkManager's keyfiles.
func IsKeyfile(name string) bool { return strings.HasPrefix(name, NetworkDir+"/") }

// Features is what an image says it can do, in features.json. Images from before
// 2022 say nothing and can nothing of this.
type Features struct {
	// InstallerConfig: the installer reads /etc/coreos/installer.d.
	InstallerConfig bool `json:"installer-config"`
	Directives      struct {
		// Console: the installer knows the setting console.
		Console bool `json:"console"`
	} `json:"installer-config-directives"`
	// Network: keyfiles in the initrd are read.
	Network bool `json:"live-initrd-network"`
}

// ParseFeatures reads features.json.
func ParseFeatures(raw []byte) (Features, error) {
	var f Features
	if err := json.Unmarshal(raw, &f); err != nil {
		return Features{}, fmt.Errorf("features.json of the image cannot be read: %w", err)
	}
	return f, nil
}

// File is a file that the user named.
type File struct {
	// Path is where it was, for messages; the last part of it may become a name in
	// the live system.
	Path string
	Data []byte
}

// name is the last part of the path.
func (f File) name() string {
	return path.Base(strings.ReplaceAll(f.Path, `\`, "/"))
}

func (f File) problem(detail, hint string) diag.Problem {
	return diag.Problem{Position: diag.Position{File: f.Path}, Detail: detail, Hint: hint}
}

// Keyfiles are the files of the initrd for NetworkManager's keyfiles. The error
// is diag.Problems: no two may have one name, and each has to look like a
// keyfile, since NetworkManager skips another file and says so nowhere near.
func Keyfiles(keyfiles []File) (map[string][]byte, error) {
	files := map[string][]byte{}
	var problems diag.Problems
	for _, f := range keyfiles {
		name := f.name()
		if name == "." || name == "/" || name == ".." || strings.ContainsFunc(name, isControl) {
			problems = append(problems, f.problem("has a name that a keyfile cannot have", ""))
			continue
		}
		target := NetworkDir + "/" + name
		if _, twice := files[target]; twice {
			problems = append(problems, f.problem(fmt.Sprintf("another keyfile named %s exists", name), "rename one of them"))
			continue
		}
		if !hasSection(f.Data) {
			problems = append(problems, f.problem("is not a keyfile of NetworkManager: it does not begin with a section such as "+
				"[connection]", "nmstate files are not supported: convert them to keyfiles with nmstatectl gc"))
			continue
		}
		files[target] = f.Data
	}
	return files, problems.Err()
}

// hasSection tells that the first line which is neither empty nor a comment is
// the head of a section, as every keyfile has it.
func hasSection(data []byte) bool {
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return line[0] == '[' && line[len(line)-1] == ']'
		}
	}
	return false
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// Customization is what a live system is to do. All of it is optional; the fields
// of the machine to be installed, Dest…, and InstallerConfig make the live system
// run the installer without asking.
type Customization struct {
	// DestIgnition are the Ignition configs of the machine to be installed. If
	// there are several, they are merged in their order.
	DestIgnition []File
	// DestDevice is the disk to install to, such as /dev/sda. It is overwritten.
	DestDevice string
	// DestConsole are the consoles of the kernel and the boot loader, such as
	// ttyS0,115200n8.
	DestConsole []string
	// DestKargAppend and DestKargDelete change the kernel arguments of the machine.
	DestKargAppend, DestKargDelete []string
	// InstallerConfig are config files of coreos-installer, in their order.
	InstallerConfig []File

	// NetworkKeyfiles are for the live system, and for the machine if it is installed.
	NetworkKeyfiles []File
	// IgnitionCA are PEM bundles that Ignition trusts, on both.
	IgnitionCA []File
	// PreInstall and PostInstall are scripts around the installation.
	PreInstall, PostInstall []File
	// LiveIgnition are Ignition configs of the live system.
	LiveIgnition []File
}

// Installs tells that the live system would run the installer.
func (c Customization) Installs() bool {
	return len(c.DestIgnition)+len(c.DestConsole)+len(c.DestKargAppend)+len(c.DestKargDelete)+len(c.InstallerConfig) > 0 || c.DestDevice != ""
}

// Validator is Ignition's own: it refuses a config, with name as its file.
type Validator func(name string, raw []byte) error

// Files makes the files of the initrd: ConfigPath, unless there is nothing to
// configure, and the keyfiles. The error is diag.Problems with all that is wrong:
// what the image cannot do, what validate says of the user's configs, and scripts
// or settings that would stop the installation.
func (c Customization) Files(can Features, validate Validator) (map[string][]byte, error) {
	problems := c.unsupported(can)
	problems = append(problems, c.check(validate)...)
	files, err := Keyfiles(c.NetworkKeyfiles)
	problems = append(problems, asProblems(err)...)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	config, empty, err := c.config()
	if err != nil || empty {
		return files, err
	}
	if err := validate("the config of the live system", config); err != nil {
		return nil, err
	}
	files[ConfigPath] = config
	return files, nil
}

// unsupported says what the image cannot do.
func (c Customization) unsupported(can Features) diag.Problems {
	const hint = "use a newer image; okd-install coreos image shows the one of a release"
	var problems diag.Problems
	for _, need := range []struct {
		wanted, can bool
		what        string
	}{
		{c.Installs(), can.InstallerConfig, "this image does not support a config file for its installer, which --dest-… and " +
			"--installer-config need"},
		{len(c.DestConsole) > 0, can.Directives.Console, "the installer of this image cannot set a console, which --dest-console needs"},
		{len(c.NetworkKeyfiles) > 0, can.Network, "this image reads no network settings, which --network-keyfile needs"},
	} {
		if need.wanted && !need.can {
			problems = append(problems, diag.Problem{Detail: need.what, Hint: hint})
		}
	}
	return problems
}

func asProblems(err error) diag.Problems {
	switch err := err.(type) { //nolint:errorlint // Validator and Keyfiles return these unwrapped
	case nil:
		return nil
	case diag.Problems:
		return err
	case diag.Problem:
		return diag.Problems{err}
	default:
		return diag.Problems{{Detail: err.Error()}}
	}
}
