#!/usr/bin/env bash
# Makes Losscope's packages for a machine like this one: an archive, a .deb where cargo-deb is
# installed (cargo install cargo-deb), and the SHA-256 sum of each.
#
#   assets/package/make.sh [FOLDER]      by default into dist
#
# What is in the archive's folder fits over /usr/local or ~/.local:
#   tar -xzf losscope-VERSION-TARGET.tar.gz --strip-components=1 -C ~/.local
set -euo pipefail
umask 022
mkdir -p "${1:-dist}"
out="$(cd "${1:-dist}" && pwd)"
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/ground.sh
prepare
cargo build --release --locked

version="$(sed -n 's/^version = "\(.*\)"/\1/p; /^version/q' Cargo.toml)"
target="$(rustc -vV | sed -n 's/^host: //p')"
name="losscope-$version-$target"
program=losscope
[ $system != windows ] || program=losscope.exe
# Files carry the time of the last change, so that the same sources make the same packages.
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}"

# [package.metadata.deb] in Cargo.toml takes this folder, too.
tree="$CARGO_TARGET_DIR/release/package"
rm -rf "$tree"

# put FILE PLACE
put() {
  mkdir -p "$tree/$(dirname "$2")"
  cp "$1" "$tree/$2"
}

# license NAME FILE FIRST-LINE: a text as Debian's copyright files hold it.
license() {
  printf '\nLicense: %s\n' "$1"
  sed -n "$3,\$p" "$2" | sed 's/[[:space:]]*$//; s/^$/./; s/^/ /'
}

# The libraries inside the program, each text of a licence once.
libraries() {
  local seen="" crate terms source file sum
  cargo tree --locked -e normal,no-proc-macro --prefix none --format '{p}|{l}|{r}' | sed 's/ (\*)$//' | sort -u |
    while IFS='|' read -r crate terms source; do
      case $crate in "losscope "*) continue ;; esac
      printf '\n==== %s: %s %s\n' "$crate" "$terms" "$source"
      for file in "${CARGO_HOME:-$HOME/.cargo}/registry/src/"*"/${crate/ v/-}/"*; do
        case ${file##*/} in LICEN[CS]E* | license* | COPYING* | COPYRIGHT* | NOTICE*) ;; *) continue ;; esac
        [ -f "$file" ] || continue
        sum="$(cksum <"$file")"
        case $seen in *"|$sum|"*) continue ;; esac
        seen="$seen|$sum|"
        printf -- '---- %s\n' "${file##*/}"
        cat "$file"
      done
    done
}

put "$CARGO_TARGET_DIR/release/$program" "bin/$program"
[ $system != macos ] || strip "$tree/bin/$program" # elsewhere the linker did
doc=share/doc/losscope
put CHANGELOG.md $doc/changelog
{
  cat assets/package/copyright
  license Expat LICENSE-MIT 5
  license OFL-1.1 assets/fonts/LICENSE-OFL.txt 11
} >"$tree/$doc/copyright"
{
  echo "Libraries that are part of Losscope, with their licences; a text that several share stands at the first."
  libraries
} >"$tree/$doc/libraries"
if [ $system != windows ]; then
  "$tree/bin/losscope" generate man "$tree/share/man/man1"
  "$tree/bin/losscope" generate completions "$tree/completions"
  put "$tree/completions/losscope.bash" share/bash-completion/completions/losscope
  put "$tree/completions/_losscope" share/zsh/vendor-completions/_losscope
  put "$tree/completions/losscope.fish" share/fish/vendor_completions.d/losscope.fish
  rm -r "$tree/completions"
  gzip -9n "$tree/$doc/changelog" "$tree/$doc/libraries" "$tree"/share/man/man1/*
fi
case $target in
  *linux*)
    put assets/package/losscope.desktop share/applications/losscope.desktop
    put assets/package/losscope.metainfo.xml share/metainfo/io.github.losscope.losscope.metainfo.xml
    put assets/package/losscope.mime.xml share/mime/packages/losscope.xml
    put assets/icon.svg share/icons/hicolor/scalable/apps/losscope.svg
    put assets/icon.png share/icons/hicolor/256x256/apps/losscope.png
    ;;
esac
chmod -R u=rwX,go=rX "$tree"

made=()
stage="$CARGO_TARGET_DIR/release/$name"
rm -rf "$stage"
cp -R "$tree" "$stage"
if [ $system = windows ]; then
  made+=("$name.zip")
  rm -f "$out/$name.zip"
  (cd "$stage/.." && 7z a -bso0 "$out/$name.zip" "$name")
else
  made+=("$name.tar.gz")
  same=()
  if tar --version | grep GNU >/dev/null; then
    same=(--sort=name --owner=0 --group=0 --numeric-owner "--mtime=@$SOURCE_DATE_EPOCH")
  fi
  tar -C "$stage/.." ${same[@]+"${same[@]}"} -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
fi
rm -r "$stage"

if command -v cargo-deb >/dev/null; then
  deb="$(cargo deb --locked --no-build --no-dbgsym --no-separate-debug-symbols --output "$out/" | tail -n 1)"
  made+=("${deb##*/}")
fi

cd "$out"
for file in "${made[@]}"; do
  if command -v sha256sum >/dev/null; then sha256sum "$file"; else shasum -a 256 "$file"; fi >"$file.sha256"
done
ls -l "${made[@]}" >&2
