//go:build e2e && truth

package guest

import (
	"fmt"
	"path"
	"strings"
	"testing"
)

// etcdPod is what the operator of etcd writes for the bootstrap host, as far as etcd
// needs it: one member, with the certificates of an authority that the operator makes.
const etcdPod = `apiVersion: v1
kind: Pod
metadata:
  name: etcd-member
  namespace: openshift-etcd
  labels: {k8s-app: etcd}
spec:
  hostNetwork: true
  restartPolicy: Always
  priorityClassName: system-node-critical
  containers:
  - name: etcd
    image: %[1]s
    imagePullPolicy: IfNotPresent
    command:
    - /usr/bin/etcd
    - --name=etcd-bootstrap
    - --data-dir=/var/lib/etcd
    - --initial-cluster=etcd-bootstrap=https://$(NODE_IP):2380
    - --initial-cluster-state=new
    - --initial-advertise-peer-urls=https://$(NODE_IP):2380
    - --listen-peer-urls=https://0.0.0.0:2380
    - --advertise-client-urls=https://$(NODE_IP):2379
    - --listen-client-urls=https://0.0.0.0:2379
    - --client-cert-auth=true
    - --peer-client-cert-auth=true
    - --trusted-ca-file=/etc/ssl/etcd/ca.crt
    - --cert-file=/etc/ssl/etcd/etcd-all-certs/etcd-serving-bootstrap.crt
    - --key-file=/etc/ssl/etcd/etcd-all-certs/etcd-serving-bootstrap.key
    - --peer-trusted-ca-file=/etc/ssl/etcd/ca.crt
    - --peer-cert-file=/etc/ssl/etcd/etcd-all-certs/etcd-peer-bootstrap.crt
    - --peer-key-file=/etc/ssl/etcd/etcd-all-certs/etcd-peer-bootstrap.key
    - --feature-gates=InitialCorruptCheck=true
    env:
    - name: NODE_IP
      valueFrom: {fieldRef: {fieldPath: status.hostIP}}
    securityContext: {privileged: true}
    resources: {requests: {memory: 40Mi, cpu: 20m}}
    volumeMounts:
    - {name: certs, mountPath: /etc/ssl/etcd, readOnly: true}
    - {name: data, mountPath: /var/lib/etcd}
  volumes:
  - name: certs
    hostPath: {path: %[2]s, type: Directory}
  - name: data
    hostPath: {path: /var/lib/etcd, type: DirectoryOrCreate}
`

// member is where the host has the certificates of etcd.
const member = "/etc/kubernetes/static-pod-resources/etcd-member"

// apiPod is what the operator of the API server writes for the bootstrap host. The
// original calls the server by a shell, after a container that makes the audit log.
const apiPod = `apiVersion: v1
kind: Pod
metadata:
  name: bootstrap-kube-apiserver
  namespace: openshift-kube-apiserver
  labels: {openshift.io/control-plane: "true", openshift.io/component: api}
spec:
  hostNetwork: true
  restartPolicy: Always
  terminationGracePeriodSeconds: 15
  containers:
  - name: kube-apiserver
    image: %s
    imagePullPolicy: IfNotPresent
    command:
    - /usr/bin/kube-apiserver
    - --openshift-config=/etc/kubernetes/config/kube-apiserver-config.yaml
    - --v=2
    - --advertise-address=$(HOST_IP)
    env:
    - name: HOST_IP
      valueFrom: {fieldRef: {fieldPath: status.hostIP}}
    securityContext: {readOnlyRootFilesystem: true}
    resources: {requests: {memory: 1Gi, cpu: 265m}}
    livenessProbe:
      httpGet: {scheme: HTTPS, port: 6443, path: "livez?exclude=etcd"}
      periodSeconds: 10
      timeoutSeconds: 10
    readinessProbe:
      httpGet: {scheme: HTTPS, port: 6443, path: readyz}
      periodSeconds: 5
      timeoutSeconds: 10
    startupProbe:
      httpGet: {scheme: HTTPS, port: 6443, path: livez}
      periodSeconds: 5
      timeoutSeconds: 10
      failureThreshold: 120
    volumeMounts:
    - {name: trust, mountPath: /etc/ssl/certs, readOnly: true}
    - {name: secrets, mountPath: /etc/kubernetes/secrets, readOnly: true}
    - {name: config, mountPath: /etc/kubernetes/config, readOnly: true}
    - {name: audit, mountPath: /var/log/kube-apiserver}
    - {name: tmp, mountPath: /tmp}
  volumes:
  - {name: trust, hostPath: {path: /etc/ssl/certs}}
  - {name: secrets, hostPath: {path: /etc/kubernetes/bootstrap-secrets, type: Directory}}
  - {name: config, hostPath: {path: /etc/kubernetes/bootstrap-configs, type: Directory}}
  - {name: audit, hostPath: {path: /var/log/kube-apiserver, type: DirectoryOrCreate}}
  - {name: tmp, emptyDir: {}}
`

// apiConfig is what the same operator configures it with. Without authorization-mode it
// would allow everybody everything.
const apiConfig = `apiVersion: kubecontrolplane.config.openshift.io/v1
kind: KubeAPIServerConfig
servicesSubnet: 172.30.0.0/16
servingInfo:
  bindAddress: 0.0.0.0:6443
  bindNetwork: tcp4
  namedCertificates:
  - names: [kubernetes, kubernetes.default, kubernetes.default.svc, kubernetes.default.svc.cluster.local]
    certFile: /etc/kubernetes/secrets/kube-apiserver-service-network-server.crt
    keyFile: /etc/kubernetes/secrets/kube-apiserver-service-network-server.key
  - names: [localhost, 127.0.0.1, "::1"]
    certFile: /etc/kubernetes/secrets/kube-apiserver-localhost-server.crt
    keyFile: /etc/kubernetes/secrets/kube-apiserver-localhost-server.key
  - certFile: /etc/kubernetes/secrets/kube-apiserver-lb-server.crt
    keyFile: /etc/kubernetes/secrets/kube-apiserver-lb-server.key
  - certFile: /etc/kubernetes/secrets/kube-apiserver-internal-lb-server.crt
    keyFile: /etc/kubernetes/secrets/kube-apiserver-internal-lb-server.key
admission:
  pluginConfig:
    network.openshift.io/RestrictedEndpointsAdmission:
      configuration:
        apiVersion: network.openshift.io/v1
        kind: RestrictedEndpointsAdmissionConfig
        restrictedCIDRs: [172.30.0.0/16, 10.128.0.0/14]
apiServerArguments:
  allow-privileged: ["true"]
  anonymous-auth: ["true"]
  api-audiences: [https://kubernetes.default.svc]
  authorization-mode: [Scope, SystemMasters, RBAC, Node]
  client-ca-file: [/etc/kubernetes/secrets/kube-apiserver-complete-client-ca-bundle.crt]
  enable-aggregator-routing: ["true"]
  endpoint-reconciler-type: [lease]
  etcd-cafile: [/etc/kubernetes/secrets/etcd-ca-bundle.crt]
  etcd-certfile: [/etc/kubernetes/secrets/etcd-client.crt]
  etcd-keyfile: [/etc/kubernetes/secrets/etcd-client.key]
  etcd-prefix: [kubernetes.io]
  etcd-servers: ["https://localhost:2379"]
  kubelet-certificate-authority: [/etc/kubernetes/secrets/kubelet-client-ca-bundle.crt]
  kubelet-client-certificate: [/etc/kubernetes/secrets/kube-apiserver-to-kubelet-client.crt]
  kubelet-client-key: [/etc/kubernetes/secrets/kube-apiserver-to-kubelet-client.key]
  kubelet-preferred-address-types: [InternalIP]
  proxy-client-cert-file: [/etc/kubernetes/secrets/apiserver-proxy.crt]
  proxy-client-key-file: [/etc/kubernetes/secrets/apiserver-proxy.key]
  requestheader-allowed-names: [kube-apiserver-proxy, "system:kube-apiserver-proxy", "system:openshift-aggregator"]
  requestheader-client-ca-file: [/etc/kubernetes/secrets/aggregator-signer.crt]
  requestheader-extra-headers-prefix: [X-Remote-Extra-]
  requestheader-group-headers: [X-Remote-Group]
  requestheader-username-headers: [X-Remote-User]
  service-account-issuer: [https://kubernetes.default.svc]
  service-account-key-file:
  - /etc/kubernetes/secrets/service-account.pub
  - /etc/kubernetes/secrets/bound-service-account-signing-key.pub
  service-account-lookup: ["true"]
  service-account-signing-key-file: [/etc/kubernetes/secrets/bound-service-account-signing-key.key]
  storage-backend: [etcd3]
  tls-cert-file: [/etc/kubernetes/secrets/kube-apiserver-service-network-server.crt]
  tls-private-key-file: [/etc/kubernetes/secrets/kube-apiserver-service-network-server.key]
`

// kindsOfAdmission are those that the admission of OpenShift asks for: without them it
// forbids every write, also those by which the API server makes its own roles. On a real
// host cluster-bootstrap brings them, with all that they hold; here only their names count.
var kindsOfAdmission = []struct{ group, plural, kind, scope string }{
	{"quota.openshift.io", "clusterresourcequotas", "ClusterResourceQuota", "Cluster"},
	{"authorization.openshift.io", "rolebindingrestrictions", "RoleBindingRestriction", "Namespaced"},
	{"security.openshift.io", "securitycontextconstraints", "SecurityContextConstraints", "Cluster"},
}

// definition is the CustomResourceDefinition of a kind, without a schema.
func definition(group, plural, kind, scope string) string {
	return fmt.Sprintf(`{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"%[2]s.%[1]s"},
"spec":{"group":%[1]q,"scope":%[4]q,"names":{"plural":%[2]q,"singular":%[5]q,"kind":%[3]q,"listKind":"%[3]sList"},
"versions":[{"name":"v1","served":true,"storage":true,
"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}`,
		group, plural, kind, scope, strings.ToLower(kind))
}

// put writes a file of the guest, which is there whole or not at all.
func (h *host) put(name string, content []byte, mode string) {
	h.t.Helper()
	command := fmt.Sprintf(`sudo bash -euc 'umask 077; mkdir -p "%[1]s"; cat >"%[1]s/.new"; chmod %[3]s "%[1]s/.new"; mv "%[1]s/.new" "%[2]s"'`,
		path.Dir(name), name, mode)
	if _, err := h.session(command, content, false); err != nil {
		h.t.Fatal(err)
	}
}

// renderEtcd does what the operator of etcd would do, and what bootkube.sh does with it.
func (h *host) renderEtcd(t *testing.T) {
	t.Helper()
	const out = "/opt/openshift/etcd-bootstrap/"
	signer := newIssuer(t, "etcd-signer")
	server := issue(t, serving("localhost", "etcd.openshift-etcd.svc", address, "127.0.0.1"), &signer)
	peer := issue(t, serving("localhost", address), &signer)
	user := issue(t, clientOf("etcd", "system:etcd"), &signer)
	certs := out + "etc-kubernetes/static-pod-resources/etcd-member/"
	for name, content := range map[string][]byte{
		out + "tls/etcd-ca-bundle.crt": signer.pem, out + "tls/etcd-client.crt": user.pem, out + "tls/etcd-client.key": user.keyPEM(t),
		certs + "ca.crt": signer.pem,
		certs + "etcd-all-certs/etcd-serving-bootstrap.crt":   server.pem,
		certs + "etcd-all-certs/etcd-serving-bootstrap.key":   server.keyPEM(t),
		certs + "etcd-all-certs/etcd-peer-bootstrap.crt":      peer.pem,
		certs + "etcd-all-certs/etcd-peer-bootstrap.key":      peer.keyPEM(t),
		out + "etc-kubernetes/manifests/etcd-member-pod.yaml": fmt.Appendf(nil, etcdPod, h.imageOf("etcd"), member),
	} {
		h.put(name, content, "600")
	}
	h.sh(`cd /opt/openshift
source /usr/local/lib/okd-install/folders.sh
take etcd-bootstrap/tls tls
take etcd-bootstrap/etc-kubernetes /etc/kubernetes`)
}

// renderAPI does what the operator of the API server would do, and with it what
// bootkube.sh and cluster-bootstrap do.
func (h *host) renderAPI() {
	h.t.Helper()
	h.put("/opt/openshift/kube-apiserver-bootstrap/config", []byte(apiConfig), "644")
	h.put("/opt/openshift/kube-apiserver-bootstrap/bootstrap-manifests/kube-apiserver-pod.yaml",
		fmt.Appendf(nil, apiPod, h.imageOf("hyperkube")), "644")
	h.sh(`cd /opt/openshift
source /usr/local/lib/okd-install/folders.sh
umask 077
openssl genrsa -out tls/bound-service-account-signing-key.key 2048
openssl rsa -in tls/bound-service-account-signing-key.key -pubout -out tls/bound-service-account-signing-key.pub
mkdir -p /etc/kubernetes/bootstrap-configs /etc/kubernetes/bootstrap-secrets
cp kube-apiserver-bootstrap/config /etc/kubernetes/bootstrap-configs/kube-apiserver-config.yaml
take kube-apiserver-bootstrap/bootstrap-manifests bootstrap-manifests
cp --recursive tls/. /etc/kubernetes/bootstrap-secrets
cp auth/kubeconfig-loopback /etc/kubernetes/bootstrap-secrets/kubeconfig
cp bootstrap-manifests/kube-apiserver-pod.yaml /etc/kubernetes/manifests/`)
}

// imageOf is the pull spec of an image of the release.
func (h *host) imageOf(tag string) string {
	return contentSpec + "@" + h.payload.content[tag].manifest.digest
}

// tls is a file of the host's folder of certificates.
func (h *host) tls(name string) string {
	h.t.Helper()
	return h.read("/opt/openshift/tls/" + name)
}

// etcdClient is who etcd lets in.
func (h *host) etcdClient() client {
	return client{
		server: "https://localhost:2379", ca: []byte(h.tls("etcd-ca-bundle.crt")),
		cert: []byte(h.tls("etcd-client.crt")), key: []byte(h.tls("etcd-client.key")),
	}
}

// etcdIs asks etcd for its health.
func (h *host) etcdIs(c client) func() (bool, string) {
	return func() (bool, string) {
		code, said, err := h.ask(c, "GET", "/health", "")
		return code == 200 && strings.Contains(said, `"health":"true"`), fmt.Sprint(code, " ", said, " ", err)
	}
}
