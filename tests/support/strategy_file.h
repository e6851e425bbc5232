/**
   @file strategy_file.h
   What a strategy's file holds, found without asking the strategy.
*/
#ifndef TESTS_SUPPORT_STRATEGY_FILE_H
#define TESTS_SUPPORT_STRATEGY_FILE_H

#include <stdint.h>

/// Bytes allocated in the one file of this process whose link contains "doublemapper"; 0 where
/// there is none.
uint64_t wx_test_allocated_bytes(void);

/// How many mappings of this process have all of `protection` ("rw", "wx", ...) and contain `name`
/// in their path ("" for any).
unsigned wx_test_mappings(const char *protection, const char *name);

#endif
