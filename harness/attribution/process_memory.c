#include "attribution/process_memory.h"

#include "os/os.h"

#include <fcntl.h>
#include <stdio.h>

static ssize_t read_live(void *context, uint64_t address, void *buffer, size_t size) {
  const WxLiveMemory *live = context;
  return wx_os_pread(live->fd, buffer, size, address);
}

int wx_live_memory_open(WxLiveMemory *live, pid_t pid) {
  char path[64];
  if (pid)
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
  else
    snprintf(path, sizeof path, "/proc/self/mem");
  live->fd = wx_os_open(path, O_RDONLY, 0);
  live->memory = (WxMemory){read_live, live};
  return live->fd < 0 ? live->fd : 0;
}

void wx_live_memory_close(WxLiveMemory *live) {
  if (live->fd >= 0)
    wx_os_close_reader(live->fd);
  live->fd = -1;
}

static ssize_t read_core(void *context, uint64_t address, void *buffer, size_t size) {
  return wx_core_read(context, address, buffer, size);
}

WxMemory wx_core_memory(WxCore *core) {
  return (WxMemory){read_core, core};
}
