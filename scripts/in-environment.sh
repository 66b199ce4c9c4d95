#!/usr/bin/env bash
# Run a command in an environment that has the development tools, as set up by `make`:  in-environment.sh COMMAND …
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=$("${PYTHON:-python3}" scripts/setup.py lint)
PATH="$PWD/$folder/bin:$PATH" exec "$@"
