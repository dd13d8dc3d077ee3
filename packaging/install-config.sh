#!/bin/sh
# Puts the default configuration in its place, unless the operator has one there already:
# install-config.sh FROM TO. Called by the installation, which may go to $DESTDIR.
set -eu
to=${DESTDIR:-}$2
[ -e "$to" ] || install -D -m 644 "$1" "$to"
