# shellcheck shell=bash
# shellcheck disable=SC2154 # RELEASE_IMAGE is in the environment file
# The release image and the images that it names. Source this file.
#
#   RELEASE_IMAGE          the pull spec that okd-install was given
#   RELEASE_IMAGE_DIGEST   the same release by digest, once the image is on this host; before, the pull spec
#   image_for TAG          prints the pull spec of a component, such as: image_for etcd
#
# Asks podman: `podman image inspect RELEASE_IMAGE` (JSON) when sourced, and for each
# image_for `podman run --quiet --rm --net=none RELEASE_IMAGE_DIGEST image TAG`.

# shellcheck source=/dev/null
source /etc/okd-install/environment
# Services have no HOME, where oc looks for the pull secret.
export HOME=/root
export REGISTRY_AUTH_FILE=/root/.docker/config.json

# The image of one architecture out of a list of several has two digests: its own and
# that of the list. Only its own is an image that every consumer can run.
release_image_digest() {
    local image
    image=$(podman image inspect "${RELEASE_IMAGE}" 2>/dev/null) || return
    jq --raw-output '
        .[0] as $image | ($image.RepoDigests // []) as $names
        | [$names[] | select(endswith("@" + ($image.Digest // "none")))] + $names | .[0] // empty' <<<"${image}"
}

# shellcheck disable=SC2310 # without the image there is no digest yet
RELEASE_IMAGE_DIGEST=$(release_image_digest) || true
if [[ -z ${RELEASE_IMAGE_DIGEST} ]]; then
    RELEASE_IMAGE_DIGEST=${RELEASE_IMAGE}
    echo "the release image is not on this host yet; going by ${RELEASE_IMAGE} instead of its digest" >&2
fi

image_for() {
    local image
    image=$(podman run --quiet --rm --net=none "${RELEASE_IMAGE_DIGEST}" image "$1") || return
    if [[ -z ${image} ]]; then
        echo "the release ${RELEASE_IMAGE_DIGEST} names no image for $1" >&2
        return 1
    fi
    printf '%s\n' "${image}"
}
