# Functions that the scripts of the package share: they stop all programs of the package before its files change, and
# start again what systemd had started. A program that kept running would load files of two versions.

folder=/usr/lib/kikipounamu
stopped=/run/kikipounamu-stopped
units="kikipounamu-gateway.service kikipounamu-worker.service"
patience=45 # seconds: a gateway stores complete segments, a worker finishes its decodes

managers() { # print the running managers of systemd: the system's and those of users
    [ -d /run/systemd/system ] || return 0
    echo system
    systemctl --no-legend --quiet list-units 'user@*' 2>/dev/null | sed -n 's/.*user@\([0-9]*\).service.*/\1/p'
}

manager() { # MANAGER WORD ...
    which=$1
    shift
    if [ "$which" = system ]; then
        systemctl --system --quiet "$@"
    else
        systemctl --user --quiet "--machine=$which@.host" "$@"
    fi
}

stop_units() { # [remember]
    for one in $(managers); do
        for unit in $units; do
            manager "$one" is-active "$unit" || continue
            if [ "${1:-}" = remember ]; then echo "$one $unit" >>"$stopped"; fi
            manager "$one" stop "$unit" || true
        done
    done
}

start_what_was_stopped() {
    for one in $(managers); do
        manager "$one" daemon-reload || true
    done
    if [ -e "$stopped" ]; then
        while read -r one unit; do
            manager "$one" start "$unit" </dev/null || echo "kikipounamu: $unit does not start again" >&2
        done <"$stopped"
        rm -f "$stopped"
    fi
}

programs() { # print the ids of processes that run from the folder; those in a container have other files
    find /proc/[0-9]*/exe -maxdepth 0 -lname "$folder/*" 2>/dev/null | while read -r link; do
        if [ "$link" -ef "$(readlink "$link")" ]; then
            id=${link#/proc/}
            echo "${id%/exe}"
        fi
    done
}

parent() { # ID
    sed -n 's/^PPid:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null || true
}

outermost() { # print the ids of programs that no other of our programs has started: each ends its own children in order
    ours=" $(programs | tr '\n' ' ')"
    for id in $ours; do
        case "$ours" in
            *" $(parent "$id") "*) ;;
            *) echo "$id" ;;
        esac
    done
}

end_programs() { # [ADVICE]
    first=$(outermost)
    [ -n "$first" ] || return 0
    echo "kikipounamu: ending programs that run: recordings are kept${1:-}" >&2
    for id in $first; do kill -s TERM "$id" 2>/dev/null || true; done
    waited=0
    while [ -n "$(programs)" ] && [ "$waited" -lt $((patience * 5)) ]; do
        sleep 0.2
        waited=$((waited + 1))
    done
    for id in $(programs); do kill -s KILL "$id" 2>/dev/null || true; done
}
