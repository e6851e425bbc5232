// The end of a verb: everything that was asked for is written, or one line says what was not.
#include "cli/options.h"
#include "cli/say.h"
#include "cli/terminal.h"
#include "output/context.h"
#include "output/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_RENDERED = 1000 };

static void add_context(const WxOptions *options, WxDocument *document, WxFigure seed) {
  if (json_object_size(document->context) > 0)
    return;
  json_t *context = wx_context_json(options->command, options->started, seed);
  if (!context || json_object_update(document->context, context) != 0)
    document->lost = true;
  json_decref(context);
}

typedef struct {
  const WxFormat *format;
  const WxDocument *document;
} Written;

static int put(int fd, void *context) {
  const Written *written = context;
  return wx_format_write(written->format, written->document, fd);
}

// Renders completely before the first byte is written.
static int write_rendered(const WxFormat *format, const WxDocument *document, const char *path) {
  char *text;
  size_t length;
  int error = wx_format_render(format, document, &text, &length);
  if (error)
    return error;
  error = path ? wx_file_write(path, text, length) : wx_file_write_all(STDOUT_FILENO, text, length);
  free(text);
  return error;
}

// Results that are made as they are written may be too many for that.
static int write_made(const WxFormat *format, const WxDocument *document, const char *path) {
  Written written = {format, document};
  return path ? wx_file_write_by(path, put, &written) : put(STDOUT_FILENO, &written);
}

// `path` NULL is stdout.
static int write_as(const WxOptions *options, const WxFormat *format, const WxDocument *document,
                    const char *path) {
  const int error = document->made.count > MOST_RENDERED ? write_made(format, document, path)
                                                         : write_rendered(format, document, path);
  if (error == -ENOMEM)
    return wx_cli_fail(options->verb, "cannot write the result as %s: %s", format->name,
                       strerror(-error));
  if (error)
    return wx_cli_fail(options->verb, "cannot write '%s': %s", path ? path : "stdout",
                       strerror(-error));
  return 0;
}

static int write_all(const WxOptions *options, const WxDocument *document) {
  const WxFormat *json = wx_format_find("json");
  const bool json_on_stdout = options->json && strcmp(options->json, "-") == 0;
  if (json_on_stdout)
    return write_as(options, json, document, NULL);
  const int status = options->json ? write_as(options, json, document, options->json) : 0;
  return status || !options->format ? status : write_as(options, options->format, document, NULL);
}

int wx_cli_finish(WxOptions *options, WxDocument *document, WxFigure seed, int status) {
  add_context(options, document, seed);
  document->width = wx_cli_columns(STDOUT_FILENO);
  const int failed = write_all(options, document);
  wx_document_free(document);
  wx_options_free(options);
  return failed ? failed : status;
}
