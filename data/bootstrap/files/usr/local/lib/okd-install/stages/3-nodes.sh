# shellcheck shell=bash
# shellcheck disable=SC2310,SC2154 # a stage may be answered no in its `if`; the variables are bootkube's and its libraries'
# From ingress-operator-bootstrap to cco-bootstrap: what nodes are made of, and the
# machine-config server that hands it to them. bootkube.sh sources this file in
# /opt/openshift; stages.sh says what the verbs do, release-table.sh where the arrays come from.

if stage ingress-operator-bootstrap; then
    fresh ingress-operator-manifests
    operator ingress-render cluster-ingress-operator render \
        --prefix=cluster-ingress- \
        --output-dir=/assets/ingress-operator-manifests
    take ingress-operator-manifests manifests
    finish
fi

# Without performance profiles it writes nothing.
if stage node-tuning-bootstrap; then
    fresh node-tuning-bootstrap
    operator node-tuning-render cluster-node-tuning-operator render \
        --asset-input-dir=/assets/manifests \
        --asset-output-dir=/assets/node-tuning-bootstrap
    take_any node-tuning-bootstrap manifests
    finish
fi

# A single node cannot be rebooted for its kernel arguments later, so tuned computes them
# now. It works on the host's own folders, each below an overlay that is thrown away.
if [[ ${BOOTSTRAP_IN_PLACE} == true ]] && stage cmdbootline-nto-bootstrap; then
    fresh cmdbootline-nto-bootstrap
    rm --recursive --force /tmp/okd-install-tuned.*
    overlays=$(mktemp --directory /tmp/okd-install-tuned.XXXXXX)
    TUNED_OPTIONS=(--env CLUSTER_NODE_TUNED_BOOTSTRAP_SAFE_ENV=true --attach=stderr --volume /opt/openshift:/assets:z)
    for folder in etc/modprobe.d etc/sysconfig etc/kubernetes etc/sysctl.d etc/systemd run sys \
        lib/modules var/lib/kubelet usr/lib/tuned etc/tuned; do
        if [[ -d /${folder} ]]; then
            mkdir --parents "${overlays}/${folder}/"{upper,work}
            TUNED_OPTIONS+=(--volume
                "/${folder}:/${folder}:O,upperdir=${overlays}/${folder}/upper,workdir=${overlays}/${folder}/work")
        fi
    done
    container tuned cluster-node-tuning-operator "${TUNED_OPTIONS[@]}" -- render-bootcmd-mc \
        --asset-input-dir=/assets/manifests \
        --asset-output-dir=/assets/cmdbootline-nto-bootstrap \
        --mcp-name=master
    rm --recursive --force "${overlays}"
    take_any cmdbootline-nto-bootstrap manifests
    finish
fi

# The machine-config controller gets openshift/ first and manifests/ over it, where the
# FeatureGate is the complete one, and none of the manifests that the machine-config operator
# adds to manifests/ afterwards; those of an earlier attempt are taken out again. Its pod
# starts at once, so that it comes last of what it needs.
if stage mco-bootstrap; then
    take_back mco-bootstrap/manifests manifests
    fresh mco-bootstrap
    heard podman run --quiet --rm --net=none --entrypoint cat "${RELEASE_IMAGE_DIGEST}" \
        /release-manifests/image-references >image-references
    MCO_FLAGS=()
    if [[ -e tls/cloud-ca-cert.pem ]]; then
        MCO_FLAGS+=(--cloud-provider-ca-file=/assets/tls/cloud-ca-cert.pem)
    fi
    if [[ -e manifests/cloud-provider-config.yaml ]]; then
        MCO_FLAGS+=(--cloud-config-file=/assets/config-bootstrap/cloud-provider-config-generated.yaml)
    fi
    container mco-render machine-config-operator --user 0 --volume /opt/openshift:/assets:z -- bootstrap \
        --root-ca=/assets/tls/root-ca.crt \
        --kube-ca=/assets/tls/kube-apiserver-complete-client-ca-bundle.crt \
        --config-file=/assets/manifests/cluster-config.yaml \
        --dest-dir=/assets/mco-bootstrap \
        --pull-secret=/assets/manifests/openshift-config-secret-pull-secret.yaml \
        --release-image="${RELEASE_IMAGE_DIGEST}" \
        --image-references=/assets/image-references \
        --payload-version="${VERSION}" \
        "${MCO_FLAGS[@]}"
    take mco-bootstrap/bootstrap/manifests /etc/mcc/bootstrap
    take openshift /etc/mcc/bootstrap
    take manifests /etc/mcc/bootstrap
    for file in "${MCC_INPUT[@]}"; do
        cp "${file}" /etc/mcc/bootstrap/
    done
    mkdir --parents /etc/mcs/bootstrap /etc/ssl/mcs /etc/kubernetes/static-pod-resources
    cp auth/kubeconfig-kubelet /etc/mcs/kubeconfig
    cp tls/machine-config-server.crt /etc/ssl/mcs/tls.crt
    cp tls/machine-config-server.key /etc/ssl/mcs/tls.key
    for platform in "${STATIC_POD_PLATFORMS[@]}"; do
        take_any "mco-bootstrap/${platform}/static-pod-resources" /etc/kubernetes/static-pod-resources
        take_any "mco-bootstrap/${platform}/manifests" /etc/kubernetes/manifests
    done
    take mco-bootstrap/manifests manifests
    cp mco-bootstrap/bootstrap/machineconfigoperator-bootstrap-pod.yaml /etc/kubernetes/manifests/
    finish
fi

if stage resolve-api-url api-dns-resolved; then
    verify_name "${API_HOST}"
fi
if stage resolve-api-int-url api-int-dns-resolved; then
    verify_name "${API_INT_HOST}"
fi

# Where the cluster does without this operator, or credentials are made by hand, there is
# no pod, or nothing at all.
if stage cco-bootstrap; then
    fresh cco-bootstrap
    images cloud-credential-operator
    container cco-render cloud-credential-operator --user 0 --volume /opt/openshift:/assets:z -- render \
        --dest-dir=/assets/cco-bootstrap \
        --manifests-dir=/assets/manifests \
        --cloud-credential-operator-image="${IMAGE[cloud-credential-operator]}"
    take_any cco-bootstrap/manifests manifests
    if [[ -e cco-bootstrap/bootstrap-manifests/cloud-credential-operator-pod.yaml ]]; then
        take cco-bootstrap/bootstrap-manifests bootstrap-manifests
    fi
    finish
fi
