/**
   @file trace_format.h
   What a trace of executable memory is, byte by byte. Depends on nothing, so that a preload library
   can write it and any tool can read it.

   A trace holds what a .NET runtime asked of the kernel for its double-mapped file: how much, where
   in the file, when, by which thread. It holds no content, no address and no name.

   All numbers are little-endian. A *page* is 4096 bytes here, on every machine. A file is a
   sequence of chunks of 64 KiB; the last one may end early. Chunk 0 begins with the file header
   (128 bytes), every other chunk begins, and chunk 0 goes on, with a chunk header (32 bytes), then
   its events, then zeros. Each chunk can be understood without those before it.

   File header
       0  8  "WXTRACE\n"
       8  4  version: 1
      12  4  bytes of this header: 128
      16  4  bytes of a chunk: 65536
      20  4  page size of the machine
      24  4  architecture, as ELF numbers it: 62 x86-64, 183 aarch64
      28  4  flags: bit 0 = begun by a forked child, whose inherited blocks are not described
      32  28 zero
      60  4  CRC-32C of bytes 0 to 59
      64  8  events in the file \
      72  8  events lost         | kept up to date while recording, not covered
      80  4  errno of the loss   | by the checksum
      84  4  1: ended by exit   /
      88  40 zero

   Chunk header
       0  4  "WXCK"
       4  4  number of the chunk, from 0
       8  4  bytes of events; 0: not finished, they go on until a zero byte or the chunk's end
      12  4  CRC-32C of bytes 0 to 11 and 16 to 31 of this header and of the events, if finished
      16  8  nanoseconds since the recording began, from which the first event counts
      24  4  thread of the event before
      28  4  file of the event before

   Event
       0  1  bits 0-3 kind (never 0), bit 4 a thread follows, bit 5 a growth follows, bit 6 mark
             (its meaning depends on the kind), bit 7 a file follows
       numbers, each of 1 to 10 bytes: 7 bits a byte, lowest first, bit 7 set if another one follows
          nanoseconds since the event before (or the chunk's time)
          thread, from 0 in the order of their first event; without: as the event before
          file, from 0 where the process has more than one; without: as the event before
          growth: by how many pages the file's allocation has changed since it was last asked (it
              is not at a commit: the next event says it), zigzag (0, -1, 1, -2, ... as 0, 1, 2, 3,
              ...); without: not at all
          what the kind needs (WX_TRACE_KINDS)
*/
#ifndef WX_TRACE_TRACE_FORMAT_H
#define WX_TRACE_TRACE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  WX_TRACE_VERSION = 1,
  WX_TRACE_PAGE = 4096,
  WX_TRACE_CHUNK = 65536,
  WX_TRACE_HEADER = 128,
  WX_TRACE_CHUNK_HEADER = 32,
  WX_TRACE_MOST_EXTENTS = 128,                        ///< Extents of one event, at most.
  WX_TRACE_LARGEST = 64 + 20 * WX_TRACE_MOST_EXTENTS, ///< Bytes of an event, at most.
  WX_TRACE_FORKED = 1,                                ///< File header flag.
};

#define WX_TRACE_MAGIC       "WXTRACE\n"
#define WX_TRACE_CHUNK_MAGIC "WXCK"

/// Kinds: number, identifier, name, and what follows, in this order: `o` offset and `s` size in
/// the file, both in pages; `p` protection (4 read, 2 write, 1 execute); `v` one value; `x` the
/// count of extents and for each the pages from the end of the one before (at first: from the
/// offset) and its pages.
#define WX_TRACE_KINDS(KIND)                                                                       \
  /* The file got its size: v, bytes. */                                                           \
  KIND(1, FILE, "file", "v")                                                                       \
  /* Address space is reserved for a block. Mark: at an address that the runtime chose. */         \
  KIND(2, RESERVE, "reserve", "os")                                                                \
  /* Pages of a block get a protection. */                                                         \
  KIND(3, COMMIT, "commit", "osp")                                                                 \
  /* A second, writable view of pages of a block. */                                               \
  KIND(4, MAP_RW, "map_rw", "os")                                                                  \
  KIND(5, UNMAP_RW, "unmap_rw", "os")                                                              \
  /* A block is unmapped. Mark: it had been mapped again for writing as a whole, and filled. */    \
  KIND(6, RELEASE, "release", "os")                                                                \
  /* Private writable memory takes the place of pages of a block (.NET 10: data of thunks). */     \
  KIND(7, TEMPLATE_DATA, "template_data", "os")                                                    \
  /* Private code from another file does (.NET 10: thunks). */                                     \
  KIND(8, TEMPLATE_CODE, "template_code", "os")                                                    \
  /* What is allocated of a range of the file; v: WxTraceScope. Mark: last part of a scan. */      \
  KIND(9, EXTENTS, "extents", "osvx")                                                              \
  /* This trace begins in a forked child: v, the parent's process number. */                       \
  KIND(10, FORK, "fork", "v")                                                                      \
  /* Another call that concerned a block or a view: p, v: WxTraceCall. */                          \
  KIND(11, OTHER, "other", "ospv")

typedef enum {
#define WX_TRACE_KIND_ENUM(number, identifier, name, fields) WX_TRACE_##identifier = (number),
  WX_TRACE_KINDS(WX_TRACE_KIND_ENUM)
#undef WX_TRACE_KIND_ENUM
      WX_TRACE_KIND_LIMIT = 16
} WxTraceKind;

/// What an extents event describes.
typedef enum {
  WX_TRACE_OF_BLOCK, ///< One block, right before its release fills it.
  WX_TRACE_OF_FILE,  ///< The whole file in one or more parts, while the program runs.
  WX_TRACE_AT_EXIT,  ///< The same at the end of the program.
} WxTraceScope;

/// The call of an event of the kind `other`.
typedef enum {
  WX_TRACE_MMAP,
  WX_TRACE_MUNMAP,
  WX_TRACE_MPROTECT,
} WxTraceCall;

typedef struct {
  uint64_t offset; ///< In the file, bytes.
  uint64_t size;   ///< Bytes.
} WxTraceExtent;

/// One event. Offsets and sizes are bytes, whole pages.
typedef struct {
  WxTraceKind kind;
  bool mark;
  uint8_t protection;
  uint32_t thread;
  uint32_t file;
  uint64_t time_ns; ///< Since the recording began.
  int64_t growth;   ///< Bytes by which the file's allocation has changed since it was last asked.
  uint64_t offset;
  uint64_t size;
  uint64_t value;
  uint32_t extent_count;
  WxTraceExtent *extents; ///< In order, without overlap, inside the range. Somebody else's.
} WxTraceEvent;

#endif
