# shellcheck shell=bash
# shellcheck disable=SC2154,SC2310 # values come from the environment file; the questions may be answered no
# The last looks before the disk is booted. Source this file.
#
#   check_boot     stops unless the disk starts the target system, with the config
#   install_esp    puts the target's boot loader beside the one that is there
#   write_report   leaves /boot/okd-pivot.json on the disk

check_boot() {
    local all count title options
    all=$(entries || true)
    count=$(grep --count . <<<"${all}" || true)
    if [[ ${count} != 1 ]]; then
        stop "the boot partition of ${DEVICE} has ${count} boot loader entries instead of one"
    fi
    title=$(sed --quiet 's/^title[[:space:]]\+//p' "${all}")
    if [[ ${title} != *"CentOS Stream CoreOS"* ]]; then
        stop "the boot loader of ${DEVICE} would start \"${title}\" instead of ${TARGET_TITLE}"
    fi
    options=$(kernel_arguments "${all}")
    # shellcheck disable=SC2016 # GRUB expands it
    if ! grep --quiet --fixed-strings --line-regexp '$ignition_firstboot' <<<"${options}"; then
        stop "the kernel arguments of ${DEVICE} lack \$ignition_firstboot, without which the config is never read"
    fi
    if [[ ! -e ${SYSROOT}/boot/ignition.firstboot ]]; then
        stop "the boot partition of ${DEVICE} has no ignition.firstboot, without which the config is never read"
    fi
    cmp --quiet "${SYSROOT}/boot/ignition/config.ign" /etc/coreos/dest.ign ||
        stop "the config on the boot partition of ${DEVICE} is not the one that was to be written"
}

# payloads prints where the deployment keeps what belongs on an EFI system partition: one
# folder in older images, and in newer ones those of shim and of GRUB apart.
payloads() {
    local place found
    for place in usr/lib/bootupd/updates/EFI 'usr/lib/efi/shim/*/EFI' 'usr/lib/efi/grub2/*/EFI'; do
        found=$(compgen -G "${DEPLOYMENT}/${place}/centos" || true)
        if [[ -n ${found} ]]; then
            printf '%s\n' "${found##*$'\n'}"
        fi
    done
}

# install_esp leaves the folders of the other vendor and EFI/BOOT alone: with Secure Boot
# off they start the new system too, and are what is left if the firmware forgets its list.
install_esp() {
    local from all part other file efi=${SYSROOT}/boot/efi
    if [[ ! -d /sys/firmware/efi || ${#ESPS[@]} -eq 0 ]]; then
        say "no UEFI: the boot loader on ${DEVICE} stays as it is"
        return
    fi
    all=$(payloads)
    if [[ -z ${all} ]]; then
        say "WARNING: ${OS_IMAGE} brings no boot loader of its own; the one on ${DEVICE} stays, which starts the system only with Secure Boot off"
        return
    fi
    for part in "${ESPS[@]}"; do
        mkdir --parents "${efi}"
        mount "${part}" "${efi}"
        mkdir --parents "${efi}/EFI/centos"
        while read -r from; do
            cp --recursive "${from}/." "${efi}/EFI/centos/"
        done <<<"${all}"
        # its few lines find the boot partition, whichever vendor's folder they are in
        for file in grub.cfg bootuuid.cfg; do
            other=$(compgen -G "${efi}/EFI/*/${file}" || true)
            if [[ -n ${other} && ! -e ${efi}/EFI/centos/${file} ]]; then
                cp "${other%%$'\n'*}" "${efi}/EFI/centos/${file}"
            fi
        done
        for file in "shim${EFI_SUFFIX}.efi" "grub${EFI_SUFFIX}.efi" grub.cfg; do
            if [[ ! -s ${efi}/EFI/centos/${file} ]]; then
                stop "the EFI system partition ${part} has no EFI/centos/${file} after the boot loader was copied"
            fi
        done
        umount "${efi}"
        register "${part}"
    done
}

# register tells the firmware of the new boot loader. A firmware that takes no entries
# still starts EFI/BOOT.
register() {
    local number disk loader="\\EFI\\centos\\shim${EFI_SUFFIX}.efi" known
    disk=$(readlink --canonicalize "${DEVICE}")
    number=$(<"/sys/class/block/${1##*/}/partition")
    known=$(efibootmgr --verbose 2>/dev/null | tr '[:upper:]' '[:lower:]' || true)
    if [[ ${known} == *"${loader,,}"* ]]; then
        return
    fi
    efibootmgr --quiet --create --disk "${disk}" --part "${number}" --label "${TARGET_TITLE}" --loader "${loader}" ||
        say "WARNING: the firmware takes no boot entry; it will start the boot loader in EFI/BOOT of ${DEVICE}"
}

write_report() {
    local date
    date=$(date --utc --iso-8601=seconds)
    jq --null-input --arg mode "${MODE}" --arg role "${ROLE}" --arg release "${RELEASE_IMAGE}" --arg target "${TARGET_TITLE}" \
        --arg image "${OS_IMAGE:-${IMAGE_URL:-medium}}" --arg device "${DEVICE}" --arg date "${date}" \
        '{schemaVersion: 1, $date, $mode, $role, releaseImage: $release, $target, $image, $device}' >"${SYSROOT}/boot/okd-pivot.json"
}
