// Reclaims from running processes, once or in a loop that SIGTERM or SIGINT ends.
#include "cli/reclaim_live.h"

#include "cli/reclaim_document.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "os/os.h"
#include "os/process.h"
#include "reclaim/follow.h"
#include "reclaim/watch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// What the user can mend is bad input, what the machine or a right forbids is not possible here.
static int refuse(const WxOptions *options, int error, const WxReason *reason) {
  const char *text = reason->text[0] ? reason->text : strerror(-error);
  if (error == -ESRCH || error == -ENODATA)
    return wx_cli_fail(options->verb, "%s", text);
  return wx_cli_impossible(options->verb, "%s", text);
}

/// Reclaiming from all processes, once.
typedef struct {
  const WxOptions *options;
  const WxLiveOptions *own;
  WxDocument document;
  WxFileId done[1024]; ///< Files that several processes share are done once.
  size_t count;
  size_t failed;
} Round;

static bool was_done(Round *round, WxFileId file) {
  for (size_t i = 0; i < round->count; ++i)
    if (wx_file_id_equal(round->done[i], file))
      return true;
  if (round->count < sizeof round->done / sizeof *round->done)
    round->done[round->count++] = file;
  return false;
}

static int reclaim_one(void *context, pid_t pid, const WxMemfd *memfd) {
  Round *round = context;
  if (was_done(round, memfd->id))
    return 0;
  WxReclaim result;
  WxReason reason = {""};
  const int failed = wx_reclaim_memfd(pid, memfd, &round->own->reclaim, &result, &reason);
  if (failed == -ESRCH)
    return 0;
  if (failed) {
    ++round->failed;
    wx_document_note(&round->document, "Process %d: %s.", (int)pid,
                     reason.text[0] ? reason.text : strerror(-failed));
  }
  if (!failed || result.pauses.count)
    wx_reclaim_document_add(&round->document, &result, round->own->reclaim.dry_run);
  return 0;
}

static int reclaim_all(WxOptions *options, const WxLiveOptions *own) {
  static Round round;
  round = (Round){.options = options, .own = own};
  wx_reclaim_document_init(&round.document);
  WxFollow follow = {.proc = -1};
  const int failed = wx_follow_cycle(&follow, reclaim_one, &round);
  wx_follow_close(&follow);
  if (failed) {
    wx_document_free(&round.document);
    const int status = wx_cli_fail(options->verb, "%s", strerror(-failed));
    wx_options_free(options);
    return status;
  }
  if (!round.count)
    wx_document_note(&round.document, "No process that may be traced has a memfd:doublemapper.");
  wx_reclaim_document_finish(&round.document, own->reclaim.dry_run);
  const bool none = round.count && round.failed == round.count;
  return wx_cli_finish(options, &round.document, WX_UNKNOWN,
                       none ? WX_EXIT_IMPOSSIBLE : WX_EXIT_OK);
}

static int reclaim_pid(WxOptions *options, const WxLiveOptions *own) {
  WxReclaim result;
  WxReason reason = {""};
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

int wx_reclaim_live(WxOptions *options, const WxLiveOptions *own) {
  if (own->every_ns)
    return watch(options, own);
  return own->pid ? reclaim_pid(options, own) : reclaim_all(options, own);
}
