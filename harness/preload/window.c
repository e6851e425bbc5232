#include "preload/window.h"

#include <linux/fcntl.h>
#include <linux/mman.h>

#include <asm/errno.h>

#if defined __x86_64__
enum { ARCHITECTURE = 62 };
#else
enum { ARCHITECTURE = 183 };
#endif

enum { FILE_MODE = 0644 };

static size_t text_length(const char *text) {
  size_t length = 0;
  while (text[length])
    length++;
  return length;
}

/// `path`, or `path`.`pid`, into the window.
static int put_path(WxWindow *window, const char *path, int pid) {
  char digits[12];
  size_t count = 0;
  for (int rest = pid; rest > 0; rest /= 10)
    digits[count++] = (char)('0' + rest % 10);
  const size_t length = text_length(path);
  if (length + count + 2 > sizeof window->path)
    return -ENAMETOOLONG;
  char *at = window->path;
  for (size_t i = 0; i < length; i++)
    *at++ = path[i];
  if (count > 0)
    *at++ = '.';
  while (count > 0)
    *at++ = digits[--count];
  *at = '\0';
  return 0;
}

static int create(WxWindow *window, const char *path, int pid, bool forked) {
  int fd = -EEXIST;
  int failed = forked ? 0 : put_path(window, path, 0);
  if (!failed && !forked)
    fd = wx_raw_open(window->path, O_RDWR | O_CREAT | O_EXCL, FILE_MODE);
  if (failed || fd != -EEXIST)
    return failed ? failed : fd;
  failed = put_path(window, path, pid);
  return failed ? failed : wx_raw_open(window->path, O_RDWR | O_CREAT | O_TRUNC, FILE_MODE);
}

/// Disk space for the chunk. A file system that cannot promise it gets zeros written.
static int allocate(int fd, uint64_t offset) {
  if (offset + WX_TRACE_CHUNK > wx_raw_file_limit())
    return -EFBIG; // The kernel would send a signal.
  int result = wx_raw_fallocate(fd, 0, (int64_t)offset, WX_TRACE_CHUNK);
  if (result != -EOPNOTSUPP)
    return result;
  static const uint8_t zeros[4096];
  for (uint64_t at = 0; at < WX_TRACE_CHUNK; at += sizeof zeros) {
    const long written = wx_raw_pwrite(fd, zeros, sizeof zeros, offset + at);
    if (written != (long)sizeof zeros)
      return written < 0 ? (int)written : -ENOSPC;
  }
  return 0;
}

static int map_chunk(WxWindow *window, int fd, uint32_t number) {
  const uint64_t offset = (uint64_t)number * WX_TRACE_CHUNK;
  const int failed = allocate(fd, offset);
  if (failed)
    return failed;
  const long mapped = wx_raw_mmap(NULL, WX_TRACE_CHUNK, PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_POPULATE, fd, offset);
  if (wx_raw_failed(mapped))
    return (int)mapped;
  window->chunk = (uint8_t *)mapped;
  (void)wx_raw_madvise(window->chunk, WX_TRACE_CHUNK, MADV_DONTFORK);
  window->number = number;
  return 0;
}

static void begin_chunk(WxWindow *window, size_t header_at) {
  wx_trace_open_chunk(window->number, &window->context, window->chunk + header_at);
  window->begin = window->at = header_at + WX_TRACE_CHUNK_HEADER;
  window->sealed = false;
}

int wx_window_open(WxWindow *window, const char *path, int pid, bool forked) {
  WxRawFile file;
  const int fd = create(window, path, pid, forked);
  if (fd < 0)
    return fd;
  int failed = wx_raw_fstat(fd, &file);
  if (!failed)
    failed = map_chunk(window, fd, 0);
  (void)wx_raw_close(fd);
  if (failed)
    return failed;
  window->device = file.device;
  window->inode = file.inode;
  window->first = window->chunk;
  const WxTraceHeader header = {.page_size = WX_TRACE_PAGE,
                                .architecture = ARCHITECTURE,
                                .flags = forked ? WX_TRACE_FORKED : 0};
  wx_trace_put_header(&header, window->first);
  begin_chunk(window, WX_TRACE_HEADER);
  return 0;
}

static void seal(WxWindow *window) {
  wx_trace_seal_chunk(window->chunk + window->begin - WX_TRACE_CHUNK_HEADER,
                      window->at - window->begin);
  window->sealed = true;
}

static void finish_chunk(WxWindow *window) {
  seal(window);
  if (window->chunk != window->first)
    (void)wx_raw_munmap(window->chunk, WX_TRACE_CHUNK);
  window->chunk = NULL;
}

/// Maps the next chunk. After a failure there is none any more.
static int next_chunk(WxWindow *window) {
  WxRawFile file;
  finish_chunk(window);
  const int fd = wx_raw_open(window->path, O_RDWR, 0);
  if (fd < 0)
    return fd;
  int failed = wx_raw_fstat(fd, &file);
  if (!failed && (file.device != window->device || file.inode != window->inode))
    failed = -ESTALE;
  if (!failed)
    failed = map_chunk(window, fd, window->number + 1);
  (void)wx_raw_close(fd);
  if (!failed)
    begin_chunk(window, 0);
  return failed;
}

void wx_window_lose(WxWindow *window, int error) {
  if (!window->first)
    return;
  wx_trace_put64(window->first + WX_TRACE_LOST_AT, ++window->lost);
  if (window->lost == 1)
    wx_trace_put32(window->first + WX_TRACE_LOST_ERRNO_AT, (uint32_t)-error);
}

void wx_window_add(WxWindow *window, const WxTraceEvent *event) {
  int failed = window->chunk ? 0 : -ENOSPC;
  if (!failed && (window->sealed || WX_TRACE_CHUNK - window->at < WX_TRACE_LARGEST))
    failed = next_chunk(window);
  if (failed) {
    wx_window_lose(window, failed);
    return;
  }
  // The first byte comes last: until it is there, the event is not.
  uint8_t bytes[WX_TRACE_LARGEST];
  const size_t size = wx_trace_encode(event, &window->context, bytes);
  uint8_t *at = window->chunk + window->at;
  for (size_t i = 1; i < size; i++)
    at[i] = bytes[i];
  __atomic_store_n(at, bytes[0], __ATOMIC_RELEASE);
  window->at += size;
  wx_trace_put64(window->first + WX_TRACE_EVENTS_AT, ++window->events);
}

void wx_window_end(WxWindow *window) {
  if (window->first)
    wx_trace_put32(window->first + WX_TRACE_ENDED_AT, 1);
  if (window->chunk)
    seal(window);
}

void wx_window_forget(WxWindow *window) {
  window->first = window->chunk = NULL;
  window->events = window->lost = 0;
  window->context = (WxTraceContext){0, 0, 0};
}
