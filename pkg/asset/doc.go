// Package asset makes the files of a cluster, and knows which is made from which.
//
// Read newCluster in cluster.go first: it is the whole asset graph on one
// screen. Create runs it in an asset directory for one of the targets: it locks
// the directory, finishes what a killed run left, makes everything in memory,
// and commits all of it or nothing. What it has opened and what it has settled
// (open.go) are values that nobody changes; the change to write is a third.
// GetStatus, Plan, ListCertificates and Explain only look. Targets is the table of what
// can be made, with the flags and the help of each, and Drawn has those that a picture
// of the graph shows.
//
// Package graph is the graph itself, without a word of clusters, and package
// assetdir the directory, with its lock and its commits. What is remembered in the
// state file, by the names of nodes, is said in state.go. What the files say is not
// known here but in the rooms below: packages installconfig, tls, manifests,
// ignition and release, and what a platform adds to it in package platform.
package asset
