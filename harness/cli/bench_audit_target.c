#include "cli/bench_audit_target.h"

#include "attribution/core_writer.h"
#include "os/os.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
  MAPPINGS = 60000,
  SEGMENTS = 80000,
  SEGMENT_BYTES = 80 * 1024, // 6 GB in all.
  PAGE = 4096,
  BLOCK_PAGES = 16,
  USED_PAGES = 10,
};

// A process of as many mappings as asked for, all of one memfd, as the runtime's look.
static void be_subject(int ready) {
  const int fd = memfd_create("doublemapper", MFD_CLOEXEC);
  wx_os_signal_on_parent_death(SIGKILL);
  if (fd < 0 || ftruncate(fd, (off_t)1 << 41))
    _exit(1);
  for (off_t i = 0; i < MAPPINGS; ++i) {
    // No two neighbours in memory are neighbours in the file, so that none are joined.
    const off_t offset = i * 7 % MAPPINGS * PAGE;
    const int protection = PROT_READ | (i & 1 ? PROT_WRITE : PROT_EXEC);
    const char *page = mmap(NULL, PAGE, protection, MAP_SHARED, fd, offset);
    if (page == MAP_FAILED)
      _exit(2);
    // As in real blocks of 64 KiB: the first part is used, the rest is not.
    if (offset / PAGE % BLOCK_PAGES < USED_PAGES)
      (void)*(const volatile char *)page;
  }
  if (write(ready, "r", 1) != 1)
    _exit(3);
  for (;;)
    pause();
}

pid_t wx_bench_audit_subject(void) {
  int ends[2];
  char byte;
  if (wx_os_pipe(ends))
    return -EIO;
  const pid_t subject = wx_os_fork();
  if (subject == 0)
    be_subject(ends[1]);
  wx_os_close(ends[1]);
  const ssize_t got = subject > 0 ? wx_os_read(ends[0], &byte, 1) : -1;
  wx_os_close(ends[0]);
  if (got == 1)
    return subject;
  if (subject > 0)
    wx_os_end_group(subject, NULL, NULL);
  return -ENOMEM;
}

// A sparse core: only headers and the list of files take room.
int wx_bench_audit_core(char path[WX_BENCH_AUDIT_CORE]) {
  WxMapping *mappings = calloc(SEGMENTS, sizeof *mappings);
  if (!mappings)
    return -ENOMEM;
  for (uint64_t i = 0; i < SEGMENTS; ++i)
    mappings[i] = (WxMapping){
        .start = 0x7f0000000000 + i * 2 * SEGMENT_BYTES,
        .end = 0x7f0000000000 + i * 2 * SEGMENT_BYTES + SEGMENT_BYTES,
        .offset = i * SEGMENT_BYTES,
        .protection = i & 1 ? WX_READ | WX_WRITE : WX_READ | WX_EXECUTE,
        .shared = true,
        .inode = 1,
        .path = "/memfd:doublemapper (deleted)",
    };
  const WxCoreRecipe recipe = {.writer = WX_WRITER_KERNEL, .mappings = mappings, .count = SEGMENTS};
  snprintf(path, WX_BENCH_AUDIT_CORE, "/tmp/wxbench-core-XXXXXX");
  const int fd = mkstemp(path);
  const int result = fd < 0 ? -errno : wx_core_write(fd, &recipe);
  if (fd >= 0)
    close(fd);
  free(mappings);
  return result;
}
