#include "attribution/audit.h"

#include "attribution/explain.h"
#include "attribution/lacks.h"
#include "measure/memfd_proof.h"
#include "os/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A smaller one may well be used whole.
enum { LARGE_STACK = 1 << 20 };

const char *wx_source_name(WxSource source) {
  static const char *const names[] = {
      [WX_SOURCE_LIVE] = "live",
      [WX_SOURCE_MAPS] = "maps",
      [WX_SOURCE_SMAPS] = "smaps",
      [WX_SOURCE_CORE] = "core",
  };
  return names[source];
}

void wx_audit_notice(WxAudit *audit, const char *format, ...) {
  if (audit->notice_count == WX_NOTICES)
    return;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(audit->notices[audit->notice_count++], WX_NOTICE_TEXT, format, arguments);
  va_end(arguments);
}

void wx_audit_begin(WxAudit *audit, WxSource source, const WxAuditOptions *options) {
  *audit = (WxAudit){
      .source = source, .fast = options->fast, .live = {.fd = -1}, .truth = wx_truth_unknown()};
  wx_memfd_link(audit->link, options->memfd);
  audit->own_space.double_mapper = audit->link;
}

static WxPartKind part_of(uint8_t protection) {
  if (!protection)
    return WX_PART_NONE;
  if ((protection & (WX_WRITE | WX_EXECUTE)) == WX_EXECUTE)
    return WX_PART_RX;
  return (protection & (WX_WRITE | WX_EXECUTE)) == WX_WRITE ? WX_PART_RW : WX_PART_OTHER;
}

static void count_parts(WxAudit *audit) {
  const WxSpace *space = audit->space;
  for (size_t i = 0; i < WX_PARTS; ++i)
    audit->parts[i] = (WxProtectionPart){.rss_bytes = space->residency ? 0 : WX_UNKNOWN,
                                         .pss_bytes = space->residency ? 0 : WX_UNKNOWN};
  for (size_t i = 0; i < space->count; ++i) {
    if (space->owners[i] != WX_OWNER_DOUBLE_MAPPER)
      continue;
    const WxMapping *mapping = &space->mappings[i];
    WxProtectionPart *part = &audit->parts[part_of(mapping->protection)];
    ++part->count;
    part->bytes += mapping->end - mapping->start;
    if (space->residency) {
      part->rss_bytes += (WxFigure)space->residency[i].rss;
      part->pss_bytes += (WxFigure)space->residency[i].pss;
    }
  }
}

// What is resident of a mapping is said of it as a whole: it goes to the owner of most of it.
typedef struct {
  WxAudit *audit;
  size_t mapping;
  WxOwner owner;
  uint64_t bytes;
} Weigher;

static void take_residency(const Weigher *weigher) {
  const WxSpace *space = weigher->audit->space;
  if (weigher->mapping == SIZE_MAX)
    return;
  WxOwnerResidency *sum = &weigher->audit->residency[weigher->owner];
  ++sum->mappings;
  if (!space->residency)
    return;
  const WxResidency *residency = &space->residency[weigher->mapping];
  sum->rss_bytes = wx_figure_plus(sum->rss_bytes, wx_figure_from(residency->rss));
  sum->pss_bytes = wx_figure_plus(sum->pss_bytes, wx_figure_from(residency->pss));
  sum->swap_bytes = wx_figure_plus(sum->swap_bytes, wx_figure_from(residency->swap));
}

static int weigh_part(const WxPart *part, void *context) {
  Weigher *weigher = context;
  const uint64_t bytes = part->end - part->start;
  weigher->audit->ownership.bytes[part->owner] += bytes;
  if (part->mapping != weigher->mapping) {
    take_residency(weigher);
    *weigher = (Weigher){weigher->audit, part->mapping, part->owner, bytes};
  } else if (bytes > weigher->bytes) {
    weigher->owner = part->owner;
    weigher->bytes = bytes;
  }
  return 0;
}

static void weigh_owners(WxAudit *audit) {
  const WxSpace *space = audit->space;
  const WxFigure none = space->residency ? 0 : WX_UNKNOWN;
  for (size_t i = 0; i < WX_OWNERS; ++i)
    audit->residency[i] =
        (WxOwnerResidency){.rss_bytes = none, .pss_bytes = none, .swap_bytes = none};
  if (!space->count)
    return;
  Weigher weigher = {.audit = audit, .mapping = SIZE_MAX};
  const uint64_t end = space->mappings[space->count - 1].end;
  wx_space_walk(space, space->mappings[0].start, end, weigh_part, &weigher);
  take_residency(&weigher);
}

// Memory of an owner: what is resident where that is known, else what it has committed.
static WxFigure memory_of(const WxAudit *audit, WxOwner owner) {
  const WxFigure resident = audit->residency[owner].rss_bytes;
  return wx_known(resident) ? resident + audit->residency[owner].swap_bytes : WX_UNKNOWN;
}

static void collect_span_facts(const WxAudit *audit, WxVerdictFacts *facts) {
  const uint64_t *span = audit->span.bytes;
  if (!audit->module)
    return;
  facts->shown = (WxFigure)audit->rows.bytes;
  facts->span = (WxFigure)(audit->module->end - audit->module->start);
  facts->own_va = (WxFigure)span[WX_OWNER_DOUBLE_MAPPER];
  facts->empty = (WxFigure)(span[WX_OWNER_HEAP_RESERVED] + span[WX_OWNER_GC_RESERVED] +
                            span[WX_OWNER_RESERVED] + span[WX_OWNER_HOLE]);
  facts->foreign = facts->span - facts->own_va - facts->empty - (WxFigure)span[WX_OWNER_FILE];
}

// As vm.max_map_count counts them: [vsyscall] is none. A core joins mappings.
static WxFigure count_mappings(const WxAudit *audit) {
  const WxSpace *space = audit->space;
  if (audit->source == WX_SOURCE_CORE)
    return WX_UNKNOWN;
  const bool last_is_none =
      space->count && !strcmp(space->mappings[space->count - 1].path, "[vsyscall]");
  const size_t count = audit->lines > space->count ? audit->lines : space->count;
  return (WxFigure)(count - last_is_none);
}

static int compare_mappings(const void *a, const void *b) {
  const WxMapping *left = *(const WxMapping *const *)a, *right = *(const WxMapping *const *)b;
  if (left->inode != right->inode)
    return left->inode < right->inode ? -1 : 1;
  return (left->offset > right->offset) - (left->offset < right->offset);
}

// Between mappings of the double mapper's files: what was given back there, or is not in the list.
static uint64_t holes_of(const WxSpace *space) {
  uint64_t bytes = 0;
  for (size_t i = 1; i < space->count; ++i)
    if (space->owners[i] == WX_OWNER_DOUBLE_MAPPER &&
        space->owners[i - 1] == WX_OWNER_DOUBLE_MAPPER)
      bytes += space->mappings[i].start - space->mappings[i - 1].end;
  return bytes;
}

static bool may_be_code(const WxSpace *space, size_t index) {
  return space->owners[index] == WX_OWNER_UNNAMED && space->mappings[index].protection & WX_EXECUTE;
}

// Where the double mapper has no name: what is mapped nowhere between pieces of code that may be
// its own. Its blocks lie together, and a hole in malloc's or the collector's range is larger.
static uint64_t holes_in_code(const WxSpace *space) {
  uint64_t bytes = 0, holes = 0;
  const WxMapping *last = NULL;
  for (size_t i = 0; i < space->count; ++i) {
    const WxMapping *mapping = &space->mappings[i];
    holes += last ? mapping->start - space->mappings[i - 1].end : 0;
    if (!may_be_code(space, i))
      continue;
    if (last && mapping->start - last->end <= WX_HEAP_SLOT_BYTES)
      bytes += holes;
    last = mapping;
    holes = 0;
  }
  return bytes;
}

// What lies below the last mapping of each of the double mapper's files and is mapped nowhere. A
// list that lost its rows with the highest offsets still has the holes.
static WxFigure find_released(const WxAudit *audit) {
  const WxSpace *space = audit->space;
  const WxMapping **own = calloc(space->count + 1, sizeof *own);
  size_t count = 0;
  uint64_t released = 0, covered = 0, inode = 0;
  if (!own)
    return WX_UNKNOWN;
  for (size_t i = 0; i < space->count; ++i)
    if (space->owners[i] == WX_OWNER_DOUBLE_MAPPER)
      own[count++] = &space->mappings[i];
  qsort(own, count, sizeof *own, compare_mappings);
  for (size_t i = 0; i < count; ++i) {
    if (!i || own[i]->inode != inode) {
      covered = 0;
      inode = own[i]->inode;
    }
    const uint64_t end = own[i]->offset + (own[i]->end - own[i]->start);
    released += own[i]->offset > covered ? own[i]->offset - covered : 0;
    covered = end > covered ? end : covered;
  }
  free(own);
  const uint64_t holes = holes_of(space);
  return (WxFigure)(released > holes ? released : holes);
}

// A memfd, or shared memory that is deleted or never had a name, other than the double mapper's
// file.
static bool is_other_memory_file(const WxSpace *space, size_t index) {
  const WxMapping *mapping = &space->mappings[index];
  if (space->owners[index] != WX_OWNER_FILE)
    return false;
  return wx_text_starts_with(mapping->path, "/memfd:") ||
         (mapping->shared && wx_memfd_is_shared_memory(mapping->path) &&
          strstr(mapping->path, " (deleted)"));
}

static uint64_t space_of_others(const WxAudit *audit) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < audit->space->count; ++i)
    if (is_other_memory_file(audit->space, i))
      bytes += audit->space->mappings[i].end - audit->space->mappings[i].start;
  return bytes;
}

static uint64_t nameless_of(const WxAudit *audit) {
  return audit->ownership.bytes[WX_OWNER_ANONYMOUS] + audit->ownership.bytes[WX_OWNER_UNNAMED];
}

// Which owner has the most address space that may be memory, where nothing says what is. In a core
// malloc's main heap and the collector's range are among memory without a name, in rows of pmap -x
// that heap.
static void collect_committed(const WxAudit *audit, WxVerdictFacts *facts) {
  facts->committed = WX_UNKNOWN;
  if (audit->source == WX_SOURCE_LIVE || audit->space->residency)
    return;
  const uint64_t *bytes = audit->ownership.bytes;
  const uint64_t hidden =
      audit->source == WX_SOURCE_CORE ? nameless_of(audit) : wx_audit_hidden_heap(audit);
  const struct {
    const char *name;
    uint64_t bytes;
  } owners[] = {
      {"malloc", bytes[WX_OWNER_HEAP_COMMITTED] + bytes[WX_OWNER_MAIN_HEAP]},
      {"The garbage collector", bytes[WX_OWNER_GC_COMMITTED]},
      {"Memory without a name (malloc's main heap and the collector's may be in it)", hidden},
      {"Other shared memory (memfds, deleted files of a tmpfs)", space_of_others(audit)},
  };
  for (size_t i = 0; i < sizeof owners / sizeof *owners; ++i) {
    if (wx_known(facts->committed) && (WxFigure)owners[i].bytes <= facts->committed)
      continue;
    facts->committed = (WxFigure)owners[i].bytes;
    facts->committer = owners[i].name;
  }
}

// Whose the mappings are for the most part.
static const char *find_most_mapped(const WxAudit *audit) {
  size_t most = 0;
  for (size_t i = 1; i < WX_OWNERS; ++i)
    if (audit->residency[i].mappings > audit->residency[most].mappings)
      most = i;
  return audit->residency[most].mappings ? wx_owner_name((WxOwner)most) : NULL;
}

static void collect_file_facts(const WxAudit *audit, WxVerdictFacts *facts) {
  facts->from_file = audit->source != WX_SOURCE_LIVE;
  facts->whole = wx_audit_has_end(audit);
  facts->missing = wx_audit_lacks(audit);
  facts->most_mapped = find_most_mapped(audit);
  collect_committed(audit, facts);
  if (!facts->from_file)
    return;
  facts->released_range = find_released(audit);
  const WxHoles holes = wx_audit_holes(audit);
  facts->holes = (WxFigure)holes.bytes;
  facts->arena_hole = (WxFigure)holes.arena;
  if (!audit->module && !facts->names_known) {
    facts->own_va = (WxFigure)nameless_of(audit); // At most.
    facts->released_range = (WxFigure)holes_in_code(audit->space);
  }
  WxFigure mapped = audit->space->residency ? 0 : WX_UNKNOWN;
  for (size_t i = 0; wx_known(mapped) && i < WX_PARTS; ++i)
    mapped += audit->parts[i].pss_bytes;
  facts->mapped = mapped;
}

// What a dump leaves behind: to read a page that was never used makes it resident.
static void weigh_dump(const WxAudit *audit, WxVerdictFacts *facts) {
  const WxSpace *space = audit->space;
  facts->reserved_parts = (WxFigure)audit->parts[WX_PART_NONE].bytes;
  facts->reserved_resident = facts->stacks_filled = space->residency ? 0 : WX_UNKNOWN;
  for (size_t i = 0; space->residency && i < space->count; ++i) {
    const WxMapping *mapping = &space->mappings[i];
    const uint64_t bytes = mapping->end - mapping->start, rss = space->residency[i].rss;
    if (!mapping->protection && !*mapping->path && rss >= bytes / 2)
      facts->reserved_resident += (WxFigure)rss;
    else if (space->owners[i] == WX_OWNER_STACK && bytes >= LARGE_STACK && rss == bytes)
      facts->stacks_filled += (WxFigure)rss;
  }
}

// What the rows of a file show of them.
static WxFigure sum_others_mapped(const WxAudit *audit) {
  const WxSpace *space = audit->space;
  WxFigure sum = space->residency ? 0 : WX_UNKNOWN;
  for (size_t i = 0; space->residency && i < space->count; ++i)
    if (is_other_memory_file(space, i))
      sum += (WxFigure)(space->residency[i].pss + space->residency[i].swap);
  return sum;
}

// What the other memory files hold, as far as it is known.
static WxFigure sum_others(const WxAudit *audit) {
  if (audit->source != WX_SOURCE_LIVE)
    return sum_others_mapped(audit);
  WxFigure sum = audit->others_known ? 0 : WX_UNKNOWN;
  for (size_t i = 0; i < audit->others.count && audit->others_known; ++i)
    if (wx_known(audit->others.items[i].allocated_bytes))
      sum += audit->others.items[i].allocated_bytes;
  return sum;
}

static WxVerdictFacts collect_facts(const WxAudit *audit) {
  const WxContainer *container = &audit->container;
  WxVerdictFacts facts = {
      .pid = (int)audit->pid,
      .refusal = audit->refusal,
      .named = audit->named,
      .double_mapper =
          audit->source == WX_SOURCE_LIVE ? audit->truth.double_mapper : audit->module != NULL,
      .names_known = !audit->space->is_core ||
                     !(audit->space->files_unknown || audit->space->deleted_left_out),
      .allocated = audit->truth.allocated_bytes,
      .mapped = audit->truth.mapped_bytes,
      .orphaned = audit->truth.orphaned_bytes,
      .shown = WX_UNKNOWN,
      .released_range = WX_UNKNOWN,
      .own_va = 0,
      .span = audit->module ? 0 : WX_UNKNOWN,
      .foreign = WX_UNKNOWN,
      .empty = WX_UNKNOWN,
      .rss_anon = audit->status.rss_anon_bytes,
      .gc = memory_of(audit, WX_OWNER_GC_COMMITTED),
      .malloc_bytes = wx_figure_plus(memory_of(audit, WX_OWNER_HEAP_COMMITTED),
                                     memory_of(audit, WX_OWNER_MAIN_HEAP)),
      .cgroup_usage = container->usage,
      .other_shmem = container->other_shmem,
      .other_files = sum_others(audit),
      .largest_other = audit->others.count ? audit->others.items[0].number : -1,
      .page_cache = container->page_cache,
      .kernel = audit->cgroup.kernel_bytes,
      .mappings = count_mappings(audit),
      .max_map_count = audit->max_map_count,
      .heaps_committed = (WxFigure)audit->space->heaps.committed_bytes,
      .arenas = (WxFigure)audit->space->heaps.arenas,
      // Reserved pages are never allocated by the runtime itself.
      .dumped = wx_truth_looks_dumped(&audit->truth) && audit->parts[WX_PART_NONE].bytes > 0,
  };
  collect_span_facts(audit, &facts);
  collect_file_facts(audit, &facts);
  weigh_dump(audit, &facts);
  return facts;
}

// What a group holds beside the process matters where it comes near a limit: at half of it.
static bool is_pressed(const WxAudit *audit) {
  const WxCgroupFigures *group = &audit->cgroup;
  return wx_known(group->limit_bytes) && group->limit_bytes != WX_CGROUP_NO_LIMIT &&
         wx_known(group->usage_bytes) && group->usage_bytes >= group->limit_bytes / 2;
}

int wx_audit_weigh(WxAudit *audit, size_t rows) {
  const WxSpace *space = audit->space;
  int result = wx_modules_find(&audit->modules, space->mappings, space->count);
  if (result)
    return result;
  audit->module = wx_modules_named(&audit->modules, audit->link);
  if (audit->module) {
    audit->span = wx_space_sum(space, audit->module->start, audit->module->end);
    result = wx_rows_find(&audit->rows, space, &audit->modules, audit->module, rows);
  }
  if (result)
    return result;
  count_parts(audit);
  weigh_owners(audit);
  return 0;
}

// What a verdict calls the file: by its own name where it is not the double mapper's.
static const char *name_file(WxAudit *audit) {
  const WxMemfd *largest = wx_memfds_largest(&audit->truth.memfds);
  const char *link = largest ? largest->link : audit->module ? audit->link : WX_DOUBLEMAPPER;
  char plain[WX_MEMFD_LINK];
  if (!strcmp(link, WX_DOUBLEMAPPER) || !wx_memfd_plain_name(link, plain))
    return NULL;
  snprintf(audit->subject, sizeof audit->subject, "%s%s", wx_memfd_kind(plain), plain);
  return audit->subject;
}

void wx_audit_judge(WxAudit *audit, const WxAuditOptions *options) {
  wx_audit_fill_container(audit);
  audit->facts = collect_facts(audit);
  audit->facts.subject = name_file(audit);
  // Nor does what the group holds say anything about one process of many.
  if (options->known || !is_pressed(audit))
    audit->facts.cgroup_usage = WX_UNKNOWN;
  wx_verdict_judge(&audit->verdict, &audit->facts);
}

bool wx_audit_is_part(const WxAudit *audit) {
  return audit->source == WX_SOURCE_CORE &&
         (audit->core_space.partial || audit->core.damage.reason);
}

int wx_audit_problem(const char *what, const WxAudit *audit, int error, WxProblem *problem) {
  if (*audit->damage)
    return wx_problem(problem, -EINVAL, "%s: %s", what, audit->damage);
  if (error == -ESRCH || error == -ESTALE)
    return wx_problem(problem, -ESRCH, "%s: no such process", what);
  if ((error == -EACCES || error == -EPERM) && audit->source == WX_SOURCE_LIVE)
    return wx_problem(problem, -ENOTSUP,
                      "not permitted to look at process %s: run as its user, or as root, or with "
                      "CAP_SYS_PTRACE",
                      what);
  return wx_problem(problem, -EINVAL, "%s: %s", what, strerror(-error));
}

bool wx_audit_names_file(const WxAudit *audit) {
  const WxVerdictFacts *facts = &audit->facts;
  return audit->module ||
         (facts->names_known && !facts->missing && (!facts->from_file || facts->whole));
}

// Debuggers and createdump leave reserved address space, guard pages and the kernel's own out, so
// that the collector's range cannot be told; where no deleted file is named, memfds are among the
// files and among memory without one. No core names malloc's main heap, nor the kernel's own but
// one.
bool wx_audit_has_all_of(const WxAudit *audit, WxOwner owner) {
  const WxSpace *space = audit->space;
  if (audit->source != WX_SOURCE_CORE)
    return true;
  if (wx_audit_is_part(audit))
    return false;
  const bool named = !space->files_unknown && !space->deleted_left_out;
  switch (owner) {
  case WX_OWNER_FILE:
    return named;
  case WX_OWNER_ANONYMOUS:
  case WX_OWNER_MAIN_HEAP:
  case WX_OWNER_SPECIAL:
    return false;
  case WX_OWNER_GC_COMMITTED:
  case WX_OWNER_GC_RESERVED:
  case WX_OWNER_RESERVED:
  case WX_OWNER_HOLE:
  case WX_OWNER_STACK:
    return space->as_mapped;
  default:
    return true;
  }
}

WxFigure wx_audit_owner_bytes(const WxAudit *audit, WxOwner owner) {
  return wx_audit_has_all_of(audit, owner) ? (WxFigure)audit->ownership.bytes[owner] : WX_UNKNOWN;
}

// createdump joins touching mappings.
WxFigure wx_audit_owner_mappings(const WxAudit *audit, WxOwner owner) {
  const bool joined = audit->source == WX_SOURCE_CORE && audit->core.writer == WX_WRITER_CREATEDUMP;
  return joined || !wx_audit_has_all_of(audit, owner) ? WX_UNKNOWN
                                                      : (WxFigure)audit->residency[owner].mappings;
}

WxFigure wx_audit_of_whole(const WxAudit *audit, uint64_t figure) {
  return wx_audit_is_part(audit) ? WX_UNKNOWN : (WxFigure)figure;
}

WxFigure wx_audit_of_file(const WxAudit *audit, uint64_t figure) {
  return wx_audit_names_file(audit) ? wx_audit_of_whole(audit, figure) : WX_UNKNOWN;
}

void wx_audit_free(WxAudit *audit) {
  wx_memfds_free(&audit->others);
  wx_rows_free(&audit->rows);
  wx_modules_free(&audit->modules);
  wx_core_space_free(&audit->core_space);
  wx_space_free(&audit->own_space);
  if (audit->core_open)
    wx_core_close(&audit->core);
  wx_live_memory_close(&audit->live);
  wx_truth_free(&audit->truth);
  wx_smaps_free(&audit->smaps);
  wx_maps_free(&audit->maps);
}
