// Ranges as they were typed, and those of a text that somebody pasted.
#include "attribution/explain.h"

#include "attribution/log_line.h"
#include "measure/pieces.h"
#include "os/grow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 512 };

int wx_ranges_add(WxRanges *ranges, const WxRange *range) {
  WxRange *items = wx_grown(ranges->items, &ranges->capacity, ranges->count, sizeof *items);
  if (!items)
    return -ENOMEM;
  ranges->items = items;
  WxRange *added = &items[ranges->count];
  *added = *range;
  added->name = added->rest = NULL;
  if (range->naming && range->naming->shown) { // No more than the text has room for.
    added->name_length = range->name_length < NAME_SIZE ? range->name_length : NAME_SIZE;
    added->name = wx_name_pool_find(&ranges->names, range->name, added->name_length);
    if (!added->name)
      return -ENOMEM;
  }
  ++ranges->count;
  return 0;
}

void wx_ranges_free(WxRanges *ranges) {
  wx_name_pool_free(&ranges->names);
  free(ranges->items);
}

static int take_part(WxRanges *ranges, const char *line) {
  WxRange range = ranges->count ? ranges->items[ranges->count - 1] : (WxRange){0};
  int failed = 0;
  if (wx_explain_parse_next(line, &range)) {
    --ranges->count;
    return wx_ranges_add(ranges, &range);
  }
  for (bool found = wx_explain_parse(line, &range); !failed && found;
       found = wx_explain_parse_more(line, &range))
    failed = wx_ranges_add(ranges, &range);
  return failed;
}

static int take_line(WxRanges *ranges, char *line) {
  int failed = 0;
  for (char *rest = wx_log_open(line), *part; rest && !failed;) {
    part = strsep(&rest, "\n");
    wx_explain_clean(part);
    failed = take_part(ranges, part);
  }
  return failed;
}

// Takes the lines of a piece of the text, and says how much of it is left. A line that is longer
// than half of a piece is taken in parts, each up to a space.
static int take_lines(WxRanges *ranges, char *piece, size_t size, size_t *lines, size_t *left) {
  char *line = piece;
  char *const end = piece + size;
  int failed = 0;
  while (!failed && line < end) {
    char *stop = memchr(line, '\n', (size_t)(end - line));
    *lines += stop != NULL;
    if (!stop && end - line <= WX_PIECE_MAX / 2)
      break;
    if (!stop)
      stop = wx_explain_divide(line, end);
    *stop = '\0';
    failed = take_line(ranges, line);
    line = stop < end ? stop + 1 : end;
  }
  *left = (size_t)(end - line);
  return failed;
}

static int read_lines(WxRanges *ranges, WxPieces *pieces, size_t *lines) {
  size_t left = 0;
  for (;;) {
    char *piece;
    const ssize_t size = wx_pieces_next(pieces, left, &piece);
    if (size < 0)
      return (int)size;
    if (size) {
      const int failed = take_lines(ranges, piece, (size_t)size, lines, &left);
      if (failed)
        return failed;
      continue;
    }
    if (!left)
      return 0;
    piece[left] = '\0'; // A last line without a newline is one.
    ++*lines;
    return take_line(ranges, piece);
  }
}

int wx_ranges_read(WxRanges *ranges, int fd, size_t *lines) {
  WxPieces pieces = {.fd = fd};
  *lines = 0;
  const int failed = read_lines(ranges, &pieces, lines);
  wx_pieces_end(&pieces);
  return failed;
}
