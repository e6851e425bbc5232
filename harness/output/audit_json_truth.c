// What is true, as JSON: the double mapper's files and the memory group.
#include "output/audit_json.h"

static json_t *histogram_json(const WxHistogram *histogram) {
  WxJsonBuilder list = wx_json_list();
  for (size_t i = 0; i < WX_SIZE_CLASSES; ++i)
    if (histogram->count[i])
      wx_json_append(&list,
                     json_pack("{s:I, s:I, s:I}", "from_bytes", (json_int_t)(UINT64_C(4096) << i),
                               "extents", (json_int_t)histogram->count[i], "bytes",
                               (json_int_t)histogram->bytes[i]));
  return wx_json_built(&list);
}

static json_t *parts_json(const WxAudit *audit, bool named) {
  static const char *const names[WX_PARTS] = {"rx", "rw", "none", "other"};
  WxJsonBuilder object = wx_json_object();
  for (size_t i = 0; i < WX_PARTS; ++i) {
    const WxProtectionPart *part = &audit->parts[i];
    WxJsonBuilder one = wx_json_object();
    PUT_FIGURES(&one, {"count", named ? (WxFigure)part->count : WX_UNKNOWN},
                {"va_bytes", named ? (WxFigure)part->bytes : WX_UNKNOWN},
                {"rss_bytes", part->rss_bytes}, {"pss_bytes", part->pss_bytes});
    wx_json_put(&object, names[i], wx_json_built(&one));
  }
  return wx_json_built(&object);
}

static json_t *files_json(const WxTruth *truth) {
  WxJsonBuilder list = wx_json_list();
  for (size_t i = 0; truth->files && i < truth->memfds.count; ++i) {
    const WxMemfd *memfd = &truth->memfds.items[i];
    WxJsonBuilder one = wx_json_object();
    PUT_FIGURES(&one, {"inode", (WxFigure)memfd->id.inode},
                {"device_major", (WxFigure)memfd->id.major},
                {"device_minor", (WxFigure)memfd->id.minor}, {"descriptor", memfd->number},
                {"allocated_bytes", truth->files[i].allocated_bytes},
                {"mapped_bytes", truth->files[i].mapped_bytes},
                {"orphaned_bytes", truth->files[i].orphaned_bytes});
    wx_json_append(&list, wx_json_built(&one));
  }
  return wx_json_built(&list);
}

json_t *wx_audit_json_double_mapper(const WxAudit *audit) {
  const WxTruth *truth = &audit->truth;
  const WxProtectionPart *parts = audit->parts;
  WxJsonBuilder object = wx_json_object();
  uint64_t va = 0;
  for (size_t i = 0; i < WX_PARTS; ++i)
    va += parts[i].bytes;
  const WxModule *module = audit->module;
  // A core that names no memfd says nothing about the mappings of one.
  const bool named = module || audit->facts.names_known;
  const WxFigure none = named ? 0 : WX_UNKNOWN;
  PUT_FIGURES(&object, {"inodes", truth->inodes}, {"allocated_bytes", truth->allocated_bytes},
              {"mapped_bytes", truth->mapped_bytes}, {"orphaned_bytes", truth->orphaned_bytes},
              {"mapped_va_bytes", named ? (WxFigure)va : WX_UNKNOWN},
              {"span_bytes", module ? (WxFigure)(module->end - module->start) : none},
              {"clrmd_span_bytes", module ? (WxFigure)(module->end - module->offset0) : none},
              {"mappers_checked", truth->mappers_checked},
              {"mappers_unreadable", truth->mappers_unreadable});
  const bool split = named && !wx_audit_is_part(audit); // The protection is its segment's.
  WxJsonBuilder counts = wx_json_object();
  PUT_FIGURES(&counts, {"rx", split ? (WxFigure)parts[WX_PART_RX].count : WX_UNKNOWN},
              {"rw", split ? (WxFigure)parts[WX_PART_RW].count : WX_UNKNOWN},
              {"none", split ? (WxFigure)parts[WX_PART_NONE].count : WX_UNKNOWN});
  wx_json_put(&object, "mappings", wx_json_built(&counts));
  wx_json_put(&object, "by_protection", parts_json(audit, split));
  wx_json_put(&object, "estimate", json_boolean(truth->estimate));
  wx_json_put(&object, "looks_dumped", json_boolean(audit->facts.dumped));
  wx_json_put(&object, "files", files_json(truth));
  wx_json_put(&object, "extents",
              truth->extents_known ? histogram_json(&truth->allocated) : json_null());
  wx_json_put(&object, "orphaned_extents", histogram_json(&truth->orphaned));
  return wx_json_built(&object);
}

json_t *wx_audit_json_others(const WxAudit *audit) {
  if (!audit->others_known)
    return json_null();
  WxJsonBuilder list = wx_json_list();
  for (size_t i = 0; i < audit->others.count; ++i) {
    const WxMemfd *file = &audit->others.items[i];
    WxJsonBuilder one = wx_json_object();
    wx_json_put(&one, "path", wx_json_text(file->link));
    PUT_FIGURES(&one, {"inode", (WxFigure)file->id.inode},
                {"device_major", (WxFigure)file->id.major},
                {"device_minor", (WxFigure)file->id.minor},
                {"descriptor", file->number < 0 ? WX_UNKNOWN : file->number},
                {"allocated_bytes", file->allocated_bytes});
    wx_json_append(&list, wx_json_built(&one));
  }
  return wx_json_built(&list);
}

json_t *wx_audit_json_cgroup(const WxAudit *audit) {
  const WxCgroupFigures *group = &audit->cgroup;
  if (!wx_known(group->usage_bytes) && !wx_known(group->shmem_bytes))
    return json_null();
  WxJsonBuilder object = wx_json_object();
  wx_json_put(&object, "version", json_integer(audit->group.version));
  PUT_FIGURES(
      &object, {"usage_bytes", group->usage_bytes},
      {"limit_bytes", group->limit_bytes == WX_CGROUP_NO_LIMIT ? WX_UNKNOWN : group->limit_bytes},
      {"shmem_bytes", group->shmem_bytes}, {"file_mapped_bytes", group->file_mapped_bytes},
      {"anon_bytes", group->anon_bytes}, {"file_bytes", group->file_bytes},
      {"kernel_bytes", group->kernel_bytes}, {"swap_bytes", group->swap_bytes});
  return wx_json_built(&object);
}

json_t *wx_audit_json_container(const WxAudit *audit) {
  const WxContainer *container = &audit->container;
  if (!wx_known(container->usage))
    return json_null();
  WxJsonBuilder object = wx_json_object();
  PUT_FIGURES(
      &object, {"usage_bytes", container->usage}, {"double_mapper_bytes", container->double_mapper},
      {"other_shmem_bytes", container->other_shmem}, {"page_cache_bytes", container->page_cache},
      {"gc_bytes", container->gc}, {"malloc_bytes", container->malloc_bytes},
      {"stacks_bytes", container->stacks}, {"other_anon_bytes", container->other_anon},
      {"other_processes_anon_bytes", container->other_processes},
      {"sockets_bytes", container->sockets}, {"slab_bytes", container->slab},
      {"page_tables_bytes", container->page_tables},
      {"kernel_stacks_bytes", container->kernel_stacks},
      {"other_kernel_bytes", container->other_kernel}, {"residue_bytes", container->residue});
  return wx_json_built(&object);
}
