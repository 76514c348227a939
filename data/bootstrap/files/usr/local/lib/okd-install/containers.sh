# shellcheck shell=bash
# shellcheck disable=SC2154,SC2310 # the variables are the other libraries'; functions that are called in conditions return their failures
# The components of the release, run as containers. Source this file after release-image.sh
# and stages.sh.
#
#   operator NAME TAG WORD...   run WORD... in the component TAG as container NAME, with /opt/openshift at /assets
#   container NAME TAG OPTION... -- WORD...   the same with podman's OPTIONs instead of that folder
#   images TAG...               look up components: "${IMAGE[etcd]}"; IMAGE[release] is the release itself
#   heard COMMAND...            run COMMAND; what it says on stderr is also kept for likely_cause
#
# Podman is asked for nothing but
#   podman run --quiet --rm --net=none RELEASE_IMAGE_DIGEST image TAG                            (image_for)
#   podman run --quiet --net=host --rm --log-driver=k8s-file --name NAME --replace OPTION... IMAGE WORD...
#   podman run --quiet --rm --net=none --entrypoint cat RELEASE_IMAGE_DIGEST FILE                (mco-bootstrap)
#   podman rm --force --ignore cluster-bootstrap                                                 (cb-bootstrap)

declare -A IMAGE=([release]=${RELEASE_IMAGE_DIGEST})

images() {
    local tag image
    for tag in "$@"; do
        if [[ -z ${IMAGE[${tag}]:-} ]]; then
            image=$(heard image_for "${tag}") || return
            IMAGE[${tag}]=${image}
        fi
    done
}

operator() {
    container "$1" "$2" --volume /opt/openshift:/assets:z -- "${@:3}"
}

# Without a log driver of its own the output would be in the journal twice. A container
# of the same name is what a killed bootkube left; it is replaced.
container() {
    local name=$1 tag=$2 options=()
    shift 2
    while [[ $1 != -- ]]; do
        options+=("$1")
        shift
    done
    shift
    images "${tag}" || return
    if [[ -z ${STAGE_AWAITS} ]]; then
        doing "running container ${name} of image ${tag}"
    fi
    heard podman run --quiet --net=host --rm --log-driver=k8s-file --name "${name}" --replace \
        "${options[@]}" "${IMAGE[${tag}]}" "$@"
}

# What is said is copied by a process of its own, which is waited for: the last words before
# a failure are the ones that tell. The braces have this shell open the pipe, and so know
# that process.
heard() {
    local code=0
    # shellcheck disable=SC2312 # the code of the copy tells nothing
    { "$@"; } 2> >(tee -a "${STAGE_NOTES}.errors" >&2) || code=$?
    wait "$!" || true
    return "${code}"
}
