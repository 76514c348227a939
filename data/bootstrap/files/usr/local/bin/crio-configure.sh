#!/bin/bash
# Points CRI-O at the pause image of the release, before it starts.
#
# If this ended with an error, systemd would never start what requires it, bootkube above
# all, and nobody would be told; so it asks until it is answered.
set -euo pipefail
shopt -s inherit_errexit

# shellcheck source=bootstrap-service-record.sh
source /usr/local/bin/bootstrap-service-record.sh
# shellcheck source=release-image.sh
source /usr/local/bin/release-image.sh
# shellcheck source=../lib/okd-install/status.sh
source /usr/local/lib/okd-install/status.sh

find_pause_image() {
    # shellcheck disable=SC2310 # without an answer it is asked again
    if PAUSE_IMAGE=$(image_for pod); then
        return 0
    fi
    status 'crio-configure: the release image cannot be run, so the bootstrap cannot begin; trying again
  more: journalctl -b -f -u crio-configure.service'
    return 1
}

patiently 10 'the name of the pause image' find_pause_image
status_over
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
