# shellcheck shell=bash
# The end of the bootstrap of a single node that installs itself: no other machine takes
# over, so what runs here now becomes the config from which the disk is installed. Source
# this file in bootkube, in /opt/openshift, when cluster-bootstrap is done. It has the stages
# stop-etcd and master-ignition and leaves /opt/openshift/master.ign for install-to-disk.sh.
# shellcheck disable=SC2310,SC2154 # stage is a question and may be answered no; the variables are those of stages.sh

MASTER_CONFIG_URL=http://localhost:22624/config/master

# etcd's data may only be copied when nothing writes them. The kubelet stops the pod once
# its file is elsewhere, which is also where master-update.fcc looks for it.
stop_etcd() {
    local pod=/etc/kubernetes/manifests/etcd-member-pod.yaml
    if [[ -e ${pod} ]]; then
        mv "${pod}" /etc/kubernetes/
    fi
    patiently 10 'etcd to stop' etcd_is_stopped
}

etcd_is_stopped() {
    local running
    running=$(crictl ps --name '^etcd' --state Running --quiet) || return
    [[ -z ${running} ]]
}

# Without the version in the header the server answers in a spec of years ago. It is still
# there because only the manifests of the control plane were taken down.
fetch_master_config() {
    curl --silent --show-error --fail --output original-master.ign.new \
        --header 'Accept: application/vnd.coreos.ignition+json;version=3.2.0' "${MASTER_CONFIG_URL}" &&
        jq --exit-status '.ignition.version' original-master.ign.new >/dev/null &&
        mv --force original-master.ign.new original-master.ign
}

# The bundle goes with the node: this host's own logs are gone after the reboot.
keep_log_bundle() {
    local bundle=log-bundle-bootstrap.tar.gz
    if ! TAR_FILE=${bundle} /usr/local/bin/installer-gather.sh --id bootstrap || [[ ! -s ${bundle} ]]; then
        echo 'there is no log bundle of the bootstrap to take along'
        tar --create --gzip --file "${bundle}" --files-from=/dev/null
    fi
}

master_ignition() {
    # All of this is secret: keys, the data of etcd, the pull secret.
    local before
    before=$(umask)
    umask 0077
    patiently 5 "the machine config server at ${MASTER_CONFIG_URL}" fetch_master_config
    keep_log_bundle
    container bootstrap-in-place cluster-bootstrap --privileged \
        --volume /opt/openshift:/assets:z \
        --volume /usr/local/bin:/assets/bin \
        --volume /usr/local/lib/okd-install:/assets/lib \
        --volume /var/lib/etcd:/assets/etcd-data \
        --volume /etc/kubernetes:/assets/kubernetes \
        -- bootstrap-in-place --asset-dir /assets --input /assets/bootstrap-in-place/master-update.fcc \
        --output /assets/master.ign
    chmod 0600 master.ign
    umask "${before}"
}

if stage stop-etcd; then
    stop_etcd
    finish
fi

if stage master-ignition; then
    master_ignition
    finish
fi
