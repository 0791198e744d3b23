#!/usr/bin/env bash
# Passes Losscope's tests on a fresh Debian or Ubuntu: installs what is missing, then runs them all.
#
#   tests/run.sh [ARGUMENTS FOR CARGO TEST]
#
# Dependencies are compiled once a machine, into CARGO_TARGET_DIR (by default under the user's cache).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

missing=()
command -v cc >/dev/null || missing+=(gcc libc6-dev)
command -v curl >/dev/null || missing+=(curl ca-certificates)
# The GPU tests need some Vulkan driver; Mesa's lavapipe is a software one.
any() { compgen -G "$1" >/dev/null; }
any '/usr/lib*/libvulkan.so.1' || any '/usr/lib/*/libvulkan.so.1' || missing+=(libvulkan1)
any '/usr/share/vulkan/icd.d/*.json' || any '/etc/vulkan/icd.d/*.json' || missing+=(mesa-vulkan-drivers)
# One test opens the real window on a screen of its own and moves its mouse.
command -v Xvfb >/dev/null || missing+=(xvfb)
command -v xdotool >/dev/null || missing+=(xdotool)
command -v scrot >/dev/null || missing+=(scrot)
any '/usr/lib*/libxkbcommon-x11.so.0' || any '/usr/lib/*/libxkbcommon-x11.so.0' || missing+=(libxkbcommon-x11-0)
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

[ -f "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"
if ! command -v cargo >/dev/null; then
  echo "installing Rust"
  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal -c clippy -c rustfmt
  . "$HOME/.cargo/env"
fi

# Graphics drivers complain where a login session would have set this.
export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-$(mktemp -d)}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/losscope/target}"
exec cargo test --release --locked "$@"
