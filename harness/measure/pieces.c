#include "measure/pieces.h"

#include "os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
  BUFFER = 2 * WX_PIECE_MAX,
  USUAL_READ = 8192, // The kernel gives a page of smaps a call or, for a long path, more.
};

// Several reads: the kernel gives no more than a page of smaps a call.
static ssize_t fill(WxPieces *pieces, char *from) {
  size_t filled = 0;
  while (!pieces->ended && filled + USUAL_READ <= WX_PIECE_MAX) {
    const ssize_t got = wx_os_read(pieces->fd, from + filled, WX_PIECE_MAX - filled);
    if (got < 0)
      return got;
    pieces->ended = got == 0;
    filled += (size_t)got;
  }
  return (ssize_t)filled;
}

static size_t without_nuls(char *text, size_t size) {
  size_t kept = 0;
  for (size_t i = 0; i < size; ++i)
    if (text[i])
      text[kept++] = text[i];
  return kept;
}

// Takes a mark away from the beginning of the file, and every other byte where it is UTF-16.
static size_t decode(WxPieces *pieces, char *text, size_t size) {
  static const struct {
    const char *mark;
    size_t length;
    bool wide;
  } marks[] = {{"\xef\xbb\xbf", 3, false}, {"\xff\xfe", 2, true}, {"\xfe\xff", 2, true}};
  for (size_t i = 0; !pieces->begun && i < sizeof marks / sizeof *marks; ++i) {
    if (size < marks[i].length || memcmp(text, marks[i].mark, marks[i].length) != 0)
      continue;
    size -= marks[i].length;
    memmove(text, text + marks[i].length, size);
    pieces->wide = marks[i].wide;
    break;
  }
  pieces->begun = true;
  return pieces->wide ? without_nuls(text, size) : size;
}

ssize_t wx_pieces_next(WxPieces *pieces, size_t kept, char **piece) {
  if (kept > WX_PIECE_MAX)
    return -E2BIG;
  if (!pieces->buffer && !(pieces->buffer = malloc(BUFFER + 1)))
    return -ENOMEM;
  memmove(pieces->buffer, pieces->buffer + pieces->given - kept, kept);
  const ssize_t got = fill(pieces, pieces->buffer + kept);
  *piece = pieces->buffer;
  if (got <= 0)
    return got;
  pieces->given = kept + decode(pieces, pieces->buffer + kept, (size_t)got);
  return (ssize_t)pieces->given;
}

void wx_pieces_end(WxPieces *pieces) {
  free(pieces->buffer);
  pieces->buffer = NULL;
}
