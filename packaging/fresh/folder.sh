#!/usr/bin/env bash
# Unpack, replace and remove the self-contained folder, as its user:  folder.sh VERB FILE
set -euo pipefail
opt=$HOME/.local/opt
desk=/tmp/desk-$(id -u)/run # where desk.sh has the app's socket
if [ -d "$desk" ]; then export XDG_RUNTIME_DIR=$desk; fi

unpack() { # FILE
    mkdir -p "$opt" "$HOME/.local/bin"
    tar --zstd -C "$opt" -xf "$1"
    for program in kikipounamu kikipounamu-gateway kikipounamu-worker kikipounamu-loadtest; do
        ln -sf "$opt/kikipounamu/$program" "$HOME/.local/bin/$program"
    done
}

running() { # whether a program of the folder is still there: some end after the app does
    { readlink /proc/[0-9]*/exe 2>/dev/null || true; } | grep -q "^$opt/kikipounamu/" # others' are not readable
}

quit() { # and wait until all have
    kikipounamu quit || true
    for _ in $(seq 300); do
        running || return 0
        sleep 0.2
    done
    echo "folder: a program still runs after a minute" >&2
    return 1
}

case $1 in
packages) echo zstd libegl1 libgl1 libxcb1 libwayland-client0 libwayland-cursor0 libwayland-egl1 xkb-data ;; # every desktop's
install) unpack "$2" ;;
update)
    quit
    rm -r "$opt/kikipounamu"
    unpack "$2"
    ;;
remove)
    quit
    kikipounamu desktop remove
    rm -f "$HOME"/.local/bin/kikipounamu*
    rm -r "$opt/kikipounamu"
    rmdir "$opt" "$HOME/.local/bin" || true
    ;;
esac
