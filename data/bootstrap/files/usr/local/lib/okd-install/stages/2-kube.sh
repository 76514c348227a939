# shellcheck shell=bash
# shellcheck disable=SC2310,SC2154 # a stage may be answered no in its `if`; the variables are bootkube's and its libraries'
# From kube-apiserver-bootstrap to kube-scheduler-bootstrap: the pods of the temporary
# control plane. bootkube.sh sources this file in /opt/openshift; stages.sh says what the
# verbs do, release-table.sh where the arrays of flags come from.

if stage kube-apiserver-bootstrap; then
    fresh kube-apiserver-bootstrap
    # Unless the key that signs tokens came with the assets, the operator makes it in tls/, and
    # half a pair that a kill left there would stop it.
    if [[ -e bound-key.unfinished ]]; then
        rm --force tls/bound-service-account-signing-key.{key,pub}
    elif [[ ! -e tls/bound-service-account-signing-key.key ]]; then
        touch bound-key.unfinished
    fi
    images hyperkube cluster-kube-apiserver-operator
    operator kube-apiserver-render cluster-kube-apiserver-operator /usr/bin/cluster-kube-apiserver-operator render \
        --manifest-etcd-serving-ca=etcd-ca-bundle.crt \
        --manifest-etcd-server-urls=https://localhost:2379 \
        --manifest-image="${IMAGE[hyperkube]}" \
        --manifest-operator-image="${IMAGE[cluster-kube-apiserver-operator]}" \
        --asset-input-dir=/assets/tls \
        --asset-output-dir=/assets/kube-apiserver-bootstrap \
        --config-output-file=/assets/kube-apiserver-bootstrap/config \
        --cluster-config-file=/assets/manifests/cluster-network-02-config.yml \
        --cluster-auth-file=/assets/manifests/cluster-authentication-02-config.yaml \
        --infra-config-file=/assets/manifests/cluster-infrastructure-02-config.yml \
        --rendered-manifest-files=/assets/manifests \
        --payload-version="${VERSION}" \
        "${KAS_FLAGS[@]}"
    rm --force bound-key.unfinished
    cp kube-apiserver-bootstrap/config /etc/kubernetes/bootstrap-configs/kube-apiserver-config.yaml
    take kube-apiserver-bootstrap/bootstrap-manifests bootstrap-manifests
    take kube-apiserver-bootstrap/manifests manifests
    finish
fi

if stage kube-controller-manager-bootstrap; then
    fresh kube-controller-manager-bootstrap
    images hyperkube cluster-policy-controller
    operator kube-controller-render cluster-kube-controller-manager-operator \
        /usr/bin/cluster-kube-controller-manager-operator render \
        --cluster-policy-controller-image="${IMAGE[cluster-policy-controller]}" \
        --manifest-image="${IMAGE[hyperkube]}" \
        --asset-input-dir=/assets/tls \
        --asset-output-dir=/assets/kube-controller-manager-bootstrap \
        --config-output-file=/assets/kube-controller-manager-bootstrap/config \
        --cpc-config-output-file=/assets/kube-controller-manager-bootstrap/cpc-config \
        --cluster-config-file=/assets/manifests/cluster-network-02-config.yml \
        --rendered-manifest-files=/assets/manifests \
        --payload-version="${VERSION}"
    cp kube-controller-manager-bootstrap/config /etc/kubernetes/bootstrap-configs/kube-controller-manager-config.yaml
    cp kube-controller-manager-bootstrap/cpc-config /etc/kubernetes/bootstrap-configs/cluster-policy-controller-config.yaml
    take kube-controller-manager-bootstrap/bootstrap-manifests bootstrap-manifests
    take kube-controller-manager-bootstrap/manifests manifests
    finish
fi

if stage kube-scheduler-bootstrap; then
    fresh kube-scheduler-bootstrap
    images hyperkube
    operator kube-scheduler-render cluster-kube-scheduler-operator /usr/bin/cluster-kube-scheduler-operator render \
        --manifest-image="${IMAGE[hyperkube]}" \
        --asset-input-dir=/assets/tls \
        --asset-output-dir=/assets/kube-scheduler-bootstrap \
        --config-output-file=/assets/kube-scheduler-bootstrap/config
    cp kube-scheduler-bootstrap/config /etc/kubernetes/bootstrap-configs/kube-scheduler-config.yaml
    take kube-scheduler-bootstrap/bootstrap-manifests bootstrap-manifests
    take kube-scheduler-bootstrap/manifests manifests
    finish
fi
