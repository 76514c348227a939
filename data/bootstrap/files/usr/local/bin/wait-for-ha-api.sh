# shellcheck shell=bash
# When the API no longer depends on this host. Source this file after status.sh.
#
#   wait_for_ha_api KUBECONFIG EVIDENCE   returns once the API server runs on two nodes besides this one;
#                                         at once where the control plane is not to be highly available
#
# EVIDENCE is what proves it: kubeapiservers (since 4.18: nodes whose API server has a
# revision) or endpoints (addresses behind the Service kubernetes).

# api_topology KUBECONFIG sets API_TOPOLOGY, which is HighlyAvailable, SingleReplica or another.
api_topology() {
    API_TOPOLOGY=$(oc --kubeconfig="$1" get infrastructures.config.openshift.io cluster \
        --output=jsonpath='{.status.controlPlaneTopology}') && [[ -n ${API_TOPOLOGY} ]]
}

# count_api_servers KUBECONFIG EVIDENCE prints a number.
count_api_servers() {
    local object
    case $2 in
        endpoints)
            object=$(oc --kubeconfig="$1" get endpoints kubernetes --namespace=default --output=json) || return
            jq '[.subsets[]?.addresses[]?] | length' <<<"${object}"
            ;;
        *)
            object=$(oc --kubeconfig="$1" get kubeapiservers.operator.openshift.io cluster --output=json) || return
            jq '[.status.nodeStatuses[]? | select((.currentRevision // 0) > 0)] | length' <<<"${object}"
            ;;
    esac
}

two_api_servers() {
    local count
    count=$(count_api_servers "$1" "$2") && ((count >= 2))
}

wait_for_ha_api() {
    patiently 5 'an answer of the API about its topology' api_topology "$1"
    echo "the control plane is to be ${API_TOPOLOGY}"
    if [[ ${API_TOPOLOGY} == HighlyAvailable ]]; then
        patiently 5 'the API server on two nodes (oc get kubeapiserver cluster -o yaml)' two_api_servers "$1" "$2"
    fi
}
