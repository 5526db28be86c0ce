# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Completion of hugemem in bash. Commands and options are asked of the program itself, so that this is never behind.

# _hugemem_words SECTION COMMAND...: the first word, or every option, of the lines of a section of its help
_hugemem_words() {
	local section=$1
	shift
	"$@" --help 2>/dev/null | awk -v section="$section" '
		/^[A-Z][A-Za-z ]*:/ { inside = $0 ~ "^" section; next }
		inside && /^  [^ ]/ {
			if (section == "Subcommands") { print $1; next }
			n = split($1, names, ",")
			for (i = 1; i <= n; i++)
				if (names[i] ~ /^-/) print names[i]
		}'
}

_hugemem() {
	local program=$1 cur=$2 prev=$3 command='' i
	COMPREPLY=()
	# A broken program completes to nothing, silently
	[ "$(type -t "$program")" ] || return 0
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -* ]] || {
			command=${COMP_WORDS[i]}
			break
		}
	done
	if [[ -z $command ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_hugemem_words Subcommands "$program") --help --version" -- "$cur")
		return 0
	fi
	case $command:$prev in
	latency:-e | latency:--events)
		local before=''
		[[ $cur != *,* ]] || before=${cur%,*},
		mapfile -t COMPREPLY < <(compgen -P "$before" -W "$("$program" latency --dry-run 2>/dev/null |
			sed -n 's/^\([a-z_]*\): .*/\1/p')" -- "${cur##*,}")
		return 0
		;;
	latency:--attach)
		mapfile -t COMPREPLY < <(compgen -W 'fentry multi kprobe' -- "$cur")
		return 0
		;;
	verify:--expect)
		mapfile -t COMPREPLY < <(compgen -W 'told on off any' -- "$cur")
		return 0
		;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_hugemem_words Options "$program" "$command")" -- "$cur")
	elif [[ $command == diff || $prev == --textfile ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
	return 0
}

complete -F _hugemem hugemem
