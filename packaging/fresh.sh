#!/usr/bin/env bash
# Run make targets on a bare Debian in a chroot, first as a user without rights, then as root; say what each cost.
#
#     packaging/fresh.sh SUITE TARGET ...        SUITE: bookworm (Python 3.11) or trixie (Python 3.13)
#
# What is tested is what is committed. The chroot has python3, make and git; no compiler, display, sound card or sudo.
# It lives in namespaces of its own: its mounts and processes end with this script, however that ends.
#
#     FRESH_MIRROR=URL     Debian mirror (default: debootstrap's)
#     FRESH_BIND="DIR …"   folders of this machine to show there, read-only: local wheels, a pip configuration
#     FRESH_ENV="NAME …"   environment variables to pass on, PIP_FIND_LINKS for one
#     FRESH_AS="user root" who runs the targets
set -euo pipefail

packages=python3,make,git,ca-certificates
user=speaker
here=  # where the chroot is

fail() {
    echo "fresh: $*" >&2
    exit 1
}

prepare() { # FOLDER SUITE: a bare Debian
    echo "fresh: debootstrap of $2" >&2
    debootstrap --variant=minbase --include="$packages" "$2" "$1" ${FRESH_MIRROR:-} >"$1.log" 2>&1 ||
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
        mkdir -p "$1$folder"
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
        env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME="$home" LANG=C.UTF-8 "${variables[@]}" \
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

outside() { # SUITE TARGET ...
    local suite=$1 source who home
    shift
    [ "$(id -u)" = 0 ] || fail "a chroot needs root"
    command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install -y debootstrap"
    source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    here=$(mktemp -d -t kikipounamu-fresh.XXXXXX)
    trap 'rm -rf --one-file-system "$here"' EXIT
    mkdir "$here/debian"
    prepare "$here/debian" "$suite"
    for who in "$user" root; do
        home="$here/debian$(chroot "$here/debian" getent passwd "$who" | cut -d: -f6)"
        git clone --quiet --no-hardlinks "$source" "$home/kikipounamu"
        chroot "$here/debian" chown -R "$who:" "${home#"$here/debian"}/kikipounamu"
    done
    unshare --mount --propagation private --pid --fork --kill-child \
        "${BASH_SOURCE[0]}" --inside "$here/debian" "$@"
    echo
    echo "Debian $suite, $(chroot "$here/debian" python3 --version), $(nproc) cores, no compiler"
    printf '%-8s %-16s %7s %12s %9s\n' who command minutes 'MB received' 'MB on disk'
    cat "$here/debian.table"
    ! grep -q FAILED "$here/debian.table"
}

if [ "${1:-}" = --inside ]; then
    shift
    inside "$@"
elif [ $# -ge 2 ]; then
    outside "$@"
else
    fail "usage: packaging/fresh.sh SUITE TARGET ..."
fi
