#include "strategy/backing.h"

#include "os/os.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

// A named object that loses its name at once; the name only has to be free for that moment.
static int open_shm(void) {
  char name[64];
  snprintf(name, sizeof name, "/%s_%ld", WX_BACKING_NAME, (long)getpid());
  const int fd = wx_os_shm_create(name, 0600);
  if (fd < 0)
    return fd;
  int result = wx_os_shm_unlink(name);
  if (result == 0)
    return fd;
  (void)wx_os_shm_unlink(name);
  wx_backing_abandon(fd);
  return result;
}

int wx_backing_open(WxBacking backing, uint64_t size) {
  const int fd =
      backing == WX_BACKING_SHM ? open_shm() : wx_os_memfd_create(WX_BACKING_NAME, MFD_CLOEXEC);
  if (fd < 0)
    return fd;
  const int result = wx_os_ftruncate(fd, size);
  if (result == 0)
    return fd;
  wx_backing_abandon(fd);
  return result;
}

void wx_backing_abandon(int fd) {
  (void)wx_os_close(fd);
}
