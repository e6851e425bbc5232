/**
   @file codegen.h
   Real machine code that is written, run and checked: proof that an executable view shows what was
   written to it, and that no neighbour was disturbed.

   A generated function computes `wx_codegen_expected(identity, size, a, b)`: every instruction of
   its body takes part in the value, so one lost or stale byte gives a wrong result (or a fault).
*/
#ifndef WX_CODEGEN_CODEGEN_H
#define WX_CODEGEN_CODEGEN_H

#include <stddef.h>
#include <stdint.h>

/// A machine that code can be emitted for. Emitting works on any host; only the host's own code can
/// be called.
typedef struct {
  const char *name;   ///< "x86-64", "aarch64".
  size_t smallest;    ///< Bytes of the smallest function.
  size_t granularity; ///< Sizes are multiples of this many bytes.
  void (*emit)(void *destination, size_t size, uint64_t identity);
  uint64_t (*expected)(size_t size, uint64_t identity, uint64_t a, uint64_t b);
} WxCodegenTarget;

extern const WxCodegenTarget wx_codegen_x86_64;
extern const WxCodegenTarget wx_codegen_aarch64;

/// The target of this host, NULL where there is none (then nothing can be generated).
const WxCodegenTarget *wx_codegen_host(void);

/// Writes a function of exactly `size` bytes for this host. -EINVAL where `size` is smaller than
/// the smallest function or not a multiple of the granularity; -ENOSYS on another architecture.
int wx_codegen_emit(void *destination, size_t size, uint64_t identity);

/// Makes code written through another view visible to instruction fetch at `executable`.
void wx_codegen_flush(void *executable, size_t size);

/// What the function returns for `a` and `b`.
uint64_t wx_codegen_expected(size_t size, uint64_t identity, uint64_t a, uint64_t b);

/// Calls the function at `executable`.
uint64_t wx_codegen_call(const void *executable, uint64_t a, uint64_t b);

/// Calls the function with arguments made from `identity` and checks the value. Returns 0, or
/// -EILSEQ for a wrong one.
int wx_codegen_check(const void *executable, size_t size, uint64_t identity);

#endif
