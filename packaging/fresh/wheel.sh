#!/usr/bin/env bash
# Install, update and remove the wheel in an environment of its own, as its user:  wheel.sh VERB FILE
set -euo pipefail
environment=$HOME/.local/share/venvs/kikipounamu

running() { # whether a program of the environment is still there: some end after the app does
    grep -zqs "^$environment/" /proc/[0-9]*/cmdline
}

quit() { # at the desk, where the app's socket is, and wait until all have
    /fresh/desk.sh kikipounamu quit || true
    for _ in $(seq 300); do
        running || return 0
        sleep 0.2
    done
    echo "wheel: a program still runs after a minute" >&2
    return 1
}

case $1 in
packages) echo python3-venv libportaudio2 libegl1 libgl1 libglib2.0-0 libfontconfig1 libdbus-1-3 libxkbcommon-x11-0 \
    libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-xkb1 ;; # what the system gives
install)
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --no-cache-dir "$2[all]"
    mkdir -p "$HOME/.local/bin"
    for program in "$environment"/bin/kikipounamu*; do ln -s "$program" "$HOME/.local/bin/"; done
    ;;
update)
    quit
    "$environment/bin/pip" install --quiet --no-cache-dir --no-deps --force-reinstall "$2"
    ;;
remove)
    quit
    kikipounamu desktop remove
    rm -f "$HOME"/.local/bin/kikipounamu*
    rm -r "$environment"
    rmdir "$HOME/.local/share/venvs" "$HOME/.local/bin" || true
    ;;
esac
