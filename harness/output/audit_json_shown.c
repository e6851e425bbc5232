// What a debugger shows and who owns it, as JSON.
#include "output/audit_json.h"

#include <inttypes.h>

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

// Whether a source has all that an owner has in the process. Debuggers and createdump leave
// reserved address space, guard pages and the kernel's own out; where no deleted file is named,
// memfds are among the files and among memory without one.
static bool has_all_of(const WxAudit *audit, size_t owner) {
  if (audit->source != WX_SOURCE_CORE)
    return true;
  if (wx_audit_is_part(audit))
    return false;
  const bool named = !audit->space->files_unknown && !audit->space->deleted_left_out;
  if (!named && (owner == WX_OWNER_FILE || owner == WX_OWNER_ANONYMOUS))
    return false;
  if (audit->core.writer == WX_WRITER_KERNEL)
    return true;
  return owner != WX_OWNER_RESERVED && owner != WX_OWNER_HOLE && owner != WX_OWNER_SPECIAL &&
         owner != WX_OWNER_STACK && owner != WX_OWNER_ANONYMOUS;
}

json_t *wx_audit_json_span(const WxAudit *audit) {
  static const char *const own_keys[WX_PARTS] = {"own_rx", "own_rw", "own_none", "own_other"};
  const bool named = audit->module || audit->facts.names_known;
  WxJsonBuilder object = wx_json_object();
  for (size_t i = 0; i < WX_PARTS; ++i)
    wx_json_put(&object, own_keys[i],
                wx_json_figure(named && has_all_of(audit, WX_OWNER_DOUBLE_MAPPER)
                                   ? (WxFigure)audit->parts[i].bytes
                                   : WX_UNKNOWN));
  for (size_t i = WX_OWNER_DOUBLE_MAPPER + 1; i < WX_OWNERS; ++i)
    wx_json_put(&object, owner_keys[i],
                wx_json_figure(named && has_all_of(audit, i) ? (WxFigure)audit->span.bytes[i]
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

json_t *wx_audit_json_regions(const WxAudit *audit) {
  WxJsonBuilder list = wx_json_list();
  for (size_t i = 0; i < audit->rows.count; ++i)
    wx_json_append(&list, row_json(&audit->rows.items[i]));
  return wx_json_built(&list);
}

// createdump joins touching mappings.
static WxFigure mappings_of(const WxAudit *audit, size_t owner) {
  const bool joined = audit->source == WX_SOURCE_CORE && audit->core.writer == WX_WRITER_CREATEDUMP;
  return joined || !has_all_of(audit, owner) ? WX_UNKNOWN
                                             : (WxFigure)audit->residency[owner].mappings;
}

json_t *wx_audit_json_owners(const WxAudit *audit) {
  WxJsonBuilder list = wx_json_list();
  for (size_t i = 0; i < WX_OWNERS && !wx_audit_is_part(audit); ++i) {
    if (!audit->ownership.bytes[i] || i == WX_OWNER_HOLE)
      continue;
    WxJsonBuilder one = wx_json_object();
    wx_json_put(&one, "owner", json_string(owner_keys[i]));
    PUT_FIGURES(&one, {"mappings", mappings_of(audit, i)},
                {"bytes", has_all_of(audit, i) ? (WxFigure)audit->ownership.bytes[i] : WX_UNKNOWN},
                {"rss_bytes", audit->residency[i].rss_bytes},
                {"pss_bytes", audit->residency[i].pss_bytes},
                {"swap_bytes", audit->residency[i].swap_bytes});
    wx_json_append(&list, wx_json_built(&one));
  }
  return wx_json_built(&list);
}

json_t *wx_audit_json_modules(const WxAudit *audit) {
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
