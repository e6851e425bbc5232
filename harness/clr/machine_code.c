#include "clr/machine_code.h"

#include "codegen/codegen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TRAP = 0xcc, ON_STACK = 4096 };

// Bytes of the function at the front of `size` bytes, 0 where there is room for none.
static size_t function_size(size_t size) {
  const WxCodegenTarget *host = wx_codegen_host();
  if (!host || size < host->smallest)
    return 0;
  return size - size % host->granularity;
}

void wx_clr_machine_code_emit(void *destination, size_t size, uint64_t identity) {
  const size_t function = function_size(size);
  memset((unsigned char *)destination + function, TRAP, size - function);
  if (function)
    (void)wx_codegen_emit(destination, function, identity);
}

static int check_against(void *expected, const void *executable, size_t size, uint64_t identity) {
  wx_clr_machine_code_emit(expected, size, identity);
  if (memcmp(expected, executable, size) != 0)
    return -EILSEQ;
  const size_t function = function_size(size);
  return function ? wx_codegen_check(executable, function, identity) : 0;
}

int wx_clr_machine_code_check(const void *executable, size_t size, uint64_t identity) {
  unsigned char small[ON_STACK];
  if (size <= sizeof small)
    return check_against(small, executable, size, identity);
  void *large = malloc(size);
  if (!large)
    return -ENOMEM;
  const int result = check_against(large, executable, size, identity);
  free(large);
  return result;
}
