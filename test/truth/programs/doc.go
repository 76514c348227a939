// Package programs names the versions of the programs that the tests of
// test/guest run in the mode truth: the kubelet, the control plane and kubectl of
// OpenShift's own line, and etcd. It is a module of its own, since what it builds has
// some two hundred dependencies that the main module must not have, at versions that
// only this line of Kubernetes has together.
package programs
