# shellcheck shell=bash
# shellcheck disable=SC2310,SC2154 # a stage may be answered no in its `if`; the variables are bootkube's and its libraries'
# From openshift-manifests to etcd-bootstrap: the manifests of the cluster, and etcd.
# bootkube.sh sources this file in /opt/openshift; stages.sh says what the verbs do,
# release-table.sh where the arrays of flags come from.

# Before everything: the renderers read manifests/ only.
if stage openshift-manifests; then
    take openshift manifests
    finish
fi

ask_payload_version

# It also completes the FeatureGate in manifests/ with the gates of the release, which
# everyone after it looks for.
if stage api-bootstrap; then
    fresh api-bootstrap
    # a killed attempt may have left half of the FeatureGate
    take openshift manifests
    operator api-render cluster-config-api /usr/bin/render \
        --asset-output-dir=/assets/api-bootstrap \
        --rendered-manifest-dir=/assets/manifests \
        --cluster-profile=self-managed-high-availability \
        --payload-version="${VERSION}"
    take api-bootstrap/manifests manifests
    finish
fi

if in_this_release auth-api-bootstrap && stage auth-api-bootstrap; then
    fresh auth-api-bootstrap
    operator auth-api-render cluster-authentication-operator render \
        --asset-output-dir=/assets/auth-api-bootstrap/manifests \
        --rendered-manifest-dir=/assets/manifests \
        --cluster-profile=self-managed-high-availability \
        --payload-version="${VERSION}"
    take auth-api-bootstrap/manifests manifests
    finish
fi

if stage config-bootstrap; then
    fresh config-bootstrap
    CLOUD_FLAGS=()
    if [[ -e manifests/cloud-provider-config.yaml ]]; then
        CLOUD_FLAGS=(--cloud-provider-config-input-file=/assets/manifests/cloud-provider-config.yaml)
    fi
    operator config-render cluster-config-operator /usr/bin/cluster-config-operator render \
        --skip-api-rendering \
        --cluster-infrastructure-input-file=/assets/manifests/cluster-infrastructure-02-config.yml \
        --cloud-provider-config-output-file=/assets/config-bootstrap/cloud-provider-config-generated.yaml \
        --config-output-file=/assets/config-bootstrap/config \
        --asset-input-dir=/assets/tls \
        --asset-output-dir=/assets/config-bootstrap \
        --rendered-manifest-files=/assets/manifests \
        --payload-version="${VERSION}" \
        "${CLOUD_FLAGS[@]}"
    finish
fi

if stage cvo-bootstrap; then
    fresh cvo-bootstrap
    CVO_OPTIONS=()
    if [[ -n ${CLUSTER_PROFILE} ]]; then
        CVO_OPTIONS=(--env CLUSTER_PROFILE="${CLUSTER_PROFILE}")
    fi
    container cvo-render release "${CVO_OPTIONS[@]}" --volume /opt/openshift:/assets:z -- render \
        --output-dir=/assets/cvo-bootstrap \
        --release-image="${RELEASE_IMAGE_DIGEST}" \
        "${CVO_FLAGS[@]}"
    take cvo-bootstrap/bootstrap bootstrap-manifests
    take cvo-bootstrap/manifests manifests
    cp auth/kubeconfig-loopback /etc/kubernetes/kubeconfig
    finish
fi

# ask_etcd_operator sets ETCD_FLAGS to those of ETCD_FLAGS_IF_KNOWN that this build knows.
ask_etcd_operator() {
    local flag help
    ETCD_FLAGS=()
    if ((${#ETCD_FLAGS_IF_KNOWN[@]} == 0)); then
        return 0
    fi
    help=$(container etcd-render-help cluster-etcd-operator -- /usr/bin/cluster-etcd-operator render --help 2>&1)
    for flag in "${ETCD_FLAGS_IF_KNOWN[@]}"; do
        if grep --quiet --word-regexp --regexp="${flag%%=*}" <<<"${help}"; then
            ETCD_FLAGS+=("${flag}")
        fi
    done
}

# Each run of this operator makes a new authority. Once its first result is in
# /etc/kubernetes, and etcd runs by it, it must stay, so the render has a marker of its own.
if stage etcd-bootstrap; then
    if [[ ! -e etcd-bootstrap.rendered ]]; then
        fresh etcd-bootstrap
        images etcd
        ask_etcd_operator
        operator etcd-render cluster-etcd-operator /usr/bin/cluster-etcd-operator render \
            --asset-output-dir=/assets/etcd-bootstrap \
            --cluster-configmap-file=/assets/manifests/cluster-config.yaml \
            --etcd-image="${IMAGE[etcd]}" \
            --infra-config-file=/assets/manifests/cluster-infrastructure-02-config.yml \
            --network-config-file=/assets/manifests/cluster-network-02-config.yml \
            "${ETCD_FLAGS[@]}"
        sync --file-system /opt/openshift
        touch etcd-bootstrap.rendered
    fi
    take etcd-bootstrap/tls tls
    take etcd-bootstrap/manifests manifests
    # etcd starts as soon as the kubelet sees this
    take etcd-bootstrap/etc-kubernetes /etc/kubernetes
    finish
fi
