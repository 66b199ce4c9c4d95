#!/usr/bin/env bash
# Make an AppImage of the self-contained folder that `make release` leaves in dist/.
#
#     packaging/appimage/build.sh FOLDER.tar.zst OUT      writes OUT/kikipounamu.AppDir, and the image beside it
#
# appimagetool must be on the PATH; without it, only the AppDir is written.
# Started under the name of another program, or with that name as first argument, the image runs that program.
set -euo pipefail

id=org.kikipounamu.app

fail() {
    echo "appimage: $*" >&2
    exit 1
}

furnish() { # APPDIR SOURCE: add the menu entry, the metadata and the icon
    install -Dm644 "$2/app/system/menu/$id.desktop" "$1/usr/share/applications/$id.desktop"
    install -Dm644 "$2/app/system/menu/$id.metainfo.xml" "$1/usr/share/metainfo/$id.appdata.xml"
    install -Dm644 "$2/app/ui/theme/icons/app.svg" "$1/usr/share/icons/hicolor/scalable/apps/$id.svg"
    ln -s "usr/share/applications/$id.desktop" "$1/$id.desktop"
    ln -s "usr/share/icons/hicolor/scalable/apps/$id.svg" "$1/$id.svg"
    ln -s "$id.svg" "$1/.DirIcon"
    cat >"$1/AppRun" <<'RUN'
#!/bin/sh
# The program by whose name the image was started, or that the first argument names; without either, the app.
programs="${APPDIR:-$(dirname "$(readlink -f "$0")")}/usr/lib/kikipounamu"
name=$(basename "${ARGV0:-kikipounamu}")
case ${1:-} in
kikipounamu-*) name=$1 && shift ;;
"") set -- app ;;
esac
if [ ! -x "$programs/$name" ]; then name=kikipounamu; fi
exec "$programs/$name" "$@"
RUN
    chmod 755 "$1/AppRun"
}

[ $# = 2 ] || fail "usage: packaging/appimage/build.sh FOLDER.tar.zst OUT"
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$2/kikipounamu.AppDir
[ ! -e "$folder" ] || fail "$folder is there already: remove it"
mkdir -p "$folder/usr/lib"
tar --zstd -xf "$1" -C "$folder/usr/lib"
furnish "$folder" "$source"
if command -v appimagetool >/dev/null; then
    name=$(basename "$1" .tar.zst)
    ARCH=$(uname -m) appimagetool "$folder" "$2/$name.AppImage"
else
    echo "appimage: without appimagetool, $folder is all there is" >&2
fi
