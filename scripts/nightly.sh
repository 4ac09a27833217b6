#!/usr/bin/env bash
# What is too long for CI: hours of random faults. `make nightly` calls it.
#
# The numbers may be set otherwise in the environment.
set -euo pipefail

cd "$(dirname "$0")/.."
bin=.venv/bin
export RASA_TELEMETRY_ENABLED=false TF_CPP_MIN_LOG_LEVEL=3
export TENIN_STATE_EXAMPLES=${TENIN_STATE_EXAMPLES:-50000}  # histories of the conversation room
export TENIN_FAULT_KILLS=${TENIN_FAULT_KILLS:-500}          # of the worker alone
export TENIN_FAULT_BOT_KILLS=${TENIN_FAULT_BOT_KILLS:-200}  # of the bot in the whole system
export TENIN_FAULT_LOCKED_SECONDS=30 TENIN_HYPOTHESIS=wide TENIN_NIGHTLY=1

scripts/setup.sh test
scripts/system_packages.sh
"$bin/tenin" train
# Each in a process of its own: the histories keep one core busy for hours, the rest the other.
"$bin/pytest" -n 0 tests/unit/conversation/test_state_machine.py &
histories=$!
trap 'kill "$histories" 2>/dev/null || true' EXIT
"$bin/pytest" -n 0 tests/faults
wait "$histories"
