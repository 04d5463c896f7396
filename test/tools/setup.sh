#!/usr/bin/env bash
# Installs what building and testing need on Debian 12: packages with apt, a Python environment in .venv.
# Runs as root or with sudo; takes a second when everything is there.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=(
  build-essential git make cmake ninja-build ccache pkg-config python3-venv qemu-user
  libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools clang-22 libclang-rt-22-dev lld-22       # the compiler's own base
  protobuf-compiler libprotobuf-dev nlohmann-json3-dev libcli11-dev            # model files, reports, options
  libgtest-dev libpng-dev libutf8proc-dev                                      # unit tests, the examples' pictures and text
  g++-aarch64-linux-gnu                                                        # cross-compiled targets
  chromium chromium-driver                                                     # pages are tested in a browser
)

say() { printf 'setup: %s\n' "$*" >&2; }

installed=" $(dpkg-query -W -f='${Package}=${db:Status-Status} ' "${packages[@]}" 2>/dev/null || true)"
missing=()
for p in "${packages[@]}"; do
  [[ $installed == *" $p=installed "* ]] || missing+=("$p")
done

if [ ${#missing[@]} -gt 0 ]; then
  say "installing ${#missing[@]} of ${#packages[@]} packages: ${missing[*]}"
  sudo=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { say "neither root nor sudo: install the packages above by hand"; exit 1; }
    sudo=(sudo)
  fi
  apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -q)
  "${apt[@]}" update
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
fi

# Debian's own python3, because python3-venv above belongs to it.
python=${PYTHON:-/usr/bin/python3}
[ -x "$python" ] || python=python3
stamp=.venv/.requirements
if ! cmp -s test/tools/requirements.txt "$stamp" || ! .venv/bin/python -c '' 2>/dev/null; then
  say "making the Python environment .venv"
  rm -rf .venv
  "$python" -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --retries 5 -r test/tools/requirements.txt
  cp test/tools/requirements.txt "$stamp"
fi
say "ready"
