#!/bin/bash
# Writes down what the API knows: cluster_bootstrap_gather, in a file that is sourced or run.
# bootkube calls it when cluster-bootstrap fails, installer-gather.sh for a log bundle.
#
# The result stands in /tmp/artifacts-api-server-temp/resources and replaces an earlier one
# only if the API answered: what was there at the moment of a failure outlives the API.
# shellcheck disable=SC2310 # the API may be down, which makes empty files and stops nothing

GATHER_RESULT=/tmp/artifacts-api-server-temp/resources
# As many requests are under way at a time.
GATHER_REQUESTS=45

gather_kubeconfig() {
    local file
    for file in /etc/kubernetes/bootstrap-secrets/kubeconfig /opt/openshift/auth/kubeconfig; do
        if [[ -e ${file} ]]; then
            printf '%s\n' "${file}"
            return
        fi
    done
    echo "there is no kubeconfig on this host to ask the API with" >&2
    return 1
}

# gather_ask FILE WORD... writes what oc WORD... says into the file, in the background.
gather_ask() {
    local file=$1 running
    shift
    mapfile -t running < <(jobs -rp || true)
    if ((${#running[@]} >= GATHER_REQUESTS)); then
        wait -n || true
    fi
    echo "asking the API: oc $*" >&2
    oc --kubeconfig="${GATHER_KUBECONFIG}" --request-timeout=5s "$@" >"${file}" 2>/dev/null &
}

gather_resources() {
    local master=(-l node-role.kubernetes.io/master) columns kind
    columns='jsonpath={range .items[*]}{@.metadata.namespace}{"/"}{@.metadata.name}{range .status.containerStatuses[*]}{" "}{.name}{" "}{.containerID}{end}{"\n"}{end}'
    gather_ask nodes.list get nodes -o 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}'
    gather_ask masters.list get nodes "${master[@]}" -o 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}'
    gather_ask containers get pods --all-namespaces -o "${columns}"
    gather_ask api-pods get pods -n openshift-kube-apiserver -l apiserver=true -o 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}'
    for kind in apiservices clusteroperators clusterversion csr kubeapiserver kubecontrollermanager \
        machineconfigpools machineconfigs namespaces nodes openshiftapiserver; do
        gather_ask "${kind}.json" get "${kind}" -o json
    done
    for kind in configmaps endpoints events machines pods rolebindings roles services; do
        gather_ask "${kind}.json" get "${kind}" --all-namespaces -o json
    done
    # Names alone. Those of the tokens that each service account gets tell nothing.
    gather_ask secrets-names.txt get secrets --all-namespaces \
        -o 'custom-columns=NAMESPACE:.metadata.namespace,NAME:.metadata.name,TYPE:.type'
    gather_ask secrets-names-with-annotations.txt get secrets --all-namespaces \
        -o 'custom-columns=NAMESPACE:.metadata.namespace,NAME:.metadata.name,TYPE:.type,ANNOTATIONS:.metadata.annotations'
    gather_ask openapi.json get --raw /openapi/v2
    wait || true
}

# gather_tidy drops what must not leave the host, or would only fill it.
gather_tidy() {
    local file
    for file in secrets-names.txt secrets-names-with-annotations.txt; do
        sed --in-place --regexp-extended '/-(token|dockercfg)-[a-z0-9]+ /d; /kubernetes\.io\/(service-account-token|dockercfg)/d' "${file}"
    done
    # Without the program that takes secrets out, what may hold some is not kept.
    /usr/local/bin/redact-secrets.sh machineconfigs.json configmaps.json || rm --force machineconfigs.json configmaps.json
    gzip openapi.json
}

cluster_bootstrap_gather() {
    local scratch="${GATHER_RESULT%/*}/scratch.$$"
    GATHER_KUBECONFIG=$(gather_kubeconfig) || return 0
    rm --recursive --force "${scratch}"
    mkdir --parents "${scratch}"
    chmod 0700 "${GATHER_RESULT%/*}" "${scratch}"
    (
        cd "${scratch}" || exit 1
        gather_resources
        gather_tidy
    ) || true
    # Even an empty file has some 30 bytes when it is compressed.
    if [[ -n $(find "${scratch}/openapi.json.gz" -size +40c 2>/dev/null || true) ]]; then
        rm --recursive --force "${GATHER_RESULT}"
        mv "${scratch}" "${GATHER_RESULT}"
    else
        echo "the API does not answer, so nothing could be learned from it" >&2
        rm --recursive --force "${scratch}"
    fi
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    set -euo pipefail
    shopt -s inherit_errexit
    cluster_bootstrap_gather
fi
