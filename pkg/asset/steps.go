package asset

import (
	"crypto/rand"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/platform"
	"github.com/okd-project/okd-install/pkg/release"
	"github.com/okd-project/okd-install/pkg/tls"
)

// This file holds the functions that lead from node to node where a room's own
// function does not fit as it is: it hands one room what another has made.

// configurablePKI is the feature gate under which authorities have other keys.
const configurablePKI = "ConfigurablePKI"

func clusterName(c installconfig.InstallConfig) (string, error) { return c.Metadata.Name, nil }

// platformParts are what the cluster gets because of its platform.
func platformParts(c installconfig.InstallConfig, id clusterIdentity, r release.Release) (platform.Parts, error) {
	return platform.Of(c, id.Identity, r)
}

func clusterNames(c installconfig.InstallConfig, p platform.Parts) (tls.Names, error) {
	return tls.Names{ClusterName: c.Metadata.Name, ClusterDomain: c.ClusterDomain(), ServiceIPs: c.ServiceIPs(), APIVIPs: p.APIVIPs}, nil
}

// signerKey is the kind of key of the authorities: RSA 2048, or under the gate
// what pki says and RSA 4096 if it says nothing.
func signerKey(c installconfig.InstallConfig, r release.Release) (tls.KeySpec, error) {
	switch {
	case !c.Enabled(configurablePKI, r):
		return tls.DefaultKey, nil
	case c.PKI == nil:
		return tls.KeySpec{Algorithm: tls.RSA, Size: 4096}, nil
	}
	k := c.PKI.SignerCertificates.Key
	spec := tls.KeySpec{Algorithm: k.Algorithm}
	if k.RSA != nil {
		spec.Size = int(k.RSA.KeySize)
	}
	if k.ECDSA != nil {
		spec.Curve = k.ECDSA.Curve
	}
	return spec, spec.Validate()
}

// clusterIdentity is the cluster's identity, with what is to be said about it.
type clusterIdentity struct {
	manifests.Identity
	Warnings []string `json:"warnings,omitempty"`
}

func newIdentity(name string) (clusterIdentity, error) {
	id, warnings, err := manifests.NewIdentity(name, rand.Reader)
	return clusterIdentity{id, warnings}, err
}

// issueTime is the moment from which the 24-hour certificates are good.
func (in inputs) issueTime(map[string]tls.Pair) (time.Time, error) {
	return in.Now.UTC().Truncate(time.Second), nil
}

// recent reports whether certificates issued at that moment still leave enough
// time to boot.
func (in inputs) recent(issued, now time.Time) bool {
	return !in.Reissue && !now.After(issued.Add(tls.Margin))
}

// outlivesBoot reports whether a long-lived certificate lives as long as the
// 24-hour ones that are issued now.
func outlivesBoot(p tls.Pair, now time.Time) bool {
	info, err := p.Check()
	return err == nil && now.Add(tls.Day).Before(info.NotAfter)
}

// What is remembered is checked before it is believed: a state file can be
// damaged in more ways than one that is not JSON.

func checkIdentity(id clusterIdentity, inputs []any) error {
	return id.Check(graph.Arg[string](inputs, 0))
}

func checkMoment(t time.Time, _ []any) error {
	if t.IsZero() {
		return errors.New("it is not a moment in time")
	}
	return nil
}

// checkPair sees that a certificate is what mint makes of the same inputs.
func checkPair(row tls.Certificate) func(tls.Pair, []any) error {
	return func(p tls.Pair, inputs []any) error {
		var signer *tls.Pair
		if s := graph.Arg[tls.Pair](inputs, 2); !row.Authority() {
			signer = &s
		}
		if err := row.Verify(p, signer, graph.Arg[tls.Names](inputs, 0)); err != nil {
			return err
		}
		info, err := p.Check()
		if from := graph.Arg[time.Time](inputs, 3); err == nil && !from.IsZero() && !info.NotBefore.Equal(from) {
			return errors.New("it was not issued together with the other 24-hour certificates")
		}
		return err
	}
}

func (in inputs) mint(row tls.Certificate) func(tls.Names, tls.KeySpec, tls.Pair, time.Time) (tls.Pair, error) {
	return func(names tls.Names, key tls.KeySpec, signer tls.Pair, from time.Time) (tls.Pair, error) {
		if from.IsZero() {
			from = in.Now
		}
		if row.Authority() {
			return row.Mint(names, nil, key, from)
		}
		return row.Mint(names, &signer, key, from)
	}
}

// pointerConfigs makes the configs that send a machine to the machine config
// server, by role. On platforms that manage the API's address machines go
// there, otherwise to its name.
func pointerConfigs(n tls.Names, rootCA tls.Pair) (Files, error) {
	host := "api-int." + n.ClusterDomain
	if len(n.APIVIPs) > 0 {
		host = n.APIVIPs[0]
	}
	out := Files{}
	for _, role := range ignition.Roles {
		raw, err := ignition.Pointer(host, role, rootCA.Cert)
		if err != nil {
			return nil, err
		}
		out[role] = raw
	}
	return out, nil
}

// pointers are the pointer configs as they count: Files by role, with the
// user's in place of the made ones, and what of the user's is to reach the
// nodes as MachineConfigs.
type pointers struct {
	Files          Files
	MachineConfigs Files
	// LeftOut are the user's files that do not fit and are not used.
	LeftOut []string
}

// pointerEdits are <role>.ign files that are not as they were written.
type pointerEdits struct {
	// Files are the edited files, by role.
	Files Files
	// Overwrite leaves out those that are another cluster's and hold nothing else,
	// Discard all that do not fit.
	Overwrite, Discard bool
}

func editedPointers(made Files, edits pointerEdits) (pointers, error) {
	p := pointers{Files: maps.Clone(made), MachineConfigs: Files{}}
	var problems diag.Problems
	for _, role := range slices.Sorted(maps.Keys(edits.Files)) {
		rest, changed, err := ignition.Customised(pointerFile(role), edits.Files[role], made[role])
		plain := err != nil && ignition.IsPointer(role, edits.Files[role])
		if err != nil && (edits.Discard || edits.Overwrite && plain) {
			if !plain {
				p.LeftOut = append(p.LeftOut, pointerFile(role))
			}
			continue
		}
		if err != nil {
			if problems, err = collect(problems, err); err != nil {
				return p, err
			}
			continue
		}
		if !changed {
			continue
		}
		p.Files[role] = edits.Files[role]
		name, data, err := manifests.InstallerIgnition(role, rest)
		if err != nil {
			return p, err
		}
		p.MachineConfigs[name] = data
	}
	return p, problems.Err()
}

func pointerFile(role string) string { return role + ".ign" }

// provenance is what the manifests say about their making.
type provenance struct{ Invoker, Version string }

// hostSettings are what the environment says about the bootstrap host.
type hostSettings struct {
	NodeIP, ClusterProfile string
	DisableImagePolicy     bool
}

func (e Environment) host() hostSettings {
	return hostSettings{e.BootstrapNodeIP, e.ClusterProfile, e.DisableImagePolicy}
}

func generateManifests(
	c installconfig.InstallConfig, r release.Release, id clusterIdentity, parts platform.Parts, certs map[string]tls.Pair,
	p manifests.Password, pointers Files, from provenance,
) (Files, error) {
	root, mcs := certs["root-ca"], certs["machine-config-server"]
	return manifests.Files(manifests.Inputs{
		Config: c, Release: r, Identity: id.Identity, Platform: parts.Manifests,
		RootCA: root.Cert, RootCAKey: root.Key, MCSCert: mcs.Cert, MCSKey: mcs.Key,
		PasswordHash: p.Hash, Pointers: pointers, Invoker: from.Invoker, Version: from.Version,
	})
}

// releaseLine is the OKD release in what manifests are made from.
const releaseLine = "(OKD release)"

// manifestsOrigin is what the manifests must agree with: the install-config by
// its fields, and the remembered values that are written into them.
func manifestsOrigin(
	c installconfig.InstallConfig, id clusterIdentity, certs map[string]tls.Pair, p manifests.Password, r release.Release,
) (map[string]string, error) {
	origin := installconfig.Fingerprints(c)
	for name, value := range map[string]any{
		"(cluster ID)": id.Identity, "(root CA)": certs["root-ca"], "(certificate machine-config-server)": certs["machine-config-server"],
		"(kubeadmin's password)": p.Hash, releaseLine: r.Line,
	} {
		sum, err := graph.Digest([]any{value})
		if err != nil {
			return nil, err
		}
		origin[name] = sum
	}
	return origin, nil
}

// checkedManifests are manifests that the bootstrap host can work with, and
// what the user should know about them.
type checkedManifests struct {
	Files           Files
	Set             manifests.Set
	Notes, Warnings diag.Problems
	Scheduling      manifests.Scheduling
}

func checkManifests(files Files, r release.Release) (checkedManifests, error) {
	set := manifests.Read(files)
	found, err := set.Check(r)
	problems, err := collect(nil, err)
	if err != nil {
		return checkedManifests{}, err
	}
	warnings := found.Warnings
	for _, m := range set.MachineConfigs() {
		refused, ignored := ignition.CheckMachineConfig(m.Position, m.Config, r)
		warnings = append(warnings, ignored...)
		for _, p := range refused {
			if m.Selected {
				p.Detail += ", and the machine-config operator stops at that"
				problems = append(problems, p)
			} else {
				p.Detail += ", and the machine-config operator will stop at that when a pool selects this MachineConfig"
				warnings = append(warnings, p)
			}
		}
	}
	return checkedManifests{files, set, found.Notes, warnings.Sorted(), set.Scheduling()}, problems.Sorted().Err()
}

// inPlaceIgnition makes the config of a single node that brings up the cluster
// from memory and then installs itself as its control plane.
func inPlaceIgnition(host ignition.Host, c installconfig.InstallConfig) ([]byte, error) {
	host.Environment.BootstrapInPlace, host.Environment.InstallationDisk = true, c.BootstrapInPlace.InstallationDisk
	return ignition.Bootstrap(host)
}

// bootstrapHost is the host that brings up the cluster and is of no use afterwards.
func bootstrapHost(
	c installconfig.InstallConfig, r release.Release, e hostSettings, parts platform.Parts, m checkedManifests, hostTLS Files,
	keys map[string]tls.KeyPair, p pointers,
) (ignition.Host, error) {
	files, err := m.Set.BootstrapFiles(manifests.BootstrapOptions{
		DisableImagePolicy: e.DisableImagePolicy && r.Has(release.ImagePolicy),
	})
	if err != nil {
		return ignition.Host{}, err
	}
	maps.Copy(files, p.MachineConfigs)
	maps.Copy(files, hostTLS)
	host := ignition.Host{
		PullSecret: c.PullSecret, SSHKey: c.SSHKey, BootstrapSSHKey: string(keys[tls.BootstrapSSH].Public),
		TrustBundle: c.AdditionalTrustBundle, FIPS: c.FIPS,
		Mirrors: ignition.Mirrors(c.ImageDigestSources, c.ImageContentSources),
		Environment: ignition.Environment{
			ReleaseImage: r.Image, ReleaseLine: r.Line, ClusterDomain: c.ClusterDomain(),
			BootstrapNodeIP: e.NodeIP, NodeIPFamily: addressFamily(c.ServiceIPs()),
			ClusterProfile: e.ClusterProfile, OSImageStream: c.OSImageStream,
			Konnectivity: c.Konnectivity(r),
		},
		OpenShift: files, Secrets: manifests.SecretFiles(), MirrorsManifest: manifests.MirrorsFile(files),
		Platform: parts.Host,
	}
	host.Proxy = hostProxy(c)
	return host, nil
}

func hostProxy(c installconfig.InstallConfig) ignition.Proxy {
	if c.Proxy == nil {
		return ignition.Proxy{}
	}
	return ignition.Proxy{HTTP: c.Proxy.HTTPProxy, HTTPS: c.Proxy.HTTPSProxy, NoProxy: c.NoProxy()}
}

// adminCertificates are the names of those that auth/kubeconfig holds.
func adminCertificates() []string {
	row, _ := tls.LookupKubeconfig(tls.AdminKubeconfig)
	return row.Certificates()
}

func adminKubeconfig(n tls.Names, certs map[string]tls.Pair) ([]byte, error) {
	row, _ := tls.LookupKubeconfig(tls.AdminKubeconfig)
	return row.Render(n, certs)
}

func metadataJSON(c installconfig.InstallConfig, id clusterIdentity, p platform.Parts) ([]byte, error) {
	return manifests.Metadata(c, id.Identity, p.Metadata)
}

// ignitionConfigs are the files that create ignition-configs writes.
func ignitionConfigs(
	c installconfig.InstallConfig, bootstrap []byte, p pointers, kubeconfig []byte, password manifests.Password,
	metadata []byte,
) (Files, error) {
	out := clusterFiles(kubeconfig, password, metadata)
	out[ignition.BootstrapFile] = bootstrap
	for _, role := range manifests.Roles(c) {
		out[pointerFile(role)] = p.Files[role]
	}
	return out, nil
}

// singleNodeIgnition are the files that create single-node-ignition-config
// writes. The node itself needs no pointer; machines that join it later do.
func singleNodeIgnition(inPlace []byte, p pointers, kubeconfig []byte, password manifests.Password, metadata []byte) (Files, error) {
	out := clusterFiles(kubeconfig, password, metadata)
	out[ignition.InPlaceFile] = inPlace
	out[pointerFile("worker")] = p.Files["worker"]
	return out, nil
}

// clusterFiles are what is for the user and not for a machine.
func clusterFiles(kubeconfig []byte, password manifests.Password, metadata []byte) Files {
	out := Files{"auth/kubeconfig": kubeconfig, "metadata.json": metadata}
	if password.Clear != "" {
		out["auth/kubeadmin-password"] = []byte(password.Clear)
	}
	return out
}

// addressFamily is that of the first service network: ipv4 or ipv6.
func addressFamily(serviceIPs []string) string {
	if len(serviceIPs) > 0 {
		if ip, err := netip.ParseAddr(serviceIPs[0]); err == nil && ip.Is6() {
			return "ipv6"
		}
	}
	return "ipv4"
}
