# Sourced by scripts/test and scripts/demo: makes a fresh clone ready, quickly the second time.
# Says what it installs; everything Python stays in .venv, everything else comes from Debian.
# shellcheck shell=bash

# A plain user's PATH lacks where Debian keeps mosquitto and ldconfig.
PATH="$PATH:/usr/sbin:/sbin"

say() {
  printf '%s\n' "$*" >&2
}

die() {
  say "$@"
  exit 2
}

# Prints the first Python that is new enough and really starts (pyenv leaves commands that do not);
# the one in .venv, where that is whole, saves starting others.
find_python() {
  local name names=(python3.13 python3.12 python3.11 python3)
  [ -x .venv/bin/pip ] && names=(.venv/bin/python "${names[@]}")
  for name in "${names[@]}"; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      printf '%s\n' "$name"
      return 0
    fi
  done
  return 1
}

has_library() {
  ldconfig -p 2>/dev/null | grep -F "$1" >/dev/null
}

# Prints the Debian packages that are missing, looked for by what they bring; $1 is the Python,
# empty for none.
missing_packages() {
  local python="$1"
  if [ -z "$python" ]; then
    printf 'python3\npython3-venv\n'
  elif [ ! -x .venv/bin/pip ] && ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    case "$python" in
      python3) printf 'python3-venv\n' ;;
      *) printf '%s-venv\n' "$python" ;;
    esac
  fi
  command -v mosquitto >/dev/null || printf 'mosquitto\n'
  has_library libGL.so.1 || printf 'libgl1\n'
  has_library libgthread-2.0.so.0 || printf 'libglib2.0-0\n'
  has_library libzbar.so.0 || printf 'libzbar0\n'
}

# Installs Debian packages: as root, or through sudo, or not at all.
install_packages() {
  local as_root=()
  if ! command -v apt-get >/dev/null; then
    die "Missing: $*. This is no Debian; install what your system calls these, then run again."
  fi
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      die "Missing: $*. Run as root: apt-get install $*  — then run this again."
    fi
    as_root=(sudo)
    # Nobody can type a password without a terminal.
    [ -t 0 ] || as_root=(sudo -n)
  fi
  say "Installing Debian packages: $*"
  as_root+=(env DEBIAN_FRONTEND=noninteractive)
  if ! { "${as_root[@]}" apt-get update -q &&
    "${as_root[@]}" apt-get install -y -q --no-install-recommends "$@"; } >&2; then
    die "Could not install $*. Run as root: apt-get install $*  — then run this again."
  fi
}

# What the installed Python packages depend on: the project's file, its place, the extra.
fingerprint() {
  { cat pyproject.toml && pwd && printf '%s\n' "$1"; } | sha256sum | cut -d ' ' -f 1
}

# Makes .venv with the project in it; $1 is "dev" or "run".
install_project() {
  local extra="$1" python what=. stamp
  # The packages for the tests hold those for running.
  for stamp in run dev; do
    if [ "$stamp" = "$extra" ] || [ "$stamp" = dev ]; then
      if [ "$(cat ".venv/.installed-$stamp" 2>/dev/null)" = "$(fingerprint "$stamp")" ] &&
        .venv/bin/python -c 'import edge_agent' 2>/dev/null; then
        return 0
      fi
    fi
  done
  if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    # Broken, or of a Python that is gone.
    rm -rf .venv
    python="$(find_python)" || die "This needs Python 3.11 or later; Debian 12 and later have it."
    say "Making a virtual environment in .venv with $("$python" --version)"
    "$python" -m venv .venv || die "Cannot make .venv in $PWD. Is the folder writable?"
  fi
  [ "$extra" = dev ] && what='.[dev]'
  say "Installing Python packages into .venv (pip install -e '$what'); the first time takes minutes"
  if ! .venv/bin/python -m pip install --disable-pip-version-check -e "$what" >&2; then
    die "pip could not install the packages. Is there a network? Run this again to go on."
  fi
  fingerprint "$extra" >".venv/.installed-$extra"
}

# Makes everything ready; $1 is "dev" or "run". The caller stands in the project's folder.
bootstrap() {
  local python missing
  python="$(find_python || true)"
  missing="$(missing_packages "$python")"
  if [ -n "$missing" ]; then
    # shellcheck disable=SC2086
    install_packages $missing
  fi
  install_project "$1"
}
