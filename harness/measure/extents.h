/**
   @file extents.h
   Which parts of a sparse file hold pages, and arithmetic on such lists.

   A list is *normal* when it is ascending and no two items touch or overlap. Nothing here reads the
   file's content: reading a hole through a mapping would allocate it (a dump does that), seeking
   does not.
*/
#ifndef WX_MEASURE_EXTENTS_H
#define WX_MEASURE_EXTENTS_H

#include <stddef.h>
#include <stdint.h>

/// Bytes [start, end) of a file.
typedef struct {
  uint64_t start;
  uint64_t end;
} WxExtent;

/// A list that can be filled again: start with {0}, end with wx_extents_free().
typedef struct {
  WxExtent *items;
  size_t count;
  size_t capacity;
} WxExtents;

/// Size classes of wx_extents_histogram(): class c holds sizes from 4096 << c up to, not including,
/// twice that. The first also holds smaller ones, the last also larger ones.
enum { WX_SIZE_CLASSES = 30 };

/// How many extents there are in each size class, and how many bytes.
typedef struct {
  uint64_t count[WX_SIZE_CLASSES];
  uint64_t bytes[WX_SIZE_CLASSES];
} WxHistogram;

/// Appends one extent. -ENOMEM with the list as it was.
int wx_extents_add(WxExtents *extents, uint64_t start, uint64_t end);

/// Makes the list normal: sorts it, joins what touches or overlaps, drops what is empty.
void wx_extents_normalize(WxExtents *extents);

/// Lists the parts of the open file `fd` that hold pages (in memory or in swap), normal, by
/// SEEK_DATA and SEEK_HOLE. The file's position moves, so `fd` is a descriptor of the caller's own:
/// one opened again, not one inherited. While others write to the file the list is neither the
/// state before nor the state after, but each extent held pages when it was passed; the walk ends,
/// since it only moves upwards.
int wx_extents_read(WxExtents *extents, int fd);

/// As wx_extents_read(), but only what lies outside of `inside` (normal, another list): of a file
/// that is mapped nearly everywhere that takes a few seeks.
int wx_extents_read_outside(WxExtents *extents, int fd, const WxExtents *inside);

/// `left` minus `right`; all three normal, `difference` another list than both. -ENOMEM.
int wx_extents_subtract(WxExtents *difference, const WxExtents *left, const WxExtents *right);

/// The sum of the sizes of a normal list.
uint64_t wx_extents_bytes(const WxExtents *extents);

/// The extents by size.
WxHistogram wx_extents_histogram(const WxExtents *extents);

void wx_extents_free(WxExtents *extents);

#endif
