#!/bin/bash
# Takes secrets out of files, in place: redact-secrets.sh FILE...
#
# Secrets are the credentials of a pull secret (auth, password and tokens), private keys in
# PEM and bearer tokens. They are found as they are, within JSON within JSON, URL-encoded as
# in a data URL, and in base64, also compressed and base64 within base64. Of base64 that
# holds a secret nothing is kept.
# shellcheck disable=SC2310,SC2312 # secret is a question; a word that cannot be read is no secret
set -euo pipefail
shopt -s extglob inherit_errexit
export LC_ALL=C

GONE='REDACTED'
# The parts of an encoded text: a quote, white space, a colon, and what a value is made of.
PLAIN_RULE='s/("(auth|password|identitytoken|registrytoken)"[[:space:]]*:[[:space:]]*")([^"\\]|\\.)*/\1'${GONE}'/g'
NESTED_RULE='s/(\\+"(auth|password|identitytoken|registrytoken)\\+"([[:space:]]|\\+[nrt])*:([[:space:]]|\\+[nrt])*\\+")[^"\\]*/\1'${GONE}'/g'
# URL_RULES are one for each number of times that a text is URL-encoded: a data URL may hold
# a file that has data URLs itself, and then a quote is %2522.
URL_SPACE='(%(25)*(20|09|0[Aa]|0[Dd]|5[Cc]n)|\+| )*'
URL_RULES=
for percent in % %25 %2525; do
    quote="(${percent}5[Cc])*${percent}22"
    URL_RULES+='s/('${quote}'(auth|password|identitytoken|registrytoken)'${quote}${URL_SPACE}'(:|%(25)*3[Aa])'${URL_SPACE}${quote}')([^"%]|'${percent}'([013-9A-Fa-f][0-9A-Fa-f]|2[013-9A-Fa-f]))*/\1'${GONE}'/g
'
done
YAML_RULE='s/^([[:space:]-]*(auth|identitytoken|registrytoken):[[:space:]]*)['\''"]?[A-Za-z0-9+\/=]{8,}.*$/\1'${GONE}'/'
TOKEN_RULE='s/eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/'${GONE}'/g'

# What gives a secret away, once its encoding is undone.
SIGNS='PRIVATE( |%(25)*20|\+)KEY|("|%(25)*22)(auth|password|identitytoken|registrytoken)(\\|%(25)*5[Cc])*("|%(25)*22)|^[[:space:]-]*(auth|identitytoken|registrytoken):|eyJ[A-Za-z0-9_-]+\.eyJ'
BASE64='([A-Za-z0-9+/]|%(25)*2[BbFf]){32,}(=|%(25)*3[Dd])*'

# private_keys drops each private key, from the dashes before BEGIN to those after END, on
# one line or on many. A key without an end goes on to the end of the file.
private_keys() {
    awk -v gone="${GONE}" '
        BEGIN {
            dash = "(-|%(25)*2[Dd])+"; space = "( |[+]|%(25)*20)"
            start = dash "BEGIN" space "([A-Z0-9]+" space ")*PRIVATE" space "KEY" dash
            end = dash "END" space "([A-Z0-9]+" space ")*PRIVATE" space "KEY" dash
        }
        {
            line = $0; out = ""; began_inside = inside
            while (1) {
                if (!inside) {
                    if (!match(line, start)) { out = out line; break }
                    out = out substr(line, 1, RSTART - 1) gone; inside = 1
                } else {
                    if (!match(line, end)) break
                    inside = 0
                }
                line = substr(line, RSTART + RLENGTH)
            }
            if (!(began_inside && out == "")) print out
        }'
}

# rules applies what needs no decoding.
rules() {
    private_keys | sed --regexp-extended --expression "${PLAIN_RULE}" --expression "${NESTED_RULE}" \
        --expression "${URL_RULES}" --expression "${YAML_RULE}" --expression "${TOKEN_RULE}"
}

# secret DEPTH FILE tells whether the file holds a secret, undoing at most DEPTH encodings.
secret() {
    local inner=$2.$1 word
    if [[ $(head --bytes=2 "$2" | od --address-radix=n --format=x1) == ' 1f 8b' ]]; then
        gzip --decompress --stdout <"$2" >"$2.plain" 2>/dev/null || true
        mv --force "$2.plain" "$2"
    fi
    if grep --quiet --text --extended-regexp "${SIGNS}" "$2"; then
        return 0
    fi
    if (($1 > 0)); then
        while IFS='' read -r word; do
            decode "${word}" >"${inner}"
            if secret "$(($1 - 1))" "${inner}"; then
                return 0
            fi
        done < <(words "$2")
    fi
    return 1
}

# words FILE prints each text that may be base64, once; a digest in hexadecimal is none.
# Escapes end a word: the letters in them are not part of it. A plus sign may be one too,
# for a space, so the pieces between plus signs are words as well.
words() {
    sed --regexp-extended 's/%(25)*([013-9A-Fa-f][0-9A-Fa-f]|2[0-46-9ACDEac-e])|\\+[nrt"]/\n/g; s/%(25)+([^2%]|2[^5BbFf])/\n\2/g' "$1" |
        sed --regexp-extended 'h; /[+]/{ s/[+]/\n/g; p; g }' |
        grep --only-matching --text --extended-regexp "${BASE64}" |
        grep --invert-match --extended-regexp '^[0-9a-f]*$' | sort --unique || true
}

# suspects WORDS prints those of the words in the file that may hide something: by their text,
# as compressed, or since a word is in the text. All the others are the bulk, lines of
# certificates, and to decode each by a process of its own takes minutes.
suspects() {
    # for jq, ^ is the start of the text and not of a line
    # shellcheck disable=SC2016 # the variables are jq's
    jq --raw-input --raw-output --arg signs "${SIGNS//^/(^|$'\n')}" --arg base64 "${BASE64}" '
        select(gsub("%(25)*2[Bb]"; "+") | gsub("%(25)*2[Ff]"; "/") | sub("[=%].*"; "")
            | startswith("H4") or (try (@base64d | test($signs) or test($base64)) catch true))' "$1" || cat "$1"
}

decode() {
    local word=${1//%*(25)2[Bb]/+}
    word=${word//%*(25)2[Ff]/\/}
    word=${word%%[=%]*}
    while ((${#word} % 4 != 0)); do
        word+='='
    done
    base64 --decode --ignore-garbage <<<"${word}" 2>/dev/null || true
}

redact() {
    local word
    rules <"$1" >"${WORK}/text"
    words "${WORK}/text" >"${WORK}/words"
    suspects "${WORK}/words" >"${WORK}/suspects"
    : >"${WORK}/drop"
    while IFS='' read -r word; do
        decode "${word}" >"${WORK}/word"
        if secret 2 "${WORK}/word"; then
            printf '%s s|%s|%s|g\n' "${#word}" "${word}" "${GONE}" >>"${WORK}/drop"
        fi
    done <"${WORK}/suspects"
    # the longest first, since a word may be part of another
    sort --reverse --numeric-sort "${WORK}/drop" | cut --delimiter=' ' --fields=2- >"${WORK}/script"
    # not renamed, so that the file keeps its mode and owner
    sed --file="${WORK}/script" "${WORK}/text" >"${WORK}/clean"
    if ! cmp --quiet "${WORK}/clean" "$1"; then
        cat "${WORK}/clean" >"$1"
    fi
}

(($# > 0)) || exit 0 # or grep would wait for the standard input
WORK=$(mktemp --directory)
trap 'rm --recursive --force "${WORK}"' EXIT
# Most files have nothing that looks like a secret, which one look at all of them tells.
code=0
grep --files-with-matches --null --text --extended-regexp --regexp="${SIGNS}|${BASE64}" -- "$@" >"${WORK}/files" || code=$?
if ((code > 1)); then
    printf '%s\0' "$@" >"${WORK}/files"
fi
mapfile -d '' -t files <"${WORK}/files"
for file in "${files[@]}"; do
    redact "${file}"
done
