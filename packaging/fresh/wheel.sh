#!/usr/bin/env bash
# Install, update and remove the wheel in an environment of its own, as its user:  wheel.sh VERB FILE
set -euo pipefail
environment=$HOME/.local/share/venvs/kikipounamu

case $1 in
packages) cat /fresh/libraries ;;
install)
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --no-cache-dir "$2[all]"
    mkdir -p "$HOME/.local/bin"
    for program in "$environment"/bin/kikipounamu*; do ln -s "$program" "$HOME/.local/bin/"; done
    ;;
update)
    /fresh/desk.sh quit "$environment"
    "$environment/bin/pip" install --quiet --no-cache-dir --no-deps --force-reinstall "$2"
    ;;
remove)
    /fresh/desk.sh quit "$environment"
    kikipounamu desktop remove
    rm -f "$HOME"/.local/bin/kikipounamu*
    rm -r "$environment"
    rmdir "$HOME/.local/share/venvs" "$HOME/.local/bin" || true
    ;;
esac
