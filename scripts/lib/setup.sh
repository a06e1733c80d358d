# Set-up shared by scripts/try, scripts/test and .ci/run: sourced by them, POSIX sh. Each function checks first and says what it does.

say() { printf '%s\n' "setup: $*" >&2; }
fail() { printf '%s\n' "setup: $*" >&2; exit 1; }

# rustup installs below the home directory, which a non-login shell may not have in its PATH.
need_toolchains() {
  if ! command -v cargo >/dev/null 2>&1 && [ -f "${CARGO_HOME:-$HOME/.cargo}/env" ]; then
    . "${CARGO_HOME:-$HOME/.cargo}/env"
  fi
  command -v node >/dev/null 2>&1 || fail 'node is missing: install Node 20.17 or newer (https://nodejs.org)'
  command -v npm >/dev/null 2>&1 || fail 'npm is missing: install it beside Node'
  command -v cargo >/dev/null 2>&1 || fail 'cargo is missing: install Rust (https://rustup.rs)'
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 17) ? 0 : 1)' ||
    fail "Node $(node --version) is too old: install 20.17 or newer"
}

# need_packages NAME...: Debian packages; apt-get runs only where one is missing, and only as root.
need_packages() {
  if ! command -v dpkg-query >/dev/null 2>&1; then
    say "not a Debian system: this needs what Debian packages as: $*"
    return 0
  fi
  missing=
  for package in "$@"; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
      installed) ;;
      *) missing="$missing $package" ;;
    esac
  done
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    say "missing packages; what needs them is going to fail or be skipped. As root: apt-get install$missing"
    return 0
  fi
  say "installing system packages:$missing"
  export DEBIAN_FRONTEND=noninteractive
  # Word splitting is wanted: $missing is a list of names. The output is kept off stdout, which belongs to the caller.
  { apt-get -qq update && apt-get -qq install --yes --no-install-recommends $missing; } </dev/null >&2 ||
    fail "apt-get could not install$missing"
}

# npm leaves its own copy of the lock file behind: where that is older, the packages are.
need_node_modules() {
  installed=node_modules/.package-lock.json
  if [ -f "$installed" ] && [ -z "$(find package-lock.json -newer "$installed")" ]; then return 0; fi
  say 'installing npm packages (npm ci)'
  npm ci --ignore-scripts --no-audit --no-fund </dev/null >&2 || fail 'npm ci failed'
}

# A minimal system lacks programs that the image made of the host's own is expected to have.
need_image_programs() { need_packages hostname mount procps; }

# What building the native parts takes, for every entry script.
set_up_build() {
  need_toolchains
  need_packages gcc libc6-dev
  need_node_modules
  PATH=$PWD/node_modules/.bin:$PATH
  export PATH
}
