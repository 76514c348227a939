// Package pivot plans how a machine that boots a CoreOS live medium gets the
// operating system of an OKD release on its disk, and makes the config that the
// live system does it with.
//
// New makes a Plan of a Request: it decides the mode, refuses what is known not
// to work, and says what is going to happen. Plan.Butane and Plan.Ignition give
// the live system's config, the same in two languages: one to read and change,
// one to boot with. What runs on the live system stands in data/pivot, byte for
// byte; only its environment file is written here.
//
// There are two modes. In ModeImage coreos-installer writes an image of CentOS
// Stream CoreOS, and there is nothing to replace. In ModeOfflineDeploy it writes
// the medium's own image, and the release's system is deployed into that before
// its first boot, so that whatever reads the machine's config, formats its disks
// and starts its services is the target system itself.
//
// OSTreeRef is a name that the scripts must get right, for the environment file and
// to hold the scripts against. The package reads no disk, no clock and no network.
package pivot
