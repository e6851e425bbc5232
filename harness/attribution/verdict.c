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
  ARTEFACT_TIMES = 4, // How often the interval exceeds what is mapped, where no more is known.
  LIMIT_PERCENT = 90,
};

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
        {"other-shmem", 5, "Look at /dev/shm, tmpfs volumes and other memfds of the container."},
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

static bool is_near_limit(const WxVerdictFacts *facts) {
  return wx_known(facts->mappings) && at_least(facts->max_map_count, 1) &&
         facts->mappings >= facts->max_map_count / 100 * LIMIT_PERCENT;
}

// The memory of the process, each page once.
static WxFigure footprint(const WxVerdictFacts *facts) {
  if (!wx_known(facts->rss_anon))
    return WX_UNKNOWN;
  return facts->rss_anon + (wx_known(facts->allocated) ? facts->allocated : 0);
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

// Alive, what others hold inside the interval decides; from a file, how far the interval exceeds
// what is mapped, since nothing else is known.
static bool is_artefact(const WxVerdictFacts *facts) {
  if (!facts->double_mapper || !wx_known(facts->span))
    return false;
  if (wx_known(facts->allocated))
    return at_least(facts->foreign, ARTEFACT_MIB * MIB) && facts->foreign >= facts->allocated;
  return at_least(facts->span - facts->own_va, ARTEFACT_MIB * MIB) &&
         facts->span >= ARTEFACT_TIMES * facts->own_va;
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
             "program names the file to it (--memfd %.40s).",
             facts->named);
  else
    snprintf(next, sizeof verdict->next,
             "Give it back with `wxbench reclaim --pid %d`, or for good with `wxbench reclaim -- "
             "COMMAND` or DOTNET_EnableWriteXorExecute=0.",
             facts->pid);
}

// Where the input cannot show what is orphaned, no verdict but the live process's is the last.
static void write_next(WxVerdict *verdict, const WxVerdictFacts *facts) {
  const bool blind = facts->double_mapper && !wx_known(facts->allocated);
  if (verdict->code == WX_VERDICT_RETAINED)
    advise_reclaim(verdict, facts);
  else
    snprintf(verdict->next, sizeof verdict->next, "%s",
             blind && verdict->code != WX_VERDICT_UNKNOWN
                 ? "Audit the live process (`wxbench audit PID` there): released memory that is "
                   "still held cannot be seen in this input."
                 : codes[verdict->code].next);
}

void wx_verdict_judge(WxVerdict *verdict, const WxVerdictFacts *facts) {
  WxVerdictCode code = WX_VERDICT_UNKNOWN, owner;
  if (wx_is_retained(facts->orphaned, facts->allocated))
    code = WX_VERDICT_RETAINED;
  else if (is_near_limit(facts))
    code = WX_VERDICT_MAP_LIMIT;
  else if (find_owner(facts, &owner))
    code = owner;
  else if (is_artefact(facts))
    code = WX_VERDICT_ARTEFACT;
  else if (!facts->double_mapper && facts->names_known)
    code = WX_VERDICT_NOT_AFFECTED;
  else if (wx_known(facts->orphaned))
    code = WX_VERDICT_CLEAN;
  verdict->code = code;
  write_next(verdict, facts);
  wx_verdict_write(verdict, facts);
}
