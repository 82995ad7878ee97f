#!/bin/sh
# Makes .venv (this package, editable, and its tools) and .tools (a local engine) for the Makefile's targets.
# When both are as setup.cfg and requirements/dev.txt say, it does nothing and asks nothing of the network.
set -eu
cd "$(dirname "$0")/.."

ENGINE_VERSION='~1.2.1'

die() {
    printf '\nerror: %s\n' "$1" >&2
    exit 1
}

is_suitable() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        is_suitable "$PYTHON" || die "PYTHON=$PYTHON is not a Python of version 3.10 or later."
        echo "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.11 python3.10; do
        if is_suitable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    die "no Python of version 3.10 or later is on PATH. Install one (Debian, Ubuntu: apt install python3 \
python3-venv; Fedora: dnf install python3; macOS: brew install python3; or pyenv), or name one: make PYTHON=/path/to/python3"
}

install_packages() {
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        python=$(find_python)
        "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
            die "$python cannot make virtual environments: its modules venv or ensurepip are missing. On Debian \
and Ubuntu they come with: apt install python3-venv"
        echo "Making .venv with $("$python" --version) ..."
        "$python" -m venv --clear .venv || die "$python could not make the virtual environment .venv."
    fi
    echo "Installing this package (editable: edits count at once) and its tools into .venv; takes a minute ..."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check \
        -r requirements/dev.txt -e '.[all,test,docs]' ||
        die "pip could not install what is needed; its reason stands above. The package index must be reachable \
once (a mirror or a folder of wheels will do: PIP_INDEX_URL, PIP_FIND_LINKS). Then run the same command again."
}

# The engine is a convenience: without it everything runs on moto's server, which .venv has.
install_engine() {
    instead="tests and demo run on moto's server; what moto does wrong is skipped by name"
    case "$(uname -s)-$(uname -m)" in
        Linux-x86_64) package=@dynoxide/linux-x64 ;;
        Linux-aarch64 | Linux-arm64) package=@dynoxide/linux-arm64 ;;
        Darwin-x86_64) package=@dynoxide/darwin-x64 ;;
        Darwin-arm64) package=@dynoxide/darwin-arm64 ;;
        *) echo "dynoxide has no build for $(uname -s) on $(uname -m): $instead"; return ;;
    esac
    if ! command -v npm >/dev/null 2>&1; then
        echo "npm is not on PATH: $instead"
        return
    fi
    echo "Installing the local engine dynoxide into .tools ..."
    mkdir -p .tools
    if ! npm install --prefix .tools --no-save --no-package-lock --no-audit --no-fund --ignore-scripts \
        --loglevel=error "$package@$ENGINE_VERSION" >.tools/npm.log 2>&1; then
        tail -n 5 .tools/npm.log >&2
        echo "npm could not install $package (.tools/npm.log says why; rm -r .tools to try again): $instead"
        return
    fi
    engine=.tools/node_modules/$package/dynoxide
    chmod +x "$engine" # not every npm keeps the bit
    "$engine" --version >/dev/null 2>&1 || {
        rm -r ".tools/node_modules/$package"
        echo "dynoxide does not run on this machine, and is removed again: $instead"
    }
}

wanted="$(cat setup.cfg pyproject.toml requirements/dev.txt | cksum) $PWD"
if [ "$(cat .venv/.ready 2>/dev/null)" != "$wanted" ] || ! [ -x .venv/bin/python ]; then
    install_packages
    echo "$wanted" >.venv/.ready
fi

# npm appearing later is a reason to try again; npm having failed is not, or work without a network would be slow.
wanted="$ENGINE_VERSION npm=$(command -v npm >/dev/null 2>&1 && echo yes || echo no)"
if [ "$(cat .tools/ready 2>/dev/null)" != "$wanted" ]; then
    install_engine
    mkdir -p .tools
    echo "$wanted" >.tools/ready
fi
