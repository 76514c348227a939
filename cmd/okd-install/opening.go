package main

import (
	"maps"
	"slices"

	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/assetdir"
)

// This file holds how the asset directory is opened, and for which environment.

// environment reads the variables that change what is made. Their names and
// meanings are the established installer's.
func (a *app) environment() asset.Environment {
	get := func(name string) string { return a.getenv("OPENSHIFT_INSTALL_" + name) }
	return asset.Environment{
		Invoker:            get("INVOKER"),
		ReleaseImage:       get("RELEASE_IMAGE_OVERRIDE"),
		BootstrapNodeIP:    get("BOOTSTRAP_NODE_IP"),
		ClusterProfile:     get("EXPERIMENTAL_CLUSTER_PROFILE"),
		DisableImagePolicy: get("EXPERIMENTAL_DISABLE_IMAGE_POLICY") != "",
		LoadClusterCerts:   get("LOAD_CLUSTER_CERTS") == "true",
		SkipHostCryptCheck: get("SKIP_HOSTCRYPT_VALIDATION") != "",
	}
}

// unheeded are variables of the established installer that change nothing here,
// with the reason.
var unheeded = map[string]string{
	"OPENSHIFT_INSTALL_OS_IMAGE_OVERRIDE": "no file made here names a boot image",
	"OPENSHIFT_INSTALL_DATA":              "all data is part of the program",
}

func (a *app) warnAboutEnvironment() {
	const own = "OPENSHIFT_INSTALL_LOAD_CLUSTER_CERTS"
	if v := a.getenv(own); v != "" && v != "true" && v != "false" {
		a.log.Warnf("%s is %q and has no effect: only true has", own, v)
	}
	for _, name := range slices.Sorted(maps.Keys(unheeded)) {
		if a.getenv(name) != "" {
			a.log.Warnf("%s has no effect: %s", name, unheeded[name])
		}
	}
}

// opening says how the asset directory is opened for a command.
func (a *app) opening(command string) assetdir.Opening {
	return assetdir.Opening{Command: command, Wait: a.lockWait, Waiting: a.tellWaiting, AllowShared: a.allowShared}
}

// newUpdate says how a file of the asset directory is written by a command.
func (a *app) newUpdate(command string) asset.Update {
	return asset.Update{
		Dir: a.dir, Command: command, Now: a.now(), LockWait: a.lockWait, Waiting: a.tellWaiting, AllowShared: a.allowShared,
		Warn: func(text string) { a.log.Warn(text) },
	}
}

func (a *app) tellWaiting(holder string) {
	a.log.Infof("waiting: the asset directory is in use by %s", holder)
}
