#!/usr/bin/env bash
# Build the self-contained folders for Linux in a chroot of Debian 12, whose old glibc every newer system can serve.
#
#     packaging/frozen/build.sh DIST FLAVOUR ...      FLAVOUR: full, or small (without Whisper, PyAV, sherpa-onnx and MCP)
#
# Writes DIST/kikipounamu-VERSION-linux-ARCHITECTURE[-small].tar.zst of what is committed.
#
#     FRESH_MIRROR, FRESH_BIND, FRESH_ENV    see packaging/fresh.sh
#     FROZEN_CHROOT=DIR                      keep the chroot there, and use it again
#     FROZEN_LEVEL=12                        of the compression
set -euo pipefail

# Python and what Qt and PortAudio load. The libraries come along: a bare system has none of them.
packages=python3,python3-venv,libpython3.11,binutils,zstd,ca-certificates,libportaudio2,libpulse0
packages+=,libegl1,libgl1,libglib2.0-0,libfontconfig1,libdbus-1-3,libxkbcommon-x11-0,libxcb-cursor0,libxcb-icccm4
packages+=,libxcb-keysyms1,libxcb-randr0,libxcb-render-util0,libxcb-shape0,libxcb-xinerama0,libxcb-xkb1,libxcb-image0
small=desktop,gateway,worker,parakeet # what each flavour has
# shellcheck disable=SC2034 # read by its name
full=$small,mcp,media,streaming,whisper

folder= # where the chroot is

fail() {
    echo "frozen: $*" >&2
    exit 1
}

inside() { # VERSION EPOCH FLAVOUR ...: in the chroot, as root, in /build
    local version=$1 epoch=$2 flavour suffix name venv
    shift 2
    for flavour in "$@"; do
        suffix=-$flavour venv=venv-$flavour # of its own: what is in it is what the folder gets
        if [ "$flavour" = full ]; then suffix=; fi
        name=kikipounamu-$version-linux-$(uname -m)$suffix
        [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet -c source/constraints.txt pyinstaller "./source[${!flavour}]"
        "$venv/bin/pyinstaller" --noconfirm --log-level WARN --distpath out --workpath work \
            source/packaging/frozen/kikipounamu.spec
        for program in gateway worker loadtest; do ln -s kikipounamu "out/kikipounamu/kikipounamu-$program"; done
        "$venv/bin/python" source/packaging/frozen/stand_ins.py out/kikipounamu
        (cd source && "../$venv/bin/python" -m scripts.release.licences ../out/kikipounamu/licences --bundle ../out/kikipounamu)
        "$venv/bin/python" source/packaging/frozen/strip_libraries.py out/kikipounamu
        cp source/LICENSE source/packaging/frozen/qt.conf out/kikipounamu/
        tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" -C out -c kikipounamu |
            zstd --quiet --force "-${FROZEN_LEVEL:-12}" -T0 --long=27 -o "$name.tar.zst"
    done
}

enter() { # CHROOT COMMAND ...: in namespaces of their own, which end with the command
    local folder=$1 shown variables=() name
    shift
    mount -t proc proc "$folder/proc"
    mount --bind /dev "$folder/dev"
    for shown in /etc/resolv.conf ${FRESH_BIND:-}; do
        if [ -d "$shown" ]; then mkdir -p "$folder$shown"; else touch "$folder$shown"; fi
        mount --bind "$shown" "$folder$shown"
        mount -o remount,bind,ro "$folder$shown"
    done
    for name in ${FRESH_ENV:-} FROZEN_LEVEL; do
        if [ -n "${!name:-}" ]; then variables+=("$name=${!name}"); fi
    done
    chroot "$folder" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "${variables[@]}" \
        bash -c 'cd /build && exec "$@"' bash "$@"
}

outside() { # DIST FLAVOUR ...
    local dist=$1 source version epoch
    shift
    [ "$(id -u)" = 0 ] || fail "a chroot needs root"
    command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install -y debootstrap"
    source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
    version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$source/pyproject.toml")
    epoch=${SOURCE_DATE_EPOCH:-$(git -C "$source" log -1 --format=%ct)}
    folder=${FROZEN_CHROOT:-}
    if [ -z "$folder" ]; then
        folder=$(mktemp -d -t kikipounamu-frozen.XXXXXX)
        trap 'rm -rf --one-file-system "$folder"' EXIT
    fi
    if [ ! -d "$folder/usr" ]; then
        debootstrap --variant=minbase --include="$packages" bookworm "$folder" ${FRESH_MIRROR:+"$FRESH_MIRROR"} >&2
    fi
    rm -rf "$folder/build/source" "$folder"/build/*.tar.zst
    mkdir -p "$folder/build/source" "$dist"
    git -C "$source" archive HEAD | tar -x -C "$folder/build/source"
    unshare --mount --propagation private --pid --fork --kill-child "${BASH_SOURCE[0]}" --enter "$folder" \
        source/packaging/frozen/build.sh --inside "$version" "$epoch" "$@"
    mv "$folder"/build/*.tar.zst "$dist"
}

case ${1:-} in
--inside) shift && inside "$@" ;;
--enter) shift && enter "$@" ;;
*) if [ $# -ge 2 ]; then outside "$@"; else fail "usage: packaging/frozen/build.sh DIST FLAVOUR ..."; fi ;;
esac
