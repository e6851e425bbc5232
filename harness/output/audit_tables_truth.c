// Block A of an audit's tables: what is true.
#include "output/audit_tables.h"

#include <math.h>
#include <stdio.h>

enum { TEXT = 128 };

static void add_parts(WxDocument *document, const WxAudit *audit) {
  static const char *const names[WX_PARTS] = {"rx (code)", "rw (data, views)", "reserved", "other"};
  const char *file = audit->facts.subject ? audit->facts.subject : "double mapper";
  const WxColumn columns[] = {{file, WX_TEXT},
                              {"mappings", WX_COUNT},
                              {"address space", WX_BYTES},
                              {"Rss", WX_BYTES},
                              {"Pss", WX_BYTES}};
  char title[TEXT];
  snprintf(title, sizeof title, "A. What is true%s%s", *audit->command ? " of " : "",
           audit->command);
  WxTable *table = wx_table_new(title, columns, COUNT_OF(columns));
  for (size_t i = 0; i < WX_PARTS; ++i) {
    const WxProtectionPart *part = &audit->parts[i];
    if (part->count || i != WX_PART_OTHER)
      wx_table_add(table, (WxCell[]){wx_text(names[i]), wx_figure((WxFigure)part->count),
                                     wx_figure((WxFigure)part->bytes), wx_figure(part->rss_bytes),
                                     wx_figure(part->pss_bytes)});
  }
  wx_document_add_table(document, table);
}

static void add_truth(WxDocument *document, const WxAudit *audit) {
  static const WxColumn columns[] = {
      {"figure", WX_TEXT}, {"bytes", WX_BYTES}, {"% of allocated", WX_RATIO}};
  const WxTruth *truth = &audit->truth;
  const WxFigure allocated = truth->allocated_bytes;
  const struct {
    const char *name;
    WxFigure bytes;
    bool part;
  } rows[] = {
      {"allocated (st_blocks)", allocated, true},
      {"mapped and allocated", truth->mapped_bytes, true},
      {"orphaned (mapped nowhere)", truth->orphaned_bytes, true},
      {"process RSS", audit->status.rss_bytes, false},
      {"process RssAnon", audit->status.rss_anon_bytes, false},
      {"process RssShmem", audit->status.rss_shmem_bytes, false},
      {"cgroup shmem", audit->cgroup.shmem_bytes, false},
      {"cgroup file_mapped", audit->cgroup.file_mapped_bytes, false},
      {"malloc arenas committed", (WxFigure)audit->space->heaps.committed_bytes, false},
      {"malloc arenas reserved", (WxFigure)audit->space->heaps.reserved_bytes, false},
      {"malloc arenas Rss", audit->residency[WX_OWNER_HEAP_COMMITTED].rss_bytes, false},
  };
  WxTable *table = wx_table_new(NULL, columns, COUNT_OF(columns));
  for (size_t i = 0; i < COUNT_OF(rows); ++i)
    wx_table_add(
        table, (WxCell[]){wx_text(rows[i].name), wx_figure(rows[i].bytes),
                          wx_ratio(rows[i].part ? wx_audit_share(rows[i].bytes, allocated) : NAN)});
  wx_document_add_table(document, table);
}

static void add_extents(WxDocument *document, const WxAudit *audit) {
  static const WxColumn columns[] = {{"extents from", WX_BYTES},
                                     {"allocated", WX_COUNT},
                                     {"bytes", WX_BYTES},
                                     {"orphaned", WX_COUNT},
                                     {"orphaned bytes", WX_BYTES}};
  const WxHistogram *all = &audit->truth.allocated, *orphaned = &audit->truth.orphaned;
  if (!wx_known(audit->truth.orphaned_bytes) || audit->truth.allocated_bytes == 0)
    return;
  WxTable *table = wx_table_new(NULL, columns, COUNT_OF(columns));
  const bool known = audit->truth.extents_known;
  for (size_t i = 0; i < WX_SIZE_CLASSES; ++i)
    if (all->count[i] || orphaned->count[i])
      wx_table_add(table, (WxCell[]){wx_figure((WxFigure)(UINT64_C(4096) << i)),
                                     wx_figure(known ? (WxFigure)all->count[i] : WX_UNKNOWN),
                                     wx_figure(known ? (WxFigure)all->bytes[i] : WX_UNKNOWN),
                                     wx_figure((WxFigure)orphaned->count[i]),
                                     wx_figure((WxFigure)orphaned->bytes[i])});
  wx_document_add_table(document, table);
}

static void add_others(WxDocument *document, const WxAudit *audit) {
  static const WxColumn columns[] = {
      {"other memory file (memfd, deleted file of a tmpfs)", WX_TEXT},
      {"descriptor", WX_ID},
      {"bytes (st_blocks)", WX_BYTES}};
  enum { SHOWN = 10 };
  const WxMemfds *others = &audit->others;
  if (!others->count)
    return;
  WxTable *table = wx_table_new(NULL, columns, COUNT_OF(columns));
  for (size_t i = 0; i < others->count && i < SHOWN; ++i) {
    const WxMemfd *file = &others->items[i];
    wx_table_add(table, (WxCell[]){wx_text(file->link),
                                   wx_figure(file->number < 0 ? WX_UNKNOWN : file->number),
                                   wx_figure(file->allocated_bytes)});
  }
  wx_document_add_table(document, table);
  if (others->count > SHOWN)
    wx_document_note(document,
                     "%zu more memory files of the process are smaller (--json has them).",
                     others->count - SHOWN);
}

static void add_container(WxDocument *document, const WxAudit *audit) {
  static const WxColumn columns[] = {
      {"owner in the container", WX_TEXT}, {"bytes", WX_BYTES}, {"% of usage", WX_RATIO}};
  const WxContainer *container = &audit->container;
  if (!wx_known(container->usage))
    return;
  const struct {
    const char *name;
    WxFigure bytes;
  } rows[] = {
      {"JIT and loader heaps (double mapper)", container->double_mapper},
      {"GC range (by pattern)", container->gc},
      {"malloc", container->malloc_bytes},
      {"thread stacks", container->stacks},
      {"other anonymous of the process", container->other_anon},
      {"anonymous of other processes", container->other_processes},
      {"other shmem (/dev/shm, tmpfs, memfds)", container->other_shmem},
      {"page cache", container->page_cache},
      {"sockets", container->sockets},
      {"slab", container->slab},
      {"page tables", container->page_tables},
      {"kernel stacks", container->kernel_stacks},
      {"other kernel", container->other_kernel},
      {"residue", container->residue},
      {"usage", container->usage},
  };
  char title[TEXT];
  snprintf(title, sizeof title, "The whole container (cgroup v%d)", audit->group.version);
  WxTable *table = wx_table_new(title, columns, COUNT_OF(columns));
  for (size_t i = 0; i < COUNT_OF(rows); ++i)
    wx_table_add(table, (WxCell[]){wx_text(rows[i].name), wx_figure(rows[i].bytes),
                                   wx_ratio(wx_audit_share(rows[i].bytes, container->usage))});
  wx_document_add_table(document, table);
}

void wx_audit_tables_truth(WxDocument *document, const WxAudit *audit) {
  add_parts(document, audit);
  add_truth(document, audit);
  add_extents(document, audit);
  add_others(document, audit);
}

void wx_audit_tables_container(WxDocument *document, const WxAudit *audit) {
  add_container(document, audit);
}
