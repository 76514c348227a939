# shellcheck shell=bash
# shellcheck disable=SC2154,SC2310 # the variables are release-image.sh's; functions that are called in conditions return their failures
# The release of the payload that runs here, and what differs between releases. Source
# this file in /opt/openshift, after release-image.sh.
#
#   ask_payload_version        sets VERSION (such as 4.22.0-okd-scos.10) and, since 4.18,
#                              KUBERNETES_VERSION (such as 1.35.1); asks oc once and keeps the answer in
#                              payload-version; then calls release_table (release-table.sh)
#   known_payload_version      the same from payload-version alone; fails where nothing was asked yet
#   since LINE [ARRAY WORD...] whether the payload is of LINE or newer; with an ARRAY, adds the words to it if so, and succeeds
#   upto LINE [ARRAY WORD...]  the same for LINE and older (`until` is a word of bash itself)
#
# A LINE is major.minor. Pre-releases and nightlies belong to the line that they lead to:
# 5.0.0-0.okd-scos-2026-07-01-020304 is of 5.0.

VERSION=''
KUBERNETES_VERSION=''

# line_of VERSION prints a number that orders lines: 4.22.1 is 4022.
line_of() {
    if [[ ! $1 =~ ^v?([0-9]{1,3})\.([0-9]{1,3})([.+-].*)?$ ]]; then
        echo "\"$1\" is not the version of a release, which looks like 4.22.0-okd-scos.10" >&2
        return 1
    fi
    echo "$((10#${BASH_REMATCH[1]} * 1000 + 10#${BASH_REMATCH[2]}))"
}

# A function that is asked in an `if` does not end the script by itself when it cannot
# answer, so these do: no answer must never count as "no".
since() {
    local payload line
    payload=$(line_of "${VERSION}") || exit 1
    line=$(line_of "$1") || exit 1
    gate "$((payload >= line))" "${@:2}"
}

upto() {
    local payload line
    payload=$(line_of "${VERSION}") || exit 1
    line=$(line_of "$1") || exit 1
    gate "$((payload <= line))" "${@:2}"
}

# gate OPEN [ARRAY WORD...]
gate() {
    if (($# == 1)); then
        (($1))
        return
    fi
    local -n words=$2
    if (($1)); then
        words+=("${@:3}")
    fi
}

# release_info JSONPATH asks oc, with the mirrors of the cluster.
release_info() {
    local mirrors=()
    case ${MIRRORS_MANIFEST} in
        '') ;;
        *content-source*) mirrors=(--icsp-file="${MIRRORS_MANIFEST}") ;;
        *) mirrors=(--idms-file="${MIRRORS_MANIFEST}") ;;
    esac
    heard oc adm release info -o jsonpath="$1" "${mirrors[@]}" "${RELEASE_IMAGE_DIGEST}"
}

known_payload_version() {
    local lines=()
    if [[ ! -s payload-version ]]; then
        return 1
    fi
    mapfile -t lines <payload-version
    if [[ ${lines[0]} != "${RELEASE_IMAGE_DIGEST:-${lines[0]}}" ]]; then
        return 1
    fi
    VERSION=${lines[1]}
    KUBERNETES_VERSION=${lines[2]}
    release_table
}

ask_payload_version() {
    if known_payload_version; then
        return 0
    fi
    VERSION=$(release_info '{.metadata.version}')
    KUBERNETES_VERSION=''
    if since 4.18; then
        # The consumer takes a semantic version, which has no v in front.
        KUBERNETES_VERSION=$(release_info '{.displayVersions.kubernetes.Version}')
        KUBERNETES_VERSION=${KUBERNETES_VERSION#v}
        if [[ -z ${KUBERNETES_VERSION} ]]; then
            echo "the release ${RELEASE_IMAGE_DIGEST} names no version of Kubernetes" >&2
            return 1
        fi
    fi
    printf '%s\n' "${RELEASE_IMAGE_DIGEST}" "${VERSION}" "${KUBERNETES_VERSION}" >payload-version.new
    mv payload-version.new payload-version
    release_table
}
