package bootkube

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// container is a container that podman runs: what the command line says of it.
type container struct {
	image, tag string
	name       string
	keep       bool
	replace    bool
	entrypoint string
	workdir    string
	env        map[string]string
	mounts     []mount
	args       []string
	// await replaces what cluster-bootstrap waits for, the control plane.
	await func() error
}

type mount struct {
	source, target string
	readOnly       bool
	// overlay tells that writes do not reach the source.
	overlay bool
}

// host translates a path inside the container; it reports whether it exists.
func (k *container) host(name string) (string, bool) {
	if name == "" {
		return "", false
	}
	if !path.IsAbs(name) {
		name = path.Join(k.workdir, name)
	}
	name = path.Clean(name)
	best := mount{}
	for _, m := range k.mounts {
		if (name == m.target || strings.HasPrefix(name, m.target+"/")) && len(m.target) > len(best.target) {
			best = m
		}
	}
	if best.target == "" {
		return "", false
	}
	onHost := filepath.Join(best.source, strings.TrimPrefix(name, best.target))
	_, err := os.Lstat(onHost)
	return onHost, err == nil
}

// readOnly reports whether a path of the container cannot be written to.
func (k *container) readOnly(name string) bool {
	name = path.Clean(name)
	best := mount{}
	for _, m := range k.mounts {
		if (name == m.target || strings.HasPrefix(name, m.target+"/")) && len(m.target) > len(best.target) {
			best = m
		}
	}
	return best.readOnly
}

// releaseTag stands for the release image itself.
const releaseTag = ""

// payload are the images of a release that the host may ask for.
var payload = []string{
	"apiserver-network-proxy", "baremetal-runtimecfg", "cloud-credential-operator", "cluster-authentication-operator",
	"cluster-bootstrap", "cluster-config-api", "cluster-config-operator", "cluster-etcd-operator", "cluster-ingress-operator",
	"cluster-kube-apiserver-operator", "cluster-kube-controller-manager-operator", "cluster-kube-scheduler-operator",
	"cluster-node-tuning-operator", "cluster-policy-controller", "coredns", "docker-registry", "etcd", "haproxy-router",
	"hyperkube", "keepalived-ipfailover", "kube-rbac-proxy", "machine-config-operator", "oauth-proxy", "pod",
	"stream-coreos", "stream-coreos-extensions",
}

// component is the pull spec of one of the release's images.
func (c *call) component(tag string) string {
	return "quay.io/okd/scos-content@sha256:" + id(c.setup.Line+" "+tag)
}

func id(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
