// Package manifests makes the files of manifests/ and openshift/ from an
// install-config and the cluster's certificates, and judges them again when the
// user has had them in hand.
//
// Files makes them all, as a pure function of its Inputs. Check reads what
// stands in the asset directory and says what the bootstrap host would stop at
// an hour later. BootstrapFiles turns the same files into what bootstrap.ign
// carries. InstallerIgnition wraps an edited pointer config.
//
// Each manifest stands in data/manifests as a readable file, with $(places) that
// Go fills with typed values; there are no API types and no text templates. Table
// lists what is made, a row for each file: what it is, what it comes from, what
// fills it. File names are interfaces: the payload's operators open them by name
// on the bootstrap host.
//
// The package mints no certificates, composes no Ignition configs and knows
// nothing of the asset directory.
package manifests

import (
	"fmt"
	"path"
	"slices"
	"strings"

	yaml2 "go.yaml.in/yaml/v2"
	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/release"
)

// The folders of the asset directory that hold manifests.
const (
	Dir          = "manifests"
	OpenshiftDir = "openshift"
)

// The files that other code, here or on the bootstrap host, knows by name.
const (
	clusterConfigFile  = "manifests/cluster-config.yaml"
	dnsFile            = "manifests/cluster-dns-02-config.yml"
	InfrastructureFile = "manifests/cluster-infrastructure-02-config.yml"
	ingressFile        = "manifests/cluster-ingress-02-config.yml"
	networkFile        = "manifests/cluster-network-02-config.yml"
	ovnFile            = "manifests/cluster-network-03-config.yml"
	proxyFile          = "manifests/cluster-proxy-01-config.yaml"
	schedulerFile      = "manifests/cluster-scheduler-02-config.yml"
	contentSourcesFile = "manifests/image-content-source-policy.yaml"
	digestSourcesFile  = "manifests/image-digest-mirror-set.yaml"
	clusterVersionFile = "manifests/cvo-overrides.yaml"
	pullSecretFile     = "manifests/openshift-config-secret-pull-secret.yaml"
	fencingFile        = "openshift/" + fencingPrefix + "NUMBER.yaml"
	fencingPrefix      = "99_openshift-etcd_fencing-credentials-secrets-"
	featureGateFile    = "openshift/99_feature-gate.yaml"
	// StampFile says who made the manifests, so that it differs from version to version
	// without anybody's edit.
	StampFile = "openshift/openshift-install-manifests.yaml"
)

// Inputs is all that the manifests are made from. Certificates and keys are PEM.
type Inputs struct {
	// Config is complete: defaults are filled in, addresses are canonical.
	Config   installconfig.InstallConfig
	Identity Identity
	// Release is what will be installed.
	Release release.Release

	RootCA, RootCAKey []byte
	// MCSCert and MCSKey serve the machine-config server; RootCA signed them.
	MCSCert, MCSKey []byte
	// PasswordHash is the bcrypt hash of kubeadmin's password.
	PasswordHash string
	// Pointers holds the pointer Ignition config of each role that Roles names.
	Pointers map[string][]byte

	// Platform is what the cluster's platform adds.
	Platform Platform

	// Invoker says who ran the installer; empty means user.
	Invoker string
	// Version is the installer's own version, with or without a leading v.
	Version string
}

// object is a Kubernetes object, or a part of one. It is written with its keys
// in alphabetical order.
type object = map[string]any

// list is a sequence of anything, for literals.
type list = []any

// Files makes every file of manifests/ and openshift/, by its path relative to
// the asset directory.
func Files(in Inputs) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, row := range Table {
		err := row.make(in, func(path string, o object) (err error) {
			out[path], err = yaml2.Marshal(o) // fill has made it plain
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for path, o := range in.Platform.Objects {
		if _, twice := out[path]; twice || !IsManifest(path) {
			return nil, fmt.Errorf("%s: is made twice, or has no place in the asset directory", path)
		}
		data, err := yaml.Marshal(o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		out[path] = data
	}
	return out, nil
}

// WhatCounts says in words what IsManifest does.
const WhatCounts = "only .yaml, .yml and .json files directly in manifests/ and openshift/ are installed"

// IsManifest reports whether a file of the asset directory counts as a manifest,
// which Check reads and bootstrap.ign carries: directly in manifests/ or
// openshift/, named .yaml, .yml or .json, and not hidden. Nobody else decides it.
func IsManifest(name string) bool {
	dir, base := path.Dir(name), path.Base(name)
	return path.Clean(name) == name && (dir == Dir || dir == OpenshiftDir) && !strings.HasPrefix(base, ".") &&
		slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(base))
}

// roles are all that there are.
var roles = []string{"master", "worker", "arbiter"}

// Roles lists the machine roles of a config, in the order in which they are
// listed everywhere: master, worker, and arbiter if there is such a pool.
func Roles(c installconfig.InstallConfig) []string {
	if c.Arbiter == nil {
		return roles[:2:2]
	}
	return slices.Clone(roles)
}

// put adds a value unless it is empty, as the API leaves such fields out.
func put(o object, key, value string) {
	if value != "" {
		o[key] = value
	}
}

// pool returns the machine pool of a role; the zero pool if there is none.
func pool(c installconfig.InstallConfig, role string) installconfig.MachinePool {
	switch role {
	case "master":
		if c.ControlPlane != nil {
			return *c.ControlPlane
		}
	case "arbiter":
		if c.Arbiter != nil {
			return *c.Arbiter
		}
	default:
		for _, p := range c.Compute {
			if p.Name == role {
				return p
			}
		}
	}
	return installconfig.MachinePool{}
}

// replicas is the number of machines in a pool.
func replicas(p installconfig.MachinePool) int64 {
	if p.Replicas == nil {
		return 0
	}
	return *p.Replicas
}
