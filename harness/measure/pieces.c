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
static ssize_t fill(int fd, char *from) {
  size_t filled = 0;
  while (filled + USUAL_READ <= WX_PIECE_MAX) {
    const ssize_t got = wx_os_read(fd, from + filled, WX_PIECE_MAX - filled);
    if (got < 0)
      return got;
    if (got == 0)
      break;
    filled += (size_t)got;
  }
  return (ssize_t)filled;
}

ssize_t wx_pieces_next(WxPieces *pieces, size_t kept, char **piece) {
  if (kept > WX_PIECE_MAX)
    return -E2BIG;
  if (!pieces->buffer && !(pieces->buffer = malloc(BUFFER + 1)))
    return -ENOMEM;
  memmove(pieces->buffer, pieces->buffer + pieces->given - kept, kept);
  const ssize_t got = fill(pieces->fd, pieces->buffer + kept);
  *piece = pieces->buffer;
  if (got <= 0)
    return got;
  pieces->given = kept + (size_t)got;
  return (ssize_t)pieces->given;
}

void wx_pieces_end(WxPieces *pieces) {
  free(pieces->buffer);
  pieces->buffer = NULL;
}
