#!/usr/bin/env bash
# in: gate long
# proves: the code keeps the style and the walls between targets; the scripts are sound

. "$(dirname "$0")/checks.sh"

need_packages git shellcheck gcc libc6-dev libssl-dev
need_swift

# Who may import which C module (SwiftPM lets everyone import a transitive one).
declare -A OWNER=(
    [COpenSSL]=Sources/Crypto [CLinux]=Sources/Node/Reactor [CZlib]=Sources/Node/Wire
    [CPQ]=Sources/PGStore [CHiredis]=Sources/RedisBridge [CTLS]=Sources/Node/Outbound
)

tracked() { git ls-files --cached --others --exclude-standard -- "$@"; }

lint_swift() { swift format lint --strict -r Package.swift Sources Tests loadtest; }

only_the_owner_imports() { # MODULE
    finds_nothing git grep --untracked -nE "import +$1\b" -- '*.swift' ":!${OWNER[$1]}/"
}

every_module_has_an_owner() {
    local header module
    for header in $(tracked 'Sources/*/include/*' | sed -n 's|/include/.*||p' | sort -u); do
        module=$(basename "$header")
        [[ -n ${OWNER[$module]:-} ]] || { say "$module in $header: add its owner to this suite" && return 1; }
    done
}

no_long_files() {
    local files
    mapfile -t files < <(tracked '*.swift' '*.c' '*.sh' '*.js' '*.py')
    finds_nothing awk 'FNR == 501 { print FILENAME ": over 500 lines; split it by subject" }' "${files[@]}"
}

scripts() {
    tracked '*.sh'
    # Scripts without an ending say in their first line what they are.
    tracked 'deploy/*' '.ci/*' | while read -r file; do
        if [[ $file != *.sh ]] && head -n 1 "$file" | grep -q '^#!.*bash'; then echo "$file"; fi
    done
}

lint_scripts() { scripts | xargs shellcheck -x -P SCRIPTDIR; }

scripts_are_executable() {
    local file
    for file in $(scripts); do
        head -n 1 "$file" | grep -q '^#!' || continue
        [[ -x $file ]] || { say "$file is not executable" && return 1; }
    done
}

lint_c() { # the bench's programs; those of the targets are compiled by their own build
    local file
    for file in $(tracked 'Tests/Bench/*.c'); do cc -O2 -Wall -Wextra -Werror -fsyntax-only "$file"; done
}

check "swift format finds nothing" lint_swift
for module in "${!OWNER[@]}"; do check "only ${OWNER[$module]} imports $module" only_the_owner_imports "$module"; done
check "every C module has an owner" every_module_has_an_owner
check "Foundation stays out of the sources" \
    finds_nothing git grep --untracked -nE 'import +Foundation\b' -- 'Sources/*.swift' 'loadtest/*.swift'
check "unchecked promises stay in Shared and Reactor" \
    finds_nothing git grep --untracked -nE '@unchecked Sendable|nonisolated\(unsafe\)' -- \
    'Sources/*.swift' 'loadtest/*.swift' ':!Sources/Shared/' ':!Sources/Node/Reactor/'
check "no work is left open without an issue number" \
    finds_nothing git grep --untracked -nIP '\b(TODO|FIXME|XXX|HACK)\b(?!.*#\d)' -- Sources Tests loadtest
check "no file is over 500 lines" no_long_files
check "shellcheck finds nothing" lint_scripts
check "every script can be run" scripts_are_executable
check "the C programs compile without a warning" lint_c
score
