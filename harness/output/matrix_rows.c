#include "output/matrix_rows.h"

#include "os/hash.h"
#include "os/text.h"
#include "output/json.h"
#include "output/output_file.h"
#include "output/reclaim_document.h"
#include "output/result_json.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { ROW_MOST = 16 * 1024 * 1024 };

int wx_matrix_begin(const WxMatrix *matrix) {
  struct stat status;
  if (mkdir(matrix->folder, 0777) == 0)
    return 0;
  if (errno != EEXIST)
    return -errno;
  if (stat(matrix->folder, &status))
    return -errno;
  return S_ISDIR(status.st_mode) ? 0 : -ENOTDIR;
}

/* What a row was measured with
 * -------------------------------------------------------------------------------------------------
 */

// A file by its size and its last change; null where it is not there.
static json_t *file_json(const char *path) {
  struct stat status;
  if (stat(path, &status))
    return json_null();
  return json_sprintf("%lld bytes of %lld.%09ld", (long long)status.st_size,
                      (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

static json_t *parameters_json(const WxParameters *parameters) {
  WxJsonBuilder builder = wx_json_object();
  for (unsigned i = 0; i < parameters->scenario->parameters_count; ++i) {
    const char *name = parameters->scenario->parameters[i].name;
    char problem[WX_PROBLEM_SIZE];
    uint64_t value;
    if (wx_parameters_quantity(parameters, name, &value, problem) == 0)
      wx_json_put(&builder, name, json_integer((json_int_t)value));
  }
  return wx_json_built(&builder);
}

static bool begins_with_any(const char *text, const char *const prefixes[], size_t count) {
  for (size_t i = 0; i < count; ++i)
    if (strncmp(text, prefixes[i], strlen(prefixes[i])) == 0)
      return true;
  return false;
}

// Whether a variable that reaches the program decides how its runtime, libraries or memory behave.
static bool decides(const char *variable) {
  static const char *const such[] = {"DOTNET_", "COMPlus_", "LD_", "MALLOC_", "GLIBC_TUNABLES="};
  static const char *const set_anyway[] = {
      "DOTNET_EnableWriteXorExecute=", "DOTNET_ROOT=", "COMPlus_EnableWriteXorExecute="};
  return begins_with_any(variable, such, sizeof such / sizeof *such) &&
         !begins_with_any(variable, set_anyway, sizeof set_anyway / sizeof *set_anyway);
}

static json_t *environment_json(void) {
  WxJsonBuilder variables = wx_json_object();
  for (char **entry = environ; *entry; ++entry) {
    char *name = decides(*entry) ? strdup(*entry) : NULL;
    char *value = name ? strchr(name, '=') : NULL;
    if (value) {
      *value = '\0';
      wx_json_put(&variables, name, wx_json_text(value + 1));
    }
    free(name);
  }
  return wx_json_built(&variables);
}

static json_t *order_json(const WxValidationOrder *order) {
  struct utsname kernel;
  char coreclr[PATH_MAX];
  snprintf(coreclr, sizeof coreclr, "%s/shared/Microsoft.NETCore.App/%s/libcoreclr.so",
           order->runtime->root, order->runtime->version);
  WxJsonBuilder builder = wx_json_object();
  wx_json_put(&builder, "wxbench", wx_json_text(WX_VERSION));
  wx_json_put(&builder, "kernel", wx_json_text(uname(&kernel) ? NULL : kernel.release));
  wx_json_put(&builder, "workload", wx_json_text(order->parameters->scenario->name));
  wx_json_put(&builder, "parameters", parameters_json(order->parameters));
  wx_json_put(&builder, "mode", wx_json_text(order->mode->name));
  wx_json_put(&builder, "runtime", wx_json_text(order->runtime->version));
  wx_json_put(&builder, "root", wx_json_text(order->runtime->root));
  wx_json_put(&builder, "libcoreclr", file_json(coreclr));
  wx_json_put(&builder, "program", file_json(order->program));
  wx_json_put(&builder, "preload", order->mode->preload ? file_json(order->preload) : json_null());
  wx_json_put(&builder, "environment", environment_json());
  wx_json_put(&builder, "limit_ns", json_integer((json_int_t)order->time_limit_ns));
  return wx_json_built(&builder);
}

static bool is_plain(char letter) {
  return strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", letter) !=
         NULL;
}

// As asm-on-10.0.14-0123456789abcdef.json: a name only, what is in the file decides.
static int row_path(const WxMatrix *matrix, const WxValidationOrder *order, const json_t *with,
                    char path[PATH_MAX]) {
  char *text = wx_json_print(with, JSON_COMPACT | JSON_SORT_KEYS);
  if (!text)
    return -ENOMEM;
  char name[128];
  snprintf(name, sizeof name, "%s-%s-%s", order->parameters->scenario->name, order->mode->name,
           order->runtime->version);
  for (char *at = name; *at; ++at)
    if (!is_plain(*at))
      *at = '_';
  const int length = snprintf(path, PATH_MAX, "%s/%s-%016" PRIx64 ".json", matrix->folder, name,
                              wx_hash(text, strlen(text)));
  free(text);
  return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Rows
 * -------------------------------------------------------------------------------------------------
 */

// What is no regular file, as a FIFO, could keep whoever opens it.
static json_t *load(const char *path) {
  WxText text = {0};
  struct stat status;
  if (stat(path, &status) || !S_ISREG(status.st_mode))
    return NULL;
  json_t *row = wx_text_read_most(&text, path, ROW_MOST)
                    ? NULL
                    : json_loadb(text.data, text.length, JSON_ALLOW_NUL, NULL);
  wx_text_free(&text);
  return row;
}

// Nothing of what is no string.
static int take_text(const json_t *string, WxText *text) {
  const size_t length = json_string_length(string);
  *text = (WxText){.data = malloc(length + 1), .length = length, .capacity = length + 1};
  if (!text->data)
    return -ENOMEM;
  if (length)
    memcpy(text->data, json_string_value(string), length);
  text->data[length] = '\0';
  return 0;
}

static int fill(const json_t *row, const WxValidationOrder *order, WxValidation *run) {
  const json_t *output = json_object_get(row, "output");
  if (!json_is_string(output))
    return -EINVAL;
  const int failed = wx_result_read(json_object_get(row, "result"), &run->result, &run->ended);
  if (failed)
    return failed;
  run->sampling.samples = (WxSample *)(uintptr_t)run->result.samples;
  run->sampling.count = run->result.sample_count;
  run->result.workload = order->parameters->scenario->name;
  run->result.mode = order->mode->name;
  run->result.runtime = order->runtime->version;
  run->result.unknown = wx_json_get_text(row, "unknown");
  return take_text(output, &run->output) || take_text(json_object_get(row, "errors"), &run->errors)
             ? -ENOMEM
             : 0;
}

bool wx_matrix_take(WxMatrix *matrix, const WxValidationOrder *order, WxValidation *run,
                    json_t **row) {
  char path[PATH_MAX];
  json_t *with = order_json(order);
  *row = with && row_path(matrix, order, with, path) == 0 ? load(path) : NULL;
  bool taken = *row && json_equal(json_object_get(*row, "order"), with);
  json_decref(with);
  *run = (WxValidation){.sampling.file = NULL};
  if (taken && fill(*row, order, run)) {
    wx_validation_free(run);
    taken = false;
  }
  if (taken) {
    ++matrix->done;
    ++matrix->taken;
    return true;
  }
  json_decref(*row);
  *row = NULL;
  return false;
}

static json_t *row_json(const WxValidationOrder *order, const WxValidation *run,
                        const WxLive *live) {
  WxJsonBuilder row = wx_json_object();
  wx_json_put(&row, "order", order_json(order));
  wx_json_put(&row, "result", wx_result_json(&run->result));
  wx_json_put(&row, "output",
              json_stringn(run->output.data ? run->output.data : "", run->output.length));
  wx_json_put(&row, "errors", wx_json_text(run->errors.data));
  wx_json_put(&row, "unknown", wx_json_text(run->result.unknown));
  if (live->ran)
    wx_json_put(&row, "reclaim", wx_reclaim_json(&live->result, false));
  return wx_json_built(&row);
}

// A run that was not looked at to its end says nothing of the program: it is done again.
static bool is_to_be_kept(const WxValidation *run) {
  if (run->result.ended && run->result.ended->how == WX_ENDED_STOPPED)
    return false;
  json_t *output = json_stringn(run->output.data ? run->output.data : "", run->output.length);
  json_decref(output);
  return output != NULL;
}

// What stands there and is no regular file (a link, a FIFO) would be written to in its place.
static void remove_other(const char *path) {
  struct stat status;
  if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode))
    (void)unlink(path);
}

int wx_matrix_keep(WxMatrix *matrix, const WxValidationOrder *order, const WxValidation *run,
                   const WxLive *live, uint64_t took_ns) {
  if (run->result.skipped)
    return 0;
  ++matrix->done;
  matrix->measured_ns += took_ns;
  if (!is_to_be_kept(run))
    return 0;
  json_t *row = row_json(order, run, live);
  char path[PATH_MAX];
  int failed = row ? row_path(matrix, order, json_object_get(row, "order"), path) : -ENOMEM;
  if (!failed)
    remove_other(path);
  char *text = failed ? NULL : wx_json_print(row, JSON_INDENT(2));
  if (!failed)
    failed = text ? wx_file_write(path, text, strlen(text)) : -ENOMEM;
  free(text);
  json_decref(row);
  return failed;
}

void wx_matrix_show(const WxMatrix *matrix, WxProgress *progress, const WxValidationOrder *order) {
  const size_t measured = matrix->done - matrix->taken, left = matrix->rows - matrix->done;
  char remaining[64] = "";
  if (measured) {
    const uint64_t seconds = matrix->measured_ns / measured * left / 1000000000U;
    snprintf(remaining, sizeof remaining, "; about %" PRIu64 " min %" PRIu64 " s left",
             seconds / 60, seconds % 60);
  }
  wx_progress_show(progress, "row %zu of %zu: %s, %s, %s%s", matrix->done + 1, matrix->rows,
                   order->parameters->scenario->name, order->mode->name, order->runtime->version,
                   remaining);
}
