package cli

import (
	"cmp"
	"maps"
	"slices"

	"github.com/sirupsen/logrus"

	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
)

// This file holds how the asset directory is opened, and for which environment.

// DirVariable names the asset directory where --dir does not.
const DirVariable = "OKD_INSTALL_DIR"

// DefaultDir is the asset directory without --dir.
func (a *App) DefaultDir() string { return cmp.Or(a.Getenv(DirVariable), ".") }

// Environment reads the variables that change what is made. Their names and
// meanings are the established installer's.
func (a *App) Environment() asset.Environment {
	get := func(name string) string { return a.Getenv("OPENSHIFT_INSTALL_" + name) }
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

// WarnAboutEnvironment warns of variables whose value has no effect.
func (a *App) WarnAboutEnvironment() {
	const own = "OPENSHIFT_INSTALL_LOAD_CLUSTER_CERTS"
	if v := a.Getenv(own); v != "" && v != "true" && v != "false" {
		a.Log.Warnf("%s is %q and has no effect: only true has", own, v)
	}
	for _, name := range slices.Sorted(maps.Keys(unheeded)) {
		if a.Getenv(name) != "" {
			a.Log.Warnf("%s has no effect: %s", name, unheeded[name])
		}
	}
}

// Opening says how the asset directory is opened for a command.
func (a *App) Opening(command string) assetdir.Opening {
	return assetdir.Opening{Command: command, Wait: a.LockWait, Waiting: a.TellWaiting, AllowShared: a.AllowShared}
}

// Update says how a file of the asset directory is written by a command.
func (a *App) Update(command string) asset.Update {
	return asset.Update{
		Dir: a.Dir, Command: command, Now: a.Now(), LockWait: a.LockWait, Waiting: a.TellWaiting, AllowShared: a.AllowShared,
		Warn: func(p diag.Problem) { a.Tell(logrus.WarnLevel, p) },
	}
}

// TellWaiting says who holds the asset directory that is waited for.
func (a *App) TellWaiting(holder string) {
	a.Log.Infof("waiting: the asset directory is in use by %s", holder)
}
