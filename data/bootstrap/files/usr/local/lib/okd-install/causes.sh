# shellcheck shell=bash
# Why a step failed, where that can be told. Source this file.
#
#   likely_cause FILE   prints one line about the text in FILE (what the step said on stderr) and the
#                       state of this host, or nothing. It never fails.

# The first row whose pattern occurs is the cause: pattern (extended, any case), then the
# line. The specific ones come first; every failed pull mentions the registry. Lines about a
# port of the host itself count for none: that its process is not up is a symptom.
CAUSES=(
    'no space left on device'
    'the disk is full; see: df -h /var'

    'certificate has expired or is not yet valid|certificate is not yet valid|certificate has expired'
    'the clock of this host is wrong, or the certificates are older than a day; see: timedatectl. If the time is right, make bootstrap.ign again'

    'x86-64-v3|CPU does not support|Fatal glibc error: CPU'
    'this CPU does not support x86-64-v3 (2013 or later; in virtual machines: CPU model host), which this release needs'

    'unauthorized|authentication required|invalid username/password|requested access to the resource is denied|403 \(?Forbidden'
    'the registry refuses the pull secret; see: podman pull --authfile /root/.docker/config.json IMAGE'

    'signed by unknown authority|certificate is not trusted'
    'the registry (or the proxy) presents a certificate of an unknown authority, which must be in additionalTrustBundle'

    'tcp: lookup |no such host|name or service not known|temporary failure in name resolution|server misbehaving|could not resolve '
    'a host name is not found in DNS; see: cat /etc/resolv.conf; getent ahosts NAME'

    'manifest unknown|name unknown|not found: manifest'
    'the image is not in the registry; a mirror may be incomplete'

    'layer not known|not found in layer tree|found incomplete layer|readlink [^ ]*/containers/storage'
    'the images on this host are damaged, as after a power failure; to fetch them again: podman system reset --force, then restart the host'

    'connection refused|i/o timeout|no route to host|network is unreachable|connection reset by peer|tls handshake timeout|context deadline exceeded|proxyconnect|pinging container registry'
    'the registry (or the API) is not reachable from here; see: curl -v https://REGISTRY/v2/'
)

SYMPTOM='(dial tcp|server|to) (localhost|127[.]0[.]0[.]1|\[::1\])(:| port )[0-9]+.*(refused|i/o timeout|deadline exceeded|reset by peer)'

# Below this the disk counts as full, in KiB: no image and no etcd fits any more.
DISK_NEEDED=262144

likely_cause() {
    local i text='' words
    if [[ -r $1 ]]; then
        text=$(grep --invert-match --ignore-case --extended-regexp --regexp="${SYMPTOM}" "$1" || true)
    fi
    for ((i = 0; i < ${#CAUSES[@]}; i += 2)); do
        if grep --quiet --ignore-case --extended-regexp --regexp="${CAUSES[i]}" <<<"${text}"; then
            words=$(cause_words "${text}" "${CAUSES[i]}")
            printf '%s%s\n' "${CAUSES[i + 1]}" "${words}"
            return 0
        fi
    done
    # shellcheck disable=SC2310 # it has no failures, only nothing to say
    cause_of_host || true
}

# cause_words TEXT PATTERN prints the name that the matching line is about, if it holds one.
cause_words() {
    local line
    line=$(grep --ignore-case --extended-regexp --max-count=1 --regexp="$2" <<<"$1") || return 0
    if [[ ${line} =~ lookup\ ([^ :]+) ]]; then
        printf ' (%s)' "${BASH_REMATCH[1]}"
    elif [[ ${line} =~ registry\ ([^ ]+): ]] || [[ ${line} =~ https?://([^/@\" ]+)/ ]]; then
        printf ' (%s)' "${BASH_REMATCH[1]}"
    fi
}

# cause_of_host looks at the host itself: what is wrong here is wrong for every step.
cause_of_host() {
    local available
    available=$(df --output=avail /var 2>/dev/null) || available=''
    available=${available//[!0-9]/}
    # shellcheck disable=SC2310 # no is an answer here
    if [[ -n ${available} ]] && ((available < DISK_NEEDED)); then
        echo "the disk is full; see: df -h /var"
    elif [[ -n ${CPU_LEVEL[*]:-} ]] && cpu_is_old /proc/cpuinfo; then
        echo "this CPU does not support ${CPU_LEVEL[0]} (2013 or later; in virtual machines: CPU model host), which this release needs"
    elif [[ -n ${API_INT_HOST:-} ]] && ! getent ahosts "${API_INT_HOST}" >/dev/null; then
        echo "${API_INT_HOST} is not found in DNS; see: cat /etc/resolv.conf; getent ahosts ${API_INT_HOST}"
    fi
}

# cpu_is_old FILE asks /proc/cpuinfo for what x86-64-v3 adds.
cpu_is_old() {
    local flags flag
    flags=$(grep --max-count=1 '^flags' "$1") || return 1
    for flag in avx2 bmi1 bmi2 f16c fma abm movbe; do
        if [[ " ${flags} " != *" ${flag} "* ]]; then
            return 0
        fi
    done
    return 1
}
