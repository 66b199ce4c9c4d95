#!/usr/bin/env bash
# Pack dist/kikipounamu.app, which PyInstaller made, into a disk image; sign and notarise it if an identity is named.
# NOT YET RUN.
#
#     packaging/macos/build.sh VERSION
#
#     SIGN_IDENTITY="Developer ID Application: …"    sign with this identity of the keychain
#     NOTARY_PROFILE=NAME                            notarise with this profile of `xcrun notarytool store-credentials`
set -euo pipefail

version=${1:?usage: packaging/macos/build.sh VERSION}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dist=$here/../../dist
app=$dist/kikipounamu.app
image=$dist/kikipounamu-$version-macos-$(uname -m).dmg
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

if [ -n "${SIGN_IDENTITY:-}" ]; then
    # From the inside out: a signature covers the files below it.
    find "$app/Contents" -type f \( -name '*.so' -o -name '*.dylib' -o -perm -u+x \) -print0 |
        xargs -0 codesign --force --timestamp --options runtime --entitlements "$here/entitlements.plist" --sign "$SIGN_IDENTITY"
    codesign --force --timestamp --options runtime --entitlements "$here/entitlements.plist" --sign "$SIGN_IDENTITY" "$app"
    codesign --verify --deep --strict "$app"
fi

cp -R "$app" "$stage/"
ln -s /Applications "$stage/Applications"
hdiutil create -volname "kikipounamu $version" -srcfolder "$stage" -format ULMO -ov "$image"

if [ -n "${NOTARY_PROFILE:-}" ]; then
    xcrun notarytool submit "$image" --keychain-profile "$NOTARY_PROFILE" --wait
    xcrun stapler staple "$image"
fi
echo "$image"
