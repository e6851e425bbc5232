#include "preload/stats.h"

#include <linux/fcntl.h>

#include <asm/errno.h>

enum { FILE_MODE = 0644, DIGITS = 11, PID_AT = 32 };

static const char WANTED[] = "stats";
static const char OWN_NAME[] = "libwxreclaim";

static size_t text_length(const char *text) {
  size_t length = 0;
  while (text[length])
    length++;
  return length;
}

/// Appends to the path. Returns whether it fits, the number of the process included.
static bool append(WxStats *stats, const char *text) {
  const size_t length = text_length(text);
  if (stats->length + length + DIGITS + 2 > sizeof stats->path)
    return false;
  for (size_t i = 0; i < length; i++)
    stats->path[stats->length++] = text[i];
  return true;
}

/// The current folder, with a slash behind it. One that cannot be reached has no absolute path.
static bool append_folder(WxStats *stats) {
  const long size = wx_raw_getcwd(stats->path, sizeof stats->path - DIGITS - 2);
  if (size <= 1 || stats->path[0] != '/')
    return false;
  stats->length = (size_t)size - 1;
  return append(stats, "/");
}

static bool append_path(WxStats *stats, const char *path) {
  return (*path == '/' || append_folder(stats)) && append(stats, path);
}

/// What follows `stats`; NULL where it does not begin so.
static const char *behind_wanted(const char *value) {
  for (size_t i = 0; WANTED[i]; i++)
    if (value[i] != WANTED[i])
      return NULL;
  return value + sizeof WANTED - 1;
}

void wx_stats_begin(WxStats *stats, const char *value, const char *temporary) {
  if (atomic_exchange(&stats->begun, true))
    return;
  const char *rest = value ? behind_wanted(value) : NULL;
  bool on = false;
  if (rest && rest[0] == ':' && rest[1])
    on = append_path(stats, rest + 1);
  else if (rest && rest[0] == '\0')
    on = append_path(stats, temporary && *temporary ? temporary : "/tmp") && append(stats, "/") &&
         append(stats, OWN_NAME);
  atomic_store(&stats->on, on);
}

static void put_pid(WxStats *stats, uint32_t pid) {
  char digits[DIGITS];
  size_t count = 0;
  for (uint32_t rest = pid; rest > 0; rest /= 10)
    digits[count++] = (char)('0' + rest % 10);
  char *at = stats->path + stats->length;
  *at++ = '.';
  while (count > 0)
    *at++ = digits[--count];
  *at = '\0';
}

/// A new file in place of what an earlier process of that number left. It is never one that
/// somebody else put there.
static int create(WxStats *stats, uint32_t pid) {
  put_pid(stats, pid);
  (void)wx_raw_unlink(stats->path);
  const int fd = wx_raw_open(stats->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);
  WxRawFile file;
  if (fd < 0)
    return fd;
  if (wx_raw_fstat(fd, &file)) {
    (void)wx_raw_close(fd);
    return -ESTALE;
  }
  stats->device = file.device;
  stats->inode = file.inode;
  stats->created = true;
  return fd;
}

/// The file made before. Whatever stands there now, opening it does not wait.
static int open_again(WxStats *stats, uint32_t pid) {
  const int fd = wx_raw_open(stats->path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
  WxRawFile file;
  if (fd == -ENOENT)
    return create(stats, pid);
  if (fd >= 0 &&
      (wx_raw_fstat(fd, &file) || file.device != stats->device || file.inode != stats->inode)) {
    (void)wx_raw_close(fd);
    return -ESTALE;
  }
  return fd;
}

/// Since each count only grows, the line is never shorter than the one that it replaces.
static void write_line(WxStats *stats, uint32_t pid) {
  char line[WX_GIVEBACK_LINE];
  const WxGivebackCounts own = wx_giveback_less(&stats->seen, &stats->before);
  const size_t length = wx_giveback_report(&own, pid, line, sizeof line);
  if (own.releases == 0 || length > wx_raw_file_limit()) // Above it the kernel sends a signal.
    return;
  const int fd = stats->created ? open_again(stats, pid) : create(stats, pid);
  if (fd < 0)
    return;
  (void)wx_raw_pwrite(fd, line, length, 0);
  (void)wx_raw_close(fd);
}

/// Asks for the file to be written. Returns whether the caller has to do it; `*forked` where it is
/// the first one to ask in this process.
static bool ask(WxStats *stats, uint32_t pid, bool *forked) {
  uint64_t old = atomic_load(&stats->wanted);
  uint64_t wanted;
  do {
    *forked = old >> PID_AT != pid; // What a thread of its parent was about to do is not done here.
    wanted = *forked ? ((uint64_t)pid << PID_AT) + 1 : old + 1;
  } while (!atomic_compare_exchange_weak(&stats->wanted, &old, wanted));
  return (uint32_t)wanted == 1;
}

void wx_stats_follow(WxStats *stats, const WxGiveback *state) {
  const uint64_t dealt = atomic_load_explicit(&state->dealt, memory_order_acquire);
  if (!atomic_load_explicit(&stats->on, memory_order_acquire) ||
      atomic_load_explicit(&stats->dealt, memory_order_relaxed) == dealt)
    return;
  bool forked;
  const uint32_t pid = (uint32_t)wx_raw_getpid();
  if (!ask(stats, pid, &forked))
    return;
  if (forked) {
    stats->before = stats->seen;
    stats->created = false;
  }
  for (uint32_t asked = 1, left = 1; left > 0; asked = left) {
    atomic_store(&stats->dealt, atomic_load(&state->dealt));
    stats->seen = wx_giveback_counts(state);
    write_line(stats, pid);
    left = (uint32_t)atomic_fetch_sub(&stats->wanted, asked) - asked;
  }
}
