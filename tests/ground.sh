# What start.sh, tests/run.sh and their like stand on: one target folder, packages, Rust.
# Sourced, never run. macOS has bash 3.2, so nothing newer is used here.
# shellcheck shell=bash

house="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# One folder for the program, its tests, lints and packages: a machine compiles the libraries once.
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/losscope/target}"
case $CARGO_TARGET_DIR in /* | [A-Za-z]:*) ;; *) CARGO_TARGET_DIR="$house/$CARGO_TARGET_DIR" ;; esac
export CARGO_TARGET_DIR

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

case $(uname) in
  Darwin) system=macos ;;
  MINGW* | MSYS* | CYGWIN*) system=windows ;;
  *)
    if [ -e /etc/redhat-release ]; then system=fedora
    elif [ -e /etc/arch-release ]; then system=arch
    elif [ -e /etc/debian_version ]; then system=debian
    else system=unknown
    fi
    ;;
esac

# Packages that `need` found missing, by the names of this system.
missing=""

# need WHAT DEBIAN FEDORA ARCH: WHAT is a command, a library (libX11.so.6) or a file (/usr/share/x*),
# with alternatives split by |; where none is here, the packages that bring it are noted.
need() {
  local what rest="$1|"
  while [ -n "$rest" ]; do
    what="${rest%%|*}" rest="${rest#*|}"
    case $what in
      /*) compgen -G "$what" ;;
      lib*.so.*) compgen -G "/usr/lib*/$what" || compgen -G "/usr/lib/*/$what" || compgen -G "/usr/local/lib/$what" ;;
      *) command -v "$what" ;;
    esac >/dev/null && return
  done
  case $system in
    fedora) missing="$missing $3" ;;
    arch) missing="$missing $4" ;;
    *) missing="$missing $2" ;;
  esac
}

need_to_build() {
  case $system in
    windows) ;; # Rust's installer asks for Visual Studio's tools itself
    macos)
      xcode-select -p >/dev/null 2>&1 ||
        fail "a C compiler is missing; install it by xcode-select --install, then start again"
      ;;
    *)
      need cc "gcc libc6-dev" "gcc glibc-devel" gcc
      has_rust || need curl curl curl curl
      need '/etc/ssl/certs/*' ca-certificates ca-certificates ca-certificates
      ;;
  esac
}

# The window opens its libraries while it runs, so no linker would miss them.
need_x11() {
  need libX11.so.6 libx11-6 libX11 libx11
  need libX11-xcb.so.1 libx11-xcb1 libX11-xcb libx11
  need libXcursor.so.1 libxcursor1 libXcursor libxcursor
  need libXi.so.6 libxi6 libXi libxi
  need libxkbcommon-x11.so.0 libxkbcommon-x11-0 libxkbcommon-x11 libxkbcommon-x11
}

need_wayland() {
  need libwayland-client.so.0 libwayland-client0 libwayland-client wayland
  need libxkbcommon.so.0 libxkbcommon0 libxkbcommon libxkbcommon
}

# Mesa's drivers are those of most cards, and lavapipe, which draws on the processor.
need_vulkan() {
  need libvulkan.so.1 libvulkan1 vulkan-loader vulkan-icd-loader
  need '/usr/share/vulkan/icd.d/*.json|/etc/vulkan/icd.d/*.json' mesa-vulkan-drivers mesa-vulkan-drivers vulkan-swrast
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else return 1
  fi
}

# Installs what `need` noted. Where that can't be done it says what to ask for and goes on: the
# program may do without, and what can't do without says so.
install_missing() {
  [ -n "$missing" ] || return 0
  local packages="${missing# }" first="" by
  case $system in
    debian)
      first="apt-get update -qq; export DEBIAN_FRONTEND=noninteractive;"
      by="apt-get install -y --no-install-recommends"
      ;;
    fedora) by="dnf install -y" ;;
    arch) by="pacman -S --needed --noconfirm" ;;
    *)
      say "missing here: $packages (Debian's names); please install what your system calls them"
      return 0
      ;;
  esac
  say "installing $packages"
  as_root sh -c "$first $by $packages" >/dev/null ||
    say "that didn't work; whoever administers this machine can install what is missing: $by $packages"
}

# Whether there is a Rust as new as Cargo.toml asks for.
has_rust() {
  local asked found
  command -v cargo >/dev/null || return 1
  asked="$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$house/Cargo.toml")"
  found="$(cd "$house" && rustc --version 2>/dev/null)" || return 1
  found="${found#rustc }"
  printf '%s\n' "$asked" "${found%% *}" | sort -V -C
}

# Rust as rustup installs it may not be on the path of this shell.
find_rust() {
  local env="${CARGO_HOME:-$HOME/.cargo}/env"
  # shellcheck disable=SC1090 # written by rustup
  if [ -f "$env" ]; then . "$env"; fi
}

install_rust() {
  if has_rust; then return; fi
  say "installing Rust"
  local parts="--profile minimal -c clippy -c rustfmt"
  # shellcheck disable=SC2086 # words on purpose
  if command -v rustup >/dev/null; then
    rustup toolchain install stable $parts && export RUSTUP_TOOLCHAIN=stable
  else
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y $parts
  fi || fail "Rust couldn't be installed; https://rustup.rs tells how to do it by hand"
  find_rust
  has_rust || fail "$(rustc --version) is older than Cargo.toml asks for"
}

# Installs what was noted, and everything a build needs.
prepare() {
  find_rust
  need_to_build
  install_missing
  [ $system = windows ] || command -v cc >/dev/null || fail "Losscope can't be built without a C compiler"
  install_rust
}
