# Shared by the scripts beside it: finding and installing what they need. Sourced, not run.

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# need COMMAND DEBIAN_PACKAGE BREW_PACKAGE: installs a program that is missing, or says how.
need() {
  command -v "$1" >/dev/null 2>&1 && return 0
  if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then
      say "installing $2"
      apt-get update -qq && apt-get install -y -qq "$2" >/dev/null
    elif command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
      say "installing $2 (sudo)"
      sudo apt-get update -qq && sudo apt-get install -y -qq "$2" >/dev/null
    else
      die "$1 is missing. Install it: sudo apt-get install $2"
    fi
  elif command -v brew >/dev/null 2>&1; then
    say "installing $3"
    brew install "$3"
  else
    die "$1 is missing. Install it with your package manager (Debian: $2, Homebrew: $3)."
  fi
  command -v "$1" >/dev/null 2>&1 || die "$1 is still missing after installing $2."
}

need_cargo() {
  if ! command -v cargo >/dev/null 2>&1 && [ -f "$HOME/.cargo/env" ]; then
    # shellcheck disable=SC1091
    . "$HOME/.cargo/env"
  fi
  command -v cargo >/dev/null 2>&1 ||
    die "Rust is missing. Install it as https://rustup.rs says, then run this again."
  need cc gcc gcc
}
