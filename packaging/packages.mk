# What is handed out, in build/packages: Debian packages, a .NET tool, the sources. The same sources give the same bytes.

PACKED := $(B)/packages
.PHONY: deb
deb: static server manual $(MANUAL)/server/made
	@packaging/deb $(PACKED) $(MACHINES)
	@ls $(PACKED)/*.deb

.PHONY: nupkg
nupkg: static
	@packaging/nupkg $(PACKED) $(MACHINES)
	@ls $(PACKED)/*.nupkg

.PHONY: dist
dist:
	@packaging/dist $(PACKED)
