# `make install`, `make uninstall` (PREFIX, DESTDIR); the manual pages and completions, made from the tables of `--help`.

MANUAL := $(B)/manual
# manual_rule FOLDER PROGRAM
define manual_rule
$(1)/made: $(2) packaging/manual.awk packaging/completions.awk
	@mkdir -p $(1)
	@echo '  MAN  $(1)'
	$$(Q)$$< --describe >$(1)/description
	$$(Q)awk -v folder=$(1) -v version=$(VERSION) -f packaging/manual.awk $(1)/description
	$$(Q)for shell in bash zsh fish; do awk -v shell=$$$$shell -f packaging/completions.awk $(1)/description >$(1)/$$$$shell || exit; done
	@touch $$@
endef
$(eval $(call manual_rule,$(MANUAL),$(B)/wxbench))
# Of the program for servers.
$(eval $(call manual_rule,$(MANUAL)/server,$(B)/server/$(NATIVE)/wxbench))
.PHONY: manual
manual: $(MANUAL)/made
tests: manual

PREFIX ?= /usr/local
export PREFIX DESTDIR
.PHONY: install uninstall
install: all manual
	@packaging/install install
uninstall: $(if $(DESTDIR),manual)
	@packaging/install uninstall
