// Package assetdir is the asset directory: what the commands make is written into it by
// this package and no other.
//
// One exception has names of its own there: package gather keeps its log bundles, the
// folder in which one is put together, and the keys of hosts in the directory. It takes
// no lock, since logs are fetched while another command waits for the cluster, and
// nothing that is committed depends on them.
//
// Make makes a directory. PutNew and Put write single files into one that nothing is
// committed to yet, as the wizard does.
//
// Open locks a directory and finishes what a stopped run has left; Look and
// ReadOnly only look, and LookAtLock tells who holds it. A Dir reads inputs, which
// may be links of the user's, and what okd-install has written, which may not.
//
// Commit carries out a Change: all of it or nothing, also where the machine stops
// half-way or somebody else works in the directory. How is said in commit.go: the
// files are written aside (commitstage.go), a journal says what is to be moved
// (commitjournal.go), and whoever opens the directory next compares it with the
// disk (commitrecover.go).
//
// The package knows the names of its own files, but not what a manifest or a state
// is: package asset says so.
package assetdir
