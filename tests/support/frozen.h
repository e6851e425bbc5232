/**
   @file frozen.h
   Processes for tests of freezing: they share a memfd:doublemapper and count while they run.
*/
#ifndef TESTS_SUPPORT_FROZEN_H
#define TESTS_SUPPORT_FROZEN_H

#include "measure/memfd.h"
#include "reclaim/freezer.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// Memory that the test and the process share.
typedef struct {
  _Atomic uint64_t count; ///< Goes up while anything of the process runs.
  _Atomic bool go;        ///< The body may begin.
  _Atomic bool ready;
  _Atomic bool release;      ///< Set by the test: the process may go on.
  _Atomic uint64_t received; ///< Signals.
  _Atomic uint64_t wrong;
  int memfd;  ///< Its descriptor in the process.
  char *page; ///< The first page of it, mapped for writing.
} WxSubject;

enum { WX_SUBJECT_BYTES = 16 * 1024 * 1024 };

/// Forks a process that makes a memfd of WX_SUBJECT_BYTES, all of it allocated and zero, mapped but
/// for its second half, and runs `body`, which sets `ready`. Returns once it is. With `version` 1
/// or 2 the process is first put into a control group of its own that can be frozen; `*group` is
/// its folder (static memory), "" where that is not possible.
pid_t wx_subject_start(WxSubject **subject, void (*body)(WxSubject *subject), int version,
                       const char **group);

/// Kills it and waits for it.
void wx_subject_end(pid_t pid);

/// Its memfd.
WxMemfd wx_subject_memfd(pid_t pid);

/// Asserts that the count goes up.
void wx_subject_runs(WxSubject *subject);

/// Asserts that the count stays the same over many looks at it.
void wx_subject_is_still(WxSubject *subject);

/// The state of a task of a process as in its stat: R, S, D, T, t, Z.
char wx_subject_state(pid_t pid, pid_t task);

/// Removes the group once its processes have ended.
void wx_subject_ungroup(const char *path);

/// Bodies.
void wx_subject_busy(WxSubject *subject);         ///< Eight threads that count.
void wx_subject_first_exited(WxSubject *subject); ///< The first thread has ended, another counts.
void wx_subject_bears(WxSubject *subject);        ///< Threads that count, end and are replaced.
void wx_subject_forks(WxSubject *subject);        ///< Children that count, end and are replaced.
void wx_subject_vforks(WxSubject *subject);       ///< Waits for a vforked child until `release`.
void wx_subject_receives(WxSubject *subject);     ///< Counts real-time signals with their values.
void wx_subject_waits(WxSubject *subject);        ///< Sleeps.

#endif
