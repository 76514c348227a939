//go:build e2e

package guest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/okd-project/okd-install/test/bootkube"
	"github.com/okd-project/okd-install/test/engine"
)

const (
	registryUser     = "pull"
	registryPassword = "not-for-the-bundle-4711"
)

// host is a bootstrap host with what is around it.
type host struct {
	*machine
	// dir is the asset directory that its config comes from.
	dir      string
	payload  payload
	registry registry
	// mirror is the authority of the registry.
	mirror authority
	// system is what the host boots.
	system system
	// config is the name of the config that it boots with, in dir.
	config string
	// byName connects by a name of the domain; nil where the names are in /etc/hosts.
	byName func(name, port string) (net.Conn, error)
}

// system is what a host boots.
type system string

const (
	// coreos lays the node image over its own /usr.
	coreos system = "CentOS Stream CoreOS"
	// fedora changes over to the node image.
	fedora system = "Fedora CoreOS"
	// live runs from memory, and lays the node image over its own /usr.
	live system = "a live medium of CentOS Stream CoreOS"
	// node has been installed to a disk, with the node image.
	node system = "the node image on a disk"
)

// operators is the table that the images of the release go by.
func operators(t *testing.T) bootkube.Table {
	t.Helper()
	table, err := bootkube.Load(operatorsFile(t))
	must(t, err)
	return table
}

func operatorsFile(t *testing.T) []byte {
	t.Helper()
	raw, err := os.ReadFile("../bootkube/testdata/operators.yaml")
	must(t, err)
	return raw
}

// buildStandin builds the program that plays all that is not real.
func buildStandin(t *testing.T) []byte {
	t.Helper()
	program := filepath.Join(t.TempDir(), "standin")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "./standin")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("standin: %v\n%s", err, out)
	}
	raw, err := os.ReadFile(program)
	must(t, err)
	return raw
}

// authority is that of the registry. Nobody knows it but by the trust bundle of the
// install-config.
type authority struct {
	ca, cert, key []byte
	trust         *tls.Config
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	sign := func(template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) []byte {
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
		must(t, err)
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	newECDSA := func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(t, err)
		return key
	}
	caKey, leafKey := newECDSA(), newECDSA()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of the mirror"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: registryHost}, DNSNames: []string{registryHost},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	a := authority{ca: sign(ca, ca, caKey, caKey), cert: sign(leaf, ca, leafKey, caKey)}
	der, err := x509.MarshalECPrivateKey(leafKey)
	must(t, err)
	a.key = pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(a.ca)
	a.trust = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return a
}

// pullSecret is what the user has been given for the mirror.
func pullSecret() string {
	auth := base64.StdEncoding.EncodeToString([]byte(registryUser + ":" + registryPassword))
	return fmt.Sprintf(`{"auths":{"%s:%d":{"auth":%q}}}`, registryHost, registryPort, auth)
}

// newAssets has the program under test make the configs, from an install-config
// with a mirror, a trust bundle, a pull secret and an ssh key.
func newAssets(t *testing.T, line, release string, single bool, ca []byte, sshKey string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "cluster")
	must(t, os.Mkdir(dir, 0o700))
	target, masters, workers, disk := "ignition-configs", 3, 2, ""
	if single {
		target, masters, workers, disk = "single-node-ignition-config", 1, 0, "bootstrapInPlace:\n  installationDisk: "+installationDisk+"\n"
	}
	config := fmt.Sprintf(`apiVersion: v1
metadata:
  name: demo
baseDomain: example.com
controlPlane:
  name: master
  replicas: %d
compute:
- name: worker
  replicas: %d
networking:
  machineNetwork:
  - cidr: 10.0.2.0/24
platform:
  none: {}
imageDigestSources:
- source: %s
  mirrors:
  - %s:%d/%s
- source: %s
  mirrors:
  - %s:%d/%s
additionalTrustBundlePolicy: Always
additionalTrustBundle: |
  %s
sshKey: %q
pullSecret: %q
%s`, masters, workers, contentSpec, registryHost, registryPort, contentRepo, releaseSpec, registryHost, registryPort, releaseRepo,
		strings.ReplaceAll(strings.TrimSpace(string(ca)), "\n", "\n  "), sshKey, pullSecret(), disk)
	write(t, filepath.Join(dir, "install-config.yaml"), []byte(config), 0o600)
	cmd := exec.Command(okdInstall(t), "create", target, "--dir", dir, "--release", line, "--release-image", release)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("okd-install: %v\n%s", err, out)
	}
	return dir
}

// kit is what all hosts are made with: Ignition's engine, the program standin and
// the archive of a plain Debian.
type kit struct {
	ignition string
	standin  []byte
	debian   string
	parts    parts
}

// parts are real programs in the place of what standin plays.
type parts struct {
	// images are those of the release that are not standin, by their tags.
	images map[string]image
	// common is what the images that are standin have beside it.
	common []entry
	// node is what the node image brings; it replaces what has the same name there.
	node []entry
	// furnish changes the root of the host once Ignition has applied the config.
	furnish func(root string)
	// wire connects the host with a network.
	wire func(pid int) error
}

// newHost makes a host of a release line and boots it.
func newHost(t *testing.T, k kit, line, version, kubernetes string, s system, faults ...bootkube.Fault) *host {
	t.Helper()
	key, sshKey := newKey(t)
	h := &host{payload: newPayload(t, line, version, kubernetes, k.standin, k.parts), system: s, config: "bootstrap.ign"}
	if s == live {
		h.config = "bootstrap-in-place-for-live-iso.ign"
	}
	h.payload.setup.Faults = faults
	mirror := newAuthority(t)
	h.mirror = mirror
	h.dir = newAssets(t, line, h.payload.setup.Release, s == live, mirror.ca, sshKey)
	h.machine = newMachine(t, h.newRoot(t, k, mirror, filepath.Join(h.dir, h.config)), key, k.parts.wire)
	h.registry = newRegistry(h.dial, mirror.trust, registryPassword)
	return h
}

// newRoot makes the root of the host, as it is once Ignition has applied a config.
func (h *host) newRoot(t *testing.T, k kit, mirror authority, config string) string {
	t.Helper()
	defer took(t, "the root of the guest", time.Now())
	root := unpack(t, k.debian)
	h.furnish(t, root, k.standin, mirror)
	if out, err := engine.Install(k.ignition, root, config); err != nil {
		t.Fatalf("Ignition: %v\n%s", err, tail(string(out), 3))
	}
	if k.parts.furnish != nil {
		k.parts.furnish(root)
	}
	return root
}

// registryConfig is the config of the registry on the loopback of the guest.
const registryConfig = `version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: /var/lib/okd-test/registry}
http:
  addr: :5000
  tls: {certificate: /var/lib/okd-test/registry.crt, key: /var/lib/okd-test/registry.key}
auth:
  htpasswd: {realm: mirror, path: /var/lib/okd-test/htpasswd}
`

// units are those of the guest that a CoreOS has too, or that belong to what is
// around the host. What is around must survive that the host goes from one
// target to another.
var units = map[string]string{
	"okd-test-registry.service": `[Unit]
Description=The registry that mirrors the release
IgnoreOnIsolate=yes
[Service]
ExecStart=/usr/bin/docker-registry serve /var/lib/okd-test/registry.yml
Restart=on-failure
[Install]
WantedBy=basic.target
`,
	// CoreOS has this under the same name, with the command of its own system.
	"coreos-update-ca-trust.service": `[Unit]
Description=Trust the authorities in /etc/pki/ca-trust/source/anchors
DefaultDependencies=no
After=local-fs.target
Before=sysinit.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/cp --recursive /etc/pki/ca-trust/source/anchors /usr/local/share/ca-certificates
ExecStart=/usr/sbin/update-ca-certificates
[Install]
WantedBy=sysinit.target
`,
	"run-fakes.mount": fakesMount,
	// Where ostree has its system, the real root is here.
	"sysroot.mount": `[Unit]
Description=The root of the disk
DefaultDependencies=no
Before=local-fs.target
[Mount]
What=/
Where=/sysroot
Type=none
Options=bind
[Install]
WantedBy=local-fs.target
`,
}

// fakesMount has the stand-ins find their notes under the same name on the host and in
// containers; a link there would lead nowhere in one that has its own /run.
const fakesMount = `[Unit]
Description=The notes of the stand-ins
DefaultDependencies=no
Before=local-fs.target
[Mount]
What=/var/lib/okd-test/fakes
Where=` + bootkube.FakesDir + `
Type=none
Options=bind
[Install]
WantedBy=local-fs.target
`

// enabled are the units that the presets of this system start, as those of
// CoreOS do with its own; all that Debian has enabled beyond is switched off.
var enabled = []string{
	"NetworkManager.service", "NetworkManager-wait-online.service", "ssh.service", "systemd-resolved.service",
	"getty@.service",
}

// furnish puts what is around the host into its root, before Ignition comes.
func (h *host) furnish(t *testing.T, root string, standin []byte, mirror authority) {
	t.Helper()
	at := func(name string) string { return filepath.Join(root, name) }
	// the registry, with its names and those of the API
	hash, err := bcrypt.GenerateFromPassword([]byte(registryPassword), 4)
	must(t, err)
	write(t, at("var/lib/okd-test/registry.yml"), []byte(registryConfig), 0o644)
	write(t, at("var/lib/okd-test/registry.crt"), mirror.cert, 0o644)
	write(t, at("var/lib/okd-test/registry.key"), mirror.key, 0o600)
	write(t, at("var/lib/okd-test/htpasswd"), append([]byte(registryUser+":"), append(hash, '\n')...), 0o600)
	write(t, at("etc/hosts"), []byte("127.0.0.1 localhost\n127.0.0.1 bootstrap master-0 mirror.example.com api.demo.example.com api-int.demo.example.com\n"), 0o644)
	write(t, at("etc/hostname"), []byte("bootstrap\n"), 0o644)
	write(t, at("etc/machine-id"), []byte("uninitialized\n"), 0o444)
	// what the system is like
	write(t, at("etc/sudoers.d/core"), []byte("core ALL=(ALL) NOPASSWD: ALL\n"), 0o440)
	write(t, at("etc/ssh/sshd_config.d/40-ignition.conf"), []byte("AuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys.d/ignition\nMaxSessions 50\nPerSourcePenalties no\n"), 0o644)
	must(t, os.MkdirAll(at("var/log/journal"), 0o755))
	must(t, os.MkdirAll(at("sysroot"), 0o755))
	must(t, os.MkdirAll(at("etc/pki/ca-trust/source/anchors"), 0o755))
	for name, text := range units {
		write(t, at("etc/systemd/system/"+name), []byte(text), 0o644)
	}
	h.furnishSystem(t, root, standin)
	presets := ""
	for _, name := range enabled {
		presets += "enable " + name + "\n"
	}
	for name := range units {
		presets += "enable " + name + "\n"
	}
	write(t, at("usr/lib/systemd/system-preset/80-okd-test.preset"), []byte(presets+"disable *\n"), 0o644)
	for _, name := range []string{"systemd-firstboot.service", "docker-registry.service", "systemd-networkd-wait-online.service"} {
		must(t, os.RemoveAll(at("etc/systemd/system/multi-user.target.wants/"+name)))
		must(t, os.Symlink("/dev/null", at("etc/systemd/system/"+name)))
	}
	must(t, os.RemoveAll(at("etc/systemd/system/timers.target.wants")))
	must(t, os.RemoveAll(at("etc/systemd/system/default.target.wants")))
	// the stand-ins, and where they keep their notes: also in every container
	fakes := "var/lib/okd-test/fakes"
	setup, err := json.Marshal(h.payload.setup)
	must(t, err)
	write(t, at(fakes+"/"+bootkube.SetupFile), setup, 0o644)
	write(t, at(fakes+"/"+bootkube.TableFile), operatorsFile(t), 0o644)
	containers := "[containers]\nvolumes = [\"/" + fakes + ":" + bootkube.FakesDir + "\"]\n"
	if kind(t) == namespace {
		containers += "pids_limit = 0\n" // this machine may keep the controllers to itself
	}
	write(t, at("etc/containers/containers.conf.d/okd-test.conf"), []byte(containers), 0o644)
	// files in which the node image differs, of which this host has changed one
	write(t, at("etc/okd-test/changed-here"), []byte("the booted system\n"), 0o644)
	run(t, "", "cp", "--archive", at("etc"), at("usr/etc"))
	if h.system == live {
		// where ostree has the /etc of its system, which is in memory while it runs
		must(t, os.MkdirAll(at("ostree/deploy/okd/deploy/0.0"), 0o755))
		run(t, "", "cp", "--archive", at("usr/etc"), at("ostree/deploy/okd/deploy/0.0/etc"))
	}
	write(t, at("etc/okd-test/changed-here"), []byte("this host\n"), 0o644)
}

// furnishSystem has the root be the system that the host boots.
func (h *host) furnishSystem(t *testing.T, root string, standin []byte) {
	t.Helper()
	at := func(name string) string { return filepath.Join(root, name) }
	link := func(names ...string) {
		for _, name := range names {
			must(t, os.Symlink("standin", at("usr/bin/"+name)))
		}
	}
	write(t, at("usr/bin/standin"), standin, 0o755)
	switch h.system {
	case fedora:
		link("rpm", "rpm-ostree")
		must(t, os.Remove(at("etc/os-release")))
		write(t, at("etc/os-release"), []byte("ID=fedora\nVARIANT_ID=coreos\n"), 0o644)
	case node:
		link(nodePrograms...)
		write(t, at("usr/lib/systemd/system/crio.service"), []byte(crioUnit), 0o644)
	case live:
		link("coreos-installer")
		// the initramfs leaves this mark, before any unit
		write(t, at("usr/lib/systemd/system-generators/okd-test-live"), []byte("#!/bin/sh\n: >/run/ostree-live\n"), 0o755)
		fallthrough
	case coreos:
		must(t, os.Rename(at("usr/bin/ostree"), at("usr/bin/ostree.real")))
		link("rpm", "ostree")
	}
}
