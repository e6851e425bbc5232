# The preload libraries: freestanding, never instrumented, the same file for glibc and musl.
# `make aarch64` builds them for 64-bit ARM with CROSS_CC.

CROSS_CC ?= aarch64-linux-gnu-gcc
MUSL_CC  ?= musl-gcc

RECLAIM_SRC := $(addprefix harness/preload/,recogniser.c raw.c files.c giveback.c stats_report.c stats.c wxreclaim.c)
RECORD_SRC := $(addprefix harness/preload/,recogniser.c raw.c files.c places.c this_process.c window.c scan.c journal.c recorder.c wxrecord.c) \
  harness/trace/encode.c harness/trace/chunk.c

PRELOAD_CFLAGS := -std=c17 -g -O2 -ftree-vectorize $(WARNINGS) -Iharness -ffreestanding -fno-builtin -fPIC \
  -fvisibility=hidden -fno-stack-protector -fno-asynchronous-unwind-tables \
  -ftls-model=initial-exec "-ffile-prefix-map=$(CURDIR)=."
# Atomics in line: the out-of-line ones of aarch64 live in libgcc.
preload_arch = $(if $(findstring aarch64,$(shell $(1) -dumpmachine 2>/dev/null)),-mno-outline-atomics) $(preload_loops)
# Loops stay loops, and are not made calls of memset(), which there is none of; clang needs no word for that.
preload_loops = $(if $(findstring clang,$(shell $(1) --version 2>/dev/null)),,-fno-tree-loop-distribute-patterns)
PRELOAD_LDFLAGS := -shared -nostdlib -nostartfiles -Wl,-z,now,-z,relro,-z,noexecstack -Wl,--hash-style=both \
  -Wl,--no-undefined -Wl,--unresolved-symbols=report-all

PRELOADS := libwxreclaim.so libwxrecord.so
all: $(addprefix $(B)/,$(PRELOADS))

$(B)/obj/preload/%.o: %.c Makefile harness/preload/build.mk
	@mkdir -p $(@D)
	@echo '  CC   $@'
	$(Q)$(CC) $(PRELOAD_CFLAGS) $(call preload_arch,$(CC)) -MMD -MP -c -o $@ $<
$(B)/obj/aarch64/%.o: %.c Makefile harness/preload/build.mk
	@mkdir -p $(@D)
	@echo '  CC   $@'
	$(Q)$(CROSS_CC) $(PRELOAD_CFLAGS) $(call preload_arch,$(CROSS_CC)) -MMD -MP -c -o $@ $<

link_preload = $(PRELOAD_LDFLAGS) -Wl,-soname,$(@F),--version-script=$(filter %.map,$^) -o $@ $(filter %.o,$^)
$(B)/%.so: harness/preload/build.mk
	@mkdir -p $(@D)
	@echo '  LD   $@'
	$(Q)$(if $(filter $(B)/aarch64/%,$@),$(CROSS_CC),$(CC)) $(link_preload)
$(B)/libwxreclaim.so: $(call objects,preload,$(RECLAIM_SRC)) harness/preload/wxreclaim.map
$(B)/libwxrecord.so: $(call objects,preload,$(RECORD_SRC)) harness/preload/wxrecord.map
$(B)/aarch64/libwxreclaim.so: $(call objects,aarch64,$(RECLAIM_SRC)) harness/preload/wxreclaim.map
$(B)/aarch64/libwxrecord.so: $(call objects,aarch64,$(RECORD_SRC)) harness/preload/wxrecord.map

.PHONY: aarch64
aarch64: $(addprefix $(B)/aarch64/,$(PRELOADS))

# A program that makes the runtime's calls, for each system the libraries must work on.
IMITATION := tests/fixtures/imitation.c
IMITATION_CFLAGS := -std=c17 -D_GNU_SOURCE -g -O1 $(WARNINGS) -pthread
$(B)/tests/imitation: $(IMITATION)
	@mkdir -p $(@D)
	$(Q)$(CC) $(IMITATION_CFLAGS) -o $@ $<
$(B)/tests/imitation-asan: $(IMITATION)
	@mkdir -p $(@D)
	$(Q)$(CC) $(IMITATION_CFLAGS) -fsanitize=address -o $@ $<
$(B)/tests/imitation-musl: $(IMITATION)
	@mkdir -p $(@D)
	$(Q)$(MUSL_CC) $(IMITATION_CFLAGS) -o $@ $<
$(B)/tests/imitation-aarch64: $(IMITATION)
	@mkdir -p $(@D)
	$(Q)$(CROSS_CC) $(IMITATION_CFLAGS) -o $@ $<

tests: $(B)/tests/imitation $(B)/tests/imitation-asan
tests: $(if $(shell command -v $(MUSL_CC)),$(B)/tests/imitation-musl)
tests: $(if $(shell command -v $(CROSS_CC)),$(B)/tests/imitation-aarch64 aarch64)

# These run in unit tests too, on system calls that the test defines.
$(B)/tests/unit/recogniser_test: $(call objects,asan,$(addprefix harness/preload/,recogniser.c files.c giveback.c))
$(B)/tests/unit/preload_stats_test: $(call objects,asan,$(addprefix harness/preload/,recogniser.c files.c giveback.c stats_report.c stats.c))
$(B)/tests/unit/window_test: $(call objects,asan,harness/preload/window.c)
$(B)/tests/unit/recorder_test: $(call objects,asan,$(addprefix harness/preload/,recogniser.c files.c places.c this_process.c window.c scan.c journal.c recorder.c))
