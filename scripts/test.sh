#!/usr/bin/env bash
# All checks and tests, what fails soonest first; says at the end what each stage took.
#
# `make test` calls it. What needs neither a model nor a browser goes first; both are made ready
# meanwhile, since one core is idle then. PYTEST_ARGS (options, no paths) goes to every pytest,
# after how many processes it has (tests/conftest.py says what shares one).
set -euo pipefail

cd "$(dirname "$0")/.."
bin=.venv/bin
read -ra pytest_args <<<"${PYTEST_ARGS-}"
export RASA_TELEMETRY_ENABLED=false TF_CPP_MIN_LOG_LEVEL=3
# Hundreds of processes are started here: what one of them has compiled the next ones take, also
# where Python is told to write nothing beside its modules.
unset PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX=$PWD/var/cache/bytecode
took=()
stage_name=

finish() {
    local code=$?
    for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
    if [ -n "$stage_name" ]; then took+=("$(printf '%-12s %5d s  FAILED' "$stage_name" $((SECONDS - began)))"); fi
    printf '\n== what each stage took\n'
    printf '%s\n' "${took[@]}"
    printf '%-12s %5d s\n' "in all" "$SECONDS"
    exit "$code"
}
children=()
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

stage() { # a name, a command
    stage_name=$1 began=$SECONDS
    shift
    echo "== $stage_name"
    "$@"
    took+=("$(printf '%-12s %5d s' "$stage_name" $((SECONDS - began)))")
    stage_name=
}

targets() { make --no-print-directory "$@"; }

# For two cores: what often waits, for a timer or a browser, has three processes; what has a whole
# running Tenin for each, two.
tests() { # how many processes, folders
    "$bin/pytest" -n "$1" --dist loadgroup "${pytest_args[@]}" "${@:2}"
}

setup() {
    rm -rf "$PYTHONPYCACHEPREFIX${TMPDIR:-/tmp}" # of the last run's own folders
    scripts/setup.sh test
    mkdir -p var/log
}

# What was begun in the background; its words are shown when it is waited for.
begin() { # a name, a command
    "${@:2}" >"var/log/test-$1.log" 2>&1 &
    children+=($!)
}

finished() { # a name, the child
    wait "$2" || { cat "var/log/test-$1.log" && return 1; }
    tail -n 3 "var/log/test-$1.log"
}

stage setup setup
begin model "$bin/tenin" train
model=$!
begin packages scripts/system_packages.sh
packages=$!
stage lint targets style
stage types "$bin/mypy"
stage check targets check-files
stage nlu "$bin/tenin" evaluate --without-base
stage packages finished packages "$packages"
stage unit tests 3 tests/unit
stage contract tests 2 tests/contract
stage model finished model "$model"
stage story targets stories
stage dialogue tests 2 tests/dialogues tests/faults
stage browser tests 3 tests/browser
