# What is handed out: Debian packages, ... in build/packages. The same sources give the same bytes.

PACKED := $(B)/packages
.PHONY: deb
deb: static manual
	@packaging/deb $(PACKED) $(MACHINES)
	@ls $(PACKED)/*.deb
