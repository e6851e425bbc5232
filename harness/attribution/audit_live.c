#include "attribution/audit.h"
#include "measure/bounded.h"
#include "measure/retention.h"
#include "os/task.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// A process that has just started says nothing about its growth.
enum { SECONDS_PER_DAY = 86400, YOUNG_SECONDS = 600, READ_TRIES = 3 };

static void read_command(WxAudit *audit, WxText *text) {
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, audit->pid, "comm");
  if (!wx_text_read(text, path))
    snprintf(audit->command, sizeof audit->command, "%.*s", (int)strcspn(text->data, "\n"),
             text->data);
}

// How many mappings a day the process gained since it started, and when it meets the limit so.
static void forecast(WxAudit *audit, WxText *text) {
  uint64_t started;
  struct timespec now;
  audit->max_map_count = wx_process_number("/proc/sys/vm/max_map_count", "", text);
  audit->mappings_per_day = audit->seconds_to_limit = WX_UNKNOWN;
  if (wx_process_start_time(audit->pid, &started, text) || clock_gettime(CLOCK_BOOTTIME, &now))
    return;
  const double age = (double)now.tv_sec - (double)started / (double)sysconf(_SC_CLK_TCK);
  const double count = (double)audit->space->count;
  if (age < YOUNG_SECONDS || !wx_known(audit->max_map_count) || count < 1)
    return;
  audit->mappings_per_day = (WxFigure)(count / age * SECONDS_PER_DAY);
  const double left = (double)audit->max_map_count - count;
  audit->seconds_to_limit = left > 0 ? (WxFigure)(left / (count / age)) : 0;
}

// What needs no mappings. Returns what reading its status returned.
static int read_surroundings(WxAudit *audit, WxText *text) {
  read_command(audit, text);
  const int result = wx_process_status(&audit->status, audit->pid, text);
  if (!wx_cgroup_find(&audit->group, audit->pid, "", text))
    (void)wx_cgroup_read(&audit->cgroup, &audit->group, text);
  return result;
}

static int read_maps(WxAudit *audit) {
  return wx_process_error(wx_maps_read(&audit->maps, audit->pid));
}

// What a running process prints may not fit together: it is then read again.
static int read_smaps(WxAudit *audit) {
  int result = -EINVAL;
  for (int i = 0; i < READ_TRIES && result == -EINVAL; ++i)
    result = wx_smaps_read(&audit->smaps, audit->pid);
  return wx_process_error(result);
}

typedef struct {
  WxAudit *audit;
  const WxAuditOptions *options;
  WxMaps own;         // Of the process, as just read; nothing of it is owned here.
  WxProcessMark mark; // Taken before; not for a fast audit.
  int truth_result;   ///< Also of the other files.
  int status_result;
} Reading;

static int make_space(WxAudit *audit, const WxMaps *own, WxText *text) {
  WxSpace *space = &audit->own_space;
  space->mappings = own->items;
  space->count = own->count;
  space->residency = audit->smaps.residency; // NULL where it was not read.
  audit->allocator = wx_allocator_find(space->mappings, space->count);
  if (wx_allocator_read_environment(&audit->allocator, audit->pid, text))
    wx_audit_notice(audit, "The environment of the process may not be read: settings of malloc "
                           "are not known.");
  (void)wx_live_memory_open(&audit->live, audit->pid);
  space->memory = audit->live.fd >= 0 ? &audit->live.memory : NULL;
  space->heap_rules = audit->allocator.rules;
  audit->space = space;
  return wx_space_attribute(space);
}

static void begin_truth(void *context) {
  const Reading *reading = context;
  WxAudit *audit = reading->audit;
  wx_truth_begin(&audit->truth, audit->pid, audit->link, reading->options->left_out);
}

static int read_smaps_beside_truth(Reading *reading) {
  WxAudit *audit = reading->audit;
  WxTask truth;
  wx_task_start(&truth, begin_truth, reading);
  const int result = read_smaps(audit);
  wx_task_finish(&truth);
  return result;
}

// The mappings of the process, to be looked at; audit->maps or audit->smaps owns them.
static int read_mappings(Reading *reading) {
  WxAudit *audit = reading->audit;
  const int result = audit->fast ? read_maps(audit) : read_smaps_beside_truth(reading);
  reading->own = audit->fast ? audit->maps
                             : (WxMaps){.items = audit->smaps.items, .count = audit->smaps.count};
  return result;
}

// Without them the rest holds.
static int read_others(WxAudit *audit, const WxMaps *own) {
  const int result = wx_memfd_find_others(&audit->others, audit->pid, own, &audit->truth.memfds);
  audit->others_known = !result;
  return result == -ENOMEM ? result : 0;
}

// What does not need to know whose the mappings are.
static void read_rest(void *context) {
  Reading *reading = context;
  WxAudit *audit = reading->audit;
  const WxAuditOptions *options = reading->options;
  const WxTruthOptions how = {.fast = options->fast,
                              .extents = options->extents,
                              .any_memfd = options->any_memfd,
                              .link = audit->link,
                              .left_out = options->left_out,
                              .known = options->known};
  WxText text = {0};
  reading->truth_result =
      wx_truth_read(&audit->truth, audit->pid, &reading->own, &reading->mark, &how);
  if (!reading->truth_result && !options->known)
    reading->truth_result = read_others(audit, &reading->own);
  reading->status_result = read_surroundings(audit, &text);
  wx_text_free(&text);
}

// Whether W^X is really on, for whoever was told to switch it off, or believes that it is on.
static int judge_wx(WxAudit *audit, const WxMaps *own) {
  const WxAllocator *allocator = &audit->allocator;
  const bool on = wx_process_count_mappings(own, WX_DOUBLEMAPPER).count > 0;
  if (!audit->runtime.present && !on)
    return 0;
  const int result =
      on || *audit->runtime.version ? 0 : wx_runtime_identify(&audit->runtime, audit->pid, own);
  if (result == -ENOMEM)
    return result;
  audit->wx_state =
      wx_state_judge(own, audit->runtime.version, audit->pid,
                     allocator->environment_known ? &allocator->write_xor_execute : NULL);
  if (audit->wx_state != WX_STATE_ON)
    wx_audit_notice(audit, "W^X is %s.", wx_state_text(audit->wx_state));
  return 0;
}

static int attribute(WxAudit *audit, const WxMaps *own, size_t rows, WxText *text) {
  audit->runtime = wx_runtime_find(own);
  int result = make_space(audit, own, text);
  if (!result)
    result = judge_wx(audit, own);
  if (result)
    return result;
  forecast(audit, text);
  return wx_audit_weigh(audit, rows);
}

// A process without a double mapper may have a file like it, of another runtime's compiler: then it
// is that file's account, under its own name.
static int choose_file(WxAudit *audit, const WxAuditOptions *options, const WxMaps *own) {
  WxMemfds found = {0};
  if (options->memfd || wx_process_count_mappings(own, WX_DOUBLEMAPPER).count)
    return 0;
  int result = wx_memfd_find(&found, audit->pid, own, audit->link);
  if (!result && !found.count)
    result = wx_memfd_find(&found, audit->pid, own, NULL);
  const WxMemfd *largest = wx_memfds_largest(&found);
  if (!result && largest)
    snprintf(audit->link, sizeof audit->link, "%s", largest->link);
  wx_memfds_free(&found);
  return result;
}

static int read_all(WxAudit *audit, const WxAuditOptions *options, WxText *text) {
  Reading reading = {.audit = audit, .options = options};
  int result = options->fast ? 0 : wx_process_mark(&reading.mark, audit->pid, text);
  if (!result)
    result = read_mappings(&reading);
  if (!result)
    result = choose_file(audit, options, &reading.own);
  if (result)
    return result;
  WxTask rest;
  wx_task_start(&rest, read_rest, &reading);
  result = attribute(audit, &reading.own, options->rows, text);
  wx_task_finish(&rest);
  if (reading.status_result)
    wx_audit_notice(audit, "/proc/PID/status cannot be read.");
  return result ? result : reading.truth_result;
}

// A file that only is called so.
static void note_impostors(WxAudit *audit) {
  const WxMemfds *memfds = &audit->truth.memfds;
  char name[WX_MEMFD_LINK];
  if (memfds->impostors)
    wx_audit_notice(audit, "%zu file%s of the process called %s%s %s not opened: the first %s.",
                    memfds->impostors, memfds->impostors == 1 ? "" : "s",
                    wx_memfd_plain_name(audit->link, name) ? wx_memfd_kind(name) : "memfd:",
                    wx_memfd_plain_name(audit->link, name) ? name : "(as asked)",
                    memfds->impostors == 1 ? "was" : "were", wx_refusal_text(memfds->refusal));
}

// What a reclaim would say to the file, where that matters. A file of another name, and one of a
// program without a runtime, has to be named to it.
static void judge_reclaim(WxAudit *audit, const WxAuditOptions *options) {
  const WxMemfd *largest = wx_memfds_largest(&audit->truth.memfds);
  if (!largest || !wx_is_retained(audit->truth.orphaned_bytes, audit->truth.allocated_bytes))
    return;
  const WxMaps own = {.items = (WxMapping *)audit->space->mappings, .count = audit->space->count};
  WxRefusal refusal;
  WxMemfd memfd = *largest;
  if (wx_memfd_judge(&memfd, audit->pid, &own, &refusal))
    return; // It has ended meanwhile.
  const bool other = options->memfd || strcmp(memfd.link, WX_DOUBLEMAPPER) != 0;
  audit->refusal = refusal == WX_REFUSED_RUNTIME ? WX_REFUSED_NOT : refusal;
  if (other || refusal == WX_REFUSED_RUNTIME) {
    audit->named = wx_memfd_plain_name(memfd.link, audit->name);
    audit->refusal = audit->named ? audit->refusal : WX_REFUSED_RUNTIME;
  }
}

// Reads all, and asks at the end whether the process still has the address space that it began
// with: nothing can be said of one that was ending or ran another program meanwhile.
static int read_one_life(WxAudit *audit, const WxAuditOptions *options, WxText *text) {
  WxProcessLife before, after;
  int result = wx_process_life(&before, audit->pid, text);
  if (!result)
    result = read_all(audit, options, text);
  const int gone = wx_process_life(&after, audit->pid, text);
  if (gone)
    return gone == -EACCES && result ? result : gone;
  return !result && !wx_process_life_equal(&before, &after) ? -ESTALE : result;
}

int wx_audit_live(WxAudit *audit, pid_t pid, const WxAuditOptions *options) {
  wx_audit_begin(audit, WX_SOURCE_LIVE, options);
  audit->pid = pid;
  WxText text = {0};
  WxCgroup none = {0};
  wx_cgroup_read(&audit->cgroup, &none, &text);
  int result = read_one_life(audit, options, &text);
  wx_text_free(&text);
  if (result)
    return result;
  if (audit->live.fd < 0)
    wx_audit_notice(audit, "The memory of the process may not be read: heaps are told by flags or "
                           "shape only.");
  if (audit->fast && !options->known)
    wx_audit_notice(audit, "Fast: no residency was read and no other process was asked for "
                           "mappings of the files.");
  if (options->left_out && options->left_out->count)
    wx_audit_notice(audit,
                    "%zu processes did not answer within %d s and were left out: the first "
                    "is %d.",
                    options->left_out->count, WX_BOUNDED_SECONDS, (int)options->left_out->pids[0]);
  note_impostors(audit);
  judge_reclaim(audit, options);
  wx_audit_judge(audit, options);
  return 0;
}
