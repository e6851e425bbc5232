/**
   @file failing.h
   Memory that runs out: the n-th allocation of an operation fails, n raised until it succeeds.

   The allocator of these tests, and of every library in them, is replaced (failing.c). An operation
   is tried twice for each n: once with that allocation failing alone, once with all from it on.
*/
#ifndef TESTS_MEMORY_FAILING_H
#define TESTS_MEMORY_FAILING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Runs `attempt(context)`, which frees all it gets, with one allocation after another failing. It
/// returns -ENOMEM, or 0 where it could do without that memory; then what it did must be what it
/// does otherwise. Fails the test where anything else is returned, or a block is left. Returns how
/// many allocations were made to fail.
uint64_t memory_fail_each(int (*attempt)(void *context), void *context);

/// Runs `attempt(context)`, which returns 0, with all the memory that it wants. Returns the most
/// bytes that were allocated at once beyond those that were before.
uint64_t memory_most_bytes(int (*attempt)(void *context), void *context);

/// Inside an attempt: whether an allocation has failed since it began.
bool memory_has_failed(void);

/// Inside an attempt: what follows is not part of the operation, such as to check and free what it
/// made.
void memory_suffices(void);

#endif
