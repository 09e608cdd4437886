#!/usr/bin/env bash
# The programs the tests use beside Python: a Redis server, Chromium, poppler's pdftoppm and Ghostscript.
# Silent when all are there. Installs the missing ones with apt-get where that needs no password; elsewhere
# says what to install and goes on, for the tests skip what is missing. Only under CI is a missing tool an error.
set -euo pipefail

has() { command -v "$1" >/dev/null 2>&1; }

has_chromium() {
    has chromium || has chromium-browser || has google-chrome || has google-chrome-stable ||
        [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] ||
        [ -x "/Applications/Chromium.app/Contents/MacOS/Chromium" ]
}

missing() {
    has redis-server || echo redis-server
    has_chromium || echo chromium
    has pdftoppm || echo pdftoppm
    has gs || echo gs
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_apt() {
    has apt-get && { [ "$(id -u)" = 0 ] || { has sudo && sudo -n true 2>/dev/null; }; }
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends "$@" >&2
}

apt_chromium() {
    # Ubuntu knows it by another name.
    if apt-cache show chromium >/dev/null 2>&1; then apt_install chromium; else apt_install chromium-browser; fi
}

# Debian starts a service as it installs it. The tests start their own Redis, so this one is held back by
# policy-rc.d (101: action forbidden), then kept from starting at the next boot.
POLICY=/usr/sbin/policy-rc.d

apt_redis() {
    if [ ! -e "$POLICY" ]; then
        trap 'as_root rm -f "$POLICY"' EXIT # also when interrupted: left behind, it would hold back every service
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" >/dev/null
        as_root chmod 755 "$POLICY"
    fi
    apt_install redis-server || true
    if has systemctl; then as_root systemctl disable --now redis-server >/dev/null 2>&1 || true; fi
}

install_with_apt() {
    echo "Installing for the tests: $(missing | paste -s -d ' ' -)" >&2
    as_root apt-get update -qq >&2 || true
    has redis-server || apt_redis
    has_chromium || apt_chromium || true
    has pdftoppm || apt_install poppler-utils || true
    has gs || apt_install ghostscript || true
    hash -r
}

advice() {
    if has brew; then
        echo "brew install redis poppler ghostscript && brew install --cask google-chrome"
    elif has dnf; then
        echo "sudo dnf install redis chromium poppler-utils ghostscript"
    elif has pacman; then
        echo "sudo pacman -S redis chromium poppler ghostscript"
    elif has apt-get; then
        echo "sudo apt-get install --no-install-recommends redis-server chromium poppler-utils ghostscript"
    else
        echo "install redis-server, Chromium or Chrome, poppler (pdftoppm) and Ghostscript (gs) so that they are on the PATH"
    fi
}

[ -n "$(missing)" ] || exit 0
if may_apt; then install_with_apt; fi

left=$(missing | paste -s -d ' ' -)
[ -n "$left" ] || exit 0
echo "Missing: $left; the tests that need them will skip. To run them too:" >&2
echo "  $(advice)" >&2
[ -z "${CI:-}" ]
