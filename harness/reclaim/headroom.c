#include "reclaim/headroom.h"

#include "measure/cgroup.h"

#include <errno.h>
#include <stdlib.h>

// Shared memory counts as page cache too, and cannot be dropped.
static WxFigure droppable(const WxCgroupFigures *figures) {
  if (!wx_known(figures->file_bytes) || !wx_known(figures->shmem_bytes) ||
      figures->file_bytes < figures->shmem_bytes)
    return 0;
  return figures->file_bytes - figures->shmem_bytes;
}

static void take(WxHeadroom *headroom, const WxCgroupFigures *figures) {
  const WxFigure limit = figures->limit_bytes;
  if (!wx_known(limit) || limit == WX_CGROUP_NO_LIMIT || !wx_known(figures->usage_bytes))
    return;
  const WxFigure used = figures->usage_bytes - droppable(figures);
  *headroom = (WxHeadroom){.left_bytes = used < limit ? limit - used : 0, .limit_bytes = limit};
}

int wx_headroom_read(WxHeadroom *headroom, pid_t pid, WxText *text) {
  *headroom = (WxHeadroom){WX_UNKNOWN, WX_UNKNOWN};
  WxCgroup *group = malloc(sizeof *group);
  if (!group)
    return -ENOMEM;
  WxCgroupFigures figures;
  int failed = wx_cgroup_find(group, pid, "", text);
  if (!failed)
    failed = wx_cgroup_read(&figures, group, text);
  if (!failed)
    take(headroom, &figures);
  free(group);
  return failed;
}

bool wx_headroom_is_less(const WxHeadroom *headroom, uint64_t growth_bytes) {
  return wx_known(headroom->left_bytes) && (uint64_t)headroom->left_bytes < growth_bytes;
}
