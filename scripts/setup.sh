#!/usr/bin/env bash
# Make the virtual environment .venv from a hashed lock, or do nothing if it is whole.
#
#   scripts/setup.sh run    what Tenin runs on          (requirements/run.txt)
#   scripts/setup.sh test   and what tests need besides (requirements/test.txt)
#   scripts/setup.sh uv     only uv, for `make lock`
#
# Needs python3.10, or uv, which brings one. A stamp in .venv holds the checksum of what was
# installed, and is written last: a changed lock, an aborted install, a missing file or a moved
# folder have the environment made anew.
set -euo pipefail

cd "$(dirname "$0")/.."
root=$PWD
venv=$root/.venv
wanted=${1:?run, test or uv}
not_installed="packages could not be installed (above): give it a network and room, then try again"
unset PYTHONHOME PYTHONPATH VIRTUAL_ENV

say() { echo "setup      $*" >&2; }

fail() {
    echo "setup: $*" >&2
    exit 2
}

checksum() {
    if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi
}

stamp() { # of a set: run or test
    { echo "$root"; cat requirements/uv.txt "requirements/$1.txt" pyproject.toml; } | checksum
}

is_stamped() {
    [ -f "$venv/$1.stamp" ] && [ "$(cat "$venv/$1.stamp")" = "$(stamp "$1")" ]
}

is_whole() {
    "$venv/bin/python" scripts/check_venv.py >&2
}

is_python310() {
    "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' >/dev/null 2>&1
}

# A pyenv shim counts only if it works; and .python-version makes pyenv hide a uv that it has under
# another version, so uv is asked from the root folder, where that file does not apply.
uv_outside() { (cd / && "$uv" "$@"); }

make_venv() {
    local candidate without_venv= answer
    for candidate in python3.10 python3 python; do
        is_python310 "$candidate" || continue
        if "$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then
            say "making .venv with $("$candidate" --version)"
            "$candidate" -m venv "$venv"
            say "installing uv"
            "$venv/bin/python" -m pip --quiet --disable-pip-version-check \
                install --require-hashes -r requirements/uv.txt || fail "$not_installed"
            return
        fi
        without_venv=$candidate
    done
    for uv in uv "${HOME:-}/.local/bin/uv" "${HOME:-}/.cargo/bin/uv"; do
        uv_outside --version >/dev/null 2>&1 || continue
        say "making .venv with $(uv_outside --version), which brings Python 3.10 if need be"
        answer=$(uv_outside venv --quiet --python 3.10 "$venv" 2>&1) ||
            fail "uv has no Python 3.10 and could not bring one (${answer##*cause: }): give it" \
                "a network, or install Python 3.10, then try again"
        uv_outside pip install --quiet --python "$venv/bin/python" \
            --require-hashes -r "$root/requirements/uv.txt" || fail "$not_installed"
        return
    done
    if [ -n "$without_venv" ]; then
        fail "$without_venv has no venv module: install it (\`apt-get install python3.10-venv\`)" \
            "or uv (https://docs.astral.sh/uv/), then try again"
    fi
    fail "Python 3.10 is needed, or uv, which brings it, and neither is here: install one of them" \
        "(\`pyenv install 3.10\`, or see https://docs.astral.sh/uv/), then try again"
}

# For every `rasa` that is typed in this environment: with telemetry on it would call home, and end
# in an error before it does anything, for want of an option that newer sentry-sdk has no more.
quieten_rasa() {
    local site
    site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
    cat >"$site/tenin_quiet_rasa.pth" <<'PTH'
import os; os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
import os; os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
import os; os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
PTH
}

install() { # of a set: run or test
    local quiet=--quiet
    [ ! -t 2 ] || quiet=
    say "installing requirements/$1.txt (the first time about 2.5 GB, a minute or more)"
    "$venv/bin/uv" pip install $quiet --python "$venv/bin/python" \
        --no-deps --require-hashes -r "requirements/$1.txt" || fail "$not_installed"
    "$venv/bin/uv" pip install $quiet --python "$venv/bin/python" \
        --no-deps --no-build-isolation -e . || fail "$not_installed"
    quieten_rasa
    "$venv/bin/python" scripts/check_venv.py >&2 || fail "the installation is not whole: try again"
    stamp "$1" >"$venv/$1.stamp"
    say ".venv is ready"
}

mkdir -p var
if command -v flock >/dev/null; then # two commands at once: the second waits for the first
    exec 9>var/setup.lock
    flock 9
fi

if [ "$wanted" = uv ]; then
    "$venv/bin/uv" --version >/dev/null 2>&1 || { rm -rf "$venv" && make_venv; }
    exit
fi
if is_stamped run || is_stamped test; then
    if is_whole; then
        # What tests need holds all that Tenin runs on.
        if is_stamped test || is_stamped "$wanted"; then exit 0; fi
        install "$wanted"
        exit
    fi
    say ".venv is damaged: making it anew"
elif [ -e "$venv" ]; then
    say ".venv is unfinished, or of another lock or folder: making it anew"
fi
rm -rf "$venv"
make_venv
install "$wanted"
