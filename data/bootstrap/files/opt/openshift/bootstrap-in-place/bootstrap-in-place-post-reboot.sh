#!/bin/bash
# Finishes the installation of a single node after it has started from its disk: the static
# pods of the bootstrap are still there and give way to those of the cluster's operators.
# systemd starts it again after a failure, so each step may be repeated.
set -euo pipefail
shopt -s inherit_errexit
export KUBECONFIG=/etc/kubernetes/bootstrap-secrets/kubeconfig
# Answers of oc are waited for no longer than this, and then asked for again.
OC=(oc --request-timeout=20s)

# until_done SECONDS WHAT COMMAND... tries the command until it succeeds and says every five
# minutes or so what is waited for.
until_done() {
    local pause=$1 what=$2 since tries=0
    shift 2
    since=$(date --utc '+%H:%M:%S UTC')
    until "$@"; do
        if ((tries++ * pause % 300 < pause)); then
            echo "waiting for ${what} since ${since} (more: journalctl -b -f -u bootkube.service -u kubelet.service)"
        fi
        sleep "${pause}"
    done
}

# shellcheck source=bootstrap-in-place-handover.sh
source /usr/local/bin/bootstrap-in-place-handover.sh

api_answers() {
    "${OC[@]}" get csr >/dev/null 2>&1
}

# wait-for bootstrap-complete watches this ConfigMap. It may be there from an earlier try.
report_bootstrap_complete() {
    local map
    map=$("${OC[@]}" create configmap bootstrap --namespace=kube-system --from-literal=status=complete --dry-run=client --output=yaml) &&
        "${OC[@]}" apply --filename=- <<<"${map}" >/dev/null
}

# release_lease NAMESPACE NAME: the holder was the pod of the bootstrap, which is gone; its
# successor would wait until the lease has run out.
release_lease() {
    "${OC[@]}" delete --ignore-not-found --namespace="$1" lease "$2" &&
        "${OC[@]}" delete --ignore-not-found --namespace="$1" configmap "$2"
}

release_leases() {
    mkdir --parents /opt/openshift
    if [[ ! -e /opt/openshift/release_cvo_lease.done ]]; then
        until_done 5 'the lease of the cluster version operator to be deleted' release_lease openshift-cluster-version version
        touch /opt/openshift/release_cvo_lease.done
    fi
    if [[ ! -e /opt/openshift/release_cpc_lease.done ]]; then
        until_done 5 'the lease of the cluster policy controller to be deleted' release_lease kube-system cluster-policy-controller-lock
        touch /opt/openshift/release_cpc_lease.done
    fi
}

# Without the patch, which a killed run may have removed, this has been done.
restore_cvo_overrides() {
    local patch=/opt/openshift/original_cvo_overrides.patch
    if [[ -e ${patch} ]]; then
        "${OC[@]}" patch clusterversion.config.openshift.io version --type=merge --patch-file="${patch}" >/dev/null
    fi
}

until_done 5 'the API server of this node' api_answers
until_done 5 'the ConfigMap kube-system/bootstrap to be written' report_bootstrap_complete
release_leases
until_done 10 'the overrides of the cluster version to be restored' restore_cvo_overrides
until_done 10 'the node to be Ready' node_is_ready
hand_over_api_server
until_done 20 'the cluster version to be Available' cluster_is_available
clean_up
echo 'this single node is installed'
