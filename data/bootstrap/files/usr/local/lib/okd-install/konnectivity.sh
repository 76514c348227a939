# shellcheck shell=bash
# shellcheck disable=SC2154,SC2310 # the variables are bootkube's and its libraries'; a stage may be answered no in its `if`
# The stages of bootkube by which the API server of this host reaches webhooks and other
# pods of the cluster: a konnectivity server here, agents on the nodes. Few clusters have
# them, see KONNECTIVITY in the environment file. Source this file in /opt/openshift; stages.sh
# says what the verbs do.
#
#   konnectivity_server    stages konnectivity-certs and konnectivity-server-bootstrap; tells the
#                          renderer of the API server
#   konnectivity_agents    stage konnectivity-agent-manifest
#   konnectivity_cleanup   stage konnectivity-cleanup
#
# tls/konnectivity holds the certificates, konnectivity-address the address of this host that
# they are for: it must not change afterwards.

# shellcheck source=konnectivity-certs.sh
source /usr/local/lib/okd-install/konnectivity-certs.sh

# konnectivity_fill FOLDER FILE PLACE VALUE... makes FOLDER/FILE of FILE, with each @PLACE@
# replaced. Some of the values are secret: they are no arguments of a program.
konnectivity_fill() {
    local file=$1/$2 text
    text=$(<"$2")
    shift 2
    while (($# > 0)); do
        if [[ ! $2 =~ ^[][A-Za-z0-9+/=:.@_-]+$ ]]; then
            echo "what is to stand for $1 has characters that it cannot have" >&2
            return 1
        fi
        text=${text//"@$1@"/"$2"}
        shift 2
    done
    : >"${file}"
    chmod 0600 "${file}"
    printf '%s\n' "${text}" >"${file}"
}

konnectivity_server() {
    local address
    # The folder is put in its place whole, or not at all.
    if stage konnectivity-certs; then
        fresh konnectivity-certs
        doing 'making certificates'
        address=$(konnectivity_address)
        konnectivity_certificates konnectivity-certs "${address}"
        fresh tls/konnectivity
        echo "${address}" >konnectivity-address
        mv --no-target-directory konnectivity-certs tls/konnectivity
        finish
    fi
    if stage konnectivity-server-bootstrap; then
        fresh konnectivity-server-bootstrap
        mkdir konnectivity-server-bootstrap
        images apiserver-network-proxy
        konnectivity_fill konnectivity-server-bootstrap konnectivity-server-pod.yaml IMAGE "${IMAGE[apiserver-network-proxy]}"
        cp egress-selector-config.yaml /etc/kubernetes/bootstrap-configs/egress-selector-config.yaml
        # it starts as soon as the kubelet sees this
        take konnectivity-server-bootstrap /etc/kubernetes/manifests
        finish
    fi
    KAS_FLAGS+=(--config-override-files=/assets/konnectivity-config-override.yaml)
}

konnectivity_agents() {
    local address ca certificate key
    if stage konnectivity-agent-manifest; then
        fresh konnectivity-agent-manifest
        mkdir --mode=0700 konnectivity-agent-manifest
        images apiserver-network-proxy
        address=$(<konnectivity-address)
        if [[ ${address} == *:* ]]; then
            address=[${address}]
        fi
        ca=$(base64 --wrap=0 tls/konnectivity/ca.crt)
        certificate=$(base64 --wrap=0 tls/konnectivity/agent.crt)
        key=$(base64 --wrap=0 tls/konnectivity/agent.key)
        konnectivity_fill konnectivity-agent-manifest konnectivity-namespace.yaml
        konnectivity_fill konnectivity-agent-manifest konnectivity-agent-certs-secret.yaml \
            CA_CERTIFICATE "${ca}" AGENT_CERTIFICATE "${certificate}" AGENT_KEY "${key}"
        konnectivity_fill konnectivity-agent-manifest konnectivity-agent-daemonset.yaml \
            IMAGE "${IMAGE[apiserver-network-proxy]}" SERVER_HOST "${address}"
        take konnectivity-agent-manifest manifests
        fresh konnectivity-agent-manifest
        finish
    fi
}

remove_konnectivity_namespace() {
    oc delete namespace openshift-bootstrap-konnectivity --ignore-not-found --wait=false \
        --kubeconfig=/opt/openshift/auth/kubeconfig
}

# The API servers of the cluster need no help to reach its pods.
konnectivity_cleanup() {
    if stage konnectivity-cleanup; then
        awaiting 'the API to remove the namespace openshift-bootstrap-konnectivity'
        patiently 10 'the API to remove the namespace openshift-bootstrap-konnectivity' remove_konnectivity_namespace
        rm --force /etc/kubernetes/manifests/konnectivity-server-pod.yaml
        finish
    fi
}
