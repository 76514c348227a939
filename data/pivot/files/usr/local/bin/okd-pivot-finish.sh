#!/bin/bash
# Runs after coreos-installer. In mode offline-deploy it puts the operating system of the
# release into the system on the disk, in place of the one that the medium brought. In
# both modes it makes sure that what is on the disk will start, and only then lets the
# machine boot it.
# shellcheck disable=SC2154,SC2310 # values come from the environment file; a question may be answered no
set -euo pipefail
shopt -s inherit_errexit
# Fedora 42 and later have no /usr/sbin in the PATH of services, and ostree runs semodule of
# the target, which is there.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin

DONE=/run/okd-pivot/done

clean_up() {
    local code=$?
    unmount_disk || say "WARNING: the disk is still mounted below ${SYSROOT}"
    if ((code != 0)); then
        say "the machine is not rebooted. More: journalctl -b -u okd-pivot-finish. To try again: systemctl default"
    fi
}

replace_system() {
    room "${SYSROOT}" "${FREE_ROOT_MIB}" 'the root partition'
    room "${SYSROOT}/boot" "${FREE_BOOT_MIB}" 'the boot partition'
    deploy
    undeploy_others
}

main() {
    # shellcheck source=/dev/null
    source /etc/okd-pivot/environment
    local library
    for library in say disk filesystem sysroot boot; do
        # shellcheck source=/dev/null
        source "/usr/local/lib/okd-pivot/${library}.sh"
    done
    mkdir --parents "${DONE%/*}"
    rm --force "${DONE}" /var/tmp/okd-pivot/image.raw.gz
    trap clean_up EXIT
    unmount_disk # of a run that was killed
    partx --update "${DEVICE}" || stop "the partitions of ${DEVICE} cannot be read: was it written by coreos-installer?"
    find_partitions || stop "${DEVICE} has no partitions labelled boot and root: was it written by coreos-installer?"
    if [[ ${MODE} == offline-deploy ]]; then
        grow_root
    fi
    settle_file_systems
    mount_disk
    if [[ ${MODE} == offline-deploy ]]; then
        xfs_growfs "${SYSROOT}" >/dev/null
        replace_system
    fi
    check_boot
    if [[ ${MODE} == offline-deploy ]]; then
        install_esp
    fi
    write_report
    sync --file-system "${SYSROOT}/boot" "${SYSROOT}"
    unmount_disk || stop "the disk cannot be unmounted"
    e2fsck -f -n "${BOOT}" || stop "the boot partition is not clean"
    touch "${DONE}"
    say "${TARGET_TITLE} is on ${DEVICE} and will read its config at the first boot"
}

main
