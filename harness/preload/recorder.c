#include "preload/recorder.h"

#include "preload/journal.h"
#include "preload/libc.h"
#include "preload/scan.h"

#include <linux/mman.h>

#include <asm/errno.h>

enum { SCAN_SHARE = 8, EXIT_SCANS = 8, READ_WRITE = PROT_READ | PROT_WRITE };

static uint8_t trace_protection(int protection) {
  return (uint8_t)(((protection & PROT_READ) ? 4 : 0) | ((protection & PROT_WRITE) ? 2 : 0) |
                   ((protection & PROT_EXEC) ? 1 : 0));
}

/// A range of a file as an event.
static WxTraceEvent event_at(WxTraceKind kind, WxPlace place, size_t size) {
  return (WxTraceEvent){.kind = kind, .file = place.file, .offset = place.offset, .size = size};
}

static void record_other(WxRecorder *recorder, WxRecorderThread *thread, WxPlace place, size_t size,
                         WxTraceCall call, int protection) {
  WxTraceEvent event = event_at(WX_TRACE_OTHER, place, size);
  event.value = call;
  event.protection = trace_protection(protection);
  wx_journal_record(recorder, thread, &event);
}

static void place(WxRecorder *recorder, uintptr_t start, size_t size, WxPlace first) {
  const int failed = wx_places_set(&recorder->places, start, size, first);
  const uint32_t pid = wx_process_id(&recorder->process);
  if (!failed || recorder->pid != pid)
    return;
  wx_lock_take(&recorder->lock, pid);
  wx_window_lose(&recorder->window, failed);
  wx_lock_release(&recorder->lock);
}

/* Scans
 * -------------------------------------------------------------------------------------------------
 */

typedef struct {
  WxRecorder *recorder;
  WxRecorderThread *thread;
  const WxRawFile *now; ///< NULL: to be asked.
  uint64_t found;       ///< Bytes.
} ScanContext;

static void visit(WxTraceEvent *event, void *context) {
  ScanContext *of = context;
  for (uint32_t i = 0; i < event->extent_count; i++)
    of->found += event->extents[i].size;
  wx_journal_record_now(of->recorder, of->thread, event, of->now);
}

/// Returns how many bytes it found allocated.
static uint64_t scan(WxRecorder *recorder, WxRecorderThread *thread, uint32_t file, uint64_t offset,
                     uint64_t size, WxTraceScope scope, const WxRawFile *now) {
  ScanContext context = {recorder, thread, now, 0};
  wx_scan(wx_files_descriptor(&recorder->files, (int)file), file, offset, size, scope, visit,
          &context);
  return context.found;
}

/// Before a block is filled: what of it had been used, and, where much of the file has been used
/// without the recorder seeing where, the whole file.
static void scan_before_release(WxRecorder *recorder, WxRecorderThread *thread, uint32_t file,
                                const WxMapCall *call, const WxRawFile *now) {
  scan(recorder, thread, file, call->offset, call->size, WX_TRACE_OF_BLOCK, now);
  if (recorder->unexplained[file] * SCAN_SHARE < (int64_t)recorder->allocated[file])
    return;
  recorder->unexplained[file] = 0;
  scan(recorder, thread, file, 0, now->size, WX_TRACE_OF_FILE, NULL);
}

/* What the program did
 * -------------------------------------------------------------------------------------------------
 */

void wx_recorder_begin(WxRecorder *recorder, const char *path) {
  recorder->path = path;
  wx_process_begin(&recorder->process);
  atomic_store(&recorder->on, true);
}

void wx_recorder_sized(WxRecorder *recorder, WxRecorderThread *thread, int fd) {
  WxRawFile file;
  if (!atomic_load(&recorder->on) || !wx_files_learn(&recorder->files, fd) ||
      !wx_files_still(&recorder->files, fd, &file))
    return;
  WxTraceEvent event = {.kind = WX_TRACE_FILE,
                        .file = (uint32_t)wx_files_find(&recorder->files, fd),
                        .value = file.size};
  recorder->allocated[event.file] = 0;
  recorder->unexplained[event.file] = 0;
  wx_journal_record(recorder, thread, &event);
}

/// The first half of a release that was not followed by the second.
static void record_abandoned(WxRecorder *recorder, WxRecorderThread *thread) {
  const WxMapCall *call = &thread->recogniser.candidate;
  if (call->size == 0)
    return;
  const int file = wx_files_find(&recorder->files, call->fd);
  const WxPlace was = {WX_PLACE_BLOCK, (unsigned)(file < 0 ? 0 : file), call->offset};
  record_other(recorder, thread, was, call->size, WX_TRACE_MMAP, call->protection);
}

/// The runtime's file was mapped.
static void record_mapped(WxRecorder *recorder, WxRecorderThread *thread, const WxMapCall *call,
                          uintptr_t address, uint32_t file, const WxRawFile *now) {
  WxPlace here = {WX_PLACE_BLOCK, file, call->offset};
  if (wx_recogniser_may_begin(call)) {
    place(recorder, address, call->size, here);
    scan_before_release(recorder, thread, file, call, now);
    return;
  }
  const bool fixed = call->flags & MAP_FIXED;
  WxTraceEvent event = event_at(WX_TRACE_RESERVE, here, call->size);
  event.mark = fixed;
  if (call->protection == READ_WRITE && !fixed) {
    event.kind = WX_TRACE_MAP_RW;
    here.kind = WX_PLACE_VIEW;
  }
  place(recorder, address, call->size, here);
  if (event.kind == WX_TRACE_RESERVE && call->protection != PROT_NONE)
    record_other(recorder, thread, here, call->size, WX_TRACE_MMAP, call->protection);
  else
    wx_journal_record_now(recorder, thread, &event, now);
}

/// Something else was mapped where the runtime's file was shown.
static void record_covered(WxRecorder *recorder, WxRecorderThread *thread, const WxMapCall *call,
                           uintptr_t address, WxPlace was) {
  const WxPlace nothing = {WX_PLACE_NONE, 0, 0};
  if (!(call->flags & MAP_FIXED)) {
    // The kernel chose the address: what was there had gone unseen.
    place(recorder, address, call->size, nothing);
    return;
  }
  const bool anonymous = call->flags & MAP_ANONYMOUS;
  WxTraceEvent event = event_at(WX_TRACE_TEMPLATE_DATA, was, call->size);
  if (was.kind == WX_PLACE_BLOCK && call->flags & MAP_PRIVATE && anonymous &&
      call->protection == READ_WRITE) {
    wx_journal_record(recorder, thread, &event);
  } else if (was.kind == WX_PLACE_BLOCK && call->flags & MAP_PRIVATE && !anonymous &&
             call->protection == (PROT_READ | PROT_EXEC)) {
    event.kind = WX_TRACE_TEMPLATE_CODE;
    wx_journal_record(recorder, thread, &event);
  } else {
    place(recorder, address, call->size, nothing);
    record_other(recorder, thread, was, call->size, WX_TRACE_MMAP, call->protection);
  }
}

void wx_recorder_mapped(WxRecorder *recorder, WxRecorderThread *thread, const WxMapCall *call,
                        uintptr_t address) {
  WxRawFile file;
  if (!atomic_load_explicit(&recorder->on, memory_order_relaxed) || thread->busy)
    return;
  record_abandoned(recorder, thread);
  const bool shared = call->flags & MAP_SHARED && !(call->flags & MAP_ANONYMOUS);
  const int slot = shared ? wx_files_find(&recorder->files, call->fd) : -1;
  const bool ours = slot >= 0 && wx_files_still(&recorder->files, call->fd, &file);
  wx_recogniser_mapped(&thread->recogniser, call, ours);
  if (ours) {
    record_mapped(recorder, thread, call, address, (uint32_t)slot, &file);
    return;
  }
  const WxPlace was = wx_places_get(&recorder->places, address);
  if (was.kind != WX_PLACE_NONE)
    record_covered(recorder, thread, call, address, was);
}

void wx_recorder_unmapping(WxRecorder *recorder, WxRecorderThread *thread, uintptr_t base,
                           size_t size, WxUnmapping *unmapping) {
  WxMapCall release;
  *unmapping = (WxUnmapping){.base = base, .size = size};
  if (!atomic_load_explicit(&recorder->on, memory_order_relaxed) || thread->busy)
    return;
  const WxMapCall *candidate = &thread->recogniser.candidate;
  if (candidate->base != base || candidate->size != size)
    record_abandoned(recorder, thread);
  unmapping->filled = wx_recogniser_unmapping(&thread->recogniser, base, size, &release);
  unmapping->place = wx_places_get(&recorder->places, base);
  if (unmapping->place.kind != WX_PLACE_NONE)
    place(recorder, base, size, (WxPlace){WX_PLACE_NONE, 0, 0});
}

void wx_recorder_unmapped(WxRecorder *recorder, WxRecorderThread *thread,
                          const WxUnmapping *unmapping, bool done) {
  if (unmapping->place.kind == WX_PLACE_NONE)
    return;
  if (!done) {
    place(recorder, unmapping->base, unmapping->size, unmapping->place);
    return;
  }
  const bool view = unmapping->place.kind == WX_PLACE_VIEW;
  WxTraceEvent event =
      event_at(view ? WX_TRACE_UNMAP_RW : WX_TRACE_RELEASE, unmapping->place, unmapping->size);
  event.mark = unmapping->filled;
  wx_journal_record(recorder, thread, &event);
}

void wx_recorder_protected(WxRecorder *recorder, WxRecorderThread *thread, uintptr_t base,
                           size_t size, int protection) {
  if (!atomic_load_explicit(&recorder->on, memory_order_relaxed))
    return;
  const WxPlace here = wx_places_get(&recorder->places, base);
  if (here.kind == WX_PLACE_NONE)
    return;
  if (here.kind == WX_PLACE_VIEW) {
    record_other(recorder, thread, here, size, WX_TRACE_MPROTECT, protection);
    return;
  }
  WxTraceEvent event = event_at(WX_TRACE_COMMIT, here, size);
  event.protection = trace_protection(protection);
  wx_journal_record(recorder, thread, &event);
}

/// Scans every file. Returns whether that found all that they have allocated afterwards: other
/// threads go on meanwhile, and one may use what was scanned already.
static bool scan_all(WxRecorder *recorder, WxRecorderThread *thread) {
  bool whole = true;
  for (uint32_t file = 0; file < WX_FILES; file++) {
    WxRawFile now;
    const int fd = wx_files_descriptor(&recorder->files, (int)file);
    if (!wx_files_still(&recorder->files, fd, &now))
      continue;
    const uint64_t found = scan(recorder, thread, file, 0, now.size, WX_TRACE_AT_EXIT, NULL);
    whole &= wx_files_still(&recorder->files, fd, &now) && now.allocated == found;
  }
  return whole;
}

void wx_recorder_end(WxRecorder *recorder, WxRecorderThread *thread) {
  // A child of vfork() that ends shares everything but its process with its parent. A signal
  // handler that ends the program may have interrupted this very thread while it held the lock.
  const uint32_t pid = (uint32_t)wx_raw_getpid();
  if (!atomic_load(&recorder->on) || recorder->pid != pid || thread->busy)
    return;
  // The last scan counts. A program that never pauses is left as the last of these sees it.
  int scans = 0;
  while (scans < EXIT_SCANS && !scan_all(recorder, thread))
    scans++;
  wx_lock_take(&recorder->lock, pid);
  wx_window_end(&recorder->window);
  wx_lock_release(&recorder->lock);
}
