#!/usr/bin/env bash
# Print the first Python on the PATH that is new enough (PYTHON=... names one). A version manager may leave commands that
# only complain, so each candidate has to run.
set -euo pipefail

fits() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
    if fits "$candidate"; then
        echo "$candidate"
        exit 0
    fi
done

found=$(python3 --version 2>/dev/null || echo "no python3")
{
    echo "fmtools needs Python 3.11 or newer, with its venv module; found: $found."
    echo "Install one (Debian, Ubuntu: apt install python3 python3-venv), or name it: make PYTHON=/path/to/python3.12"
} >&2
exit 1
