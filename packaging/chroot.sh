# Functions for fresh.sh and frozen/build.sh, which source them: a bare system in a chroot with its own namespaces.
#
#     FRESH_MIRROR=URL     mirror of the suite (default: debootstrap's)
#     FRESH_PARTS="A,B"    components of the mirror (default: main; Ubuntu: main,universe)
#     FRESH_BIND="DIR …"   folders and files of this machine to show there, read-only: local wheels, a pip configuration
#     FRESH_ENV="NAME …"   environment variables to pass on, PIP_FIND_LINKS for one
# shellcheck shell=bash

fail() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

bootstrap() { # FOLDER SUITE PACKAGES: make a bare system; its packages are checked with the distribution's keys
    local script=${DEBOOTSTRAP_DIR:-/usr/share/debootstrap}/scripts/$2 keys parts=${FRESH_PARTS:-main}
    [ "$(id -u)" = 0 ] || fail "a chroot needs root"
    command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install -y debootstrap"
    [ -e "$script" ] || fail "debootstrap knows no suite $2: bookworm, trixie and noble are tried"
    keys=$(grep -om1 '/usr/share/keyrings/.*-archive-keyring.gpg' "$script") || true
    if [[ $keys = *ubuntu* ]]; then parts=${FRESH_PARTS:-main,universe}; fi
    if [ -n "$keys" ] && [ ! -e "$keys" ]; then
        keys=$(basename "${keys/ubuntu-archive/ubuntu}" .gpg) # Ubuntu's package has a shorter name
        fail "without the keys of $2 its packages cannot be checked: apt-get install -y $keys"
    fi
    debootstrap --variant=minbase --include="$3" --components="$parts" "$2" "$1" ${FRESH_MIRROR:+"$FRESH_MIRROR"} \
        >"$1.log" 2>&1 || fail "debootstrap failed: $(tail -n 3 "$1.log")"
    printf '%s\n' '127.0.0.1 localhost' '::1 localhost' >"$1/etc/hosts" # as Debian's installer does
}

libraries() { # Debian packages of the libraries that Python and the windows load, as listed in docs/download.md
    sed -nE '/^\[run\]/,/^\[test\]/s/^(python3-venv|lib\S+) .*/\1/p' "$(dirname "${BASH_SOURCE[0]}")/apt-packages.txt"
}

in_namespaces() { # WORD ...: run this script again in namespaces that end with it, and with them mounts and processes
    unshare --mount --propagation private --pid --fork --kill-child "$0" --inside "$@"
}

mount_system() { # FOLDER: mount proc, sys, the basic devices, and the paths in FRESH_BIND
    local node shown
    mount --bind "$1" "$1" # the root of tests' own namespaces, which must be a mount
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
    for shown in ${FRESH_BIND:-}; do
        mkdir -p "$1${shown%/*}"
        if [ -d "$shown" ]; then mkdir -p "$1$shown"; else touch "$1$shown"; fi
        mount --bind "$shown" "$1$shown"
        mount -o remount,bind,ro "$1$shown"
    done
}

home_of() { # FOLDER WHO
    chroot "$1" getent passwd "$2" | cut -d: -f6
}

in_chroot() { # FOLDER WHO COMMAND ...: run a command as a user, in the home folder, with a clean environment
    local folder=$1 who=$2 home variables=() name
    shift 2
    home=$(home_of "$folder" "$who")
    for name in ${FRESH_ENV:-}; do
        if [ -n "${!name:-}" ]; then variables+=("$name=${!name}"); fi
    done
    # shellcheck disable=SC2016 # HOME of there
    chroot "$folder" setpriv --reuid="$who" --regid="$who" --init-groups \
        env -i PATH="$home/.local/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" HOME="$home" LANG=C.UTF-8 "${variables[@]}" \
        bash -c 'cd "$HOME" && exec "$@"' bash "$@"
}
