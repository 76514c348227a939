#!/bin/bash
# Makes a log bundle of this host and the control plane:
#
#   installer-gather.sh [--id ID] [MASTER...]
#
# leaves log-bundle-ID.tar.gz in the home of who calls it, or at TAR_FILE. MASTERs are the
# addresses of the control plane machines; without any, those that the API knows are asked,
# over ssh, with the caller's agent. `okd-install gather bootstrap` and the established
# installer run this, and their analysis knows the names in the bundle.
#
# What cannot be collected is left out; the rest is collected all the same. Secrets are
# taken out of what the operators have rendered and of what the API tells.
set -euo pipefail
shopt -s inherit_errexit
umask 077

ID=$(date --utc +%Y%m%d%H%M%S)
if [[ ${1:-} == --id ]]; then
    ID=${2:?the bundle has no name: --id ID}
    shift 2
fi
if [[ ! ${ID} =~ ^[A-Za-z0-9_-]+$ ]]; then
    echo "\"${ID}\" cannot be the name of a bundle" >&2
    exit 1
fi
TAR_FILE=${TAR_FILE:-${HOME:-/root}/log-bundle-${ID}.tar.gz}
if ((EUID != 0)); then
    exec sudo env TAR_FILE="${TAR_FILE}" SSH_AUTH_SOCK="${SSH_AUTH_SOCK:-}" "$0" --id "${ID}" "$@"
fi

ARTIFACTS=/tmp/artifacts-${ID}
# shellcheck source=../lib/okd-install/gather.sh
source /usr/local/lib/okd-install/gather.sh

JOURNALS=(
    approve-csr bootkube crio crio-configure image-customization ironic ironic-dnsmasq ironic-httpd ironic-ramdisk-logs
    kubelet master-bmh-update metal3-baremetal-operator release-image release-image-download sssd
)
SSH=(-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=30 -o BatchMode=yes -o LogLevel=ERROR)

bootstrap_host() {
    local log
    echo 'collecting what this host knows'
    gather_units
    gather_journals "${JOURNALS[@]}"
    gather_network
    gather_containers containers crictl gather_crictl_list
    gather_containers pods podman podman ps --all --format '{{.ID}} {{.Names}}'
    for log in /var/log/bootstrap-control-plane/*; do
        if [[ -e ${log} ]]; then
            cp --recursive "${log}" "${ARTIFACTS}/bootstrap/containers/"
        fi
    done
    if [[ -d /var/log/openshift ]]; then
        cp --recursive /var/log/openshift "${ARTIFACTS}/bootstrap/services"
    fi
    into bootstrap/rpm-ostree/status rpm-ostree status
    into bootstrap/rpm-ostree/history rpm-ostree ex history
    if [[ $(uname --machine || true) == s390x ]]; then
        mkdir --parents "${ARTIFACTS}/node-dbginfo"
        dbginfo.sh -d "${ARTIFACTS}/node-dbginfo" || true
    fi
}

cluster() {
    echo 'collecting what the API knows'
    /usr/local/bin/bootstrap-cluster-gather.sh || true
    if [[ -d /tmp/artifacts-api-server-temp/resources ]]; then
        cp --recursive /tmp/artifacts-api-server-temp/resources "${ARTIFACTS}/resources"
    fi
}

# A host that has installed itself carries the bundle of its time as the bootstrap host,
# and is the control plane now.
this_master() {
    tar --extract --gzip --file /var/log/log-bundle-bootstrap.tar.gz --directory "${ARTIFACTS}" --strip-components=1 || true
    mkdir --parents "${ARTIFACTS}/control-plane"
    /usr/local/bin/installer-masters-gather.sh --id master-local || true
    mv /tmp/artifacts-master-local "${ARTIFACTS}/control-plane/master" || true
}

# one_master ADDRESS
one_master() {
    local place=${ARTIFACTS}/control-plane/$1 host=$1
    if [[ ${host} == *:* ]]; then
        host="[${host}]"
    fi
    mkdir --parents "${place}"
    # shellcheck disable=SC2029 # ID is a word that means the same on both sides
    scp -q "${SSH[@]}" /usr/local/bin/installer-masters-gather.sh "core@${host}:" &&
        ssh -n "${SSH[@]}" "core@$1" "sudo ./installer-masters-gather.sh --id master-${ID} && sudo chown -R core /tmp/artifacts-master-${ID}" &&
        scp -q -r "${SSH[@]}" "core@${host}:/tmp/artifacts-master-${ID}/*" "${place}/" &&
        ssh -n "${SSH[@]}" "core@$1" "rm -rf /tmp/artifacts-master-${ID} installer-masters-gather.sh"
}

control_plane() {
    local masters=("$@") master
    if [[ -e /var/log/log-bundle-bootstrap.tar.gz ]]; then
        this_master
        return
    fi
    if ((${#masters[@]} == 0)) && [[ -s ${ARTIFACTS}/resources/masters.list ]]; then
        mapfile -t masters <"${ARTIFACTS}/resources/masters.list"
    fi
    for master in "${masters[@]}"; do
        echo "collecting what control plane machine ${master} knows"
        # shellcheck disable=SC2310 # one machine that does not answer is no reason to stop
        one_master "${master}" || echo "${master} did not give everything"
    done
}

# At the end the folder is packed as log-bundle-ID, for the caller to fetch. The code 1 says
# that a file has changed meanwhile, as gather.log does.
pack() {
    local code=0
    tar --create --gzip --file "${TAR_FILE}.new" --directory "${ARTIFACTS}" --transform "s|^\\.|log-bundle-${ID}|" . || code=$?
    ((code <= 1))
    chown "${SUDO_UID:-0}:${SUDO_GID:-0}" "${TAR_FILE}.new"
    mv --force "${TAR_FILE}.new" "${TAR_FILE}"
    rm --recursive --force "${ARTIFACTS}"
    echo "the log bundle is ${TAR_FILE}"
}

rm --recursive --force "${ARTIFACTS}"
mkdir --parents "${ARTIFACTS}/bootstrap/containers" "${ARTIFACTS}/control-plane"
exec > >(tee "${ARTIFACTS}/gather.log" || true) 2>&1
bootstrap_host
gather_rendered_assets
cluster
control_plane "$@"
pack
