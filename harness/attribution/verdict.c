#include "attribution/verdict.h"

#include "attribution/verdict_text.h"
#include "measure/retention.h"

#include <stddef.h>
#include <stdio.h>

#define MIB ((WxFigure)1 << 20)

enum {
  OWNER_MIB = 128,    // Below that no owner of memory is worth a verdict.
  LIVE_MIB = 64,      // Nor the double mapper's live pages.
  OWNER_PART = 2,     // Half of what is looked at.
  ARTEFACT_MIB = 128, // Of others' memory inside the interval.
  LIMIT_PERCENT = 90,
};

// Values of vm.max_map_count: the kernel's default, what search engines ask for, what some
// distributions set.
static const WxFigure usual_limits[] = {65530, 262144, 1048576};

static const struct {
  const char *code;
  int rank;
  const char *next;
} codes[] = {
    [WX_VERDICT_RETAINED] = {"retained", 0, NULL}, // It names the process.
    [WX_VERDICT_MAP_LIMIT] = {"map-limit", 1,
                              "Raise vm.max_map_count (sysctl), and find what keeps mapping."},
    [WX_VERDICT_LIVE] =
        {"live", 2,
         "The code is in use: find what keeps generating or loading it (collectible "
         "contexts that never unload, caches of compiled code)."},
    [WX_VERDICT_MALLOC] =
        {"malloc", 3, "Try MALLOC_ARENA_MAX=2 or another allocator, and look for a native leak."},
    [WX_VERDICT_GC] = {"gc", 4, "Look at the managed heap: dotnet-gcdump, GC settings."},
    [WX_VERDICT_OTHER_SHMEM] =
        {"other-shmem", 5,
         "Look at /dev/shm, tmpfs volumes and other memfds (MemoryMappedFile) of the container."},
    [WX_VERDICT_PAGE_CACHE] = {"page-cache", 6,
                               "Nothing: the kernel gives page cache back under pressure."},
    [WX_VERDICT_KERNEL] = {"kernel", 7, "Look at slab, sockets and page tables of the container."},
    [WX_VERDICT_ARTEFACT] =
        {"artefact", 8, "Nothing: a debugger counts other memory under the double mapper's name."},
    [WX_VERDICT_UNKNOWN] = {"unknown", 9,
                            "Run `wxbench audit PID` on the live process, or save smaps and the "
                            "cgroup's memory.stat beside the file."},
    [WX_VERDICT_CLEAN] = {"clean", 10, "Nothing."},
    [WX_VERDICT_NOT_AFFECTED] = {"not-affected", 11, "Nothing."},
};

const char *wx_verdict_code(WxVerdictCode code) {
  return codes[code].code;
}

int wx_verdict_rank(WxVerdictCode code) {
  return codes[code].rank;
}

static bool at_least(WxFigure figure, WxFigure least) {
  return wx_known(figure) && figure >= least;
}

// Whether two parts of which neither is known better may make up `least` bytes.
static bool may_reach(WxFigure a, WxFigure b, WxFigure least) {
  const WxFigure sum = wx_figure_plus(a, b);
  return !wx_known(sum) || sum >= least;
}

static bool is_near(WxFigure mappings, WxFigure limit) {
  return mappings >= limit / 100 * LIMIT_PERCENT;
}

WxFigure wx_verdict_limit(const WxVerdictFacts *facts) {
  if (!wx_known(facts->mappings))
    return WX_UNKNOWN;
  if (!facts->from_file)
    return at_least(facts->max_map_count, 1) && is_near(facts->mappings, facts->max_map_count)
               ? facts->max_map_count
               : WX_UNKNOWN;
  for (size_t i = 0; i < sizeof usual_limits / sizeof *usual_limits; ++i)
    if (is_near(facts->mappings, usual_limits[i]) && facts->mappings <= usual_limits[i] + 1)
      return usual_limits[i];
  return WX_UNKNOWN;
}

// The memory of the process, each page once. A file does not say what the double mapper's holds,
// only what is mapped of it.
static WxFigure footprint(const WxVerdictFacts *facts) {
  if (!wx_known(facts->rss_anon))
    return WX_UNKNOWN;
  const WxFigure own = facts->from_file ? facts->mapped : facts->allocated;
  return facts->rss_anon + (wx_known(own) ? own : 0);
}

typedef struct {
  WxVerdictCode code;
  WxFigure bytes;
  WxFigure whole; // Of which it has to be half.
  WxFigure least;
} Owner;

// The owner of the largest part, where one has half of its whole.
static bool find_owner(const WxVerdictFacts *facts, WxVerdictCode *code) {
  const WxFigure process = footprint(facts);
  const WxFigure group = wx_known(process) && at_least(facts->cgroup_usage, 2 * process)
                             ? facts->cgroup_usage
                             : WX_UNKNOWN;
  const Owner owners[] = {
      {WX_VERDICT_LIVE, facts->mapped, process, LIVE_MIB * MIB},
      {WX_VERDICT_GC, facts->gc, process, OWNER_MIB * MIB},
      {WX_VERDICT_MALLOC, facts->malloc_bytes, process, OWNER_MIB * MIB},
      {WX_VERDICT_OTHER_SHMEM, facts->other_files,
       wx_known(process) && wx_known(facts->other_files) ? process + facts->other_files
                                                         : WX_UNKNOWN,
       OWNER_MIB * MIB},
      {WX_VERDICT_OTHER_SHMEM, facts->other_shmem, group, OWNER_MIB * MIB},
      {WX_VERDICT_PAGE_CACHE, facts->page_cache, group, OWNER_MIB * MIB},
      {WX_VERDICT_KERNEL, facts->kernel, group, OWNER_MIB * MIB},
  };
  WxFigure most = 0;
  for (size_t i = 0; i < sizeof owners / sizeof *owners; ++i) {
    const Owner *owner = &owners[i];
    if (!wx_known(owner->whole) || !at_least(owner->bytes, owner->least) ||
        owner->bytes < owner->whole / OWNER_PART || owner->bytes <= most)
      continue;
    most = owner->bytes;
    *code = owner->code;
  }
  return most > 0;
}

// Whether some owner of address space may be the largest of the process, since only what is
// resident tells, or since rows of it may be lost.
static bool may_be_large(const WxVerdictFacts *facts) {
  const WxFigure mallocs = wx_figure_plus(facts->holes, facts->arena_hole);
  if (wx_known(facts->committed))
    return may_reach(facts->committed, mallocs, OWNER_MIB * MIB);
  const struct {
    WxFigure known, lost;
  } owners[] = {{facts->malloc_bytes, mallocs},
                {facts->gc, facts->holes},
                {facts->other_files, facts->holes}};
  for (size_t i = 0; i < sizeof owners / sizeof *owners; ++i)
    if (owners[i].lost && wx_known(owners[i].known) &&
        may_reach(owners[i].known, owners[i].lost, OWNER_MIB * MIB))
      return true;
  return false;
}

// What others hold inside the interval decides, held against what the double mapper holds: alive
// its file, else what it maps. Where malloc or the collector may explain the process, address space
// alone is no proof that a debugger is all that is wrong.
static bool is_artefact(const WxVerdictFacts *facts) {
  if (!facts->double_mapper || !wx_known(facts->span) ||
      !at_least(facts->foreign, ARTEFACT_MIB * MIB))
    return false;
  if (!facts->from_file)
    return wx_known(facts->allocated) && facts->foreign >= facts->allocated;
  return !may_be_large(facts) && facts->foreign >= facts->own_va;
}

// A file shows nothing that is orphaned, but where it can be: in ranges of the double mapper's file
// that lie below its last mapping and are mapped nowhere.
static bool may_be_retained(const WxVerdictFacts *facts) {
  const WxFigure released = wx_figure_plus(facts->released_range, facts->holes);
  // Without a name most of what may be its own is not.
  const WxFigure own = facts->names_known ? facts->own_va : 0;
  return wx_is_retained(released, wx_figure_plus(released, own));
}

static bool is_clean(const WxVerdictFacts *facts) {
  if (!facts->from_file)
    return wx_known(facts->orphaned) && wx_known(facts->allocated);
  return facts->whole && !may_be_large(facts) && !may_be_retained(facts) &&
         !may_reach(facts->own_va, facts->holes, LIVE_MIB * MIB) &&
         (wx_known(facts->rss_anon) || wx_known(facts->committed));
}

// No double mapper is in it, nor in what may be lost.
static bool is_unaffected(const WxVerdictFacts *facts) {
  return !facts->from_file ||
         (facts->whole && !may_be_large(facts) && facts->holes < LIVE_MIB * MIB);
}

// Nothing that a reclaim would refuse.
static void advise_reclaim(WxVerdict *verdict, const WxVerdictFacts *facts) {
  char *next = verdict->next;
  if (facts->refusal)
    snprintf(next, sizeof verdict->next,
             "A reclaim leaves the file alone, which %s. The next start can do without it: "
             "DOTNET_EnableWriteXorExecute=0.",
             wx_refusal_text(facts->refusal));
  else if (facts->named)
    snprintf(next, sizeof verdict->next,
             "It is not a .NET runtime's: a reclaim leaves it alone, unless whoever knows that "
             "program names the file to it (--memfd %s).",
             facts->named);
  else
    snprintf(next, sizeof verdict->next,
             "Give it back with `wxbench reclaim --pid %d`, or for good with `wxbench reclaim -- "
             "COMMAND` or DOTNET_EnableWriteXorExecute=0.",
             facts->pid);
}

// Where the input cannot show what is orphaned, no verdict but the live process's is the last.
static void write_next(WxVerdict *verdict, const WxVerdictFacts *facts) {
  const bool blind = (facts->double_mapper || !facts->names_known) && !wx_known(facts->allocated);
  const bool arenas = at_least(facts->heaps_committed, facts->malloc_bytes / 2);
  if (verdict->code == WX_VERDICT_RETAINED)
    advise_reclaim(verdict, facts);
  else if (verdict->code == WX_VERDICT_MALLOC && !arenas)
    snprintf(verdict->next, sizeof verdict->next,
             "Look for a native leak, or try another allocator: it is the main heap, on which "
             "MALLOC_ARENA_MAX has no effect.");
  else if (verdict->code == WX_VERDICT_MALLOC)
    snprintf(verdict->next, sizeof verdict->next, "%s", codes[verdict->code].next);
  else if (verdict->code == WX_VERDICT_UNKNOWN && !facts->from_file)
    snprintf(verdict->next, sizeof verdict->next,
             "Run it again as root: with the descriptor closed or another user's, the file can be "
             "opened with CAP_CHECKPOINT_RESTORE (before Linux 5.9 CAP_SYS_ADMIN) only.");
  else
    snprintf(verdict->next, sizeof verdict->next, "%s",
             blind && verdict->code != WX_VERDICT_UNKNOWN
                 ? "Audit the live process (`wxbench audit PID` there): released memory that is "
                   "still held cannot be seen in this input."
                 : codes[verdict->code].next);
}

// By what is known of the whole.
static WxVerdictCode judge_whole(const WxVerdictFacts *facts) {
  WxVerdictCode owner;
  if (find_owner(facts, &owner))
    return owner;
  if (is_artefact(facts))
    return WX_VERDICT_ARTEFACT;
  if (!facts->double_mapper && facts->names_known)
    return is_unaffected(facts) ? WX_VERDICT_NOT_AFFECTED : WX_VERDICT_UNKNOWN;
  return is_clean(facts) ? WX_VERDICT_CLEAN : WX_VERDICT_UNKNOWN;
}

void wx_verdict_judge(WxVerdict *verdict, const WxVerdictFacts *facts) {
  if (wx_is_retained(facts->orphaned, facts->allocated))
    verdict->code = WX_VERDICT_RETAINED;
  else if (wx_known(wx_verdict_limit(facts)))
    verdict->code = WX_VERDICT_MAP_LIMIT;
  else
    verdict->code = facts->missing ? WX_VERDICT_UNKNOWN : judge_whole(facts);
  write_next(verdict, facts);
  wx_verdict_write(verdict, facts);
}
