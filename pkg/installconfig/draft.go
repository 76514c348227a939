package installconfig

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/installconfig/platform"
)

// Draft is an install-config in the making: what a person has answered, as text.
// Nothing in it is checked: YAML writes it down, and Load tells what is wrong
// with it. What is empty is left out.
type Draft struct {
	ClusterName, BaseDomain string
	// Platform is the name of a row of the platforms' table, PlatformFields the
	// fields of its block.
	Platform       string
	PlatformFields map[string]string
	// MachineNetwork, ClusterNetwork and ServiceNetwork are in CIDR form.
	MachineNetwork, ClusterNetwork, ServiceNetwork []string
	// HostPrefix is that of the IPv4 cluster networks.
	HostPrefix string
	// ControlPlane, Arbiter and Workers are numbers of machines.
	ControlPlane, Arbiter, Workers string
	// InstallationDisk is that of a single node that installs itself.
	InstallationDisk string
	// SSHKey is the content of files of public keys.
	SSHKey     string
	PullSecret string

	HTTPProxy, HTTPSProxy, NoProxy string
	TrustBundle                    string
	// Mirrors are repositories that hold the images of each of mirroredSources.
	Mirrors []string
}

// mirroredSources are the repositories that the images of an OKD release are in.
var mirroredSources = []string{"quay.io/okd/scos-release", "quay.io/okd/scos-content"}

// draftWriter writes YAML line by line.
type draftWriter struct{ strings.Builder }

func (w *draftWriter) line(format string, args ...any) {
	fmt.Fprintf(w, format+"\n", args...)
}

// YAML writes the draft as an install-config, with comments on what was chosen.
// Head lines are written as comments at the top.
func (d Draft) YAML(head ...string) []byte {
	var w draftWriter
	for _, h := range head {
		w.line("# %s", oneLine(h))
	}
	w.line("apiVersion: %s", apiVersion)
	w.line("metadata:")
	w.line("  # the cluster is reached as api.%[1]s and *.apps.%[1]s", oneLine(d.ClusterName+"."+strings.TrimSuffix(d.BaseDomain, ".")))
	w.line("  name: %s", scalarYAML(d.ClusterName))
	w.line("baseDomain: %s", scalarYAML(d.BaseDomain))
	d.writePlatform(&w)
	d.writeMachines(&w)
	d.writeNetworks(&w)
	d.writeAccess(&w)
	d.writeSurroundings(&w)
	return []byte(w.String())
}

func (d Draft) writePlatform(w *draftWriter) {
	w.line("platform:")
	if spec, ok := platform.Find(d.Platform); ok {
		w.line("  # %s", spec.Title)
	}
	fields := make([]string, 0, len(d.PlatformFields))
	for name, value := range d.PlatformFields {
		if value != "" {
			fields = append(fields, name)
		}
	}
	slices.Sort(fields)
	if len(fields) == 0 {
		w.line("  %s: {}", scalarYAML(d.Platform))
		return
	}
	w.line("  %s:", scalarYAML(d.Platform))
	for _, name := range fields {
		w.line("    %s: %s", name, scalarYAML(d.PlatformFields[name]))
	}
}

func (d Draft) writeMachines(w *draftWriter) {
	w.line("controlPlane:")
	w.line("  name: master")
	if text := ControlPlaneMeaning(d.ControlPlane, d.Arbiter); text != "" {
		w.line("  # %s", text)
	}
	w.line("  replicas: %s", numberYAML(d.ControlPlane))
	if d.Arbiter != "" {
		w.line("arbiter:")
		w.line("  # a small machine that votes, and runs nothing else")
		w.line("  name: arbiter")
		w.line("  replicas: %s", numberYAML(d.Arbiter))
	}
	w.line("compute:")
	w.line("- name: worker")
	if d.Workers == "0" {
		w.line("  # the control plane takes the workloads, and the ingress routers with them")
	}
	w.line("  replicas: %s", numberYAML(d.Workers))
	if d.InstallationDisk != "" {
		w.line("bootstrapInPlace:")
		w.line("  # the node installs itself to this disk, without a bootstrap host")
		w.line("  installationDisk: %s", scalarYAML(d.InstallationDisk))
	}
}

// ControlPlaneMeaning says what a number of control plane machines survives, or "".
func ControlPlaneMeaning(replicas, arbiter string) string {
	switch {
	case replicas == "2" && arbiter != "":
		return "two machines and an arbiter: one of the three may fail"
	case replicas == "1":
		return "a single node: when it is down, so is the cluster"
	case replicas == "3":
		return "one of the three machines may fail"
	case replicas == "5":
		return "two of the five machines may fail"
	}
	return ""
}

func (d Draft) writeNetworks(w *draftWriter) {
	w.line("networking:")
	w.line("  networkType: %s", ovnKubernetes)
	if len(d.MachineNetwork) > 0 {
		w.line("  # where the machines have their addresses")
		w.line("  machineNetwork:")
		for _, cidr := range d.MachineNetwork {
			w.line("  - cidr: %s", scalarYAML(cidr))
		}
	}
	if len(d.ClusterNetwork) > 0 {
		w.line("  # pods: each machine gets a part of hostPrefix bits")
		w.line("  clusterNetwork:")
		for _, cidr := range d.ClusterNetwork {
			w.line("  - cidr: %s", scalarYAML(cidr))
			switch p, err := netip.ParsePrefix(cidr); {
			case err == nil && p.Addr().Is6():
				w.line("    hostPrefix: 64")
			case d.HostPrefix != "":
				w.line("    hostPrefix: %s", numberYAML(d.HostPrefix))
			}
		}
	}
	if len(d.ServiceNetwork) > 0 {
		w.line("  # services, only inside of the cluster")
		w.line("  serviceNetwork:")
		for _, cidr := range d.ServiceNetwork {
			w.line("  - %s", scalarYAML(cidr))
		}
	}
}

func (d Draft) writeAccess(w *draftWriter) {
	if d.SSHKey == "" {
		w.line("# without an sshKey nobody can log in to the machines")
	} else {
		w.line("# may log in to the machines as the user core")
		w.block("sshKey", d.SSHKey)
	}
	switch d.PullSecret {
	case "":
	case PublicPullSecret:
		w.line("# OKD's public pull secret: the images of OKD need no other")
		w.line("pullSecret: '%s'", PublicPullSecret)
	default:
		w.line("pullSecret: %s", scalarYAML(d.PullSecret))
	}
}

func (d Draft) writeSurroundings(w *draftWriter) {
	if d.HTTPProxy != "" || d.HTTPSProxy != "" {
		w.line("proxy:")
		for _, one := range []struct{ name, value string }{{"httpProxy", d.HTTPProxy}, {"httpsProxy", d.HTTPSProxy}, {"noProxy", d.NoProxy}} {
			if one.value != "" {
				w.line("  %s: %s", one.name, scalarYAML(one.value))
			}
		}
	}
	if d.TrustBundle != "" {
		w.line("# authorities that the machines trust as well")
		w.block("additionalTrustBundle", d.TrustBundle)
		if d.HTTPProxy == "" && d.HTTPSProxy == "" {
			w.line("additionalTrustBundlePolicy: Always")
		}
	}
	if len(d.Mirrors) > 0 {
		w.line("# where the images of the release come from")
		w.line("imageDigestSources:")
		for _, source := range mirroredSources {
			w.line("- source: %s", source)
			w.line("  mirrors:")
			for _, m := range d.Mirrors {
				w.line("  - %s", scalarYAML(m))
			}
		}
	}
}

// block writes a text of several lines.
func (w *draftWriter) block(field, text string) {
	// a lone carriage return ends a line too: for YAML, and in files of old
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	readable := !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' })
	if !readable || strings.HasPrefix(lines[0], " ") {
		w.line("%s: %s", field, scalarYAML(text))
		return
	}
	w.line("%s: |", field)
	for _, line := range lines {
		if line = strings.TrimRight(line, " \t"); line != "" {
			line = "  " + line
		}
		w.line("%s", line)
	}
}

// oneLine keeps a comment a comment.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// scalarYAML writes a text so that it is read as that text, without quotes where
// nobody would write some.
func scalarYAML(s string) string {
	var plain any
	if isPlain(s) && yaml.Unmarshal([]byte(s), &plain) == nil && plain == s {
		return s
	}
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return strconv.Quote(s)
}

// numberYAML writes a number, or what stands in its place.
func numberYAML(s string) string {
	if _, err := strconv.ParseInt(s, 10, 64); err == nil {
		return s
	}
	return scalarYAML(s)
}

// isPlain reports whether a text has no character that YAML makes anything of.
func isPlain(s string) bool {
	return s != "" && isAlphanumericOr(rune(s[0]), "/") && !strings.HasSuffix(s, ":") &&
		!strings.ContainsFunc(s, func(r rune) bool { return !isAlphanumericOr(r, "-/._:@+=") })
}

func isAlphanumericOr(r rune, more string) bool {
	return isAlphanumeric(r) || strings.ContainsRune(more, r)
}
