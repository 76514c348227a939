package manifests

import (
	"slices"
	"strings"
)

// kindRow lists kinds of one API group that a cluster has from the start, by
// whether their objects live in a namespace.
type kindRow struct {
	group               string
	namespaced, cluster string
	// version is set where the kinds have one version only.
	version string
}

// kindTable holds what people write by hand for an installation. A kind that is
// not in it is not judged: its definition may come along.
var kindTable = []kindRow{
	{
		group: "", version: "v1",
		namespaced: "Binding ConfigMap Endpoints Event LimitRange PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount",
		cluster:    "ComponentStatus Namespace Node PersistentVolume",
	},
	{group: "apps", version: "v1", namespaced: "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet"},
	{group: "batch", version: "v1", namespaced: "CronJob Job"},
	{group: "policy", version: "v1", namespaced: "PodDisruptionBudget"},
	{group: "rbac.authorization.k8s.io", version: "v1", namespaced: "Role RoleBinding", cluster: "ClusterRole ClusterRoleBinding"},
	{group: "networking.k8s.io", version: "v1", namespaced: "Ingress NetworkPolicy", cluster: "IngressClass"},
	{group: "apiextensions.k8s.io", version: "v1", cluster: "CustomResourceDefinition"},
	{group: "apiregistration.k8s.io", version: "v1", cluster: "APIService"},
	{group: "storage.k8s.io", version: "v1", namespaced: "CSIStorageCapacity", cluster: "CSIDriver CSINode StorageClass VolumeAttachment"},
	{group: "scheduling.k8s.io", version: "v1", cluster: "PriorityClass"},
	{group: "coordination.k8s.io", namespaced: "Lease"},
	{group: "autoscaling", namespaced: "HorizontalPodAutoscaler"},
	{group: "discovery.k8s.io", version: "v1", namespaced: "EndpointSlice"},
	{group: "node.k8s.io", version: "v1", cluster: "RuntimeClass"},
	{group: "flowcontrol.apiserver.k8s.io", cluster: "FlowSchema PriorityLevelConfiguration"},
	{
		group: "admissionregistration.k8s.io",
		cluster: "MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding " +
			"ValidatingWebhookConfiguration",
	},
	{
		group: configGroup, version: "v1",
		cluster: "APIServer Authentication Build ClusterOperator ClusterVersion Console DNS FeatureGate Image " +
			"ImageContentPolicy ImageDigestMirrorSet ImageTagMirrorSet Infrastructure Ingress Network Node OAuth OperatorHub Project Proxy Scheduler",
	},
	{group: configGroup, namespaced: "ImagePolicy", cluster: "ClusterImagePolicy"},
	{
		group: "operator.openshift.io", version: "v1", namespaced: "IngressController",
		cluster: "Authentication CSISnapshotController CloudCredential ClusterCSIDriver Config Console DNS Etcd " +
			"KubeAPIServer KubeControllerManager KubeScheduler KubeStorageVersionMigrator MachineConfiguration Network OpenShiftAPIServer " +
			"OpenShiftControllerManager ServiceCA Storage",
	},
	{group: "operator.openshift.io", version: "v1alpha1", cluster: "ImageContentSourcePolicy"},
	{
		group: mcoGroup, version: "v1",
		cluster: "ContainerRuntimeConfig ControllerConfig KubeletConfig MachineConfig MachineConfigPool",
	},
	{group: mcoGroup, cluster: "MachineConfigNode MachineOSBuild MachineOSConfig OSImageStream PinnedImageSet"},
	{group: "machine.openshift.io", version: "v1", namespaced: "ControlPlaneMachineSet"},
	{group: "machine.openshift.io", version: "v1beta1", namespaced: "Machine MachineHealthCheck MachineSet"},
	{group: "autoscaling.openshift.io", version: "v1", cluster: "ClusterAutoscaler"},
	{group: "autoscaling.openshift.io", version: "v1beta1", namespaced: "MachineAutoscaler"},
	{group: "metal3.io", version: "v1alpha1", namespaced: "BareMetalHost", cluster: "Provisioning"},
	{group: "security.openshift.io", version: "v1", cluster: "SecurityContextConstraints"},
	{group: "route.openshift.io", version: "v1", namespaced: "Route"},
	{group: "console.openshift.io", cluster: "ConsoleCLIDownload ConsoleLink ConsoleNotification ConsolePlugin ConsoleQuickStart"},
	{group: "cloudcredential.openshift.io", version: "v1", namespaced: "CredentialsRequest"},
	{group: "tuned.openshift.io", version: "v1", namespaced: "Profile Tuned"},
	{group: "performance.openshift.io", cluster: "PerformanceProfile"},
	{group: "imageregistry.operator.openshift.io", version: "v1", cluster: "Config ImagePruner"},
	{group: "samples.operator.openshift.io", version: "v1", cluster: "Config"},
	{group: "quota.openshift.io", version: "v1", cluster: "ClusterResourceQuota"},
	{
		group: "operators.coreos.com", version: "v1alpha1",
		namespaced: "CatalogSource ClusterServiceVersion InstallPlan Subscription",
	},
	{group: "operators.coreos.com", version: "v1", cluster: "OLMConfig Operator"},
	{group: "operators.coreos.com", namespaced: "OperatorCondition OperatorGroup"},
	{group: "monitoring.coreos.com", version: "v1", namespaced: "PodMonitor PrometheusRule ServiceMonitor"},
	{group: "k8s.cni.cncf.io", version: "v1", namespaced: "NetworkAttachmentDefinition"},
}

// scope says whether the objects of a kind live in a namespace. known is false
// for a kind that is not in the table.
func scope(group, kind string) (namespaced, known bool) {
	row, namespaced := rowOf(group, kind)
	return namespaced, row != nil
}

// rowOf is the row of a kind, or nil.
func rowOf(group, kind string) (row *kindRow, namespaced bool) {
	for i := range kindTable {
		row := &kindTable[i]
		switch {
		case row.group != group:
		case slices.Contains(strings.Fields(row.namespaced), kind):
			return row, true
		case slices.Contains(strings.Fields(row.cluster), kind):
			return row, false
		}
	}
	return nil, false
}

// kindsOf lists the kinds of a group that are in the table.
func kindsOf(group string) (kinds []string) {
	for _, row := range kindTable {
		if row.group == group {
			kinds = append(kinds, strings.Fields(row.namespaced+" "+row.cluster)...)
		}
	}
	return kinds
}

// onlyVersion is the version of a kind whose group has one only, or empty.
func onlyVersion(group, kind string) string {
	if row, _ := rowOf(group, kind); row != nil {
		return row.version
	}
	return ""
}

// groupsOf lists the API versions, or the groups where there are several, of
// the table's kinds of that name.
func groupsOf(kind string) (groups []string) {
	for i := range kindTable {
		row := &kindTable[i]
		if found, _ := rowOf(row.group, kind); found != row || row.group == "" {
			continue
		}
		version := row.version
		if version == "" {
			version = "VERSION"
		}
		groups = append(groups, row.group+"/"+version)
	}
	return groups
}

// namesOfPeople are the groups whose objects may be named as people, roles and
// images are; their names need only fit into a path.
var namesOfPeople = []string{
	"rbac.authorization.k8s.io", "authorization.openshift.io", "user.openshift.io", "oauth.openshift.io", "image.openshift.io",
	"build.openshift.io", "template.openshift.io", "apps.openshift.io", "project.openshift.io", "certificates.k8s.io",
}

// formOfName is the rule for the name of an object.
func formOfName(group, kind string) nameForm {
	switch {
	case group == "" && (kind == "Namespace" || kind == "Service"):
		return labelForm
	case slices.Contains(namesOfPeople, group):
		return segmentForm
	default:
		return subdomainForm
	}
}
