#include "codegen/codegen.h"

#include <errno.h>
#include <string.h>

typedef uint64_t (*Function)(uint64_t a, uint64_t b);

const WxCodegenTarget *wx_codegen_host(void) {
#if defined(__x86_64__)
  return &wx_codegen_x86_64;
#elif defined(__aarch64__)
  return &wx_codegen_aarch64;
#else
  return NULL;
#endif
}

int wx_codegen_emit(void *destination, size_t size, uint64_t identity) {
  const WxCodegenTarget *host = wx_codegen_host();
  if (!host)
    return -ENOSYS;
  if (size < host->smallest || size % host->granularity != 0)
    return -EINVAL;
  host->emit(destination, size, identity);
  return 0;
}

void wx_codegen_flush(void *executable, size_t size) {
  __builtin___clear_cache((char *)executable, (char *)executable + size);
}

uint64_t wx_codegen_expected(size_t size, uint64_t identity, uint64_t a, uint64_t b) {
  const WxCodegenTarget *host = wx_codegen_host();
  return host ? host->expected(size, identity, a, b) : 0;
}

uint64_t wx_codegen_call(const void *executable, uint64_t a, uint64_t b) {
  Function function;
  memcpy(&function, &executable, sizeof function); // ISO C has no cast from data to function.
  return function(a, b);
}

int wx_codegen_check(const void *executable, size_t size, uint64_t identity) {
  const uint64_t a = identity * 3 + 1;
  const uint64_t b = identity ^ 0x5a5a;
  const uint64_t value = wx_codegen_call(executable, a, b);
  return value == wx_codegen_expected(size, identity, a, b) ? 0 : -EILSEQ;
}
