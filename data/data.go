// Package data carries the plain files that okd-install is built with: what the
// bootstrap host gets, byte for byte, the manifests that the cluster starts from,
// and the catalogues of OKD releases and of boot images.
//
// Nothing here is a text template and nothing is computed. A shell script below
// bootstrap/files stands on the host exactly as it stands in the repository, so
// that an editor, a linter and a reader see what will run. The room that writes
// a file declares its mode; an embedded file has none.
package data

import "embed"

// Bootstrap holds the static part of the bootstrap host. Below bootstrap/files
// a file has the path that it gets on the host; below bootstrap/units stand the
// systemd units, and a unit's drop-ins in a folder named after the unit plus .d.
//
//go:embed bootstrap
var Bootstrap embed.FS

// Manifests holds every manifest that okd-install makes, below manifests/ under
// the path that it has in the asset directory. Package manifests fills the
// $(places) in them and writes the result without the comments.
//
//go:embed manifests
var Manifests embed.FS

// Releases is releases.yaml, the catalogue that package release reads.
//
//go:embed releases.yaml
var Releases []byte

// CoreOS holds one file for each build of CoreOS in the catalogue that package
// rhcos reads, written by okd-install coreos import-stream, and in coreos/keys the
// public keys that builds of Fedora CoreOS are signed with.
//
//go:embed coreos
var CoreOS embed.FS

// Pivot holds what a live system gets that installs a machine: below pivot/files
// a file has its path there, and pivot/units has the units as bootstrap/units does.
//
//go:embed pivot
var Pivot embed.FS
