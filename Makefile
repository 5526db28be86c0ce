# SPDX-License-Identifier: GPL-2.0-only
# `make` or `make help` says what there is. Thin glue: what a target does lies in the program it calls.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.SUFFIXES:
MAKEFLAGS += --no-print-directory -rR
SHELL := /bin/sh
top := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))

##@ First
help: ## this text (the default)
	@awk -f tests/run-help.awk Makefile
demo: tools-quietly ## from nothing to one screen: stock and patched kernel side by side [KSRC BASE]
	@$(steps) tests/plans/demo.plan
test: tools-quietly ## all short tests; closes with "N passed, N failed, N skipped" [KSRC BASE]
	@$(steps) tests/plans/test.plan
test-full: tools-quietly ## test, and: boots of every prefix, whole defconfigs, long scenarios [KSRC BASE]
	@$(steps) tests/plans/test-full.plan
bench: tools-quietly ## the table of figures, stock and patched; also left in $CACHE/bench/ [KSRC BASE]
	@$(steps) tests/plans/bench.plan

##@ The series
check: ## grammar, names, series against files: seconds, needs no kernel [BASE]
	@tools/quilt/check
import: ## bring the base's tree, verified and normalised, into $CACHE/git [KSRC BASE]
	@tools/quilt/import
apply: ## the base with the series on it, as commits, in $CACHE/tree/BASE [KSRC BASE TOPIC DRY]
	@tools/quilt/apply
export: ## the commits of $CACHE/tree/BASE back into patches/ [BASE]
	@tools/quilt/export
refresh: ## rebase onto TO=v5.10.N, drop what stable took, print the range-diff [KSRC BASE TO]
	@tools/quilt/refresh
roundtrip: ## prove that export of apply gives the series, and quilt and git am one tree [KSRC BASE]
	@tools/quilt/roundtrip
lint: ## checkpatch, sparse, coccicheck, kernel-doc, shellcheck, clang-format, clang-tidy [KSRC BASE]
	@tools/steps/bootstrap all
	@tools/quilt/lint
bisect: ## every prefix of the series builds what it touches, feature on and off [KSRC BASE]
	@tools/quilt/bisect
mbox: ## the series as a mailbox that b4 reads [BASE]
	@tools/quilt/mbox

##@ Kernels and programs
kernel: ## build the patched kernel for the guest [BASE VARIANT]
	@tools/steps/bootstrap hm-vm
	@tests/run-kernel patched $(VARIANT)
shell: ## boot it and give a shell in the guest [BASE VARIANT]
	@tools/steps/bootstrap hm-vm hm-resize hugemem-static
	@tests/run-shell $(VARIANT)
hugemem: ## build the program build/bin/hugemem
	@tools/steps/bootstrap hugemem
install: hugemem ## hugemem, its man page, completion and units into DESTDIR/PREFIX [DESTDIR PREFIX]
	@cmake --install build --component hugemem --prefix '$(or $(PREFIX),/usr/local)'
deb: hugemem ## a Debian package of it, in build/deb/
	@cd build && cpack

##@ The machine
deps: ## install the Debian packages that all of this needs
	@tools/deps all
clean: ## remove build/
	rm -rf build
distclean: clean ## and what can be made again in $CACHE (downloads, builds, logs); your commits there stay
	@tests/run-distclean

targets := $(shell sed -n 's/^\([a-z-]*\):.*\#\# .*/\1/p' Makefile)
.PHONY: $(targets) tools-quietly
steps = build/bin/hm-steps

# What hm-steps itself needs; its plans do the rest.
tools-quietly:
	@tools/deps $(if $(filter test test-full,$(goals)),test,demo)
	@tools/steps/bootstrap hm-steps

.DEFAULT:
	@echo 'make: there is no target "$@"; "make help" lists those there are' >&2; exit 2

##@ Variables
## KSRC     your own kernel tree (a directory or a git tree), instead of a download; it is not changed
## BASE     row of the file bases, 5.10.y if not given
## CACHE    folder for downloads, trees and builds, ~/.cache/hugemem if not given
## TOPIC    with apply: these topic blocks and what they need, as in TOPIC="01 03"
## DRY      with apply: 1 changes nothing, lists by topic what would conflict in the tree KSRC
## TO       with refresh: the stable tag to go to, as in TO=v5.10.263
## VARIANT  with kernel and shell: one of tools/vm/config/VARIANT.config, tiny if not given
## JOBS     how many compilers at a time, as many as there are processors if not given
## V        1: show the logs of long steps as they grow
## DESTDIR, PREFIX  with install

# --- the variables of the command line: known, good, used by a target that was asked for ---
everywhere    := CACHE JOBS V
uses_demo     := KSRC BASE
uses_test     := KSRC BASE
uses_test-full := KSRC BASE
uses_bench    := KSRC BASE
uses_check    := BASE
uses_import   := KSRC BASE
uses_apply    := KSRC BASE TOPIC DRY
uses_export   := BASE
uses_refresh  := KSRC BASE TO
uses_roundtrip := KSRC BASE
uses_lint     := KSRC BASE
uses_bisect   := KSRC BASE
uses_mbox     := BASE
uses_kernel   := BASE VARIANT
uses_shell    := BASE VARIANT
uses_install  := DESTDIR PREFIX

variables := KSRC BASE CACHE TOPIC DRY TO VARIANT JOBS V DESTDIR PREFIX
goals     := $(or $(MAKECMDGOALS),help)
used      := $(sort $(everywhere) $(foreach goal,$(goals),$(uses_$(goal))))
given     := $(foreach v,$(.VARIABLES),$(if $(filter command,$(word 1,$(origin $(v)))),$(v)))
users_of   = $(strip $(foreach goal,$(targets),$(if $(filter $1,$(uses_$(goal))),$(goal))))

define wrong
$(error $1)
endef
# A wrong variable: its name and value, the cause, the way out.
comma := ,
unknown := $(filter-out $(variables),$(given))
ifneq ($(unknown),)
nearest := $(filter $(variables),$(shell echo $(unknown) | tr a-z A-Z))
$(call wrong,unknown variable $(foreach v,$(unknown),$(v)=$($(v)))$(comma) it would have no effect; $(if $(nearest),is $(nearest)= meant? )known: $(variables) (make help))
endif
unused := $(filter-out $(used),$(given))
ifneq ($(unused),)
v := $(firstword $(unused))
$(call wrong,$(v)=$($(v)) means nothing to "$(goals)"; it goes with: $(call users_of,$(v)))
endif
whole_series := $(filter demo test test-full bench export refresh roundtrip lint bisect mbox,$(goals))
ifneq ($(and $(filter TOPIC,$(given)),$(whole_series)),)
$(call wrong,TOPIC=$(TOPIC) contradicts "$(whole_series)"$(comma) which takes the whole series; give TOPIC= to "make apply" alone)
endif
ifneq ($(and $(filter refresh,$(goals)),$(filter-out refresh,$(goals))),)
$(call wrong,refresh rewrites the series that "$(filter-out refresh,$(goals))" works on; run "make refresh" alone)
endif
ifneq ($(filter refresh,$(goals)),)
ifeq ($(TO),)
$(call wrong,refresh does not know where to go; name the stable tag$(comma) as in: make refresh TO=v5.10.263)
endif
endif
empty := $(strip $(foreach v,$(filter-out DESTDIR,$(given)),$(if $(strip $($(v))),,$(v))))
ifneq ($(empty),)
$(call wrong,$(firstword $(empty))= is empty; give it a value or leave it out)
endif
ifneq ($(V),)
ifeq ($(filter 0 1,$(V)),)
$(call wrong,V=$(V) is neither 0 nor 1)
endif
endif
ifneq ($(JOBS),)
ifneq ($(shell expr '$(JOBS)' : '[1-9][0-9]*$$'),$(shell printf %s '$(JOBS)' | wc -c))
$(call wrong,JOBS=$(JOBS) is no number of processes above 0)
endif
endif
ifneq ($(filter DRY,$(given)),)
ifneq ($(DRY),1)
$(call wrong,DRY=$(DRY) is not 1; leave it out to apply in earnest)
endif
ifeq ($(KSRC),)
$(call wrong,DRY=1 does not know which tree to try; name it$(comma) as in: make apply DRY=1 KSRC=../linux)
endif
endif
bases := $(shell sed -n 's/^\([^\#[:space:]][^[:space:]]*\).*/\1/p' bases 2>/dev/null)
ifneq ($(and $(filter BASE,$(used)),$(BASE)),)
ifeq ($(filter $(BASE),$(bases)),)
$(call wrong,BASE=$(BASE) is no row of the file bases; there is: $(bases))
endif
endif
ifneq ($(and $(filter VARIANT,$(used)),$(VARIANT)),)
ifeq ($(wildcard tools/vm/config/$(VARIANT).config),)
$(call wrong,VARIANT=$(VARIANT): no tools/vm/config/$(VARIANT).config; there is: $(patsubst tools/vm/config/%.config,%,$(wildcard tools/vm/config/*.config)))
endif
endif
ifneq ($(and $(filter KSRC,$(used)),$(KSRC)),)
ifeq ($(wildcard $(KSRC)),)
$(call wrong,KSRC=$(KSRC): there is nothing; name a kernel source directory or git tree$(comma) or leave KSRC out to download the base)
endif
endif
CACHE := $(or $(CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/hugemem)
ifneq ($(words $(CACHE)),1)
$(call wrong,CACHE=$(CACHE): kernels do not build below a path with blanks; name another folder)
endif
override CACHE := $(abspath $(CACHE))
ifneq ($(filter $(top) $(top)/%,$(CACHE)),)
ifeq ($(filter $(top)/build/%,$(CACHE)),)
$(call wrong,CACHE=$(CACHE) lies among the tracked files; name a folder outside of $(top)$(comma) or below build/)
endif
endif
ifneq ($(KSRC),)
override KSRC := $(abspath $(KSRC))
endif

# What the commands see: the variables that the target uses, and none of what make or the environment
# would slip to a kernel's own make.
export CACHE
$(foreach v,$(filter-out CACHE,$(variables)),$(eval $(if $(and $(filter $(v),$(used)),$($(v))),export,unexport) $(v)))
export BASE ?= $(firstword $(bases))
export JOBS ?= $(shell nproc)
unexport MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL ARCH CROSS_COMPILE KBUILD_OUTPUT KCFLAGS LLVM
