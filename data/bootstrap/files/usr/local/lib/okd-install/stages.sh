# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2310 # the libraries share their variables; functions that are called in conditions return their failures
# The verbs in which bootkube is written. Source this file in /opt/openshift, after
# bootstrap-service-record.sh, status.sh and causes.sh.
#
#   stage NAME [MARKER]     whether the stage is still to be done; if so it begins. It is done once
#                           MARKER.done (NAME.done) exists in /opt/openshift.
#   operator, container, images   run an operator of the release, see containers.sh
#   fresh, take, take_any, take_back   move the files around, see folders.sh
#   in_this_release STAGE   whether the release has this stage, by release-table.sh
#   give_up TEXT            the stage failed, which stops nothing; it is tried again at the next start
#   finish                  the stage is done for good
#   doing TEXT              tell the console what the stage does just now
#   awaiting TEXT           the same for the rest of the stage: what its containers wait for
#
# A stage that fails ends the script, and systemd starts it again 5 s later. Files below
# /run/okd-install: SERVICE.errors (stderr of the stage), SERVICE.stage (its name, first
# start and number of attempts), SERVICE.failure (when and why the last attempt failed).

STAGE=''
STAGE_MARKER=''
STAGE_SINCE=''
STAGE_TRIES=0
STAGE_AWAITS=''
STAGE_NOTES=/run/okd-install/${SERVICE_NAME}
mkdir --parents /run/okd-install
: >"${STAGE_NOTES}.errors"

stage() {
    STAGE_MARKER=${2:-$1}.done
    if [[ -e ${STAGE_MARKER} ]]; then
        return 1
    fi
    STAGE=$1
    STAGE_AWAITS=''
    stage_attempts
    : >"${STAGE_NOTES}.errors"
    record_service_stage_start "${STAGE}"
    echo "stage ${STAGE} begins"
    doing 'at work'
}

# stage_attempts counts how often and since when the stage was tried since boot.
stage_attempts() {
    local name='' since='' tries=0
    if [[ -s ${STAGE_NOTES}.stage ]]; then
        IFS='|' read -r name since tries <"${STAGE_NOTES}.stage" || true
    fi
    if [[ ${name} != "${STAGE}" ]]; then
        since=$(clock)
        tries=0
    fi
    STAGE_SINCE=${since}
    STAGE_TRIES=$((tries + 1))
    echo "${STAGE}|${STAGE_SINCE}|${STAGE_TRIES}" >"${STAGE_NOTES}.stage"
}

doing() {
    local failure text="${SERVICE_NAME}: stage ${STAGE} since ${STAGE_SINCE}: $1"
    if ((STAGE_TRIES > 1)); then
        text+=" (attempt ${STAGE_TRIES})"
    fi
    if [[ -s ${STAGE_NOTES}.failure ]]; then
        failure=$(<"${STAGE_NOTES}.failure")
        text+=$'\n  '${failure}
    fi
    status "${text}"$'\n  more: journalctl -b -f -u '"${SERVICE_NAME}.service"
}

awaiting() {
    STAGE_AWAITS=$1
    echo "waiting for $1"
    doing "waiting for $1"
}

# A marker must not outlive what it stands for: after a loss of power, files that were
# written in the last half minute can be there and empty.
finish() {
    sync --file-system /opt/openshift /etc/kubernetes
    touch "${STAGE_MARKER}"
    rm --force "${STAGE_NOTES}.failure"
    record_service_stage_success
    echo "stage ${STAGE} is done"
    STAGE=''
}

give_up() {
    echo "stage ${STAGE}: $1" >&2
    record_service_stage_failure
    STAGE=''
}

in_this_release() {
    local name
    for name in "${STAGES_IN_RELEASE[@]}"; do
        if [[ ${name} == "$1" ]]; then
            return 0
        fi
    done
    return 1
}

# Called by the record library when the script ends with an error.
at_service_failure() {
    local cause now text
    cause=$(likely_cause "${STAGE_NOTES}.errors")
    now=$(clock)
    text="${STAGE:-the start} failed at ${now}, exit code $1"
    if [[ -n ${cause} ]]; then
        text+="; likely cause: ${cause}"
    fi
    echo "${text}" >&2
    echo "last attempt: ${text}" >"${STAGE_NOTES}.failure"
    STAGE=${STAGE:-start}
    STAGE_SINCE=${STAGE_SINCE:-${now}}
    if [[ ${RECORD_ERROR_LINE} == signal* ]]; then
        doing "stopped; to go on: systemctl start ${SERVICE_NAME}.service"
    else
        doing 'tried again in 5 s'
    fi
}
