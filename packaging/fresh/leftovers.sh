#!/usr/bin/env bash
# Record the files of this system, and list those that were added since:
#
#     leftovers.sh remember FILE
#     leftovers.sh list FILE        with status 1 if anything is left
#     leftovers.sh processes        with status 1 if any still runs
#
# Folders do not count, nor do places where the system itself writes.
set -euo pipefail

system='/(proc|sys|dev|run|tmp)/|/var/(cache|log|tmp)/|/var/lib/(dpkg|apt|ucf|systemd|dbus|polkit-1|pam|man-db)/'
system+='|/etc/(passwd|group|shadow|gshadow|subuid|subgid|ld.so.cache|machine-id|.*-$)'
system+='|/var/lib/shells.state|/etc/(alternatives|systemd)/|/usr/(lib|share)/.*(cache|\.compiled)'
system+='|/.*/\.cache/fontconfig/' # of every program that draws text

listed() { find / -xdev \( -path /proc -o -path /sys -o -path /dev \) -prune -o -not -type d -print | sort; }

processes() { # list the processes of our programs, even if their files were removed
    local process program
    for process in /proc/[0-9]*; do
        program=$(readlink "$process/exe" 2>/dev/null) || continue
        case $program in */kikipounamu/*) echo "process ${process#/proc/} $program" ;; esac
    done
}

left() { # FILE
    listed | comm -13 "$1" - | grep -Ev "^($system)" | sed 's/^/file /' || true
    getent passwd kikipounamu | sed 's/^/user /' || true
    processes
}

none() { # COMMAND ...: fail if it prints anything
    local found
    found=$("$@")
    if [ -n "$found" ]; then printf 'left: %s\n' "$found" >&2 && return 1; fi
}

case $1 in
remember) listed >"$2" ;;
list) none left "$2" ;;
processes) none processes ;;
esac
