# shellcheck shell=bash
# The names and URLs of the API, as seen from this host. What is wrong here is recorded and
# said, and stops nothing: the cluster may come up all the same, and the load balancer be
# late. Source this file after stages.sh; each function closes the open stage.
#
#   verify_name HOST   the name has an address (dig, or the resolver of this host)
#   verify_url URL     a GET answers 200, whatever the certificate

name_resolves() {
    local addresses
    # dig also prints where a name leads that has no address, and complaints
    if command -v dig >/dev/null && addresses=$(dig +short "$1") && grep --quiet --extended-regexp '^[0-9.]+$' <<<"${addresses}"; then
        return 0
    fi
    getent ahosts "$1" >/dev/null
}

verify_name() {
    # shellcheck disable=SC2310 # no is an answer here
    if name_resolves "$1"; then
        finish
    else
        give_up "$1 is not found in DNS; see: cat /etc/resolv.conf; dig $1"
    fi
}

verify_url() {
    local code
    code=$(curl --silent --show-error --insecure --max-time 30 --retry 2 --retry-delay 5 --retry-connrefused \
        --output /dev/null --write-out '%{http_code}' "$1") || true
    if [[ ${code} == 200 ]]; then
        finish
    else
        give_up "$1 answers ${code:-nothing} instead of 200; see: curl --insecure --verbose $1"
    fi
}
