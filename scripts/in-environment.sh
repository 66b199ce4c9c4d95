#!/usr/bin/env bash
# Run a command in an environment that has the development tools, as set up by `make`:  in-environment.sh COMMAND …
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=$("${PYTHON:-python3}" -m scripts.set_up lint)
PATH="$PWD/$folder/bin:$PATH" exec "$@"
