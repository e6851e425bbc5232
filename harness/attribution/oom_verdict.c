// What a report of a kill comes to.
#include "attribution/oom.h"
#include "attribution/verdict_text.h"
#include "measure/retention.h"

#include <stdio.h>
#include <string.h>

#define MIB ((WxFigure)1 << 20)
#define GIB ((WxFigure)1 << 30)

enum {
  AT_REST_MIB = 128, // Of a group that lives, less is not worth a verdict.
  ALONE_PERCENT = 90,
};

/* What the tasks map
 * -------------------------------------------------------------------------------------------------
 */

static WxFigure at_least_0(WxFigure figure) {
  return wx_known(figure) && figure < 0 ? 0 : figure;
}

static WxFigure smaller(WxFigure a, WxFigure b) {
  if (!wx_known(a) || !wx_known(b))
    return wx_known(a) ? a : b;
  return a < b ? a : b;
}

static WxFigure sum(const WxFigure figures[], size_t count) {
  WxFigure total = 0;
  for (size_t i = 0; i < count; ++i)
    total += wx_known(figures[i]) ? figures[i] : 0;
  return total;
}

static const WxOomTask *find_killed(const WxOomReport *report) {
  for (size_t i = 0; i < report->task_count; ++i)
    if (report->tasks[i].pid == report->pid)
      return &report->tasks[i];
  return NULL;
}

// At most so much shared memory do all tasks of the table map. It counts in pages; the line of the
// kill, which counts in bytes, says how large one is. A task of which only the sum is told may have
// nothing else.
static WxFigure find_tasks_shmem(const WxOomReport *report) {
  const WxOomTask *killed = find_killed(report);
  const WxFigure rss[] = {report->anon_rss_bytes, report->file_rss_bytes, report->shmem_rss_bytes};
  if (report->kills != 1 || !killed || !wx_known(report->shmem_rss_bytes) || killed->rss <= 0)
    return WX_UNKNOWN;
  WxFigure others = 0;
  for (size_t i = 0; i < report->task_count; ++i) {
    const WxOomTask *task = &report->tasks[i];
    others += task == killed ? 0 : wx_known(task->shmem) ? task->shmem : task->rss;
  }
  return report->shmem_rss_bytes +
         (WxFigure)((double)others * (double)sum(rss, 3) / (double)killed->rss);
}

static void find_unmapped(WxOomReport *report) {
  const WxCgroupFigures *group = &report->group;
  const WxFigure tasks = find_tasks_shmem(report);
  const WxFigure all = smaller(tasks, group->file_mapped_bytes);
  report->unmapped_least_bytes = at_least_0(wx_figure_minus(group->shmem_bytes, all));
  const WxFigure own = wx_known(tasks) ? tasks : report->shmem_rss_bytes;
  const WxFigure mapped = smaller(own, group->file_mapped_bytes);
  report->mapped_bytes = wx_known(mapped) ? smaller(mapped, group->shmem_bytes) : WX_UNKNOWN;
  report->unmapped_bytes = wx_figure_minus(group->shmem_bytes, report->mapped_bytes);
}

/* The verdict
 * -------------------------------------------------------------------------------------------------
 */

typedef struct {
  WxVerdictCode code;
  WxFigure bytes; // The least that it is.
} Owner;

enum { SHARED, ANONYMOUS, CACHE, KERNEL, OWNERS };

// All shared memory is one owner's, as the file of the double mapper is: what is in use of it and
// what was released are decided for after that.
static Owner find_shared(const WxOomReport *report) {
  const WxFigure shmem = report->group.shmem_bytes, least = report->unmapped_least_bytes;
  const bool retained =
      report->scope != WX_OOM_MACHINE && wx_is_retained(least, shmem) && least >= shmem - least;
  return (Owner){retained ? WX_VERDICT_RETAINED : WX_VERDICT_OTHER_SHMEM,
                 wx_known(least) ? shmem : WX_UNKNOWN};
}

static void find_owners(const WxOomReport *report, Owner owners[OWNERS]) {
  const WxCgroupFigures *group = &report->group;
  const WxFigure kernel[] = {group->slab_bytes, group->socket_bytes, group->page_tables_bytes,
                             group->kernel_stack_bytes};
  const WxFigure parts = sum(kernel, 4);
  owners[SHARED] = find_shared(report);
  owners[ANONYMOUS] = (Owner){
      WX_VERDICT_MALLOC, wx_known(group->anon_bytes) ? group->anon_bytes : report->anon_rss_bytes};
  owners[CACHE] = (Owner){WX_VERDICT_PAGE_CACHE,
                          at_least_0(wx_figure_minus(group->file_bytes, group->shmem_bytes))};
  owners[KERNEL] = (Owner){WX_VERDICT_KERNEL, wx_known(group->kernel_bytes) ? group->kernel_bytes
                                              : parts                       ? parts
                                                                            : WX_UNKNOWN};
}

// What ran out; where no line says it, the sum of all parts, if all are there.
static WxFigure find_whole(const WxOomReport *report, const Owner owners[OWNERS]) {
  const WxCgroupFigures *group = &report->group;
  if (wx_known(group->usage_bytes))
    return group->usage_bytes;
  if (report->killed && report->scope != WX_OOM_MACHINE && wx_known(group->limit_bytes) &&
      group->limit_bytes != WX_CGROUP_NO_LIMIT)
    return group->limit_bytes;
  WxFigure whole = 0;
  for (size_t i = 0; i < OWNERS; ++i)
    if (wx_known(owners[i].bytes))
      whole += owners[i].bytes;
    else if (i != KERNEL)
      return WX_UNKNOWN;
  return report->complete ? whole : WX_UNKNOWN;
}

// The owner that is the largest whatever the rest of the whole is, or NULL.
static const Owner *find_largest(const Owner owners[OWNERS], WxFigure whole) {
  const Owner *most = NULL;
  WxFigure second = 0, known = 0;
  for (size_t i = 0; i < OWNERS; ++i) {
    const WxFigure bytes = owners[i].bytes;
    if (!wx_known(bytes))
      continue;
    known += bytes;
    if (most && bytes <= most->bytes) {
      second = bytes > second ? bytes : second;
      continue;
    }
    second = most ? most->bytes : 0;
    most = &owners[i];
  }
  if (!most || !wx_known(whole))
    return NULL;
  const WxFigure rest = whole > known ? whole - known : 0;
  return most->bytes > second && most->bytes - second > rest ? most : NULL;
}

// One line alone tells of one process only. Where that is gigabytes of private memory and next to
// nothing else, no code that was generated outweighs it.
static bool is_plainly_private(const WxOomReport *report) {
  const WxFigure rss[] = {report->anon_rss_bytes, report->file_rss_bytes, report->shmem_rss_bytes};
  return report->kills && !wx_known(report->group.shmem_bytes) &&
         wx_known(report->anon_rss_bytes) && report->anon_rss_bytes >= GIB &&
         report->anon_rss_bytes >= sum(rss, 3) / 100 * ALONE_PERCENT;
}

static WxCertainty weigh(const WxOomReport *report, bool plainly) {
  switch (report->verdict.code) {
  case WX_VERDICT_RETAINED:
    return report->dotnet && !report->tmpfs ? WX_CERTAINTY_MEDIUM : WX_CERTAINTY_LOW;
  case WX_VERDICT_OTHER_SHMEM:
    return WX_CERTAINTY_LOW;
  case WX_VERDICT_UNKNOWN:
    return WX_CERTAINTY_NONE;
  default:
    return plainly ? WX_CERTAINTY_MEDIUM : WX_CERTAINTY_HIGH;
  }
}

/* Its words
 * -------------------------------------------------------------------------------------------------
 */

enum { SIZE_TEXT = 32 };

static const char *size(char text[SIZE_TEXT], WxFigure bytes) {
  if (!wx_known(bytes))
    snprintf(text, SIZE_TEXT, "n/a");
  else if (bytes >= 10 * GIB)
    snprintf(text, SIZE_TEXT, "%.1f GiB", (double)bytes / (double)GIB);
  else
    snprintf(text, SIZE_TEXT, "%.1f MiB", (double)bytes / (double)MIB);
  return text;
}

static void say_shared(WxOomReport *report) {
  char a[SIZE_TEXT], b[SIZE_TEXT], c[SIZE_TEXT];
  wx_verdict_say(&report->verdict,
                 "%s of shared memory, at most %s of it mapped: %s are mapped nowhere",
                 size(a, report->group.shmem_bytes), size(b, report->mapped_bytes),
                 size(c, report->unmapped_bytes));
}

// Whether retained memory is there that is no part of the verdict.
static bool is_retained_beside(const WxOomReport *report) {
  return report->verdict.code != WX_VERDICT_RETAINED && wx_known(report->unmapped_least_bytes) &&
         wx_known(report->group.shmem_bytes) &&
         wx_is_retained(report->unmapped_least_bytes, report->group.shmem_bytes);
}

static void say_owner(WxOomReport *report, WxFigure bytes) {
  char text[SIZE_TEXT];
  WxVerdict *verdict = &report->verdict;
  size(text, bytes);
  switch (verdict->code) {
  case WX_VERDICT_RETAINED:
    wx_verdict_say(verdict, "retained (likely): ");
    say_shared(report);
    wx_verdict_say(verdict,
                   ", as released executable memory is that the double mapper keeps. Files of a "
                   "tmpfs, an emptyDir in memory and a MemoryMappedFile without a view look the "
                   "same.");
    break;
  case WX_VERDICT_MALLOC:
    wx_verdict_say(
        verdict, "malloc or managed heap%s: the largest part is %s of private memory.",
        is_retained_beside(report) ? "" : " (not the double mapper: W^X off cannot help)", text);
    break;
  case WX_VERDICT_OTHER_SHMEM:
    wx_verdict_say(
        verdict,
        "other shared memory: the largest part is %s of it, most of it of mapped files in memory "
        "(MemoryMappedFile, /dev/shm, tmpfs) or of code in use.",
        size(text, report->group.shmem_bytes));
    break;
  case WX_VERDICT_PAGE_CACHE:
    wx_verdict_say(verdict, "The largest part is page cache: %s.", text);
    break;
  case WX_VERDICT_KERNEL:
    wx_verdict_say(verdict, "The largest part is the kernel's own memory: %s.", text);
    break;
  case WX_VERDICT_CLEAN:
    wx_verdict_say(verdict, "Nothing stands out, and nothing was killed.");
    break;
  default:
    wx_verdict_say(verdict, "What could be read does not settle whose memory it was.");
    break;
  }
}

// Beside a verdict: what else is there, and what the text does not say.
static void say_rest(WxOomReport *report) {
  char text[SIZE_TEXT];
  WxVerdict *verdict = &report->verdict;
  if (verdict->code == WX_VERDICT_RETAINED)
    return;
  if (verdict->code == WX_VERDICT_UNKNOWN && wx_known(report->anon_rss_bytes))
    wx_verdict_say(verdict, " Private memory of the process: %s.",
                   size(text, report->anon_rss_bytes));
  if (!wx_known(report->group.shmem_bytes))
    wx_verdict_say(verdict, " How much shared memory the group held is not in this text.");
  else if (!wx_known(report->unmapped_least_bytes))
    wx_verdict_say(verdict, " Of %s of shared memory the text does not say how much is mapped.",
                   size(text, report->group.shmem_bytes));
  else if (is_retained_beside(report)) {
    wx_verdict_say(verdict, " Beside it: ");
    say_shared(report);
    wx_verdict_say(verdict, ", and given back they are room below the limit.");
  }
}

static const char *next_of(WxVerdictCode code) {
  static const char *const nexts[] = {
      [WX_VERDICT_RETAINED] =
          "Where no tmpfs is in the pod: audit the next one before it is killed (`wxbench audit "
          "PID`), and start it with `wxbench reclaim -- COMMAND` or "
          "DOTNET_EnableWriteXorExecute=0.",
      [WX_VERDICT_MALLOC] = "Look at the managed heap (dotnet-gcdump) and for a native leak; "
                            "`wxbench audit PID` tells the two apart.",
      [WX_VERDICT_OTHER_SHMEM] =
          "Look at /dev/shm, tmpfs volumes and mapped files of the container; `wxbench audit PID` "
          "says how much is the double mapper's.",
      [WX_VERDICT_PAGE_CACHE] = "Look for memory that cannot be given back (locked, dirty).",
      [WX_VERDICT_KERNEL] = "Look at slab, sockets and page tables of the container.",
      [WX_VERDICT_CLEAN] = "Nothing.",
      [WX_VERDICT_UNKNOWN] = "Add the kernel's whole report (`dmesg`, `journalctl -k` on the "
                             "node), from `invoked oom-killer` to `Killed process`, or the "
                             "group's memory.stat and the process's status.",
  };
  return nexts[code];
}

void wx_oom_judge(WxOomReport *report) {
  Owner owners[OWNERS];
  find_unmapped(report);
  find_owners(report, owners);
  const Owner *most = find_largest(owners, find_whole(report, owners));
  const bool plainly = !most && is_plainly_private(report);
  if (plainly)
    most = &owners[ANONYMOUS];
  WxVerdict *verdict = &report->verdict;
  *verdict = (WxVerdict){.code = most ? most->code : WX_VERDICT_UNKNOWN};
  if (most && !report->killed && most->code != WX_VERDICT_RETAINED &&
      most->bytes < AT_REST_MIB * MIB)
    verdict->code = WX_VERDICT_CLEAN;
  report->certainty = weigh(report, plainly);
  say_owner(report, most ? most->bytes : WX_UNKNOWN);
  say_rest(report);
  snprintf(verdict->next, sizeof verdict->next, "%s", next_of(verdict->code));
}
