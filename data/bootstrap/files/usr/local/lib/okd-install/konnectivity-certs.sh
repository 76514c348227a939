# shellcheck shell=bash
# shellcheck disable=SC2154,SC2310 # the variables are in the environment file; functions that are called in conditions return their failures
# The address and the certificates of konnectivity on this host. Source this file after
# containers.sh.
#
#   konnectivity_address                       prints the address under which the nodes reach this host
#   konnectivity_certificates FOLDER ADDRESS   makes FOLDER/{ca,server,agent}.{key,crt}; the server's is for ADDRESS

konnectivity_address() {
    local address=${BOOTSTRAP_NODE_IP} target=1.1.1.1 routes=''
    if [[ -z ${address} ]]; then
        if [[ ${NODE_IP_FAMILY} == ipv6 ]]; then
            target=2001:4860:4860::8888
        fi
        # nothing is sent there: the kernel tells from which address it would be
        routes=$(heard ip -json route get "${target}") || true
        address=$(jq --raw-output '.[0].prefsrc // empty' <<<"${routes}")
    fi
    if [[ ! ${address} =~ ^[0-9A-Fa-f:.]+$ ]]; then
        echo "no address of this host is known: \"${address}\" (see: ip route get ${target}); it can be given with OPENSHIFT_INSTALL_BOOTSTRAP_NODE_IP when bootstrap.ign is made" >&2
        return 1
    fi
    echo "${address}"
}

# A day is longer than this host is there.
konnectivity_certificates() (
    umask 077
    if ! command -v openssl >/dev/null; then
        echo 'openssl is not on this host, and the certificates of konnectivity are made with it' >&2
        return 1
    fi
    mkdir --parents "$1"
    cat >"$1/openssl.cnf" <<CONFIG
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectAltName = IP:$2
[agent]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = clientAuth
CONFIG
    konnectivity_pair "$1" ca konnectivity-signer
    konnectivity_pair "$1" server konnectivity-server -CA "$1/ca.crt" -CAkey "$1/ca.key"
    konnectivity_pair "$1" agent konnectivity-agent -CA "$1/ca.crt" -CAkey "$1/ca.key"
    rm "$1/openssl.cnf"
)

# konnectivity_pair FOLDER NAME COMMON_NAME OPTION... makes a key and its certificate, which
# signs itself unless the OPTIONs say otherwise.
konnectivity_pair() {
    local folder=$1 name=$2
    heard openssl genrsa -out "${folder}/${name}.key" 2048
    heard openssl req -x509 -new -sha256 -days 1 -config "${folder}/openssl.cnf" -extensions "${name}" \
        -subj "/O=openshift/CN=$3" -key "${folder}/${name}.key" "${@:4}" -out "${folder}/${name}.crt"
}
