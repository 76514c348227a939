//go:build e2e && truth

package guest

import (
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// encoded is how a kubeconfig holds a file.
func encoded(content []byte) string { return base64.StdEncoding.EncodeToString(content) }

// yamlToJSON is how a client sends a manifest.
func yamlToJSON(manifest []byte) ([]byte, error) { return yaml.YAMLToJSON(manifest) }

// ocWrapper is oc for what the units of the host do with the API: kubectl knows the same
// commands. What oc alone knows is played.
const ocWrapper = `#!/bin/bash
words=()
for word in "$@"; do
    case ${word} in
        release) exec -a oc /usr/bin/standin "$@" ;;
        adm) ;;
        *) words+=("${word}") ;;
    esac
done
exec /usr/lib/okd-test/kubectl "${words[@]}"
`

// okdInstall is a command line for the program under test, as on a machine of the user
// that has the DNS server of the network.
func (n *network) okdInstall(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	words := append([]string{
		fmt.Sprintf("--net=/proc/%d/ns/net", n.pid), "unshare", "--mount", "--propagation", "private",
		"bash", "-c", `mount --bind "$0" /etc/resolv.conf; exec "$@"`, n.client, okdInstall(t),
	}, args...)
	cmd := exec.Command("nsenter", words...)
	cmd.Env = append(os.Environ(), "NO_PROXY=."+domain)
	return cmd
}

// nodeInUse: the scheduler places the pod that waits, the node pulls its image from the
// mirror by name, and the API server reaches the kubelet, which lets in nobody else.
func nodeInUse(t *testing.T, h, node *host) {
	admin := h.admin()
	h.until("the pod runs on the node", 3*time.Minute, func() (bool, string) {
		var pod struct {
			Spec   struct{ NodeName string }
			Status struct{ Phase string }
		}
		found, said := h.get("/api/v1/namespaces/"+runLevel+"/pods/placed", &pod)
		return found && pod.Spec.NodeName == "worker-0" && pod.Status.Phase == "Running", said
	})
	for _, cert := range []string{"kubelet-client-current.pem", "kubelet-server-current.pem"} {
		pem := node.sh("openssl x509 -in /var/lib/kubelet/pki/%s", cert)
		h.put("/run/"+cert, []byte(pem), "600")
		h.sh("openssl verify -CAfile /opt/openshift/tls/kubelet-signer.crt /run/%s", cert)
		if said := h.sh("openssl x509 -noout -subject -nameopt RFC2253 -in /run/%s", cert); !strings.Contains(said,
			"CN=system:node:worker-0,O=system:nodes") {
			t.Errorf("%s is of %s", cert, said)
		}
	}
	if said := h.answers(admin, "GET", "/api/v1/nodes/worker-0/proxy/healthz", "", 200); said != "ok" {
		t.Errorf("the kubelet says by the API server %q", said)
	}
	const kubelet = "https://" + nodeAddress + ":10250"
	trust := []byte(h.tls("kubelet-client-ca-bundle.crt"))
	for _, c := range []struct {
		why  string
		who  client
		want int
	}{
		{"nobody", client{ca: trust}, 401},
		{"the API server's own client", admin.as([]byte(h.tls("kube-apiserver-to-kubelet-client.crt")),
			[]byte(h.tls("kube-apiserver-to-kubelet-client.key"))), 200},
	} {
		c.who.server, c.who.ca = kubelet, trust
		if code, said, err := node.ask(c.who, "GET", "/pods", ""); err != nil || code != c.want {
			t.Errorf("the kubelet answers %s: %d, %v, want %d: %s", c.why, code, err, c.want, tail(said, 3))
		}
	}
	h.answers(admin, "DELETE", "/api/v1/namespaces/"+runLevel+"/pods/placed?gracePeriodSeconds=1", "", 200)
}

// start lets one of our units run that the test has kept from it so far.
func (h *host) start(unit string) {
	h.t.Helper()
	h.sh("rm /etc/systemd/system/%[1]s.d/50-okd-test.conf; systemctl daemon-reload; systemctl start --no-block %[1]s", unit)
}

// hostApproves has the machine come again, as one of the control plane: the bootstrap host
// approves both of its requests, by our approve-csr.service.
func hostApproves(t *testing.T, h, node *host) {
	admin := h.admin()
	node.sh("systemctl stop kubelet; echo master-0 >/etc/hostname; hostname master-0; echo ROLE=master >/etc/okd-test/role")
	h.answers(admin, "DELETE", "/api/v1/nodes/worker-0", "", 200)
	for _, request := range h.requests() {
		h.answers(admin, "DELETE", requests+"/"+request.Metadata.Name, "", 200)
	}
	node.forget(h.read("/opt/openshift/auth/kubeconfig-kubelet"))
	h.asks("master-0", "kubernetes.io/kube-apiserver-client-kubelet")
	h.start("approve-csr.service")
	h.nodeIs("master-0", "True", "")
	h.until("the serving certificate is signed", 2*time.Minute, func() (bool, string) {
		list, n := h.requests(), 0
		for _, r := range list {
			if len(r.Status.Certificate) > 0 {
				n++
			}
		}
		return n == 2 && len(list) == 2, fmt.Sprint(n, " of ", len(list))
	})
	if code, said, err := h.ask(admin, "GET", "/api/v1/nodes?labelSelector=node-role.kubernetes.io/master", ""); err != nil || code != 200 ||
		!strings.Contains(said, `"name":"master-0"`) {
		t.Errorf("the node is none of the control plane: %d, %v", code, err)
	}
	h.sh("systemctl is-active approve-csr.service")
}

// bootstrapCompletes has wait-for bootstrap-complete go through its stages, by what our
// progress.service reports. That the API server runs on two nodes and that etcd has let
// go of its member here is written by the test: there are no operators to say so.
func bootstrapCompletes(n *network) func(t *testing.T, h, node *host) {
	return func(t *testing.T, h, _ *host) {
		admin := h.admin()
		h.kind("operator.openshift.io", "kubeapiservers", "KubeAPIServer")
		h.kind("operator.openshift.io", "etcds", "Etcd")
		name := filepath.Join(t.TempDir(), "wait-for.log")
		log, err := os.Create(name)
		must(t, err)
		defer log.Close()
		wait := n.okdInstall(t, "wait-for", "bootstrap-complete", "--dir", h.dir, "--timeout", "10m")
		wait.Stdout, wait.Stderr = io.Discard, log
		must(t, wait.Start())
		ended := make(chan error, 1)
		go func() { ended <- wait.Wait() }()
		said := func() string { raw, _ := os.ReadFile(name); return string(raw) }
		goesOn := func() {
			t.Helper()
			select {
			case err := <-ended:
				t.Fatalf("wait-for ends too early, %v:\n%s", err, said())
			default:
			}
		}

		s := h.payload.setup
		h.put("/opt/openshift/payload-version", fmt.Appendf(nil, "%s\n%s\n%s\n", s.Digest, s.Version, s.Kubernetes), "644")
		h.sh("touch /opt/openshift/.bootkube.done")
		h.start("progress.service")
		h.await("progress waits for the API server on two nodes", 2*time.Minute,
			"journalctl -b --no-pager -u progress | grep 'the API server on two nodes'", "journalctl -b --no-pager -u progress")
		goesOn()
		h.answers(admin, "GET", "/api/v1/namespaces/kube-system/configmaps/bootstrap", "", 404)
		h.answers(admin, "POST", "/apis/operator.openshift.io/v1/kubeapiservers", `{"apiVersion":"operator.openshift.io/v1","kind":"KubeAPIServer",
"metadata":{"name":"cluster"},"status":{"nodeStatuses":[{"nodeName":"master-0","currentRevision":2},{"nodeName":"master-1","currentRevision":2}]}}`, 201)
		h.await("our units have ended well", 2*time.Minute, `for unit in progress approve-csr; do
    [[ $(systemctl show --property=ActiveState,Result --value $unit.service | sort | paste -sd,) == inactive,success ]]
done`, "journalctl -b --no-pager -u progress -u approve-csr")
		h.until("wait-for has seen the report", 2*time.Minute, func() (bool, string) { return strings.Contains(said(), "Etcd"), said() })
		goesOn()
		out, err := n.okdInstall(t, "status", "--cluster", "--dir", h.dir).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "etcd moves off the bootstrap host") || !strings.Contains(string(out), "1 of 1 ready") {
			t.Errorf("status --cluster while etcd has a member on the bootstrap host: %v\n%s", err, out)
		}
		h.answers(admin, "POST", "/apis/operator.openshift.io/v1/etcds", `{"apiVersion":"operator.openshift.io/v1","kind":"Etcd",
"metadata":{"name":"cluster"},"status":{"conditions":[{"type":"EtcdBootstrapMemberRemoved","status":"True"}]}}`, 201)
		select {
		case err := <-ended:
			for _, want := range []string{
				"It is now safe to remove the bootstrap resources", "port 6443 of api." + domain + " and api-int." + domain,
				"keep behind both: master-0 (" + nodeAddress + ")",
			} {
				if err != nil || !strings.Contains(said(), want) {
					t.Errorf("wait-for has not %q: %v\n%s", want, err, said())
				}
			}
		case <-time.After(3 * time.Minute):
			t.Errorf("wait-for does not end:\n%s", said())
			_ = wait.Process.Kill()
		}
	}
}
