#include "reclaim/proc.h"

#include "os/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The numbers in a folder
 * -------------------------------------------------------------------------------------------------
 */

enum { ENTRIES_SIZE = 32 * 1024, FIRST_CAPACITY = 256 };

int wx_listing_reserve(WxListing *listing, size_t capacity) {
  if (!listing->entries)
    listing->entries = malloc(ENTRIES_SIZE);
  if (!listing->entries)
    return -ENOMEM;
  if (capacity <= listing->capacity)
    return 0;
  pid_t *numbers = reallocarray(listing->numbers, capacity, sizeof *numbers);
  if (!numbers)
    return -ENOMEM;
  listing->numbers = numbers;
  uint64_t *inodes = reallocarray(listing->inodes, capacity, sizeof *inodes);
  if (!inodes)
    return -ENOMEM;
  listing->inodes = inodes;
  listing->capacity = capacity;
  return 0;
}

// The number that the whole of `name` spells, or -1. The kernel prints no other names with digits.
static pid_t number_of(const char *name) {
  pid_t number = 0;
  for (; *name >= '0' && *name <= '9' && number < INT32_MAX / 10; ++name)
    number = number * 10 + (*name - '0');
  return *name ? -1 : number;
}

static int add_entries(WxListing *listing, size_t length) {
  for (size_t at = 0; at < length;) {
    const struct dirent64 *entry = (const void *)(listing->entries + at);
    const pid_t number = number_of(entry->d_name);
    if (number >= 0 && listing->count == listing->capacity)
      return -ENOBUFS;
    if (number >= 0) {
      listing->inodes[listing->count] = entry->d_ino;
      listing->numbers[listing->count++] = number;
    }
    at += entry->d_reclen;
  }
  return 0;
}

int wx_listing_read(WxListing *listing, int directory) {
  listing->count = 0;
  const int64_t position = wx_os_seek(directory, 0, SEEK_SET);
  int result = position < 0 ? (int)position : 0;
  while (!result) {
    const ssize_t got = wx_os_getdents(directory, listing->entries, ENTRIES_SIZE);
    if (got == 0)
      return 0;
    result = got < 0 ? (int)got : add_entries(listing, (size_t)got);
  }
  return result == -ENOENT ? -ESRCH : result;
}

int wx_listing_read_growing(WxListing *listing, int directory) {
  int result = wx_listing_reserve(listing, FIRST_CAPACITY);
  while (!result) {
    result = wx_listing_read(listing, directory);
    if (result != -ENOBUFS)
      return result;
    result = wx_listing_reserve(listing, listing->capacity * 2);
  }
  return result;
}

void wx_listing_free(WxListing *listing) {
  free(listing->numbers);
  free(listing->inodes);
  free(listing->entries);
  *listing = (WxListing){0};
}

/* A task
 * -------------------------------------------------------------------------------------------------
 */

// Fields after the command, which is in parentheses and may hold anything: state is the first.
enum {
  STAT_SIZE = 1024,
  FIELDS_TO_PARENT = 1,
  FIELDS_TO_FLAGS = 6,
  FIELDS_TO_THREADS = 17,
  FIELDS_TO_START = 19,
  FIELDS_TO_STACK = 25,
};

static const char *skip_fields(const char *at, int count) {
  for (int i = 0; i < count && at; ++i)
    at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL;
  return at;
}

static int parse(const char *text, WxTaskStat *stat) {
  const char *before = strchr(text, '(');
  const char *after = strrchr(text, ')');
  if (!before || !after || after < before || after[1] != ' ')
    return -EPROTO;
  const char *first = after + 2;
  const char *parent = skip_fields(first, FIELDS_TO_PARENT);
  const char *flags = skip_fields(first, FIELDS_TO_FLAGS);
  const char *threads = skip_fields(first, FIELDS_TO_THREADS);
  const char *start = skip_fields(first, FIELDS_TO_START);
  const char *stack = skip_fields(first, FIELDS_TO_STACK);
  if (!parent || !flags || !threads || !start || !stack)
    return -EPROTO;
  *stat = (WxTaskStat){.state = *first,
                       .parent = (pid_t)strtol(parent, NULL, 10),
                       .flags = (unsigned)strtoul(flags, NULL, 10),
                       .threads = (unsigned)strtoul(threads, NULL, 10),
                       .start_ticks = strtoull(start, NULL, 10),
                       .stack = strtoull(stack, NULL, 10)};
  const size_t length = (size_t)(after - before) - 1;
  memcpy(stat->command, before + 1,
         length < sizeof stat->command ? length : sizeof stat->command - 1);
  return 0;
}

int wx_task_stat(int directory, pid_t task, WxTaskStat *stat) {
  char path[32];
  (void)snprintf(path, sizeof path, "%d/stat", (int)task);
  const int fd = wx_os_openat(directory, path, O_RDONLY);
  if (fd < 0)
    return fd == -ENOENT ? -ESRCH : fd;
  char text[STAT_SIZE];
  const ssize_t length = wx_os_read(fd, text, sizeof text - 1);
  wx_os_close_reader(fd);
  if (length <= 0)
    return length == 0 || length == -ENOENT ? -ESRCH : (int)length;
  text[length] = '\0';
  return parse(text, stat);
}

bool wx_task_has_ended(int directory, pid_t task) {
  WxTaskStat stat;
  return !wx_task_stat(directory, task, &stat) && stat.state == 'Z';
}

static bool has_memory(int directory, pid_t task) {
  WxTaskStat stat;
  return !wx_task_stat(directory, task, &stat) && stat.state != 'Z' && stat.state != 'X';
}

pid_t wx_task_with_memory(pid_t pid) {
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  const int directory = wx_os_open(path, O_RDONLY | O_DIRECTORY, 0);
  if (directory < 0)
    return pid;
  pid_t task = pid;
  WxListing tasks = {0};
  if (!has_memory(directory, pid) && !wx_listing_read_growing(&tasks, directory))
    for (size_t i = 0; i < tasks.count && task == pid; ++i)
      if (has_memory(directory, tasks.numbers[i]))
        task = tasks.numbers[i];
  wx_listing_free(&tasks);
  wx_os_close_reader(directory);
  return task;
}
