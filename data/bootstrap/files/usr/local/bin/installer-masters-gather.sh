#!/bin/bash
# Collects what a control plane machine knows: installer-masters-gather.sh --id ID
# puts it in /tmp/artifacts-ID. It comes alone to the machine, so it needs no other file.
#
# What cannot be collected is left out; the rest is collected all the same.
# shellcheck disable=SC2312 # for that reason
set -euo pipefail
shopt -s inherit_errexit

ID=${2:?usage: installer-masters-gather.sh --id ID}
ARTIFACTS=/tmp/artifacts-${ID}
JOURNALS=(
    corosync crio kubelet machine-config-daemon-firstboot machine-config-daemon-host openshift-azure-routes
    openshift-gcp-routes pacemaker pcsd pivot sssd
)

# into FILE COMMAND... keeps what the command prints.
into() {
    local file=${ARTIFACTS}/$1
    shift
    mkdir --parents "${file%/*}"
    "$@" >"${file}" 2>&1 || true
}

units() {
    local unit failed
    into failed-units.txt systemctl list-units --state=failed --no-legend --plain
    mapfile -t failed < <(awk '{ print $1 }' "${ARTIFACTS}/failed-units.txt" || true)
    for unit in "${failed[@]}"; do
        into "unit-status/${unit}.txt" systemctl status --full --no-pager "${unit}"
        into "unit-status/${unit}.log" journalctl --boot --no-pager --output=short --unit "${unit}"
    done
}

journals() {
    local service
    for service in "${JOURNALS[@]}"; do
        into "journals/${service}.log" journalctl --boot --no-pager --output=short --unit "${service}"
    done
    mkdir --parents "${ARTIFACTS}/journals"
    journalctl --no-pager --output=with-unit 2>/dev/null | gzip >"${ARTIFACTS}/journals/journal.log.gz" || true
}

# pacemaker.log itself holds the parameters of fencing devices, so it stays here.
pacemaker() {
    local log
    for log in /var/log/pcsd/pcsd.log /var/log/cluster/corosync.log; do
        if [[ -s ${log} ]]; then
            into "pacemaker/${log##*/}.gz" gzip --stdout "${log}"
        fi
    done
}

network() {
    into network/ip-addr.txt ip addr
    into network/ip-route.txt ip route
    into network/hostname.txt hostname
    into network/netstat.txt netstat -anp
    into network/resolv.conf cat /etc/resolv.conf
}

# containers TOOL FORMAT lists the containers, those that have ended as well.
containers() {
    local tool=$1 id name list
    mapfile -t list < <("${@:2}" 2>/dev/null || true)
    for id in "${list[@]}"; do
        name=${id#* }
        id=${id%% *}
        into "containers/${name}-${id}.log" "${tool}" logs "${id}"
        into "containers/${name}-${id}.inspect" "${tool}" inspect "${id}"
    done
}

crictl_list() {
    crictl ps --all --output=json | jq --raw-output '.containers[] | .id + " " + .metadata.name' || true
}

mkdir --parents "${ARTIFACTS}"
chmod 0700 "${ARTIFACTS}"
echo "collecting into ${ARTIFACTS}"
units
journals
pacemaker
network
containers crictl crictl_list
containers podman podman ps --all --format '{{.ID}} {{.Names}}'
into rpm-ostree/status rpm-ostree status
into rpm-ostree/history rpm-ostree ex history
if [[ $(uname --machine || true) == s390x ]]; then
    mkdir --parents "${ARTIFACTS}/node-dbginfo"
    dbginfo.sh -d "${ARTIFACTS}/node-dbginfo" || true
fi
