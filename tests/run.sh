#!/usr/bin/env bash
# Passes Losscope's tests on a fresh machine: installs what is missing, then runs them all.
#
#   tests/run.sh [ARGUMENTS FOR CARGO TEST]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/ground.sh

if [ "$(uname)" = Linux ]; then
  need_vulkan
  # One test opens the real window on a screen of its own and moves its mouse.
  need_x11
  need Xvfb xvfb xorg-x11-server-Xvfb xorg-server-xvfb
  need xdotool xdotool xdotool xdotool
  need scrot scrot scrot scrot
fi
prepare

# Graphics drivers complain where a login session would have set this.
export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-$(mktemp -d)}"
exec cargo test --release --locked "$@"
