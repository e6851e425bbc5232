#include "preload/files.h"

static const char WANTED[] = "/memfd:doublemapper (deleted)";

static bool is_doublemapper(int fd) {
  char path[32] = "/proc/self/fd/";
  char digits[12];
  size_t count = 0;
  for (unsigned rest = (unsigned)fd; count == 0 || rest > 0; rest /= 10)
    digits[count++] = (char)('0' + rest % 10);
  size_t length = sizeof "/proc/self/fd/" - 1;
  while (count > 0)
    path[length++] = digits[--count];
  path[length] = '\0';

  char target[sizeof WANTED];
  if (wx_raw_readlink(path, target, sizeof target) != sizeof WANTED - 1)
    return false;
  for (size_t i = 0; i < sizeof WANTED - 1; i++)
    if (target[i] != WANTED[i])
      return false;
  return true;
}

static bool same_file(const WxFile *slot, const WxRawFile *file) {
  return atomic_load_explicit(&slot->inode, memory_order_relaxed) == file->inode &&
         atomic_load_explicit(&slot->device, memory_order_relaxed) == file->device;
}

/// Whether a slot can be given to `fd`: it is empty, `fd`'s own, or its descriptor is another file
/// by now.
static bool is_free_for(const WxFile *slot, int held, int fd) {
  WxRawFile now;
  return held == 0 || held == fd + 1 ||
         (held > 0 && (wx_raw_fstat(held - 1, &now) != 0 || !same_file(slot, &now)));
}

bool wx_files_learn(WxFiles *files, int fd) {
  WxRawFile file;
  if (fd < 0 || !is_doublemapper(fd) || wx_raw_fstat(fd, &file))
    return false;
  if (wx_files_still(files, fd, &file))
    return true;
  for (size_t i = 0; i < WX_FILES; i++) {
    WxFile *slot = &files->slots[i];
    int held = atomic_load(&slot->descriptor);
    if (is_free_for(slot, held, fd) &&
        atomic_compare_exchange_strong(&slot->descriptor, &held, -1)) {
      atomic_store(&slot->device, file.device);
      atomic_store(&slot->inode, file.inode);
      atomic_store(&slot->descriptor, fd + 1);
      return true;
    }
  }
  return false;
}

int wx_files_find(const WxFiles *files, int fd) {
  for (int i = 0; fd >= 0 && i < WX_FILES; i++)
    if (wx_files_descriptor(files, i) == fd)
      return i;
  return -1;
}

int wx_files_descriptor(const WxFiles *files, int slot) {
  return atomic_load_explicit(&files->slots[slot].descriptor, memory_order_acquire) - 1;
}

bool wx_files_still(const WxFiles *files, int fd, WxRawFile *file) {
  const int slot = wx_files_find(files, fd);
  return slot >= 0 && wx_raw_fstat(fd, file) == 0 && same_file(&files->slots[slot], file);
}
