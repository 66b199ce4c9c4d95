#!/usr/bin/env bash
# Run make targets on a bare system in a chroot, first as a user without rights, then as root; say what each cost.
#
#     packaging/fresh.sh SUITE TARGET ...                    SUITE: bookworm (Python 3.11), trixie (3.13), noble (3.12)
#     packaging/fresh.sh SUITE --artefact FILE [OLDER]       a Debian package, a wheel or a self-contained folder (.tar.zst)
#
# What is tested is what is committed. The chroot has python3, make and git; no compiler, display, sound card or sudo.
# It lives in namespaces of its own: its mounts and processes end with this script, however that ends.
#
# An artefact is installed, dictates a sentence, is updated while it runs, dictates again, and is removed while it runs;
# then nothing of it may be left but a person's own data. Its chroot has neither make nor git; python3 only for a wheel.
# OLDER is an earlier version of it, which is installed first and updated to FILE; without it, FILE replaces itself.
#
#     FRESH_MIRROR=URL     mirror of the suite (default: debootstrap's)
#     FRESH_PARTS="A,B"    components of the mirror (default: main; Ubuntu: main,universe)
#     FRESH_BIND="DIR …"   folders and files of this machine to show there, read-only: local wheels, a pip configuration
#     FRESH_ENV="NAME …"   environment variables to pass on, PIP_FIND_LINKS for one
#     FRESH_AS="user root" who runs the targets
#     FRESH_MODELS="NAME …" models of the first sentence (default: fsmn-vad whisper-base); the small folder has no Whisper
set -euo pipefail

packages=python3,make,git,ca-certificates
bare=ca-certificates
desk="xvfb icewm xterm xdotool pulseaudio pulseaudio-utils" # a screen and a microphone without hardware
user=speaker
here=  # where the chroot is

fail() {
    echo "fresh: $*" >&2
    exit 1
}

prepare() { # FOLDER SUITE: a bare Debian
    echo "fresh: debootstrap of $2" >&2
    debootstrap --variant=minbase --include="$packages" ${FRESH_PARTS:+--components="$FRESH_PARTS"} \
        "$2" "$1" ${FRESH_MIRROR:-} >"$1.log" 2>&1 ||
        fail "debootstrap failed: $(tail -n 3 "$1.log")"
    chroot "$1" useradd --create-home --shell /bin/bash "$user"
    if chroot "$1" bash -c 'command -v cc gcc g++ clang sudo'; then fail "this is not bare"; fi
}

mount_system() { # FOLDER: the few devices that every machine has, and what the caller wants to show
    local node folder
    mount -t proc proc "$1/proc"
    mount -t sysfs -o ro sysfs "$1/sys"
    mount -t tmpfs -o mode=0755 dev "$1/dev"
    for node in null zero full random urandom tty; do
        touch "$1/dev/$node"
        mount --bind "/dev/$node" "$1/dev/$node"
    done
    mkdir "$1/dev/shm" "$1/dev/pts"
    mount -t tmpfs -o mode=1777 shm "$1/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts"
    ln -s pts/ptmx "$1/dev/ptmx"
    ln -s /proc/self/fd "$1/dev/fd"
    for folder in ${FRESH_BIND:-}; do
        mkdir -p "$1${folder%/*}"
        if [ -d "$folder" ]; then mkdir -p "$1$folder"; else touch "$1$folder"; fi
        mount --bind "$folder" "$1$folder"
        mount -o remount,bind,ro "$1$folder"
    done
}

received() { # megabytes that this machine has received over its networks
    awk -F'[: ]+' 'NR > 2 && $2 != "lo" { bytes += $3 } END { printf "%d", bytes / 1e6 }' /proc/net/dev
}

in_chroot() { # FOLDER WHO COMMAND ...: with a clean environment
    local folder=$1 who=$2 home variables=() name
    shift 2
    home=$(chroot "$folder" getent passwd "$who" | cut -d: -f6)
    for name in ${FRESH_ENV:-}; do
        if [ -n "${!name:-}" ]; then variables+=("$name=${!name}"); fi
    done
    chroot "$folder" setpriv --reuid="$who" --regid="$who" --init-groups \
        env -i PATH="$home/.local/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" HOME="$home" LANG=C.UTF-8 "${variables[@]}" \
        bash -c 'cd "$HOME" && exec "$@"' bash "$@"
}

measure() { # FOLDER WHO TARGET: run it in a checkout of that person's; a line for the table
    local home began network disk result=passed
    home="$1$(chroot "$1" getent passwd "$2" | cut -d: -f6)"
    began=$SECONDS network=$(received) disk=$(du -sm "$home" | cut -f1)
    echo "fresh: make $3 as $2" >&2
    in_chroot "$1" "$2" make -C kikipounamu "$3" </dev/null >&2 || result=FAILED
    printf '%-8s %-16s %7s %12s %9s  %s\n' "$2" "make $3" \
        "$(awk "BEGIN { printf \"%.1f\", ($SECONDS - $began) / 60 }")" \
        "$(($(received) - network))" "$(($(du -sm "$home" | cut -f1) - disk))" "$result"
}

inside() { # FOLDER TARGET ...: in the namespaces
    local folder=$1 who target
    shift
    mount_system "$folder"
    for who in ${FRESH_AS:-$user root}; do
        for target in "$@"; do
            measure "$folder" "${who/#user/$user}" "$target" >>"$folder.table"
        done
    done
}

step() { # FOLDER WHO NAME AS COMMAND ...: run a step of an artefact; a line for the table
    local folder=$1 who=$2 name=$3 as=$4 began=$SECONDS network disk result=passed
    shift 4
    network=$(received) disk=$(du -smx "$folder" | cut -f1)
    echo "fresh: $name as $who" >&2
    in_chroot "$folder" "$as" "$@" </dev/null >&2 || result=FAILED
    printf '%-8s %-16s %7s %12s %9s  %s\n' "$who" "$name" \
        "$(awk "BEGIN { printf \"%.1f\", ($SECONDS - $began) / 60 }")" \
        "$(($(received) - network))" "$(($(du -smx "$folder" | cut -f1) - disk))" "$result" >>"$folder.table"
    [ "$result" = passed ]
}

kind() { # FILE: of artefact
    case $1 in
    *.deb) echo deb ;;
    *.whl) echo wheel ;;
    *.tar.zst) echo folder ;;
    *) fail "$1 is no artefact: a .deb, a .whl or a .tar.zst is wanted" ;;
    esac
}

version() { # FILE: its version, from its name
    sed -nE 's/^.*kikipounamu[-_]([0-9][0-9a-z.~]*)-.*/\1/p' <<<"$1"
}

artefact() { # FOLDER WHO FILE OLDER: its whole life with one person
    local folder=$1 who=$2 file=$3 older=$4 kind installer says models
    kind=$(kind "$file")
    read -ra models <<<"${FRESH_MODELS:-fsmn-vad whisper-base}"
    installer=$who
    if [ "$kind" = deb ]; then installer=root; fi
    says=(/fresh/desk.sh dictate /fresh/english.flac minute)
    step "$folder" "$who" install "$installer" "/fresh/$kind.sh" install "$older" &&
        step "$folder" "$who" models "$who" kikipounamu models get "${models[@]}" &&
        in_chroot "$folder" "$who" /fresh/desk.sh begin &&
        step "$folder" "$who" "is $(version "$older")" "$who" /fresh/desk.sh is "$(version "$older")" &&
        step "$folder" "$who" "first sentence" "$who" "${says[@]}" &&
        step "$folder" "$who" update "$installer" "/fresh/$kind.sh" update "$file" &&
        step "$folder" "$who" "nothing runs" root /fresh/leftovers.sh processes &&
        step "$folder" "$who" "is $(version "$file")" "$who" /fresh/desk.sh is "$(version "$file")" &&
        if [ "$kind" != wheel ]; then step "$folder" "$who" assistants "$who" /fresh/desk.sh assistants; fi &&
        step "$folder" "$who" "second sentence" "$who" "${says[@]}" &&
        step "$folder" "$who" remove "$installer" "/fresh/$kind.sh" remove "$file" &&
        step "$folder" "$who" "nothing runs" root /fresh/leftovers.sh processes &&
        in_chroot "$folder" "$who" /fresh/desk.sh end &&
        step "$folder" "$who" purge "$installer" "/fresh/$kind.sh" purge "$file" &&
        step "$folder" "$who" "nothing is left" root /fresh/leftovers.sh list /fresh/before
}

artefacts() { # FOLDER FILE [OLDER]: in the namespaces
    local folder=$1 file=/fresh/${2##*/} older who needs
    older=/fresh/$(basename "${3:-$2}")
    mount_system "$folder"
    needs=$(in_chroot "$folder" root "/fresh/$(kind "$file").sh" packages "$file")
    # shellcheck disable=SC2086 # words
    in_chroot "$folder" root apt-get -qq update >&2 && in_chroot "$folder" root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $desk $needs >&2
    for who in ${FRESH_AS:-$user root}; do # other programs write into homes too
        in_chroot "$folder" "${who/#user/$user}" /fresh/desk.sh begin
        in_chroot "$folder" "${who/#user/$user}" /fresh/desk.sh end
    done
    in_chroot "$folder" root /fresh/leftovers.sh remember /fresh/before
    for who in ${FRESH_AS:-$user root}; do
        artefact "$folder" "${who/#user/$user}" "$file" "$older" || return 0 # the table says where it ended
    done
}

bring() { # FOLDER SOURCE FILE ...: what an artefact's life needs
    local place=$1/fresh source=$2
    shift 2
    mkdir -m 755 "$place"
    cp "$source"/packaging/fresh/*.sh "$source/app/samples/english.flac" "$@" "$place"
}

outside() { # SUITE TARGET ..., or SUITE --artefact FILE [OLDER]
    local suite=$1 source python
    shift
    [ "$(id -u)" = 0 ] || fail "a chroot needs root"
    command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install -y debootstrap"
    source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    here=$(mktemp -d -t kikipounamu-fresh.XXXXXX)
    trap 'rm -rf --one-file-system "$here"' EXIT
    mkdir "$here/debian"
    if [ "$1" = --artefact ]; then
        kind "$2" >/dev/null
        packages=$bare
        prepare "$here/debian" "$suite"
        bring "$here/debian" "$source" "${@:2}"
    else
        prepare "$here/debian" "$suite"
        check_out "$here/debian" "$source"
    fi
    unshare --mount --propagation private --pid --fork --kill-child \
        "${BASH_SOURCE[0]}" --inside "$here/debian" "$@"
    echo
    python=$(chroot "$here/debian" python3 --version 2>/dev/null || echo no Python)
    echo "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' "$here/debian/etc/os-release"), $python, $(nproc) cores"
    printf '%-8s %-16s %7s %12s %9s\n' who what minutes 'MB received' 'MB on disk'
    cat "$here/debian.table"
    ! grep -q FAILED "$here/debian.table"
}

check_out() { # FOLDER SOURCE: a checkout for each person
    local who home
    for who in "$user" root; do
        home="$1$(chroot "$1" getent passwd "$who" | cut -d: -f6)"
        git clone --quiet --no-hardlinks "$2" "$home/kikipounamu"
        chroot "$1" chown -R "$who:" "${home#"$1"}/kikipounamu"
    done
}

if [ "${1:-}" = --inside ]; then
    shift
    if [ "$2" = --artefact ]; then artefacts "$1" "${@:3}"; else inside "$@"; fi
elif [ $# -ge 2 ]; then
    outside "$@"
else
    fail "usage: packaging/fresh.sh SUITE TARGET ..."
fi
