// Package cluster talks to a cluster that is coming up or running: it waits for
// it, approves the certificates of its nodes, and says how it is.
//
// WaitForBootstrap and WaitForInstall are the two waits of an installation,
// Approver.Round is one look at the certificate signing requests, Look is the
// state of everything at this moment, and FetchWorker gives the NewWorker, which is
// what a machine needs to join. All of them speak through a Client, made of a Kubeconfig.
//
// The client is plain REST over net/http: about a dozen objects are read, and of
// each a few fields, which are the structs in objects.go. What goes wrong on the
// way to the API is told apart in Explain, as a Cause that names the next step.
//
// The package polls and does not watch. A poll needs no memory: a wait can be
// stopped and started again at any time, and an API that goes away for two
// minutes, as it does when the bootstrap host leaves, is a poll that failed. The
// clock, the way to dial and the proxy are given. There is no logger: whoever
// waits gets Events.
package cluster
