#!/bin/bash
# Fetches the release image, however long that takes: a registry, a mirror or the network
# may come later than this host. An image that is here already is not asked for again, so
# that a host without a registry works with images that were put on it.
# shellcheck disable=SC2154 # the variables are in the environment file
set -euo pipefail
shopt -s inherit_errexit

# shellcheck source=/dev/null
source /etc/okd-install/environment
# shellcheck source=bootstrap-service-record.sh
source /usr/local/bin/bootstrap-service-record.sh
# shellcheck source=../lib/okd-install/status.sh
source /usr/local/lib/okd-install/status.sh
# shellcheck source=../lib/okd-install/causes.sh
source /usr/local/lib/okd-install/causes.sh

ERRORS=/run/okd-install/release-image.errors
NOTICE=50_release-image
RED=$'\e[31m'
PLAIN=$'\e[0m'
LONGEST_PAUSE=60

# complain TEXT shows a notice in red; it stays until the image is here.
complain() {
    echo "$1" >&2
    notice "${NOTICE}" "${RED}$1${PLAIN}"$'\n  more: journalctl -b -f -u release-image.service'
}

# The words of the last failure are printed, so that the journal has them.
pull() {
    podman pull --quiet --authfile /root/.docker/config.json "${RELEASE_IMAGE}" >/dev/null 2>"${ERRORS}" && return
    cat "${ERRORS}" >&2
    return 1
}

fetch() {
    local pause=5 since cause
    since=$(clock)
    record_service_stage_start pull-release-image
    echo "pulling ${RELEASE_IMAGE}"
    status "release-image: pulling ${RELEASE_IMAGE} since ${since}"$'\n  more: journalctl -b -f -u release-image.service'
    # shellcheck disable=SC2310 # a failure is what the loop is for
    until pull; do
        cause=$(likely_cause "${ERRORS}")
        complain "the release image cannot be pulled since ${since}: ${RELEASE_IMAGE}; ${cause:-cause unknown}; trying again in ${pause} s"
        record_service_stage_failure
        sleep "${pause}"
        pause=$((pause * 2 < LONGEST_PAUSE ? pause * 2 : LONGEST_PAUSE))
        record_service_stage_start pull-release-image
    done
    record_service_stage_success
}

# The names that images use for the architectures of this host.
image_architecture() {
    case $1 in
        x86_64) echo amd64 ;;
        aarch64) echo arm64 ;;
        *) echo "$1" ;;
    esac
}

# An error here would keep systemd from ever starting what requires this service.
inspect() {
    IMAGE_ARCHITECTURE=$(podman image inspect "${RELEASE_IMAGE}" | jq --raw-output '.[0].Architecture')
}

check_architecture() {
    local machine host image
    record_service_stage_start image-metadata-arches-match
    machine=$(uname --machine)
    host=$(image_architecture "${machine}")
    patiently 10 'podman to describe the release image' inspect
    image=${IMAGE_ARCHITECTURE}
    if [[ ${image} != "${host}" ]]; then
        complain "the release image ${RELEASE_IMAGE} is for ${image}, but this host is ${host}: use the release of this architecture"
        exit 1
    fi
    record_service_stage_success
}

mkdir --parents "${ERRORS%/*}"
if ! podman image exists "${RELEASE_IMAGE}"; then
    fetch
fi
status_over
check_architecture
notice_over "${NOTICE}"
