# shellcheck shell=bash
# shellcheck disable=SC2310 # functions that are called in conditions return their failures
# Service records: what happened on this host and when, for people and for the analysis of a
# log bundle. Source this file once, early, in a script that is a service.
#
#   record_service_stage_start NAME   open a stage; with one open already this ends the script (1)
#   record_service_stage_success      close the open stage
#   record_service_stage_failure      close it as failed; the script goes on, and may open it again
#   RECORD_STAGE                      the open stage, or empty
#
# Sourcing writes the start of the service and sets traps: when the script ends, they close
# an open stage and the service by the exit code. To be asked first in case of a failure,
# define a function at_service_failure CODE. A script that a signal ends (HUP, INT, TERM: the
# host shuts down, somebody stops the service) has failed with 128 and the signal's number.
#
# Set before sourcing, if wanted: SERVICE_NAME (otherwise the systemd unit of this process, or
# else the script's name), PRE_COMMAND or POST_COMMAND (the name of a command around the
# service; its records are then pre-command or post-command).
#
# The records of a service are the JSON array /var/log/openshift/SERVICE_NAME.json. Each append
# replaces it by rename; one that fails (disk full) stops nothing.

[[ -z ${RECORD_SOURCED:-} ]] || return 0
RECORD_SOURCED=yes
RECORD_FOLDER=${RECORD_FOLDER:-/var/log/openshift}
RECORD_STAGE=''
RECORD_ERROR_LINE=''

# record_unit prints the systemd service that this process belongs to.
record_unit() {
    local unit
    unit=$(sed --quiet 's|^.*/\([^/]*\)\.service$|\1|p' /proc/self/cgroup)
    unit=${unit##*$'\n'}
    printf '%s\n' "${unit:-$(basename "$0" .sh)}"
}

SERVICE_NAME=${SERVICE_NAME:-$(record_unit)}

# record_append KEY VALUE... adds one entry; empty values are left out. In a trap, a
# bare return means the code before the trap, so each return here has its own.
record_append() {
    local file=${RECORD_FOLDER}/${SERVICE_NAME}.json temporary old now fields=()
    # The records hold the time of day with a Z, so it is UTC that is asked for.
    now=$(date --utc +%Y-%m-%dT%H:%M:%SZ) || return 1
    fields=(--arg timestamp "${now}")
    while (($# > 0)); do
        fields+=(--arg "$1" "$2")
        shift 2
    done
    mkdir --parents "${RECORD_FOLDER}" || return 1
    old=$(record_entries "${file}") || return 1
    temporary=$(mktemp "${RECORD_FOLDER}/.${SERVICE_NAME}.XXXXXX") || return 1
    # shellcheck disable=SC2016 # $ARGS is jq's
    jq "${fields[@]}" '. + [$ARGS.named | with_entries(select(.value != ""))]' <<<"${old}" >"${temporary}" \
        && chmod 0644 "${temporary}" && sync "${temporary}" && mv --force "${temporary}" "${file}" && return 0
    rm --force "${temporary}"
    return 1
}

# record_entries FILE prints the array in FILE. A file that is none was spoilt by
# something else; it is kept aside.
record_entries() {
    local entries
    if [[ -s $1 ]]; then
        entries=$(jq --compact-output 'arrays' "$1") && [[ -n ${entries} ]] && printf '%s\n' "${entries}" && return 0
        mv --force "$1" "$1.unreadable" || return 1
    fi
    echo '[]'
}

# record PHASE [KEY VALUE...]
record() {
    record_append phase "$@" preCommand "${PRE_COMMAND:-}" postCommand "${POST_COMMAND:-}" ||
        echo "the record \"$1\" of ${SERVICE_NAME} could not be written to ${RECORD_FOLDER}; going on without it" >&2
}

# record_service PHASE [KEY VALUE...] records the start or the end of the whole.
record_service() {
    local what='service'
    [[ -z ${POST_COMMAND:-} ]] || what='post-command'
    [[ -z ${PRE_COMMAND:-} ]] || what='pre-command'
    record "${what} $1" "${@:2}"
}

# record_last_words prints the last lines that the service wrote.
record_last_words() {
    journalctl --quiet --unit="${SERVICE_NAME}.service" --lines=3 --output=cat --no-pager 2>/dev/null || true
}

record_service_stage_start() {
    if [[ -n ${RECORD_STAGE} ]]; then
        echo "stage $1 begins while stage ${RECORD_STAGE} is open: a mistake of the script" >&2
        exit 1
    fi
    RECORD_STAGE=$1
    RECORD_ERROR_LINE=''
    record 'stage start' stage "${RECORD_STAGE}"
}

record_service_stage_success() {
    record 'stage end' result success stage "${RECORD_STAGE}"
    RECORD_STAGE=''
}

record_service_stage_failure() {
    local words frame
    words=$(record_last_words)
    frame=$(caller 0) || frame=unknown
    record 'stage end' result failure stage "${RECORD_STAGE}" \
        errorLine "${RECORD_ERROR_LINE:-${frame}}" errorMessage "${words}"
    RECORD_STAGE=''
}

# record_exit CODE is the EXIT trap.
record_exit() {
    local code=$1 words
    # Nothing may end this before the records are written.
    trap - ERR
    set +o errexit
    RECORD_ERROR_LINE=${RECORD_ERROR_LINE:-exit ${code}}
    if ((code == 0)); then
        [[ -z ${RECORD_STAGE} ]] || record_service_stage_success
        record_service end result success
        return
    fi
    if declare -F at_service_failure >/dev/null; then
        at_service_failure "${code}"
    fi
    words=$(record_last_words)
    [[ -z ${RECORD_STAGE} ]] || record_service_stage_failure
    record_service end result failure errorLine "${RECORD_ERROR_LINE}" errorMessage "${words}"
}

# record_signal NAME NUMBER ends the script by the signal, as systemd is to see it. Without
# this the trap EXIT would run with the code of the last command that came to its end.
record_signal() {
    trap - EXIT "$1"
    RECORD_ERROR_LINE="signal $1"
    record_exit "$((128 + $2))"
    kill -s "$1" "$$"
}

set -o errtrace
trap 'record_signal HUP 1' HUP
trap 'record_signal INT 2' INT
trap 'record_signal TERM 15' TERM
trap 'RECORD_ERROR_LINE="${LINENO} ${FUNCNAME[0]:-main} ${BASH_SOURCE[0]:-${0}}"' ERR
trap 'record_exit "$?"' EXIT
record_service start
