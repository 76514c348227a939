# shellcheck shell=bash
# How ostree and rsync name things. Source this file.
#
#   ostree_ref PULLSPEC   prints the ref under which ostree keeps an image that came from a registry
#   keep_patterns ETC     reads what `ostree admin config-diff` prints about the folder ETC, and prints
#                         patterns for rsync that name what has been added, modified or deleted there

# A repository may hold other images too, such as the one that the booted CoreOS was built
# from, so the ref is computed. Letters, digits and "-" stand for themselves, as does "/"
# between a letter or digit and something else; "_" is doubled, and a byte is _XX_.
ostree_ref() {
    local LC_ALL=C spec=docker://$1 out='' before='' c i
    for ((i = 0; i < ${#spec}; i++)); do
        c=${spec:i:1}
        case ${c} in
            [a-zA-Z0-9-]) out+=${c} ;;
            _) out+=__ ;;
            *)
                if [[ ${c} == / && ${before} == [a-zA-Z0-9] ]] && ((i + 1 < ${#spec})); then
                    out+=/
                else
                    printf -v out '%s_%02X_' "${out}" "'${c}"
                fi
                ;;
        esac
        before=${c}
    done
    printf 'ostree/container/image/%s\n' "${out}"
}

# A folder is not kept as a whole: the node image may have other files for it.
keep_patterns() {
    local change name
    while read -r change name; do
        if [[ ${change} != [AMD] || -z ${name} || (-d $1/${name} && ! -L $1/${name}) ]]; then
            continue
        fi
        # Only in a pattern with a wildcard does rsync take a backslash for an escape.
        if [[ ${name} == *[*?[]* ]]; then
            # shellcheck disable=SC1003 # one backslash
            name=${name//'\'/'\\'}
            name=${name//'*'/'\*'}
            name=${name//'?'/'\?'}
            name=${name//'['/'\['}
        fi
        printf '/%s\n' "${name}"
    done
}
