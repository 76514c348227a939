// Package machineconfig names the versions of the machine config server that the tests of
// test/guest run, and of Ignition's engine of the same time. It is a module of its own
// beside test/truth/programs, since it goes with plain Kubernetes and the checksum
// database knows all of its sums.
package machineconfig
