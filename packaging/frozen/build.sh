#!/usr/bin/env bash
# Build the self-contained folders for Linux in a chroot of Debian 12: newer systems run programs built for its old glibc.
#
#     packaging/frozen/build.sh DIST FLAVOUR ...      FLAVOUR: full, or small (without Whisper, PyAV, sherpa-onnx and MCP)
#
# Writes DIST/kikipounamu-VERSION-linux-ARCHITECTURE[-small].tar.zst from the last commit.
#
#     FROZEN_CHROOT=DIR                                   keep the chroot there, and use it again
#     FRESH_MIRROR, FRESH_PARTS, FRESH_BIND, FRESH_ENV    see packaging/chroot.sh
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC1091 # not given to it
. "$source/packaging/chroot.sh"

small=desktop,gateway,worker,parakeet # what each flavour has
# shellcheck disable=SC2034 # read by its name
full=$small,mcp,media,streaming,whisper

build() { # VERSION FLAVOUR ...: in the chroot, as root
    local version=$1 flavour suffix name venv
    shift
    cd /build
    for flavour in "$@"; do
        suffix=-$flavour venv=venv-$flavour # one for each flavour: the folder gets everything in it
        if [ "$flavour" = full ]; then suffix=; fi
        name=kikipounamu-$version-linux-$(uname -m)$suffix
        [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --upgrade pip # it goes into the folder, and Debian 12 has one of 2023
        "$venv/bin/pip" install --quiet -c source/constraints.txt pyinstaller "./source[${!flavour}]"
        "$venv/bin/pyinstaller" --noconfirm --log-level WARN --distpath out --workpath work \
            source/packaging/frozen/kikipounamu.spec
        for program in gateway worker loadtest; do ln -s kikipounamu "out/kikipounamu/kikipounamu-$program"; done
        "$venv/bin/python" source/packaging/frozen/stand_ins.py out/kikipounamu
        (cd source && "../$venv/bin/python" -m scripts.release.licences ../out/kikipounamu/licences --bundle ../out/kikipounamu)
        "$venv/bin/python" source/packaging/frozen/strip_libraries.py out/kikipounamu
        cp source/LICENSE source/packaging/frozen/qt.conf out/kikipounamu/
        tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C out -c kikipounamu |
            zstd --quiet --force -12 -T0 --long=27 -o "$name.tar.zst"
    done
}

outside() { # DIST FLAVOUR ...
    local dist=$1 folder=${FROZEN_CHROOT:-} packages version
    shift
    if [ -z "$folder" ]; then
        folder=$(mktemp -d -t kikipounamu-frozen.XXXXXX)/debian
        # shellcheck disable=SC2064 # the folder of now
        trap "rm -rf --one-file-system '${folder%/debian}'" EXIT
    fi
    # What Qt and PortAudio load comes along: a bare system has none of it.
    packages=python3,libpython3.11,binutils,zstd,ca-certificates,libpulse0,libxcb-randr0,$(libraries | paste -sd,)
    [ -d "$folder/usr" ] || bootstrap "$folder" bookworm "$packages"
    rm -rf "$folder/build/source" "$folder"/build/*.tar.zst
    mkdir -p "$folder/build/source" "$dist"
    git -C "$source" archive HEAD | tar -x -C "$folder/build/source"
    version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$source/pyproject.toml")
    export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$source" log -1 --format=%ct)}
    in_namespaces "$folder" "$version" "$@"
    mv "$folder"/build/*.tar.zst "$dist"
}

case ${1:-} in
--inside)
    FRESH_BIND="/etc/resolv.conf ${FRESH_BIND:-}" mount_system "$2"
    FRESH_ENV="SOURCE_DATE_EPOCH ${FRESH_ENV:-}" in_chroot "$2" root /build/source/packaging/frozen/build.sh --build "${@:3}"
    ;;
--build) build "${@:2}" ;;
*) if [ $# -ge 2 ]; then outside "$@"; else fail "usage: packaging/frozen/build.sh DIST FLAVOUR ..."; fi ;;
esac
