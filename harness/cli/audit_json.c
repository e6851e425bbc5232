// An audit as the contract's JSON.
#include "cli/audit_document.h"
#include "output/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  const char *key;
  WxFigure value;
} Member;

static void set_figures(json_t *object, const Member members[], size_t count) {
  for (size_t i = 0; i < count; ++i)
    wx_json_set(object, members[i].key, wx_json_figure(members[i].value));
}

#define SET_FIGURES(OBJECT, ...)                                                                   \
  set_figures(OBJECT, (const Member[]){__VA_ARGS__},                                               \
              sizeof(const Member[]){__VA_ARGS__} / sizeof(Member))

static json_t *address(uint64_t value) {
  return json_sprintf("%" PRIx64, value);
}

static json_t *histogram_json(const WxHistogram *histogram) {
  json_t *list = json_array();
  for (size_t i = 0; i < WX_SIZE_CLASSES; ++i)
    if (histogram->count[i])
      json_array_append_new(list, json_pack("{s:I, s:I, s:I}", "from_bytes",
                                            (json_int_t)(UINT64_C(4096) << i), "extents",
                                            (json_int_t)histogram->count[i], "bytes",
                                            (json_int_t)histogram->bytes[i]));
  return list;
}

static json_t *parts_json(const WxAudit *audit) {
  static const char *const names[WX_PARTS] = {"rx", "rw", "none", "other"};
  json_t *object = json_object();
  for (size_t i = 0; i < WX_PARTS; ++i) {
    const WxProtectionPart *part = &audit->parts[i];
    json_t *one = json_object();
    SET_FIGURES(one, {"count", (WxFigure)part->count}, {"va_bytes", (WxFigure)part->bytes},
                {"rss_bytes", part->rss_bytes}, {"pss_bytes", part->pss_bytes});
    wx_json_set(object, names[i], one);
  }
  return object;
}

static json_t *files_json(const WxTruth *truth) {
  json_t *list = json_array();
  for (size_t i = 0; truth->files && i < truth->memfds.count; ++i) {
    const WxMemfd *memfd = &truth->memfds.items[i];
    json_t *one = json_object();
    SET_FIGURES(one, {"inode", (WxFigure)memfd->id.inode},
                {"device_major", (WxFigure)memfd->id.major},
                {"device_minor", (WxFigure)memfd->id.minor}, {"descriptor", memfd->number},
                {"allocated_bytes", truth->files[i].allocated_bytes},
                {"mapped_bytes", truth->files[i].mapped_bytes},
                {"orphaned_bytes", truth->files[i].orphaned_bytes});
    json_array_append_new(list, one);
  }
  return list;
}

static json_t *double_mapper_json(const WxAudit *audit) {
  const WxTruth *truth = &audit->truth;
  const WxProtectionPart *parts = audit->parts;
  json_t *object = json_object();
  uint64_t va = 0;
  for (size_t i = 0; i < WX_PARTS; ++i)
    va += parts[i].bytes;
  const WxModule *module = audit->module;
  SET_FIGURES(object, {"inodes", truth->inodes}, {"allocated_bytes", truth->allocated_bytes},
              {"mapped_bytes", truth->mapped_bytes}, {"orphaned_bytes", truth->orphaned_bytes},
              {"mapped_va_bytes", (WxFigure)va},
              {"span_bytes", module ? (WxFigure)(module->end - module->start) : 0},
              {"clrmd_span_bytes", module ? (WxFigure)(module->end - module->offset0) : 0},
              {"mappers_checked", truth->mappers_checked},
              {"mappers_unreadable", truth->mappers_unreadable});
  wx_json_set(object, "mappings",
              json_pack("{s:I, s:I, s:I}", "rx", (json_int_t)parts[WX_PART_RX].count, "rw",
                        (json_int_t)parts[WX_PART_RW].count, "none",
                        (json_int_t)parts[WX_PART_NONE].count));
  wx_json_set(object, "by_protection", parts_json(audit));
  wx_json_set(object, "estimate", json_boolean(truth->estimate));
  wx_json_set(object, "looks_dumped", json_boolean(audit->facts.dumped));
  wx_json_set(object, "files", files_json(truth));
  wx_json_set(object, "extents",
              truth->extents_known ? histogram_json(&truth->allocated) : json_null());
  wx_json_set(object, "orphaned_extents", histogram_json(&truth->orphaned));
  return object;
}

static json_t *glibc_json(const WxAudit *audit) {
  const WxHeaps *heaps = &audit->space->heaps;
  const WxAllocator *allocator = &audit->allocator;
  const WxFigure resident = audit->residency[WX_OWNER_HEAP_COMMITTED].rss_bytes;
  json_t *object = json_object();
  SET_FIGURES(object, {"arenas", (WxFigure)heaps->arenas}, {"heaps", (WxFigure)heaps->proven},
              {"committed_bytes", (WxFigure)heaps->committed_bytes},
              {"reserved_bytes", (WxFigure)heaps->reserved_bytes}, {"rss_bytes", resident},
              {"trimmed_bytes", wx_figure_minus((WxFigure)heaps->committed_bytes, resident)},
              {"pattern_heaps", (WxFigure)heaps->pattern_count},
              {"pattern_bytes", (WxFigure)heaps->pattern_bytes});
  wx_json_set(object, "proof", wx_json_text(wx_heap_proof_name(heaps->weakest)));
  wx_json_set(object, "arenas_known", json_boolean(heaps->arenas_known));
  wx_json_set(object, "ring",
              heaps->ring_checked ? json_boolean(heaps->ring_complete) : json_null());
  wx_json_set(object, "main_arena", json_boolean(audit->ownership.bytes[WX_OWNER_MAIN_HEAP] > 0));
  wx_json_set(object, "allocator", wx_json_text(allocator->name));
  wx_json_set(object, "slot_bytes",
              wx_json_figure(allocator->rules.slot_bytes ? (WxFigure)allocator->rules.slot_bytes
                                                         : 0x4000000));
  wx_json_set(object, "environment",
              allocator->environment_known
                  ? json_pack("{s:s, s:s, s:s, s:b}", "MALLOC_ARENA_MAX", allocator->arena_max,
                              "MALLOC_TOP_PAD_", allocator->top_pad, "GLIBC_TUNABLES",
                              allocator->tunables, "LD_PRELOAD", allocator->preloaded)
                  : json_null());
  return object;
}

static json_t *process_json(const WxAudit *audit) {
  json_t *object = json_object();
  const bool core = audit->source == WX_SOURCE_CORE;
  SET_FIGURES(
      object, {"rss_bytes", audit->status.rss_bytes},
      {"rss_anon_bytes", audit->status.rss_anon_bytes},
      {"rss_shmem_bytes", audit->status.rss_shmem_bytes}, {"swap_bytes", audit->status.swap_bytes},
      {"page_tables_bytes", audit->status.page_tables_bytes}, {"threads", audit->status.threads},
      {"mappings", audit->facts.mappings},
      {"segments", core ? (WxFigure)audit->core.segment_count : WX_UNKNOWN},
      {"max_map_count", audit->max_map_count}, {"mappings_per_day", audit->mappings_per_day},
      {"seconds_to_max_map_count", audit->seconds_to_limit});
  return object;
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

static json_t *span_json(const WxAudit *audit) {
  static const char *const own_keys[WX_PARTS] = {"own_rx", "own_rw", "own_none", "own_other"};
  json_t *object = json_object();
  for (size_t i = 0; i < WX_PARTS; ++i)
    wx_json_set(object, own_keys[i], wx_json_figure((WxFigure)audit->parts[i].bytes));
  for (size_t i = WX_OWNER_DOUBLE_MAPPER + 1; i < WX_OWNERS; ++i)
    wx_json_set(object, owner_keys[i], wx_json_figure((WxFigure)audit->span.bytes[i]));
  return object;
}

static json_t *row_json(const WxRow *row) {
  char really[256];
  wx_row_really(row, really, sizeof really);
  json_t *owners = json_object();
  for (size_t i = 0; i < WX_OWNERS; ++i)
    if (row->really.bytes[i])
      wx_json_set(owners, owner_keys[i], wx_json_figure((WxFigure)row->really.bytes[i]));
  return json_pack("{s:o, s:o, s:I, s:s, s:s, s:o}", "start", address(row->start), "end",
                   address(row->end), "size_bytes", (json_int_t)(row->end - row->start), "protect",
                   wx_row_protection(row->protection), "really", really, "owners", owners);
}

static json_t *regions_json(const WxAudit *audit) {
  json_t *list = json_array();
  for (size_t i = 0; i < audit->rows.count; ++i)
    json_array_append_new(list, row_json(&audit->rows.items[i]));
  return list;
}

static json_t *kinds_json(const WxAudit *audit) {
  json_t *list = json_array();
  for (size_t i = 0; i < WX_OWNERS; ++i) {
    if (!audit->ownership.bytes[i] || i == WX_OWNER_HOLE)
      continue;
    json_t *one = json_object();
    wx_json_set(one, "owner", json_string(owner_keys[i]));
    SET_FIGURES(one, {"mappings", (WxFigure)audit->residency[i].mappings},
                {"bytes", (WxFigure)audit->ownership.bytes[i]},
                {"rss_bytes", audit->residency[i].rss_bytes},
                {"pss_bytes", audit->residency[i].pss_bytes},
                {"swap_bytes", audit->residency[i].swap_bytes});
    json_array_append_new(list, one);
  }
  return list;
}

static json_t *cgroup_json(const WxAudit *audit) {
  const WxCgroupFigures *group = &audit->cgroup;
  if (!wx_known(group->usage_bytes) && !wx_known(group->shmem_bytes))
    return json_null();
  json_t *object = json_object();
  wx_json_set(object, "version", json_integer(audit->group.version));
  SET_FIGURES(
      object, {"usage_bytes", group->usage_bytes},
      {"limit_bytes", group->limit_bytes == WX_CGROUP_NO_LIMIT ? WX_UNKNOWN : group->limit_bytes},
      {"shmem_bytes", group->shmem_bytes}, {"file_mapped_bytes", group->file_mapped_bytes},
      {"anon_bytes", group->anon_bytes}, {"file_bytes", group->file_bytes},
      {"kernel_bytes", group->kernel_bytes}, {"swap_bytes", group->swap_bytes});
  return object;
}

static json_t *container_json(const WxAudit *audit) {
  const WxContainer *container = &audit->container;
  if (!wx_known(container->usage))
    return json_null();
  json_t *object = json_object();
  SET_FIGURES(
      object, {"usage_bytes", container->usage}, {"double_mapper_bytes", container->double_mapper},
      {"other_shmem_bytes", container->other_shmem}, {"page_cache_bytes", container->page_cache},
      {"gc_bytes", container->gc}, {"malloc_bytes", container->malloc_bytes},
      {"stacks_bytes", container->stacks}, {"other_anon_bytes", container->other_anon},
      {"other_processes_anon_bytes", container->other_processes},
      {"sockets_bytes", container->sockets}, {"slab_bytes", container->slab},
      {"page_tables_bytes", container->page_tables},
      {"kernel_stacks_bytes", container->kernel_stacks},
      {"other_kernel_bytes", container->other_kernel}, {"residue_bytes", container->residue});
  return object;
}

// Why figures are null.
static json_t *why_json(const WxAudit *audit) {
  json_t *object = json_object();
  static const char *const file_says[] = {
      [WX_SOURCE_MAPS] = "maps do not say it",
      [WX_SOURCE_SMAPS] = "smaps do not say it",
      [WX_SOURCE_CORE] = "a core does not say it",
  };
  if (audit->source != WX_SOURCE_LIVE) {
    wx_json_set(object, "allocated_bytes, mapped_bytes, orphaned_bytes",
                json_string(file_says[audit->source]));
    wx_json_set(object, "process, cgroup, container", json_string(file_says[audit->source]));
  } else if (!wx_known(audit->truth.orphaned_bytes)) {
    wx_json_set(object, "mapped_bytes, orphaned_bytes",
                json_string("the file may not be opened by this user"));
  }
  if (audit->source == WX_SOURCE_LIVE && !audit->truth.extents_known)
    wx_json_set(object, "extents",
                json_string("--fast looks for data only where no mapping of the process is"));
  if (!audit->space->residency)
    wx_json_set(object, "rss_bytes and pss_bytes of parts and owners",
                json_string(audit->source == WX_SOURCE_LIVE ? "--fast reads maps only"
                                                            : file_says[audit->source]));
  if (audit->source == WX_SOURCE_LIVE && !wx_known(audit->container.usage))
    wx_json_set(object, "cgroup, container",
                json_string("no memory control group is visible from here"));
  return object;
}

static json_t *modules_json(const WxAudit *audit) {
  json_t *list = json_array();
  for (size_t i = 0; i < audit->modules.count; ++i) {
    const WxModule *module = &audit->modules.items[i];
    if (wx_module_inflation(module) < 2)
      continue;
    char name[128];
    wx_module_name(module->path, name, sizeof name);
    json_array_append_new(list, json_pack("{s:o, s:o, s:I, s:I}", "module", wx_json_text(name),
                                          "path", wx_json_text(module->path), "span_bytes",
                                          (json_int_t)(module->end - module->start), "own_bytes",
                                          (json_int_t)module->own_bytes));
  }
  return list;
}

json_t *wx_audit_json(const WxAudit *audit) {
  json_t *object = json_object();
  json_t *notices = json_array();
  for (size_t i = 0; i < audit->notice_count; ++i)
    json_array_append_new(notices, wx_json_text(audit->notices[i]));
  const bool failed =
      wx_json_set(object, "pid", audit->pid ? json_integer(audit->pid) : json_null()) ||
      wx_json_set(object, "command", wx_json_text(*audit->command ? audit->command : NULL)) ||
      wx_json_set(object, "source", json_string(wx_source_name(audit->source))) ||
      wx_json_set(object, "fast", json_boolean(audit->fast)) ||
      wx_json_set(object, "runtime",
                  wx_json_text(*audit->runtime.version ? audit->runtime.version : NULL)) ||
      wx_json_set(object, "doublemapper", double_mapper_json(audit)) ||
      wx_json_set(object, "glibc", glibc_json(audit)) ||
      wx_json_set(object, "process", process_json(audit)) ||
      wx_json_set(object, "cgroup", cgroup_json(audit)) ||
      wx_json_set(object, "container", container_json(audit)) ||
      wx_json_set(object, "span_parts", span_json(audit)) ||
      wx_json_set(object, "owners", kinds_json(audit)) ||
      wx_json_set(object, "regions", regions_json(audit)) ||
      wx_json_set(object, "inflated_modules", modules_json(audit)) ||
      wx_json_set(object, "verdict",
                  json_pack("{s:s, s:o, s:s}", "code", wx_verdict_code(audit->verdict.code), "text",
                            wx_json_text(audit->verdict.text), "next", audit->verdict.next)) ||
      wx_json_set(object, "notices", notices) ||
      wx_json_set(object, "damage", wx_json_text(*audit->damage ? audit->damage : NULL)) ||
      wx_json_set(object, "unknown_because", why_json(audit));
  if (!failed)
    return object;
  json_decref(object);
  return NULL;
}
