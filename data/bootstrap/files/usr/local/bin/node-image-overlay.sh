#!/bin/bash
# Puts the files that node-image-pull.sh has fetched over the booted system: its /usr, and
# what of its /etc this host has not changed. The kernel stays the booted one. The units of
# the bootstrap host start afterwards, when node-image-finish.service goes on to them.
set -euo pipefail
shopt -s inherit_errexit
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin

RUN=/run/okd-install

overlay_usr() {
    if [[ /usr/bin -ef $1/usr/bin ]]; then
        return # this is done
    fi
    # The modules must be those of the kernel that runs.
    mount --bind /usr/lib/modules "$1/usr/lib/modules"
    mount --rbind --options ro "$1/usr" /usr
}

# With FIPS the crypto policies are mounts of their own, which no file can replace.
merge_etc() {
    rsync --archive --xattrs --exclude=/crypto-policies --exclude-from="${RUN}/node-image-keep" "$1/usr/etc/" /etc/
}

# People have to be told: nothing else starts on this host.
at_exit() {
    local code=$?
    if ((code != 0)); then
        status 'node-image-overlay: failed, so the bootstrap cannot begin. Try again: systemctl start node-image-overlay.target
  more: journalctl -b -u node-image-overlay.service'
    fi
}

main() {
    local checkout
    export SERVICE_NAME=node-image-overlay
    # shellcheck source=../lib/okd-install/status.sh
    source /usr/local/lib/okd-install/status.sh
    status_over
    trap at_exit EXIT
    checkout=$(readlink --canonicalize-existing "${RUN}/node-image")
    overlay_usr "${checkout}"
    merge_etc "${checkout}"
    if selinuxenabled; then
        semodule -R # the policy of the node image counts now
    fi
    # A running sshd starts helpers from /usr, which are of another version now.
    systemctl try-restart --no-block sshd.service
    echo "the node image is in place, as of ${checkout}"
}

# Sourced, this gives the functions alone.
if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    main
fi
