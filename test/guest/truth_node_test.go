//go:build e2e && truth

package guest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// nodeUnit is what the machine-config-operator has a node run, with the address that
// nodeip-configuration finds.
const nodeUnit = `[Unit]
Description=Kubernetes Kubelet
Wants=crio.service
After=crio.service
[Service]
Type=notify
EnvironmentFile=/etc/okd-test/role
ExecStart=/usr/bin/kubelet --config=/etc/kubernetes/kubelet.conf --bootstrap-kubeconfig=/etc/kubernetes/kubeconfig \
    --kubeconfig=/var/lib/kubelet/kubeconfig --container-runtime-endpoint=/var/run/crio/crio.sock \
    --node-ip=` + nodeAddress + ` --node-labels=node-role.kubernetes.io/${ROLE}=,node.openshift.io/os_id=scos --v=2
Restart=always
RestartSec=5
`

// nodeConfig is the kubelet's config of that operator, as far as it is about who trusts whom.
const nodeConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  x509: {clientCAFile: /etc/kubernetes/kubelet-ca.crt}
  anonymous: {enabled: false}
cgroupDriver: systemd
clusterDNS: [172.30.0.10]
clusterDomain: cluster.local
containerLogMaxSize: 50Mi
serializeImagePulls: false
staticPodPath: /etc/kubernetes/manifests
rotateCertificates: true
serverTLSBootstrap: true
`

// nodeNetwork is what a network plugin would leave on a node. Without one the kubelet
// says that the node is not ready. Only pods on the network of the host can run by it.
const nodeNetwork = `{"cniVersion":"1.0.0","name":"of-the-test","plugins":[{"type":"loopback"}]}`

// newNode boots a machine that has what Ignition would bring to a node, but for the
// kubeconfig with which it asks to join. It is a host only by the ways to talk to it.
func newNode(t *testing.T, k kit, h *host, n *network, mirror authority) *host {
	t.Helper()
	root := unpack(t, k.debian)
	at := func(name string) string { return filepath.Join(root, name) }
	public, err := ssh.NewPublicKey(h.key.Public())
	must(t, err)
	for name, content := range map[string]string{
		"etc/machine-id": "uninitialized\n", "etc/kubernetes/kubelet.conf": nodeConfig, "etc/okd-test/role": "ROLE=worker\n",
		"etc/systemd/system/kubelet.service": nodeUnit, "etc/ssh/sshd_config.d/40-okd-test.conf": "MaxSessions 50\nPerSourcePenalties no\n",
		"etc/crio/crio.conf.d/00-default":            "pause_image = \"" + h.imageOf("pod") + "\"\n",
		"etc/kubernetes/kubelet-ca.crt":              h.tls("kube-apiserver-complete-client-ca-bundle.crt"),
		"usr/local/share/ca-certificates/mirror.crt": string(mirror.ca),
	} {
		write(t, at(name), []byte(content), 0o644)
	}
	write(t, at("etc/sudoers.d/core"), []byte("core ALL=(ALL) NOPASSWD: ALL\n"), 0o440)
	write(t, at("var/home/core/.ssh/authorized_keys"), ssh.MarshalAuthorizedKey(public), 0o600)
	run(t, "", "chroot", root, "chown", "--recursive", "core:core", "/var/home/core/.ssh")
	run(t, "", "chroot", root, "update-ca-certificates")
	for _, e := range k.parts.node {
		write(t, at(e.name), e.content, os.FileMode(e.mode))
	}
	k.parts.furnish(root)
	n.furnish(t, root, "worker-0", nodeAddress)
	must(t, os.MkdirAll(at("etc/kubernetes/manifests"), 0o755))
	must(t, os.MkdirAll(at("var/log/journal"), 0o755))
	must(t, os.RemoveAll(at("etc/cni/net.d")))                               // podman's would do
	write(t, at("etc/systemd/system/systemd-firstboot.service"), nil, 0o644) // an empty unit is masked
	node := &host{dir: h.dir, payload: h.payload, system: h.system, byName: n.dial}
	node.machine = newMachine(t, root, h.key, n.wire)
	return node
}

// on has both hosts belong to a step.
func (h *host) on(t *testing.T, part func(t *testing.T, h, node *host), node *host) {
	before := node.t
	node.t = t
	defer func() { node.t = before }()
	part(t, h, node)
}

// forget has the kubelet start as on a machine that has never joined, with a kubeconfig.
func (h *host) forget(kubeconfig string) {
	h.t.Helper()
	h.sh("systemctl stop kubelet; rm -rf /var/lib/kubelet/{pki,kubeconfig}; journalctl --rotate --quiet; journalctl --vacuum-time=1s --quiet")
	h.put("/etc/kubernetes/kubeconfig", []byte(kubeconfig), "600")
	h.sh("systemctl start --no-block kubelet")
}

const showNode = `systemctl --failed --no-pager; journalctl -b --no-pager -u kubelet -u crio | tail -60`

// nodeSteps has a machine join the control plane, as much as somebody lets it.
func nodeSteps(t *testing.T, h *host, r *truthReport, k kit, n *network) {
	var node *host
	r.base(t, h, "another machine", func(*testing.T) {
		node = newNode(t, k, h, n, h.mirror)
		node.login(3 * time.Minute)
	})
	for _, step := range []struct {
		name string
		part func(t *testing.T, h, node *host)
		base bool
	}{
		{"a node with another CA", strangerStays, false},
		{"a node that nobody has declared", undeclaredStays(n), false},
		{"a node joins", nodeJoins(n), true},
		{"the node is in use", nodeInUse, false},
		{"approve-csr.service lets a control plane node in", hostApproves, true},
		{"bootstrap-complete", bootstrapCompletes(n), false},
	} {
		part := func(t *testing.T) { h.on(t, step.part, node) }
		if step.base {
			r.base(t, h, step.name, part)
		} else {
			r.step(t, h, step.name, part)
		}
	}
}

// list are the requests that machines have made.
func (h *host) requests() []signingRequest {
	h.t.Helper()
	var list struct{ Items []signingRequest }
	if found, said := h.get(requests, &list); !found {
		h.t.Fatal(said)
	}
	return list.Items
}

// strangerStays: a machine whose kubeconfig trusts somebody else does not even ask.
func strangerStays(t *testing.T, h, node *host) {
	ours := h.read("/opt/openshift/auth/kubeconfig-kubelet")
	c := kubeconfigClient(t, ours)
	other := newIssuer(t, "kube-apiserver-lb-signer")
	theirs := strings.Replace(ours, encoded(c.ca), encoded(other.pem), 1)
	if theirs == ours {
		t.Fatal("the kubeconfig has no authority to exchange")
	}
	node.forget(theirs)
	node.await("the kubelet says that it trusts nobody here", 2*time.Minute,
		`journalctl --no-pager -u kubelet | grep 'certificate signed by unknown authority'`, showNode)
	time.Sleep(5 * time.Second) // it tries again
	if list := h.requests(); len(list) != 0 {
		t.Errorf("a machine with another CA asks for %v", list)
	}
	node.sh("systemctl stop kubelet; [[ ! -e /var/lib/kubelet/pki/kubelet-client-current.pem ]]")
}

// asks waits for the one request that is open, and returns its name.
func (h *host) asks(node, signer string) string {
	h.t.Helper()
	name := ""
	h.until(node+" asks for a certificate", 2*time.Minute, func() (bool, string) {
		list := h.requests()
		for _, r := range list {
			if r.Spec.SignerName == signer && len(r.Status.Conditions) == 0 {
				name = r.Metadata.Name
			}
		}
		return name != "", fmt.Sprint(len(list), " requests")
	})
	return name
}

// undeclaredStays: a machine that has our kubeconfig-kubelet asks, but that alone lets
// nobody in, and approve-csrs leaves it alone as long as it is not declared.
func undeclaredStays(n *network) func(t *testing.T, h, node *host) {
	return func(t *testing.T, h, node *host) {
		node.forget(h.read("/opt/openshift/auth/kubeconfig-kubelet"))
		name := h.asks("worker-0", "kubernetes.io/kube-apiserver-client-kubelet")
		out, err := n.okdInstall(t, "approve-csrs", "--dir", h.dir, "--nodes", "worker-9").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "refused "+name) || !strings.Contains(string(out), "worker-0") {
			t.Errorf("approve-csrs for another node: %v\n%s", err, out)
		}
		h.staysPending(name, 15*time.Second)
		h.until("status --cluster tells who waits", 2*time.Minute, func() (bool, string) { // not of the last half minute
			out, err = n.okdInstall(t, "status", "--cluster", "--dir", h.dir).CombinedOutput()
			return strings.Contains(string(out), name+" (client of worker-0)"), string(out)
		})
		for _, want := range []string{
			"https://api." + domain + ":6443", "v" + kubernetes, "0 of 0 ready", "1 wait for approve-csrs",
			"approve-csrs --dir " + h.dir + " --nodes worker-0",
		} {
			if err != nil || !strings.Contains(string(out), want) {
				t.Errorf("status --cluster has not %q: %v\n%s", want, err, out)
			}
		}
		if out, err := n.okdInstall(t, "approve-csrs", "--dir", h.dir, "--nodes", "worker-0", "--dry-run").CombinedOutput(); err != nil ||
			!strings.Contains(string(out), "would approve "+name) {
			t.Errorf("approve-csrs --dry-run: %v\n%s", err, out)
		}
		h.staysPending(name, time.Second)
	}
}

// nodeIs waits until the condition Ready of a node is as wanted, for a reason.
func (h *host) nodeIs(name, ready, because string) {
	h.t.Helper()
	h.until(fmt.Sprintf("%s is Ready: %s", name, ready), 3*time.Minute, func() (bool, string) {
		var node struct {
			Status struct {
				Conditions []struct{ Type, Status, Message string }
			}
		}
		_, said := h.get("/api/v1/nodes/"+name, &node)
		for _, c := range node.Status.Conditions {
			if c.Type == "Ready" {
				return c.Status == ready && strings.Contains(c.Message, because), c.Status + " " + c.Message
			}
		}
		return false, said
	})
}

// manifest posts one of the manifests of our bootstrap.ign.
func (h *host) manifest(file, path string) {
	h.t.Helper()
	raw, err := yamlToJSON([]byte(h.read("/opt/openshift/manifests/" + file)))
	must(h.t, err)
	h.until(file+" is taken", time.Minute, func() (bool, string) {
		code, said, err := h.ask(h.admin(), "POST", path, string(raw))
		return code == 201 || code == 409, fmt.Sprint(code, " ", tail(said, 3), " ", err)
	})
}

// kind has the API know a kind by its name.
func (h *host) kind(group, plural, kind string) {
	h.t.Helper()
	h.until("the kind "+kind, time.Minute, func() (bool, string) {
		code, said, err := h.ask(h.admin(), "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
			definition(group, plural, kind, "Cluster"))
		return code == 201 || code == 409, fmt.Sprint(code, " ", tail(said, 3), " ", err)
	})
}

// nodeJoins has approve-csrs let a declared machine in. Its certificates are signed by the
// controller manager; and the API server takes the node only if it knows the cluster by
// our Infrastructure object.
func nodeJoins(n *network) func(t *testing.T, h, node *host) {
	return func(t *testing.T, h, node *host) {
		watch := n.okdInstall(t, "approve-csrs", "--dir", h.dir, "--nodes", "worker-0="+nodeAddress, "--watch", "--timeout", "8m")
		var said strings.Builder
		watch.Stdout, watch.Stderr = &said, &said
		must(t, watch.Start())
		ended := make(chan error, 1)
		go func() { ended <- watch.Wait() }()

		node.await("the node is not taken without Infrastructure", 3*time.Minute,
			`journalctl --no-pager -u kubelet | grep -i 'unable to register node.*forbidden'`, showNode)
		h.kind("config.openshift.io", "infrastructures", "Infrastructure")
		h.manifest("cluster-infrastructure-02-config.yml", "/apis/config.openshift.io/v1/infrastructures")
		h.until("nodes are taken", 2*time.Minute, func() (bool, string) {
			code, said, err := h.ask(h.admin(), "POST", "/api/v1/nodes?dryRun=All", `{"apiVersion":"v1","kind":"Node","metadata":{"name":"dry"}}`)
			return code == 201, fmt.Sprint(code, " ", tail(said, 3), " ", err)
		})
		node.sh("systemctl restart kubelet") // else it takes minutes to notice
		h.nodeIs("worker-0", "False", "NetworkPluginNotReady")
		select {
		case err := <-ended:
			if err != nil || strings.Count(said.String(), " certificate of worker-0") != 2 {
				t.Errorf("approve-csrs ends with %v:\n%s", err, &said)
			}
		case <-time.After(9 * time.Minute):
			t.Fatalf("approve-csrs does not end:\n%s", &said)
		}
		out, err := n.okdInstall(t, "status", "--cluster", "--dir", h.dir).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "0 of 1 ready") || !strings.Contains(string(out), "node worker-0 is not ready: ") {
			t.Errorf("status --cluster of a node that is not ready: %v\n%s", err, out)
		}
		node.put("/etc/cni/net.d/10-okd-test.conflist", []byte(nodeNetwork), "644")
		h.nodeIs("worker-0", "True", "")
		out, err = n.okdInstall(t, "status", "--cluster", "--dir", h.dir).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "1 of 1 ready") || strings.Contains(string(out), "wait for approve-csrs") {
			t.Errorf("status --cluster of a node that is ready: %v\n%s", err, out)
		}
	}
}
