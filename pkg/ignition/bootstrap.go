package ignition

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/coreos/ignition/v2/config/v3_2/types"

	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/release"
)

// Host is what makes one bootstrap host differ from another.
type Host struct {
	// PullSecret is the install-config's, as JSON.
	PullSecret string
	// SSHKey is the install-config's sshKey, of one line or several, or empty.
	SSHKey string
	// BootstrapSSHKey is the public half of the pair that was made for this
	// host, with which `gather bootstrap` logs in.
	BootstrapSSHKey string
	// TrustBundle holds further certificate authorities as PEM, or is empty.
	TrustBundle string
	FIPS        bool
	Proxy       Proxy
	// Mirrors is what the function Mirrors returned.
	Mirrors []Mirror
	// Environment is what the scripts of the host are told.
	Environment Environment
	// OpenShift holds the files below /opt/openshift, by their path there:
	// manifests/…, openshift/…, tls/…, auth/…, original_cvo_overrides.patch.
	OpenShift map[string][]byte
	// Secrets are patterns, as path.Match has them, of the manifests among them that only
	// root may read.
	Secrets []string
	// MirrorsManifest is the one of them that `oc adm release info` is to take mirrors
	// from, or empty.
	MirrorsManifest string
	// Platform is what the cluster's platform adds.
	Platform Platform
}

// Platform is what the cluster's platform adds to the host. Which platform it is,
// nothing in this package asks.
type Platform struct {
	// Files are further files. One of them replaces whatever stands at its path
	// otherwise.
	Files []File
	// Units are further units.
	Units []Unit
	// Variables are what the platform's own scripts are told, by name. A value is of one
	// line.
	Variables map[string]string
}

// Unit is one unit of a config.
type Unit struct {
	Name string
	// Content is the unit file.
	Content []byte
	// Enabled has the unit started at boot; otherwise another one wants it.
	Enabled bool
}

// Bootstrap makes bootstrap.ign. Its files stand in this order:
//
//  1. the static files, in the order of their table
//  2. the generated configuration of the host, in the order of Host.configuration
//  3. the files below /opt/openshift, sorted by path
//  4. the platform's files, except those that replace one of 1 to 3 in its place
//
// and its units in the order of their table, the platform's last. The result has passed Ignition's
// own validator. Values of the host that cannot be written down are
// diag.Problems.
func Bootstrap(h Host) ([]byte, error) {
	if strings.TrimSpace(h.BootstrapSSHKey) == "" {
		return nil, errors.New("the bootstrap host has no ssh key of its own")
	}
	if h.Environment.ReleaseLine == "" || !(release.Release{Line: h.Environment.ReleaseLine}).Has(release.BootstrapScripts) {
		return nil, fmt.Errorf("the bootstrap host has no scripts for the release %q", h.Environment.ReleaseLine)
	}
	if err := h.problems().Err(); err != nil {
		return nil, err
	}
	files, err := h.files()
	if err != nil {
		return nil, err
	}
	units, err := units(h.Environment)
	if err != nil {
		return nil, err
	}
	if err := h.Platform.clash(h.Environment, units); err != nil {
		return nil, err
	}
	for _, u := range h.Platform.Units {
		text := string(u.Content)
		unit := types.Unit{Name: u.Name, Contents: &text}
		if u.Enabled {
			unit.Enabled = &u.Enabled
		}
		units = append(units, unit)
	}
	config := types.Config{
		Ignition: types.Ignition{Version: specVersion},
		Passwd:   types.Passwd{Users: []types.PasswdUser{h.user()}},
		Systemd:  types.Systemd{Units: units},
	}
	for _, f := range files {
		config.Storage.Files = append(config.Storage.Files, f.entry())
	}
	raw, err := encode(config)
	if err != nil {
		return nil, err
	}
	return raw, validateConfig(h.fileName(), raw)
}

// clash finds a unit or a variable of the platform that every host has already.
func (p Platform) clash(e Environment, units []types.Unit) error {
	for _, u := range p.Units {
		if slices.ContainsFunc(units, func(other types.Unit) bool { return other.Name == u.Name }) {
			return fmt.Errorf("the platform has a unit %s, which every bootstrap host has", u.Name)
		}
	}
	for _, v := range e.variables("") {
		if _, ok := p.Variables[v.name]; ok {
			return fmt.Errorf("the platform has a variable %s, which every bootstrap host has", v.name)
		}
	}
	return nil
}

func (h Host) fileName() string {
	if h.Environment.BootstrapInPlace {
		return InPlaceFile
	}
	return BootstrapFile
}

// user is the account that people log in with. The install-config's key is the
// first entry, whole, and the generated one the second, also where there is no
// first: an empty entry does no harm, and gather and its like go by the place.
func (h Host) user() types.PasswdUser {
	return types.PasswdUser{
		Name: "core",
		SSHAuthorizedKeys: []types.SSHAuthorizedKey{
			types.SSHAuthorizedKey(strings.TrimSpace(h.SSHKey)),
			types.SSHAuthorizedKey(h.BootstrapSSHKey),
		},
	}
}

// files lays the layers of the host over each other.
func (h Host) files() ([]File, error) {
	static, err := readStaticFiles(h.Environment)
	if err != nil {
		return nil, err
	}
	configuration, err := h.configuration()
	if err != nil {
		return nil, err
	}
	openshift, err := openshiftFiles(h.OpenShift, h.Secrets)
	if err != nil {
		return nil, err
	}
	return overlay(static, configuration, openshift, h.Platform.Files)
}

// configuration makes the files whose content depends on the host.
func (h Host) configuration() ([]File, error) {
	fips, err := fipsMachineConfig(h.FIPS)
	if err != nil {
		return nil, err
	}
	return []File{
		// rpm-ostree and others read the registries without being root
		{Path: "/etc/containers/registries.conf", Data: registriesConf(h.Mirrors), Mode: modePublic},
		{Path: "/etc/ignition-machine-config-encapsulated.json", Data: fips, Mode: modeSecret},
		{Path: EnvironmentFile, Data: environmentFile(h.variables()), Mode: modeSecret},
		{Path: "/etc/pki/ca-trust/source/anchors/ca.crt", Data: []byte(h.TrustBundle), Mode: modeSecret},
		{Path: "/etc/profile.d/proxy.sh", Data: proxyProfile(h.Proxy), Mode: modeSecret},
		{Path: "/etc/systemd/system.conf.d/10-default-env.conf", Data: proxyDefaults(h.Proxy), Mode: modeSecret},
		{Path: "/root/.docker/config.json", Data: []byte(strings.TrimSpace(h.PullSecret) + "\n"), Mode: modeSecret},
	}, nil
}

// fipsMachineConfig is a MachineConfig for the first boot: CoreOS reads from it,
// before Ignition runs, whether to switch the kernel to FIPS mode.
func fipsMachineConfig(fips bool) ([]byte, error) {
	var mc struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Spec struct {
			Config struct {
				Ignition struct {
					Version string `json:"version"`
				} `json:"ignition"`
			} `json:"config"`
			KernelArguments []string `json:"kernelArguments"`
			FIPS            bool     `json:"fips"`
		} `json:"spec"`
	}
	mc.Metadata.Name = "bootstrap-fips"
	mc.Spec.Config.Ignition.Version = "3.1.0"
	mc.Spec.KernelArguments = []string{}
	mc.Spec.FIPS = fips
	return json.Marshal(mc)
}

// overlay joins layers of files. A file replaces the one with the same path of
// an earlier layer, in its place; twice the same path in one layer is a mistake
// of the caller.
func overlay(layers ...[]File) ([]File, error) {
	var out []File
	place := map[string]int{}
	var errs []error
	for _, layer := range layers {
		own := map[string]bool{}
		for _, f := range layer {
			if own[f.Path] {
				errs = append(errs, fmt.Errorf("the bootstrap host has two files %s", f.Path))
			}
			own[f.Path] = true
			if i, ok := place[f.Path]; ok {
				out[i] = f
				continue
			}
			place[f.Path] = len(out)
			out = append(out, f)
		}
	}
	return out, errors.Join(errs...)
}

// entry is the file as Ignition wants it.
func (f File) entry() types.File {
	root, overwrite, mode := "root", !f.Append, f.Mode
	entry := types.File{
		Node: types.Node{Path: f.Path, Overwrite: &overwrite, User: types.NodeUser{Name: &root}},
	}
	entry.Mode = &mode
	content := types.Resource{Source: dataURL(f.Data)}
	if f.Append {
		entry.Append = []types.Resource{content}
	} else {
		entry.Contents = content
	}
	return entry
}

// units reads the units of staticUnits that the host gets.
func units(e Environment) ([]types.Unit, error) {
	var units []types.Unit
	for _, u := range staticUnits {
		if !u.include(e) {
			continue
		}
		content, err := data.Bootstrap.ReadFile(u.embedded())
		if err != nil {
			return nil, err
		}
		text := string(content)
		unit := types.Unit{Name: u.name}
		if u.enabled {
			unit.Enabled = &u.enabled
		}
		if u.dropin != "" {
			unit.Dropins = []types.Dropin{{Name: u.dropin, Contents: &text}}
		} else {
			unit.Contents = &text
		}
		units = append(units, unit)
	}
	return units, nil
}

// problems finds values that the files of the host cannot carry. Validation of
// the install-config lets none of them through, so they are said shortly.
func (h Host) problems() diag.Problems {
	problems := mirrorProblems(h.Mirrors)
	line := func(path, value string) {
		if !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			problems = append(problems, diag.Problem{
				Position: diag.Position{File: h.fileName()}, Path: path,
				Detail: "holds a line break, a control character or bytes that are not UTF-8",
			})
		}
	}
	line("proxy.httpProxy", h.Proxy.HTTP)
	line("proxy.httpsProxy", h.Proxy.HTTPS)
	line("proxy.noProxy", h.Proxy.NoProxy)
	for _, v := range h.variables() {
		line(v.name, v.value)
	}
	for _, m := range h.Mirrors {
		line("imageDigestSources", m.Source)
		for _, mirror := range m.Mirrors {
			line("imageDigestSources", mirror)
		}
	}
	return problems
}
