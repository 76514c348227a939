# shellcheck shell=bash
# shellcheck disable=SC2154,SC2312 # ARTIFACTS is the caller's; what fails is left out
# What installer-gather.sh collects of this host. Source this file with ARTIFACTS set to
# the folder of the bundle.
#
#   into FILE COMMAND...              keep what the command prints in the bundle
#   gather_units, gather_journals SERVICE..., gather_network, gather_rendered_assets
#   gather_containers FOLDER TOOL LIST...   logs and inspect of each container; LIST prints "ID NAME"
#
# Nothing here fails: what cannot be collected is left out.

into() {
    local file=${ARTIFACTS}/$1
    shift
    mkdir --parents "${file%/*}"
    "$@" >"${file}" 2>&1 || true
}

gather_units() {
    local unit failed
    into failed-units.txt systemctl list-units --state=failed --no-legend --plain
    mapfile -t failed < <(awk '{ print $1 }' "${ARTIFACTS}/failed-units.txt" || true)
    for unit in "${failed[@]}"; do
        into "unit-status/${unit}.txt" systemctl status --full --no-pager "${unit}"
        into "unit-status/${unit}.log" journalctl --boot --no-pager --output=short --unit "${unit}"
    done
}

gather_journals() {
    local service
    for service in "$@"; do
        into "bootstrap/journals/${service}.log" journalctl --boot --no-pager --output=short --unit "${service}"
    done
    journalctl --no-pager --output=with-unit 2>/dev/null | gzip >"${ARTIFACTS}/bootstrap/journals/journal.log.gz" || true
}

gather_network() {
    into bootstrap/network/ip-addr.txt ip addr
    into bootstrap/network/ip-route.txt ip route
    into bootstrap/network/hostname.txt hostname
    into bootstrap/network/netstat.txt netstat -anp
    into bootstrap/network/resolv.conf cat /etc/resolv.conf
}

gather_containers() {
    local folder=bootstrap/$1 tool=$2 line list
    mapfile -t list < <("${@:3}" 2>/dev/null || true)
    for line in "${list[@]}"; do
        into "${folder}/${line#* }-${line%% *}.log" "${tool}" logs "${line%% *}"
        into "${folder}/${line#* }-${line%% *}.inspect" "${tool}" inspect "${line%% *}"
    done
}

gather_crictl_list() {
    crictl ps --all --output=json | jq --raw-output '.containers[] | .id + " " + .metadata.name'
}

# Files that are secret as a whole stay here: by their name, or since they hold a Secret.
# Of the rest secrets are taken out, and if that fails none of it is bundled.
gather_rendered_assets() {
    local from=/var/opt/openshift to=${ARTIFACTS}/rendered-assets/openshift file files target
    if [[ ! -d ${from} ]]; then
        from=/opt/openshift
    fi
    echo 'collecting what has been rendered, without secrets'
    mkdir --parents "${to}"
    mapfile -d '' -t files < <(find "${from}" -type f \
        ! -iname '*secret*' ! -iname '*kubeconfig*' ! -name '*.key' ! -path '*/.kube/*' ! -name '*.ign' ! -name '*.tar.gz' \
        ! -path "${from}/auth/*" -size -20M -printf '%P\0')
    for file in "${files[@]}"; do
        if ! grep --quiet --text --extended-regexp '^[[:space:]-]*"?kind"?[[:space:]]*:[[:space:]]*["'\'']?Secret(["'\''[:space:],}]|$)|[{,][[:space:]]*"kind"[[:space:]]*:[[:space:]]*"Secret"' "${from}/${file}"; then
            target=${to}/${file}
            mkdir --parents "${target%/*}"
            cp --no-dereference "${from}/${file}" "${target}" || true
        fi
    done
    if ! find "${to}" -type f -exec /usr/local/bin/redact-secrets.sh {} +; then
        echo 'secrets could not be taken out, so nothing that has been rendered is bundled'
        rm --recursive --force "${to}"
    fi
}
