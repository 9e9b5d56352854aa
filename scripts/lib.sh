# Shared by the scripts beside it: finding and installing what they need. Sourced, not run.

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# How long a package manager that somebody else runs is waited for: a fresh machine upgrades itself for minutes.
: "${LOCK_WAIT_SECONDS:=900}"

# retry_while_locked COMMAND: runs it, again and again while another package manager is at work. apt's own
# DPkg::Lock::Timeout covers dpkg's locks, but neither that of the package lists nor that of the downloads.
retry_while_locked() {
  local deadline=$((SECONDS + LOCK_WAIT_SECONDS)) errors told=
  until errors=$("$@" 2>&1 >/dev/null); do
    if [[ $errors != *"Could not get lock"* ]] || [ "$SECONDS" -ge "$deadline" ]; then
      printf '%s\n' "$errors" >&2
      return 1
    fi
    [ -n "$told" ] || say "waiting for another package manager: ${errors%%$'\n'*}"
    told=yes
    sleep 1
  done
}

# apt_get ARGUMENTS: apt-get as root, through $sudo where that is set.
apt_get() {
  # shellcheck disable=SC2086
  retry_while_locked ${sudo:-} env LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -qq "$@"
}

# need COMMAND DEBIAN_PACKAGE BREW_PACKAGE: installs a program that is missing, or says how.
need() {
  command -v "$1" >/dev/null 2>&1 && return 0
  local sudo=
  if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" != 0 ]; then
      sudo=sudo
      command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; } ||
        die "$1 is missing. Install it: sudo apt-get install $2"
    fi
    say "installing $2${sudo:+ (sudo)}"
    apt_get update && apt_get install -y "$2" || die "$2 could not be installed."
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
