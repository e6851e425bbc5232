#include "cli/validate_group.h"

#include "attribution/oom.h"
#include "cli/oom_json.h"
#include "cli/say.h"
#include "os/os.h"
#include "output/json.h"

#include <errno.h>
#include <string.h>

int wx_validate_group_try(const char *verb) {
  WxMemoryGroup group;
  const int failed = wx_memory_group_make(&group, 0, "");
  wx_memory_group_remove(&group);
  if (failed == -ENOTSUP)
    return wx_cli_impossible(verb, "no memory group can be made here: no memory controller is to "
                                   "be seen below /sys/fs/cgroup");
  return failed ? wx_cli_impossible(verb, "no memory group can be made here: %s", strerror(-failed))
                : 0;
}

// The kernel's text as `audit --oom` reads it.
static int read_reports(const WxText *kernel, WxOom *oom) {
  const int fd = wx_os_memfd_create_data("wxbench-kernel-log");
  if (fd < 0)
    return fd;
  int failed = wx_os_pwrite(fd, kernel->data, kernel->length, 0);
  if (!failed)
    failed = wx_oom_read(oom, fd);
  wx_os_close_reader(fd);
  return failed;
}

static json_t *reports_json(const WxText *kernel) {
  WxOom oom = {0};
  WxJsonBuilder list = wx_json_list();
  if (kernel->length && read_reports(kernel, &oom) == 0)
    for (size_t i = 0; i < oom.count; ++i)
      wx_json_append(&list, wx_oom_json(&oom.items[i]));
  wx_oom_free(&oom);
  return wx_json_built(&list);
}

static json_t *group_json(const WxConfined *confined) {
  const WxCgroupFigures *figures = &confined->figures;
  const bool limited = confined->limit_bytes < WX_UNCONFINED;
  WxJsonBuilder builder = wx_json_object();
  wx_json_put(&builder, "version", json_integer(confined->version));
  wx_json_put(&builder, "limit_bytes",
              limited ? json_integer((json_int_t)confined->limit_bytes) : json_null());
  wx_json_put(&builder, "peak_bytes", wx_json_figure(figures->peak_bytes));
  wx_json_put(&builder, "limit_hits", wx_json_figure(figures->limit_hits));
  wx_json_put(&builder, "oom_kills", wx_json_figure(figures->oom_kills));
  wx_json_put(&builder, "lived_ns", json_integer((json_int_t)confined->lived_ns));
  wx_json_put(&builder, "kernel_reports", reports_json(&confined->kernel));
  wx_json_put(&builder, "kernel_log",
              wx_json_text(confined->kernel.length ? confined->kernel.data : NULL));
  wx_json_put(&builder, "kernel_log_unreadable",
              wx_json_text(confined->kernel_failed ? strerror(-confined->kernel_failed) : NULL));
  return wx_json_built(&builder);
}

void wx_validate_add_limits(WxValidateSession *session, const char *subject,
                            const WxConfined *confined, const WxSmallest *smallest) {
  WxDocument *document = session->document;
  json_t *row = json_array_get(document->results, json_array_size(document->results) - 1);
  if (confined->version && (!row || wx_json_set(row, "memory_group", group_json(confined))))
    document->lost = true;
  if (!smallest->sought)
    return;
  if (!row || wx_json_set(row, "smallest_limit", wx_smallest_json(smallest)))
    document->lost = true;
  if (smallest->threshold.found)
    return;
  wx_document_note(document, "NOT FOUND: %s: the smallest limit: %s", subject,
                   smallest->interrupted ? "interrupted" : smallest->failed);
  session->endings.failed = true;
}
