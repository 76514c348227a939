#!/bin/bash
# Fetches the image that coreos-installer is to write, and makes sure of what it is:
# CentOS Stream CoreOS has no signatures, so the digest that came with the config decides.
# shellcheck disable=SC2154,SC2310 # values come from the environment file; the questions may be answered no
set -euo pipefail
shopt -s inherit_errexit
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin

FOLDER=/var/tmp/okd-pivot
IMAGE=${FOLDER}/image.raw.gz

is_right() {
    [[ -e ${IMAGE} ]] && sha256sum --quiet --check - <<<"${IMAGE_SHA256}  ${IMAGE}" >/dev/null 2>&1
}

fetch() {
    curl --fail --silent --show-error --location --continue-at - --speed-limit 1024 --speed-time 60 \
        --output "${IMAGE}.part" "${IMAGE_URL}"
}

main() {
    # shellcheck source=/dev/null
    source /etc/okd-pivot/environment
    # shellcheck source=../lib/okd-pivot/say.sh
    source /usr/local/lib/okd-pivot/say.sh
    # shellcheck source=../lib/okd-pivot/disk.sh
    source /usr/local/lib/okd-pivot/disk.sh
    local available
    image_url || stop "there is no image for the sectors of ${DEVICE}"
    mkdir --parents "${FOLDER}"
    if is_right; then
        say "the image is here already"
        return
    fi
    available=$(df --output=avail --block-size=1M "${FOLDER}" | tail --lines=1)
    if [[ ! -e ${IMAGE}.part ]] && ((available < IMAGE_MIB)); then
        stop "the image takes up to ${IMAGE_MIB} MiB of memory while it is written, and ${available// /} are free: give this machine more memory, or boot the ISO of ${TARGET_TITLE}, which brings the image"
    fi
    say "fetching ${IMAGE_URL}"
    patiently 5 15 fetch || stop "the image cannot be fetched from ${IMAGE_URL}"
    mv "${IMAGE}.part" "${IMAGE}"
    if ! is_right; then
        rm --force "${IMAGE}"
        stop "${IMAGE_URL} is not the image that was published: its SHA-256 is not ${IMAGE_SHA256}. To try again: systemctl default"
    fi
    say "the image is the right one"
}

main
