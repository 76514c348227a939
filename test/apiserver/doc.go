// Package apiserver holds an end-to-end test that starts a real kube-apiserver
// and etcd with the certificates, keys and kubeconfigs out of our own
// bootstrap.ign, and has okd-install wait for a cluster that a script plays on it.
//
// It is a module of its own, since what it builds has some hundred dependencies
// that the main module must not have. Both servers are built from the Go module
// proxy at the versions in go.mod; the programs are kept in the user's cache
// folder. Run it with
//
//	OKD_INSTALL=../../bin/okd-install go test -tags e2e .
package apiserver
