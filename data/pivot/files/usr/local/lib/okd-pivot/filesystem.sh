# shellcheck shell=bash
# shellcheck disable=SC2154,SC2310 # values come from the environment file; the questions may be answered no
# File systems that the system on its way to the disk could not use. Source this file.
#
#   settle_file_systems   leaves every file system of the disk clean, and without what
#                         the target's fsck and kernel do not know; stops where it cannot
#
# The superblock of ext4 begins at byte 1024 and is little endian; that of XFS begins at
# byte 0 and is big endian.

# number DEVICE OFFSET BYTES ENDIAN
number() {
    local out
    out=$(od --address-radix=n --format="u$3" --endian="$4" --skip-bytes="$2" --read-bytes="$3" "$1") || return
    printf '%s\n' "${out//[[:space:]]/}"
}

is_ext4() {
    local magic
    magic=$(number "$1" 1080 2 little) && [[ ${magic} == "$((0xef53))" ]]
}

is_xfs() {
    local magic
    magic=$(number "$1" 0 4 big) && [[ ${magic} == "$((0x58465342))" ]] # XFSB
}

# has_orphan_file DEVICE: Fedora's mkfs.ext4 sets it since 2023. The kernel of CentOS
# Stream 9 mounts such a file system, but its fsck refuses it ("FEATURE_C12"), and so
# does the boot.
has_orphan_file() {
    local compat
    compat=$(number "$1" 1116 4 little) || stop "the superblock of $1 cannot be read"
    ((compat & 0x1000))
}

unmounted() {
    while findmnt --noheadings --source "$1" >/dev/null; do
        umount "$1" || return
    done
}

# settle_ext4 DEVICE. The order matters: tune2fs refuses what is mounted or has a journal
# to replay, and the last look must find nothing. metadata_csum_seed stays: the first boot
# gives the file system another UUID, and counts on it.
settle_ext4() {
    local code=0
    unmounted "$1" || stop "$1 is mounted, and cannot be unmounted"
    e2fsck -f -y "$1" || code=$?
    if ((code > 1)); then
        stop "e2fsck cannot repair $1 (exit code ${code}); nothing was changed on it by the pivot. Is e2fsck of this live system older than what made it?"
    fi
    if [[ ${TARGET_EL} != 9 ]] || ! has_orphan_file "$1"; then
        return 0
    fi
    tune2fs -O ^orphan_file "$1" || stop "tune2fs cannot clear orphan_file of $1, and ${TARGET_TITLE} would not boot with it"
    e2fsck -f -n "$1" || stop "$1 is not clean after orphan_file was cleared"
    if has_orphan_file "$1"; then
        stop "$1 still has orphan_file, and ${TARGET_TITLE} would not boot with it"
    fi
    say "cleared orphan_file of $1, which ${TARGET_TITLE} does not know"
}

# XFS cannot be changed back. Of the incompatible features at byte 216, 0x10 says that the
# file system is damaged; the kernel of CentOS Stream 9 knows those below 0x40, that of 10
# those below 0x100.
settle_xfs() {
    local features unknown=$((~0x3f))
    features=$(number "$1" 216 4 big) || stop "the superblock of $1 cannot be read"
    if [[ ${TARGET_EL} != 9 ]]; then
        unknown=$((~0xff))
    fi
    if ((features & 0x10)); then
        stop "$1 is damaged: xfs_repair $1"
    fi
    if ((features & unknown)); then
        printf -v features '0x%x' "$((features & unknown))"
        stop "$1 is XFS with features that the kernel of ${TARGET_TITLE} does not know (${features}): it was made by a newer system. Boot an older build of the live medium, or use --mode image"
    fi
    if ((features & 0x20)) && [[ ${TARGET_EL} == 9 ]]; then
        say "WARNING: $1 is XFS with nrext64; only the later kernels of ${TARGET_TITLE} know it"
    fi
}

settle_file_systems() {
    local part all
    all=$(partitions)
    while read -r part; do
        if [[ -z ${part} ]]; then
            continue
        elif is_ext4 "${part}"; then
            settle_ext4 "${part}"
        elif is_xfs "${part}"; then
            settle_xfs "${part}"
        fi
    done <<<"${all}"
}
