package bootkube

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// podSecrets are the files of tls/ that the static pods look for once they run.
var podSecrets = map[string][]string{
	"kube-apiserver-pod.yaml": {
		"aggregator-signer.crt", "apiserver-proxy.crt", "apiserver-proxy.key", "bound-service-account-signing-key.key",
		"bound-service-account-signing-key.pub", "etcd-ca-bundle.crt", "etcd-client.crt", "etcd-client.key",
		"kube-apiserver-complete-client-ca-bundle.crt", "kube-apiserver-internal-lb-server.crt",
		"kube-apiserver-internal-lb-server.key", "kube-apiserver-lb-server.crt", "kube-apiserver-lb-server.key",
		"kube-apiserver-localhost-server.crt", "kube-apiserver-localhost-server.key",
		"kube-apiserver-service-network-server.crt", "kube-apiserver-service-network-server.key",
		"kube-apiserver-to-kubelet-client.crt", "kube-apiserver-to-kubelet-client.key", "kubelet-client-ca-bundle.crt",
		"service-account.pub",
	},
	"kube-controller-manager-pod.yaml": {
		"kube-apiserver-complete-server-ca-bundle.crt", "kubeconfig", "kubelet-signer.crt", "kubelet-signer.key",
		"service-account.key", "kube-control-plane-ca-bundle.crt", "kube-control-plane-kube-controller-manager-client.crt",
		"kube-control-plane-kube-controller-manager-client.key",
	},
	"kube-scheduler-pod.yaml": {"kubeconfig"},
}

// podConfigs are the files of /etc/kubernetes/bootstrap-configs.
var podConfigs = map[string][]string{
	"kube-apiserver-pod.yaml":          {"kube-apiserver-config.yaml"},
	"kube-controller-manager-pod.yaml": {"kube-controller-manager-config.yaml", "cluster-policy-controller-config.yaml"},
	"kube-scheduler-pod.yaml":          {"kube-scheduler-config.yaml"},
}

const (
	bootstrapSecrets = "/etc/kubernetes/bootstrap-secrets"
	bootstrapConfigs = "/etc/kubernetes/bootstrap-configs"
	staticPods       = "/etc/kubernetes/manifests"
)

// clusterBootstrap starts the control plane, and tears it down when the cluster
// has one of its own.
func clusterBootstrap(o *operation) {
	dir := o.flag("asset-dir")
	loopback, err := o.read(path.Join(dir, "auth/kubeconfig-loopback"))
	if err != nil {
		o.fatal("stat %s/auth/kubeconfig-loopback: no such file or directory", dir)
	}
	config := o.installConfig(path.Join(dir, "manifests/cluster-config.yaml"))
	if at(config, "controlPlane", "replicas") == nil {
		o.crash("runtime error: invalid memory address or nil pointer dereference")
	}
	for _, clause := range strings.Split(o.flag("required-pods"), ",") {
		if clause != "" && strings.Contains(clause, "|") && !strings.Contains(clause, ":") {
			o.fatal("required-pods: %q has no description", clause)
		}
	}
	secrets, _ := o.host(bootstrapSecrets)
	if secrets == "" {
		o.fatal("mkdir %s: no such file or directory", bootstrapSecrets)
	}
	if err := os.RemoveAll(secrets); err != nil {
		o.fatal("%v", err)
	}
	if err := os.Mkdir(secrets, 0o700); err != nil {
		o.fatal("%v", err)
	}
	tls, _ := o.host(path.Join(dir, "tls"))
	if err := os.CopyFS(secrets, os.DirFS(tls)); err != nil {
		o.fatal("%v", err)
	}
	if err := os.WriteFile(filepath.Join(secrets, "kubeconfig"), loopback, 0o600); err != nil {
		o.fatal("%v", err)
	}
	copied := o.copyPods(path.Join(dir, "bootstrap-manifests"))
	if o.await == nil {
		o.await = o.kubelet
	}
	if err := o.await(); err != nil {
		o.complain("the control plane does not come up: %v", err)
		o.fatal("timed out waiting for the condition")
	}
	if err := os.MkdirAll("/var/lib/etcd", 0o700); err != nil { // the pod of etcd makes it
		o.fatal("%v", err)
	}
	mark("api")
	mark("nodes")
	for _, name := range copied {
		_ = os.Remove(name)
	}
	if o.flag("tear-down-early") == "false" && o.flag("required-pods") != "" {
		_ = os.RemoveAll(secrets)
	}
}

// copyPods copies the static pods; one that is there already is an error.
func (o *operation) copyPods(dir string) (copied []string) {
	from, ok := o.host(dir)
	to, okTo := o.host(staticPods)
	if !ok || !okTo {
		o.fatal("open %s: no such file or directory", dir)
	}
	err := filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		target := filepath.Join(to, d.Name())
		f, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_ = f.Close()
		copied = append(copied, target)
		raw, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return o.put(target, raw, 0o600)
	})
	if err != nil {
		o.fatal("%v", err)
	}
	return copied
}

// kubelet does what the kubelet and the pods would do on the real host: it tells
// whether each static pod finds the files that it needs.
func (c *call) kubelet() error {
	pods, err := os.ReadDir(staticPods)
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, p := range pods {
		have[p.Name()] = true
		if err := CheckPod(p.Name()); err != nil {
			return err
		}
	}
	for _, name := range ControlPlanePods {
		if !have[name] {
			return fmt.Errorf("there is no static pod %s", name)
		}
	}
	if err := CheckEtcdAuthority(); err != nil {
		return err
	}
	return CheckMachineConfigs(c.setup.Version)
}

// ControlPlanePods are the files of the static pods that run the temporary
// control plane.
var ControlPlanePods = []string{
	"bootstrap-pod.yaml", "etcd-member-pod.yaml", "kube-apiserver-pod.yaml", "kube-controller-manager-pod.yaml", "kube-scheduler-pod.yaml",
	"machineconfigoperator-bootstrap-pod.yaml", "cloud-credential-operator-pod.yaml",
}

// CheckPod reports whether a static pod finds on this host what it mounts. The
// pod is the name of a file in /etc/kubernetes/manifests.
func CheckPod(file string) error {
	raw, err := os.ReadFile(filepath.Join(staticPods, file))
	if err != nil {
		return err
	}
	obj, err := decode(raw)
	if err != nil || text(obj, "kind") != "Pod" {
		return fmt.Errorf("%s is not a pod: %v", file, err)
	}
	switch file {
	case konnectivityPod:
		return checkKonnectivityPod(obj)
	case "kube-apiserver-pod.yaml":
		if err := checkEgress(); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	for _, name := range podSecrets[file] {
		if err := exist(filepath.Join(bootstrapSecrets, name)); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	for _, name := range podConfigs[file] {
		if err := exist(filepath.Join(bootstrapConfigs, name)); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// CheckEtcdAuthority wants the same etcd authority everywhere on this host: each
// run of etcd's renderer makes another.
func CheckEtcdAuthority() error {
	var want string
	for _, name := range []string{
		"/etc/kubernetes/static-pod-resources/etcd-member/ca.crt", bootstrapSecrets + "/etcd-ca-bundle.crt",
		bootstrapSecrets + "/etcd-client.crt", "/etc/kubernetes/static-pod-resources/etcd-member/etcd-all-certs/etcd-peer-bootstrap.crt",
	} {
		raw, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if want == "" {
			want = string(raw)
		}
		if string(raw) != want {
			return fmt.Errorf("%s is of another etcd authority", name)
		}
	}
	return nil
}

// waitForCEO asks the API until etcd runs in the cluster.
func waitForCEO(o *operation) {
	name := o.flag("kubeconfig")
	if name == "" {
		o.fatal("invalid configuration: no configuration has been provided")
	}
	if _, err := o.read(name); err != nil {
		o.fatal("stat %s: no such file or directory", name)
	}
	if !marked("api") {
		o.complain("wait-for-ceo before there is an API waits forever")
	}
}

// bootstrapInPlace makes the Ignition config of the node out of a Butane file
// and the files that it names.
func bootstrapInPlace(o *operation) {
	raw := o.mustRead(o.flag("input"), "%v")
	config, err := decode(raw)
	if err != nil || text(config, "variant") != "fcos" || text(config, "version") != "1.1.0" {
		o.fatal("No translator exists for variant %v with version %v", config["variant"], config["version"])
	}
	dir := o.flag("asset-dir")
	locals := []string{text(config, "ignition", "config", "merge", 0, "local")}
	for i := 0; at(config, "storage", "trees", i) != nil; i++ {
		locals = append(locals, text(config, "storage", "trees", i, "local"))
	}
	for i := 0; at(config, "storage", "files", i) != nil; i++ {
		locals = append(locals, text(config, "storage", "files", i, "contents", "local"))
	}
	for _, local := range locals {
		if _, ok := o.host(path.Join(dir, local)); local != "" && !ok {
			o.fatal("Error translating config: source config is invalid: %s/%s is missing", dir, local)
		}
	}
	output := o.flag("output")
	if output == "" {
		output = "o"
	}
	o.write(output, []byte("{\"ignition\":{\"version\":\"3.1.0\"}}\n"), 0o644)
}
