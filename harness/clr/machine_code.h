/**
   @file machine_code.h
   Code of any size for the simulated JIT: as much of it as a generated function can take is one,
   the rest is filled with traps.
*/
#ifndef WX_CLR_MACHINE_CODE_H
#define WX_CLR_MACHINE_CODE_H

#include <stddef.h>
#include <stdint.h>

/// Fills `destination` with code that depends on `identity`.
void wx_clr_machine_code_emit(void *destination, size_t size, uint64_t identity);

/// Checks that `executable` holds that code, then calls it and checks the result. Returns 0 or
/// -EILSEQ; bytes that are not the expected ones are never called.
int wx_clr_machine_code_check(const void *executable, size_t size, uint64_t identity);

#endif
