package bootkube

import (
	"cmp"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// atLeast reports whether the payload is of a line or a later one.
func (c *call) atLeast(line string) bool {
	lines := operatorTable().Lines
	return slices.Index(lines, c.setup.Line) >= slices.Index(lines, line)
}

// tolerantVersion is what the renderer of the API takes since 4.22, and
// strictVersion what the one of the API server takes for Kubernetes.
var (
	tolerantVersion = regexp.MustCompile(`^v?\d+(\.\d+){1,2}([-+].*)?$`)
	strictVersion   = regexp.MustCompile(`^\d+\.\d+\.\d+([-+].*)?$`)
)

// apiKinds are the kinds whose definitions the API's renderer writes: 22, as
// many as for the default feature set.
var apiKinds = []string{
	"apiservers", "authentications", "builds", "clusterimagepolicies", "consoles", "dnses", "featuregates", "imagecontentpolicies",
	"imagedigestmirrorsets", "imagepolicies", "images", "imagetagmirrorsets", "infrastructures", "ingresses", "networks", "nodes",
	"oauths", "operatorhubs", "projects", "proxies", "rolebindingrestrictions", "schedulers",
}

// definition is a CustomResourceDefinition. Two operators write the one of
// RoleBindingRestriction; both must be the same.
func definition(plural string) object {
	group := "config.openshift.io"
	if plural == "rolebindingrestrictions" {
		group = "authorization.openshift.io"
	}
	return object{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": object{"name": plural + "." + group}, "spec": object{"group": group},
	}
}

// apiRender fills the status of the FeatureGate, in place, and writes the
// definitions of the configuration kinds.
func apiRender(o *operation) {
	version := o.flag("payload-version")
	if o.atLeast("4.22") && !tolerantVersion.MatchString(version) {
		o.fatal("problem parsing payload version: %q", version)
	}
	dir := o.flag("rendered-manifest-dir")
	files, err := o.walk(dir)
	if err != nil {
		o.fatal("failed loading rendered manifest inputs from %q: %v", dir, err)
	}
	profile := "include.release.openshift.io/" + o.flag("cluster-profile")
	gates, set := 0, ""
	for _, file := range files {
		raw, _ := os.ReadFile(file)
		gate, err := decode(raw)
		if err != nil || text(gate, "kind") != "FeatureGate" {
			continue // this one only warns of what it cannot read
		}
		gates++
		set = text(gate, "spec", "featureSet")
		meta, _ := gate["metadata"].(object)
		notes, _ := meta["annotations"].(object)
		for name := range notes {
			if strings.HasPrefix(name, "include.release.openshift.io/") && name != profile {
				o.fatal("manifest has cluster-profile preferences other than %q", profile)
			}
		}
		meta["annotations"] = object{profile: "true"}
		gate["status"] = object{"featureGates": []any{object{
			"version": version, "enabled": []any{object{"name": "AdminNetworkPolicy"}}, "disabled": []any{object{"name": "EventedPLEG"}},
		}}}
		o.rewrite(file, gate)
	}
	if gates == 0 {
		o.fatal("problem with featuregate manifests: no FeatureGates found in manfest dir")
	}
	out := path.Join(o.flag("asset-output-dir"), "manifests")
	if o.definitions(out, profile, set) {
		return
	}
	for _, plural := range apiKinds {
		o.write(path.Join(out, "0000_10_config-operator_01_"+plural+".crd.yaml"), definition(plural), 0o644)
	}
}

// definitions writes those of the image that are for the profile, the feature set and a
// bootstrap host. It reports whether the image brings any.
func (o *operation) definitions(out, profile, set string) bool {
	entries, err := os.ReadDir(imageDefinitions)
	if err != nil {
		return false
	}
	for _, e := range entries {
		raw, _ := os.ReadFile(filepath.Join(imageDefinitions, e.Name()))
		definition, err := decode(raw)
		if err != nil {
			o.fatal("%s: %v", e.Name(), err)
		}
		note := func(name string) string { return text(definition, "metadata", "annotations", name) }
		sets := strings.Split(note("release.openshift.io/feature-set"), ",")
		if note(profile) == "true" && note("release.openshift.io/bootstrap-required") == "true" &&
			(sets[0] == "" || slices.Contains(sets, cmp.Or(set, "Default"))) {
			o.write(path.Join(out, e.Name()), raw, 0o644)
		}
	}
	return true
}

// rewrite writes a file of the host in place, as JSON whatever its name.
func (o *operation) rewrite(file string, value any) {
	raw, _ := json.Marshal(value)
	if err := o.put(file, raw, 0o644); err != nil {
		o.fatal("%v", err)
	}
}

func authRender(o *operation) {
	out := o.flag("asset-output-dir")
	if out == "" {
		o.fatal("creating asset-output-dir: mkdir : no such file or directory")
	}
	const name = "authorization.openshift.io_rolebindingrestrictions.yaml"
	var content any = definition("rolebindingrestrictions")
	if raw, err := os.ReadFile(filepath.Join(imageManifests, name)); err == nil {
		content = raw
	}
	o.write(path.Join(out, name), content, 0o644)
}

func configRender(o *operation) {
	in, out := o.flag("cluster-infrastructure-input-file"), o.flag("cloud-provider-config-output-file")
	if (in == "") != (out == "") {
		o.fatal("cluster-infrastructure-input-file and cloud-provider-config-output-file must be specified together")
	}
	if _, err := o.walk(o.flag("asset-input-dir")); err != nil {
		o.fatal("failed loading assets from %q: %v", o.flag("asset-input-dir"), err)
	}
	for _, dir := range o.flags["rendered-manifest-files"] {
		o.manifestDir(dir)
	}
	if in == "" {
		return
	}
	if len(o.mustRead(in, "failed to stat: %v")) == 0 {
		o.fatal("infrastructure file %s is empty", in)
	}
	if cloud := o.flag("cloud-provider-config-input-file"); cloud != "" {
		o.mustRead(cloud, "failed to read cloud provider file: %v")
	}
	o.write(out, object{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": object{"name": "kube-cloud-config", "namespace": "openshift-config-managed"},
	}, 0o644)
	o.mkdir(path.Join(o.flag("asset-output-dir"), "manifests"), 0o755)
}

// cvoKinds are the manifests that the release image brings for itself: 12.
var cvoKinds = []string{
	"adminack_configmap", "clusteroperators.crd", "clusterversions.crd", "configmap", "namespace", "prometheusrole",
	"prometheusrolebinding", "roles", "service", "serviceaccount", "servicemonitor", "update_payload",
}

func cvoRender(o *operation) {
	for _, name := range []string{"cluster-version-manifest-path", "feature-gate-manifest-path"} {
		file := o.flag(name)
		if file == "" {
			continue
		}
		raw, err := o.read(file)
		if err != nil {
			o.crash("runtime error: invalid memory address or nil pointer dereference")
		}
		obj, err := decode(raw)
		want := map[string]string{"cluster-version-manifest-path": "ClusterVersion", "feature-gate-manifest-path": "FeatureGate"}[name]
		if err != nil || text(obj, "kind") != want {
			o.fatal("%s: GroupVersionKind %v but expected %s", file, obj["kind"], want)
		}
		if at(obj, "status", "featureGates", 1) != nil {
			o.fatal("%s has more than one entry in status.featureGates", file)
		}
	}
	out := o.flag("output-dir")
	o.write(path.Join(out, "bootstrap/bootstrap-pod.yaml"), pod("cluster-version-operator"), 0o644)
	for _, kind := range cvoKinds {
		name := "0000_00_cluster-version-operator_" + kind + ".yaml"
		o.write(path.Join(out, "manifests", name), o.plain(name), 0o644)
	}
}

// etcdSecrets are the last of the manifests that etcd's renderer writes.
var etcdSecrets = []string{
	"etcd-all-bundles", "etcd-ca-bundle", "etcd-client", "etcd-metric-client", "etcd-metric-signer", "etcd-metrics-ca-bundle",
	"etcd-peer", "etcd-serving", "etcd-serving-metrics", "etcd-signer", "etcd-signer-ca",
}

// etcdRender makes a new authority at each run.
func etcdRender(o *operation) {
	o.mustRead(o.flag("network-config-file"), "failed to get network config: %v")
	infra := o.mustRead(o.flag("infra-config-file"), "failed to get infrastructure config: %v")
	if obj, err := decode(infra); err != nil || at(obj, "status", "platformStatus") == nil {
		o.fatal("failed to get infrastructure config: no platform status")
	}
	config := o.installConfig(o.flag("cluster-configmap-file"))
	if _, ok := at(config, "controlPlane", "replicas").(float64); !ok {
		o.fatal("failed to get cluster configmap: no replicas")
	}
	if at(config, "networking", "machineNetwork", 0) == nil {
		o.fatal("failed to get cluster configmap: no machine network")
	}
	appendLine("authorities", "")
	out := o.flag("asset-output-dir")
	o.write(path.Join(out, "etc-kubernetes/manifests/etcd-member-pod.yaml"), pod("etcd-member"), 0o644)
	member := path.Join(out, "etc-kubernetes/static-pod-resources/etcd-member")
	// every file of one set names the same authority
	authority := []byte(id(string(mustFile("authorities"))))
	o.write(path.Join(member, "ca.crt"), authority, 0o644)
	for _, name := range []string{
		"etcd-signer", "etcd-metric-signer", "etcd-client", "etcd-metric-client",
		"etcd-peer-bootstrap", "etcd-serving-bootstrap", "etcd-serving-metrics-bootstrap",
	} {
		o.write(path.Join(member, "etcd-all-certs", name+".crt"), authority, 0o600)
		o.write(path.Join(member, "etcd-all-certs", name+".key"), authority, 0o600)
	}
	for _, name := range o.command.Manifests {
		o.write(path.Join(out, "manifests", name), o.plain(name), 0o644)
	}
	for _, name := range etcdSecrets {
		o.write(path.Join(out, "manifests/openshift-etcd-"+name+".yaml"), o.plain("openshift-etcd-"+name+".yaml"), 0o644)
	}
	for _, name := range []string{"etcd-ca-bundle.crt", "etcd-client.crt", "etcd-client.key"} {
		o.write(path.Join(out, "tls", name), authority, 0o600)
	}
}

func mustFile(name string) []byte {
	raw, err := os.ReadFile(filepath.Join(fakesDir, name))
	if err != nil {
		panic(err)
	}
	return raw
}

// installConfig reads the install-config out of its ConfigMap.
func (o *operation) installConfig(file string) object {
	raw := o.mustRead(file, "failed to get cluster configmap: %v")
	obj, err := decode(raw)
	if err != nil || text(obj, "data", "install-config") == "" {
		o.fatal("failed to get install config from cluster configmap: %v", err)
	}
	config, err := decode([]byte(text(obj, "data", "install-config")))
	if err != nil {
		o.fatal("failed to get install config from cluster configmap: %v", err)
	}
	return config
}

func ingressRender(o *operation) {
	out := o.flag("output-dir")
	o.mkdir(out, 0o750)
	for _, name := range []string{"00-custom-resource-definition.yaml", "00-namespace.yaml"} {
		name = o.flag("prefix") + name
		o.write(path.Join(out, name), o.plain(name), 0o640)
	}
}

// tuningRender makes its folder always, and leaves it empty for a plain cluster.
func tuningRender(o *operation) {
	in := o.flag("asset-input-dir")
	if in == "" {
		in = "/assets"
	}
	pinned := false
	for _, dir := range strings.Split(in, ",") {
		files, err := o.walk(dir)
		if err != nil {
			o.fatal("%v", err)
		}
		for _, file := range files {
			raw, _ := os.ReadFile(file)
			obj, err := decode(raw)
			if err != nil && len(strings.TrimSpace(string(raw))) > 0 {
				o.fatal("error parsing %q manifest: %v", file, err)
			}
			pinned = pinned || text(obj, "kind") == "Infrastructure" && text(obj, "status", "cpuPartitioning") == "AllNodes"
		}
	}
	out := o.flag("asset-output-dir")
	o.mkdir(out, 0o755)
	if pinned {
		for _, role := range []string{"master", "worker"} {
			name := "01_01-" + role + "-cpu-partitioning_workload_pinning_machineconfig.yaml"
			o.write(path.Join(out, name), machineConfig("01-"+role+"-cpu-partitioning", role), 0o644)
		}
	}
}

func machineConfig(name, role string) object {
	return object{
		"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "MachineConfig",
		"metadata": object{"name": name, "labels": object{"machineconfiguration.openshift.io/role": role}},
	}
}

// tuningBootcmd runs the tuned daemon, which must not reach the host.
func tuningBootcmd(o *operation) {
	if o.env["CLUSTER_NODE_TUNED_BOOTSTRAP_SAFE_ENV"] == "" {
		o.fatal("Should only be run on bootstrap safe environment")
	}
	for _, m := range o.mounts {
		if strings.HasPrefix(m.source, "/etc") || strings.HasPrefix(m.source, "/sys") {
			if !m.overlay && !m.readOnly {
				o.complain("%s is mounted into the tuned container for writing", m.source)
			}
		}
	}
	found := false
	for _, dir := range o.flags["asset-input-dir"] {
		files, err := o.walk(dir)
		if err != nil {
			o.fatal("%v", err)
		}
		for _, file := range files {
			raw, _ := os.ReadFile(file)
			obj, _ := decode(raw)
			found = found || text(obj, "kind") == "MachineConfigPool" && text(obj, "metadata", "name") == o.flag("mcp-name")
		}
	}
	_ = found // the pools of this stage come from the image itself
	o.mkdir(o.flag("asset-output-dir"), 0o755)
}
