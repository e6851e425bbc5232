# `make install`, `make uninstall` (PREFIX, DESTDIR); the manual pages and completions, made from the tables of `--help`.

MANUAL := $(B)/manual
$(MANUAL)/made: $(B)/wxbench packaging/manual.awk packaging/completions.awk
	@mkdir -p $(MANUAL)
	@echo '  MAN  $(MANUAL)'
	$(Q)$< --describe >$(MANUAL)/description
	$(Q)awk -v folder=$(MANUAL) -v version=$(VERSION) -f packaging/manual.awk $(MANUAL)/description
	$(Q)for shell in bash zsh fish; do awk -v shell=$$shell -f packaging/completions.awk $(MANUAL)/description >$(MANUAL)/$$shell || exit; done
	@touch $@
.PHONY: manual
manual: $(MANUAL)/made
tests: manual

PREFIX ?= /usr/local
export PREFIX DESTDIR
.PHONY: install uninstall
install: all manual
	@packaging/install install
uninstall: manual
	@packaging/install uninstall
