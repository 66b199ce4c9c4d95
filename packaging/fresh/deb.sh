#!/usr/bin/env bash
# Install, update and remove the Debian package, as root of a bare Debian:  deb.sh VERB FILE
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

case $1 in
packages) ;;
install) apt-get update -qq && apt-get install -y -qq --no-install-recommends "$2" ;;
update) apt-get install -y -qq --no-install-recommends --reinstall "$2" ;;
remove) apt-get remove -y -qq kikipounamu && apt-get autoremove -y -qq ;;
purge) apt-get purge -y -qq kikipounamu && apt-get autoremove -y -qq --purge && rm -rf /var/lib/apt/lists/* ;;
esac
