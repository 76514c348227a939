#!/bin/bash
# Runs the kubelet on its own: no API server yet, only the static pods in
# /etc/kubernetes/manifests. It is not exec'ed, so that its end is recorded.
# shellcheck disable=SC2154 # the variables are in the environment file
set -euo pipefail
shopt -s inherit_errexit

# shellcheck source=/dev/null
source /etc/okd-install/environment
# shellcheck source=bootstrap-service-record.sh
source /usr/local/bin/bootstrap-service-record.sh

FLAGS=(
    --anonymous-auth=false
    --container-runtime-endpoint=/var/run/crio/crio.sock
    --runtime-request-timeout="${KUBELET_RUNTIME_REQUEST_TIMEOUT}"
    --pod-manifest-path=/etc/kubernetes/manifests
    --minimum-container-ttl-duration=6m0s
    --cluster-domain=cluster.local
    --cgroup-driver=systemd
    --serialize-image-pulls=false
    --v=2
    --volume-plugin-dir=/etc/kubernetes/kubelet-plugins/volume/exec
)

# The kubelet finds its address by itself, except that it would take the IPv4 one of a
# host that has both.
if [[ -n ${BOOTSTRAP_NODE_IP} ]]; then
    FLAGS+=(--node-ip="${BOOTSTRAP_NODE_IP}" --address="${BOOTSTRAP_NODE_IP}")
elif [[ ${NODE_IP_FAMILY} == ipv6 ]]; then
    FLAGS+=(--node-ip=::)
fi

# Up to 4.21 the kubelet is told which image it must not clean up; later ones ask CRI-O.
case ${RELEASE_LINE} in
    4.16 | 4.17 | 4.18 | 4.19 | 4.20 | 4.21)
        if [[ -n ${MACHINE_CONFIG_INFRA_IMAGE:-} ]]; then
            FLAGS+=(--pod-infra-container-image="${MACHINE_CONFIG_INFRA_IMAGE}")
        fi
        ;;
    *) ;;
esac

/usr/bin/kubelet "${FLAGS[@]}"
