// Package apiserver holds an end-to-end test that starts a real kube-apiserver
// and etcd with the certificates, keys and kubeconfigs out of our own
// bootstrap.ign, and has okd-install wait for a cluster that a script plays on it.
// What approve-csrs approves is signed by the controllers of Kubernetes that
// kube-controller-manager runs for that (./csrsigner), with the authority of the same
// bootstrap.ign.
//
// It is a module of its own, since what it builds has some hundred dependencies
// that the main module must not have. The servers are built from the Go module
// proxy at the versions in go.mod; the programs are kept in the user's cache
// folder. Run it with
//
//	OKD_INSTALL=../../bin/okd-install go test -tags e2e .
package apiserver
