/**
   @file recorder.h
   Turns the calls of a .NET runtime into events of a trace: knows the runtime's file, what shows
   it, and what each call means for it.

   A call is made by the program's own thread and told to the recorder right after (an unmapping
   also right before, since its addresses may be somebody else's a moment later). Telling it takes
   no lock where the call does not concern the runtime's file. In a forked child the first event
   begins a trace of its own.
*/
#ifndef WX_PRELOAD_RECORDER_H
#define WX_PRELOAD_RECORDER_H

#include "preload/files.h"
#include "preload/lock.h"
#include "preload/places.h"
#include "preload/recogniser.h"
#include "preload/this_process.h"
#include "preload/window.h"

/// One process's recorder. All zero is the beginning; nothing is recorded before
/// wx_recorder_begin().
typedef struct {
  WxFiles files;
  WxPlaces places;
  WxProcess process;
  WxLock lock; ///< For everything below.
  WxWindow window;
  const char *path;
  uint32_t pid; ///< Whose trace the window is.
  uint64_t begun_ns;
  uint64_t allocated[WX_FILES];  ///< At the file's last event, bytes.
  int64_t unexplained[WX_FILES]; ///< Growth since the last scan that no release accounts for.
  _Atomic uint32_t threads;
  _Atomic bool on;
} WxRecorder;

/// What the recorder knows of one thread. All zero is the beginning.
typedef struct {
  WxRecogniser recogniser;
  uint32_t number; ///< Plus one; 0: it had no event yet.
  bool busy;       ///< In the recorder; a signal handler that comes here again is not recorded.
} WxRecorderThread;

/// An unmapping in course.
typedef struct {
  uintptr_t base;
  size_t size;
  WxPlace place; ///< What was there.
  bool filled;   ///< It ends the runtime's release.
} WxUnmapping;

/// The trace goes to `path`, which stays the caller's: absolute, since the program may change its
/// folder.
void wx_recorder_begin(WxRecorder *recorder, const char *path);

/// A file got a size.
void wx_recorder_sized(WxRecorder *recorder, WxRecorderThread *thread, int fd);

/// Something was mapped at `address`.
void wx_recorder_mapped(WxRecorder *recorder, WxRecorderThread *thread, const WxMapCall *call,
                        uintptr_t address);

/// [base, base + size) is about to be unmapped, then was, or not.
void wx_recorder_unmapping(WxRecorder *recorder, WxRecorderThread *thread, uintptr_t base,
                           size_t size, WxUnmapping *unmapping);
void wx_recorder_unmapped(WxRecorder *recorder, WxRecorderThread *thread,
                          const WxUnmapping *unmapping, bool done);

/// [base, base + size) got a protection (PROT_*).
void wx_recorder_protected(WxRecorder *recorder, WxRecorderThread *thread, uintptr_t base,
                           size_t size, int protection);

/// The program is about to end: says what of its files is allocated.
void wx_recorder_end(WxRecorder *recorder, WxRecorderThread *thread);

#endif
