# shellcheck shell=bash
# shellcheck disable=SC2310,SC2154 # a stage may be answered no in its `if`; the variables are bootkube's and its libraries'
# From wait-for-etcd to check-api-int-url: the temporary control plane comes up, the
# cluster takes over. bootkube.sh sources this file in /opt/openshift; stages.sh says what
# the verbs do.

etcd_is_healthy() {
    container etcdctl etcd --entrypoint etcdctl --env ETCDCTL_API=3 \
        --volume /opt/openshift/tls:/opt/openshift/tls:ro,z -- \
        --dial-timeout=10m \
        --cacert=/opt/openshift/tls/etcd-ca-bundle.crt \
        --cert=/opt/openshift/tls/etcd-client.crt \
        --key=/opt/openshift/tls/etcd-client.key \
        --endpoints=https://localhost:2379 \
        endpoint health
}

# Bootstrap in place stops etcd when it is done with it.
if [[ ! -e stop-etcd.done ]] && stage wait-for-etcd; then
    images etcd
    awaiting 'a healthy etcd; see: crictl ps --all --name etcd'
    patiently 5 'a healthy etcd' etcd_is_healthy
    finish
fi

if [[ ${KONNECTIVITY} == true ]]; then
    konnectivity_agents
fi

# cluster-bootstrap refuses to write over a static pod, and takes its own away only if it
# may end by itself.
remove_leftover_pods() {
    local pod
    podman rm --force --ignore cluster-bootstrap
    for pod in bootstrap-manifests/*; do
        rm --force "/etc/kubernetes/manifests/${pod##*/}"
    done
}

# What the API holds at this moment may be all that explains the failure later.
gather_cluster() {
    doing 'collecting what the API knows, for the log bundle'
    /usr/local/bin/bootstrap-cluster-gather.sh || echo 'the API could not be asked for the log bundle' >&2
}

REQUIRED_PODS=openshift-kube-apiserver/kube-apiserver
REQUIRED_PODS+=,openshift-kube-scheduler/openshift-kube-scheduler
REQUIRED_PODS+=,openshift-kube-controller-manager/kube-controller-manager
REQUIRED_PODS+=,openshift-cluster-version/cluster-version-operator
if [[ ${BOOTSTRAP_IN_PLACE} == true ]]; then
    REQUIRED_PODS=''
fi

if stage cb-bootstrap; then
    remove_leftover_pods
    awaiting 'the API server and the control plane of the cluster; see: crictl ps; oc --kubeconfig /opt/openshift/auth/kubeconfig get pods -A'
    code=0
    container cluster-bootstrap cluster-bootstrap \
        --volume /opt/openshift:/assets:z --volume /etc/kubernetes:/etc/kubernetes:z -- start \
        --tear-down-early=false \
        --asset-dir=/assets \
        --required-pods="${REQUIRED_PODS}" || code=$?
    if ((code > 0)); then
        gather_cluster
        exit "${code}"
    fi
    finish
fi

restore_overrides() {
    oc patch clusterversion.config.openshift.io version --type=merge \
        --patch-file=/opt/openshift/original_cvo_overrides.patch \
        --kubeconfig=/opt/openshift/auth/kubeconfig
}

if [[ ${BOOTSTRAP_IN_PLACE} == true ]]; then
    # shellcheck source=/dev/null
    source /usr/local/bin/bootstrap-in-place.sh
else
    # From here on the cluster-version operator looks after what was ours until now.
    if stage cvo-overrides; then
        awaiting 'the API to take the overrides of ClusterVersion'
        patiently 10 'the API to take the overrides of ClusterVersion' restore_overrides
        finish
    fi

    # New machines get their config from the cluster now.
    rm --force /etc/kubernetes/manifests/machineconfigoperator-bootstrap-pod.yaml

    if stage wait-for-ceo; then
        awaiting 'the etcd of the cluster; see: oc --kubeconfig /opt/openshift/auth/kubeconfig get etcd cluster -o yaml'
        operator wait-for-ceo cluster-etcd-operator /usr/bin/cluster-etcd-operator wait-for-ceo \
            --kubeconfig /assets/auth/kubeconfig
        finish
    fi
fi

if stage check-api-url api-dns-check; then
    verify_url "https://${API_HOST}:6443${API_PATH[0]}"
fi
if stage check-api-int-url api-int-dns-check; then
    verify_url "https://${API_INT_HOST}:6443${API_PATH[0]}"
fi
