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

# Rust itself comes from rustup: distributions' own compilers are mostly too old.
need_cargo() {
  if ! command -v cargo >/dev/null 2>&1 && [ -f "$HOME/.cargo/env" ]; then
    # shellcheck disable=SC1091
    . "$HOME/.cargo/env"
  fi
  if ! command -v cargo >/dev/null 2>&1; then
    if command -v brew >/dev/null 2>&1 ||
      { command -v apt-cache >/dev/null 2>&1 && apt-cache show rustup >/dev/null 2>&1; }; then
      need rustup rustup rustup
      PATH="$PATH:$(brew --prefix rustup 2>/dev/null || true)/bin"
      rustup default stable
    else
      die "Rust is missing. Install it with
  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh
then run this again."
    fi
  fi
  need cc gcc gcc
}
