// audit --bundle: what to attach to an issue, with paths and environment values redacted.
#include "attribution/redact.h"
#include "os/text.h"
#include "output/audit_document.h"
#include "output/context.h"
#include "output/format.h"
#include "output/json.h"
#include "output/output_file.h"
#include "output/shown.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct {
  const WxBundleOrder *order;
  const WxAudit *audit;
  WxProblem *problem;
  WxRedactor redactor;
  WxText text;
} Bundle;

static int report(const Bundle *bundle, const char *name, int error) {
  return wx_file_problem(bundle->order->folder, name, error, bundle->problem);
}

static int write_part(const Bundle *bundle, const char *name, const char *text, size_t length) {
  return wx_file_write_in(bundle->order->folder, name, text, length, bundle->problem);
}

// A line of a file of another process as it may be shown; its tabs are the file's own.
static char *shown_line(const char *line, size_t length) {
  char *text = NULL;
  size_t size;
  FILE *stream = open_memstream(&text, &size);
  if (!stream)
    return NULL;
  for (size_t at = 0; at < length;) {
    char shown[WX_SHOWN];
    const bool tab = line[at] == '\t';
    at += wx_shown_next(line + at, length - at, shown);
    fputs(tab ? "\t" : shown, stream);
  }
  const bool lost = ferror(stream);
  if (fclose(stream) == 0 && !lost)
    return text;
  free(text);
  return NULL;
}

// Line by line (or variable by variable) through `edit`; a file that cannot be read says why.
static int copy_edited(Bundle *bundle, const char *source, const char *name, char separator,
                       int (*edit)(WxRedactor *, const char *, size_t, FILE *)) {
  WxText out = {0};
  FILE *stream = wx_text_stream(&out);
  if (!stream)
    return report(bundle, name, -ENOMEM);
  int error = wx_text_read(&bundle->text, source);
  if (error && error != -ENOMEM)
    fprintf(stream, "cannot be read: %s\n", strerror(-error));
  error = error == -ENOMEM ? error : 0;
  const char *at = bundle->text.data, *end = at ? at + bundle->text.length : NULL;
  while (!error && at < end) {
    const char *stop = memchr(at, separator, (size_t)(end - at));
    const size_t length = (size_t)((stop ? stop : end) - at);
    char *line = shown_line(at, length);
    error = line ? edit(bundle->order->unredacted ? NULL : &bundle->redactor, line, strlen(line),
                        stream)
                 : -ENOMEM;
    free(line);
    at += length + 1;
  }
  const int lost = wx_text_stream_end(stream, &out);
  error = lost ? lost : error;
  const int status =
      error ? report(bundle, name, error) : write_part(bundle, name, out.data, out.length);
  wx_text_free(&out);
  return status;
}

static int write_process_files(Bundle *bundle) {
  static const struct {
    const char *name;
    char separator;
    int (*edit)(WxRedactor *, const char *, size_t, FILE *);
  } files[] = {
      {"maps", '\n', wx_redact_maps_line},
      {"smaps", '\n', wx_redact_maps_line},
      {"status", '\n', wx_redact_status_line},
      {"environ", '\0', wx_redact_variable},
  };
  int status = 0;
  for (size_t i = 0; !status && i < sizeof files / sizeof *files; ++i) {
    char path[WX_PROCESS_PATH_SIZE];
    wx_process_path(path, bundle->audit->pid, files[i].name);
    status = copy_edited(bundle, path, files[i].name, files[i].separator, files[i].edit);
  }
  return status;
}

static int write_group_files(Bundle *bundle) {
  static const char *const names[] = {
      "memory.stat",   "memory.current",        "memory.max",
      "memory.events", "memory.usage_in_bytes", "memory.limit_in_bytes"};
  int status = 0;
  for (size_t i = 0; !status && bundle->audit->group.version && i < sizeof names / sizeof *names;
       ++i) {
    char path[PATH_MAX * 2], name[64];
    snprintf(path, sizeof path, "%s/%s", bundle->audit->group.directory, names[i]);
    struct stat there;
    if (stat(path, &there))
      continue;
    snprintf(name, sizeof name, "cgroup-%s", names[i]);
    status = copy_edited(bundle, path, name, '\n', wx_redact_plain_line);
  }
  return status;
}

static void put_extents(FILE *stream, const char *name, const WxExtents *extents) {
  for (size_t i = 0; i < extents->count; ++i)
    fprintf(stream, "%s %" PRIx64 "-%" PRIx64 "\n", name, extents->items[i].start,
            extents->items[i].end);
}

static int write_extents(const Bundle *bundle) {
  const WxTruth *truth = &bundle->audit->truth;
  WxText out = {0};
  FILE *stream = wx_text_stream(&out);
  if (!stream)
    return report(bundle, "extents", -ENOMEM);
  for (size_t i = 0; truth->files && i < truth->memfds.count; ++i) {
    fprintf(stream, "inode %" PRIu64 "\n", truth->memfds.items[i].id.inode);
    put_extents(stream, "allocated", &truth->files[i].allocated);
    put_extents(stream, "mapped", &truth->files[i].mapped);
    put_extents(stream, "orphaned", &truth->files[i].orphaned);
  }
  const int lost = wx_text_stream_end(stream, &out);
  const int status =
      lost ? report(bundle, "extents", lost) : write_part(bundle, "extents", out.data, out.length);
  wx_text_free(&out);
  return status;
}

// A path alone is a value of its own; sentences name only the runtime's file.
static int redact_member(WxRedactor *redactor, json_t *object, const char *key, json_t *value) {
  char path[PATH_MAX];
  const char *text = json_string_value(value);
  if (text[0] == '/') {
    wx_redact_path(redactor, text, path, sizeof path);
    return wx_json_set(object, key, wx_json_text(path));
  }
  if (strcmp(key, "module") == 0) {
    wx_redact_path(redactor, wx_json_get_text(object, "path"), path, sizeof path);
    wx_module_name(path, path, sizeof path);
    return wx_json_set(object, key, wx_json_text(path));
  }
  if (strcmp(key, "command") == 0 && !wx_redact_keeps_program(text))
    return wx_json_set(object, key, json_string("redacted"));
  const bool assembly = strcmp(key, "name") == 0 && !wx_redact_keeps_assembly(text);
  return assembly ? wx_json_set(object, key, json_string("redacted")) : 0;
}

static int redact_value(WxRedactor *redactor, json_t *value) {
  const char *key;
  json_t *inner;
  int error = 0;
  for (size_t i = 0; !error && i < json_array_size(value); ++i)
    error = redact_value(redactor, json_array_get(value, i));
  json_object_foreach(value, key, inner) {
    if (!error)
      error = json_is_string(inner) ? redact_member(redactor, value, key, inner)
                                    : redact_value(redactor, inner);
  }
  return error;
}

int wx_audit_redact_document(WxRedactor *redactor, json_t *root) {
  const int error = wx_json_set(json_object_get(root, "context"), "command",
                                json_string("wxbench audit PID --bundle DIR"));
  return error ? error : redact_value(redactor, json_object_get(root, "results"));
}

static int write_json(Bundle *bundle, WxDocument *document) {
  json_t *context = wx_context_json(bundle->order->command, bundle->order->started, WX_UNKNOWN);
  if (!json_object_size(document->context) && context)
    json_object_update(document->context, context);
  json_decref(context);
  json_t *whole = wx_document_json(document);
  json_t *root = json_deep_copy(whole);
  json_decref(whole);
  const bool fit =
      root && (bundle->order->unredacted || !wx_audit_redact_document(&bundle->redactor, root));
  WxText text = {0};
  FILE *stream = fit ? wx_text_stream(&text) : NULL;
  int error = stream ? wx_json_write(root, stream) : -ENOMEM;
  const int lost = stream ? wx_text_stream_end(stream, &text) : 0;
  error = lost ? lost : error;
  json_decref(root);
  const int status = error ? report(bundle, "audit.json", error)
                           : write_part(bundle, "audit.json", text.data, text.length);
  wx_text_free(&text);
  return status;
}

static int write_report(const Bundle *bundle, const WxDocument *document) {
  if (!bundle->order->unredacted)
    return 0; // The tables name modules.
  char *text = NULL;
  size_t length = 0;
  const int error = wx_format_render(wx_format_at(0), document, &text, &length);
  const int status =
      error ? report(bundle, "audit.txt", error) : write_part(bundle, "audit.txt", text, length);
  free(text);
  return status;
}

int wx_audit_write_bundle(const WxBundleOrder *order, const WxAudit *audit, WxDocument *document,
                          WxProblem *problem) {
  Bundle bundle = {.order = order, .audit = audit, .problem = problem};
  int status = write_process_files(&bundle);
  if (!status)
    status = write_group_files(&bundle);
  if (!status)
    status = write_extents(&bundle);
  if (!status)
    status = write_json(&bundle, document);
  if (!status)
    status = write_report(&bundle, document);
  if (!status)
    wx_document_note(document,
                     "Wrote %smaps, smaps, status, environ, extents, audit.json%s to %s: %s.",
                     order->unredacted ? "audit.txt, " : "",
                     audit->group.version ? " and the group's files" : "", order->folder,
                     order->unredacted ? "nothing is redacted"
                                       : "your paths and the values of variables are redacted");
  wx_redactor_free(&bundle.redactor);
  wx_text_free(&bundle.text);
  return status;
}
