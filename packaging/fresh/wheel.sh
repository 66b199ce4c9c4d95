#!/usr/bin/env bash
# Install, update and remove the wheel in an environment of its own, as its user:  wheel.sh VERB FILE
# /fresh/with names the installer: pip, pipx or uv.
set -euo pipefail
with=$(cat /fresh/with)
venvs=$HOME/.local/share/venvs
programs=$HOME/.local/bin

environment() { # print the folder of the environment
    dirname "$(dirname "$(readlink -f "$programs/kikipounamu")")"
}

pip_install() { # FILE
    python3 -m venv "$venvs/kikipounamu"
    "$venvs/kikipounamu/bin/pip" install --quiet --no-cache-dir "$1[all]"
    mkdir -p "$programs"
    for program in "$venvs"/kikipounamu/bin/kikipounamu*; do ln -s "$program" "$programs/"; done
}

pip_update() { "$venvs/kikipounamu/bin/pip" install --quiet --no-cache-dir --no-deps --force-reinstall "$1"; }

pip_remove() {
    rm -f "$programs"/kikipounamu*
    rm -r "$venvs/kikipounamu"
}

pipx_install() { pipx install "$1[all]"; }

pipx_update() { pipx install --force "$1[all]"; }

pipx_remove() { pipx uninstall kikipounamu; }

uv_install() {
    python3 -m venv "$venvs/uv"
    "$venvs/uv/bin/pip" install --quiet --no-cache-dir uv
    "$venvs/uv/bin/uv" tool install --quiet "$1[all]"
}

uv_update() { "$venvs/uv/bin/uv" tool install --quiet --force "$1[all]"; }

uv_remove() { "$venvs/uv/bin/uv" tool uninstall kikipounamu; }

case $1 in
packages)
    cat /fresh/libraries
    if [ "$with" = pipx ]; then echo pipx; fi
    ;;
install) "${with}_install" "$2" ;;
update)
    /fresh/desk.sh quit "$(environment)"
    "${with}_update" "$2"
    ;;
remove)
    /fresh/desk.sh quit "$(environment)"
    kikipounamu desktop remove
    "${with}_remove"
    ;;
purge) # no file of ours may be left in the folders of pipx and uv, which are removed too
    find "$HOME/.local" -path '*kikipounamu*' -not -name '*.lock' | (! grep .)
    rm -rf "$venvs" "$HOME"/.local/pipx "$HOME"/.local/{share,state}/{pipx,uv} "$HOME"/.cache/{pip,pipx,uv}
    rmdir "$programs" || true
    ;;
esac
