// Quantities: any text is read or refused, and what was read means the same when written out.
#include "stats/units.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int (*Reader)(const char *text, uint64_t *value, const char **problem);

static int read_seconds(const char *text, uint64_t *value, const char **problem) {
  return wx_units_duration(text, 1000000000, value, problem);
}

static void require(int holds) {
  if (!holds)
    abort();
}

// A value survives being written as digits; a refusal has a reason and touches nothing.
static void check(Reader reader, Reader plain, const char *text) {
  uint64_t value = 77, again = 78;
  const char *problem = NULL;
  if (reader(text, &value, &problem) != 0) {
    require(problem != NULL && value == 77);
    return;
  }
  require(strspn(text, "0123456789abcdefABCDEFxXKMGTiBnusmi.") == strlen(text));
  char digits[32];
  snprintf(digits, sizeof digits, "%" PRIu64, value);
  require(plain(digits, &again, NULL) == 0 && again == value);
}

static void format(const char *text) {
  WxFigure figure = 0;
  memcpy(&figure, text, strnlen(text, sizeof figure));
  char out[WX_UNITS_TEXT];
  require(strlen(wx_units_format_bytes(out, figure)) < sizeof out);
  require(strlen(wx_units_format_ns(out, figure)) < sizeof out);
  require(strlen(wx_units_format_count(out, figure)) < sizeof out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  if (!text)
    return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  check(wx_units_count, wx_units_count, text);
  check(wx_units_bytes, wx_units_count, text);
  check(read_seconds, wx_units_count, text);
  double number;
  wx_units_number(text, &number, NULL);
  wx_units_percent(text, &number, NULL);
  format(text);
  free(text);
  return 0;
}
