/**
   @file double_map.h
   A small double-mapped file of the test's own, with the name that the runtime gives it.
*/
#ifndef TESTS_SUPPORT_DOUBLE_MAP_H
#define TESTS_SUPPORT_DOUBLE_MAP_H

#include <stddef.h>
#include <stdint.h>

/// A memfd named `doublemapper` and two views of its first `size` bytes.
typedef struct {
  int fd;
  size_t size;
  char *executable; ///< Read and execute; NULL where not mapped.
  char *writable;   ///< Read and write; NULL where not mapped.
} DoubleMap;

/// Makes the file, 1 GiB long and empty, without views.
DoubleMap double_map_make(size_t size);

/// Maps the views, at the file's beginning.
void double_map_executable(DoubleMap *map);
void double_map_writable(DoubleMap *map);

/// Writes every page through the writable view.
void double_map_write(DoubleMap *map);

/// Reads every page through the executable view.
void double_map_touch(const DoubleMap *map);

/// Unmaps one view.
void double_map_drop_executable(DoubleMap *map);
void double_map_drop_writable(DoubleMap *map);

/// Frees the pages [start, start + size) of the file.
void double_map_punch(DoubleMap *map, uint64_t start, size_t size);

/// st_blocks of the file in bytes.
uint64_t double_map_allocated(const DoubleMap *map);

/// Names the calling thread as a .NET runtime names the one that runs finalizers: to a reclaim this
/// process then is a .NET one.
void double_map_as_runtime(void);

/// Unmaps what is mapped and closes the file.
void double_map_free(DoubleMap *map);

#endif
