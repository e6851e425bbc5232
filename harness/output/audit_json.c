// An audit as the contract's result.
#include "output/audit_document.h"
#include "output/json.h"

#include <inttypes.h>

/* What is true: the double mapper's files and the memory group
 * -------------------------------------------------------------------------------------------------
 */

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

static json_t *double_mapper_json(const WxAudit *audit) {
  const WxTruth *truth = &audit->truth;
  const WxProtectionPart *parts = audit->parts;
  WxJsonBuilder object = wx_json_object();
  uint64_t va = 0;
  for (size_t i = 0; i < WX_PARTS; ++i)
    va += parts[i].bytes;
  const WxModule *module = audit->module;
  // A core that names no memfd says nothing about the mappings of one.
  const bool named = wx_audit_names_file(audit);
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

static json_t *others_json(const WxAudit *audit) {
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

static json_t *cgroup_json(const WxAudit *audit) {
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

static json_t *container_json(const WxAudit *audit) {
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

/* What a debugger shows, and who owns it
 * -------------------------------------------------------------------------------------------------
 */

static json_t *address(uint64_t value) {
  return json_sprintf("%" PRIx64, value);
}

// Names of the contract's span_parts, by owner; the double mapper's own part is cut further.
static const char *const owner_keys[WX_OWNERS] = {
    [WX_OWNER_DOUBLE_MAPPER] = "own",
    [WX_OWNER_FILE] = "other_files",
    [WX_OWNER_HEAP_COMMITTED] = "glibc_committed",
    [WX_OWNER_HEAP_RESERVED] = "glibc_reserved",
    [WX_OWNER_MAIN_HEAP] = "main_heap",
    [WX_OWNER_STACK] = "stacks",
    [WX_OWNER_GC_COMMITTED] = "gc_committed",
    [WX_OWNER_GC_RESERVED] = "gc_reserved",
    [WX_OWNER_ANONYMOUS] = "other_anonymous",
    [WX_OWNER_RESERVED] = "other_reserved",
    [WX_OWNER_SPECIAL] = "kernel",
    [WX_OWNER_UNNAMED] = "unnamed",
    [WX_OWNER_HOLE] = "holes",
};

const char *wx_audit_owner_key(WxOwner owner) {
  return owner_keys[owner];
}

static json_t *span_json(const WxAudit *audit) {
  static const char *const own_keys[WX_PARTS] = {"own_rx", "own_rw", "own_none", "own_other"};
  const bool named = wx_audit_names_file(audit);
  WxJsonBuilder object = wx_json_object();
  for (size_t i = 0; i < WX_PARTS; ++i)
    wx_json_put(&object, own_keys[i],
                wx_json_figure(named && wx_audit_has_all_of(audit, WX_OWNER_DOUBLE_MAPPER)
                                   ? (WxFigure)audit->parts[i].bytes
                                   : WX_UNKNOWN));
  for (size_t i = WX_OWNER_DOUBLE_MAPPER + 1; i < WX_OWNERS; ++i)
    wx_json_put(&object, owner_keys[i],
                wx_json_figure(named && wx_audit_has_all_of(audit, (WxOwner)i)
                                   ? (WxFigure)audit->span.bytes[i]
                                   : WX_UNKNOWN));
  return wx_json_built(&object);
}

static json_t *row_json(const WxRow *row) {
  char really[256];
  wx_row_really(row, really, sizeof really);
  WxJsonBuilder owners = wx_json_object();
  for (size_t i = 0; i < WX_OWNERS; ++i)
    if (row->really.bytes[i])
      wx_json_put(&owners, owner_keys[i], wx_json_figure((WxFigure)row->really.bytes[i]));
  return json_pack("{s:o, s:o, s:I, s:s, s:s, s:o}", "start", address(row->start), "end",
                   address(row->end), "size_bytes", (json_int_t)(row->end - row->start), "protect",
                   wx_row_protection(row->protection), "really", really, "owners",
                   wx_json_built(&owners));
}

static json_t *regions_json(const WxAudit *audit) {
  WxJsonBuilder list = wx_json_list();
  for (size_t i = 0; i < audit->rows.count; ++i)
    wx_json_append(&list, row_json(&audit->rows.items[i]));
  return wx_json_built(&list);
}

static json_t *owners_json(const WxAudit *audit) {
  WxJsonBuilder list = wx_json_list();
  for (size_t i = 0; i < WX_OWNERS && !wx_audit_is_part(audit); ++i) {
    const WxOwner owner = (WxOwner)i;
    if (owner == WX_OWNER_HOLE || wx_audit_owner_bytes(audit, owner) == 0)
      continue;
    WxJsonBuilder one = wx_json_object();
    wx_json_put(&one, "owner", json_string(owner_keys[i]));
    PUT_FIGURES(&one, {"mappings", wx_audit_owner_mappings(audit, owner)},
                {"bytes", wx_audit_owner_bytes(audit, owner)},
                {"rss_bytes", audit->residency[i].rss_bytes},
                {"pss_bytes", audit->residency[i].pss_bytes},
                {"swap_bytes", audit->residency[i].swap_bytes});
    wx_json_append(&list, wx_json_built(&one));
  }
  return wx_json_built(&list);
}

static json_t *modules_json(const WxAudit *audit) {
  WxJsonBuilder list = wx_json_list();
  for (size_t i = 0; i < audit->modules.count; ++i) {
    const WxModule *module = &audit->modules.items[i];
    if (wx_module_inflation(module) < 2)
      continue;
    char name[128];
    wx_module_name(module->path, name, sizeof name);
    wx_json_append(&list, json_pack("{s:o, s:o, s:I, s:I}", "module", wx_json_text(name), "path",
                                    wx_json_text(module->path), "span_bytes",
                                    (json_int_t)(module->end - module->start), "own_bytes",
                                    (json_int_t)module->own_bytes));
  }
  return wx_json_built(&list);
}

/* The whole of it
 * -------------------------------------------------------------------------------------------------
 */

static json_t *glibc_json(const WxAudit *audit) {
  const WxHeaps *heaps = &audit->space->heaps;
  const WxAllocator *allocator = &audit->allocator;
  const WxFigure resident = audit->residency[WX_OWNER_HEAP_COMMITTED].rss_bytes;
  const bool partial = wx_audit_is_part(audit); // A part of the heaps is no figure of them.
  const WxFigure main_heap = wx_audit_owner_bytes(audit, WX_OWNER_MAIN_HEAP);
  WxJsonBuilder object = wx_json_object();
  PUT_FIGURES(&object, {"arenas", partial ? WX_UNKNOWN : (WxFigure)heaps->arenas},
              {"heaps", partial ? WX_UNKNOWN : (WxFigure)heaps->proven},
              {"committed_bytes", partial ? WX_UNKNOWN : (WxFigure)heaps->committed_bytes},
              {"reserved_bytes", partial ? WX_UNKNOWN : (WxFigure)heaps->reserved_bytes},
              {"rss_bytes", resident},
              {"trimmed_bytes", wx_figure_minus((WxFigure)heaps->committed_bytes, resident)},
              {"pattern_heaps", partial ? WX_UNKNOWN : (WxFigure)heaps->pattern_count},
              {"pattern_bytes", partial ? WX_UNKNOWN : (WxFigure)heaps->pattern_bytes});
  wx_json_put(&object, "proof", wx_json_text(wx_heap_proof_name(heaps->weakest)));
  wx_json_put(&object, "arenas_known", json_boolean(heaps->arenas_known && !partial));
  wx_json_put(&object, "ring",
              heaps->ring_checked && !partial ? json_boolean(heaps->ring_complete) : json_null());
  wx_json_put(&object, "main_arena",
              wx_known(main_heap) ? json_boolean(main_heap > 0) : json_null());
  wx_json_put(&object, "allocator", wx_json_text(allocator->name));
  wx_json_put(&object, "slot_bytes",
              wx_json_figure(allocator->rules.slot_bytes ? (WxFigure)allocator->rules.slot_bytes
                                                         : 0x4000000));
  wx_json_put(&object, "environment",
              allocator->environment_known
                  ? json_pack("{s:s, s:s, s:s, s:b}", "MALLOC_ARENA_MAX", allocator->arena_max,
                              "MALLOC_TOP_PAD_", allocator->top_pad, "GLIBC_TUNABLES",
                              allocator->tunables, "LD_PRELOAD", allocator->preloaded)
                  : json_null());
  return wx_json_built(&object);
}

static json_t *process_json(const WxAudit *audit) {
  WxJsonBuilder object = wx_json_object();
  const bool core = audit->source == WX_SOURCE_CORE;
  PUT_FIGURES(
      &object, {"rss_bytes", audit->status.rss_bytes},
      {"rss_anon_bytes", audit->status.rss_anon_bytes},
      {"rss_shmem_bytes", audit->status.rss_shmem_bytes}, {"swap_bytes", audit->status.swap_bytes},
      {"page_tables_bytes", audit->status.page_tables_bytes}, {"threads", audit->status.threads},
      {"mappings", audit->facts.mappings},
      {"segments", core ? (WxFigure)audit->core.segment_count : WX_UNKNOWN},
      {"max_map_count", audit->max_map_count}, {"mappings_per_day", audit->mappings_per_day},
      {"seconds_to_max_map_count", audit->seconds_to_limit});
  return wx_json_built(&object);
}

// Why figures are null.
static json_t *why_json(const WxAudit *audit) {
  WxJsonBuilder object = wx_json_object();
  static const char *const file_says[] = {
      [WX_SOURCE_MAPS] = "maps do not say it",
      [WX_SOURCE_SMAPS] = "smaps do not say it",
      [WX_SOURCE_CORE] = "a core does not say it",
  };
  if (audit->source != WX_SOURCE_LIVE) {
    wx_json_put(&object, "allocated_bytes, mapped_bytes, orphaned_bytes",
                json_string(file_says[audit->source]));
    wx_json_put(&object, "process, cgroup, container", json_string(file_says[audit->source]));
  } else if (!wx_known(audit->truth.orphaned_bytes)) {
    wx_json_put(&object, "mapped_bytes, orphaned_bytes",
                json_string("the file may not be opened by this user"));
  }
  if (audit->source == WX_SOURCE_LIVE && !audit->truth.extents_known)
    wx_json_put(&object, "extents",
                json_string("--fast looks for data only where no mapping of the process is"));
  if (!audit->space->residency)
    wx_json_put(&object, "rss_bytes and pss_bytes of parts and owners",
                json_string(audit->source == WX_SOURCE_LIVE ? "--fast reads maps only"
                                                            : file_says[audit->source]));
  if (audit->source == WX_SOURCE_LIVE && !wx_known(audit->container.usage))
    wx_json_put(&object, "cgroup, container",
                json_string("no memory control group is visible from here"));
  return wx_json_built(&object);
}

json_t *wx_audit_json(const WxAudit *audit) {
  WxJsonBuilder object = wx_json_object();
  WxJsonBuilder notices = wx_json_list();
  for (size_t i = 0; i < audit->notice_count; ++i)
    wx_json_append(&notices, wx_json_text(audit->notices[i]));
  wx_json_put(&object, "pid", audit->pid ? json_integer(audit->pid) : json_null());
  wx_json_put(&object, "command", wx_json_text(*audit->command ? audit->command : NULL));
  wx_json_put(&object, "source", json_string(wx_source_name(audit->source)));
  wx_json_put(&object, "fast", json_boolean(audit->fast));
  wx_json_put(&object, "runtime",
              wx_json_text(*audit->runtime.version ? audit->runtime.version : NULL));
  wx_json_put(&object, "w_xor_x",
              wx_json_text(audit->wx_state ? wx_state_code(audit->wx_state) : NULL));
  wx_json_put(&object, "doublemapper", double_mapper_json(audit));
  wx_json_put(&object, "other_files", others_json(audit));
  wx_json_put(&object, "glibc", glibc_json(audit));
  wx_json_put(&object, "process", process_json(audit));
  wx_json_put(&object, "cgroup", cgroup_json(audit));
  wx_json_put(&object, "container", container_json(audit));
  wx_json_put(&object, "span_parts", span_json(audit));
  wx_json_put(&object, "owners", owners_json(audit));
  wx_json_put(&object, "regions", regions_json(audit));
  wx_json_put(&object, "inflated_modules", modules_json(audit));
  wx_json_put(&object, "verdict",
              json_pack("{s:s, s:o, s:s}", "code", wx_verdict_code(audit->verdict.code), "text",
                        wx_json_text(audit->verdict.text), "next", audit->verdict.next));
  wx_json_put(&object, "notices", wx_json_built(&notices));
  wx_json_put(&object, "damage", wx_json_text(*audit->damage ? audit->damage : NULL));
  wx_json_put(&object, "incomplete", wx_json_text(audit->facts.missing));
  wx_json_put(&object, "unknown_because", why_json(audit));
  return wx_json_built(&object);
}
