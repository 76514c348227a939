# shellcheck shell=bash
# shellcheck disable=SC2154 # SERVICE_NAME is set by whoever sources this
# What people see who stand before this host or log in: a line on the console
# (/etc/issue.d) and one in the message of the day (/etc/motd.d). Source this file.
#
#   notice NAME TEXT      show TEXT on the console until it changes, as /etc/issue.d/NAME.issue
#   notice_over NAME      show it no longer
#   status TEXT           what this service does now, on the console and in the message of the day;
#                         stands in /etc/issue.d/60_SERVICE_NAME.issue and /etc/motd.d/60_SERVICE_NAME
#   status_over           the service has nothing more to say
#   clock                 prints the time as in "since 14:05:09 UTC"
#   patiently SECONDS WHAT COMMAND...   try COMMAND until it succeeds, every SECONDS; says what is
#                         waited for at the first failure and then about every five minutes
#
# Nothing here ever fails: a console that cannot be written to is no reason to stop.

clock() {
    date --utc '+%H:%M:%S UTC'
}

# show FILE TEXT replaces a file that getty or login reads.
show() {
    if mkdir --parents "${1%/*}" && printf '%s\n' "$2" >"$1.new" && mv --force "$1.new" "$1"; then
        return 0
    fi
    echo "$1 cannot be written" >&2
}

# getty shows a new text only when it is told to.
console_reload() {
    if command -v agetty >/dev/null; then
        agetty --reload || true
    fi
}

notice() {
    # getty takes a backslash for the start of one of its own words
    show "/etc/issue.d/$1.issue" "${2//\\/\\\\}"
    console_reload
}

notice_over() {
    if [[ -e /etc/issue.d/$1.issue ]]; then
        rm --force "/etc/issue.d/$1.issue" || true
        console_reload
    fi
}

status() {
    notice "60_${SERVICE_NAME}" "$1"
    show "/etc/motd.d/60_${SERVICE_NAME}" "$1"
}

status_over() {
    notice_over "60_${SERVICE_NAME}"
    rm --force "/etc/motd.d/60_${SERVICE_NAME}" || true
}

patiently() {
    local pause=$1 what=$2 since tries=0
    shift 2
    since=$(clock)
    until "$@"; do
        if ((tries++ * pause % 300 < pause)); then
            echo "waiting for ${what} since ${since}, asking again every ${pause} s (more: journalctl -b -u ${SERVICE_NAME}.service)"
        fi
        sleep "${pause}"
    done
}
