# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154,SC2310 # values come from the environment file or go to the other libraries; the questions may be answered no
# The installed system, mounted below SYSROOT, and the deployment of the target system in
# it. Source this file. A rerun does what is left to do.

SYSROOT=/run/okd-pivot/sysroot

mount_disk() {
    mkdir --parents "${SYSROOT}"
    mount "${ROOT}" "${SYSROOT}"
    mount "${BOOT}" "${SYSROOT}/boot"
}

# unmount_disk is called at the end, and by the trap at any time.
unmount_disk() {
    local place code=0
    for place in "${SYSROOT}/boot/efi" "${SYSROOT}/boot" "${SYSROOT}"; do
        if mountpoint --quiet "${place}"; then
            umount "${place}" || code=$?
        fi
    done
    return "${code}"
}

# grow_root makes room for a second system, but takes no more than ROOT_MIB: the node's own
# config may put partitions behind. The first boot grows it further if nothing is there.
grow_root() {
    local number start bytes disk size=${ROOT_MIB}MiB
    number=$(<"/sys/class/block/${ROOT##*/}/partition")
    start=$(<"/sys/class/block/${ROOT##*/}/start") # in 512 bytes
    bytes=$(blockdev --getsize64 "${ROOT}")
    disk=$(blockdev --getsize64 "${DEVICE}")
    if ((bytes >= ROOT_MIB << 20)); then
        return
    fi
    if ((start * 512 + ((ROOT_MIB + 2) << 20) > disk)); then
        size=+ # all there is
    fi
    say "growing ${ROOT}"
    unmounted "${ROOT}" || stop "${ROOT} is mounted, and cannot be unmounted"
    sgdisk --move-second-header "${DEVICE}" >/dev/null # the image is smaller than the disk
    sfdisk --quiet --no-reread --no-tell-kernel --partno "${number}" "${DEVICE}" <<<",${size}"
    partx --update "${DEVICE}"
    if command -v udevadm >/dev/null; then
        udevadm settle
    fi
}

# room FOLDER MIB NAME stops unless so much is free.
room() {
    local available
    available=$(df --output=avail --block-size=1M "$1")
    available=$((${available##*$'\n'}))
    if ((available < $2)); then
        stop "there are only ${available} MiB free on $3 of ${DEVICE}, and the system to deploy needs $2"
    fi
}

# entries prints the boot loader's entries, the first to boot first.
entries() {
    local all
    all=$(compgen -G "${SYSROOT}/boot/loader/entries/*.conf") || return
    sort --reverse --version-sort <<<"${all}"
}

# kernel_arguments ENTRY prints its arguments, one per line. ostree= names the deployment,
# and each has its own. $ignition_firstboot stays as it is written: GRUB replaces it.
kernel_arguments() {
    local words word
    words=$(sed --quiet 's/^options[[:space:]]\+//p' "$1")
    read -r -a words <<<"${words}"
    for word in "${words[@]}"; do
        case ${word} in
            ostree=*) ;;
            *) printf '%s\n' "${word}" ;;
        esac
    done
}

# deployments prints stateroot and name of each, the first to boot first.
deployments() {
    local all
    all=$(ostree admin status --sysroot="${SYSROOT}") || return
    sed --quiet 's/^[* ] \([A-Za-z0-9_-]\+\) \([0-9a-f]\+\.[0-9]\+\).*$/\1 \2/p' <<<"${all}"
}

# is_target STATEROOT NAME tells whether a deployment was made from OS_IMAGE.
is_target() {
    grep --quiet --fixed-strings --line-regexp "container-image-reference=ostree-unverified-registry:${OS_IMAGE}" \
        "${SYSROOT}/ostree/deploy/$1/deploy/$2.origin"
}

# find_target sets DEPLOYMENT to the folder of the target's deployment.
find_target() {
    local stateroot name all
    all=$(deployments) || stop "ostree cannot list the deployments of ${DEVICE}"
    while read -r stateroot name; do
        if [[ -n ${name} ]] && is_target "${stateroot}" "${name}"; then
            DEPLOYMENT=${SYSROOT}/ostree/deploy/${stateroot}/deploy/${name}
            return 0
        fi
    done <<<"${all}"
    return 1
}

pull_and_deploy() {
    ostree container image deploy --sysroot "${SYSROOT}" --stateroot "${STATEROOT}" --authfile /root/.docker/config.json \
        --imgref "ostree-unverified-registry:${OS_IMAGE}" "$@"
}

deploy() {
    local arguments entry
    if find_target; then
        say "${OS_IMAGE} is deployed already"
    else
        entry=$(entries || true)
        entry=${entry%%$'\n'*}
        if [[ -z ${entry} ]]; then
            stop "the boot partition of ${DEVICE} has no boot loader entry whose kernel arguments could be taken over"
        fi
        arguments=$(kernel_arguments "${entry}")
        mapfile -t arguments <<<"${arguments}"
        if [[ ! -d ${SYSROOT}/ostree/deploy/${STATEROOT} ]]; then
            ostree admin os-init --sysroot="${SYSROOT}" "${STATEROOT}"
        fi
        say "deploying ${OS_IMAGE}, which takes some minutes"
        patiently 3 20 pull_and_deploy "${arguments[@]/#/--karg=}" ||
            stop "ostree cannot deploy ${OS_IMAGE}; what it printed is above. To try again: systemctl default"
        find_target || stop "ostree reports success, but there is no deployment of ${OS_IMAGE}"
    fi
    # Other images may have refs here as well, so this one's is computed, not looked for.
    ostree rev-parse --repo="${SYSROOT}/ostree/repo" "${OS_IMAGE_REF}" >/dev/null ||
        stop "ostree has no ref ${OS_IMAGE_REF}"
}

# undeploy_others removes what coreos-installer wrote: it would stay in the boot menu, and
# start a system that is no node of OKD if the first entry does not start.
undeploy_others() {
    local stateroot name all index=0 others=()
    all=$(deployments)
    while read -r stateroot name; do
        if ! is_target "${stateroot}" "${name}"; then
            others=("${index}" "${others[@]}") # the last first: the others keep their numbers
        fi
        index=$((index + 1))
    done <<<"${all}"
    for index in "${others[@]}"; do
        ostree admin undeploy --sysroot="${SYSROOT}" "${index}"
    done
}
