#include "trace/reader.h"

#include "os/os.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* A compressed trace as a stream of bytes, by the program `zstd`
 * -------------------------------------------------------------------------------------------------
 */

enum { NOT_FOUND = 127, NOT_STARTED = 126 };

static _Noreturn void run(int input, int output) {
  char *arguments[] = {(char[]){"zstd"}, (char[]){"-dcq"}, NULL};
  const int silent = wx_os_open("/dev/null", O_WRONLY, 0);
  if (silent < 0 || wx_os_duplicate_onto(input, STDIN_FILENO) < 0 ||
      wx_os_duplicate_onto(output, STDOUT_FILENO) < 0 ||
      wx_os_duplicate_onto(silent, STDERR_FILENO) < 0)
    _exit(NOT_STARTED);
  const int failed = wx_os_exec(arguments, environ);
  _exit(failed == -ENOENT ? NOT_FOUND : NOT_STARTED);
}

// Starts `zstd -dc` on the file `fd`, which stays the caller's. Returns a descriptor to read from,
// which the caller closes before it calls end_uncompressing().
static int begin_uncompressing(int fd, pid_t *uncompressor) {
  int ends[2];
  const int failed = wx_os_pipe(ends);
  if (failed)
    return failed;
  const pid_t pid = wx_os_fork();
  if (pid == 0)
    run(fd, ends[1]);
  (void)wx_os_close(ends[1]);
  if (pid < 0) {
    (void)wx_os_close(ends[0]);
    return pid;
  }
  *uncompressor = pid;
  return ends[0];
}

// Waits for it. -ENOENT where the program `zstd` is not installed, -EBADMSG where it could not
// make sense of the file; 0 also where it ended because nobody read on.
static int end_uncompressing(pid_t uncompressor) {
  int status = 0;
  const pid_t ended = wx_os_wait(uncompressor, 0, &status, NULL);
  if (ended < 0)
    return ended;
  if (WIFSIGNALED(status))
    return WTERMSIG(status) == SIGPIPE ? 0 : -EBADMSG;
  switch (WEXITSTATUS(status)) {
  case 0:
    return 0;
  case NOT_FOUND:
    return -ENOENT;
  case NOT_STARTED:
    return -EIO;
  default:
    return -EBADMSG;
  }
}

struct WxTraceReader {
  int fd;
  pid_t uncompressor; ///< 0 without.
  WxTraceHeader header;
  WxTraceContext context;
  WxTraceDamage damage;
  uint64_t events;
  uint64_t chunk_offset; ///< Of the chunk in the file.
  uint32_t chunk_number; ///< Of the chunk to be read next.
  bool sealed;
  size_t at;   ///< Where the next event begins in the chunk.
  size_t end;  ///< Where its events end.
  size_t held; ///< Bytes of the chunk that are there.
  WxTraceExtent extents[WX_TRACE_MOST_EXTENTS];
  uint8_t chunk[WX_TRACE_CHUNK];
};

static int damaged(WxTraceReader *reader, uint64_t offset, const char *reason) {
  reader->damage = (WxTraceDamage){offset, reason};
  return -EBADMSG;
}

/// Reads as much of a chunk as there is.
static int fill(WxTraceReader *reader) {
  reader->held = 0;
  while (reader->held < sizeof reader->chunk) {
    const ssize_t got =
        wx_os_read(reader->fd, reader->chunk + reader->held, sizeof reader->chunk - reader->held);
    if (got < 0)
      return (int)got;
    if (got == 0)
      break;
    reader->held += (size_t)got;
  }
  return 0;
}

/// Checks the chunk that is held, its header at `begin`.
static int enter(WxTraceReader *reader, size_t begin) {
  size_t events;
  const char *reason =
      wx_trace_get_chunk(reader->chunk + begin, reader->held - begin, reader->chunk_number,
                         &reader->context, &events, &reader->sealed);
  if (reason)
    return damaged(reader, reader->chunk_offset + begin, reason);
  reader->chunk_number++;
  reader->at = begin + WX_TRACE_CHUNK_HEADER;
  reader->end = reader->at + events;
  return 0;
}

static int read_header(WxTraceReader *reader, WxTraceDamage *damage) {
  const int failed = fill(reader);
  if (failed)
    return failed;
  uint32_t version = 0;
  const char *reason = reader->held < WX_TRACE_HEADER
                           ? "is too short for a trace"
                           : wx_trace_get_header(&reader->header, &version, reader->chunk);
  *damage = (WxTraceDamage){version, reason};
  // What a killed recorder left may lack even the header of the first chunk: no event is lost then.
  if (!reason && !(reader->held == WX_TRACE_HEADER && reader->header.events == 0))
    (void)enter(reader, WX_TRACE_HEADER);
  return reason ? -EBADMSG : 0;
}

static int open_stream(int fd, pid_t uncompressor, WxTraceReader **opened, WxTraceDamage *damage) {
  *damage = (WxTraceDamage){0, NULL};
  WxTraceReader *reader = calloc(1, sizeof *reader);
  if (!reader) {
    (void)wx_os_close(fd);
    return uncompressor ? end_uncompressing(uncompressor), -ENOMEM : -ENOMEM;
  }
  reader->fd = fd;
  reader->uncompressor = uncompressor;
  const int failed = read_header(reader, damage);
  if (!failed) {
    *opened = reader;
    return 0;
  }
  const int ended = wx_trace_close(reader);
  if (!ended || !uncompressor)
    return failed;
  *damage = (WxTraceDamage){0, NULL};
  if (ended == -ENOENT)
    return -ENOPKG;
  *damage = (WxTraceDamage){0, "cannot be uncompressed by the program zstd"};
  return -EBADMSG;
}

int wx_trace_open_fd(int fd, WxTraceReader **opened, WxTraceDamage *damage) {
  return open_stream(fd, 0, opened, damage);
}

static bool is_compressed(const char *path) {
  const size_t length = strlen(path);
  return length > 4 && strcmp(path + length - 4, ".zst") == 0;
}

int wx_trace_open(const char *path, WxTraceReader **opened, WxTraceDamage *damage) {
  *damage = (WxTraceDamage){0, NULL};
  const int fd = wx_os_open(path, O_RDONLY, 0);
  if (fd < 0)
    return fd;
  if (!is_compressed(path))
    return open_stream(fd, 0, opened, damage);
  pid_t uncompressor = 0;
  const int output = begin_uncompressing(fd, &uncompressor);
  (void)wx_os_close(fd);
  return output < 0 ? output : open_stream(output, uncompressor, opened, damage);
}

const WxTraceHeader *wx_trace_header(const WxTraceReader *reader) {
  return &reader->header;
}

/// The end of the events of a chunk: reads the next one, if there is one.
static int next_chunk(WxTraceReader *reader) {
  const bool whole = reader->held == sizeof reader->chunk;
  reader->chunk_offset += reader->held;
  const int failed = whole ? fill(reader) : 0;
  if (failed)
    return failed;
  if (!whole || reader->held == 0) {
    reader->held = reader->at = reader->end = 0;
    return reader->events < reader->header.events
               ? damaged(reader, reader->chunk_offset, "ends before its last event")
               : 0;
  }
  if (!reader->sealed)
    return damaged(reader, reader->chunk_offset, "goes on after a chunk that was not finished");
  const int entered = enter(reader, 0);
  return entered ? entered : 1;
}

int wx_trace_next(WxTraceReader *reader, WxTraceEvent *event) {
  event->extents = reader->extents;
  while (!reader->damage.reason) {
    const int size = wx_trace_decode(event, &reader->context, reader->chunk + reader->at,
                                     reader->end - reader->at);
    if (size > 0) {
      reader->at += (size_t)size;
      reader->events++;
      return 1;
    }
    if (size < 0)
      return damaged(reader, reader->chunk_offset + reader->at,
                     size == WX_TRACE_CUT ? "ends inside an event" : "holds something else");
    if (reader->sealed && reader->at < reader->end)
      return damaged(reader, reader->chunk_offset + reader->at, "has a gap inside a chunk");
    const int more = next_chunk(reader);
    if (more <= 0)
      return more;
  }
  return -EBADMSG;
}

int wx_trace_problem(const char *path, int error, const WxTraceDamage *damage, WxProblem *problem) {
  if (damage->reason && damage->offset > 0)
    return wx_problem(problem, -EINVAL, "'%s' %s: version %ju, expected %d", path, damage->reason,
                      (uintmax_t)damage->offset, WX_TRACE_VERSION);
  if (damage->reason)
    return wx_problem(problem, -EINVAL, "'%s' %s; expected a file made by wxbench record", path,
                      damage->reason);
  if (error == -ENOPKG)
    return wx_problem(problem, -ENOTSUP,
                      "'%s' is compressed and the program zstd is not installed: "
                      "apt-get install zstd, or uncompress it elsewhere",
                      path);
  return wx_problem(problem, -EINVAL, "cannot read '%s': %s", path, strerror(-error));
}

WxTraceDamage wx_trace_damage(const WxTraceReader *reader) {
  return reader->damage;
}

uint64_t wx_trace_read_count(const WxTraceReader *reader) {
  return reader->events;
}

int wx_trace_close(WxTraceReader *reader) {
  const int failed = wx_os_close(reader->fd);
  const int ended = reader->uncompressor ? end_uncompressing(reader->uncompressor) : 0;
  free(reader);
  return ended ? ended : failed;
}
