#include "scenario/confined.h"

#include "measure/kernel_log.h"
#include "stats/units.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int wx_confinement_begin(WxConfinement *confinement, uint64_t limit_bytes) {
  *confinement = (WxConfinement){.log = -ENODATA, .limit_bytes = limit_bytes};
  if (limit_bytes == 0)
    return 0;
  const int failed =
      wx_memory_group_make(&confinement->group, limit_bytes < WX_UNCONFINED ? limit_bytes : 0, "");
  if (!failed)
    confinement->log = wx_kernel_log_open(WX_KERNEL_LOG);
  return failed;
}

const char *wx_confinement_folder(const WxConfinement *confinement) {
  return confinement->group.cgroup.version ? confinement->group.cgroup.directory : NULL;
}

void wx_confinement_end(WxConfinement *confinement, uint64_t lived_ns, WxConfined *confined) {
  const WxCgroup *group = &confinement->group.cgroup;
  *confined = (WxConfined){.version = group->version,
                           .limit_bytes = confinement->limit_bytes,
                           .lived_ns = lived_ns,
                           .kernel_failed = confinement->log < 0 ? confinement->log : 0};
  WxText text = {0};
  (void)wx_cgroup_read(&confined->figures, group, &text);
  wx_text_free(&text);
  const char *name = strrchr(group->directory, '/');
  if (group->version && confinement->log >= 0)
    confined->kernel_failed = wx_kernel_log_close(confinement->log, name + 1, &confined->kernel);
  wx_memory_group_remove(&confinement->group);
}

void wx_confined_explain(const WxConfined *confined, WxEnded *ended) {
  if (!confined->version || ended->how == WX_ENDED_WELL || confined->figures.oom_kills <= 0)
    return;
  char limit[WX_UNITS_TEXT], told[WX_ENDED_TEXT];
  wx_units_format_bytes(limit, (WxFigure)confined->limit_bytes);
  snprintf(told, sizeof told, "%s", ended->text);
  snprintf(ended->text, sizeof ended->text, "out of memory at the limit of %s: %.*s", limit,
           WX_ENDED_TEXT - 64, told);
}

void wx_confined_free(WxConfined *confined) {
  wx_text_free(&confined->kernel);
}
