#include "scenario/runtime_switch.h"

#include <stdlib.h>

enum { FIRST_ON_BY_DEFAULT = 7 };

bool wx_runtime_switch_on(int major) {
  const char *text = getenv("DOTNET_EnableWriteXorExecute");
  if (!text)
    text = getenv("COMPlus_EnableWriteXorExecute");
  if (!text)
    return major >= FIRST_ON_BY_DEFAULT;
  char *end;
  const unsigned long value = strtoul(text, &end, 16);
  return end == text || *end ? major >= FIRST_ON_BY_DEFAULT : value != 0;
}
