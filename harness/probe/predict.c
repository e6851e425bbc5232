// Each row was measured, on x86-64, with a program that says hello, started under one restriction
// after the other, on the versions that tests/fixtures/starts.txt names; tests/plain/probe_test.sh
// does it again.
#include "probe/predict.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB(COUNT) (INT64_C(COUNT) << 20)
#define GIB(COUNT) (INT64_C(COUNT) << 30)

enum { VERSIONS = 4, USUAL_MAP_LIMIT = 65530 };

/// A size that was enough, and the largest that was not. Between them nothing was measured.
typedef struct {
  WxFigure enough;
  WxFigure too_small;
} Room;

static const struct {
  unsigned major;
  bool fits_size;    ///< Asks for a memfd that the limits allow (PR 119316).
  bool always_memfd; ///< Makes a memfd for its diagnostics, too, whatever W^X is.
  Room space;        ///< RLIMIT_AS.
} versions[VERSIONS] = {
    {8, false, false, {GIB(300), GIB(256)}},
    {9, false, false, {GIB(2), GIB(1)}},
    {10, true, true, {GIB(2), GIB(1)}},
    {11, true, true, {GIB(2), MIB(512)}},
};

// RLIMIT_FSIZE where the memfd is made to fit it: what hello needs of it.
static const Room file_room = {MIB(3), MIB(2)};

// The heap's reservation grows with the memory of the machine (.NET 8: 256 GiB, or twice that
// memory where that is more).
static const WxFigure most_memory = GIB(128);

/// How it ends. Neither: not measured.
typedef struct {
  const char *ends;
  const char *message;
} End;

#define HRESULT(LAST)                                                                              \
  { "exit 137", "Failed to create CoreCLR, HRESULT: 0x800700" LAST }
#define SEGV                                                                                       \
  { "SIGSEGV", NULL }
#define NO_VIEW                                                                                    \
  { "SIGABRT", "Failed to create RW mapping for RX memory" }
#define PERMIT                                                                                     \
  "permit it (PR_SET_MDWE, systemd's MemoryDenyWriteExecute, SELinux execmem, a seccomp profile)"

enum { WITH_FILE = 1, WITHOUT_FILE = 2, ALWAYS = WITH_FILE | WITHOUT_FILE };

#define FOLLOWS(TRY) (1U << (TRY))

/// What has to work, and how it ends where it is refused, version by version.
static const struct {
  WxTry tried;
  unsigned where; ///< Whether the runtime's memory is in the memfd.
  End ends[VERSIONS];
  const char *remedy;
  unsigned follows; ///< Tries that it contains: it says nothing where one of them did not work.
} needs[] = {
    {WX_TRY_PROC,
     ALWAYS,
     {HRESULT("0E"), HRESULT("0E"), HRESULT("0E"), HRESULT("0E")},
     "mount /proc",
     0},
    {WX_TRY_THREAD,
     ALWAYS,
     {HRESULT("08"), HRESULT("08"), HRESULT("08"), {"SIGABRT", "Stack overflow."}},
     "raise the limit of processes (ulimit -u, pids.max), or permit clone",
     0},
    {WX_TRY_THREADS,
     ALWAYS,
     {{0}},
     "raise the limit of processes (ulimit -u, pids.max)",
     FOLLOWS(WX_TRY_THREAD)},
    {WX_TRY_COMMIT, WITH_FILE, {SEGV, SEGV, SEGV, SEGV}, PERMIT "; W^X off does not help", 0},
    {WX_TRY_SECOND_VIEW,
     WITH_FILE,
     {SEGV, SEGV, NO_VIEW, NO_VIEW},
     "permit it, or set DOTNET_EnableWriteXorExecute=0",
     0},
    {WX_TRY_RUN, WITH_FILE, {{0}}, PERMIT, FOLLOWS(WX_TRY_COMMIT) | FOLLOWS(WX_TRY_SECOND_VIEW)},
    {WX_TRY_WRITABLE_CODE,
     WITHOUT_FILE,
     {HRESULT("0C"), HRESULT("0C"), SEGV, SEGV},
     PERMIT ", or leave W^X on where the memfd may be executed",
     0},
};

enum { NEEDS = sizeof needs / sizeof *needs };

const char *wx_start_name(WxStart start) {
  static const char *const names[] = {[WX_STARTS_ON] = "on",
                                      [WX_STARTS_OFF] = "off",
                                      [WX_DIES] = "dies",
                                      [WX_START_UNKNOWN] = "unknown"};
  return names[start];
}

unsigned wx_probe_major(const char *version) {
  char *end;
  if (!isdigit((unsigned char)*version))
    return 0;
  const unsigned long major = strtoul(version, &end, 10);
  return (*end == '\0' || *end == '.') && major < 1000 ? (unsigned)major : 0;
}

unsigned wx_probe_major_at(size_t index) {
  return index < VERSIONS ? versions[index].major : 0;
}

// ---- Conclusions ----

// Adds to `why`.
static void say(WxPrediction *prediction, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(WxPrediction *prediction, const char *format, ...) {
  const size_t used = strlen(prediction->why);
  va_list values;
  va_start(values, format);
  (void)vsnprintf(prediction->why + used, sizeof prediction->why - used, format, values);
  va_end(values);
}

static void begin_cause(WxPrediction *prediction) {
  if (*prediction->why)
    say(prediction, "; ");
}

// Of several causes it is not known which comes first.
static void dies(WxPrediction *prediction, End end) {
  const char *ends = end.ends ? end.ends : "";
  const bool first = prediction->start == WX_STARTS_ON || prediction->start == WX_STARTS_OFF;
  if (first)
    (void)snprintf(prediction->ends, sizeof prediction->ends, "%s", ends);
  else if (strcmp(prediction->ends, ends) != 0)
    *prediction->ends = '\0';
  if (first)
    prediction->message = end.message;
  else if (!prediction->message || !end.message || strcmp(prediction->message, end.message) != 0)
    prediction->message = NULL;
  prediction->start = WX_DIES;
}

static void doubt(WxPrediction *prediction) {
  *prediction->ends = '\0';
  prediction->message = NULL;
  if (prediction->start != WX_DIES)
    prediction->start = WX_START_UNKNOWN;
}

// ---- Causes ----

static void judge_room(Room room, WxFigure limit, const char *what, End end,
                       WxPrediction *prediction) {
  if (limit >= room.enough)
    return;
  begin_cause(prediction);
  say(prediction, "%s is limited to %" PRIi64 " KiB: raise it", what, limit >> 10);
  if (limit <= room.too_small) {
    dies(prediction, end);
    return;
  }
  say(prediction, " (whether that is enough was not measured)");
  doubt(prediction);
}

static void judge_address_space(const WxTries *tries, size_t version, WxPrediction *prediction) {
  const WxFigure limit = tries->address_space_limit;
  if (limit == WX_UNLIMITED)
    return;
  if (wx_known(limit) && !tries->heap_is_set && tries->group_limit == WX_UNLIMITED &&
      wx_known(tries->memory_bytes) && tries->memory_bytes <= most_memory) {
    judge_room(versions[version].space, limit, "the address space (ulimit -v)",
               (End){"exit 137", "Failed to create CoreCLR"}, prediction);
    return;
  }
  begin_cause(prediction);
  say(prediction, wx_known(limit) ? "the address space is limited (ulimit -v), and a setting, a "
                                    "memory group or more than 128 GiB of memory says how much of "
                                    "it the heap reserves: not measured"
                                  : "the limit of the address space cannot be read");
  doubt(prediction);
}

// Says what became of a try that did not work.
static void say_tried(WxPrediction *prediction, WxTry which, WxTried tried) {
  char text[32];
  const char *ended = wx_tried_text(tried, text);
  begin_cause(prediction);
  if (!ended)
    say(prediction, "%s could not be tried", wx_try_what(which));
  else
    say(prediction, "%s %s %s", wx_try_what(which),
        tried.how == WX_TRIED_KILLED ? "is answered by" : "fails with", ended);
}

// Where a try did not end, or ended by a signal: whether it did.
static bool judge_end(const WxTries *tries, WxTry which, WxPrediction *prediction) {
  const WxTried tried = tries->tried[which];
  char text[32];
  if (tried.how == WX_TRIED_WORKS || tried.how == WX_TRIED_REFUSED)
    return false;
  say_tried(prediction, which, tried);
  // Only these are the answer to a system call.
  if (tried.how == WX_TRIED_UNKNOWN || (tried.code != SIGSYS && tried.code != SIGXFSZ)) {
    if (tried.how == WX_TRIED_KILLED)
      say(prediction, " (what the runtime does then was not measured)");
    doubt(prediction);
    return true;
  }
  say(prediction, tried.code == SIGXFSZ
                      ? ": raise the limit of file sizes (ulimit -f), or take .NET 10 or later"
                      : ": permit it");
  dies(prediction, (End){wx_tried_text(tried, text), NULL});
  return true;
}

// Where the runtime's memory will be: WITH_FILE, WITHOUT_FILE, or 0 where that is not known.
static unsigned judge_file(const WxTries *tries, size_t version, WxPrediction *prediction) {
  const WxTry steps[] = {WX_TRY_MEMFD,
                         versions[version].fits_size ? WX_TRY_FITTING_SIZE : WX_TRY_WHOLE_SIZE};
  for (size_t i = 0; i < 2; ++i) {
    if (judge_end(tries, steps[i], prediction))
      return 0;
    if (tries->tried[steps[i]].how == WX_TRIED_REFUSED) {
      say_tried(prediction, steps[i], tries->tried[steps[i]]);
      say(prediction, ", so W^X is off without a word");
      if (prediction->start == WX_STARTS_ON)
        prediction->start = WX_STARTS_OFF;
      return WITHOUT_FILE;
    }
  }
  if (versions[version].fits_size && wx_known(tries->file_size_limit)) {
    judge_room(file_room, tries->file_size_limit, "the memfd (ulimit -f)", (End){NULL, NULL},
               prediction);
  } else if (versions[version].fits_size) {
    begin_cause(prediction);
    say(prediction, "the limit of file sizes cannot be read");
    doubt(prediction);
  }
  return WITH_FILE;
}

static End end_of(size_t need, size_t version, WxTried tried) {
  static const End not_permitted = HRESULT("01");
  const End end = needs[need].ends[version];
  return needs[need].tried == WX_TRY_WRITABLE_CODE && end.message && tried.code == EPERM
             ? not_permitted
             : end;
}

static void judge_need(const WxTries *tries, size_t need, size_t version,
                       WxPrediction *prediction) {
  const WxTry which = needs[need].tried;
  const WxTried tried = tries->tried[which];
  for (int i = 0; i < WX_TRY_COUNT; ++i)
    if (needs[need].follows & FOLLOWS(i) && tries->tried[i].how != WX_TRIED_WORKS)
      return;
  if (judge_end(tries, which, prediction) || tried.how == WX_TRIED_WORKS)
    return;
  say_tried(prediction, which, tried);
  say(prediction, ": %s", needs[need].remedy);
  const End end = end_of(need, version, tried);
  if (end.ends) {
    dies(prediction, end);
    return;
  }
  say(prediction, " (what the runtime does then was not measured)");
  doubt(prediction);
}

static void predict_measured(const WxTries *tries, size_t version, bool on,
                             WxPrediction *prediction) {
  prediction->start = on ? WX_STARTS_ON : WX_STARTS_OFF;
  judge_address_space(tries, version, prediction);
  unsigned where = WITHOUT_FILE;
  if (on)
    where = judge_file(tries, version, prediction);
  else if (versions[version].always_memfd)
    (void)judge_end(tries, WX_TRY_MEMFD, prediction);
  for (size_t i = 0; i < NEEDS; ++i)
    if (needs[i].where == ALWAYS || needs[i].where == where)
      judge_need(tries, i, version, prediction);
}

// A call that a start makes and a filter refuses: nobody measured what comes of it.
static void doubt_calls(const WxTries *tries, WxPrediction *prediction) {
  char text[32];
  if (!tries->call_name || prediction->start == WX_DIES)
    return;
  const char *ended = wx_tried_text(tries->call, text);
  doubt(prediction);
  begin_cause(prediction);
  say(prediction,
      "a seccomp filter answers the system call %s by %s: permit it (what the runtime does then "
      "was not measured)",
      tries->call_name, ended ? ended : "what could not be found out");
}

// What makes a start unknown that nothing else is in the way of.
static void doubt_start(const WxTries *tries, WxPrediction *prediction) {
  const WxFigure limit = tries->max_map_count;
  if (prediction->start == WX_DIES || (wx_known(limit) && limit >= USUAL_MAP_LIMIT))
    return;
  doubt(prediction);
  begin_cause(prediction);
  say(prediction, "%s",
      wx_known(limit)
          ? "vm.max_map_count is below the usual 65530: a program may start, and end later"
          : "vm.max_map_count cannot be read");
}

// What was found for a version or a machine that was not measured is only said.
static void demote(WxPrediction *prediction, const char *reason, unsigned major) {
  char why[sizeof prediction->why];
  memcpy(why, prediction->why, sizeof why);
  const char *start = wx_start_name(prediction->start);
  *prediction = (WxPrediction){.start = WX_START_UNKNOWN};
  say(prediction, "%s; as .NET %u on x86-64 it would be: %s%s%s", reason, major, start,
      *why ? ": " : "", why);
}

void wx_predict(const WxTries *tries, unsigned major, bool on, WxPrediction *prediction) {
  *prediction = (WxPrediction){.start = WX_START_UNKNOWN};
  size_t version = 0;
  while (version < VERSIONS - 1 && versions[version].major < major)
    ++version;
  if (major < versions[0].major) {
    say(prediction, "only .NET %u to %u were measured", versions[0].major,
        versions[VERSIONS - 1].major);
    return;
  }
  predict_measured(tries, version, on, prediction);
  doubt_calls(tries, prediction);
  doubt_start(tries, prediction);
  if (major != versions[version].major)
    demote(prediction, "this version was not measured", versions[version].major);
  else if (!tries->is_measured)
    demote(prediction, "only x86-64 was measured", major);
}
