// Reclaims from running processes, once or in a loop that SIGTERM or SIGINT ends.
#include "cli/reclaim_live.h"

#include "cli/say.h"
#include "cli/verb.h"
#include "os/process.h"
#include "output/reclaim_document.h"
#include "reclaim/all.h"
#include "reclaim/crowd.h"
#include "reclaim/room.h"
#include "reclaim/watch.h"
#include "stats/units.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

// What the user can mend is bad input, what the machine or a right forbids is not possible here.
static int refuse(const WxOptions *options, int error, const WxReason *reason) {
  const char *text = reason->text[0] ? reason->text : strerror(-error);
  if (error == -ESRCH || error == -ENODATA)
    return wx_cli_fail(options->verb, "%s", text);
  return wx_cli_impossible(options->verb, "%s", text);
}

// Each memfd of all processes: what was done, and why not all of it.
typedef struct {
  const WxLiveOptions *own;
  WxDocument document;
} Round;

static void take_result(void *context, int error, const WxReason *reason, const WxReclaim *result) {
  Round *round = context;
  const bool dry_run = round->own->reclaim.dry_run;
  if (error)
    wx_document_note(&round->document, "Process %d: %s.", (int)result->pid, reason->text);
  if (!error || result->pauses.count)
    wx_reclaim_document_add(&round->document, result, dry_run);
}

static void note_all(WxDocument *document, const WxLiveOptions *own, const WxAllDone *done) {
  const char *name = own->reclaim.memfd ? own->reclaim.memfd : WX_DOUBLEMAPPER_NAME;
  if (!done->files)
    wx_document_note(document, "No process that may be traced has a %s%s.", wx_memfd_kind(name),
                     name);
  if (done->ours)
    wx_document_note(document, "%zu of wxbench's own processes are left out.", done->ours);
  if (done->left_out)
    wx_document_note(document,
                     "%zu memfds at least are left out: more than %d of a process, or %d in all.",
                     done->left_out, WX_FOLLOW_FILES, WX_CROWD_FILES);
}

static int reclaim_all(WxOptions *options, const WxLiveOptions *own) {
  Round round = {.own = own};
  WxAllDone done;
  wx_reclaim_document_init(&round.document);
  const WxAllOptions all = {.selection = &own->selection,
                            .reclaim = own->reclaim,
                            .done = take_result,
                            .context = &round};
  const int failed = wx_reclaim_all(&all, &done);
  if (failed) {
    wx_document_free(&round.document);
    const int status = wx_cli_fail(options->verb, "%s", strerror(-failed));
    wx_options_free(options);
    return status;
  }
  note_all(&round.document, own, &done);
  wx_reclaim_document_finish(&round.document, own->reclaim.dry_run);
  const bool none = done.files && done.failed == done.files;
  return wx_cli_finish(options, &round.document, WX_UNKNOWN,
                       none ? WX_EXIT_IMPOSSIBLE : WX_EXIT_OK);
}

// The same again would have passed the limit: what comes back now does not last.
static void advise(WxDocument *document, const WxRoom *before, const WxReclaim *result) {
  if (!wx_room_is_less(before, result->punched_bytes))
    return;
  char left[WX_UNITS_TEXT], limit[WX_UNITS_TEXT];
  wx_document_note(document,
                   "Its memory group had %s left of %s, less than came back: the next unloads fill "
                   "it again, and one may pass the limit. The preload gives back at each release: "
                   "wxbench reclaim -- COMMAND.",
                   wx_units_format_bytes(left, before->left_bytes),
                   wx_units_format_bytes(limit, before->limit_bytes));
}

static int reclaim_pid(WxOptions *options, const WxLiveOptions *own) {
  WxReclaim result;
  WxReason reason = {""};
  WxText text = {0};
  WxRoom room = {WX_UNKNOWN, WX_UNKNOWN};
  (void)wx_room_read(&room, own->pid, &text); // Of a process that is not there the next one tells.
  wx_text_free(&text);
  const int failed = wx_reclaim_once(own->pid, &own->reclaim, &result, &reason);
  if (failed) {
    const int status = refuse(options, failed, &reason);
    wx_options_free(options);
    return status;
  }
  WxDocument document;
  wx_reclaim_document_init(&document);
  wx_reclaim_document_add(&document, &result, own->reclaim.dry_run);
  wx_reclaim_document_finish(&document, own->reclaim.dry_run);
  advise(&document, &room, &result);
  return wx_cli_finish(options, &document, WX_UNKNOWN, WX_EXIT_OK);
}

// Set once before the handlers are; a signal handler can reach nothing else.
static int wake_end = -1;

static void end_loop(int signal) {
  (void)signal;
  const char order = WX_WATCH_END;
  const int error = errno;
  const ssize_t put = write(wake_end, &order, 1); // A full pipe has told it already.
  (void)put;
  errno = error;
}

static void say(void *context, const char *line) {
  (void)context;
  char text[32];
  struct tm parts;
  const time_t now = time(NULL);
  (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &parts));
  wx_cli_line("%s %s", text, line);
}

static void add_result(void *context, const WxReclaim *result) {
  wx_reclaim_document_add(context, result, false);
}

static int watch(WxOptions *options, const WxLiveOptions *own) {
  int ends[2];
  int failed = wx_os_pipe(ends);
  WxReason reason = {""};
  WxDocument document;
  wx_reclaim_document_init(&document);
  if (!failed) {
    wake_end = ends[1];
    struct sigaction action = {.sa_handler = end_loop, .sa_flags = SA_RESTART};
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    const WxWatchOptions watched = {
        .pid = own->pid,
        .selection = &own->selection,
        .every_ns = own->every_ns,
        .above = own->above,
        .reclaim = own->reclaim,
        .wake = ends[0],
        .say = options->quiet ? NULL : say,
        .result = add_result,
        .context = &document,
    };
    failed = wx_watch_run(&watched, &reason);
  }
  if (failed) {
    wx_document_free(&document);
    const int status = refuse(options, failed, &reason);
    wx_options_free(options);
    return status;
  }
  wx_reclaim_document_finish(&document, false);
  return wx_cli_finish(options, &document, WX_UNKNOWN, WX_EXIT_OK);
}

// As many descriptors as this program may have: a target that many processes hold needs some for
// each. What the sidecar keeps open does not depend on it (crowd.h).
static void raise_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
  }
}

static int run(WxOptions *options, const WxLiveOptions *own) {
  if (own->every_ns)
    return watch(options, own);
  return own->pid ? reclaim_pid(options, own) : reclaim_all(options, own);
}

int wx_reclaim_live(WxOptions *options, WxLiveOptions *own) {
  raise_limit();
  const int status = run(options, own);
  wx_selection_free(&own->selection);
  return status;
}
