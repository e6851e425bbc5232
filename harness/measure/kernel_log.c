#include "measure/kernel_log.h"

#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/// A record of the log is 8 KiB at the most (CONSOLE_EXT_LOG_MAX).
enum { RECORD = 8192, MOST = 1024 * 1024 };

int wx_kernel_log_open(const char *path) {
  const int fd = wx_os_open(path, O_RDONLY | O_NONBLOCK, 0);
  if (fd < 0)
    return fd;
  const int64_t end = wx_os_seek(fd, 0, SEEK_END);
  if (end >= 0)
    return fd;
  wx_os_close_reader(fd);
  return (int)end;
}

// Records that were overwritten before they were read are reported once, by -EPIPE.
static int read_records(int fd, FILE *stream) {
  char record[RECORD];
  size_t all = 0;
  for (;;) {
    const ssize_t got = wx_os_read(fd, record, sizeof record);
    if (got == -EPIPE)
      continue;
    if (got <= 0)
      return got == -EAGAIN ? 0 : (int)got;
    all += (size_t)got;
    if (all > MOST)
      return -EFBIG;
    if (fwrite(record, 1, (size_t)got, stream) != (size_t)got)
      return -ENOMEM;
  }
}

// Linux 6.1 logs the figures of a group of version 2 as one record, whose line breaks it escapes.
// Names of programs may hold line breaks too, and are left as they are: only a record that is
// nothing but names and numbers is broken into lines. Returns its length then, else `length`.
static size_t break_figures(char *text, size_t length) {
  static const char escape[] = "\\x0a";
  enum { ESCAPE = sizeof escape - 1 };
  for (const char *at = text; at;) {
    const size_t name = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_");
    const size_t digits = at[name] == ' ' ? strspn(at + name + 1, "0123456789") : 0;
    const char *end = at + name + 1 + digits;
    if (!name || !digits || (*end && strncmp(end, escape, ESCAPE) != 0))
      return length;
    at = *end && end[ESCAPE] ? end + ESCAPE : NULL;
  }
  char *to = text;
  for (const char *at = text; *at; ++to) {
    const bool is_break = strncmp(at, escape, ESCAPE) == 0;
    *to = is_break ? '\n' : *at;
    at += is_break ? ESCAPE : 1;
  }
  return (size_t)(to - text);
}

// `6,1234,5678,-;TEXT`. Lines that begin with a blank go on with the record, for machines.
static void keep_texts(WxText *records) {
  char *to = records->data, *place = NULL;
  for (char *line = strtok_r(records->data, "\n", &place); line;
       line = strtok_r(NULL, "\n", &place)) {
    const char *text = *line == ' ' ? NULL : strchr(line, ';');
    const size_t length = text ? strlen(text + 1) : 0;
    if (!text)
      continue;
    memmove(to, text + 1, length + 1);
    to += break_figures(to, length);
    *to++ = '\n';
  }
  *to = '\0';
}

// Whether `/GROUP` stands in the report, as the folder of a group.
static bool is_of(const char *report, size_t length, const char *group) {
  const size_t size = strlen(group);
  const char *const end = report + length;
  for (const char *at = report; (at = memmem(at, (size_t)(end - at), group, size)); at += size)
    if (at > report && at[-1] == '/' && at + size < end && strchr(",/", at[size]))
      return true;
  return false;
}

// What was run in the kernel at that moment, with addresses and registers, is nobody's business who
// is shown a report: from the line of the processor to the first that counts memory or tasks.
static bool ends_call_trace(const char *line) {
  static const char *const firsts[] = {"memory: ",      "Mem-Info:", "Memory cgroup ",
                                       "Tasks state (", "oom-kill:", "Out of memory"};
  for (size_t i = 0; i < sizeof firsts / sizeof *firsts; ++i)
    if (strncmp(line, firsts[i], strlen(firsts[i])) == 0)
      return true;
  return false;
}

static void write_report(const char *report, size_t length, FILE *stream) {
  bool inside = false;
  for (const char *line = report, *end = report + length; line < end;) {
    const size_t size = strcspn(line, "\n");
    inside = strncmp(line, "CPU: ", 5) == 0 || (inside && !ends_call_trace(line));
    if (!inside)
      (void)fprintf(stream, "%.*s\n", (int)size, line);
    line += size + 1;
  }
}

// A report goes from the line that says who wanted memory to the one that says who was killed.
static void write_reports(const char *log, const char *group, FILE *stream) {
  static const char first[] = "invoked oom-killer", last[] = "Killed process";
  for (const char *begin = strstr(log, first), *next; begin; begin = next) {
    next = strstr(begin + 1, first);
    const char *end = strstr(begin, last);
    if (!end || (next && end > next))
      continue;
    while (begin > log && begin[-1] != '\n')
      --begin;
    const size_t length = (size_t)(end - begin) + strcspn(end, "\n");
    if (is_of(begin, length, group))
      write_report(begin, length, stream);
  }
}

int wx_kernel_log_close(int fd, const char *group, WxText *text) {
  WxText records = {0};
  FILE *stream = wx_text_stream(&records);
  int result = stream ? read_records(fd, stream) : -ENOMEM;
  wx_os_close_reader(fd);
  const int lost = stream ? wx_text_stream_end(stream, &records) : -ENOMEM;
  stream = lost ? NULL : wx_text_stream(text);
  if (stream) {
    keep_texts(&records);
    write_reports(records.data, group, stream);
  }
  if (!stream || wx_text_stream_end(stream, text))
    result = -ENOMEM;
  wx_text_free(&records);
  return result;
}
