#include "support/double_map.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_SIZE = 1 << 30, PAGE = 4096, BLOCK = 512 };

DoubleMap double_map_make(size_t size) {
  const DoubleMap map = {.fd = memfd_create("doublemapper", MFD_CLOEXEC), .size = size};
  ck_assert_int_ge(map.fd, 0);
  ck_assert_int_eq(ftruncate(map.fd, FILE_SIZE), 0);
  return map;
}

static char *view(const DoubleMap *map, int protection) {
  char *mapped = mmap(NULL, map->size, protection, MAP_SHARED, map->fd, 0);
  ck_assert_ptr_ne(mapped, MAP_FAILED);
  return mapped;
}

void double_map_executable(DoubleMap *map) {
  map->executable = view(map, PROT_READ | PROT_EXEC);
}

void double_map_writable(DoubleMap *map) {
  map->writable = view(map, PROT_READ | PROT_WRITE);
}

void double_map_write(DoubleMap *map) {
  memset(map->writable, 0xC3, map->size);
}

void double_map_touch(const DoubleMap *map) {
  for (size_t at = 0; at < map->size; at += PAGE)
    (void)((const volatile char *)map->executable)[at];
}

void double_map_drop_executable(DoubleMap *map) {
  ck_assert_int_eq(munmap(map->executable, map->size), 0);
  map->executable = NULL;
}

void double_map_drop_writable(DoubleMap *map) {
  ck_assert_int_eq(munmap(map->writable, map->size), 0);
  map->writable = NULL;
}

void double_map_punch(DoubleMap *map, uint64_t start, size_t size) {
  const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  ck_assert_int_eq(fallocate(map->fd, mode, (off_t)start, (off_t)size), 0);
}

uint64_t double_map_allocated(const DoubleMap *map) {
  struct stat status;
  ck_assert_int_eq(fstat(map->fd, &status), 0);
  return (uint64_t)status.st_blocks * BLOCK;
}

void double_map_as_runtime(void) {
  ck_assert_int_eq(prctl(PR_SET_NAME, ".NET Finalizer"), 0);
}

void double_map_free(DoubleMap *map) {
  if (map->executable)
    double_map_drop_executable(map);
  if (map->writable)
    double_map_drop_writable(map);
  ck_assert_int_eq(close(map->fd), 0);
  map->fd = -1;
}
