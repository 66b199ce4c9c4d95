#!/usr/bin/env bash
# Unpack, replace and remove the self-contained folder, as its user:  folder.sh VERB FILE
set -euo pipefail
opt=$HOME/.local/opt

unpack() { # FILE
    mkdir -p "$opt" "$HOME/.local/bin"
    tar --zstd -C "$opt" -xf "$1"
    for program in kikipounamu kikipounamu-gateway kikipounamu-worker kikipounamu-loadtest; do
        ln -sf "$opt/kikipounamu/$program" "$HOME/.local/bin/$program"
    done
}

case $1 in
packages) echo zstd libegl1 libgl1 libxcb1 libwayland-client0 libwayland-cursor0 libwayland-egl1 xkb-data ;; # every desktop's
install) unpack "$2" ;;
update)
    /fresh/desk.sh quit "$opt/kikipounamu"
    rm -r "$opt/kikipounamu"
    unpack "$2"
    ;;
remove)
    /fresh/desk.sh quit "$opt/kikipounamu"
    kikipounamu desktop remove
    rm -f "$HOME"/.local/bin/kikipounamu*
    rm -r "$opt/kikipounamu"
    rmdir "$opt" "$HOME/.local/bin" || true
    ;;
esac
