# `make static`: the program as one file that needs no shared library, beside its preload libraries, in
# build/static/MACHINE, for this machine's kind and for 64-bit ARM (CROSS_CC). The same sources give the same bytes in
# any folder.

NATIVE   := $(shell uname -m 2>/dev/null)
MACHINES := $(sort $(NATIVE) $(if $(shell command -v $(CROSS_CC)),aarch64))
STATIC   := $(B)/static

# Libraries for a foreign kind come from Debian's packages of it (packaging/sysroot).
SYSROOT  := $(B)/sysroot/aarch64
static_foreign = $(filter-out $(NATIVE),$(1))
static_cc = $(if $(call static_foreign,$(1)),$(CROSS_CC),$(CC))
static_cflags = $(if $(call static_foreign,$(1)),-isystem $(SYSROOT)/usr/include -isystem $(SYSROOT)/usr/include/$(1)-linux-gnu,$(PKG_CFLAGS)) \
  $(CFLAGS) -O2 -fPIE -ffunction-sections -fdata-sections "-ffile-prefix-map=$(CURDIR)=."
static_ldflags = -static-pie -Wl,--gc-sections -Wl,--as-needed $(if $(call static_foreign,$(1)),-L$(SYSROOT)/usr/lib/$(1)-linux-gnu)
STATIC_SRC := $(sort $(LIB_SRC) $(CLI_SRC)) $(sort $(wildcard harness/static/*.c))

# static_rules MACHINE: objects, program, preload libraries.
define static_rules
$(B)/obj/static/$(1)/%.o: %.c Makefile VERSION packaging/static.mk scripts/versions $(if $(call static_foreign,$(1)),| $(SYSROOT)/complete)
	@mkdir -p $$(@D)
	@echo '  CC   $$@'
	$$(Q)$(call static_cc,$(1)) $$(CPPFLAGS) $$(call static_cflags,$(1)) -MMD -MP -c -o $$@ $$<
$(STATIC)/$(1)/wxbench: $(patsubst %.c,$(B)/obj/static/$(1)/%.o,$(STATIC_SRC))
	@mkdir -p $$(@D)
	@echo '  LD   $$@'
	$$(Q)$(call static_cc,$(1)) $$(call static_ldflags,$(1)) -s -o $$@ $$^ -lcyaml -lyaml -ljansson -lgsl -lgslcblas -lm -pthread
$(STATIC)/$(1)/libwx%.so: $(if $(call static_foreign,$(1)),$(B)/$(1)/libwx%.so,$(B)/libwx%.so)
	@mkdir -p $$(@D)
	$$(Q)$$$$($(call static_cc,$(1)) -print-prog-name=strip) --strip-unneeded -o $$@ $$<
.PHONY: static-$(1)
static-$(1): $(addprefix $(STATIC)/$(1)/,wxbench $(PRELOADS))
endef
$(foreach machine,$(MACHINES),$(eval $(call static_rules,$(machine))))

$(SYSROOT)/complete: packaging/sysroot
	@packaging/sysroot arm64 $(SYSROOT)

.PHONY: static
static: $(addprefix static-,$(MACHINES))

# For `make test`: that of a foreign kind only where its libraries can be had.
.PHONY: static-tests
static-tests: static-$(NATIVE)
	@$(foreach machine,$(filter-out $(NATIVE),$(MACHINES)),[ -e $(SYSROOT)/complete ] || packaging/sysroot arm64 $(SYSROOT) || exit 0; \
	  $(MAKE) static-$(machine))
