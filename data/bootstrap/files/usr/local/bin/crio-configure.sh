#!/bin/bash
# Points CRI-O at the pause image of the release, before it starts.
set -euo pipefail
shopt -s inherit_errexit

# shellcheck source=bootstrap-service-record.sh
source /usr/local/bin/bootstrap-service-record.sh
# shellcheck source=release-image.sh
source /usr/local/bin/release-image.sh

PAUSE_IMAGE=$(image_for pod)
mkdir --parents /etc/crio/crio.conf.d
cat >/etc/crio/crio.conf.d/50-bootstrap-override.conf <<EOF
[crio.runtime]
hooks_dir = [
    "/usr/share/containers/oci/hooks.d",
    "/etc/containers/oci/hooks.d",
]

[crio.image]
pause_image = "${PAUSE_IMAGE}"
pause_command = "/usr/bin/pod"
EOF
