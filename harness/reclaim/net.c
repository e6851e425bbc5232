#include "reclaim/net.h"

#include "os/os.h"
#include "os/process.h"
#include "reclaim/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int wx_net_open(WxNet *net, size_t room) {
  *net = (WxNet){.ends = {-1, -1}, .buffer = aligned_alloc(wx_os_page_size(), room)};
  if (!net->buffer)
    return -ENOMEM;
  memset(net->buffer, 0, room); // Its pages are there before the first pause.
  int result = wx_os_pipe(net->ends);
  if (!result)
    result = wx_os_set_pipe_size(net->ends[1], room);
  if (result < 0) {
    wx_net_close(net);
    return result;
  }
  net->room = (size_t)result < room ? (size_t)result : room;
  return 0;
}

// Writes back each run of bytes that are not zero: zeros that were written meanwhile are there.
static int put_back(int fd, uint64_t start, const char *bytes, size_t size, uint64_t *rescued) {
  for (size_t at = 0; at < size;) {
    size_t length = 0;
    while (at + length < size && bytes[at + length])
      ++length;
    const int failed = length ? wx_os_pwrite(fd, bytes + at, length, start + at) : 0;
    if (failed)
      return failed;
    *rescued += length;
    at += length + 1;
  }
  return 0;
}

static int empty(const WxNet *net, int fd, uint64_t start, size_t size, uint64_t *rescued) {
  for (size_t got = 0; got < size;) {
    const ssize_t length = wx_os_read(net->ends[0], net->buffer + got, size - got);
    if (length <= 0)
      return length < 0 ? (int)length : -EIO;
    got += (size_t)length;
  }
  return wx_zero(net->buffer, size) ? 0 : put_back(fd, start, net->buffer, size, rescued);
}

int64_t wx_net_punch(const WxNet *net, int fd, uint64_t start, size_t size,
                     void (*between)(void *context), void *context, uint64_t *rescued) {
  *rescued = 0;
  const size_t wanted = size < net->room ? size : net->room;
  const ssize_t taken = wx_os_splice_to_pipe(fd, start, net->ends[1], wanted);
  if (taken < 0)
    return taken;
  const size_t whole = (size_t)taken & ~(wx_os_page_size() - 1);
  if (between)
    between(context);
  const int punched = whole ? wx_os_punch_hole(fd, start, whole) : 0;
  const int emptied = empty(net, fd, start, (size_t)taken, rescued);
  return punched ? punched : emptied ? emptied : (int64_t)whole;
}

void wx_net_close(WxNet *net) {
  for (int i = 0; i < 2; ++i)
    if (net->ends[i] >= 0)
      wx_os_close_reader(net->ends[i]);
  net->ends[0] = net->ends[1] = -1;
  free(net->buffer);
  net->buffer = NULL;
}
