#include "output/format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const WxFormat formats[] = {
    {"table", "aligned columns for people", wx_format_table},
    {"json", "the whole document, as --json -", wx_format_json},
    {"csv", "one row per sample or per result, digits only", wx_format_csv},
    {"markdown", "tables for a README or a CI summary", wx_format_markdown},
    {"junit", "expectations as JUnit test cases", wx_format_junit},
    {"gab", "github-action-benchmark, customSmallerIsBetter", wx_format_gab},
};

const WxFormat *wx_format_at(size_t index) {
  return index < sizeof formats / sizeof *formats ? &formats[index] : NULL;
}

const WxFormat *wx_format_find(const char *name) {
  for (size_t i = 0; i < sizeof formats / sizeof *formats; ++i) {
    if (strcmp(formats[i].name, name) == 0)
      return &formats[i];
  }
  return NULL;
}

int wx_format_render(const WxFormat *format, const WxDocument *document, char **text,
                     size_t *length) {
  if (document->lost)
    return -ENOMEM;
  char *buffer = NULL;
  FILE *stream = open_memstream(&buffer, length);
  if (!stream)
    return -errno;
  int error = format->write(document, stream);
  if (!error && ferror(stream))
    error = -ENOMEM;
  if (fclose(stream) != 0 && !error)
    error = -ENOMEM;
  if (error) {
    free(buffer);
    return error;
  }
  *text = buffer;
  return 0;
}
