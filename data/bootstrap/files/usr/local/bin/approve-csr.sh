#!/bin/bash
# Approves the certificate requests of joining nodes, until the cluster does that itself:
# approve-csr.sh KUBECONFIG
set -euo pipefail
shopt -s inherit_errexit
IFS=$'\n\t'

# shellcheck source=bootstrap-service-record.sh
source /usr/local/bin/bootstrap-service-record.sh

KUBECONFIG_FILE=$1

# A request is pending as long as it has no condition. The API is away for most of the
# time that this runs, which is not worth a line each.
pending_requests() {
    oc --kubeconfig="${KUBECONFIG_FILE}" get csr --output=json 2>/dev/null \
        | jq --raw-output '.items[] | select((.status.conditions // []) == []) | .metadata.name'
}

approve_pending() {
    local requests names=()
    # shellcheck disable=SC2310 # without an answer there is nothing to approve
    requests=$(pending_requests) || return 0
    mapfile -t names < <(printf '%s' "${requests}")
    if ((${#names[@]} > 0)); then
        oc --kubeconfig="${KUBECONFIG_FILE}" adm certificate approve "${names[@]}" || true
    fi
}

until [[ -e /opt/openshift/.bootkube.done ]]; do
    approve_pending
    sleep 20
done
