# shellcheck shell=bash
# shellcheck disable=SC2310 # its functions are questions, or return their failures
# What keeps a host that pivots from coming up again. Source this file.
#
#   guard_live          a host that runs from memory has no disk to pivot on
#   guard_secure_boot   the boot loader of Fedora does not start the kernel of CentOS
#   guard_ext4          file systems that the fsck of CentOS Stream 9 refuses; repairs /boot
#   power_was_lost      tells why Fedora came up again although the node image was deployed
#
# A guard says what is wrong and what helps, and returns 1.

# The four bytes before the value are attributes.
SECURE_BOOT=/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c

guard_live() {
    if [[ -e /run/ostree-live ]]; then
        echo "this host runs Fedora CoreOS from memory, where nothing can be pivoted: install it to its disk first (coreos-installer install --ignition-file bootstrap.ign DEVICE)"
        return 1
    fi
}

guard_secure_boot() {
    local bytes
    if [[ ! -d /sys/firmware/efi ]]; then
        return 0
    fi
    bytes=$(od --address-radix=n --format=u1 "${SECURE_BOOT}" 2>/dev/null || true)
    case ${bytes##* } in
        1)
            echo "Secure Boot is on, and the boot loader of Fedora CoreOS does not trust the kernel of CentOS Stream CoreOS (\"bad shim signature\"): switch Secure Boot off in the firmware and start again"
            return 1
            ;;
        0) ;;
        *) echo "cannot tell whether Secure Boot is on: ${SECURE_BOOT} is not readable. If it is, this host will not come up with the node image" ;;
    esac
}

# has_orphan_file DEVICE: bit 0x1000 of the compatible features, at byte 0x5c of the
# superblock, which begins at byte 1024.
has_orphan_file() {
    local word
    word=$(od --address-radix=n --format=u4 --endian=little --skip-bytes=1116 --read-bytes=4 "$1") || return
    ((word & 0x1000))
}

# clear_orphan_file DEVICE, which is not mounted. The order matters: tune2fs refuses a file
# system with a journal to replay, and the last look must find nothing.
clear_orphan_file() {
    local code=0
    e2fsck -f -y "$1" || code=$?
    ((code <= 1)) && tune2fs -O ^orphan_file "$1" && e2fsck -f -n "$1" && ! has_orphan_file "$1"
} >&2

# Fedora's mkfs.ext4 has had orphan_file since 2023. The kernel of CentOS Stream 9 mounts
# such a file system, but its fsck stops at it, and so does the boot.
guard_ext4() {
    local device mountpoint bad=0 mounts
    mounts=$(findmnt --noheadings --list --types ext4 --uniq --output SOURCE,TARGET || true)
    while read -r device mountpoint; do
        if [[ -z ${device} ]] || ! has_orphan_file "${device}"; then
            continue
        fi
        if [[ ${mountpoint} == /boot ]] && repair_boot "${device}"; then
            echo "cleared orphan_file on ${device} (/boot)"
            continue
        fi
        echo "${device} (${mountpoint}) is ext4 with the feature orphan_file, which the fsck of CentOS Stream 9 refuses: format it as xfs in the Ignition config, or clear it where it is not mounted: e2fsck -fy ${device} && tune2fs -O ^orphan_file ${device}"
        bad=1
    done <<<"${mounts}"
    return "${bad}"
}

# Unmounted by hand, since systemd would stop what requires boot.mount as well.
repair_boot() {
    local code=0
    umount /boot || return
    clear_orphan_file "$1" || code=$?
    systemctl start boot.mount && return "${code}"
}

# What rpm-ostree has staged is deployed for good when the host goes down in order, and is
# gone if it does not: then no other system is there that the boot loader could have refused.
power_was_lost() {
    local answer
    answer=$(rpm-ostree status --json 2>/dev/null | jq \
        'any(.deployments[]; (.booted | not) and has("container-image-reference"))' 2>/dev/null || true)
    [[ ${answer} == false ]]
}
