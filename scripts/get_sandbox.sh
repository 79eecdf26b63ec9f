#!/usr/bin/env bash
# Get bubblewrap on Debian and Ubuntu, for root or for a user whose sudo asks no password, and try it.
# Ends with 0 where encoders can be isolated, else with one line that says what is missing.
set -euo pipefail

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

fail() {
    echo "get_sandbox: $1" >&2
    exit 1
}

if ! command -v bwrap > /dev/null; then
    command -v apt-get > /dev/null || fail "there is no apt-get here; install bubblewrap 0.8 or newer"
    as_root apt-get update --quiet --quiet || fail "apt-get update failed; install bubblewrap 0.8 or newer"
    as_root apt-get install --quiet --quiet --yes bubblewrap || fail "bubblewrap cannot be installed from here"
fi

# Ubuntu 24.04 gives user namespaces only to programs with an AppArmor profile that says so.
profile=/etc/apparmor.d/bwrap
if ! bwrap --unshare-all --ro-bind / / true 2> /dev/null && [ -d /etc/apparmor.d ] && [ ! -e "$profile" ]; then
    printf 'abi <abi/4.0>,\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\n  userns,\n}\n' |
        as_root tee "$profile" > /dev/null
    as_root apparmor_parser --replace "$profile"
fi
bwrap --unshare-all --ro-bind / / true || fail "this kernel or container gives bubblewrap no namespaces"

# Limits on processes do not hold for root; a cgroup does, where one can be made.
if [ "$(id -u)" = 0 ]; then
    made=
    for parent in /sys/fs/cgroup/pids /sys/fs/cgroup; do
        # A name of its own: other containers may share these folders and try the same at this moment.
        if made="$(mktemp -d "$parent/probe-of-cramboard-XXXXXXXX" 2> /dev/null)"; then rmdir "$made"; break; fi
    done
    [ -n "$made" ] || fail "no cgroup can be made here, and nothing else limits root; run as an ordinary user"
fi
