#!/bin/bash
# Brings up the temporary control plane and hands over to the cluster. The stages are in
# /usr/local/lib/okd-install/stages, in the order of the file names; what stands beside that
# folder only defines functions. What is done has a file STAGE.done in /opt/openshift and is
# not done again; after a failure systemd starts this again in 5 s.
set -euo pipefail
shopt -s inherit_errexit
IFS=$'\n\t'

# shellcheck source=/dev/null
source /etc/okd-install/environment
cd /opt/openshift
if [[ -e .bootkube.done ]]; then
    echo 'everything is done already'
    exit 0
fi

# shellcheck source=bootstrap-service-record.sh
source /usr/local/bin/bootstrap-service-record.sh
# shellcheck source=../lib/okd-install/status.sh
source /usr/local/lib/okd-install/status.sh
# shellcheck source=../lib/okd-install/causes.sh
source /usr/local/lib/okd-install/causes.sh
# shellcheck source=release-image.sh
source /usr/local/bin/release-image.sh
# shellcheck source=../lib/okd-install/stages.sh
source /usr/local/lib/okd-install/stages.sh
# shellcheck source=../lib/okd-install/folders.sh
source /usr/local/lib/okd-install/folders.sh
# shellcheck source=../lib/okd-install/containers.sh
source /usr/local/lib/okd-install/containers.sh
# shellcheck source=../lib/okd-install/versions.sh
source /usr/local/lib/okd-install/versions.sh
# shellcheck source=../lib/okd-install/release-table.sh
source /usr/local/lib/okd-install/release-table.sh
# shellcheck source=../lib/okd-install/preflight.sh
source /usr/local/lib/okd-install/preflight.sh
# shellcheck source=bootstrap-verify-api-server-urls.sh
source /usr/local/bin/bootstrap-verify-api-server-urls.sh

mkdir --parents /etc/kubernetes/{manifests,bootstrap-configs,bootstrap-manifests} bootstrap-manifests manifests
# Past this stage the certificates have been used, and stand elsewhere.
if [[ ! -e cco-bootstrap.done ]]; then
    heard preflight
fi

# shellcheck source=../lib/okd-install/stages/1-cluster.sh
source /usr/local/lib/okd-install/stages/1-cluster.sh
# shellcheck disable=SC2154 # it is in the environment file
if [[ ${KONNECTIVITY} == true ]]; then
    # shellcheck source=../lib/okd-install/konnectivity.sh
    source /usr/local/lib/okd-install/konnectivity.sh
    konnectivity_server
fi
# shellcheck source=../lib/okd-install/stages/2-kube.sh
source /usr/local/lib/okd-install/stages/2-kube.sh
# shellcheck source=../lib/okd-install/stages/3-nodes.sh
source /usr/local/lib/okd-install/stages/3-nodes.sh
# shellcheck source=../lib/okd-install/stages/4-handover.sh
source /usr/local/lib/okd-install/stages/4-handover.sh
if [[ ${KONNECTIVITY} == true ]]; then
    konnectivity_cleanup
fi

touch .bootkube.done
status 'bootkube: the temporary control plane has done its work; see: journalctl -b -u progress.service'
echo 'the cluster has taken over'
