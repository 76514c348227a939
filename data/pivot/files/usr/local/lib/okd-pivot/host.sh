# shellcheck shell=bash
# shellcheck disable=SC2154 # the values come from the environment file
# What the machine itself must be like. Source this file. Each check_ function tells
# what is wrong through problem, and never fails.

# The four bytes before the value are attributes.
SECURE_BOOT_VARIABLE=/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c

check_live() {
    if [[ ! -e /run/ostree-live ]]; then
        problem "this system was not booted from a CoreOS live medium, and the pivot must not run on an installed one: boot the ISO or over PXE"
    fi
}

check_architecture() {
    local machine
    machine=$(uname -m)
    if [[ ${machine} != "${ARCHITECTURE}" ]]; then
        problem "this machine is ${machine}, but the config was made for ${ARCHITECTURE}: make it again with --arch ${machine}"
    fi
}

# secure_boot prints on, off, bios, or unknown: only a machine without the folder has BIOS.
secure_boot() {
    local bytes
    if [[ ! -d /sys/firmware/efi ]]; then
        echo bios
        return
    fi
    bytes=$(od --address-radix=n --format=u1 "${SECURE_BOOT_VARIABLE}" 2>/dev/null || true)
    read -r -a bytes <<<"${bytes}"
    case ${#bytes[@]}:${bytes[4]:-} in
        5:1) echo on ;;
        5:0) echo off ;;
        *) echo unknown ;;
    esac
}

check_secure_boot() {
    local state
    state=$(secure_boot)
    case ${state}:${SECURE_BOOT} in
        bios:* | off:*) say "Secure Boot: ${state}" ;;
        on:refused) problem "Secure Boot is on: ${SECURE_BOOT_REASON}. ${SECURE_BOOT_WAY}" ;;
        on:*) say "WARNING: Secure Boot is on: ${SECURE_BOOT_REASON}. ${SECURE_BOOT_WAY}" ;;
        *) say "WARNING: it cannot be told whether Secure Boot is on (${SECURE_BOOT_VARIABLE} is not readable). If it is: ${SECURE_BOOT_REASON}" ;;
    esac
}

check_cpu() {
    local flags flag missing=''
    if [[ -z ${CPU_FLAGS} ]]; then
        return
    fi
    flags=$(sed --quiet 's/^flags[[:space:]]*:\(.*\)$/\1 /p;T;q' /proc/cpuinfo)
    for flag in ${CPU_FLAGS}; do
        if [[ ${flags} != *" ${flag} "* ]]; then
            missing+=" ${flag}"
        fi
    done
    if [[ -n ${missing} ]]; then
        problem "the processor lacks${missing}: ${TARGET_TITLE} needs x86-64-v3 and would stop with \"Fatal glibc error: CPU does not support x86-64-v3\". Use a newer machine, or give the virtual machine the CPU of its host"
    fi
}

check_tools() {
    local tool missing=''
    for tool in ${TOOLS}; do
        if ! command -v "${tool}" >/dev/null; then
            missing+=" ${tool}"
        fi
    done
    if [[ -n ${missing} ]]; then
        problem "the live system lacks${missing}: boot another build of it"
    fi
}

# The dates are seconds since 1970. A clock that is wrong makes every certificate wrong.
clock_has_come_far() {
    local now
    now=$(date +%s)
    ((now >= NOT_BEFORE))
}

check_clock() {
    local now clock from until
    # shellcheck disable=SC2310 # chrony may need a minute, and what it came to is told below
    patiently 7 10 clock_has_come_far || true
    now=$(date +%s)
    clock=$(date --utc --date="@${now}")
    from=$(date --utc --date="@${NOT_BEFORE}")
    until=$(date --utc --date="@${NOT_AFTER}")
    if ((now < NOT_BEFORE)); then
        problem "this machine's clock is behind: it says ${clock}, but the certificates are good only from ${from} on. Set it in the firmware, or: chronyc makestep"
    elif ((NOT_AFTER > 0 && now > NOT_AFTER)); then
        problem "the certificates in ${CONFIG_NAME} expired at ${until}; this machine's clock says ${clock}. If that is right, run create ignition-configs and create pivot-config again"
    fi
}

# answers HOST: any answer of the server will do, a refusal for lack of a login included.
answers() {
    curl --silent --output /dev/null --max-time 20 "https://$1/v2/" 2>/dev/null
}

any_registry() {
    local host
    for host in ${REGISTRIES}; do
        # shellcheck disable=SC2310 # no is an answer
        if answers "${host}"; then
            return 0
        fi
    done
    return 1
}

image_answers() {
    curl --silent --fail --head --location --output /dev/null --max-time 30 "${IMAGE_URL}"
}

check_network() {
    # shellcheck disable=SC2310 # no is an answer
    if [[ -n ${REGISTRIES} ]] && ! patiently 6 10 any_registry; then
        problem "none of the registries answers: ${REGISTRIES}. Look at: nmcli; resolvectl; and at the proxy and the additionalTrustBundle of install-config.yaml"
    fi
    # shellcheck disable=SC2310 # no is an answer
    if image_url && [[ -n ${IMAGE_URL} ]] && ! patiently 6 10 image_answers; then
        problem "the image is not to be had: ${IMAGE_URL}. Look at: nmcli; resolvectl; and name another place with --image-url"
    fi
}
