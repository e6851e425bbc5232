#include "reclaim/undo.h"

#include "os/control.h"
#include "os/os.h"
#include "os/process.h"
#include "os/text.h"
#include "reclaim/proc.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

void wx_undo_note_stop(WxUndo *undo, size_t index, pid_t pid, uint64_t start_ticks) {
  if (!undo)
    return;
  WxUndoEntry *entry = &undo->entries[index];
  entry->pid = pid;
  entry->start_ticks = start_ticks;
  atomic_store(&entry->kind, WX_UNDO_CONTINUE);
}

void wx_undo_note_write(WxUndo *undo, const char *path, const char *text) {
  if (!undo)
    return;
  WxUndoEntry *entry = &undo->entries[0];
  (void)snprintf(entry->path, sizeof entry->path, "%s", path);
  (void)snprintf(entry->text, sizeof entry->text, "%s", text);
  atomic_store(&entry->kind, WX_UNDO_WRITE);
}

void wx_undo_clear(WxUndo *undo, size_t index) {
  if (undo)
    atomic_store(&undo->entries[index].kind, WX_UNDO_NOTHING);
}

// The descriptor names the process before its start time is asked, so that the signal cannot reach
// another one that got its number.
static void go_on(const WxUndoEntry *entry) {
  const int pidfd = wx_os_pidfd_open(entry->pid);
  const int proc = wx_os_open("/proc", O_RDONLY | O_DIRECTORY, 0);
  WxTaskStat stat;
  if (proc >= 0 && !wx_task_stat(proc, entry->pid, &stat) && stat.start_ticks == entry->start_ticks)
    (void)(pidfd >= 0 ? wx_os_pidfd_signal(pidfd, SIGCONT) : wx_os_kill(entry->pid, SIGCONT));
  if (proc >= 0)
    wx_os_close_reader(proc);
  if (pidfd >= 0)
    wx_os_close_reader(pidfd);
}

int wx_undo_run(WxUndo *undo) {
  int undone = 0;
  for (size_t i = 0; i < WX_HOLDERS_MOST; ++i) {
    WxUndoEntry *entry = &undo->entries[i];
    const int kind = atomic_exchange(&entry->kind, WX_UNDO_NOTHING);
    if (kind == WX_UNDO_CONTINUE)
      go_on(entry);
    if (kind == WX_UNDO_WRITE)
      (void)wx_text_write(entry->path, entry->text);
    undone += kind != WX_UNDO_NOTHING;
  }
  return undone;
}
