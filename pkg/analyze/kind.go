package analyze

import (
	"slices"
	"strings"
)

// releaseGroups are the groups and versions of the API that a release brings, at once or
// when its operators run. While cluster-bootstrap waits for these it tries all manifests
// again and again, and says of each that its kind is not known: that is normal.
var releaseGroups = map[string][]string{
	"":                                {"v1"},
	"apps":                            {"v1"},
	"batch":                           {"v1"},
	"autoscaling":                     {"v1", "v2"},
	"policy":                          {"v1"},
	"admissionregistration.k8s.io":    {"v1", "v1beta1", "v1alpha1"},
	"apiextensions.k8s.io":            {"v1"},
	"apiregistration.k8s.io":          {"v1"},
	"certificates.k8s.io":             {"v1", "v1alpha1"},
	"coordination.k8s.io":             {"v1"},
	"discovery.k8s.io":                {"v1"},
	"events.k8s.io":                   {"v1"},
	"flowcontrol.apiserver.k8s.io":    {"v1", "v1beta3"},
	"networking.k8s.io":               {"v1"},
	"node.k8s.io":                     {"v1"},
	"rbac.authorization.k8s.io":       {"v1"},
	"resource.k8s.io":                 {"v1", "v1beta1", "v1beta2"},
	"scheduling.k8s.io":               {"v1"},
	"snapshot.storage.k8s.io":         {"v1"},
	"groupsnapshot.storage.k8s.io":    {"v1beta1"},
	"storage.k8s.io":                  {"v1", "v1beta1"},
	"gateway.networking.k8s.io":       {"v1", "v1beta1"},
	"policy.networking.k8s.io":        {"v1alpha1"},
	"k8s.cni.cncf.io":                 {"v1"},
	"k8s.ovn.org":                     {"v1"},
	"whereabouts.cni.cncf.io":         {"v1alpha1"},
	"ipam.cluster.x-k8s.io":           {"v1alpha1", "v1beta1"},
	"cluster.x-k8s.io":                {"v1beta1", "v1beta2"},
	"infrastructure.cluster.x-k8s.io": {"v1beta1", "v1beta2"},
	"metal3.io":                       {"v1alpha1"},
	"migration.k8s.io":                {"v1alpha1"},
	"monitoring.coreos.com":           {"v1", "v1alpha1", "v1beta1"},
	"operators.coreos.com":            {"v1", "v1alpha1", "v1alpha2", "v2"},
	"packages.operators.coreos.com":   {"v1"},
	"olm.operatorframework.io":        {"v1"},
	"apiserver.openshift.io":          {"v1"},
	"apps.openshift.io":               {"v1"},
	"authorization.openshift.io":      {"v1"},
	"autoscaling.openshift.io":        {"v1", "v1beta1"},
	"build.openshift.io":              {"v1"},
	"cloud.network.openshift.io":      {"v1"},
	"cloudcredential.openshift.io":    {"v1"},
	"config.openshift.io": {
		"v1", "v1alpha1", "v1alpha2",
	},
	"console.openshift.io":                {"v1", "v1alpha1"},
	"controlplane.operator.openshift.io":  {"v1alpha1"},
	"helm.openshift.io":                   {"v1beta1"},
	"image.openshift.io":                  {"v1"},
	"imageregistry.operator.openshift.io": {"v1"},
	"ingress.operator.openshift.io":       {"v1"},
	"insights.openshift.io":               {"v1alpha1", "v1alpha2", "v1"},
	"machine.openshift.io":                {"v1", "v1beta1", "v1alpha1"},
	"machineconfiguration.openshift.io": {
		"v1", "v1alpha1",
	},
	"monitoring.openshift.io":        {"v1"},
	"network.openshift.io":           {"v1"},
	"network.operator.openshift.io":  {"v1"},
	"oauth.openshift.io":             {"v1"},
	"operator.openshift.io":          {"v1", "v1alpha1"},
	"performance.openshift.io":       {"v1", "v1alpha1", "v2"},
	"project.openshift.io":           {"v1"},
	"quota.openshift.io":             {"v1"},
	"route.openshift.io":             {"v1"},
	"samples.operator.openshift.io":  {"v1"},
	"security.internal.openshift.io": {"v1"},
	"security.openshift.io":          {"v1"},
	"sharedresource.openshift.io":    {"v1alpha1"},
	"storage.openshift.io":           {"v1"},
	"template.openshift.io":          {"v1"},
	"tuned.openshift.io":             {"v1"},
	"user.openshift.io":              {"v1"},
	"apiextensions.openshift.io":     {"v1alpha1"},
	"etcd.openshift.io":              {"v1alpha1"},
}

// releaseKinds are all kinds of those groups whose objects people write most, so that a
// kind that is mistyped stands out.
var releaseKinds = map[string][]string{
	"machineconfiguration.openshift.io": {
		"MachineConfig", "MachineConfigPool", "KubeletConfig", "ContainerRuntimeConfig", "ControllerConfig", "MachineConfigNode",
		"MachineOSConfig", "MachineOSBuild", "PinnedImageSet", "OSImageStream", "InternalReleaseImage",
	},
	"config.openshift.io": {
		"APIServer", "Authentication", "Backup", "Build", "ClusterImagePolicy", "ClusterMonitoring", "ClusterOperator", "ClusterVersion",
		"Console", "CRIOCredentialProviderConfig", "DNS", "FeatureGate", "Image", "ImageContentPolicy",
		"ImageDigestMirrorSet", "ImagePolicy", "ImageTagMirrorSet", "Infrastructure", "Ingress", "InsightsDataGather", "Network", "Node",
		"OAuth", "OperatorHub", "PKI", "Project", "Proxy", "Scheduler",
	},
}

var (
	unknownKind      = compiled(`no matches for kind "([^"]*)" in version "([^"]*)"`)
	unknownNamespace = compiled(`namespaces "([^"]*)" not found`)
)

// foreignKind is for a kind that the release does not bring.
func foreignKind(l line) bool {
	m := l.find(unknownKind, "no matches for kind")
	if m == nil {
		return false
	}
	group, version, found := strings.Cut(m[2], "/")
	if !found {
		group, version = "", m[2]
	}
	if !slices.Contains(releaseGroups[group], version) {
		return true
	}
	kinds := releaseKinds[group]
	return kinds != nil && !slices.ContainsFunc(kinds, func(kind string) bool { return strings.EqualFold(kind, m[1]) })
}

// foreignNamespace is for a namespace that the release does not bring.
func foreignNamespace(l line) bool {
	m := l.find(unknownNamespace, "namespaces ")
	return len(m) > 1 && !strings.HasPrefix(m[1], "openshift") && !strings.HasPrefix(m[1], "kube-") && m[1] != "default"
}
