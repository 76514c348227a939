#!/bin/bash
# Brings the node image of the release to this host, as files beside the system that it
# booted. Boot images are plain CoreOS: CRI-O, the kubelet, oc and Open vSwitch come with
# the node image, and node-image-overlay.sh puts it over /usr once this is done.
#
# A host that runs from its disk gets the files into the repository of its own system,
# where most of them are already; a live host gets a repository of its own in memory.
#
# Leaves in /run/okd-install: node-image, a link to the checked out files, and
# node-image-keep, the files of /etc that this host has changed, as patterns for rsync.
# shellcheck disable=SC2154,SC2310 # values come from the environment file and from release-image.sh; what patiently calls returns its failures
set -euo pipefail
shopt -s inherit_errexit

# The system's own PATH has no /usr/sbin on Fedora 42 and later, and SELinux tools that
# ostree starts by their name inside another image stand there.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin

RUN=/run/okd-install

# find_node_image sets NODE_IMAGE. It needs the release image, which is fetched here: this
# runs long before release-image.service.
find_node_image() {
    local tag=stream-coreos
    if ! podman image exists "${RELEASE_IMAGE}"; then
        podman pull --quiet "${RELEASE_IMAGE}" >/dev/null || return
    fi
    # shellcheck source=release-image.sh
    source /usr/local/bin/release-image.sh || return
    if ! NODE_IMAGE=$(image_for "${tag}"); then
        echo "asking for the node image by its stream instead, which is ${OS_IMAGE_STREAM:-not known}"
        NODE_IMAGE=$(node_image_of_stream) || return
    fi
    [[ -n ${NODE_IMAGE} ]]
}

# node_image_of_stream asks a program of the machine config operator, which looks at the
# labels of the images. Its image is removed again: on a live host it occupies memory.
node_image_of_stream() {
    local tool=${RUN}/machine-config-osimagestream image container code=0
    [[ -n ${OS_IMAGE_STREAM} ]] || return
    image=$(image_for machine-config-operator) || return
    container=$(podman create --quiet "${image}") || return
    podman cp "${container}:/usr/bin/machine-config-osimagestream" "${tool}" || code=$?
    podman rm "${container}" >/dev/null || code=$?
    podman rmi "${image}" >/dev/null || code=$?
    ((code == 0)) || return "${code}"
    "${tool}" get os-image-pullspec --release-image "${RELEASE_IMAGE_DIGEST}" --osimagestream-name "${OS_IMAGE_STREAM}" \
        --authfile "${REGISTRY_AUTH_FILE}" --per-host-certs /etc/containers/certs.d \
        --trust-bundle /etc/pki/ca-trust/source/anchors --registry-config /etc/containers/registries.conf
}

# choose_place sets REPO, CHECKOUT and LINKS by whether this host runs from memory. The mark
# counts, not the kernel's arguments: a live boot from the network has none of its own.
choose_place() {
    if [[ ! -e /run/ostree-live ]]; then
        REPO=/ostree/repo CHECKOUT=/ostree/repo/tmp/node-image LINKS=(--require-hardlinks)
        # In the mounts of this service only: the host keeps it read-only.
        mount --options remount,rw /sysroot
        return
    fi
    local memory=/var/ostreecontainer
    # releases up to 4.20 know the memory under another name
    if [[ ! -e /etc/systemd/system/var-ostreecontainer.mount ]]; then
        memory=/var/ostree-container
    fi
    REPO=${memory}/repo CHECKOUT=${memory}/checkout LINKS=()
    mkdir --parents "${REPO}"
    ostree init --repo "${REPO}" --mode=bare
    take_base
}

# take_base spares the download of what the booted image brings, if it came from an image.
take_base() {
    local refs
    mapfile -t refs < <(ostree refs --repo /ostree/repo --list ostree/container || true)
    if ((${#refs[@]} > 0)) && ! ostree pull-local --repo "${REPO}" /ostree/repo "${refs[@]}"; then
        echo "the booted image cannot be reused, so all of the node image is fetched"
    fi
}

check_out() {
    local ref
    ref=$(ostree_ref "${NODE_IMAGE}")
    if ! ostree rev-parse --repo "${REPO}" "${ref}" >/dev/null; then
        echo "${NODE_IMAGE} was fetched, but ${REPO} has no ref ${ref}. It has:"
        ostree refs --repo "${REPO}" --list ostree/container/image
        return 1
    fi
    ostree refs --repo "${REPO}" --force --create=coreos/node-image "${ref}"
    rm --recursive --force "${CHECKOUT}"
    ostree checkout --repo "${REPO}" "${LINKS[@]}" coreos/node-image "${CHECKOUT}"
    if [[ -e /run/ostree-live ]]; then
        rm --recursive --force "${REPO}" # frees memory
    fi
}

changed_etc() {
    if [[ -e /run/ostree-live ]]; then
        # ostree looks at the deployment's own /etc; a live host has its in memory
        local deployments=(/ostree/deploy/*/deploy/*/etc)
        mount --bind /etc "${deployments[0]}"
    fi
    ostree admin config-diff | keep_patterns /etc >"${RUN}/node-image-keep"
}

# doing TEXT tells the console.
doing() {
    local now
    now=$(clock)
    status "node-image-pull since ${now}: $1"$'\n'"  more: journalctl -b -f -u node-image-pull.service"
}

at_exit() {
    local code=$?
    if ((code != 0)); then
        doing "failed, so the bootstrap cannot begin. Try again: systemctl start node-image-overlay.target"
    fi
}

main() {
    export SERVICE_NAME=node-image-pull
    # shellcheck source=/dev/null
    source /etc/okd-install/environment
    # shellcheck source=../lib/okd-install/status.sh
    source /usr/local/lib/okd-install/status.sh
    # shellcheck source=../lib/okd-install/ostree.sh
    source /usr/local/lib/okd-install/ostree.sh
    export REGISTRY_AUTH_FILE=/root/.docker/config.json
    mkdir --parents "${RUN}"
    trap at_exit EXIT
    doing "looking for the node image in ${RELEASE_IMAGE}"
    patiently 10 "the release image ${RELEASE_IMAGE}" find_node_image
    doing "fetching the node image ${NODE_IMAGE}"
    choose_place
    patiently 10 "the node image ${NODE_IMAGE}" \
        ostree container image pull --authfile "${REGISTRY_AUTH_FILE}" "${REPO}" "ostree-unverified-image:docker://${NODE_IMAGE}"
    doing "checking out the node image ${NODE_IMAGE}"
    check_out
    status_over
    changed_etc
    ln --symbolic --force --no-dereference "${CHECKOUT}" "${RUN}/node-image"
}

# Sourced, this gives the functions alone.
if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    main
fi
