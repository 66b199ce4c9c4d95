#!/usr/bin/env bash
# Lint, plain English, types and import contracts with the tools of one environment:  lint.sh VENV [--fix]
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools="$PWD/$1/bin"
sources=(app backend benchmarks client loadtest protocol runtime scripts speech tests worker)
if [ "${2:-}" = --fix ]; then
    "$tools/ruff" check --fix "${sources[@]}"
    "$tools/ruff" format "${sources[@]}"
    exit
fi
"$tools/ruff" check "${sources[@]}"
"$tools/ruff" format --check "${sources[@]}"
"$tools/python" scripts/check_english.py "${sources[@]}"
"$tools/mypy"
"$tools/lint-imports"
"$tools/python" -m scripts.check_licences
if [ -x "$tools/actionlint" ]; then "$tools/actionlint"; fi # installed only on Linux on x86-64
