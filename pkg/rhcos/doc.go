// Package rhcos knows what the machines of a cluster boot first: the builds of
// Fedora CoreOS and CentOS Stream CoreOS, where their files are, and which of
// them goes with which release of OKD on which machine.
//
// Load reads the Catalogue of builds, Catalogue.Choose and Build.Find pick an
// image from it. Check reports whether an image will do for a release on a machine,
// from the rows in rules.go, and SecureBoot is the one table about Secure Boot
// that everything which speaks about it asks.
//
// The package computes. It downloads nothing (see pkg/media), writes no ISO (see
// the iso and pxe folders below) and plans no pivot (see pivot).
package rhcos
