package bootkube

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// mcoBootstrap reads some files by their default path: those names are a
// contract between the installer and every payload.
func mcoBootstrap(o *operation) {
	must := func(flag, byDefault string) {
		name := o.flag(flag)
		if name == "" {
			name = byDefault
		}
		if name == "" {
			o.fatal("parsing dependencies for MCO bootstrap: required file %s not set", flag)
		}
		o.mustRead(name, "parsing dependencies for MCO bootstrap: cannot read "+flag+" file: %v")
	}
	must("root-ca", "/etc/ssl/kubernetes/ca.crt")
	must("config-file", "")
	must("pull-secret", "/assets/manifests/pull.json")
	must("infra-config-file", "/assets/manifests/cluster-infrastructure-02-config.yml")
	must("network-config-file", "/assets/manifests/cluster-network-02-config.yml")
	must("proxy-config-file", "/assets/manifests/cluster-proxy-01-config.yaml")
	must("dns-config-file", "/assets/manifests/cluster-dns-02-config.yml")
	for _, flag := range []string{"kube-ca", "cloud-provider-ca-file", "cloud-config-file"} {
		if name := o.flag(flag); name != "" {
			if _, err := o.read(name); err != nil {
				if !o.atLeast("4.22") {
					o.fatal("%v", err)
				}
				o.complain("--%s=%s is not there", flag, name)
			}
		}
	}
	references := o.flag("image-references")
	if references != "" {
		o.checkReferences(references)
	}
	if o.flag("release-image") != o.setup.Digest {
		o.complain("--release-image=%s is not the release by digest", o.flag("release-image"))
	}
	out := o.flag("dest-dir")
	p := pod("machine-config-operator")
	p["metadata"].(object)["annotations"] = object{"payload-version": o.flag("payload-version")}
	o.write(path.Join(out, "bootstrap/machineconfigoperator-bootstrap-pod.yaml"), p, 0o644)
	boot := path.Join(out, "bootstrap/manifests")
	o.write(path.Join(boot, "machineconfigcontroller-controllerconfig.yaml"), object{
		"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "ControllerConfig", "metadata": object{"name": "machine-config-controller"},
	}, 0o644)
	o.write(path.Join(boot, "machineconfigcontroller-pull-secret"), object{
		"apiVersion": "v1", "kind": "Secret", "metadata": object{"name": "pull-secret", "namespace": "openshift-config"},
		"type": "kubernetes.io/dockerconfigjson",
	}, 0o644)
	for _, role := range []string{"master", "worker"} {
		o.write(path.Join(boot, role+".machineconfigpool.yaml"), object{
			"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "MachineConfigPool", "metadata": object{"name": role},
		}, 0o644)
	}
	for _, name := range []string{"csr-bootstrap-role-binding.yaml", "kube-apiserver-serving-ca-configmap.yaml"} {
		o.write(path.Join(out, "manifests", name), o.plain(name), 0o644)
	}
	if platform := o.onPremise(); platform != "" {
		o.write(path.Join(out, platform, "manifests/coredns.yaml"), pod("coredns"), 0o644)
		o.write(path.Join(out, platform, "static-pod-resources/coredns/Corefile.tmpl"), []byte(". {}\n"), 0o644)
	}
}

// checkReferences wants an image for each tag that the line's operator needs.
func (o *operation) checkReferences(file string) {
	stream, err := decode(o.mustRead(file, "%v"))
	if err != nil || text(stream, "kind") != "ImageStream" {
		o.fatal("%s is not an ImageStream: %v", file, err)
	}
	var tags []string
	for i := 0; at(stream, "spec", "tags", i) != nil; i++ {
		if text(stream, "spec", "tags", i, "from", "kind") == "DockerImage" {
			tags = append(tags, text(stream, "spec", "tags", i, "name"))
		}
	}
	for _, tag := range o.command.Tags {
		if !slices.Contains(tags, tag) {
			o.fatal("Failed to find %s in image references", tag)
		}
	}
}

// onPremise is the folder of static pods that a platform with virtual addresses
// gets, or empty.
func (o *operation) onPremise() string {
	raw, err := o.read("/assets/manifests/cluster-infrastructure-02-config.yml")
	if err != nil {
		return ""
	}
	infra, _ := decode(raw)
	platform := text(infra, "status", "platformStatus", "type")
	folder := strings.ToLower(platform)
	if at(infra, "status", "platformStatus", folder, "apiServerInternalIPs", 0) == nil {
		return ""
	}
	return folder
}

const mccBootstrap = "/etc/mcc/bootstrap"

// CheckMachineConfigs does what the init container of the pod that mcoBootstrap
// writes would stop at, for a payload of this version. The kubelet starts it, and
// nobody tells the scripts if it fails.
func CheckMachineConfigs(version string) error {
	entries, err := os.ReadDir(mccBootstrap)
	if err != nil {
		return err
	}
	controllers, secrets, gates := 0, 0, 0
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(mccBootstrap, e.Name()))
		if err != nil {
			return err
		}
		obj, err := decode(raw)
		if err != nil && len(strings.TrimSpace(string(raw))) > 0 {
			return fmt.Errorf("error parsing %q [1] manifest: %w", e.Name(), err)
		}
		switch text(obj, "kind") {
		case "ControllerConfig":
			controllers++
		case "FeatureGate":
			gates++
			if text(obj, "status", "featureGates", 0, "version") != version {
				return fmt.Errorf("missing desired version %q in %s", version, e.Name())
			}
		case "Secret":
			if text(obj, "type") == "kubernetes.io/dockerconfigjson" && e.Name() == "machineconfigcontroller-pull-secret" {
				secrets++
			}
		}
	}
	if controllers != 1 || secrets != 1 || gates == 0 {
		return fmt.Errorf("/etc/mcc/bootstrap holds %d ControllerConfigs, %d pull secrets and %d FeatureGates", controllers, secrets, gates)
	}
	return exist("/etc/mcs/kubeconfig", "/etc/ssl/mcs/tls.crt", "/etc/ssl/mcs/tls.key", "/etc/mcs/bootstrap")
}

func exist(names ...string) error {
	for _, name := range names {
		if _, err := os.Stat(name); err != nil {
			return err
		}
	}
	return nil
}

// ccoRender makes one of its folders with a plain mkdir: it cannot run twice
// over the same output.
func ccoRender(o *operation) {
	out := o.flag("dest-dir")
	if dir := o.flag("manifests-dir"); dir != "" {
		found := false
		onHost, _ := o.host(dir)
		entries, err := os.ReadDir(onHost)
		if err != nil {
			o.fatal("%v", err)
		}
		for _, e := range entries {
			raw, _ := os.ReadFile(filepath.Join(onHost, e.Name()))
			obj, _ := decode(raw)
			found = found || text(obj, "kind") == "ConfigMap" &&
				text(obj, "metadata", "name") == "cluster-config-v1" && text(obj, "metadata", "namespace") == "kube-system"
		}
		if !found {
			o.fatal("failed to find configmap kube-system/cluster-config-v1 in manifests")
		}
	}
	pods, _ := o.host(path.Join(out, "bootstrap-manifests"))
	if _, err := os.Stat(pods); err == nil {
		o.fatal("error creating bootstrap-manifests directory: mkdir %s/bootstrap-manifests: file exists", out)
	}
	for _, name := range []string{
		"cco-cloudcredential_v1_operator_config_custresdef.yaml", "cco-cloudcredential_v1_credentialsrequest_crd.yaml", "cco-namespace.yaml",
		"cco-operator-config.yaml",
	} {
		o.write(path.Join(out, "manifests", name), o.plain(name), 0o644)
	}
	o.write(path.Join(out, "bootstrap-manifests/cloud-credential-operator-pod.yaml"), pod("cloud-credential-operator"), 0o644)
}
