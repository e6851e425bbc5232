# wxbench: `make bench` shows the result, `make test` checks everything; `make help` lists the rest.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := /bin/bash
# Whatever order, decimal point and letters the user's language has; what $(shell) runs does not see it before make 4.4.
export LC_ALL := C
Q := $(if $(V),,@)
B := build
NATIVE := $(shell uname -m 2>/dev/null)

VERSION  := $(strip $(file <VERSION))
CC       ?= gcc
ifeq ($(origin CC),default)
CC       := gcc
endif
PACKAGES := yaml-0.1 jansson gsl

# What the build needs and is not there; nothing else is asked before that is known.
LACKING := $(shell for tool in $(firstword $(CC)) pkg-config; do command -v $$tool >/dev/null || echo $$tool; done; \
  ! command -v pkg-config >/dev/null || for package in $(PACKAGES); do pkg-config --exists $$package || echo $$package; done)
ifeq ($(strip $(LACKING)),)
PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) | sed 's/-I/-isystem /g')
# Linked into the program where the archive is there: loading them all takes a third of a short run.
STATIC_LIBS := $(foreach l,yaml jansson gsl gslcblas,$(if $(findstring /,$(shell $(CC) -print-file-name=lib$(l).a)),$(l)))
PKG_LIBS   := $(foreach l,$(shell pkg-config --libs $(PACKAGES)),$(if $(filter $(l:-l%=%),$(STATIC_LIBS)),-l:lib$(l:-l%=%).a,$(l)))
CHECK_LIBS := $(shell pkg-config --libs check 2>/dev/null)
else ifeq ($(filter test bench clean help dist uninstall,$(MAKECMDGOALS)),)
$(error not installed: $(strip $(LACKING)); `make bench` and `make test` install what is missing, or type: scripts/bootstrap build)
endif

ifneq ($(filter-out help clean,$(or $(MAKECMDGOALS),all)),)
ifeq ($(shell mkdir -p $(B) 2>/dev/null; test -w $(B) && echo yes),)
$(error cannot write $(B), where all that is built goes (this is $(CURDIR)))
endif
endif

WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
# The .NET runtimes that scripts/runtimes lays out, newest first.
RUNTIMES := $(strip $(shell sed -n 's/^runtime //p' scripts/versions))
# Every strategy that a file in harness/strategy/ defines.
STRATEGIES := $(if $(wildcard harness/strategy/*.c),$(shell LC_ALL=C sed -n \
  's/^const WxStrategy wx_strategy_\([a-z0-9_]*\) = {$$/STRATEGY(\1)/p' $(sort $(wildcard harness/strategy/*.c))))
CPPFLAGS := -D_GNU_SOURCE -DWX_VERSION='"$(VERSION)"' -DWX_RUNTIMES='"$(RUNTIMES)"' \
  -D'WX_STRATEGIES(STRATEGY)=$(subst $() ,,$(STRATEGIES))' -Iharness
CFLAGS   := -std=c17 -g $(WARNINGS)
# Fit for a program without shared libraries too (packaging/static.mk); the same bytes in any folder.
OPTIMISED := -O2 -fPIE -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables "-ffile-prefix-map=$(CURDIR)=."
PLAIN    := $(OPTIMISED) -fno-plt
ASAN     := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
TSAN     := -O1 -fsanitize=thread -fno-omit-frame-pointer

# The library is everything but the main program and the preload libraries, which are never instrumented.
MODULES  := os stats codegen strategy clr scenario measure attribution bench session probe reclaim trace output
LIB_SRC  := $(foreach m,$(MODULES),$(wildcard harness/$(m)/*.c)) $(filter-out harness/cli/main.c,$(wildcard harness/cli/*.c))
CLI_SRC  := $(wildcard harness/cli/*.c)
SUP_SRC  := $(wildcard tests/support/*.c)
UNIT_SRC   := $(wildcard tests/unit/*_test.c)
PLAIN_SRC  := $(wildcard tests/plain/*_test.c)
THREAD_SRC := $(wildcard tests/thread/*_test.c)
MEMORY_SRC := $(wildcard tests/memory/*_test.c)
SHELL_TESTS := $(wildcard tests/plain/*_test.sh)

objects = $(patsubst %.c,$(B)/obj/$(1)/%.o,$(2))

UNIT_TESTS   := $(patsubst tests/%.c,$(B)/tests/%,$(UNIT_SRC))
PLAIN_TESTS  := $(patsubst tests/%.c,$(B)/tests/%,$(PLAIN_SRC))
THREAD_TESTS := $(patsubst tests/%.c,$(B)/tests/%,$(THREAD_SRC))
MEMORY_TESTS := $(patsubst tests/%.c,$(B)/tests/%,$(MEMORY_SRC))

# A peer that is an archive of C++: where it is installed, it is loaded from the program's folder.
CXX ?= g++
PEERS := $(if $(and $(wildcard /usr/include/asmjit/core.h),$(shell command -v $(firstword $(CXX)))),$(B)/libwxasmjit.so)

.PHONY: all
all: $(B)/wxbench $(PEERS)

-include $(wildcard harness/preload/build.mk)

$(B)/obj/plain/%.o: %.c Makefile VERSION scripts/versions
	@mkdir -p $(@D)
	@echo '  CC   $@'
	$(Q)$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) $(PLAIN) -MMD -MP -c -o $@ $<
$(B)/obj/asan/%.o: %.c Makefile VERSION scripts/versions
	@mkdir -p $(@D)
	@echo '  CC   $@'
	$(Q)$(CC) $(CPPFLAGS) -Itests $(PKG_CFLAGS) $(CFLAGS) $(ASAN) -MMD -MP -c -o $@ $<
$(B)/obj/tsan/%.o: %.c Makefile VERSION scripts/versions
	@mkdir -p $(@D)
	@echo '  CC   $@'
	$(Q)$(CC) $(CPPFLAGS) -Itests $(PKG_CFLAGS) $(CFLAGS) $(TSAN) -MMD -MP -c -o $@ $<
$(B)/obj/plain/tests/%.o: CPPFLAGS += -Itests
# The registry is compiled again where a strategy comes or goes.
$(patsubst %,$(B)/obj/%/harness/strategy/strategy.o,plain asan tsan fuzz static/aarch64): harness/strategy $(wildcard harness/strategy/*.c)

$(B)/%.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)ar qcs $@ $^
$(B)/plain/libwx.a: $(call objects,plain,$(LIB_SRC))
$(B)/asan/libwx.a: $(call objects,asan,$(LIB_SRC))
# Helpers of tests, of which each gets what it uses.
$(B)/plain/libsupport.a: $(call objects,plain,$(SUP_SRC))
$(B)/asan/libsupport.a: $(call objects,asan,$(SUP_SRC))
# Only what the tests with threads need: instrumenting all would take as long as the rest of the build.
$(B)/tsan/libwx.a: $(call objects,tsan,$(foreach m,os stats codegen strategy measure attribution,$(wildcard harness/$(m)/*.c)))

$(B)/wxbench: $(call objects,plain,$(CLI_SRC)) $(B)/plain/libwx.a
	@echo '  LD   $@'
	$(Q)$(CC) $(PLAIN) -o $@ $^ $(PKG_LIBS) -pthread

$(B)/libwxasmjit.so: harness/bench/asmjit.cc
	@echo '  LD   $@'
	$(Q)$(CXX) -std=c++17 -O2 -shared -fPIC -o $@ $< -l:libasmjit.a -lrt -pthread

$(B)/tests/unit/%: $(B)/obj/asan/tests/unit/%.o $(B)/asan/libsupport.a $(B)/asan/libwx.a
	@mkdir -p $(@D)
	@echo '  LD   $@'
	$(Q)$(CC) $(ASAN) -o $@ $^ $(PKG_LIBS) $(CHECK_LIBS) -pthread
# With an allocator of their own, which fails. It runs before the sanitizer is ready, so without it.
$(B)/tests/memory/%: $(B)/obj/asan/tests/memory/%.o $(B)/obj/plain/tests/memory/failing.o $(B)/asan/libsupport.a $(B)/asan/libwx.a
	@mkdir -p $(@D)
	@echo '  LD   $@'
	$(Q)$(CC) $(ASAN) -o $@ $^ $(PKG_LIBS) $(CHECK_LIBS) -pthread
$(B)/tests/plain/%: $(B)/obj/plain/tests/plain/%.o $(B)/plain/libsupport.a $(B)/plain/libwx.a
	@mkdir -p $(@D)
	@echo '  LD   $@'
	$(Q)$(CC) $(PLAIN) -o $@ $^ $(PKG_LIBS) $(CHECK_LIBS) -pthread
# Other helpers need modules that are not in this library.
THREAD_SUP := $(addprefix tests/support/,suite.c inject.c double_map.c bystander.c holder.c pkeys.c)
$(B)/tests/thread/%: $(B)/obj/tsan/tests/thread/%.o $(call objects,tsan,$(THREAD_SUP)) $(B)/tsan/libwx.a
	@mkdir -p $(@D)
	@echo '  LD   $@'
	$(Q)$(CC) $(TSAN) -o $@ $^ $(PKG_LIBS) $(CHECK_LIBS) -pthread

.SECONDARY:

# Processes to be reclaimed from, and not to be, for shell tests, and what tests run under.
$(B)/tests/subject $(B)/tests/impostor $(B)/tests/guard $(B)/tests/hoard $(B)/tests/restrict $(B)/tests/dying $(B)/tests/corerun: $(B)/tests/%: $(B)/obj/plain/tests/fixtures/%.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(PLAIN) -o $@ $^ -pthread
tests: $(B)/tests/subject $(B)/tests/impostor $(B)/tests/guard $(B)/tests/hoard $(B)/tests/restrict $(B)/tests/dying $(B)/tests/corerun

.PHONY: tests
tests: all $(UNIT_TESTS) $(PLAIN_TESTS) $(THREAD_TESTS) $(MEMORY_TESTS)

# Real runtimes and the program that they run; what cannot be had is said, once, and its tests skip.
.PHONY: dotnet
dotnet:
	@scripts/sdk || export WXBENCH_SDK_SAID=1; scripts/runtimes >/dev/null || true; scripts/build-workloads || true; \
	! command -v qemu-aarch64 >/dev/null || scripts/runtimes --rid linux-arm64 $(firstword $(RUNTIMES)) >/dev/null || true; \
	! command -v musl-gcc >/dev/null || scripts/runtimes --rid linux-musl-x64 $(firstword $(RUNTIMES)) >/dev/null || true

# The whole matrix of the emulated 64-bit ARM; `make test` has a short cut of it.
.PHONY: test-arm64
test-arm64:
	@scripts/bootstrap build test
	@$(MAKE) --no-print-directory -j$$(nproc) tests dotnet
	@scripts/runtimes --rid linux-arm64 >/dev/null || true
	@WXBENCH_ARM64_ALL=1 WXBENCH_TEST_TIMEOUT=1800 tests/run tests/plain/arm64_test.sh

# The longest first, so that none is alone at the end.
LONG_TESTS := $(wildcard tests/plain/fuzz_test.sh tests/plain/preload_test.sh tests/plain/reclaim_runtime_test.sh \
  tests/plain/single_file_test.sh tests/plain/proof_test.sh tests/plain/limit_test.sh) $(filter %/reclaim_soak_test,$(PLAIN_TESTS))

# One at a time, after all others.
ALONE_TESTS := $(wildcard tests/plain/reclaim_limit_test.sh tests/plain/oom_kill_test.sh)
TOGETHER := $(filter-out $(LONG_TESTS) $(ALONE_TESTS),$(sort $(SHELL_TESTS) $(PLAIN_TESTS) $(UNIT_TESTS) $(THREAD_TESTS) $(MEMORY_TESTS)))

.PHONY: test
test:
	@scripts/bootstrap build test
	@$(MAKE) --no-print-directory -j$$(nproc) tests dotnet static-tests
	@tests/run $(LONG_TESTS) $(TOGETHER) --alone $(ALONE_TESTS)

.PHONY: bench
bench:
	@scripts/bootstrap build bench
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@scripts/bench

.PHONY: clean
clean:
	rm -rf $(B)

.PHONY: help
help:
	@echo 'make         build build/wxbench and the preload libraries'
	@echo 'make bench   install what is missing, run the main comparison, print the table, draw the plots'
	@echo 'make test    install what is missing, run every test'
	@echo 'make test-arm64  the real runtime for 64-bit ARM, emulated: five workloads in every mode'
	@echo 'make golden  write the expected documents of tests/golden anew, after an output was changed on purpose'
	@echo 'make mutate  plant faults in copies of the tree; each must be found by a test'
	@echo 'make lint    clang-format, clang-tidy, cppcheck and shellcheck'
	@echo 'make fuzz    fuzz every parser (FUZZ_SECONDS=600 each)'
	@echo 'make soak    allocation under both ways of reclaiming (SOAK_SECONDS=3600 each)'
	@echo 'make soak-safety  pauses, signals, kills and crashes of what is reclaimed from (SOAK_PAUSES=10000,'
	@echo '             SOAK_STRIKES=1000, SOAK_CRASHES=200); needs root'
	@echo 'make soak-dying  processes that die during an audit (SOAK_DYING=500 for each kind of audit)'
	@echo 'make soak-compare  the same program compared with itself in other settings (SOAK_COMPARISONS=300)'
	@echo 'make soak-power    how often compare finds a strategy that got slower or keeps a page (SOAK_POWER=20)'
	@echo 'make soak-collector  what retained memory does to the collector in a memory group (SOAK_ROUNDS=5)'
	@echo 'make static  build/static/MACHINE: programs without a shared library, for x86-64 and 64-bit ARM'
	@echo 'make server  build/server/MACHINE: audit, explain, reclaim and record only; needs the C library only'
	@echo 'make install, make uninstall  with PREFIX=/usr/local and DESTDIR='
	@echo 'make deb     Debian packages, in build/packages'
	@echo 'make nupkg   a .NET tool: dotnet tool install wxbench --source build/packages'
	@echo 'make dist    the sources as one file, in build/packages'
	@echo 'make clean   remove build/'

-include $(wildcard tests/fuzz/build.mk)
-include $(wildcard tests/attacks/build.mk)
-include $(wildcard packaging/*.mk)

.PHONY: golden
golden: $(B)/tests/unit/golden_test
	@WXBENCH_GOLDEN=write $< && git --no-pager diff --stat -- tests/golden

.PHONY: mutate
mutate: tests
	@CC='$(CC)' tests/mutate/run $(FAULTS)

SOAK_SECONDS ?= 3600
.PHONY: soak
soak: all $(B)/tests/plain/reclaim_soak_test
	@WXBENCH_SOAK_SECONDS=$(SOAK_SECONDS) WXBENCH_TEST_TIMEOUT=$$(($(SOAK_SECONDS) * 3)) tests/run $(B)/tests/plain/reclaim_soak_test

.PHONY: soak-safety
soak-safety: all attacks dotnet
	@tests/soak/safety.sh

SOAK_DYING ?= 500
.PHONY: soak-dying
soak-dying: all $(B)/tests/dying dotnet
	@WXBENCH_DYING=$(SOAK_DYING) WXBENCH_DYING_MIB=2048 WXBENCH_TEST_TIMEOUT=$$(($(SOAK_DYING) * 60)) tests/run tests/plain/dying_test.sh

.PHONY: soak-compare soak-power soak-collector
soak-collector: dotnet
soak-compare soak-power soak-collector: all
	@tests/soak/$(@:soak-%=%).sh

.PHONY: lint
lint:
	@scripts/lint

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
