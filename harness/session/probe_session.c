// Which runtimes are probed, and what is said of each.
#include "session/probe_session.h"

#include "output/documents.h"
#include "scenario/runtimes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void probe(WxProbeSession *session, const char *version) {
  for (int on = 1; on >= 0; --on) {
    WxPrediction prediction;
    wx_predict(&session->tries, wx_probe_major(version), on, &prediction);
    wx_probe_document_add(session->document, session->table, version, on, &prediction,
                          &session->tries);
  }
}

static void probe_each(WxProbeSession *session, const WxRuntimes *runtimes) {
  for (size_t i = 0; i < runtimes->count; ++i)
    probe(session, runtimes->items[i].version);
}

// Those that are here; else, what was measured.
static void probe_all(WxProbeSession *session, const WxRuntimes *here) {
  char version[16];
  probe_each(session, here);
  for (size_t i = 0; here->count == 0 && wx_probe_major_at(i); ++i) {
    (void)snprintf(version, sizeof version, "%u", wx_probe_major_at(i));
    probe(session, version);
  }
}

static int probe_folder(WxProbeSession *session, const char *folder) {
  WxRuntimes found = {0};
  const int failed = wx_runtimes_in(folder, &found);
  if (failed)
    return wx_problem(session->problem, -EINVAL,
                      "--runtime %s: %s; expected a folder as DOTNET_ROOT names it", folder,
                      failed == -ENOENT ? "there is no runtime" : strerror(-failed));
  probe_each(session, &found);
  wx_runtimes_free(&found);
  return 0;
}

static int probe_named(WxProbeSession *session, const WxRuntimes *here, const char *name) {
  if (strchr(name, '/'))
    return probe_folder(session, name);
  if (!wx_probe_major(name))
    return wx_problem(session->problem, -EINVAL,
                      "--runtime '%s' is no version, as 10 or 10.0.1, and no folder", name);
  const WxInstalledRuntime *runtime = wx_runtimes_pick(here, name);
  probe(session, runtime ? runtime->version : name);
  return 0;
}

int wx_probe_runtimes(WxProbeSession *session, const WxNames *names) {
  WxRuntimes here;
  int failed = wx_runtimes_find(&here);
  if (failed)
    return wx_problem(session->problem, -EINVAL, "cannot look for runtimes: %s", strerror(-failed));
  wx_tries_run(&session->tries);
  if (!names->count)
    probe_all(session, &here);
  for (size_t i = 0; i < names->count && !failed; ++i)
    failed = probe_named(session, &here, names->items[i]);
  wx_runtimes_free(&here);
  wx_probe_document_end(session->document, &session->tries);
  return failed;
}

static const char *problem_of(int error) {
  switch (error) {
  case -ENOENT:
    return "it runs no .NET runtime";
  case -ESRCH:
    return "there is no such process";
  case -EACCES:
  case -EPERM:
    return "it may not be read: run as its user, or as root, or with CAP_SYS_PTRACE";
  default:
    return strerror(-error);
  }
}

int wx_probe_process(WxProbeSession *session, pid_t pid) {
  WxObservedStart observed;
  const int failed = wx_observe_start(pid, &observed);
  if (failed)
    return wx_problem(session->problem, -EINVAL, "process %d: %s", (int)pid, problem_of(failed));
  wx_probe_observed_add(session->document, session->table, pid, &observed);
  return 0;
}
