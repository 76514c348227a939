#!/bin/bash
# Tells the kubelet the release's own image for the pause container. Runs before each
# start of kubelet.service.
set -euo pipefail
shopt -s inherit_errexit

PRE_COMMAND=kubelet-pause-image
# shellcheck source=bootstrap-service-record.sh
source /usr/local/bin/bootstrap-service-record.sh
# shellcheck source=release-image.sh
source /usr/local/bin/release-image.sh

FILE=/etc/kubernetes/kubelet-pause-image-override
if [[ -s ${FILE} ]]; then
    exit 0
fi
PAUSE_IMAGE=$(image_for pod)
mkdir --parents "${FILE%/*}"
printf 'MACHINE_CONFIG_INFRA_IMAGE=%s\n' "${PAUSE_IMAGE}" >"${FILE}.new"
mv "${FILE}.new" "${FILE}"
