#!/usr/bin/env bash
# Get Debian's Chromium as root. Ends with 0 where the site can be clicked through, else with one line that says why not.
set -euo pipefail

if [ ! -x /usr/bin/chromium ]; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
        echo "get_browser: install Debian's chromium, or name a Chromium in CRAMBOARD_CHROMIUM" >&2
        exit 1
    fi
    apt-get update --quiet --quiet
    apt-get install --quiet --quiet --yes --no-install-recommends chromium > /dev/null
fi
/usr/bin/chromium --version
