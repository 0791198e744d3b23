#!/usr/bin/env bash
# Starts Losscope from a fresh checkout: installs what is missing, builds it, opens the window.
#
#   ./start.sh [FILE…]              the window on FILEs; without any, on the built-in experiment
#   ./start.sh COMMAND [OPTION…]    the command line, as `losscope COMMAND`
#
# Where there is no screen and nothing else is asked for, it writes the report of the built-in
# experiment instead. Its exit status is the program's.
set -euo pipefail
self="$(readlink -f "${BASH_SOURCE[0]}" 2>/dev/null || printf '%s' "${BASH_SOURCE[0]}")"
. "$(dirname "$self")/tests/ground.sh"

case $system in
  macos | windows) screen=always ;;
  *)
    screen="${DISPLAY:-}${WAYLAND_DISPLAY:-}"
    [ -z "${DISPLAY:-}" ] || need_x11
    [ -z "${WAYLAND_DISPLAY:-}" ] || need_wayland
    [ -z "$screen" ] || need_vulkan
    ;;
esac
prepare

program="$CARGO_TARGET_DIR/release/losscope"
[ -e "$program" ] || say "building Losscope; the first time takes a quarter of an hour on two cores"
(cd "$house" && cargo build --release --locked)

if [ $# = 0 ] && [ -z "$screen" ]; then
  # A folder of its own: nothing that is here already is touched.
  folder="$PWD/losscope-report" number=1
  while [ -e "$folder" ] || [ -L "$folder" ]; do
    number=$((number + 1)) folder="$PWD/losscope-report-$number"
  done
  mkdir "$folder" || fail "start it in a folder that can be written to"
  say "there is no screen here, so the report of the built-in experiment is written to $folder"
  set -- report --output "$folder/report.html"
fi
exec "$program" "$@"
