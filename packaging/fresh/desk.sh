#!/usr/bin/env bash
# A desktop without hardware for the current user: a screen, a sound server with a microphone, and a letter to dictate into.
#
#     desk.sh begin                     until `desk.sh end`
#     desk.sh dictate RECORDING WORD    with the app as it is installed; fails unless WORD is in the letter
#     desk.sh is VERSION                fails unless each program has it
#     desk.sh furnish                   makes settings and a paired device, before anything was dictated
#     desk.sh device RECORDING WORD     fails unless settings and recordings are kept, and the device is still accepted
#     desk.sh data                      fails unless all data are still there, and then deletes them as docs/download.md says
#     desk.sh assistants                fails unless an assistant gets tools
#     desk.sh quit FOLDER               quits the app; waits until nothing of FOLDER runs: some programs end after the app
set -euo pipefail

desk=/tmp/desk-$(id -u)
letter=$desk/letter
setting='theme = "dark" # my own'
patience=480 # seconds for a model to be loaded and to recognise, on a busy computer
export XDG_RUNTIME_DIR=$desk/run PULSE_SERVER=unix:$desk/pulse
if [ "$1" = begin ]; then mkdir -m 700 "$desk" "$desk/run" && echo ":$((100 + RANDOM % 9000))" >"$desk/display"; fi
DISPLAY=$(cat "$desk/display") # abstract sockets of X reach into other chroots: no two screens have one number
export DISPLAY

until_true() { # WHAT COMMAND ...: wait for it
    local what=$1 began=$SECONDS
    shift
    until "$@" >/dev/null 2>&1; do
        if [ $((SECONDS - began)) -gt "$patience" ]; then
            echo "desk: waited for $what" >&2
            tail -n 5 "$desk"/*.log >&2
            exit 1
        fi
        sleep 0.3
    done
}

start() { # NAME COMMAND ...
    local name=$1
    shift
    "$@" </dev/null >"$desk/$name.log" 2>&1 &
    echo $! >>"$desk/pids"
}

begin() {
    start screen Xvfb "$DISPLAY" -screen 0 1280x800x24 -nolisten tcp -nolisten local
    until_true "a screen" xdotool getdisplaygeometry
    start windows icewm
    start sound pulseaudio -n --daemonize=no --exit-idle-time=-1 --use-pid-file=no --disable-shm \
        -L "module-native-protocol-unix socket=$desk/pulse auth-anonymous=1"
    until_true "a sound server" pactl info
    pactl load-module module-null-sink sink_name=desk rate=48000 channels=2 >/dev/null
    pactl load-module module-remap-source source_name=voice master=desk.monitor >/dev/null
    pactl set-default-source voice
    start letter xterm -T letter -e sh -c "cat >>$letter"
    until_true "a letter" test -e "$letter"
}

written() { # WORD: succeed if the letter has it, after ending its line
    xdotool search --name '^letter$' windowfocus --sync key Return && grep -qi "$1" "$letter"
}

dictate() { # RECORDING WORD
    if ! kikipounamu status >/dev/null 2>&1; then
        mapfile -t options </fresh/options
        start app kikipounamu app --hidden "${options[@]}"
        until_true "the app" kikipounamu status
    fi
    : >"$letter"
    xdotool search --name '^letter$' windowfocus --sync
    until_true "a microphone" kikipounamu start
    until_true "the app to listen" bash -c 'kikipounamu status --json | grep -q "\"state\": *\"listening\""'
    paplay --device=desk "$1"
    kikipounamu stop
    until_true "the text: $(kikipounamu status)" written "$2"
    echo "desk: in the letter: $(tr -s '\n' ' ' <"$letter")" >&2
}

is() { # VERSION
    local program
    for program in kikipounamu kikipounamu-gateway kikipounamu-worker kikipounamu-loadtest; do
        [ "$("$program" --version)" = "$program $1" ] || return 1
    done
}

furnish() {
    mkdir -p "$HOME/.config/kikipounamu"
    printf '[general]\n%s\n' "$setting" >"$HOME/.config/kikipounamu/settings.toml"
    kikipounamu-gateway devices add phone | tail -n 1 >"$desk/key"
}

device() { # RECORDING WORD
    grep -qxF "$setting" "$HOME/.config/kikipounamu/settings.toml"
    [ "$(kikipounamu takes list --json | grep -ci "\"text\": .*$2")" -ge 2 ]
    kikipounamu-gateway devices list | grep phone >&2
    address=$(sed -E 's/.*"url":"([^"]*)".*/\1/' "$XDG_RUNTIME_DIR/kikipounamu/gateway.json")
    KIKIPOUNAMU_KEY=$(cat "$desk/key") kikipounamu transcribe --gateway "$address" "$1" | grep -i "$2" >&2
}

data() {
    local own=("$HOME"/.config/kikipounamu "$HOME"/.local/{share,state}/kikipounamu "$HOME"/.cache/kikipounamu)
    grep -qxF "$setting" "${own[0]}/settings.toml"
    grep -q '"phone"' "${own[1]}/devices.json"
    [ "$(find "${own[1]}/takes" -mindepth 1 -maxdepth 1 -type d | wc -l)" -ge 2 ]
    rm -rf "${own[@]}"
}

assistants() {
    local who line tools=missing
    coproc timeout 120 kikipounamu mcp
    who='"capabilities":{},"clientInfo":{"name":"desk","version":"1"}'
    printf '{"jsonrpc":"2.0",%s}\n' \
        '"id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",'"$who}" \
        '"method":"notifications/initialized"' '"id":2,"method":"tools/list"' >&"${COPROC[1]}"
    while [ $tools = missing ] && IFS= read -r line <&"${COPROC[0]}"; do
        case $line in *search_recordings*) tools=found ;; esac
    done
    # shellcheck disable=SC1083,SC2093 # it closes a descriptor, and runs nothing
    exec {COPROC[1]}>&-
    wait "$COPROC_PID"
    [ $tools = found ]
}

quit() { # FOLDER
    kikipounamu quit || true
    until_true "the end of all programs" idle "$1"
}

idle() { # FOLDER: succeed if no program or script of it runs
    ! { readlink /proc/[0-9]*/exe; cat /proc/[0-9]*/cmdline | tr '\0' '\n'; true; } 2>/dev/null | grep "^$1/"
}

end() {
    kikipounamu quit >/dev/null 2>&1 || true
    tac "$desk/pids" | while read -r id; do kill "$id" 2>/dev/null || true; done
    while read -r id; do until_true "the desk to end" bash -c "! kill -0 $id"; done <"$desk/pids"
    rm -r "$desk"
}

"$@"
