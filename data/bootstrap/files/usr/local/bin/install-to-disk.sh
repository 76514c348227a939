#!/bin/bash
# Installs the single node to its disk once the bootstrap is done, and boots it. From then on
# bootstrap-in-place-post-reboot.sh goes on, from the disk.
# shellcheck disable=SC2154 # the values come from the environment file
set -euo pipefail
shopt -s inherit_errexit

# shellcheck source=/dev/null
source /etc/okd-install/environment
# shellcheck source=bootstrap-service-record.sh
source /usr/local/bin/bootstrap-service-record.sh
# shellcheck source=../lib/okd-install/status.sh
source /usr/local/lib/okd-install/status.sh

cd /opt/openshift

bootkube_is_done() {
    [[ -e .bootkube.done ]]
}

# A name below /dev/disk may appear late. Any other file would be filled in silence.
disk_is_there() {
    [[ -b ${INSTALLATION_DISK} ]]
}

record_service_stage_start wait-for-bootkube
patiently 5 'bootkube.service to finish (see: journalctl -b -f -u bootkube.service)' bootkube_is_done
record_service_stage_success

if [[ ! -e coreos-installer.done ]]; then
    record_service_stage_start coreos-installer
    status "install-to-disk: waiting for the disk ${INSTALLATION_DISK} (bootstrapInPlace.installationDisk); this host has: lsblk"
    patiently 10 "the disk ${INSTALLATION_DISK} (see: lsblk)" disk_is_there
    status "install-to-disk: writing to ${INSTALLATION_DISK}. More: journalctl -b -f -u install-to-disk.service"
    # -n takes the network settings of this host along
    coreos-installer install -n -i /opt/openshift/master.ign "${INSTALLATION_DISK}"
    touch coreos-installer.done
    record_service_stage_success
fi

# The minute is for what reads the records.
shutdown --reboot +1 'The node is installed to its disk, and is started from there.'
status 'install-to-disk: the node is installed; it starts from its disk within a minute'
touch .install-to-disk.done
