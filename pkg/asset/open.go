package asset

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/release"
	"github.com/okd-project/okd-install/pkg/tls"
)

// This file holds what comes before anything is made: what the directory holds, and
// what follows from that and the user's words. Both are values that nobody changes
// afterwards.

// opened is what a run finds.
type opened struct {
	Request
	dir    *assetdir.Dir
	before State
	// folders is what the user has in manifests/ and openshift/: on disk, or
	// consumed by an earlier run.
	folders          Files
	onDisk, haveThem bool
	// edited holds the pointer configs that the user has changed, by role.
	edited Files
	// found are warnings about all that.
	found []string
}

// settled is what follows from it: what the directory is made for, and the graph.
type settled struct {
	opened
	release release.Release
	graph   Cluster
	run     *graph.Run
	// own names the certificates that the user brought.
	own []string
	// unused are warnings about what is brought and not used.
	unused []string
}

// open reads what is remembered and what the user has edited.
func open(dir *assetdir.Dir, req Request) (o opened, err error) {
	o = opened{Request: req, dir: dir}
	if o.before, err = readState(dir); err != nil {
		return o, err
	}
	if err := o.before.complete(); err != nil {
		return o, err
	}
	if req.FromState {
		if o.Config, err = takeEstablishedConfig(dir); err != nil {
			return o, err
		}
	}
	files, left, onDisk, err := dir.ReadFolders(manifests.IsManifest, manifests.Dir, manifests.OpenshiftDir)
	if err != nil {
		return o, err
	}
	for _, name := range left {
		o.found = append(o.found, name+" is left out: "+manifests.WhatCounts)
	}
	if !onDisk {
		files = consumedManifests(o.before)
	}
	o.folders, o.onDisk, o.haveThem = files, onDisk, onDisk || len(files) > 0
	o.edited, err = readEditedPointers(dir, o.before)
	return o, err
}

// settle finds the release, the kind of key and what the user provides, and sets up
// the graph and its run.
func settle(ctx context.Context, o opened) (s settled, err error) {
	s.opened = o
	if s.release, err = o.before.chooseRelease(o.Release, o.ReleaseImage, o.Environment); err != nil {
		return s, err
	}
	if err := o.checkLine(s.release); err != nil {
		return s, err
	}
	leafKey, err := o.leafKey()
	if err != nil {
		return s, err
	}
	provided, err := o.readProvided(s.release)
	if err != nil {
		return s, err
	}
	s.own = slices.Sorted(maps.Keys(provided.Certificates))
	if s.unused, err = o.checkOwn(s.own); err != nil {
		return s, err
	}
	s.graph = newCluster(inputs{
		InstallConfig: o.readConfig, Release: s.release, Environment: o.Environment, Version: o.Version,
		Now: o.Now, LeafKey: leafKey, Reissue: o.Reissue, Provided: provided,
		Pointers: pointerEdits{Files: o.edited, Overwrite: o.Overwrite, Discard: o.DiscardManifests},
	})
	s.run = &graph.Run{
		Context: ctx, Now: o.Now, Kept: o.before.clone().Kept, Serial: o.Serial, Trace: o.Trace, Clock: o.Clock,
		Damaged: func(detail string) error { return stateError(detail) },
		OnDisk:  func([]string) (Files, bool, error) { return o.folders, o.haveThem, nil },
	}
	return s, nil
}

// leafKey is the kind of key of certificates that are not authorities: the user's
// word now, the word at an earlier run, or the default.
func (o opened) leafKey() (tls.KeySpec, error) {
	word := cmp.Or(o.LeafKey, o.before.LeafKey)
	if word == "" {
		return tls.DefaultKey, nil
	}
	spec, err := tls.ParseKeySpec(word)
	if err != nil {
		return spec, diag.Problem{Path: "--leaf-key", Detail: err.Error()}
	}
	return spec, nil
}

// loadConfig loads the install-config where no graph is there yet.
func (o opened) loadConfig(r release.Release) (installconfig.Loaded, error) {
	data, err := o.readConfig()
	if err != nil {
		return installconfig.Loaded{}, err
	}
	return loadConfig(data, r, o.Environment.strictness())
}

// readConfig reads install-config.yaml, or what an earlier run consumed.
func (o opened) readConfig() ([]byte, error) {
	if data, isNew := o.Config[installconfig.FileName]; isNew {
		return data, nil
	}
	data, ok, err := o.dir.ReadFile(installconfig.FileName)
	if err != nil {
		return nil, err
	}
	if !ok {
		data, ok = o.before.Consumed[installconfig.FileName]
	}
	if !ok {
		hint := NoConfigHint(o.Dir, "write one, or have create install-config ask for its content, or give its directory with --dir")
		return nil, &installconfig.InvalidError{File: installconfig.FileName, Problems: diag.Problems{{
			Position: diag.Position{File: installconfig.FileName}, Detail: "there is no such file in " + o.Dir, Hint: hint,
		}}}
	}
	return data, nil
}
