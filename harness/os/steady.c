#include "os/steady.h"

#include "os/layout.h"
#include "os/os.h"
#include "os/process.h"
#include "os/text.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
  BOUNDARY = 2 * 1024 * 1024, ///< The largest unit in which the kernel fills page tables.
  STACK_UNIT = 64 * 1024,
  STACK_READY = 512 * 1024,
  HEAP_READY = 4 * 1024 * 1024,
  HEAP_STEP = 1024 * 1024,
  LARGEST = 64 * 1024 * 1024, ///< A larger mapping is the shadow of a sanitizer.
};

// Linux 5.14; not yet in the headers of glibc 2.31.
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif

int wx_os_on_steady_stack(int (*work)(void *context), void *context) {
  const uintptr_t here = (uintptr_t)__builtin_frame_address(0);
  const size_t above = here % STACK_UNIT + STACK_UNIT;
  volatile char *const unused = __builtin_alloca(above);
  unused[0] = 0; // It must be there.
  return work(context);
}

__attribute__((noinline)) static void touch_stack(void) {
  volatile char below[STACK_READY];
  for (size_t i = 0; i < sizeof below; i += 1024)
    below[i] = 0;
}

// The heap grows in place, whole steps at a time, and keeps what it has; what is allocated from now
// on begins at the same place of a page.
static void settle_heap(WxSteady *steady) {
  (void)mallopt(M_MMAP_MAX, 0);
  (void)mallopt(M_TRIM_THRESHOLD, -1);
  (void)mallopt(M_TOP_PAD, HEAP_STEP);
  (void)mallopt(M_ARENA_MAX, 1);
  const uintptr_t page = wx_os_page_size();
  char *probe = malloc(HEAP_READY);
  const uintptr_t end = (uintptr_t)probe + HEAP_READY;
  free(probe);
  steady->filler = malloc(HEAP_READY + (page - end % page));
  char *ready = malloc(HEAP_READY);
  if (ready)
    memset(ready, 0, HEAP_READY);
  free(ready);
}

// Where the kernel puts what has no place of its own moves down to a boundary.
static void align_next(void) {
  const size_t page = wx_os_page_size();
  void *probe = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (probe == MAP_FAILED)
    return;
  const size_t above = ((uintptr_t)probe + page) % BOUNDARY;
  (void)munmap(probe, page);
  if (above)
    (void)mmap(NULL, above, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

// One line of maps. False where this process cannot touch it, or it is not its own.
static bool parse(const char *line, uintptr_t *start, uintptr_t *end, bool *writable, bool *heap) {
  char protection[5] = "", path[16] = "";
  if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %*s%*[ ]%15[^\n]", start, end, protection,
             path) < 3)
    return false;
  *writable = protection[1] == 'w';
  *heap = strcmp(path, "[heap]") == 0;
  const bool of_kernel = strncmp(path, "[v", 2) == 0;
  return protection[0] == 'r' && !of_kernel && *end - *start <= LARGEST;
}

static void note_ranges(WxSteady *steady) {
  WxText maps = {0};
  const char *line = wx_text_read(&maps, "/proc/self/maps") ? NULL : maps.data;
  while (line && *line && steady->count < WX_STEADY_RANGES) {
    uintptr_t start, end;
    bool writable, heap;
    if (parse(line, &start, &end, &writable, &heap)) {
      if (heap)
        steady->heap = start;
      else
        steady->ranges[steady->count++] = (WxSteadyRange){start, end, writable};
    }
    line = strchr(line, '\n');
    line += line != NULL;
  }
  wx_text_free(&maps);
}

__attribute__((no_sanitize("address", "undefined"))) static void
touch(uintptr_t start, uintptr_t end, bool writable) {
  const int advice = writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;
  if (end <= start || madvise((void *)start, end - start, advice) == 0)
    return;
  for (uintptr_t at = start; at < end; at += wx_os_page_size()) {
    volatile char *const byte = (volatile char *)at;
    const char value = *byte;
    if (writable)
      *byte = value;
  }
}

void wx_os_steady_again(const WxSteady *steady) {
  for (size_t i = 0; i < steady->count; ++i)
    touch(steady->ranges[i].start, steady->ranges[i].end, steady->ranges[i].writable);
  if (steady->heap)
    touch(steady->heap, (uintptr_t)sbrk(0), true);
}

void wx_os_steady(WxSteady *steady) {
  touch_stack();
  *steady = (WxSteady){0};
  settle_heap(steady);
  wx_os_close_gaps();
  align_next();
  note_ranges(steady);
  wx_os_steady_again(steady);
  (void)wx_os_now_ns(); // The page that the kernel shares is touched by this.
}
