#include "os/count.h"
#include "os/os.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

size_t wx_os_page_size(void) {
  return (size_t)sysconf(_SC_PAGESIZE);
}

int wx_os_mmap(void *hint, size_t size, int protection, int flags, int fd, uint64_t offset,
               void **mapped) {
  const int failed = wx_os_begin(WX_OS_MMAP);
  if (failed)
    return failed;
  void *address = mmap(hint, size, protection, flags, fd, (off_t)offset);
  if (address == MAP_FAILED)
    return -errno;
  *mapped = address;
  return 0;
}

int wx_os_munmap(void *start, size_t size) {
  const int failed = wx_os_begin(WX_OS_MUNMAP);
  if (failed)
    return failed;
  return munmap(start, size) ? -errno : 0;
}

void wx_os_munmap_own(void *start, size_t size) {
  (void)wx_os_begin(WX_OS_MUNMAP);
  (void)munmap(start, size);
}

int wx_os_mprotect(void *start, size_t size, int protection) {
  const int failed = wx_os_begin(WX_OS_MPROTECT);
  if (failed)
    return failed;
  return mprotect(start, size, protection) ? -errno : 0;
}

int wx_os_madvise(void *start, size_t size, int advice) {
  const int failed = wx_os_begin(WX_OS_MADVISE);
  if (failed)
    return failed;
  return madvise(start, size, advice) ? -errno : 0;
}

int wx_os_pkey_alloc(unsigned rights) {
  const int failed = wx_os_begin(WX_OS_PKEY_ALLOC);
  if (failed)
    return failed;
  const int key = pkey_alloc(0, rights);
  return key < 0 ? -errno : key;
}

int wx_os_pkey_free(int key) {
  const int failed = wx_os_begin(WX_OS_PKEY_FREE);
  if (failed)
    return failed;
  return pkey_free(key) ? -errno : 0;
}

int wx_os_pkey_mprotect(void *start, size_t size, int protection, int key) {
  const int failed = wx_os_begin(WX_OS_PKEY_MPROTECT);
  if (failed)
    return failed;
  return pkey_mprotect(start, size, protection, key) ? -errno : 0;
}

void wx_os_pkey_set(int key, unsigned rights) {
  (void)pkey_set(key, rights); // Fails for what is no key.
}
