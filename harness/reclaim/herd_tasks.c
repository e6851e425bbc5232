#include "reclaim/herd.h"

#include <errno.h>

void wx_herd_begin(WxHerd *herd) {
  herd->task_count = 0;
}

// The index of a task of `process`, or task_count. The kernel lists tasks in the order in which
// they were found before, so that the search begins behind the last one found.
static size_t find_task(const WxHerd *herd, size_t process, pid_t id, size_t from) {
  for (size_t passed = 0; passed < herd->task_count; ++passed) {
    const size_t at = (from + passed) % herd->task_count;
    if (herd->tasks[at].id == id && herd->tasks[at].process == process)
      return at;
  }
  return herd->task_count;
}

static int add_listed(WxHerd *herd, size_t process) {
  int added = 0;
  size_t next = 0;
  for (size_t i = 0; i < herd->listed_tasks.count; ++i) {
    const pid_t id = herd->listed_tasks.numbers[i];
    const size_t at = find_task(herd, process, id, next);
    next = at + 1;
    if (at < herd->task_count)
      continue;
    if (herd->task_count == herd->task_capacity)
      return -ENOBUFS;
    herd->tasks[herd->task_count++] = (WxTask){.id = id, .process = (uint16_t)process};
    ++added;
  }
  return added;
}

int wx_herd_find_tasks(WxHerd *herd) {
  int added = 0;
  for (size_t i = 0; i < herd->process_count; ++i) {
    int found = wx_listing_read(&herd->listed_tasks, herd->processes[i].tasks);
    if (found == -ESRCH) // It has ended: nothing of it runs.
      continue;
    if (!found)
      found = add_listed(herd, i);
    if (found < 0)
      return found;
    added += found;
  }
  return added;
}
