package bootkube

import (
	"maps"
	"path"
)

// The renderers of the API server, the controller manager and the scheduler, which run
// as static pods on the bootstrap host.

func kasRender(o *operation) {
	if o.atLeast("4.18") && !strictVersion.MatchString(o.flag("operand-kubernetes-version")) {
		o.fatal("could not parse --operand-kubernetes-version %q", o.flag("operand-kubernetes-version"))
	}
	tls := o.flag("asset-input-dir")
	if _, err := o.walk(tls); err != nil {
		o.fatal("failed loading assets from %q: %v", tls, err)
	}
	o.mustRead(o.flag("cluster-config-file"), "failed to read network config: %v")
	o.mustRead(o.flag("infra-config-file"), "failed to read infrastructure config: %v")
	config := object{"apiVersion": "kubecontrolplane.config.openshift.io/v1", "kind": "KubeAPIServerConfig"}
	for _, file := range o.flags["config-override-files"] {
		override, err := decode(o.mustRead(file, "failed to load config override file: %v"))
		if err != nil || text(override, "kind") != text(config, "kind") || text(override, "apiVersion") != text(config, "apiVersion") {
			o.complain("%s is no config of the API server: %v", file, err)
		}
		maps.Copy(config, override)
	}
	for _, dir := range o.flags["rendered-manifest-files"] {
		o.featureGate(o.manifestDir(dir))
	}
	bound := path.Join(tls, "bound-service-account-signing-key")
	_, haveKey := o.host(bound + ".key")
	_, havePub := o.host(bound + ".pub")
	switch {
	case haveKey && !havePub:
		o.fatal("%s.key was supplied, but the matching public key is missing", bound)
	case havePub && !haveKey:
		o.fatal("%s.pub was supplied, but the matching private key is missing", bound)
	case !haveKey:
		o.write(bound+".key", []byte("a key\n"), 0o600)
		o.write(bound+".pub", []byte("a key\n"), 0o644)
	}
	o.loads(tls)
	if _, ok := o.host(path.Join(tls, o.flag("manifest-etcd-serving-ca"))); !ok {
		o.complain("the etcd serving CA %s is not in %s", o.flag("manifest-etcd-serving-ca"), tls)
	}
	o.write(o.flag("config-output-file"), config, 0o644)
	o.writeTable(o.flag("asset-output-dir"))
}

// kubeconfigBeside reads the kubeconfig that two operators look for beside their
// tls folder; the path in their message is another one.
func (o *operation) kubeconfigBeside(tls string) {
	if _, err := o.walk(tls); err != nil {
		o.fatal("failed loading assets from %q: %v", tls, err)
	}
	o.mustRead(path.Join(path.Dir(path.Clean(tls)), "auth/kubeconfig"), "failed to read /etc/kubernetes/bootstrap-secrets/kubeconfig: %v")
}

func kcmRender(o *operation) {
	tls := o.flag("asset-input-dir")
	o.kubeconfigBeside(tls)
	o.mustRead(o.flag("cluster-config-file"), "failed to read network config: %v")
	if len(o.flags["rendered-manifest-files"]) == 0 {
		o.fatal("no FeatureGates found in manfest dir")
	}
	for _, dir := range o.flags["rendered-manifest-files"] {
		o.featureGate(o.manifestDir(dir))
	}
	o.loads(tls)
	o.write(o.flag("config-output-file"), object{"apiVersion": "kubecontrolplane.config.openshift.io/v1",
		"kind": "KubeControllerManagerConfig"}, 0o644)
	o.write(o.flag("cpc-config-output-file"), object{"apiVersion": "openshiftcontrolplane.config.openshift.io/v1",
		"kind": "OpenShiftControllerManagerConfig"}, 0o644)
	o.writeTable(o.flag("asset-output-dir"))
}

func schedulerRender(o *operation) {
	o.kubeconfigBeside(o.flag("asset-input-dir"))
	for _, dir := range o.flags["rendered-manifest-files"] {
		o.manifestDir(dir)
	}
	o.write(o.flag("config-output-file"), object{"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"}, 0o644)
	o.writeTable(o.flag("asset-output-dir"))
}
