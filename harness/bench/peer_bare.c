// No library: a memory file that is mapped once, to run only, in slots of a page, and one pwrite()
// a function. Nothing is cleared, nothing grows: what strict W^X costs where no allocator is.
#include "bench/peer.h"
#include "codegen/codegen.h"
#include "os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { SLOT = 4096, SLOTS = 2048 };

typedef struct {
  WxMaker maker; ///< First: it is cast to its owner.
  int fd;
  unsigned free;
  uint16_t waiting[SLOTS]; ///< Those that are free, in no order.
  char *code;
  char text[SLOT];
} Bare;

static int patch(WxMaker *maker, void *made, const void *bytes, size_t size) {
  const Bare *self = (Bare *)maker;
  const int result = wx_os_pwrite(self->fd, bytes, size, (uint64_t)((char *)made - self->code));
  if (result == 0)
    wx_codegen_flush(made, size);
  return result;
}

static int make(WxMaker *maker, size_t size, uint64_t identity, void **made) {
  Bare *self = (Bare *)maker;
  if (size > SLOT || self->free == 0)
    return -ENOMEM;
  const int result = wx_codegen_emit(self->text, size, identity);
  if (result)
    return result;
  *made = self->code + (size_t)self->waiting[--self->free] * SLOT;
  return patch(maker, *made, self->text, size);
}

static int check(WxMaker *maker, void *made, size_t size, uint64_t identity) {
  (void)maker;
  return wx_codegen_check(made, size, identity);
}

static int drop(WxMaker *maker, void *made) {
  Bare *self = (Bare *)maker;
  self->waiting[self->free++] = (uint16_t)(((char *)made - self->code) / SLOT);
  return 0;
}

static const void *code(WxMaker *maker, void *made) {
  (void)maker;
  return made;
}

static int close_bare(WxMaker *maker) {
  Bare *self = (Bare *)maker;
  if (self->code)
    wx_os_munmap_own(self->code, (size_t)SLOT * SLOTS);
  if (self->fd >= 0)
    (void)wx_os_close(self->fd);
  free(self);
  return 0;
}

static int open_file(Bare *self) {
  void *mapped;
  self->fd = wx_os_memfd_create_data("bare");
  int result = self->fd < 0 ? self->fd : wx_os_ftruncate(self->fd, (uint64_t)SLOT * SLOTS);
  if (result == 0)
    result = wx_os_mmap(NULL, (size_t)SLOT * SLOTS, PROT_READ | PROT_EXEC, MAP_SHARED, self->fd, 0,
                        &mapped);
  if (result == 0)
    self->code = mapped;
  return result;
}

static int open_bare(void *library, WxMaker **opened) {
  (void)library;
  Bare *self = calloc(1, sizeof *self);
  if (!self)
    return -ENOMEM;
  self->maker = (WxMaker){make, check, drop, patch, code, close_bare};
  for (; self->free < SLOTS; ++self->free)
    self->waiting[self->free] = (uint16_t)self->free;
  const int result = open_file(self);
  if (result)
    (void)close_bare(&self->maker);
  else
    *opened = &self->maker;
  return result;
}

const WxPeer wx_peer_bare = {
    .name = "bare",
    .what = "no library: one pwrite() a function into a file that is mapped to run, no allocator",
    .patches = true,
    .open = open_bare,
};
