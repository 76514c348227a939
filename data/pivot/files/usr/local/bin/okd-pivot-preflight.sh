#!/bin/bash
# Looks at everything that is known to spoil an installation before the disk is touched,
# and lists all that is wrong at once.
# shellcheck disable=SC2154 # the values come from the environment file
set -euo pipefail
shopt -s inherit_errexit
# Fedora 42 and later have no /usr/sbin in the PATH of services.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin

main() {
    # shellcheck source=/dev/null
    source /etc/okd-pivot/environment
    local library check
    for library in say host disk; do
        # shellcheck source=/dev/null
        source "/usr/local/lib/okd-pivot/${library}.sh"
    done
    say "checking this machine for ${TARGET_TITLE} on ${DEVICE} (${ROLE}, mode ${MODE})"
    mkdir --parents /run/okd-pivot
    if [[ -s /etc/pki/ca-trust/source/anchors/ca.crt ]] && command -v update-ca-trust >/dev/null; then
        update-ca-trust
    fi
    for check in live architecture tools secure_boot cpu disk content clock network; do
        "check_${check}"
    done
    if ((PROBLEMS > 0)); then
        say "${PROBLEMS} problems, see above; nothing was written to ${DEVICE}. When they are solved: systemctl default, or boot again"
        exit 1
    fi
    say "every check has passed; writing to ${DEVICE}"
}

main
