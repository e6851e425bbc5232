// An audit as the contract's JSON.
#include "output/audit_json.h"

static json_t *glibc_json(const WxAudit *audit) {
  const WxHeaps *heaps = &audit->space->heaps;
  const WxAllocator *allocator = &audit->allocator;
  const WxFigure resident = audit->residency[WX_OWNER_HEAP_COMMITTED].rss_bytes;
  const bool partial = wx_audit_is_part(audit); // A part of the heaps is no figure of them.
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
              partial ? json_null() : json_boolean(audit->ownership.bytes[WX_OWNER_MAIN_HEAP] > 0));
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
  wx_json_put(&object, "doublemapper", wx_audit_json_double_mapper(audit));
  wx_json_put(&object, "other_files", wx_audit_json_others(audit));
  wx_json_put(&object, "glibc", glibc_json(audit));
  wx_json_put(&object, "process", process_json(audit));
  wx_json_put(&object, "cgroup", wx_audit_json_cgroup(audit));
  wx_json_put(&object, "container", wx_audit_json_container(audit));
  wx_json_put(&object, "span_parts", wx_audit_json_span(audit));
  wx_json_put(&object, "owners", wx_audit_json_owners(audit));
  wx_json_put(&object, "regions", wx_audit_json_regions(audit));
  wx_json_put(&object, "inflated_modules", wx_audit_json_modules(audit));
  wx_json_put(&object, "verdict",
              json_pack("{s:s, s:o, s:s}", "code", wx_verdict_code(audit->verdict.code), "text",
                        wx_json_text(audit->verdict.text), "next", audit->verdict.next));
  wx_json_put(&object, "notices", wx_json_built(&notices));
  wx_json_put(&object, "damage", wx_json_text(*audit->damage ? audit->damage : NULL));
  wx_json_put(&object, "incomplete", wx_json_text(audit->facts.missing));
  wx_json_put(&object, "unknown_because", why_json(audit));
  return wx_json_built(&object);
}
