/**
   @file maps_line.h
   One line of a maps file; also the first line of each entry of smaps.
*/
#ifndef WX_MEASURE_MAPS_LINE_H
#define WX_MEASURE_MAPS_LINE_H

#include "measure/maps.h"

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
