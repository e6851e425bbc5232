/**
   @file pieces.h
   Reads a file through a buffer so small that what the kernel wrote is still in the cache when it
   is parsed. A byte-order mark is left out.
*/
#ifndef WX_MEASURE_PIECES_H
#define WX_MEASURE_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/// The most that can be kept of a piece, bytes: longer than any line of /proc/PID/smaps.
enum { WX_PIECE_MAX = 65536 - 32 };

/// Start with {.fd = fd}; end with wx_pieces_end().
typedef struct {
  int fd;
  char *buffer;
  size_t given; ///< Bytes of the piece that was given out last.
  bool ended;   ///< The end of the file was met; a terminal would begin anew.
  bool begun;   ///< Its first bytes were seen:
  bool wide;    ///< it is UTF-16, as some shells save what is printed. ASCII of it is given out.
} WxPieces;

/// Gives the next piece of the file in `*piece`: the last `kept` bytes of the piece before it, then
/// new ones. It may be written to, one byte beyond its end too, until the next call. Returns its
/// size; 0 at the end of the file, `*piece` being what was kept; -E2BIG where more than
/// WX_PIECE_MAX is to be kept, or another negative errno. Not to be called again after 0 or a
/// failure.
ssize_t wx_pieces_next(WxPieces *pieces, size_t kept, char **piece);

/// Frees the buffer; the file stays open.
void wx_pieces_end(WxPieces *pieces);

#endif
