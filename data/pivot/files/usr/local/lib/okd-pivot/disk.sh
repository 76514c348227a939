# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # values come from the environment file, and go to the other libraries
# The disk that is written to, and its partitions. Source this file.
#
#   check_disk, check_content   tell what is wrong with it through problem, and never fail
#   image_url                   sets IMAGE_URL and IMAGE_SHA256 by the disk's sector size
#   find_partitions             sets BOOT and ROOT, and ESPS to the EFI system partitions

IMAGE_URL=''
IMAGE_SHA256=''

block_device() {
    [[ -b ${DEVICE} ]]
}

check_disk() {
    local type bytes mounted write_protected disks sector
    # shellcheck disable=SC2310 # no is an answer
    if ! patiently 6 5 block_device; then
        disks=$(lsblk --nodeps --output PATH,SIZE,TYPE,MODEL || true)
        problem "there is no disk ${DEVICE}. This machine has:"$'\n'"${disks}"
        return
    fi
    type=$(lsblk --nodeps --noheadings --output TYPE "${DEVICE}")
    case ${type} in
        part | rom) problem "${DEVICE} is a ${type}, not a whole disk" ;;
        *) ;;
    esac
    mounted=$(lsblk --noheadings --list --output MOUNTPOINTS "${DEVICE}")
    mounted=$(sed '/^[[:space:]]*$/d' <<<"${mounted}")
    if [[ -n ${mounted} ]]; then
        problem "${DEVICE} is in use: it is mounted at ${mounted//$'\n'/, }. Is it the medium that this system was booted from?"
    fi
    write_protected=$(blockdev --getro "${DEVICE}")
    if [[ ${write_protected} != 0 ]]; then
        problem "${DEVICE} is write-protected"
    fi
    bytes=$(blockdev --getsize64 "${DEVICE}")
    if ((bytes < DISK_MIB << 20)); then
        problem "${DEVICE} has $((bytes >> 20)) MiB, and the installation alone needs ${DISK_MIB}"
    elif ((bytes < 100 * 1000 ** 3)); then
        say "WARNING: ${DEVICE} has $((bytes >> 30)) GiB; a node of OKD should have 100 GB or more"
    fi
    sector=$(blockdev --getss "${DEVICE}")
    # shellcheck disable=SC2310 # no is an answer
    image_url || problem "${DEVICE} has sectors of ${sector} bytes, and there is no image for that in the config: see --image-url"
}

image_url() {
    local sector
    if [[ -z ${IMAGE_512_URL}${IMAGE_4096_URL} || ! -b ${DEVICE} ]]; then
        return 0
    fi
    sector=$(blockdev --getss "${DEVICE}")
    case ${sector} in
        512) IMAGE_URL=${IMAGE_512_URL} IMAGE_SHA256=${IMAGE_512_SHA256} ;;
        4096) IMAGE_URL=${IMAGE_4096_URL} IMAGE_SHA256=${IMAGE_4096_SHA256} ;;
        *) ;;
    esac
    [[ -n ${IMAGE_URL} ]]
}

partitions() {
    local all
    all=$(lsblk --noheadings --list --paths --output NAME,TYPE "${DEVICE}") || return
    sed --quiet 's/[[:space:]]\+part[[:space:]]*$//p' <<<"${all}"
}

# tag DEVICE NAME asks the disk itself: what udev knows may be older.
tag() {
    blkid --probe --match-tag "$2" --output value "$1" || true
}

find_partitions() {
    local part label all
    BOOT='' ROOT='' ESPS=()
    all=$(partitions)
    while read -r part; do
        if [[ -z ${part} ]]; then
            continue
        fi
        label=$(tag "${part}" PART_ENTRY_NAME)
        case ${label} in
            boot) BOOT=${part} ;;
            root) ROOT=${part} ;;
            EFI-SYSTEM | esp-*) ESPS+=("${part}") ;;
            *) ;;
        esac
    done <<<"${all}"
    [[ -n ${BOOT} && -n ${ROOT} ]]
}

# A system that has started has consumed its config: a machine that boots the live medium
# again, because the firmware prefers it, must not be wiped.
check_content() {
    local look=/run/okd-pivot/look used=''
    # shellcheck disable=SC2310 # no is an answer
    if [[ ${REINSTALL} == true || -e /run/okd-pivot/reinstall ]] || ! block_device || ! find_partitions; then
        return
    fi
    mkdir --parents "${look}"
    if mount --options ro,noload "${BOOT}" "${look}" 2>/dev/null; then
        if compgen -G "${look}/loader/entries/*.conf" >/dev/null && [[ ! -e ${look}/ignition.firstboot ]]; then
            used=yes
        fi
        umount "${look}"
    fi
    if [[ -n ${used} ]]; then
        problem "${DEVICE} holds an installed system that has started before, and is not overwritten. Boot the machine from its disk; or, to wipe it: touch /run/okd-pivot/reinstall; systemctl default (or make the config with --reinstall)"
    fi
}
