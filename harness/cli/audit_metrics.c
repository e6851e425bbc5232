// Audits as metrics for Prometheus (the node exporter's textfile collector). Names are documented
// in docs/audit.md.
#include "cli/audit_document.h"
#include "os/text.h"
#include "output/json.h"
#include "output/shown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A metric and where its value stands in a result: one member of one object.
static const struct {
  const char *name;
  const char *help;
  const char *object;
  const char *member;
} metrics[] = {
    {"wxbench_doublemapper_files", "Double-mapped files of the process", "doublemapper", "inodes"},
    {"wxbench_doublemapper_allocated_bytes", "Memory that the files hold (st_blocks)",
     "doublemapper", "allocated_bytes"},
    {"wxbench_doublemapper_mapped_bytes", "The part of it that is mapped", "doublemapper",
     "mapped_bytes"},
    {"wxbench_doublemapper_orphaned_bytes", "The part of it that no process maps", "doublemapper",
     "orphaned_bytes"},
    {"wxbench_doublemapper_address_space_bytes", "Address space that maps the files",
     "doublemapper", "mapped_va_bytes"},
    {"wxbench_doublemapper_span_bytes", "What a debugger takes for the module", "doublemapper",
     "span_bytes"},
    {"wxbench_malloc_arenas", "Arenas of glibc's malloc beside the main one", "glibc", "arenas"},
    {"wxbench_malloc_committed_bytes", "Their committed bytes", "glibc", "committed_bytes"},
    {"wxbench_malloc_reserved_bytes", "Their reserved bytes", "glibc", "reserved_bytes"},
    {"wxbench_process_rss_bytes", "VmRSS", "process", "rss_bytes"},
    {"wxbench_process_rss_anon_bytes", "RssAnon", "process", "rss_anon_bytes"},
    {"wxbench_process_rss_shmem_bytes", "RssShmem", "process", "rss_shmem_bytes"},
    {"wxbench_process_mappings", "Mappings of the process", "process", "mappings"},
    {"wxbench_process_mappings_limit", "vm.max_map_count", "process", "max_map_count"},
    {"wxbench_cgroup_usage_bytes", "Usage of the memory group", "cgroup", "usage_bytes"},
    {"wxbench_cgroup_shmem_bytes", "Shared memory of the group", "cgroup", "shmem_bytes"},
    {"wxbench_cgroup_file_mapped_bytes", "Mapped files of the group", "cgroup",
     "file_mapped_bytes"},
};

// A label's value: backslash, quote and line end escaped, and what else is not to be shown.
static void put_label(FILE *stream, const char *text) {
  for (size_t left = strlen(text); left > 0;) {
    char shown[WX_SHOWN];
    const size_t taken = wx_shown_next(text, left, shown);
    if ((*text == '\\' || *text == '"') || (*shown == '\\' && *text != '\n'))
      fputc('\\', stream);
    fputs(shown, stream);
    text += taken;
    left -= taken;
  }
}

static void put_labels(FILE *stream, const json_t *result) {
  const char *command = wx_json_get_text(result, "command");
  const WxFigure pid = wx_json_get_figure(result, "pid");
  fprintf(stream, "{pid=\"%lld\",command=\"", (long long)(wx_known(pid) ? pid : 0));
  put_label(stream, command ? command : "");
  fputc('"', stream);
}

static void put_metric(FILE *stream, size_t index, const json_t *results) {
  fprintf(stream, "# HELP %s %s\n# TYPE %s gauge\n", metrics[index].name, metrics[index].help,
          metrics[index].name);
  for (size_t i = 0; i < json_array_size(results); ++i) {
    const json_t *result = json_array_get(results, i);
    const WxFigure value =
        wx_json_get_figure(json_object_get(result, metrics[index].object), metrics[index].member);
    if (!wx_known(value)) // What is not known is absent, never 0.
      continue;
    fputs(metrics[index].name, stream);
    put_labels(stream, result);
    fprintf(stream, "} %lld\n", (long long)value);
  }
}

static void put_verdicts(FILE *stream, const json_t *results) {
  fputs("# HELP wxbench_verdict 1 for the verdict's code\n# TYPE wxbench_verdict gauge\n", stream);
  for (size_t i = 0; i < json_array_size(results); ++i) {
    const json_t *result = json_array_get(results, i);
    const char *code = wx_json_get_text(json_object_get(result, "verdict"), "code");
    fputs("wxbench_verdict", stream);
    put_labels(stream, result);
    fprintf(stream, ",code=\"%s\"} 1\n", code ? code : "unknown");
  }
}

char *wx_audit_metrics(const json_t *results) {
  WxText text = {0};
  FILE *stream = wx_text_stream(&text);
  if (!stream)
    return NULL;
  for (size_t i = 0; i < sizeof metrics / sizeof *metrics; ++i)
    put_metric(stream, i, results);
  put_verdicts(stream, results);
  return wx_text_stream_end(stream, &text) ? NULL : text.data;
}
