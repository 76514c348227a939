package live

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/pemfile"
)

// check finds what would stop the live system or the installation later, when
// nobody looks.
func (c Customization) check(validate Validator) diag.Problems {
	var problems diag.Problems
	for _, f := range slices.Concat(c.DestIgnition, c.LiveIgnition) {
		problems = append(problems, asProblems(validate(f.Path, f.Data))...)
	}
	for _, f := range c.IgnitionCA {
		problems = append(problems, checkCA(f)...)
	}
	seen := map[string]bool{}
	for _, h := range hooks(c) {
		problems = append(problems, checkScript(h.script)...)
		if seen[h.target()] {
			problems = append(problems, h.script.problem("another script of this name exists for the same moment", "rename one of them"))
		}
		seen[h.target()] = true
	}
	for _, f := range c.InstallerConfig {
		problems = append(problems, checkInstallerConfig(f)...)
	}
	for _, text := range c.DestConsole {
		_, err := parseConsole(text)
		problems = append(problems, asProblems(err)...)
	}
	if d := c.DestDevice; d != "" && (!strings.HasPrefix(d, "/dev/") || strings.ContainsFunc(d, isControl)) {
		problems = append(problems, diag.Problem{
			Path: "--dest-device", Detail: fmt.Sprintf("%q is not a device", d), Hint: "give its path as the machine sees it, such as /dev/sda or /dev/disk/by-id/…",
		})
	}
	for _, karg := range slices.Concat(c.DestKargAppend, c.DestKargDelete) {
		if strings.TrimSpace(karg) == "" || strings.ContainsFunc(karg, isControl) {
			problems = append(problems, diag.Problem{Path: "--dest-karg-…", Detail: fmt.Sprintf("%q is not a kernel argument", karg)})
		}
	}
	return problems
}

func checkCA(f File) diag.Problems {
	contents := pemfile.Read(f.Data)
	var problems diag.Problems
	for _, fault := range contents.Faults {
		p := f.problem(fault.Detail, fault.Hint)
		p.Line, p.Column = fault.Line, fault.Column
		problems = append(problems, p)
	}
	if len(problems) > 0 {
		return problems
	}
	for n, block := range contents.Blocks {
		if block.Type != "CERTIFICATE" {
			return diag.Problems{f.problem(fmt.Sprintf("holds a PEM block %s: only certificates can be in a bundle", block.Type),
				"remove it; a private key does not belong in boot media")}
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return diag.Problems{f.problem(fmt.Sprintf("certificate %d cannot be read: %v", n+1, err), "")}
		}
	}
	if len(contents.Blocks) == 0 {
		return diag.Problems{f.problem("holds no PEM certificate",
			"Ignition requires the text form, which begins with -----BEGIN CERTIFICATE-----")}
	}
	return nil
}

// unitChars are what systemd allows in the name of a unit.
const unitChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:-_."

func checkScript(f File) diag.Problems {
	var problems diag.Problems
	if strings.Trim(f.name(), unitChars) != "" || len(f.name()) > 200 {
		problems = append(problems, f.problem(fmt.Sprintf("%q cannot be part of the name of a systemd unit", f.name()),
			"rename it: letters, digits, and the characters : - _ . are allowed"))
	}
	first, _, _ := bytes.Cut(f.Data, []byte("\n"))
	switch {
	case bytes.HasPrefix(f.Data, []byte("\x7fELF")):
	case !bytes.HasPrefix(first, []byte("#!")):
		problems = append(problems, f.problem("is not a program: systemd could not start it", "begin the script with a line such as #!/usr/bin/bash"))
	case bytes.HasSuffix(first, []byte("\r")):
		problems = append(problems, f.problem("has Windows line endings, so its interpreter would not be found",
			"convert it to Unix line endings"))
	}
	return problems
}

// installerKeys are what a config file of coreos-installer may hold.
var installerKeys = []string{
	"append-karg", "architecture", "console", "copy-network", "delete-karg", "dest-device", "fetch-retries", "ignition-file",
	"ignition-hash", "ignition-url", "image-file", "image-url", "insecure", "insecure-ignition", "network-dir", "offline",
	"platform", "preserve-on-error", "save-partindex", "save-partlabel", "secure-ipl", "stream", "stream-base-url",
}

func checkInstallerConfig(f File) diag.Problems {
	var keys map[string]any
	if err := yaml.UnmarshalStrict(f.Data, &keys); err != nil {
		return diag.Problems{f.problem("is not a YAML mapping: "+strings.TrimPrefix(err.Error(), "error converting YAML to JSON: "), "")}
	}
	var problems diag.Problems
	for key := range keys {
		if slices.Contains(installerKeys, key) {
			continue
		}
		hint := "the installer would stop at it; the settings are the long flags of coreos-installer install"
		if near := diag.Nearest(key, installerKeys); near != "" {
			hint = "did you mean " + near + "?"
		}
		p := f.problem("is not a setting of the installer", hint)
		p.Path = key
		problems = append(problems, p)
	}
	slices.SortFunc(problems, func(a, b diag.Problem) int { return strings.Compare(a.Path, b.Path) })
	return problems
}

// parseConsole checks a console as the installer takes it and spells it out:
// ttyS0,115200 becomes ttyS0,115200n8. The error is a diag.Problem.
func parseConsole(text string) (string, error) {
	if slices.Contains([]string{"tty0", "hvc0", "ttysclp0"}, text) {
		return text, nil
	}
	device, line, _ := strings.Cut(text, ",")
	port := strings.TrimPrefix(strings.TrimPrefix(device, "ttyAMA"), "ttyS")
	p := diag.Problem{
		Path: "--dest-console", Detail: fmt.Sprintf("the installer does not know the console %q", text),
		Hint: "write tty0, hvc0, ttysclp0, or a serial line such as ttyS0,115200n8 or ttyAMA0; without console= or /dev/",
	}
	if port == device || !number(port, 8) || strings.HasSuffix(text, ",") {
		return "", p
	}
	speed := line[:len(line)-len(strings.TrimLeft(line, "0123456789"))]
	rest := line[len(speed):] // parity and data bits
	if line == "" {
		speed = "9600"
	}
	if rest == "" {
		rest = "n"
	}
	if len(rest) == 1 {
		rest += "8"
	}
	if !number(speed, 32) || len(rest) != 2 || !slices.Contains([]byte("noe"), rest[0]) || !slices.Contains([]byte("5678"), rest[1]) {
		return "", p
	}
	return device + "," + speed + rest, nil
}

func number(text string, bits int) bool {
	_, err := strconv.ParseUint(text, 10, bits)
	return err == nil
}
