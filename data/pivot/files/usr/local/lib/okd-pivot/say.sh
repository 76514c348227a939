# shellcheck shell=bash
# How the pivot talks and waits. Source this file.
#
#   say TEXT           a line on the console and in the journal
#   problem TEXT       the same, and PROBLEMS is one more; the checks go on, to find all
#   stop TEXT          says what is wrong and ends the script
#   patiently TRIES SECONDS COMMAND...   tries a command up to so many times

PROBLEMS=0

say() {
    printf 'okd-pivot: %s\n' "$1"
}

problem() {
    say "PROBLEM: $1"
    PROBLEMS=$((PROBLEMS + 1))
}

stop() {
    say "STOPPED: $1"
    exit 1
}

patiently() {
    local tries=$1 pause=$2 try
    shift 2
    for ((try = 1; ; try++)); do
        if "$@"; then
            return 0
        fi
        if ((try >= tries)); then
            return 1
        fi
        say "not yet (${try} of ${tries}): $1; trying again in ${pause} s"
        sleep "${pause}"
    done
}
