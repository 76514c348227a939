#!/bin/bash
# Tells who waits for `bootstrap complete` that this host is no longer needed:
# report-progress.sh KUBECONFIG
set -euo pipefail
shopt -s inherit_errexit

# shellcheck source=bootstrap-service-record.sh
source /usr/local/bin/bootstrap-service-record.sh
# shellcheck source=../lib/okd-install/status.sh
source /usr/local/lib/okd-install/status.sh
# shellcheck source=../lib/okd-install/versions.sh
source /usr/local/lib/okd-install/versions.sh
# shellcheck source=../lib/okd-install/release-table.sh
source /usr/local/lib/okd-install/release-table.sh
# shellcheck source=wait-for-ha-api.sh
source /usr/local/bin/wait-for-ha-api.sh

KUBECONFIG_FILE=$1
cd /opt/openshift

# The ConfigMap is what they look for. It may be there from an earlier start.
report() {
    local status
    if oc --kubeconfig="${KUBECONFIG_FILE}" create configmap bootstrap --namespace=kube-system --from-literal=status=complete; then
        return 0
    fi
    status=$(oc --kubeconfig="${KUBECONFIG_FILE}" get configmap bootstrap --namespace=kube-system --output=jsonpath='{.data.status}') \
        && [[ ${status} == complete ]]
}

record_service_stage_start wait-for-bootstrap-complete
until [[ -e .bootkube.done ]]; do
    sleep 5
done
record_service_stage_success

known_payload_version
status 'progress: waiting until the API no longer depends on this host
  more: journalctl -b -f -u progress.service'
wait_for_ha_api "${KUBECONFIG_FILE}" "${HA_EVIDENCE[0]}"

record_service_stage_start report-bootstrap-complete
patiently 5 'the API to take the ConfigMap kube-system/bootstrap' report
record_service_stage_success
status 'progress: bootstrap complete; the cluster runs without this host, which can be removed'
rm --force /etc/issue.d/60_bootkube.issue /etc/motd.d/60_bootkube
