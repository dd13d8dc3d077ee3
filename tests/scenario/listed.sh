#!/bin/sh
# Every scenario is run: each *.txt below the folder is among the names that follow.
set -eu
cd "$1"
shift
missing=0
for file in */*.txt; do
    case " $* " in
    *" $file "*) ;;
    *)
        echo "$file: not in meson.build" >&2
        missing=1
        ;;
    esac
done
exit "$missing"
