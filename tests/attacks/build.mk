# Attack programs: docs/reclaim.md names the tests that run them. They link nothing of the harness.
ATTACKS      := false_memfd late_holder victim strike stopper launcher rights many_memfds signal_thread
ATTACK_PARTS := $(filter-out $(ATTACKS:%=tests/attacks/%.c),$(wildcard tests/attacks/*.c))

$(B)/plain/libattack.a: $(call objects,plain,$(ATTACK_PARTS))
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)ar qcs $@ $^
$(B)/tests/attacks/%: $(B)/obj/plain/tests/attacks/%.o $(B)/plain/libattack.a
	@mkdir -p $(@D)
	@echo '  LD   $@'
	$(Q)$(CC) $(PLAIN) -o $@ $^ -pthread

.PHONY: attacks
attacks: $(ATTACKS:%=$(B)/tests/attacks/%)
tests: attacks
