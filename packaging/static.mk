# `make static`: the program as one file that needs no shared library, beside its preload libraries, in
# build/static/MACHINE, for this machine's kind and for 64-bit ARM (CROSS_CC). The same sources give the same bytes in
# any folder.

MACHINES := $(sort $(NATIVE) $(if $(shell command -v $(CROSS_CC)),aarch64))
STATIC   := $(B)/static

# Libraries for a foreign kind come from Debian's packages of it (packaging/sysroot).
SYSROOT  := $(B)/sysroot/aarch64
static_foreign = $(filter-out $(NATIVE),$(1))
static_cc = $(if $(call static_foreign,$(1)),$(CROSS_CC),$(CC))
static_cflags = $(if $(call static_foreign,$(1)),-isystem $(SYSROOT)/usr/include -isystem $(SYSROOT)/usr/include/$(1)-linux-gnu,$(PKG_CFLAGS)) \
  $(CFLAGS) $(OPTIMISED)
# This machine's own are those of the ordinary program.
static_objects = $(patsubst %.c,$(B)/obj/$(if $(call static_foreign,$(1)),static/$(1),plain)/%.o,$(2))
static_ldflags = -static-pie -Wl,--gc-sections -Wl,--as-needed $(if $(call static_foreign,$(1)),-L$(SYSROOT)/usr/lib/$(1)-linux-gnu)
# What of harness/os/ does not go together with that has another form in harness/static/.
STATIC_OWN := $(sort $(wildcard harness/static/*.c))
STATIC_SRC := $(filter-out $(addprefix harness/os/,$(notdir $(STATIC_OWN))),$(sort $(LIB_SRC) $(CLI_SRC))) $(STATIC_OWN)

SERVER     := $(B)/server
SERVER_SRC := $(filter-out harness/cli/main.c harness/cli/verbs.c,$(sort $(LIB_SRC) $(CLI_SRC)))

# static_object MACHINE,NAME,SOURCE,FLAGS: a rule that compiles.
define static_object
$(B)/obj/static/$(1)/$(2).o: $(3).c Makefile VERSION packaging/static.mk scripts/versions $(if $(call static_foreign,$(1)),| $(SYSROOT)/complete)
	@mkdir -p $$(@D)
	@echo '  CC   $$@'
	$$(Q)$(call static_cc,$(1)) $$(CPPFLAGS) $(4) $$(call static_cflags,$(1)) -MMD -MP -c -o $$@ $$<
endef
$(foreach machine,$(call static_foreign,$(MACHINES)),$(eval $(call static_object,$(machine),%,%)))
$(foreach machine,$(MACHINES),$(eval $(call static_object,$(machine),server/verbs,harness/cli/verbs,-DWX_SERVER)))

# static_rules MACHINE: programs, preload libraries.
define static_rules
$(STATIC)/$(1)/wxbench: $(call static_objects,$(1),$(STATIC_SRC))
	@mkdir -p $$(@D)
	@echo '  LD   $$@'
	$$(Q)$(call static_cc,$(1)) $$(call static_ldflags,$(1)) -s -o $$@ $$^ -lyaml -ljansson -lgsl -lgslcblas -lm -pthread
$(STATIC)/$(1)/libwx%.so: $(if $(call static_foreign,$(1)),$(B)/$(1)/libwx%.so,$(B)/libwx%.so)
	@mkdir -p $$(@D)
	$$(Q)$$$$($(call static_cc,$(1)) -print-prog-name=strip) --strip-unneeded -o $$@ $$<
# For servers: the verbs that are used beside a running process; of shared libraries it needs the C library only.
$(B)/obj/static/$(1)/server/libwx.a: $(call static_objects,$(1),$(SERVER_SRC))
$(SERVER)/$(1)/wxbench: $(call static_objects,$(1),harness/cli/main.c) $(B)/obj/static/$(1)/server/verbs.o $(B)/obj/static/$(1)/server/libwx.a
	@mkdir -p $$(@D)
	@echo '  LD   $$@'
	$$(Q)$(call static_cc,$(1)) -pie -Wl,--gc-sections -Wl,--as-needed $(if $(call static_foreign,$(1)),-L$(SYSROOT)/usr/lib/$(1)-linux-gnu) -s -o $$@ $$^ -l:libjansson.a -lm -pthread
$(SERVER)/$(1)/libwx%.so: $(STATIC)/$(1)/libwx%.so
	@mkdir -p $$(@D)
	@cp $$< $$@
.PHONY: static-$(1) server-$(1)
server-$(1): $(addprefix $(SERVER)/$(1)/,wxbench $(PRELOADS))
static-$(1): $(addprefix $(STATIC)/$(1)/,wxbench $(PRELOADS))
endef
$(foreach machine,$(MACHINES),$(eval $(call static_rules,$(machine))))

$(SYSROOT)/complete: packaging/sysroot
	@packaging/sysroot arm64 $(SYSROOT)

.PHONY: static server
static: $(addprefix static-,$(MACHINES))
server: $(addprefix server-,$(MACHINES))
static server:
	@$(if $(filter aarch64,$(MACHINES)),:,echo 'nothing for 64-bit ARM: no $(CROSS_CC) here (Debian: gcc-aarch64-linux-gnu libc6-dev-arm64-cross)' >&2)

# For `make test`: that of a foreign kind only where its libraries can be had.
.PHONY: static-tests
static-tests: static-$(NATIVE) server-$(NATIVE) $(MANUAL)/server/made
	@$(foreach machine,$(filter-out $(NATIVE),$(MACHINES)),[ -e $(SYSROOT)/complete ] || packaging/sysroot arm64 $(SYSROOT) || exit 0; \
	  $(MAKE) static-$(machine) server-$(machine))
