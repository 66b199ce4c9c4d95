#!/usr/bin/env bash
# Run make targets, or install, update and remove artefacts, on a bare system in a chroot: first as an ordinary user, then
# as root. Print what each step cost.
#
#     packaging/fresh.sh SUITE TARGET ...                        SUITE: bookworm, trixie; noble (needs ubuntu-keyring)
#     packaging/fresh.sh SUITE --artefact FILE[:OLDER] ...       Debian package, wheel or self-contained folder (.tar.zst)
#
# Targets run in a clone of this repository; the chroot has python3, make and git, but no compiler, display, sound card or
# sudo.
#
# An artefact is installed, dictates a sentence, is updated while it runs, dictates again, and is removed while it runs.
# Then only the user's own data may be left, and all of them must be. The chroot has neither make nor git; python3 only
# for a wheel. OLDER is an earlier version, which is installed first and updated to FILE; without it, FILE replaces
# itself. Several artefacts follow each other in the same chroot. Name a Debian package first: it must bring its libraries.
#
#     FRESH_AS="user root" who runs it
#     FRESH_MODELS="NAME …" models of the first sentence (default: fsmn-vad whisper-base); the small folder has no Whisper
#     FRESH_OWN="ENGINE DIR RECORDING WORD" a model of your own, its recording and a word of it, in place of whisper-base
#     FRESH_WITH=pip|pipx|uv what installs a wheel (default: pip)
#     FRESH_MIRROR, FRESH_PARTS, FRESH_BIND, FRESH_ENV    see chroot.sh
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC1091 # not given to it
. "$source/packaging/chroot.sh"

desk="xvfb icewm xterm xdotool pulseaudio pulseaudio-utils" # a screen and a microphone without hardware
user=speaker
read -ra people <<<"${FRESH_AS:-user root}"
people=("${people[@]/#user/$user}")

received() { # print the megabytes that this machine has received over its networks
    awk -F'[: ]+' 'NR > 2 && $2 != "lo" { bytes += $3 } END { printf "%d", bytes / 1e6 }' /proc/net/dev
}

step() { # NAME AS COMMAND ...: run a step for $who in $folder, and add a line to the table
    local name=$1 as=$2 began=$SECONDS network disk result=passed
    shift 2
    network=$(received) disk=$(du -smx "$folder" | cut -f1)
    echo "fresh: $name as $who" >&2
    in_chroot "$folder" "$as" "$@" </dev/null >&2 || result=FAILED
    printf '%-8s %-16s %7s %12s %9s  %s\n' "$who" "$name" \
        "$(awk "BEGIN { printf \"%.1f\", ($SECONDS - $began) / 60 }")" \
        "$(($(received) - network))" "$(($(du -smx "$folder" | cut -f1) - disk))" "$result" >>"$folder.table"
    [ "$result" = passed ]
}

targets() { # TARGET ...
    local target
    for who in "${people[@]}"; do
        for target in "$@"; do
            step "make $target" "$who" make -C kikipounamu "$target" || true # the table says so
        done
    done
}

kind() { # FILE: print the kind of artefact
    case $1 in
    *.deb) echo deb ;;
    *.whl) echo wheel ;;
    *.tar.zst) echo folder ;;
    *) fail "$1 is no artefact: a .deb, a .whl or a .tar.zst is wanted" ;;
    esac
}

version() { # FILE: print the version in its name
    sed -nE 's/^.*kikipounamu[-_]([0-9][0-9a-z.~]*)-.*/\1/p' <<<"$1"
}

life() { # FILE OLDER: install, use, update and remove an artefact as $who
    local file=$1 older=$2 verb installer=$who models sample=(/fresh/english.flac minute) own
    verb=/fresh/$(kind "$file").sh
    read -ra own <<<"${FRESH_OWN:-}"
    if [ -n "${own[3]:-}" ]; then sample=(/fresh/own.flac "${own[3]}"); fi
    read -ra models <<<"${FRESH_MODELS:-fsmn-vad $([ -n "${FRESH_OWN:-}" ] || echo whisper-base)}"
    if [[ $file = *.deb ]]; then installer=root; fi
    step install "$installer" "$verb" install "$older"
    step models "$who" kikipounamu models get "${models[@]}"
    in_chroot "$folder" "$who" /fresh/desk.sh begin
    step "is $(version "$older")" "$who" /fresh/desk.sh is "$(version "$older")"
    in_chroot "$folder" "$who" /fresh/desk.sh furnish
    step "first sentence" "$who" /fresh/desk.sh dictate "${sample[@]}"
    step update "$installer" "$verb" update "$file"
    step "nothing runs" root /fresh/leftovers.sh processes
    step "is $(version "$file")" "$who" /fresh/desk.sh is "$(version "$file")"
    if [[ $file != *.whl && $file != *-small.* ]]; then step assistants "$who" /fresh/desk.sh assistants; fi
    step "second sentence" "$who" /fresh/desk.sh dictate "${sample[@]}"
    step "old device" "$who" /fresh/desk.sh device "${sample[@]}"
    step remove "$installer" "$verb" remove "$file"
    step "nothing runs" root /fresh/leftovers.sh processes
    step "all data stay" "$who" /fresh/desk.sh data
    in_chroot "$folder" "$who" /fresh/desk.sh end
    step purge "$installer" "$verb" purge "$file"
    step "nothing is left" root /fresh/leftovers.sh list /fresh/before
}

lives() { # FILE[:OLDER] ...
    local names file older needs
    for names in "$@"; do
        file=/fresh/$(basename "${names%:*}") older=/fresh/$(basename "${names#*:}")
        echo "$(basename "$older") to $(basename "$file")${FRESH_WITH:+ with $FRESH_WITH}" >>"$folder.table"
        needs=$(in_chroot "$folder" root "/fresh/$(kind "$file").sh" packages "$file")
        in_chroot "$folder" root apt-get -qq update >&2
        # shellcheck disable=SC2086 # words
        in_chroot "$folder" root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends $desk $needs >&2
        for who in "${people[@]}"; do # other programs write into homes too
            in_chroot "$folder" "$who" /fresh/desk.sh begin
            in_chroot "$folder" "$who" /fresh/desk.sh end
        done
        in_chroot "$folder" root /fresh/leftovers.sh remember /fresh/before
        for who in "${people[@]}"; do life "$file" "$older"; done
    done
}

bring() { # FILE[:OLDER] ...: copy artefacts and scripts into the chroot
    local names own
    read -ra own <<<"${FRESH_OWN:-}"
    mkdir -m 755 "$folder/fresh"
    : >"$folder/fresh/options"
    if [ -n "${FRESH_OWN:-}" ]; then
        [ "${#own[@]}" = 4 ] || fail "FRESH_OWN is ENGINE DIR RECORDING WORD"
        cp -r "${own[1]}" "$folder/fresh/own"
        cp "${own[2]}" "$folder/fresh/own.flac"
        printf '%s\n' --engine "${own[0]}" --worker-argument={--set,folder=/fresh/own} >"$folder/fresh/options"
    fi
    cp "$source"/packaging/fresh/*.sh "$source/app/samples/english.flac" "$folder/fresh"
    libraries >"$folder/fresh/libraries"
    echo "${FRESH_WITH:-pip}" >"$folder/fresh/with"
    for names in "$@"; do cp "${names%:*}" "${names#*:}" "$folder/fresh"; done
}

check_out() { # make a checkout for each user
    local who home
    for who in "$user" root; do
        home=$(home_of "$folder" "$who")
        git clone --quiet --no-hardlinks "$source" "$folder$home/kikipounamu"
        chroot "$folder" chown -R "$who:" "$home/kikipounamu"
    done
}

outside() { # SUITE TARGET ..., or SUITE --artefact FILE[:OLDER] ...
    local suite=$1 place python status=0 names
    shift
    place=$(mktemp -d -t kikipounamu-fresh.XXXXXX)
    # shellcheck disable=SC2064 # the place of now
    trap "rm -rf --one-file-system '$place'" EXIT
    folder=$place/system
    if [ "$1" = --artefact ]; then
        for names in "${@:2}"; do kind "${names%:*}" >/dev/null; done
        bootstrap "$folder" "$suite" ca-certificates
        bring "${@:2}"
    else
        bootstrap "$folder" "$suite" python3,make,git,ca-certificates
    fi
    chroot "$folder" useradd --create-home --shell /bin/bash "$user"
    if chroot "$folder" bash -c 'command -v cc gcc g++ clang sudo'; then fail "this is not bare"; fi
    if [ "$1" != --artefact ]; then check_out; fi
    in_namespaces "$folder" "$@" || status=$?
    echo
    python=$(chroot "$folder" python3 --version 2>/dev/null || echo no Python)
    echo "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' "$folder/etc/os-release"), $python, $(nproc) cores"
    printf '%-8s %-16s %7s %12s %9s\n' who what minutes 'MB received' 'MB on disk'
    cat "$folder.table"
    [ "$status" = 0 ] && ! grep -q FAILED "$folder.table"
}

if [ "${1:-}" = --inside ]; then
    folder=$2
    mount_system "$folder"
    if [ "$3" = --artefact ]; then lives "${@:4}"; else targets "${@:3}"; fi
elif [ $# -ge 2 ]; then
    outside "$@"
else
    fail "usage: packaging/fresh.sh SUITE TARGET ..."
fi
