//go:build e2e && truth

package guest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// controllerPod is what the operator of the controller manager writes for the bootstrap
// host, without the container of the policy controller. The keys that it signs with are
// flags: the controller manager does not take them from its config.
const controllerPod = `apiVersion: v1
kind: Pod
metadata:
  name: bootstrap-kube-controller-manager
  namespace: openshift-kube-controller-manager
spec:
  hostNetwork: true
  restartPolicy: Always
  containers:
  - name: kube-controller-manager
    image: %s
    imagePullPolicy: IfNotPresent
    command:
    - /usr/bin/kube-controller-manager
    - --openshift-config=/etc/kubernetes/config/kube-controller-manager-config.yaml
    - --kubeconfig=/etc/kubernetes/secrets/kubeconfig
    - --v=2
    - --allocate-node-cidrs=false
    - --cert-dir=/tmp
    - --cluster-cidr=10.128.0.0/14
    - --cluster-name=demo
    - --cluster-signing-cert-file=/etc/kubernetes/secrets/kubelet-signer.crt
    - --cluster-signing-key-file=/etc/kubernetes/secrets/kubelet-signer.key
    - --cluster-signing-duration=720h
    - --configure-cloud-routes=false
    - --controllers=*
    - --controllers=-bootstrap-signer-controller
    - --controllers=-token-cleaner-controller
    - --controllers=-ttl-controller
    - --leader-elect=true
    - --root-ca-file=/etc/kubernetes/secrets/kube-apiserver-complete-server-ca-bundle.crt
    - --secure-port=10257
    - --service-account-private-key-file=/etc/kubernetes/secrets/service-account.key
    - --service-cluster-ip-range=172.30.0.0/16
    - --use-service-account-credentials=true
    resources: {requests: {memory: 200Mi, cpu: 60m}}
    livenessProbe:
      httpGet: {scheme: HTTPS, port: 10257, path: healthz}
      initialDelaySeconds: 45
      timeoutSeconds: 10
    volumeMounts:
    - {name: trust, mountPath: /etc/ssl/certs, readOnly: true}
    - {name: secrets, mountPath: /etc/kubernetes/secrets, readOnly: true}
    - {name: config, mountPath: /etc/kubernetes/config, readOnly: true}
    - {name: tmp, mountPath: /tmp}
  volumes:
  - {name: trust, hostPath: {path: /etc/ssl/certs}}
  - {name: secrets, hostPath: {path: /etc/kubernetes/bootstrap-secrets, type: Directory}}
  - {name: config, hostPath: {path: /etc/kubernetes/bootstrap-configs, type: Directory}}
  - {name: tmp, emptyDir: {}}
`

const controllerConfig = `apiVersion: kubecontrolplane.config.openshift.io/v1
kind: KubeControllerManagerConfig
extendedArguments: {}
`

// schedulerPod is what the operator of the scheduler writes.
const schedulerPod = `apiVersion: v1
kind: Pod
metadata:
  name: bootstrap-kube-scheduler
  namespace: openshift-kube-scheduler
spec:
  hostNetwork: true
  restartPolicy: Always
  containers:
  - name: kube-scheduler
    image: %s
    imagePullPolicy: IfNotPresent
    command: [/usr/bin/kube-scheduler, --config=/etc/kubernetes/config/kube-scheduler-config.yaml, --cert-dir=/tmp, --v=2]
    resources: {requests: {memory: 50Mi, cpu: 15m}}
    livenessProbe:
      httpGet: {scheme: HTTPS, port: 10259, path: healthz}
      initialDelaySeconds: 45
    volumeMounts:
    - {name: secrets, mountPath: /etc/kubernetes/secrets, readOnly: true}
    - {name: config, mountPath: /etc/kubernetes/config, readOnly: true}
    - {name: tmp, mountPath: /tmp}
  volumes:
  - {name: secrets, hostPath: {path: /etc/kubernetes/bootstrap-secrets, type: Directory}}
  - {name: config, hostPath: {path: /etc/kubernetes/bootstrap-configs, type: Directory}}
  - {name: tmp, emptyDir: {}}
`

const schedulerConfig = `apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection: {kubeconfig: /etc/kubernetes/secrets/kubeconfig}
leaderElection: {leaderElect: true}
`

// renderControllers does what the operators of both and cluster-bootstrap do.
func (h *host) renderControllers() {
	h.t.Helper()
	for file, content := range map[string]string{
		"/etc/kubernetes/bootstrap-configs/kube-controller-manager-config.yaml": controllerConfig,
		"/etc/kubernetes/bootstrap-configs/kube-scheduler-config.yaml":          schedulerConfig,
		"/etc/kubernetes/manifests/kube-controller-manager-pod.yaml":            fmt.Sprintf(controllerPod, h.imageOf("hyperkube")),
		"/etc/kubernetes/manifests/kube-scheduler-pod.yaml":                     fmt.Sprintf(schedulerPod, h.imageOf("hyperkube")),
	} {
		h.put(file, []byte(content), "600")
	}
}

// admin is who uses the auth/kubeconfig of the asset directory.
func (h *host) admin() client {
	h.t.Helper()
	raw, err := os.ReadFile(filepath.Join(h.dir, "auth", "kubeconfig"))
	must(h.t, err)
	return kubeconfigClient(h.t, string(raw))
}

// get reads an object of the API into a value, and reports whether it was there.
func (h *host) get(path string, into any) (found bool, said string) {
	h.t.Helper()
	code, said, err := h.ask(h.admin(), "GET", path, "")
	if err != nil || code != 200 {
		return false, fmt.Sprint(code, " ", tail(said, 3), " ", err)
	}
	must(h.t, json.Unmarshal([]byte(said), into))
	return true, tail(said, 30)
}

// controllerSteps brings the controller manager and the scheduler up.
func controllerSteps(t *testing.T, h *host, r *truthReport) {
	r.base(t, h, "kube-controller-manager and kube-scheduler", func(*testing.T) {
		h.renderControllers()
		for _, name := range []string{"kube-controller-manager", "kube-scheduler"} {
			h.until(name+" leads", 4*time.Minute, func() (bool, string) {
				var lease struct {
					Spec struct{ HolderIdentity string }
				}
				found, said := h.get("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/"+name, &lease)
				return found && strings.HasPrefix(lease.Spec.HolderIdentity, "bootstrap_"), said
			})
		}
	})
	r.step(t, h, "what the controller manager hands out", func(t *testing.T) { handedOut(t, h) })
	r.step(t, h, "nobody is approved by itself", func(t *testing.T) { signsOnlyApproved(t, h) })
	r.step(t, h, "a pod waits for a node", func(*testing.T) { h.podPends() })
}

// runLevel is a namespace that the security constraints leave alone, as those of the
// control plane are: the constraints themselves come with the API server's operator.
const runLevel = "openshift-truth"

// handedOut looks at what all pods of a cluster live by: the authority of the API server,
// and tokens that are signed with our key.
func handedOut(t *testing.T, h *host) {
	admin := h.admin()
	h.answers(admin, "POST", "/api/v1/namespaces",
		`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"`+runLevel+`","labels":{"openshift.io/run-level":"0"}}}`, 201)
	const space = "/api/v1/namespaces/" + runLevel
	h.until("the authority in a new namespace", time.Minute, func() (bool, string) {
		var root struct{ Data map[string]string }
		found, said := h.get(space+"/configmaps/kube-root-ca.crt", &root)
		return found && strings.TrimSpace(root.Data["ca.crt"]) == strings.TrimSpace(h.tls("kube-apiserver-complete-server-ca-bundle.crt")), said
	})
	h.until("the service account of a new namespace", time.Minute,
		func() (bool, string) { return h.get(space+"/serviceaccounts/default", &struct{}{}) })
	h.answers(admin, "POST", space+"/secrets", `{"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/service-account-token",
"metadata":{"name":"token","annotations":{"kubernetes.io/service-account.name":"default"}}}`, 201)
	var secret struct{ Data map[string][]byte }
	h.until("a token of the service account", time.Minute, func() (bool, string) {
		found, said := h.get(space+"/secrets/token", &secret)
		return found && len(secret.Data["token"]) > 0, said
	})
	holder := admin.anonymous()
	holder.ca = secret.Data["ca.crt"]
	holder.headers = map[string]string{"Authorization": "Bearer " + string(secret.Data["token"])}
	if user, _ := h.userOf(holder); user != "system:serviceaccount:"+runLevel+":default" {
		t.Errorf("the holder of a token that the controller manager has signed is %q", user)
	}
}

// bootstrapRoles let machines ask for a certificate. On a real host they are among the
// manifests of the machine-config-operator. No role lets anybody be approved by itself.
const bootstrapRoles = `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"system-bootstrap-node-bootstrapper"},
"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"system:node-bootstrapper"},
"subjects":[{"kind":"ServiceAccount","name":"node-bootstrapper","namespace":"openshift-machine-config-operator"}]}`

const requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests"

// signingRequest is what we read of one.
type signingRequest struct {
	Metadata struct{ Name string }
	Spec     struct {
		Username, SignerName string
		Request              []byte
	}
	Status struct {
		Conditions  []struct{ Type, Reason string }
		Certificate []byte
	}
}

// signsOnlyApproved: a request for a certificate waits until somebody approves it; the
// controller manager then signs with our kubelet-signer, whose clients the API server lets in.
func signsOnlyApproved(t *testing.T, h *host) {
	admin, machine := h.admin(), kubeconfigClient(t, h.read("/opt/openshift/auth/kubeconfig-kubelet"))
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	der, err := x509.CreateCertificateRequest(rand.Reader,
		&x509.CertificateRequest{Subject: pkix.Name{CommonName: "system:node:by-hand", Organization: []string{"system:nodes"}}}, key)
	must(t, err)
	wanted, err := json.Marshal(map[string]any{
		"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": map[string]any{"name": "by-hand"},
		"spec": map[string]any{
			"signerName": "kubernetes.io/kube-apiserver-client-kubelet", "usages": []string{"digital signature", "client auth"},
			"request": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}),
		},
	})
	must(t, err)
	h.answers(machine, "POST", requests, string(wanted), 403) // who may ask is decided by a role
	h.answers(admin, "POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", bootstrapRoles, 201)
	h.until("machines may ask", time.Minute, func() (bool, string) {
		code, said, err := h.ask(machine, "POST", requests, string(wanted))
		return code == 201, fmt.Sprint(code, " ", tail(said, 3), " ", err)
	})
	h.staysPending("by-hand", 20*time.Second)

	h.answers(machine, "PUT", requests+"/by-hand/approval", approved(h.answers(admin, "GET", requests+"/by-hand", "", 200)), 403)
	h.answers(admin, "PUT", requests+"/by-hand/approval", approved(h.answers(admin, "GET", requests+"/by-hand", "", 200)), 200)
	var signed signingRequest
	h.until("the controller manager signs", time.Minute, func() (bool, string) {
		found, said := h.get(requests+"/by-hand", &signed)
		return found && len(signed.Status.Certificate) > 0, said
	})
	block, _ := pem.Decode(signed.Status.Certificate)
	cert, err := x509.ParseCertificate(block.Bytes)
	must(t, err)
	if err := cert.CheckSignatureFrom(readIssuer(t, h.tls("kubelet-signer.crt"), h.tls("kubelet-signer.key")).cert); err != nil {
		t.Errorf("the certificate is not signed by kubelet-signer: %v", err)
	}
	pair := issuer{key: key}
	if user, _ := h.userOf(admin.as(signed.Status.Certificate, pair.keyPEM(t))); user != "system:node:by-hand" {
		t.Errorf("who has the certificate is seen as %q", user)
	}
	h.answers(admin, "DELETE", requests+"/by-hand", "", 200)
}

// approved is a request with the approval of the administrator.
func approved(request string) string {
	var o map[string]any
	_ = json.Unmarshal([]byte(request), &o)
	approval := map[string]any{"type": "Approved", "status": "True", "reason": "ByTheTest", "message": "by hand"}
	o["status"] = map[string]any{"conditions": []any{approval}}
	raw, _ := json.Marshal(o)
	return string(raw)
}

// staysPending wants nobody to approve, deny or sign a request for a while.
func (h *host) staysPending(name string, d time.Duration) {
	h.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Second) {
		var request signingRequest
		found, said := h.get(requests+"/"+name, &request)
		if !found || len(request.Status.Conditions) > 0 || len(request.Status.Certificate) > 0 {
			h.t.Errorf("the request %s does not stay pending: %s", name, said)
			return
		}
	}
}

const waitingPod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"placed","namespace":"` + runLevel + `"},
"spec":{"hostNetwork":true,"automountServiceAccountToken":false,"containers":[{"name":"pause","image":%q,"imagePullPolicy":"IfNotPresent"}]}}`

// podPends has the scheduler say that there is no node.
func (h *host) podPends() {
	h.answers(h.admin(), "POST", "/api/v1/namespaces/"+runLevel+"/pods", fmt.Sprintf(waitingPod, h.imageOf("pod")), 201)
	h.until("the scheduler says that there is no node", time.Minute, func() (bool, string) {
		var pod struct {
			Status struct {
				Conditions []struct{ Type, Status, Reason, Message string }
			}
		}
		_, said := h.get("/api/v1/namespaces/"+runLevel+"/pods/placed", &pod)
		for _, c := range pod.Status.Conditions {
			if c.Type == "PodScheduled" && c.Reason == "Unschedulable" && strings.Contains(c.Message, "no nodes available") {
				return true, said
			}
		}
		return false, said
	})
}
