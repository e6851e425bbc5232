#include "preload/journal.h"

#include "preload/libc.h"

/// Whether to ask the file only to know its growth. Commits are the most of all events, and the
/// next one says what they would have said.
static bool is_worth_asking(WxTraceKind kind) {
  return kind != WX_TRACE_COMMIT;
}

/// How the allocation of the event's file has changed since its last event that was asked. `now` is
/// what the caller has just been told of the file, or NULL.
static int64_t growth_of(WxRecorder *recorder, const WxTraceEvent *event, const WxRawFile *now) {
  const uint32_t file = event->file;
  WxRawFile asked;
  if (!now) {
    if (!is_worth_asking(event->kind))
      return 0;
    const int fd = wx_files_descriptor(&recorder->files, (int)file);
    if (!wx_files_still(&recorder->files, fd, &asked))
      return 0;
    now = &asked;
  }
  const int64_t growth = (int64_t)(now->allocated - recorder->allocated[file]);
  recorder->allocated[file] = now->allocated;
  return growth;
}

static void add(WxRecorder *recorder, WxRecorderThread *thread, WxTraceEvent *event,
                const WxRawFile *now) {
  if (thread->number == 0)
    thread->number = atomic_fetch_add(&recorder->threads, 1) + 1;
  event->thread = thread->number - 1;
  event->time_ns = wx_libc_now_ns() - recorder->begun_ns;
  event->growth = growth_of(recorder, event, now);
  if (event->kind != WX_TRACE_RELEASE)
    recorder->unexplained[event->file] += event->growth;
  wx_window_add(&recorder->window, event);
}

/// Makes the window one of this process: at its first event, and at the first one of a forked
/// child.
static bool has_window(WxRecorder *recorder, WxRecorderThread *thread, uint32_t pid) {
  if (recorder->pid == pid)
    return recorder->window.first;
  WxTraceEvent event = {.kind = WX_TRACE_FORK, .value = recorder->pid};
  const bool forked = recorder->pid != 0;
  wx_window_forget(&recorder->window);
  recorder->pid = pid;
  if (!forked)
    recorder->begun_ns = wx_libc_now_ns();
  if (wx_window_open(&recorder->window, recorder->path, (int)pid, forked))
    return false;
  if (forked)
    add(recorder, thread, &event, NULL);
  return true;
}

void wx_journal_record_now(WxRecorder *recorder, WxRecorderThread *thread, WxTraceEvent *event,
                           const WxRawFile *now) {
  if (thread->busy)
    return;
  thread->busy = true;
  const uint32_t pid = wx_process_id(&recorder->process);
  wx_lock_take(&recorder->lock, pid);
  if (has_window(recorder, thread, pid))
    add(recorder, thread, event, now);
  wx_lock_release(&recorder->lock);
  thread->busy = false;
}

void wx_journal_record(WxRecorder *recorder, WxRecorderThread *thread, WxTraceEvent *event) {
  wx_journal_record_now(recorder, thread, event, NULL);
}
