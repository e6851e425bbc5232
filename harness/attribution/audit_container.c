#include "attribution/audit.h"

static WxFigure minus(WxFigure a, WxFigure b) {
  const WxFigure left = wx_figure_minus(a, b);
  return wx_known(left) && left < 0 ? 0 : left;
}

static WxFigure resident(const WxAudit *audit, WxOwner owner) {
  return audit->residency[owner].rss_bytes;
}

// What the parts leave of the whole; a part that is not known leaves the rest in the residue.
static WxFigure subtract_known(WxFigure whole, const WxFigure parts[], size_t count) {
  for (size_t i = 0; wx_known(whole) && i < count; ++i)
    if (wx_known(parts[i]))
      whole -= parts[i];
  return whole;
}

static void fill_anonymous(const WxAudit *audit, WxContainer *container) {
  const WxFigure anon = audit->status.rss_anon_bytes;
  container->gc = resident(audit, WX_OWNER_GC_COMMITTED);
  container->malloc_bytes =
      wx_figure_plus(resident(audit, WX_OWNER_HEAP_COMMITTED), resident(audit, WX_OWNER_MAIN_HEAP));
  container->stacks = resident(audit, WX_OWNER_STACK);
  const WxFigure named =
      wx_figure_plus(wx_figure_plus(container->gc, container->malloc_bytes), container->stacks);
  container->other_anon = wx_known(named) ? minus(anon, named) : anon;
  container->other_processes = minus(audit->cgroup.anon_bytes, anon);
}

static void fill_kernel(const WxAudit *audit, WxContainer *container) {
  const WxCgroupFigures *group = &audit->cgroup;
  container->sockets = group->socket_bytes;
  container->slab = group->slab_bytes;
  container->page_tables = group->page_tables_bytes;
  container->kernel_stacks = group->kernel_stack_bytes;
  const WxFigure parts[] = {group->slab_bytes, group->page_tables_bytes, group->kernel_stack_bytes};
  const WxFigure left = subtract_known(group->kernel_bytes, parts, 3);
  container->other_kernel = wx_known(left) && left < 0 ? 0 : left;
}

void wx_audit_fill_container(WxAudit *audit) {
  const WxCgroupFigures *group = &audit->cgroup;
  WxContainer *container = &audit->container;
  container->usage = group->usage_bytes;
  container->double_mapper = audit->truth.allocated_bytes;
  container->other_shmem = minus(group->shmem_bytes, audit->truth.allocated_bytes);
  container->page_cache = minus(group->file_bytes, group->shmem_bytes);
  fill_anonymous(audit, container);
  fill_kernel(audit, container);
  const WxFigure parts[] = {
      container->double_mapper, container->other_shmem,
      container->page_cache,    container->gc,
      container->malloc_bytes,  container->stacks,
      container->other_anon,    container->other_processes,
      container->sockets,       container->slab,
      container->page_tables,   container->kernel_stacks,
      container->other_kernel,
  };
  container->residue = subtract_known(container->usage, parts, sizeof parts / sizeof *parts);
}
