#include "attribution/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// A process that has just started says nothing about its growth.
enum { SECONDS_PER_DAY = 86400, YOUNG_SECONDS = 600, READ_TRIES = 3 };

// What takes longest is read in a thread, beside everything else: smaps, or with --fast maps.
typedef struct {
  WxMaps *maps;
  WxSmaps *smaps; // NULL for maps.
  pid_t pid;
  int result;
  pthread_t thread;
  bool started;
} Reader;

// What a running process prints may not fit together: it is then read again.
static void *read_mappings(void *context) {
  Reader *reader = context;
  reader->result = -EINVAL;
  for (int i = 0; i < READ_TRIES && reader->result == -EINVAL; ++i)
    reader->result = reader->smaps ? wx_smaps_read(reader->smaps, reader->pid)
                                   : wx_maps_read(reader->maps, reader->pid);
  return NULL;
}

static void start_reader(Reader *reader) {
  reader->started = !pthread_create(&reader->thread, NULL, read_mappings, reader);
}

static int finish_reader(Reader *reader) {
  if (reader->started)
    pthread_join(reader->thread, NULL);
  else
    read_mappings(reader);
  return wx_process_error(reader->result);
}

static WxFigure read_number(const char *path, WxText *text) {
  if (wx_text_read(text, path))
    return WX_UNKNOWN;
  char *end;
  errno = 0;
  const long long number = strtoll(text->data, &end, 10);
  return end > text->data && !errno ? number : WX_UNKNOWN;
}

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
  audit->max_map_count = read_number("/proc/sys/vm/max_map_count", text);
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

static void read_surroundings(WxAudit *audit, WxText *text) {
  read_command(audit, text);
  if (wx_allocator_read_environment(&audit->allocator, audit->pid, text))
    wx_audit_notice(audit, "The environment of the process may not be read: settings of malloc "
                           "are not known.");
  if (wx_process_status(&audit->status, audit->pid, text))
    wx_audit_notice(audit, "/proc/PID/status cannot be read.");
  if (!wx_cgroup_find(&audit->group, audit->pid, "", text))
    (void)wx_cgroup_read(&audit->cgroup, &audit->group, text);
}

static int make_space(WxAudit *audit) {
  WxSpace *space = &audit->own_space;
  space->mappings = audit->fast ? audit->maps.items : audit->smaps.items;
  space->count = audit->fast ? audit->maps.count : audit->smaps.count;
  space->residency = audit->fast ? NULL : audit->smaps.residency;
  space->memory = audit->live.fd >= 0 ? &audit->live.memory : NULL;
  space->heap_rules = audit->allocator.rules;
  audit->space = space;
  return wx_space_attribute(space);
}

// After the mappings are there: what follows from them, and everything beside them.
static int read_rest(WxAudit *audit, const WxTruthOptions *how, WxText *text) {
  audit->allocator = wx_allocator_find(audit->maps.items, audit->maps.count);
  audit->runtime = wx_runtime_find(&audit->maps);
  const int result = wx_truth_read(&audit->truth, audit->pid, &audit->maps, how);
  read_surroundings(audit, text);
  (void)wx_live_memory_open(&audit->live, audit->pid);
  return result;
}

// The files are weighed while maps is read.
static int read_fast(WxAudit *audit, const WxTruthOptions *how, WxText *text) {
  Reader reader = {.maps = &audit->maps, .pid = audit->pid};
  WxPrefetch prefetch = {0};
  start_reader(&reader);
  wx_prefetch_read(&prefetch, audit->pid);
  int result = finish_reader(&reader);
  WxTruthOptions with = *how;
  with.prefetch = &prefetch;
  if (!result)
    result = read_rest(audit, &with, text);
  wx_prefetch_free(&prefetch);
  return result;
}

// smaps is read beside maps, the files and the other processes.
static int read_fully(WxAudit *audit, const WxTruthOptions *how, WxText *text) {
  Reader beside = {.smaps = &audit->smaps, .pid = audit->pid};
  Reader maps = {.maps = &audit->maps, .pid = audit->pid};
  start_reader(&beside);
  int result = finish_reader(&maps); // Read by this thread.
  if (!result)
    result = read_rest(audit, how, text);
  const int other = finish_reader(&beside);
  return result ? result : other;
}

static int read_all(WxAudit *audit, const WxAuditOptions *options, WxText *text) {
  const WxTruthOptions how = {
      .fast = options->fast, .any_memfd = options->any_memfd, .known = options->known};
  int result = audit->fast ? read_fast(audit, &how, text) : read_fully(audit, &how, text);
  if (!result)
    result = make_space(audit);
  if (!result)
    forecast(audit, text);
  return result;
}

int wx_audit_live(WxAudit *audit, pid_t pid, const WxAuditOptions *options) {
  *audit = (WxAudit){.source = WX_SOURCE_LIVE,
                     .pid = pid,
                     .fast = options->fast,
                     .live = {.fd = -1},
                     .truth = wx_truth_unknown()};
  WxText text = {0};
  WxCgroup none = {0};
  wx_cgroup_read(&audit->cgroup, &none, &text);
  int result = read_all(audit, options, &text);
  wx_text_free(&text);
  if (result)
    return result;
  if (audit->live.fd < 0)
    wx_audit_notice(audit, "The memory of the process may not be read: heaps are told by flags or "
                           "shape only.");
  if (audit->fast && !options->known)
    wx_audit_notice(audit, "Fast: no residency was read and no other process was asked for "
                           "mappings of the files.");
  return wx_audit_finish(audit, options);
}
