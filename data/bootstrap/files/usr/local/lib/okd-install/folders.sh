# shellcheck shell=bash
# How the stages move files around. Source this file in /opt/openshift.
#
#   fresh FOLDER...     remove what an earlier, failed attempt left: some operators refuse their own old output
#   take FROM TO        copy what is in the folder FROM into the folder TO
#   take_any FROM TO    the same where FROM may be missing or empty
#   take_back FROM TO   remove from TO what an earlier attempt took there

fresh() {
    local folder
    for folder in "$@"; do
        rm --recursive --force "./${folder}"
    done
}

# The copy is made aside, and its files are then moved into place: half a file that a kill
# leaves in manifests/ would stop every renderer from then on. Below /etc the copy is made
# in the target, hidden, since a file keeps the SELinux label of where it was made.
take() {
    local copy=$2.taking folders folder
    if [[ $2 == /* ]]; then
        copy=$2/.taking
    fi
    rm --recursive --force "${copy}"
    mkdir --parents "$2"
    cp --recursive --no-target-directory "$1" "${copy}"
    folders=$(find "${copy}" -type d -printf '%P\n')
    while IFS='' read -r folder; do
        mkdir --parents "$2/${folder}"
        find "${copy}/${folder}" -maxdepth 1 -type f -exec mv --force --target-directory="$2/${folder}" {} +
    done <<<"${folders}"
    rm --recursive "${copy}"
}

take_any() {
    if [[ -d $1 ]]; then
        take "$1" "$2"
    fi
}

take_back() {
    local file
    for file in "$1"/*; do
        rm --force "$2/${file##*/}"
    done
}
