# Fuzz targets: tests/fuzz/NAME_fuzz.c defines LLVMFuzzerTestOneInput(); its corpus is tests/fuzz/corpus/NAME/.
# `make fuzz` runs each for FUZZ_SECONDS; inputs found on the way are kept in build/fuzz/found/NAME/.

FUZZ_SECONDS ?= 600
FUZZ_CC      := clang
FUZZ_FLAGS   := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_TARGETS := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/fuzz/*_fuzz.c))

# Warnings are gcc's business: clang's set differs.
$(B)/obj/fuzz/%.o: %.c Makefile tests/fuzz/build.mk
	@mkdir -p $(@D)
	@echo '  CC   $@'
	$(Q)$(FUZZ_CC) $(CPPFLAGS) -Itests $(PKG_CFLAGS) -std=c17 -g -w $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

# Nothing that is fuzzed lies in the verbs or in reclaim.
$(B)/fuzz/libwx.a: $(call objects,fuzz,$(filter-out harness/cli/% harness/reclaim/%,$(LIB_SRC)))

$(B)/tests/fuzz/%: $(B)/obj/fuzz/tests/fuzz/%.o $(B)/fuzz/libwx.a
	@mkdir -p $(@D)
	@echo '  LD   $@'
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(PKG_LIBS) -pthread

.PHONY: fuzz-targets
fuzz-targets: $(FUZZ_TARGETS)

# Without clang the test says SKIP.
ifneq ($(shell command -v $(FUZZ_CC)),)
tests: fuzz-targets
endif

.PHONY: fuzz
fuzz:
	@scripts/bootstrap build test
	@$(MAKE) --no-print-directory -j$$(nproc) fuzz-targets
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(FUZZ_TARGETS)
