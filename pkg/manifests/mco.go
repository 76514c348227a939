package manifests

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/release"
)

// This file holds what the machine-config operator reads on the bootstrap host.
// At the first object that it does not take it stops, and no machine is given
// any config.

const mcoGroup = "machineconfiguration.openshift.io"

var machineConfigSpec = shape{is: isObject, closed: true, fields: map[string]shape{
	"baseOSExtensionsContainerImage": aText,
	"config":                         anything, // see MachineConfigs
	"extensions":                     orNull(texts),
	"fips":                           aFlag,
	"kernelArguments":                orNull(texts),
	"kernelType":                     aText,
	"osImageURL":                     aText,
}}

// kubeletFields are the fields of a kubelet's configuration that people set.
var kubeletFields = map[string]shape{
	"allowedUnsafeSysctls": texts, "containerLogMaxFiles": aNumber, "containerLogMaxSize": aText, "cpuCFSQuota": aFlag,
	"cpuManagerPolicy": aText, "cpuManagerPolicyOptions": textMap, "cpuManagerReconcilePeriod": aText,
	"eventRecordQPS": aNumber, "evictionHard": textMap, "evictionMaxPodGracePeriod": aNumber,
	"evictionMinimumReclaim": textMap, "evictionPressureTransitionPeriod": aText, "evictionSoft": textMap,
	"evictionSoftGracePeriod": textMap, "imageGCHighThresholdPercent": aNumber, "imageGCLowThresholdPercent": aNumber,
	"imageMinimumGCAge": aText, "kubeAPIBurst": aNumber, "kubeAPIQPS": aNumber, "kubeReserved": textMap, "maxPods": aNumber,
	"memoryManagerPolicy": aText, "nodeStatusUpdateFrequency": aText, "podPidsLimit": aNumber, "podsPerCore": aNumber,
	"protectKernelDefaults": aFlag, "registerNode": aFlag, "registryBurst": aNumber, "registryPullQPS": aNumber,
	"reservedSystemCPUs": aText, "serializeImagePulls": aFlag, "shutdownGracePeriod": aText,
	"shutdownGracePeriodCriticalPods": aText, "streamingConnectionIdleTimeout": aText, "systemReserved": textMap,
	"tlsCipherSuites": texts, "tlsMinVersion": aText, "topologyManagerPolicy": aText, "topologyManagerScope": aText,
}

var (
	selector = orNull(fields(map[string]shape{
		"matchLabels":      orNull(textMap),
		"matchExpressions": orNull(listOf(fields(map[string]shape{"key": aText, "operator": aText, "values": orNull(texts)}))),
	}))
	digestMirrors = orNull(listOf(fields(map[string]shape{"source": aText, "mirrors": orNull(texts), "mirrorSourcePolicy": aText})))
)

// operatorReads says what the operator decodes, by group and kind.
var operatorReads = map[identity]map[string]shape{
	{group: mcoGroup, kind: "MachineConfig"}: {"spec": machineConfigSpec},
	{group: mcoGroup, kind: "MachineConfigPool"}: {"spec": fields(map[string]shape{
		"machineConfigSelector": selector, "nodeSelector": selector, "paused": aFlag,
	})},
	{group: mcoGroup, kind: "KubeletConfig"}: {"spec": shape{is: isObject, closed: true, fields: map[string]shape{
		"autoSizingReserved": aFlag, "kubeletConfig": orNull(fields(kubeletFields)), "logLevel": aNumber, "machineConfigPoolSelector": selector,
		"tlsSecurityProfile": orNull(anObject),
	}}},
	{group: mcoGroup, kind: "ContainerRuntimeConfig"}: {"spec": shape{is: isObject, closed: true, fields: map[string]shape{
		"containerRuntimeConfig": fields(map[string]shape{
			"defaultRuntime": aText, "logLevel": aText, "logSizeMax": anything, "overlaySize": anything, "pidsLimit": aNumber,
		}),
		"machineConfigPoolSelector": selector,
	}}},
	{group: "operator.openshift.io", kind: "ImageContentSourcePolicy"}: {"spec": fields(map[string]shape{
		"repositoryDigestMirrors": orNull(listOf(fields(map[string]shape{"source": aText, "mirrors": orNull(texts)}))),
	})},
	{group: configGroup, kind: "ImageDigestMirrorSet"}: {"spec": fields(map[string]shape{"imageDigestMirrors": digestMirrors})},
	{group: configGroup, kind: "ImageTagMirrorSet"}:    {"spec": fields(map[string]shape{"imageTagMirrors": digestMirrors})},
	{group: configGroup, kind: "Scheduler"}:            {"spec": fields(map[string]shape{"mastersSchedulable": aFlag})},
	{group: configGroup, kind: "Image"}: {"spec": fields(map[string]shape{
		"registrySources": fields(map[string]shape{
			"allowedRegistries": orNull(texts), "blockedRegistries": orNull(texts), "insecureRegistries": orNull(texts),
			"containerRuntimeSearchRegistries": orNull(texts),
		}),
	})},
}

// topFields are those that a MachineConfig has beside its spec.
var topFields = shape{closed: true, is: isObject, fields: map[string]shape{
	"apiVersion": anything, "kind": anything, "metadata": anything, "spec": anything, "status": anything,
}}

// decoded finds the values at which the operator stops, and what it drops.
func (d *document) decoded() (problems, warnings diag.Problems) {
	id := d.identity()
	read, ok := operatorReads[identity{group: id.group, kind: id.kind}]
	if !ok {
		return nil, nil
	}
	for _, name := range slices.Sorted(maps.Keys(read)) {
		if _, given := d.object[name]; !given {
			continue
		}
		p, w := d.misfits(read[name], name)
		problems, warnings = append(problems, p...), append(warnings, w...)
	}
	if id.group == mcoGroup {
		p, w := d.misfits(topFields)
		problems, warnings = append(problems, p...), append(warnings, w...)
	}
	problems = append(problems, d.nullConfig()...)
	if len(problems) > 0 {
		return problems, warnings
	}
	switch id.kind {
	case "MachineConfigPool":
		problems = d.selectorProblems("spec", "machineConfigSelector")
	case "KubeletConfig":
		p, w := d.kubelet()
		problems, warnings = append(problems, p...), append(warnings, w...)
	case "ContainerRuntimeConfig":
		problems = append(problems, d.containerRuntime()...)
	case "ImageContentSourcePolicy":
		problems = d.mirrorProblems("repositoryDigestMirrors")
	case "ImageDigestMirrorSet":
		problems = d.mirrorProblems("imageDigestMirrors")
	case "ImageTagMirrorSet":
		problems = d.mirrorProblems("imageTagMirrors")
	case "Image":
		problems = d.registrySources()
	}
	return problems, warnings
}

// nullConfig finds a config that a template left empty.
func (d *document) nullConfig() diag.Problems {
	if spec, _ := d.object["spec"].(object); spec != nil && d.isMachineConfig() {
		if config, given := spec["config"]; given && config == nil {
			return d.refuse(d.field("spec", "config"), "spec.config", "is null, which the API refuses: an object belongs here",
				"leave the field out, or put an Ignition config below it")
		}
	}
	return nil
}

// kubelet looks at the fields that belong to the cluster.
func (d *document) kubelet() (problems, warnings diag.Problems) {
	const config = "kubeletConfig"
	if v, ok := d.value("spec", "logLevel").(float64); ok && (v < 1 || v > 10) {
		problems = append(problems, d.refuse(d.field("spec", "logLevel"), "spec.logLevel", "is not from 1 to 10",
			"write 2 for what is usual, up to 6 for more")...)
	}
	for _, name := range []string{"cgroupDriver", "clusterDNS", "clusterDomain", "featureGates", "staticPodPath"} {
		if v := d.value("spec", config, name); v != nil && !isEmpty(v) {
			problems = append(problems, d.refuse(d.key("spec", config, name), "spec.kubeletConfig."+name,
				"must not be set: the cluster decides it, and the machine-config operator stops here", "remove it")...)
		}
	}
	for _, name := range []string{"failSwapOn", "memorySwap"} {
		if v := d.value("spec", config, name); v != nil && !isEmpty(v) {
			warnings = append(warnings, d.refuse(d.key("spec", config, name), "spec.kubeletConfig."+name,
				"is refused by the machine-config operator of many releases", "remove it, and set up swap when the cluster runs")...)
		}
	}
	if on, _ := d.value("spec", "autoSizingReserved").(bool); on && !isEmpty(d.value("spec", config, "systemReserved")) {
		problems = append(problems, d.refuse(d.key("spec", config, "systemReserved"), "spec.kubeletConfig.systemReserved",
			"cannot be given together with autoSizingReserved, and the machine-config operator stops here", "remove one of the two")...)
	}
	return problems, warnings
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case object:
		return len(v) == 0
	}
	return false
}

// containerRuntime looks at the values of CRI-O.
func (d *document) containerRuntime() (problems diag.Problems) {
	const config = "containerRuntimeConfig"
	add := func(name, detail, hint string) {
		problems = append(problems, d.refuse(d.field("spec", config, name), "spec."+config+"."+name, detail, hint)...)
	}
	if v, ok := d.value("spec", config, "pidsLimit").(float64); ok && v > 0 && v < 20 {
		add("pidsLimit", "is less than 20, and the machine-config operator stops here", "write 20 or more")
	}
	for name, words := range map[string][]string{
		"logLevel": {"fatal", "panic", "error", "warn", "info", "debug", "trace"}, "defaultRuntime": {"crun", "runc"},
	} {
		if v := d.text("spec", config, name); v != "" && !slices.Contains(words, v) {
			add(name, fmt.Sprintf("%q is not known, and the machine-config operator stops here", shorten(v)), "write "+diag.Or(words))
		}
	}
	for _, name := range []string{"logSizeMax", "overlaySize"} {
		v := d.value("spec", config, name)
		size, ok := quantity(v)
		switch {
		case v == nil:
		case !ok:
			add(name, "is not a size, and the bootstrap host stops at that", "write a number with a unit, such as 50Mi")
		case name == "logSizeMax" && size > 0 && size <= 8192:
			add(name, "is not more than 8 KiB, and the machine-config operator stops here", "write a larger size, such as 50Mi")
		case name == "overlaySize" && size < 0:
			add(name, "is less than 0, and the machine-config operator stops here", "write a size such as 8Gi")
		}
	}
	return problems
}

// quantity reads a size as the API writes them: 8192, 50Mi, 1.5G, 1e9.
func quantity(v any) (bytes float64, ok bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case string:
		for _, unit := range []struct {
			suffix string
			factor float64
		}{
			{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}, {"Ti", 1 << 40}, {"Pi", 1 << 50}, {"Ei", 1 << 60},
			{"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}, {"P", 1e15}, {"E", 1e18}, {"m", 1e-3}, {"u", 1e-6}, {"n", 1e-9}, {"", 1},
		} {
			if number, found := strings.CutSuffix(v, unit.suffix); found {
				n, err := strconv.ParseFloat(number, 64)
				return n * unit.factor, err == nil && !strings.ContainsAny(number, "xXpP_iInN")
			}
		}
	}
	return 0, false
}

// operatorFindings looks at the MachineConfigs as they are rendered: each pool
// of machines with those that it selects.
func operatorFindings(docs []*document, r release.Release) (problems, warnings diag.Problems) {
	pools := machinePools(docs)
	for _, d := range docs {
		if id := d.identity(); id.group == mcoGroup && (id.kind == "KubeletConfig" || id.kind == "ContainerRuntimeConfig") {
			warnings = append(warnings, d.unselectedBy(docs, "spec", "machineConfigPoolSelector")...)
		}
		if !d.isMachineConfig() {
			continue
		}
		found := slices.Concat(d.extensionProblems(r), d.kernelTypeProblems(r))
		if isSelected(d, pools) {
			problems = append(problems, found...)
			continue
		}
		warnings = append(warnings, found...)
		warnings = append(warnings, d.unselected(pools)...)
	}
	return append(problems, kernelDevel(docs, pools)...), warnings
}

// extensionProblems finds extensions that the release does not have. With a
// config beside them the operator stops; without one every node refuses them.
func (d *document) extensionProblems(r release.Release) (problems diag.Problems) {
	names, _ := d.value("spec", "extensions").([]any)
	known := r.Extensions()
	for i, v := range names {
		name, isText := v.(string)
		if !isText || slices.Contains(known, name) {
			continue
		}
		step := fmt.Sprintf("[%d]", i)
		detail := fmt.Sprintf("%q is not an extension of OKD %s, and no machine takes the MachineConfig", shorten(name), r.Line)
		hint := "write " + diag.Or(diag.Few(known, mostListed)) + ", or remove it"
		if line, later := r.ExtensionElsewhere(name); later {
			detail += "; release " + line + " and later have it"
		} else if line != "" {
			detail += "; release " + line + " was the last that has it"
		}
		problems = append(problems, d.refuse(d.field("spec", "extensions", step), "spec.extensions"+step, detail, hint)...)
	}
	return problems
}

func (d *document) kernelTypeProblems(r release.Release) diag.Problems {
	v := d.text("spec", "kernelType")
	if v == "" || slices.Contains(r.KernelTypes(), v) {
		return nil
	}
	return d.refuse(d.field("spec", "kernelType"), "spec.kernelType",
		fmt.Sprintf("%q is not a kernel that the machine-config operator knows", shorten(v)),
		"write "+diag.Or(diag.Few(r.KernelTypes(), mostListed)))
}

// kernelDevel finds the one extension that cannot be combined with another kernel, be
// it asked for in the same MachineConfig or in another one of the same machines.
func kernelDevel(docs []*document, pools []machinePool) (problems diag.Problems) {
	found := map[*document]bool{}
	for _, p := range pools {
		var kernel *document
		for _, d := range docs {
			if d.isMachineConfig() && p.selects(d) && slices.Contains([]string{"realtime", "64k-pages"}, d.text("spec", "kernelType")) {
				kernel = d
			}
		}
		for _, d := range docs {
			names, _ := d.value("spec", "extensions").([]any)
			i := slices.IndexFunc(names, func(v any) bool { return v == "kernel-devel" })
			if kernel == nil || i < 0 || !d.isMachineConfig() || !p.selects(d) || found[d] {
				continue
			}
			found[d] = true
			step := fmt.Sprintf("[%d]", i)
			problems = append(problems, d.refuse(d.field("spec", "extensions", step), "spec.extensions"+step,
				fmt.Sprintf("kernel-devel cannot be combined with the kernel %s of %s, and the machine-config operator stops here",
					kernel.text("spec", "kernelType"), shorten(kernel.text("metadata", "name"))), "remove one of the two")...)
		}
	}
	return problems
}
