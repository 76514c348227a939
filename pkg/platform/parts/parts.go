// Package parts says what platforms can differ in: Row is one platform as the table
// of pkg/platform has it, and Parts is what one cluster on it gets.
//
// Everything here is a plain value for the room that uses it; none of the rooms
// knows that there are platforms. What most platforms for machines of one's own
// share stands in own.go, for the rows to name.
package parts

import (
	"time"

	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/release"
	"github.com/okd-project/okd-install/pkg/rhcos"
)

// Row is one platform. A nil function stands for what platforms usually do, as the
// function of the same name in pkg/platform says.
type Row struct {
	// Name is the key in the install-config, by which the row belongs to a block of
	// pkg/installconfig/platform.
	Name string
	// Of makes the parts of one cluster.
	Of func(Cluster) (Parts, error)
	// Limits are how long the waits give a cluster, by the block of its platform.
	Limits func(block any) Limits
	// Declared are the machines and addresses that the block of the platform names.
	Declared func(block any) Declared
	// Provide lists what the user has to set up before the first machine boots, in
	// the order in which it is done.
	Provide func(Site) []Step
	// Left lists what the user has to remove of a cluster that is not needed any more.
	Left func(Remains) []string
	// Origins explain the files and manifests of Parts.
	Origins []Origin
}

// Cluster is what parts are made from.
type Cluster struct {
	// Config is complete and valid. Its block is of the row's platform.
	Config installconfig.InstallConfig
	// Identity is empty where it is not known yet. What bears its name is then of no
	// use, and everything else is as it will be.
	Identity manifests.Identity
	Release  release.Release
}

// Block is the platform's block in the install-config; an empty one if that holds
// another platform's.
func Block[T any](c Cluster) *T {
	if block, ok := c.Config.Platform.Config.(*T); ok && block != nil {
		return block
	}
	return new(T)
}

// Parts is what a cluster gets because of its platform.
type Parts struct {
	// Manifests is what its manifests say and which further ones there are.
	Manifests manifests.Platform
	// Host is what its bootstrap host has besides what every one has.
	Host ignition.Platform
	// APIVIPs are the addresses at which the cluster itself serves its API. They are
	// names of the machine config server's certificate, and machines fetch their
	// config from the first. Without any, that is done by name.
	APIVIPs []string
	// Image is the boot image of the machines.
	Image rhcos.Query
	// Metadata is what metadata.json says under the platform's name; nil if it says
	// nothing.
	Metadata any
}

// Limits are how long the waits go on without progress.
type Limits struct{ Bootstrap, Install time.Duration }

// Declared is what a block of the install-config names of the cluster. Nothing of it has
// been checked.
type Declared struct {
	// Hosts are the names of the machines.
	Hosts []string
	// APIVIPs are the virtual addresses of the API, IngressVIPs those of the ingress.
	APIVIPs, IngressVIPs []string
}

// Usual are the limits where machines are started by hand.
var Usual = Limits{Bootstrap: 45 * time.Minute, Install: 40 * time.Minute}

// Step is one thing that a user does.
type Step struct {
	// Command is one of okd-install, without the program's name; empty if the step is
	// something else.
	Command string
	// Why says what the command does, or what is to be done.
	Why string
}

// Site is the cluster for which the user sets something up.
type Site struct {
	Config installconfig.InstallConfig
	// Scheduling is what the manifests say about it.
	Scheduling manifests.Scheduling
	// Alone tells that a single node installs itself, without a bootstrap host.
	Alone bool
}

// Remains is a cluster that is not needed any more, as far as it is known.
type Remains struct {
	// Domain is below which api and api-int stand; it may be empty.
	Domain string
	// Bootstrap tells that only the bootstrap host is to go.
	Bootstrap bool
}

// Origin says where a file of the bootstrap host comes from that the platform adds.
type Origin struct {
	// Pattern matches the path on the host. Manifests stand below /opt/openshift.
	Pattern string
	// Is says what the file is.
	Is string
	// Fields are those of the install-config that it says; "all" if any may count.
	Fields []string
}
