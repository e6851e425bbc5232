#include "reclaim/herd.h"

#include "os/control.h"
#include "os/os.h"
#include "os/process.h"
#include "reclaim/find.h"
#include "reclaim/herd_holder.h"
#include "reclaim/herd_newcomers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void close_process(WxHerdProcess *process) {
  if (process->pidfd >= 0)
    wx_os_close_reader(process->pidfd);
  if (process->tasks >= 0)
    wx_os_close_reader(process->tasks);
  process->pidfd = process->tasks = -1;
}

// Whether the process behind the descriptor is there. Then its number was not used again either, so
// that what was read by number meanwhile was read of it.
static bool is_there(const WxHerdProcess *process) {
  return process->pidfd < 0 || wx_os_pidfd_signal(process->pidfd, 0) != -ESRCH;
}

int wx_herd_add_process(WxHerd *herd, pid_t pid, WxReason *reason) {
  if (herd->process_count == WX_HERD_PROCESSES)
    return wx_reason(reason, -E2BIG, "more than %d processes hold the memfd of process %d",
                     WX_HERD_PROCESSES, (int)herd->pid);
  WxHerdProcess process = {.pid = pid, .reach = pid, .pidfd = wx_os_pidfd_open(pid), .tasks = -1};
  if (process.pidfd == -EINVAL || process.pidfd == -ENOENT) // The number of a thread.
    return -ESRCH;
  if (process.pidfd < 0 && process.pidfd != -ENOSYS)
    return process.pidfd;
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  process.tasks = wx_os_open(path, O_RDONLY | O_DIRECTORY, 0);
  const int failed = process.tasks < 0 ? process.tasks : is_there(&process) ? 0 : -ESRCH;
  if (failed) {
    close_process(&process);
    return failed == -ENOENT ? -ESRCH : failed;
  }
  wx_herd_note_program(&process);
  herd->processes[herd->process_count++] = process;
  return 0;
}

int wx_herd_open(WxHerd *herd, pid_t pid, const WxMemfd *memfd, WxReason *reason) {
  *herd = (WxHerd){.file = memfd->id, .number = memfd->number, .pid = pid, .proc = -1, .last = -1};
  herd->buffer = malloc(WX_HERD_BUFFER_SIZE);
  int failed = herd->buffer ? 0 : -ENOMEM;
  if (!failed) {
    herd->proc = wx_os_open("/proc", O_RDONLY | O_DIRECTORY, 0);
    failed = herd->proc < 0 ? herd->proc : 0;
  }
  if (!failed) {
    herd->last = wx_os_open("/proc/loadavg", O_RDONLY, 0);
    failed = herd->last < 0 ? herd->last : 0;
  }
  if (!failed)
    failed = wx_herd_add_process(herd, pid, reason);
  if (failed)
    wx_herd_close(herd);
  return failed;
}

static void remove_process(WxHerd *herd, size_t index) {
  close_process(&herd->processes[index]);
  --herd->process_count;
  memmove(&herd->processes[index], &herd->processes[index + 1],
          (herd->process_count - index) * sizeof *herd->processes);
}

// Reads what the processes map of the file and drops those that do not hold it any more.
static int read_mapped(WxHerd *herd) {
  herd->mapped.count = 0;
  for (size_t i = herd->process_count; i-- > 0;) {
    WxHerdProcess *process = &herd->processes[i];
    process->reach = wx_reclaim_reach(process->pid);
    int result = wx_maps_read(&herd->maps, process->reach);
    if (!result && !is_there(process))
      result = -ESRCH;
    bool any = false;
    for (size_t at = 0; at < herd->maps.count && !result; ++at) {
      const WxMapping *mapping = &herd->maps.items[at];
      if (!wx_mapping_is_of(mapping, herd->file))
        continue;
      any = true;
      result = wx_extents_add(&herd->mapped, mapping->offset,
                              mapping->offset + (mapping->end - mapping->start));
    }
    const int held = result || any ? any : wx_herd_has_open(herd, process->reach);
    if (held < 0)
      return held;
    if (result && result != -ESRCH && result != -ENOENT)
      return result;
    if (result || !held)
      remove_process(herd, i);
  }
  wx_extents_normalize(&herd->mapped);
  return herd->process_count ? 0 : -ESRCH;
}

// Room for what can come up under the freeze: as much again as there is now.
static int make_room(WxHerd *herd) {
  size_t count = 0;
  for (size_t i = 0; i < herd->process_count; ++i) {
    const int failed = wx_listing_read_growing(&herd->listed_tasks, herd->processes[i].tasks);
    if (failed && failed != -ESRCH)
      return failed;
    count += herd->listed_tasks.count;
  }
  const size_t wanted = 2 * count + 256;
  const int failed = wx_listing_reserve(&herd->listed_tasks, wanted);
  if (failed || wanted <= herd->task_capacity)
    return failed;
  WxTask *tasks = reallocarray(herd->tasks, wanted, sizeof *tasks);
  if (!tasks)
    return -ENOMEM;
  herd->tasks = tasks;
  herd->task_capacity = wanted;
  return 0;
}

int wx_herd_refresh(WxHerd *herd, WxReason *reason) {
  WxListing *listing = &herd->listed_processes;
  wx_herd_begin(herd);
  const pid_t given = wx_herd_last_given(herd);
  int result = wx_listing_read_growing(listing, herd->proc);
  if (!result)
    result = wx_listing_reserve(listing, 2 * listing->count + 256);
  if (!result)
    result = wx_herd_add_listed(herd, reason);
  if (result >= 0)
    result = wx_herd_remember_listed(herd);
  if (!result)
    result = read_mapped(herd);
  wx_herd_note_given(herd, given);
  return result ? result : make_room(herd);
}

void wx_herd_close(WxHerd *herd) {
  while (herd->process_count)
    remove_process(herd, herd->process_count - 1);
  if (herd->proc >= 0)
    wx_os_close_reader(herd->proc);
  if (herd->last >= 0)
    wx_os_close_reader(herd->last);
  herd->proc = herd->last = -1;
  free(herd->tasks);
  free(herd->known);
  free(herd->buffer);
  wx_listing_free(&herd->listed_processes);
  wx_listing_free(&herd->listed_tasks);
  wx_extents_free(&herd->mapped);
  wx_maps_free(&herd->maps);
  herd->tasks = NULL;
  herd->known = NULL;
  herd->buffer = NULL;
}
