#include "reclaim/reason.h"

#include <stdarg.h>
#include <stdio.h>

int wx_reason(WxReason *reason, int error, const char *format, ...) {
  if (!reason)
    return error;
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(reason->text, sizeof reason->text, format, arguments);
  va_end(arguments);
  return error;
}
