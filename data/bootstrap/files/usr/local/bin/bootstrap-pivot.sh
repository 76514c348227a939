#!/bin/bash
# Moves this host from Fedora CoreOS, which has neither kubelet nor oc, to the node image
# of the release, and boots that. For releases up to 4.18.
#
# On the node image, which is CentOS Stream CoreOS, there is nothing to do: that is so
# after the pivot, and where the host was booted from CentOS Stream CoreOS.
# shellcheck disable=SC2154,SC2310,SC2311 # values come from release-image.sh; the questions below may be answered no
set -euo pipefail
shopt -s inherit_errexit
# Fedora 42 and later have no /usr/sbin in the PATH of services; ostree needs semodule.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin

MARKER=/opt/openshift/.pivot-done
LOSSES=/opt/openshift/.pivot-lost # a line for each start at which the node image was gone

# pivot_decision prints what is to be done, by the system that runs and the marker, which
# holds the boot in which the node image was deployed:
#   done     this is CentOS Stream CoreOS
#   reboot   the node image is deployed, and this boot only has to end
#   lost     the node image was deployed, but Fedora CoreOS came up again
#   pivot    this is Fedora CoreOS, not yet pivoted
#   alien    this is something else
pivot_decision() {
    local id boot
    id=$(sed --quiet 's/^ID="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/os-release)
    boot=$(</proc/sys/kernel/random/boot_id)
    case ${id} in
        centos) echo 'done' ;;
        fedora)
            if [[ ! -e ${MARKER} ]]; then
                echo pivot
            elif [[ $(<"${MARKER}") == "${boot}" ]]; then
                echo reboot
            else
                echo lost
            fi
            ;;
        *) echo alien ;;
    esac
}

guards() {
    guard_live && guard_secure_boot && guard_ext4
}

# fetch sets NODE_IMAGE and has podman bring it here: this tells early, and with the
# messages of podman, whether the registry serves it.
fetch() {
    NODE_IMAGE=$(image_for stream-coreos) && podman pull --quiet "${NODE_IMAGE}" >/dev/null
}

# deployed tells whether a rebase of before has come to its end without its caller, which
# was killed or not answered: rpm-ostree refuses to go to where it is already.
deployed() {
    local answer
    answer=$(rpm-ostree status --json 2>/dev/null | jq --arg image "$1" \
        '.deployments[0] | (.booted | not) and .["container-image-reference"] == $image' 2>/dev/null) && [[ ${answer} == true ]]
}

rebase() {
    local image=ostree-unverified-registry:${NODE_IMAGE}
    if deployed "${image}"; then
        return 0
    fi
    # rpm-ostree reads the registries without being root, and the pull secret from its own place
    chmod 0644 /etc/containers/registries.conf &&
        install -D --mode=0600 "${REGISTRY_AUTH_FILE}" /run/ostree/auth.json &&
        rpm-ostree rebase --experimental "${image}"
}

pivot() {
    status 'bootstrap-pivot: fetching the node image. More: journalctl -b -f -u release-image-pivot.service'
    record_service_stage_start pull-okd-os-image
    patiently 10 'the node image (stream-coreos)' fetch
    record_service_stage_success

    status "bootstrap-pivot: deploying ${NODE_IMAGE}. More: journalctl -b -f -u release-image-pivot.service -u rpm-ostreed.service"
    record_service_stage_start rebase-to-okd-os-image
    patiently 10 "rpm-ostree to deploy ${NODE_IMAGE}" rebase
    cp /proc/sys/kernel/random/boot_id "${MARKER}"
    record_service_stage_success
}

# reboot_and_wait does not return: what is ordered after this service must not begin before the host goes down.
reboot_and_wait() {
    status 'bootstrap-pivot: the node image is deployed; starting it'
    systemctl reboot
    sleep infinity
}

main() {
    # shellcheck source=release-image.sh
    source /usr/local/bin/release-image.sh
    # shellcheck source=bootstrap-service-record.sh
    source /usr/local/bin/bootstrap-service-record.sh
    # shellcheck source=../lib/okd-install/status.sh
    source /usr/local/lib/okd-install/status.sh
    # shellcheck source=../lib/okd-install/pivot-guards.sh
    source /usr/local/lib/okd-install/pivot-guards.sh
    local decision losses
    decision=$(pivot_decision)
    case ${decision} in
        done)
            if [[ ! -e ${MARKER} ]]; then
                touch "${MARKER}"
            fi
            echo 'this host runs the CentOS Stream CoreOS that the release needs'
            status_over
            return
            ;;
        pivot) ;;
        reboot)
            reboot_and_wait
            return
            ;;
        lost)
            if ! power_was_lost; then
                status $'bootstrap-pivot: Fedora CoreOS came up again although the node image was deployed: the boot loader refused it.\n  Secure Boot must be off. Look at: rpm-ostree status; mokutil --sb-state; journalctl --list-boots\n  To try again: rm '"${MARKER}"'; systemctl restart release-image-pivot.service'
                exit 1
            fi
            echo lost >>"${LOSSES}"
            # rpm-ostree may be unable to write it for good, which it tries while the host goes down
            mapfile -t losses <"${LOSSES}"
            if ((${#losses[@]} > 3)); then
                status $'bootstrap-pivot: the node image was deployed three times, and was gone at each start: the power was lost, or there is no room for it.\n  Look at: df -h /boot /sysroot; journalctl --boot=-1 --unit=ostree-finalize-staged.service\n  To try again: rm '"${LOSSES}"'; systemctl restart release-image-pivot.service'
                exit 1
            fi
            echo 'this host went down before the node image was deployed for good; deploying it again'
            rm --force "${MARKER}"
            ;;
        *)
            echo 'this host runs neither Fedora CoreOS nor CentOS Stream CoreOS (ID in /etc/os-release), so the node image cannot be deployed'
            exit 1
            ;;
    esac
    local problem
    if ! problem=$(guards); then
        status "bootstrap-pivot: ${problem}"$'\n'"  then: systemctl restart release-image-pivot.service"
        echo "${problem}"
        exit 1
    fi
    printf '%s\n' "${problem}"
    pivot
    reboot_and_wait
}

# Sourced, this gives the functions alone.
if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    main
fi
