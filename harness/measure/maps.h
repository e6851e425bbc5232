/**
   @file maps.h
   The mappings of a process, from /proc/PID/maps or a saved copy.
*/
#ifndef WX_MEASURE_MAPS_H
#define WX_MEASURE_MAPS_H

#include "measure/name_pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Bits of WxMapping.protection.
enum { WX_READ = 4, WX_WRITE = 2, WX_EXECUTE = 1 };

/// One line of a maps file.
typedef struct {
  uint64_t start;  ///< First address.
  uint64_t end;    ///< First address after it.
  uint64_t offset; ///< In the file, bytes.
  uint64_t inode;  ///< 0 for anonymous memory.
  uint32_t major;  ///< Device of the file.
  uint32_t minor;
  uint8_t protection; ///< WX_READ | WX_WRITE | WX_EXECUTE; 0 is a reservation.
  bool shared;
  const char *path; ///< As the kernel prints it, "" where there is none; owned by the WxMaps.
} WxMapping;

/// All mappings in address order. Start with {0}, read as often as wanted, end with wx_maps_free().
typedef struct {
  WxMapping *items;
  size_t count;
  size_t capacity;
  size_t lines;     ///< Mappings of the file; more than `count` where some were joined or left out,
  size_t left_out;  ///< and so many of them are in no item.
  bool open_ended;  ///< The last line has no newline: it may be cut short.
  WxNamePool names; ///< Paths point into it.
  size_t most_bytes; ///< Set by who reads processes that it does not know: a list that takes more
                     ///< memory than this, names included, is -E2BIG. 0: no bound.
} WxMaps;

/// No saved file makes us use memory without bounds. Behind so many mappings, touching ones of data
/// files are joined, and behind a quarter more all are counted only. More names are damage.
enum {
  WX_MAPPINGS_MAX = 1 << 20,
  WX_MAPPINGS_KEPT = WX_MAPPINGS_MAX / 4 * 5,
  WX_NAMES_MAX = 1 << 18,
  WX_NAMES_BYTES_MAX = 32 << 20
};

/// Where and why a saved file could not be understood.
typedef struct {
  size_t line;        ///< From 1; 0 where nothing is damaged.
  const char *reason; ///< A constant phrase, what was expected.
} WxDamage;

/// Reads the mappings of `pid` (0: this process). -ENOENT or -ESRCH where it is gone, -EACCES,
/// -E2BIG above maps->most_bytes. A process that runs on may change its mappings between two reads
/// of the file so that the lines do not fit together; then it is read again, a few times: -EBUSY.
int wx_maps_read(WxMaps *maps, pid_t pid);

/// Reads a saved copy from a descriptor, to the end of the file, through a small buffer. Returns 0,
/// or -EINVAL with `damage` set; the lines before the damage are kept.
int wx_maps_parse(WxMaps *maps, int fd, WxDamage *damage);

/// As wx_maps_parse(), from a file. Another negative errno: it could not be read.
int wx_maps_load(WxMaps *maps, const char *path, WxDamage *damage);

/// Whether these are the mappings of a program of fewer bits than this one: all lie below 4 GiB,
/// where the kernel puts no 64-bit program's stack. No mappings at all: no.
bool wx_maps_are_narrow(const WxMaps *maps);

void wx_maps_free(WxMaps *maps);

/* One line, also the first one of each entry of smaps
 * -------------------------------------------------------------------------------------------------
 */

/// Parses the line at `line`, which `newline` ends (a byte that may be written: it is made NUL, and
/// so is a carriage return before it, so that mapping->path can point into the line). Returns NULL,
/// or what was expected as a constant phrase.
const char *wx_maps_parse_line(char *line, char *newline, WxMapping *mapping);

/// The end of a line, from the device on. Start with {0}, and so again where the line is not in
/// memory any more.
typedef struct {
  const char *text;
  size_t size;
} WxMapsTail;

/// Takes the line after that of `previous` (NULL: the first one): parses it, holds it against
/// `previous` as wx_maps_follow() does, and puts its path into `names`. Thousands of lines end
/// alike: where this one ends with `tail`, that of the line before, its file is that of `previous`.
/// `tail` becomes its own. Returns 0, -EINVAL with the reason, -ENOMEM.
int wx_maps_take_line(char *line, char *newline, const WxMapping *previous, WxMapping *mapping,
                      WxMapsTail *tail, WxNamePool *names, const char **reason);

/// What a saved file has too many of with `names`, as a constant phrase; or NULL.
const char *wx_maps_exceed(const WxNamePool *names);

/// What becomes of a mapping of a saved file that was read behind `count` others.
typedef enum { WX_MAPPING_KEPT, WX_MAPPING_JOINED, WX_MAPPING_COUNTED } WxMappingFate;

/// Decides it, and joins `mapping` to `previous`, the last that was kept, where that is due.
WxMappingFate wx_maps_place(size_t count, WxMapping *previous, const WxMapping *mapping);

/// Holds `mapping` against the one before it. The kernel prints one that grew between two of its
/// reads again: what was already printed is cut off. Returns NULL, or what is wrong as a constant
/// phrase.
const char *wx_maps_follow(const WxMapping *previous, WxMapping *mapping);

#endif
