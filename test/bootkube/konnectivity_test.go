package bootkube

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

const konnectivityNamespace = "openshift-bootstrap-konnectivity"

// ip tells which address of the host a route begins at.
func ip(c *call) int {
	switch line := strings.Join(c.args, " "); {
	case c.setup.NodeIP == "":
		fmt.Fprintln(os.Stderr, "RTNETLINK answers: Network is unreachable")
		return 2
	case line == "-json route get 1.1.1.1", line == "-json route get 2001:4860:4860::8888":
		fmt.Printf(`[{"dst":%q,"gateway":"192.0.2.1","dev":"ens3","prefsrc":%q,"flags":[],"uid":0,"cache":[]}]`+"\n", c.args[3], c.setup.NodeIP)
		return 0
	}
	c.complain("the fake ip knows only where a route begins")
	return 1
}

// openssl is the real one. The dates of the other certificates, which are all the
// same, it tells faster.
func openssl(c *call) int {
	if c.args[0] == "x509" {
		fmt.Println("notBefore=Jan  1 00:00:00 2020 GMT\nnotAfter=Jan  1 00:00:00 2037 GMT")
		return 0
	}
	if i := slices.Index(c.args, "-out"); c.fault != nil && c.fault.Middle && i > 0 {
		_ = os.WriteFile(c.args[i+1], []byte("-----BEGIN"), 0o600)
		c.fail()
	}
	cmd := exec.Command(filepath.Join(fakesDir, "real-openssl"), c.args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		c.complain("openssl: %v", err)
		return 1
	}
	return 0
}

// deleteNamespace takes the agents away again.
func (c *call) deleteNamespace(options map[string]string, rest string) int {
	_, ignore := options["--ignore-not-found"]
	if rest != "namespace "+konnectivityNamespace || !ignore || options["--wait"] != "false" {
		c.complain("the fake API deletes nothing but the namespace of konnectivity, and that without a wait")
		return 1
	}
	mark("konnectivity-gone")
	return 0
}

func newPreviewHost(t *testing.T, change func(*Setup)) *host {
	t.Helper()
	h := newReleaseHost(t, previewLine, func(s *Setup) {
		quickly(s)
		if change != nil {
			change(s)
		}
	})
	h.mustRun("release-image.service")
	return h
}

// The stages of a host with konnectivity, and what they call.
func TestKonnectivity(t *testing.T) {
	t.Parallel()
	h := newPreviewHost(t, nil)
	r := h.mustRun("bootkube.service")
	calls := slices.DeleteFunc(h.setup.readable(r.calls), func(c madeCall) bool {
		return !strings.HasPrefix(c.Stage, "konnectivity-") && c.Stage != "kube-apiserver-bootstrap"
	})
	checkGolden(t, previewLine+".txt", render(calls))
	h.checkStages(t, previewLine)
	if !h.marked("konnectivity-gone") || h.exists(staticPods+"/"+konnectivityPod) {
		t.Error("konnectivity stays")
	}
	h.checkCertificates(t, "192.0.2.9")
	h.checkAgents(t, "192.0.2.9")
	for _, name := range []string{"certs", "server-bootstrap", "agent-manifest", "cleanup"} {
		if !h.exists(assets + "/konnectivity-" + name + ".done") {
			t.Errorf("there is no marker of konnectivity-%s", name)
		}
	}
	key, err := os.ReadFile(h.path(assets + "/tls/konnectivity/agent.key"))
	h.must(err)
	for _, secret := range []string{strings.Split(string(key), "\n")[1], base64.StdEncoding.EncodeToString(key)[40:100]} {
		raw, err := os.ReadFile(h.path(fakesDir + "/" + callsFile))
		h.must(err)
		if strings.Contains(r.output, secret) || strings.Contains(string(raw), secret) {
			t.Error("a key is in the log, or an argument of a program")
		}
	}
	h.must(os.Remove(h.path(assets + "/.bootkube.done")))
	for _, call := range h.mustRun("bootkube.service").calls {
		if changes(call) {
			t.Errorf("a third time: calls %s", call.String())
		}
	}
}

// The pod of the server as it stands while bootkube runs, and what the kubelet and
// the API server make of it: see CheckPod, which is asked before cluster-bootstrap ends.
func TestKonnectivityServerPod(t *testing.T) {
	t.Parallel()
	h := newPreviewHost(t, func(s *Setup) { s.Faults = []Fault{{Match: "--name cluster-bootstrap", Code: 1}} })
	if r := h.run("bootkube.service"); r.code == 0 {
		t.Fatal("cluster-bootstrap fails, and bootkube ends well")
	}
	name := h.path(staticPods + "/" + konnectivityPod)
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info, err)
	}
	pod, err := read(name)
	h.must(err)
	image := text(pod, "spec", "containers", 0, "image")
	if want := (&call{setup: h.setup}).component("apiserver-network-proxy"); image != want {
		t.Errorf("the image is %s, want %s", image, want)
	}
	if text(pod, "metadata", "name") != "konnectivity-server" || text(pod, "metadata", "namespace") != "kube-system" ||
		at(pod, "spec", "hostNetwork") != true || at(pod, "spec", "containers", 0, "securityContext", "privileged") != true {
		t.Error(pod)
	}
	if text(pod, "apiVersion") != "v1" {
		t.Error(pod["apiVersion"])
	}
}

// pairOf reads a certificate of konnectivity and its key.
func (h *host) pairOf(name string) tls.Certificate {
	h.t.Helper()
	base := h.path(assets + "/tls/konnectivity/" + name)
	pair, err := tls.LoadX509KeyPair(base+".crt", base+".key")
	h.must(err)
	for _, file := range []string{base + ".crt", base + ".key"} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			h.t.Errorf("%s: %v %v", file, info.Mode(), err)
		}
	}
	return pair
}

// checkCertificates has a server and an agent with the certificates talk to each
// other, as the agent names the server.
func (h *host) checkCertificates(t *testing.T, address string) {
	t.Helper()
	if got, want := h.files(assets+"/tls/konnectivity"), 6; len(got) != want {
		t.Errorf("certificates: %v", got)
	}
	ca, server, agent := h.pairOf("ca"), h.pairOf("server"), h.pairOf("agent")
	pool := x509.NewCertPool()
	pool.AddCert(ca.Leaf)
	for name, pair := range map[string]tls.Certificate{"signer": ca, "server": server, "agent": agent} {
		c := pair.Leaf
		if want := "CN=konnectivity-" + name + ",O=openshift"; c.Subject.String() != want || c.PublicKey == nil {
			t.Errorf("%s, want %s", c.Subject, want)
		}
		if c.NotAfter.Sub(c.NotBefore) != 24*time.Hour || c.IsCA != (name == "signer") || c.PublicKeyAlgorithm != x509.RSA {
			t.Errorf("%s: from %v to %v, CA %v", name, c.NotBefore, c.NotAfter, c.IsCA)
		}
	}
	for _, use := range []struct {
		pair    tls.Certificate
		purpose x509.ExtKeyUsage
		want    bool
	}{
		{server, x509.ExtKeyUsageServerAuth, true}, {server, x509.ExtKeyUsageClientAuth, false},
		{agent, x509.ExtKeyUsageClientAuth, true}, {agent, x509.ExtKeyUsageServerAuth, false},
	} {
		_, err := use.pair.Leaf.Verify(x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{use.purpose}})
		if (err == nil) != use.want {
			t.Errorf("%s for %v: %v", use.pair.Leaf.Subject, use.purpose, err)
		}
	}
	if strings.Contains(address, ":") {
		address = "[" + address + "]"
	}
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	done := make(chan error, 1)
	go func() {
		config := &tls.Config{Certificates: []tls.Certificate{server}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}
		done <- tls.Server(far, config).Handshake()
	}()
	config := &tls.Config{
		Certificates: []tls.Certificate{agent}, RootCAs: pool, ServerName: address,
		MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12,
	}
	if err := tls.Client(near, config).Handshake(); err != nil {
		t.Errorf("the agent does not trust the server: %v", err)
	}
	if err := <-done; err != nil {
		t.Errorf("the server does not trust the agent: %v", err)
	}
}

// daemonSet has the fields of Kubernetes that ours uses: a field with another
// name or in another place is an error.
type daemonSet struct {
	APIVersion, Kind string
	Metadata         struct {
		Name, Namespace string
		Labels          map[string]string
	}
	Spec struct {
		Selector struct{ MatchLabels map[string]string }
		Template struct {
			Metadata struct{ Labels map[string]string }
			Spec     struct {
				AutomountServiceAccountToken, HostNetwork bool
				DNSPolicy, PriorityClassName              string
				NodeSelector                              map[string]string
				Tolerations                               []struct{ Key, Operator, Effect string }
				Containers                                []struct {
					Name, Image, ImagePullPolicy, TerminationMessagePolicy string
					Command, Args                                          []string
					LivenessProbe                                          struct {
						HTTPGet struct {
							Host, Path string
							Port       int
						}
						InitialDelaySeconds, PeriodSeconds, TimeoutSeconds int
					}
					Resources       struct{ Requests map[string]string }
					SecurityContext struct {
						AllowPrivilegeEscalation, ReadOnlyRootFilesystem bool
						Capabilities                                     struct{ Drop []string }
					}
					VolumeMounts []struct {
						Name, MountPath string
						ReadOnly        bool
					}
				}
				Volumes []struct {
					Name   string
					Secret struct {
						SecretName  string
						DefaultMode int
					}
				}
			}
		}
	}
}

// agentFlags are flags of proxy-agent.
var agentFlags = []string{"proxy-server-host", "proxy-server-port", "health-server-port", "ca-cert", "agent-cert", "agent-key"}

// checkAgents wants the objects of the agents to be among what cluster-bootstrap
// creates.
func (h *host) checkAgents(t *testing.T, server string) {
	t.Helper()
	manifest := func(name string) []byte {
		file := h.path(assets + "/manifests/konnectivity-" + name + ".yaml")
		raw, err := os.ReadFile(file)
		h.must(err)
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
		if strings.Contains(strings.ReplaceAll(strings.ReplaceAll(string(raw), "@sha256", ""), "between @", ""), "@") {
			t.Errorf("not all is filled in:\n%s", raw)
		}
		return raw
	}
	namespace, err := decode(manifest("namespace"))
	if err != nil || text(namespace, "kind") != "Namespace" || text(namespace, "metadata", "name") != konnectivityNamespace {
		t.Errorf("%v: %v", err, namespace)
	}
	secret, err := decode(manifest("agent-certs-secret"))
	if err != nil || text(secret, "kind") != "Secret" ||
		text(secret, "metadata", "namespace") != konnectivityNamespace || text(secret, "type") != "kubernetes.io/tls" {
		t.Errorf("%v: %v", err, secret["metadata"])
	}
	for key, file := range map[string]string{"ca.crt": "ca.crt", "tls.crt": "agent.crt", "tls.key": "agent.key"} {
		got, err := base64.StdEncoding.DecodeString(text(secret, "data", key))
		want, errFile := os.ReadFile(h.path(assets + "/tls/konnectivity/" + file))
		if err != nil || errFile != nil || string(got) != string(want) {
			t.Errorf("%s is not %s: %v %v", key, file, err, errFile)
		}
	}
	var set daemonSet
	if err := yaml.UnmarshalStrict(manifest("agent-daemonset"), &set); err != nil {
		t.Fatal(err)
	}
	spec := set.Spec.Template.Spec
	if set.APIVersion != "apps/v1" || set.Kind != "DaemonSet" ||
		set.Metadata.Name != "konnectivity-agent" || set.Metadata.Namespace != konnectivityNamespace ||
		set.Spec.Template.Metadata.Labels["app"] == "" || set.Spec.Selector.MatchLabels["app"] != set.Spec.Template.Metadata.Labels["app"] {
		t.Errorf("%+v", set)
	}
	if len(spec.Tolerations) != 1 || spec.Tolerations[0].Operator != "Exists" || spec.Tolerations[0].Key != "" || len(spec.Containers) != 1 {
		t.Fatalf("%+v", spec)
	}
	c := spec.Containers[0]
	if c.Image != (&call{setup: h.setup}).component("apiserver-network-proxy") || !slices.Equal(c.Command, []string{"/usr/bin/proxy-agent"}) {
		t.Errorf("%+v", c)
	}
	flags := map[string]string{}
	for _, arg := range c.Args {
		name, value, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		flags[name] = value
		if !slices.Contains(agentFlags, name) {
			t.Errorf("proxy-agent has no flag %s", arg)
		}
	}
	if strings.Contains(server, ":") {
		server = "[" + server + "]"
	}
	if flags["proxy-server-host"] != server || flags["proxy-server-port"] != "8091" ||
		fmt.Sprint(c.LivenessProbe.HTTPGet.Port) != flags["health-server-port"] {
		t.Errorf("%v", flags)
	}
	for flag, key := range map[string]string{"ca-cert": "ca.crt", "agent-cert": "tls.crt", "agent-key": "tls.key"} {
		if flags[flag] != c.VolumeMounts[0].MountPath+"/"+key {
			t.Errorf("--%s=%s", flag, flags[flag])
		}
	}
	if v := spec.Volumes[0]; v.Name != c.VolumeMounts[0].Name ||
		v.Secret.SecretName != text(secret, "metadata", "name") || v.Secret.DefaultMode != 0o400 {
		t.Errorf("%+v", v)
	}
}

// Where the address of the host comes from, and how it is written.
func TestKonnectivityAddress(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ given, family, route, want, target string }{
		{"198.51.100.7", "ipv4", "192.0.2.9", "198.51.100.7", ""},
		{"2001:db8::7", "ipv6", "", "2001:db8::7", ""},
		{"", "ipv6", "2001:db8::9", "2001:db8::9", "2001:4860:4860::8888"},
	} {
		t.Run(row.want, func(t *testing.T) {
			t.Parallel()
			h := newPreviewHost(t, func(s *Setup) { s.NodeIP = row.route })
			h.environment("BOOTSTRAP_NODE_IP", row.given)
			h.environment("NODE_IP_FAMILY", row.family)
			r := h.mustRun("bootkube.service")
			h.checkCertificates(t, row.want)
			h.checkAgents(t, row.want)
			asked := ""
			for _, c := range r.calls {
				if c.Words[0] == "ip" {
					asked = c.Words[len(c.Words)-1]
				}
			}
			if asked != row.target {
				t.Errorf("asked for the route to %q, want %q", asked, row.target)
			}
		})
	}
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		h := newPreviewHost(t, func(s *Setup) { s.NodeIP = "" })
		r := h.run("bootkube.service")
		if r.code == 0 || !strings.Contains(r.output, "OPENSHIFT_INSTALL_BOOTSTRAP_NODE_IP") {
			t.Errorf("exit %d\n%s", r.code, tail(r.output, 10))
		}
		h.failedIn(t, "konnectivity-certs")
		if h.exists(assets + "/tls/konnectivity") {
			t.Error("there are certificates for no address")
		}
	})
}

// environment changes a line of the host's environment file.
func (h *host) environment(name, value string) {
	h.t.Helper()
	file := h.path("/etc/okd-install/environment")
	raw, err := os.ReadFile(file)
	h.must(err)
	lines := strings.SplitAfter(string(raw), "\n")
	i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, name+"=") })
	lines[i] = name + "='" + value + "'\n"
	h.must(os.WriteFile(file, []byte(strings.Join(lines, "")), 0o600))
}
