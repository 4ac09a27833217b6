#!/usr/bin/env bash
# Install what tests need besides Python: a browser, Chinese and Japanese fonts, PostgreSQL, faketime.
#
# Installs nothing that is there already. Where it has no rights (root, or sudo without a password)
# or no apt-get, it names loudly what is missing; the tests that need it then skip themselves, or
# fail with TENIN_REQUIRE_ALL=1.
set -euo pipefail

cd "$(dirname "$0")/.."
log=var/log/system_packages.log
cluster_settings=/etc/postgresql-common/createcluster.conf
updated=

has_browser() { command -v chromium || command -v chromium-browser; }

has_fonts() {
    [ -n "$(find /usr/share/fonts /usr/local/share/fonts "${HOME:-}/.local/share/fonts" \
        \( -iname '*NotoSans*CJK*' -o -iname '*NotoSans*SC*' -o -iname '*SourceHanSans*' \) \
        -print -quit 2>/dev/null)" ]
}

has_postgresql() { command -v postgres || compgen -G '/usr/lib/postgresql/*/bin/postgres'; }

has_faketime() { command -v faketime; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
    command -v apt-get && { [ "$(id -u)" = 0 ] || sudo -n true; }
}

apt_install() {
    if [ -z "$updated" ]; then
        as_root apt-get -qq -o DPkg::Lock::Timeout=120 update >>"$log" 2>&1 || true
        updated=yes
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        -o DPkg::Lock::Timeout=120 install "$@" >>"$log" 2>&1
}

# Debian's server package makes and starts a cluster of its own, which nobody here wants: tests
# start theirs. The setting that prevents it is put back afterwards. Only a machine without any
# server comes here, so no cluster that somebody uses is touched.
install_postgresql() {
    apt_install postgresql-common || return 1
    as_root cp -p "$cluster_settings" "$cluster_settings.before-tenin"
    trap 'as_root mv -f "$cluster_settings.before-tenin" "$cluster_settings"' EXIT
    echo 'create_main_cluster = false' | as_root tee -a "$cluster_settings" >/dev/null
    local result=0
    apt_install postgresql || result=1
    as_root mv -f "$cluster_settings.before-tenin" "$cluster_settings"
    trap - EXIT
    return "$result"
}

provide() { # a check, the package, what is skipped without it, the command that installs it
    local check=$1 package=$2 skipped=$3
    shift 3
    if "$check" >/dev/null 2>&1; then return; fi
    if may_install >/dev/null 2>&1; then
        echo "setup      installing $package" >&2
        if "$@" && "$check" >/dev/null 2>&1; then return; fi
        echo "MISSING    $package could not be installed (see $log): $skipped" >&2
    else
        echo "MISSING    $package, and no right to install it: $skipped;" \
            "to have them, run \`apt-get install $package\` as root" >&2
    fi
}

mkdir -p var/log
provide has_browser chromium "the tests in tests/browser are skipped" apt_install chromium
provide has_fonts fonts-noto-cjk "pictures of pages have boxes for Chinese" apt_install fonts-noto-cjk
provide has_postgresql postgresql "the tests on PostgreSQL are skipped" install_postgresql
provide has_faketime faketime "the test of a clock set back is skipped" apt_install faketime
