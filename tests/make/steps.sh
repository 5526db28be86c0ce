#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# build/bin/hm-steps as the Makefile calls it: closing line, exit codes, logs; and all plans are well formed.
cd "$(dirname "$0")/../.." || exit 3
# shellcheck source=tests/run-tap.sh
. tests/run-tap.sh

box=$(mktemp -d) || exit 3
export CACHE="$box/cache"
unset V HM_STEPS_LIMIT HM_STEPS_STRETCH
steps() { try build/bin/hm-steps "$@"; }

# a_plan: stdin is the plan
a_plan() { cat >"$box/a.plan"; }
# closing: the closing lines on stdout alone
closing() { build/bin/hm-steps "$@" 2>/dev/null </dev/null | grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$'; }

plan 18
# shellcheck disable=SC2064
trap "rm -rf '$box'; tap_end" EXIT

a_plan <<-EOT
	step a
	title A
	budget 1
	run echo 1..3; echo ok 1 x; echo ok 2 y '# SKIP z'; echo ok 3 v
	run echo 7 passed, 0 failed, 0 skipped
EOT
steps "$box/a.plan"
exits 0 "all passed"
[ "$(closing "$box/a.plan")" = "2 passed, 0 failed, 1 skipped" ]
result $? "one closing line, alone on its line"
[ "$(build/bin/hm-steps "$box/a.plan" 2>/dev/null | tail -n 1)" = "2 passed, 0 failed, 1 skipped" ]
result $? "which is the last"
[ -s "$(find "$CACHE/log" -name a.log | head -n 1)" ]
result $? "logs lie in CACHE/log"

a_plan <<-EOT
	step a
	title A
	budget 1
	run echo boom; exit 1
	step b
	title B
	needs a
	budget 1
	run true
EOT
steps "$box/a.plan"
exits 1 "a failure"
says "boom" "shows the end of the log"
says "not run: b" "names what was not run"
[ "$(closing "$box/a.plan")" = "0 passed, 2 failed, 0 skipped" ]
result $? "counts it as failed"
steps "$box/a.plan" --only b --without-needs
exits 0 "--only runs one step"

printf 'step a\ntitle A\nbudget 1\nrun exit 3\n' | a_plan
steps "$box/a.plan"
exits 3 "something missing on this machine"

printf 'step a\ntitle A\nbudget 1\nruns true\n' | a_plan
steps "$box/a.plan"
exits 2 "bad plan"
says "a.plan:4: unknown key" "names the line"
steps "$box/a.plan" --nonsense
exits 2 "bad option"

# shellcheck disable=SC2016 # the parent of the step's shell is its keeper, whose parent is hm-steps
printf 'step a\ntitle A\nbudget 1\nrun cut -d " " -f 4 /proc/$PPID/stat >%s; sleep 60\nstep b\ntitle B\nbudget 1\nrun true\n' "$box/pid" | a_plan
(
	while [ -d "$box" ] && [ ! -s "$box/pid" ]; do sleep 0.1; done # without a program nobody writes it
	kill -INT "$(cat "$box/pid")"
) &
try timeout 30 build/bin/hm-steps "$box/a.plan"
exits 130 "SIGINT"
says "not run: b" "names what was not run"
says "0 passed, 2 failed, 0 skipped" "still closes with the counts"

bad=
for file in tests/plans/*.plan; do
	case $file in */part-*) continue ;; esac
	build/bin/hm-steps "$file" --list >/dev/null 2>&1 || bad="$bad $file"
done
result "$([ -z "$bad" ]; echo $?)" "every plan is well formed${bad:+; not:$bad}"

# the first word of every line of a plan and of the Makefile that is a path of ours must be there
bad=
commands=$(sed -n 's/^ *run  *\([a-z.][a-z.]*\/[^ ]*\).*/\1/p' tests/plans/*.plan
	sed -n 's/^	@\(t[a-z]*\/[^ ]*\).*/\1/p' Makefile)
for command in $(printf '%s\n' "$commands" | sort -u); do
	case $command in build/bin/*) continue ;; esac
	[ -x "$command" ] || bad="$bad $command"
done
result "$([ -z "$bad" ]; echo $?)" "every command of the plans and the Makefile is there${bad:+; not:$bad}"
