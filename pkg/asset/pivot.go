package asset

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/rhcos"
	"github.com/okd-project/okd-install/pkg/rhcos/pivot"
	"github.com/okd-project/okd-install/pkg/tls"
)

// PivotRequest is what the user asks of create pivot-config; empty fields have
// the defaults that its help tells.
type PivotRequest struct {
	Role, Mode, Architecture, Device string
	// OSImage is the system of the release, and BootImage the medium.
	OSImage, BootImage string
	// ImageURL and ImageSHA256 name the image to write instead of the published one.
	ImageURL, ImageSHA256 string
	// Config is the file of the asset directory that the installed system boots with.
	Config                     string
	KernelArguments            []string
	AllowSecureBoot, Reinstall bool
	// FindImage asks a registry for OSImage where it is empty and needed; nil asks nobody.
	FindImage func(context.Context, PayloadQuery) (PayloadImage, error)
}

// PayloadQuery is which image of a release is wanted, and what registries want.
type PayloadQuery struct {
	// Release is the pull spec of the release image, Component a name in its list.
	Release, Component, Architecture string
	PullSecret, TrustBundle          string
	Mirrors                          []ignition.Mirror
}

// PayloadImage is an image of a release by digest, and the version of the release.
// Digest is that of the release image itself, and Source the pull spec that was read.
type PayloadImage struct{ Image, Version, Digest, Source string }

// PivotFile is the name of a config for the live system, as JSON or for Butane.
func PivotFile(role, extension string) string { return "pivot-" + role + extension }

// makePivotConfig makes the config with which a live system installs a machine.
func (c *creation) makePivotConfig() error {
	if err := c.checkSameRelease(); err != nil {
		return err
	}
	loaded, err := graph.Get(c.run, c.graph.InstallConfig)
	if err != nil {
		return err
	}
	request, err := c.pivotRequest(loaded.Config)
	if err != nil {
		return err
	}
	if err := c.findOSImage(&request, loaded.Config); err != nil {
		return err
	}
	plan, err := pivot.New(request)
	if err != nil {
		return err
	}
	if err := plan.Expired(c.Now); err != nil {
		return err
	}
	c.report.Pivot = &plan
	raw, err := plan.Ignition()
	if err != nil {
		return err
	}
	butane, err := plan.Butane()
	if err != nil {
		return err
	}
	c.report.PivotIgnition = raw
	files := Files{PivotFile(plan.Role, ".ign"): raw, PivotFile(plan.Role, ".bu"): butane}
	if err := c.protectOutputs(files, keptKubeconfig{}); err != nil {
		return err
	}
	c.tellPivot(plan, raw)
	c.report.Files = slices.Sorted(maps.Keys(files))
	for name, content := range files {
		c.change.Write[name] = content
		c.state.Written[name] = sum(content)
	}
	return nil
}

// osComponent is the operating system in the list of a release's images.
const osComponent = "stream-coreos"

// findOSImage asks the release for its operating system where the user has not
// named it. What else is wrong is told first, since that needs no network.
func (s settled) findOSImage(r *pivot.Request, config installconfig.InstallConfig) error {
	if r.Mode != pivot.ModeOfflineDeploy || r.OSImage != "" || s.Pivot.FindImage == nil {
		return nil
	}
	r.OSImage = "registry.invalid/os@sha256:" + strings.Repeat("0", 64)
	plan, err := pivot.New(*r)
	if err != nil {
		return err
	}
	if err := plan.Expired(s.Now); err != nil {
		return err
	}
	q := registryQuery(config)
	q.Release, q.Component, q.Architecture = r.Release.Image, osComponent, r.Architecture
	found, err := s.Pivot.FindImage(s.run.Context, q)
	if err != nil {
		return err
	}
	if line := lineOf(found.Version); line != "" && line != r.Release.Line {
		return diag.Problem{
			Detail: fmt.Sprintf("the release image %s is of OKD %s, and not of %s", r.Release.Image, found.Version, r.Release.Line),
			Hint:   "give the right line with --release, or the right image with --release-image",
		}
	}
	r.OSImage, r.Registries = found.Image, registryHosts(found.Image, q.Mirrors)
	return nil
}

// lineOf is the minor version that a version begins with, or empty.
func lineOf(version string) string {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, ok := strings.Cut(rest, ".")
	if _, err := strconv.ParseUint(major+minor, 10, 31); err != nil || !ok {
		return ""
	}
	return major + "." + minor
}

// checkSameRelease stops where the configs of the directory are of one release
// and the pivot would be for another: their bootstrap would not understand them.
func (c *creation) checkSameRelease() error {
	if c.before.Release == "" || c.before.Release == c.state.Release && c.before.ReleaseImage == c.state.ReleaseImage {
		return nil
	}
	return diag.Problems{{
		Position: diag.Position{File: c.Dir},
		Detail: "the configs here were made for OKD " + c.before.Release + ", and now " +
			cmp.Or(c.Release, c.ReleaseImage, c.state.Release) + " was asked for",
		Hint: "leave out --release and --release-image, or make the configs again with create ignition-configs for the other release",
	}}
}

// pivotRequest settles what the user left open.
func (s settled) pivotRequest(config installconfig.InstallConfig) (pivot.Request, error) {
	p := s.Pivot
	r := pivot.Request{
		Role: p.Role, Mode: p.Mode, Release: s.release, Device: p.Device, OSImage: p.OSImage,
		Architecture: rhcos.Architecture(cmp.Or(p.Architecture, architectureOf(config, p.Role))), KernelArguments: p.KernelArguments,
		SSHKeys: config.SSHKeys(), AllowSecureBoot: p.AllowSecureBoot, Reinstall: p.Reinstall,
		ConfigName: cmp.Or(p.Config, p.Role+".ign"),
	}
	if r.Mode == "" {
		r.Mode, _ = pivot.DefaultMode(r.Release)
	}
	builds, err := bootImages()
	if err != nil {
		return r, err
	}
	if r.Medium, err = rhcos.Identify(builds, cmp.Or(p.BootImage, r.Release.BootImage.Build)); err != nil {
		return r, err
	}
	if r.Images, err = pivotImages(p, r, builds); err != nil {
		return r, err
	}
	mirrors := ignition.Mirrors(config.ImageDigestSources, config.ImageContentSources)
	for _, f := range ignition.RegistryFiles(config.PullSecret, config.AdditionalTrustBundle, mirrors, hostProxy(config)) {
		r.HostFiles = append(r.HostFiles, pivot.File{Path: f.Path, Mode: f.Mode, Data: f.Data})
	}
	r.Registries = registryHosts(p.OSImage, mirrors)
	err = s.pivotConfig(&r)
	return r, err
}

// architectureOf is that of the machines of a role. The bootstrap host is one of
// the control plane's.
func architectureOf(config installconfig.InstallConfig, role string) string {
	if role == "worker" && len(config.Compute) > 0 {
		return config.Compute[0].Architecture
	}
	if config.ControlPlane == nil {
		return ""
	}
	return config.ControlPlane.Architecture
}

func bootImages() (rhcos.Catalogue, error) {
	folder, err := fs.Sub(data.CoreOS, "coreos")
	if err != nil {
		return rhcos.Catalogue{}, err
	}
	return rhcos.Load(folder)
}

// pivotImages are the images that have to be fetched: the user's, or where the
// medium brings another system than the release, the published one of its stream.
func pivotImages(p PivotRequest, r pivot.Request, builds rhcos.Catalogue) ([]pivot.Image, error) {
	if p.ImageURL != "" || p.ImageSHA256 != "" {
		size := 512
		if strings.Contains(p.ImageURL, "4k") {
			size = 4096
		}
		return []pivot.Image{{SectorSize: size, URL: p.ImageURL, SHA256: p.ImageSHA256}}, nil
	}
	if r.Mode != pivot.ModeImage || r.Medium.OS != rhcos.FCOS || r.Release.BootImage.Stream == "stable" {
		return nil, nil
	}
	build, err := builds.Choose("", nil, r.Release)
	if err != nil {
		return nil, err
	}
	var images []pivot.Image
	for _, format := range []struct {
		name string
		size int
	}{{"raw.gz", 512}, {"4k.raw.gz", 4096}} {
		found, err := build.Find(rhcos.Query{Architecture: r.Architecture, Platform: "metal", Format: format.name})
		if err != nil {
			return nil, err
		}
		for _, i := range found {
			images = append(images, pivot.Image{SectorSize: format.size, URL: i.Location, SHA256: i.SHA256})
		}
	}
	return images, nil
}

// registryHosts are the hosts that may serve an image: its own, and its mirrors'.
func registryHosts(image string, mirrors []ignition.Mirror) []string {
	var hosts []string
	add := func(location string) {
		host, _, _ := strings.Cut(location, "/")
		if host != "" && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	for _, m := range mirrors {
		if image == m.Source || strings.HasPrefix(image, m.Source+"/") || strings.HasPrefix(image, m.Source+"@") {
			for _, mirror := range m.Mirrors {
				add(mirror)
			}
		}
	}
	add(image)
	return hosts
}

// pivotConfig reads the config of the installed system, and how long it is good.
func (o opened) pivotConfig(r *pivot.Request) (err error) {
	if !slices.Contains(pivot.Roles, r.Role) && o.Pivot.Config == "" {
		return nil // the role is what is wrong
	}
	content, ok, err := o.dir.ReadFile(r.ConfigName)
	if err != nil {
		return err
	}
	if !ok {
		return diag.Problems{{
			Position: diag.Position{File: o.Dir}, Detail: "there is no " + r.ConfigName + " here that the installed system could boot with",
			Hint: "run create ignition-configs first, or give another directory with --dir",
		}}
	}
	r.Config = content
	if r.ConfigName != ignition.BootstrapPointerFile {
		// Not Validate: users bring configs of newer specs, and the plan knows
		// which of these the first boot reads.
		if _, err := ignition.ValidateAny(r.ConfigName, content); err != nil {
			return err
		}
	}
	certs, err := ListCertificates(o.Dir, o.Now)
	if err != nil {
		if r.Role != "bootstrap" {
			err = nil // what a node needs of the certificates, the bootstrap host hands out
		}
		return err
	}
	for _, cert := range certs.Certificates {
		if (r.Role == "bootstrap" || cert.Name == "root-ca") && cert.NotBefore.After(r.NotBefore) {
			r.NotBefore = cert.NotBefore
		}
	}
	if r.Role == "bootstrap" {
		r.NotAfter = certs.BootAtLatest
	}
	return nil
}

// tellPivot says what the user should know before machines are booted.
func (c *creation) tellPivot(plan pivot.Plan, raw []byte) {
	if c.DryRun {
		return // it is in the plan
	}
	c.report.Notes = append(c.report.Notes, plan.Notes()...)
	c.report.Warnings = append(c.report.Warnings, plan.Warnings()...)
	if end := plan.Config.Expires; end != nil && end.Sub(c.Now) < tls.Margin {
		c.warn("the certificates in %s expire at %s, in %s: create ignition-configs issues them again",
			plan.Config.Name, end.Format(diag.ToTheMinute), end.Sub(c.Now).Round(time.Minute))
	}
	if size := ignition.EmbeddedSize(raw); size > ignition.EmbedArea {
		name := PivotFile(plan.Role, ".ign")
		c.warn("%s has %d bytes compressed, more than the %d that a live ISO has room for: boot it over PXE, or make it with --config %s, which create bootstrap-pointer writes and which fetches the rest",
			name, size, ignition.EmbedArea, ignition.BootstrapPointerFile)
	}
}
