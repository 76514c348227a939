package asset

import (
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/release"
	"github.com/okd-project/okd-install/pkg/rhcos/pivot"
)

// This file holds what a run is asked for and what it answers.

// Environment holds what the user's environment variables say. The names of the
// variables are the door's business.
type Environment struct {
	Invoker            string
	ReleaseImage       string
	BootstrapNodeIP    string
	ClusterProfile     string
	DisableImagePolicy bool
	LoadClusterCerts   bool
	SkipHostCryptCheck bool
}

// Request says what to create, and where.
type Request struct {
	Dir    string
	Target string
	// Command is what others see while they wait for this run.
	Command string
	// Release and ReleaseImage are the user's choice; empty for what the
	// directory was made for before, or the default.
	Release, ReleaseImage string
	// Config is a new install-config, with what is to stand beside it, to be
	// written instead of the one in the directory; for create install-config.
	Config Files
	// FromState takes the new install-config from the state file of the established
	// installer, which has consumed it; for create install-config.
	FromState bool
	// URL is where a server will offer bootstrap.ign, for create bootstrap-pointer.
	URL string
	// Pivot is for create pivot-config.
	Pivot PivotRequest
	// DryRun makes everything and writes nothing.
	DryRun bool
	// LeafKey is a kind of key, such as ecdsa-p256; empty as Release is.
	LeafKey                           string
	Overwrite, ConsumeInputs, Reissue bool
	// DiscardManifests leaves out what the user changed in the manifests and in
	// <role>.ign files that do not fit any more; it is moved aside.
	DiscardManifests bool
	Environment      Environment
	Version          string
	// Now is the one instant of the run.
	Now time.Time
	// Clock says how long it takes to make something, for Trace. Several goroutines call
	// it. Without one nothing takes any time.
	Clock func() time.Time
	// Serial makes one thing at a time, for reproducible output.
	Serial bool
	// AllowShared takes a directory that its group or others may write to.
	AllowShared bool
	LockWait    time.Duration
	Waiting     func(holder string)
	Trace       func(node, how string, took time.Duration)
}

// Report says what a run did. It is filled as far as the run came, also when
// Create returns an error.
type Report struct {
	// Files are all files of the target, Written those that were written.
	Files, Written []string
	// Consumed are inputs that were removed at the user's wish.
	Consumed []string
	// Aside is the folder that holds what was in the way, or empty.
	Aside string
	// Notes and Warnings are what the user should know, in the order in which it is told.
	Notes, Warnings diag.Problems
	// NoProxy is what the cluster will reach without its proxy.
	NoProxy  string
	Deadline *Deadline
	Release  release.Release
	// Next is what the user does now.
	Next []Step
	// Pivot is the plan of create pivot-config, and PivotIgnition the live system's config.
	Pivot         *pivot.Plan
	PivotIgnition []byte
}

// Deadline says until when machines boot from the Ignition configs.
type Deadline struct{ Recommended, Latest time.Time }
