# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Completion of gate511ctl for bash. MACs, tags and port names are not asked for: the daemon is not
# spoken to while someone types.

# What may follow the words so far, as a noun and a verb.
_gate511ctl_words() {
  case $1 in
    '') echo 'session client garden events config port hello version stats health shutdown top' \
      'explain records forget import export reload capture' ;;
    session) echo 'add get list revoke extend move' ;;
    client) echo 'list get' ;;
    garden) echo 'add remove list' ;;
    events) echo 'follow acknowledge' ;;
    config) echo 'check reload' ;;
    port) echo 'list' ;;
  esac
}

_gate511ctl_options() {
  case $1 in
    'session add') echo '--ttl --until --idle --rate-up --rate-down --quota --class --bind-ip' \
      '--state --tag --user --only-new --vlan --link' ;;
    'session get') echo '--vlan --link' ;;
    'session list') echo '--state --tag --user --vlan --link' ;;
    'session revoke') echo '--tag --user --all --yes --vlan --link' ;;
    'session extend') echo '--ttl --until --add --vlan --link' ;;
    'session move') echo '--to-mac --to-vlan --to-link --vlan --link' ;;
    'client list') echo '--state --vlan --link' ;;
    'client get') echo '--vlan --link' ;;
    'explain') echo '--vlan --link --request' ;;
    'records') echo '--ip --mac --user --session --at --since --until' ;;
    'events follow') echo '--types --since --consumer --ack --count' ;;
    'events acknowledge') echo '--consumer --forget' ;;
    'top') echo '--interval --once' ;;
    'capture') echo '--seconds --out --snap --max-bytes' ;;
    'import') echo '--strict' ;;
    'export') echo '--subject' ;;
    '') echo '--version' ;;
  esac
  echo '--json --socket --timeout --help'
}

_gate511ctl() {
  local word=${COMP_WORDS[COMP_CWORD]} before='' at path=''
  [ "$COMP_CWORD" -eq 0 ] || before=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  case $before in
    --state)
      mapfile -t COMPREPLY < <(compgen -W 'authenticated restricted blocked' -- "$word")
      return
      ;;
    -s | --socket | --out)
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
    -t | --timeout | --ttl | --until | --idle | --add | --rate-up | --rate-down | --quota | \
      --class | --bind-ip | --tag | --user | --vlan | --link | --to-mac | --to-vlan | --to-link | \
      --types | --since | --at | --ip | --mac | --session | --subject | --consumer | --count | --seconds | \
      --snap | --max-bytes | -i | --interval) return ;;
  esac
  # The noun and the verb are the first words that are neither switches nor values of them.
  for ((at = 1; at < COMP_CWORD; at++)); do
    case ${COMP_WORDS[at]} in
      -s | --socket | -t | --timeout) ((at++)) ;;
      -*) ;;
      *)
        [ -n "$(_gate511ctl_words "$path")" ] || break
        path=${path:+$path }${COMP_WORDS[at]}
        ;;
    esac
  done
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_gate511ctl_options "$path")" -- "$word")
  elif [ -n "$(_gate511ctl_words "$path")" ]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_gate511ctl_words "$path")" -- "$word")
  else
    case $path in
      'config check' | import | export) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    esac
  fi
}

complete -o filenames -F _gate511ctl gate511ctl
