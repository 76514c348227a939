# shellcheck shell=bash
# What must be there before the renderers run: some of them accept a missing signer
# in silence, and then the API server is broken half an hour later. Source this file in
# /opt/openshift.
#
#   preflight   lists everything that is missing, empty, not yet valid or expired, and fails if there is any

# What the renderers and the static pods read of tls/, with the files that they mount.
# etcd-* and the bound service account key are made on this host later.
PREFLIGHT_PAIRS=(
    aggregator-signer apiserver-proxy
    kube-apiserver-internal-lb-server kube-apiserver-lb-server kube-apiserver-lb-signer
    kube-apiserver-localhost-server kube-apiserver-localhost-signer
    kube-apiserver-service-network-server kube-apiserver-service-network-signer
    kube-apiserver-to-kubelet-client kube-apiserver-to-kubelet-signer
    kube-control-plane-kube-controller-manager-client kube-control-plane-signer
    kubelet-signer machine-config-server
)
PREFLIGHT_CERTIFICATES=(
    admin-kubeconfig-ca-bundle kube-apiserver-complete-client-ca-bundle kube-apiserver-complete-server-ca-bundle
    kube-control-plane-ca-bundle kubelet-bootstrap-kubeconfig-ca-bundle kubelet-client-ca-bundle root-ca
)
PREFLIGHT_FILES=(
    tls/service-account.key tls/service-account.pub
    auth/kubeconfig auth/kubeconfig-kubelet auth/kubeconfig-loopback
    manifests/cluster-config.yaml manifests/cluster-infrastructure-02-config.yml manifests/cluster-network-02-config.yml
    manifests/cvo-overrides.yaml manifests/openshift-config-secret-pull-secret.yaml
    openshift/99_feature-gate.yaml original_cvo_overrides.patch
)

PREFLIGHT_PROBLEMS=0

preflight_problem() {
    echo "/opt/openshift/$1" >&2
    PREFLIGHT_PROBLEMS=$((PREFLIGHT_PROBLEMS + 1))
}

preflight_file() {
    if [[ ! -e $1 ]]; then
        preflight_problem "$1 is missing"
    elif [[ ! -s $1 ]]; then
        preflight_problem "$1 is empty"
    fi
}

# preflight_dates FILE compares the dates of a certificate with the clock.
preflight_dates() {
    local dates now start from end until
    if [[ ! -s $1 ]] || ! command -v openssl >/dev/null; then
        return 0
    fi
    if ! dates=$(openssl x509 -noout -startdate -enddate -in "$1" 2>/dev/null); then
        preflight_problem "$1 is not a certificate"
        return 0
    fi
    now=$(date +%s)
    start=$(sed --quiet 's/^notBefore=//p' <<<"${dates}")
    end=$(sed --quiet 's/^notAfter=//p' <<<"${dates}")
    from=$(date --date="${start}" +%s)
    until=$(date --date="${end}" +%s)
    if ((from > now)); then
        preflight_problem "$1: certificate is not yet valid (from ${start}); is the clock of this host right? see: timedatectl"
    elif ((until < now)); then
        preflight_problem "$1: certificate has expired (${end}); make bootstrap.ign again, or set the clock of this host right"
    fi
}

# The key that signs service account tokens may come with the assets, but only whole.
preflight_bound_key() {
    local key=tls/bound-service-account-signing-key
    if [[ -e bound-key.unfinished ]]; then
        return 0 # stages/2-kube.sh sees to it
    fi
    if [[ -e ${key}.key && ! -e ${key}.pub ]]; then
        preflight_problem "${key}.key is there without ${key}.pub"
    elif [[ -e ${key}.pub && ! -e ${key}.key ]]; then
        preflight_problem "${key}.pub is there without ${key}.key"
    fi
}

preflight() {
    local name file empty
    PREFLIGHT_PROBLEMS=0
    for name in "${PREFLIGHT_PAIRS[@]}"; do
        preflight_file "tls/${name}.key"
    done
    for name in "${PREFLIGHT_PAIRS[@]}" "${PREFLIGHT_CERTIFICATES[@]}"; do
        preflight_file "tls/${name}.crt"
        preflight_dates "tls/${name}.crt"
    done
    for file in "${PREFLIGHT_FILES[@]}"; do
        preflight_file "${file}"
    done
    preflight_bound_key
    # One empty file, whichever, stops three of the renderers.
    empty=$(find manifests openshift -type f -empty)
    while IFS='' read -r file; do
        if [[ -n ${file} ]]; then
            preflight_problem "${file} is empty"
        fi
    done <<<"${empty}"
    if ! command -v openssl >/dev/null; then
        echo "openssl is not on this host, so the dates of the certificates are not looked at"
    fi
    if ((PREFLIGHT_PROBLEMS > 0)); then
        echo "${PREFLIGHT_PROBLEMS} of the files that okd-install put here cannot be used; nothing is started with them" >&2
        return 1
    fi
}
