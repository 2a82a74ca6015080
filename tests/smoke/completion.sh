#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Completion and manual: every noun, verb and switch that gate511ctl's own help names is completed by
# bash, known to zsh, and in the manual.
set -euo pipefail
smoke_root=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
# shellcheck source=tests/smoke/lib/check.bash
. "$smoke_root/tests/smoke/lib/check.bash"
readonly scripts=$smoke_root/src/programs/ctl/completion
ctl=$(find "${GATE511_BUILD:-$smoke_root/build}" -type f -name gate511ctl -perm -u+x -print -quit)
[ -n "$ctl" ] || die 'no program gate511ctl: build first'
# shellcheck source=src/programs/ctl/completion/gate511ctl.bash
. "$scripts/gate511ctl.bash"

# completed WORD...: what bash offers for the last one.
completed() {
  COMP_WORDS=(gate511ctl "$@")
  COMP_CWORD=$#
  COMPREPLY=()
  _gate511ctl
  printf '%s\n' "${COMPREPLY[@]}" | sort
}

# subcommands [NOUN]: those of the help, one a line.
subcommands() { "$ctl" "$@" --help | sed '1,/^Subcommands:/d' | awk '/^  [a-z]/ { print $1 }' | sort; }

# switches [NOUN [VERB]]
switches() { "$ctl" "$@" --help | grep -oE -- '--[a-z-]+' | sort -u; }

step 'bash'
equal 'nouns' "$(completed '')" "$(subcommands)"
for noun in session client garden events config port; do
  equal "$noun" "$(completed "$noun" '')" "$(subcommands "$noun")"
  for verb in $(subcommands "$noun"); do
    missing=$(comm -13 <(completed "$noun" "$verb" --) <(switches "$noun" "$verb"))
    equal "$noun $verb: switches" "$missing" ''
  done
done
for verb in top import export explain; do
  equal "$verb: switches" "$(comm -13 <(completed "$verb" --) <(switches "$verb"))" ''
done
equal 'a beginning' "$(completed -s /tmp/x session re)" revoke
equal 'states' "$(completed session add --state b)" blocked
equal 'nothing for a tag' "$(completed session list --tag '')" ''
equal 'files' "$(cd "$scripts" && completed import gate5)" gate511ctl.bash

step 'zsh'
if command -v zsh >/dev/null; then
  check 'syntax' zsh -n "$scripts/_gate511ctl"
  check 'is taken up' zsh -fc "fpath=($scripts \$fpath); autoload -Uz compinit &&
    compinit -D -u && [[ \${_comps[gate511ctl]} = _gate511ctl ]]"
else
  step 'left out: there is no zsh'
fi
for noun in $(subcommands); do
  matches "zsh knows $noun" "$(<"$scripts/_gate511ctl")" "\b$noun\b"
  for verb in $(subcommands "$noun"); do
    matches "zsh knows $noun $verb" "$(<"$scripts/_gate511ctl")" "\b$noun .*\b$verb\b"
  done
done

step 'manual'
manual=$(MANPAGER="cat" man -l "$smoke_root/docs/man/gate511ctl.1" 2>/dev/null | col -b)
for noun in $(subcommands); do
  verbs=$(subcommands "$noun")
  for verb in ${verbs:-''}; do
    [ "$verb" != "''" ] || verb=
    name="$noun${verb:+ $verb}"
    matches "names $name" "$manual" "^ +$name( |\$)"
    # shellcheck disable=SC2086  # one word or none
    for switch in $(switches $noun $verb | grep -vE -- '--(help|json|socket|timeout)$'); do
      matches "names $name $switch" "$manual" "$switch"
    done
  done
done

[ "$checks_failed" -eq 0 ]
