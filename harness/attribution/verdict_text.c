#include "attribution/verdict_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// Address space worth a word.
#define LARGE ((WxFigure)128 << 20)
// Less of reserved memory than that may be resident for other reasons.
#define DUMP_MIN ((WxFigure)8 << 20)

static double mib(WxFigure bytes) {
  return wx_known(bytes) ? (double)bytes / (1024.0 * 1024.0) : 0;
}

static double percent(WxFigure part, WxFigure whole) {
  return wx_known(part) && wx_known(whole) && whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

void wx_verdict_say(WxVerdict *verdict, const char *format, ...) {
  const size_t used = strlen(verdict->text);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(verdict->text + used, sizeof verdict->text - used, format, arguments);
  va_end(arguments);
}

static bool is_reserved_resident(const WxVerdictFacts *facts) {
  return wx_known(facts->reserved_resident) && facts->reserved_resident >= DUMP_MIN;
}

static bool looks_dumped(const WxVerdictFacts *facts) {
  return facts->dumped || is_reserved_resident(facts);
}

// At the beginning of a sentence, and within one.
static const char *subject(const WxVerdictFacts *facts) {
  return facts->subject ? facts->subject : "The double mapper";
}

static const char *own_name(const WxVerdictFacts *facts) {
  return facts->subject ? facts->subject : "the double mapper";
}

static const char *own_file(const WxVerdictFacts *facts) {
  return facts->subject ? facts->subject : "the double mapper's file";
}

static void say_missing(WxVerdict *verdict, const WxVerdictFacts *facts) {
  wx_verdict_say(verdict, "What could be read does not settle it: %s.", facts->missing);
  if (facts->double_mapper)
    wx_verdict_say(verdict, " In it there is %s.",
                   facts->subject ? facts->subject : "a double mapper");
  else if (facts->names_known)
    wx_verdict_say(verdict, " In it there is no double mapper, but it may be in the rest.");
}

static void say_unknown(WxVerdict *verdict, const WxVerdictFacts *facts) {
  if (facts->missing)
    say_missing(verdict, facts);
  else if (facts->from_file && !facts->double_mapper && facts->names_known)
    wx_verdict_say(verdict, facts->whole
                                ? "There is no double mapper."
                                : "There is no double mapper in these lines, which do not end as "
                                  "the kernel's list does ([stack], [vdso]): it may be in others.");
  else
    wx_verdict_say(verdict,
                   facts->from_file
                       ? "What %s holds cannot be known from this input."
                       : "What %s holds is not known: this user may not open its file.",
                   own_name(facts));
  if (!facts->missing && facts->holes)
    wx_verdict_say(verdict,
                   " Among the libraries %.1f MiB of address space are mapped by nothing: rows of "
                   "the list may be lost there.",
                   mib(facts->holes));
  if (!facts->missing && wx_known(facts->committed) && facts->committer &&
      facts->committed >= LARGE)
    wx_verdict_say(
        verdict,
        " %s has %.1f MiB of address space; how much of it is memory, smaps or the living process "
        "tells.",
        facts->committer, mib(facts->committed));
}

// Memory files of the process itself, not only of others in its group.
static bool is_others(const WxVerdictFacts *facts) {
  return wx_known(facts->other_files) && facts->other_files >= LARGE;
}

static void say_others(WxVerdict *verdict, const WxVerdictFacts *facts) {
  wx_verdict_say(verdict,
                 "The process %s %.1f MiB in other memory files (memfds, deleted files of a tmpfs: "
                 "MemoryMappedFile); what of it no process maps is invisible in RSS%s.",
                 facts->from_file ? "has mapped" : "holds", mib(facts->other_files),
                 facts->from_file ? " and in this input" : "");
  if (facts->largest_other >= 0)
    wx_verdict_say(verdict, " The largest is its descriptor %d.", facts->largest_other);
}

// Who else has most of it.
static void say_owner(WxVerdict *verdict, const WxVerdictFacts *facts) {
  switch (verdict->code) {
  case WX_VERDICT_GC:
    wx_verdict_say(verdict,
                   "The largest owner is the garbage collector's range: %.1f MiB resident.",
                   mib(facts->gc));
    break;
  case WX_VERDICT_MALLOC:
    wx_verdict_say(verdict, "The largest owner is malloc: %.1f MiB.", mib(facts->malloc_bytes));
    break;
  case WX_VERDICT_OTHER_SHMEM:
    if (is_others(facts)) {
      say_others(verdict, facts);
      break;
    }
    wx_verdict_say(
        verdict,
        "The largest owner in the container is other shared memory: %.1f of %.1f MiB are neither "
        "the double mapper's nor page cache.",
        mib(facts->other_shmem), mib(facts->cgroup_usage));
    break;
  case WX_VERDICT_PAGE_CACHE:
    wx_verdict_say(verdict, "The largest owner in the container is page cache: %.1f of %.1f MiB.",
                   mib(facts->page_cache), mib(facts->cgroup_usage));
    break;
  case WX_VERDICT_KERNEL:
    wx_verdict_say(verdict, "The largest owner in the container is the kernel: %.1f of %.1f MiB.",
                   mib(facts->kernel), mib(facts->cgroup_usage));
    break;
  default:
    break;
  }
}

static void say_first(WxVerdict *verdict, const WxVerdictFacts *facts) {
  switch (verdict->code) {
  case WX_VERDICT_RETAINED:
    wx_verdict_say(
        verdict,
        "%s keeps %.1f MiB that it released: %.0f %% of its %.1f MiB are mapped nowhere, "
        "invisible in RSS and in any dump.",
        subject(facts), mib(facts->orphaned), percent(facts->orphaned, facts->allocated),
        mib(facts->allocated));
    break;
  case WX_VERDICT_MAP_LIMIT:
    wx_verdict_say(verdict, "%lld mappings of %lld that the kernel allows (vm.max_map_count)%s.",
                   (long long)facts->mappings, (long long)wx_verdict_limit(facts),
                   facts->from_file ? " if that was the limit: the file does not say it" : "");
    if (facts->most_mapped)
      wx_verdict_say(verdict, " Most of them are of: %s.", facts->most_mapped);
    break;
  case WX_VERDICT_LIVE:
    wx_verdict_say(verdict, "%s holds %.1f MiB of code and data that are mapped and in use.",
                   subject(facts), mib(facts->mapped));
    break;
  case WX_VERDICT_ARTEFACT:
    wx_verdict_say(
        verdict,
        "A debugger's rows under %s's name add up to %.1f MiB, %.1f MiB of them other memory "
        "without a file; it maps %.1f MiB of address space in that interval of %.1f MiB, of which "
        "%.1f MiB are no memory.",
        own_name(facts), mib(facts->shown), mib(facts->foreign), mib(facts->own_va),
        mib(facts->span), mib(facts->empty));
    break;
  case WX_VERDICT_NOT_AFFECTED:
    wx_verdict_say(verdict, "There is no double mapper: no memfd of that name is open or mapped.");
    break;
  case WX_VERDICT_CLEAN:
    if (facts->from_file) {
      wx_verdict_say(verdict, "Nothing%s stands out.",
                     looks_dumped(facts) ? " but the effect of a dump" : "");
      if (facts->double_mapper)
        wx_verdict_say(verdict, " %s maps %.1f MiB of address space.", subject(facts),
                       mib(facts->own_va));
      break;
    }
    wx_verdict_say(verdict, "%s holds %.1f MiB and nothing%s stands out.", subject(facts),
                   mib(facts->allocated), looks_dumped(facts) ? " but the effect of a dump" : "");
    break;
  case WX_VERDICT_UNKNOWN:
    say_unknown(verdict, facts);
    break;
  default:
    say_owner(verdict, facts);
    break;
  }
}

// What must be said beside every code: how much is orphaned, or that it cannot be known.
static void say_orphaned(WxVerdict *verdict, const WxVerdictFacts *facts) {
  if (verdict->code == WX_VERDICT_RETAINED || (!facts->double_mapper && facts->names_known))
    return;
  const bool own = verdict->code == WX_VERDICT_CLEAN || verdict->code == WX_VERDICT_LIVE;
  if (wx_known(facts->orphaned))
    wx_verdict_say(verdict, " %.1f MiB of %s are orphaned (%.0f %%).", mib(facts->orphaned),
                   own ? "it" : own_file(facts), percent(facts->orphaned, facts->allocated));
  else
    wx_verdict_say(verdict, " Released memory that is still held cannot be seen in this input.");
}

// Beside retained memory a larger heap is named, so that nobody chases the smaller one.
static void say_heaps(WxVerdict *verdict, const WxVerdictFacts *facts) {
  if (verdict->code != WX_VERDICT_RETAINED || !wx_known(facts->heaps_committed))
    return;
  const char *larger = facts->heaps_committed > facts->orphaned ? "larger" : "smaller";
  if (facts->heaps_committed > 0)
    wx_verdict_say(verdict, " malloc's %lld arenas are %s: %.1f MiB committed.",
                   (long long)(wx_known(facts->arenas) ? facts->arenas : 0), larger,
                   mib(facts->heaps_committed));
}

// How much of it a dump has made, where it looks so.
static void say_dump(WxVerdict *verdict, const WxVerdictFacts *facts) {
  const bool resident = is_reserved_resident(facts);
  if (!looks_dumped(facts))
    return;
  wx_verdict_say(verdict,
                 " Part of the memory may be the effect of a dump (gcore and kernel cores read "
                 "reserved memory, "
                 "which allocates it): ");
  if (facts->dumped)
    wx_verdict_say(
        verdict,
        "everything mapped is allocated, as after a dump, the double mapper's %.1f MiB of "
        "reserved parts too",
        mib(facts->reserved_parts));
  if (resident)
    wx_verdict_say(verdict, "%s%.1f MiB of private reserved memory are resident",
                   facts->dumped ? ", and " : "", mib(facts->reserved_resident));
  if (resident && facts->stacks_filled > 0)
    wx_verdict_say(verdict, ", %.1f MiB of thread stacks to the last page",
                   mib(facts->stacks_filled));
  wx_verdict_say(verdict, ".");
}

void wx_verdict_write(WxVerdict *verdict, const WxVerdictFacts *facts) {
  verdict->text[0] = '\0';
  say_first(verdict, facts);
  say_orphaned(verdict, facts);
  say_heaps(verdict, facts);
  say_dump(verdict, facts);
}
