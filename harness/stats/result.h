/**
   @file result.h
   The outcome of one scenario or workload under one strategy or mode, as plain numbers: filled by
   whoever measures, read by whoever judges or prints. Every figure may be unknown; start from
   wx_metrics_unknown() and wx_sample_unknown(), since zero means zero.

   All text is borrowed: it has to live as long as the struct.
*/
#ifndef WX_STATS_RESULT_H
#define WX_STATS_RESULT_H

#include "stats/ended.h"
#include "stats/figure.h"

#include <stdbool.h>
#include <stddef.h>

/// Everything that is read at one step of one round.
typedef struct {
  WxFigure round;   ///< From 0.
  const char *step; ///< start, generated, dropped, collected or end.
  WxFigure t_ns;    ///< Since the run began, monotonic.
  WxFigure live_bytes;
  WxFigure reserved_bytes;
  WxFigure allocated_bytes;
  WxFigure mapped_bytes;
  WxFigure orphaned_bytes;
  WxFigure rss_bytes;
  WxFigure rss_shmem_bytes;
  WxFigure pss_bytes;
  WxFigure cgroup_shmem_bytes;
  WxFigure mappings;
  WxFigure doublemapper_mappings;
} WxSample;

/// What each of the runtime's verbs did: system calls made, or nodes of its lists passed.
typedef struct {
  WxFigure reserve;
  WxFigure commit;
  WxFigure map_rw;
  WxFigure unmap_rw;
  WxFigure release;
  WxFigure total;
} WxByVerb;

/// Time of one operation: median of `n` measurements and its 95 % interval.
typedef struct {
  const char *operation;
  WxFigure median; ///< Nanoseconds, as the bounds.
  WxFigure ci_low;
  WxFigure ci_high;
  WxFigure n;
} WxOperationTime;

/// The figures of a whole run.
typedef struct {
  WxFigure live_peak_bytes;
  WxFigure allocated_peak_bytes;
  WxFigure retained_bytes;
  WxFigure orphaned_bytes;
  WxFigure mappings_peak;
  WxByVerb syscalls;
  WxByVerb list_nodes; ///< Nodes that the imitated runtime passes in its linear lists.
  WxFigure minor_faults;
  WxFigure wall_ns;
  const WxOperationTime *times; ///< May be NULL; `time_count` of them.
  size_t time_count;
  WxFigure wx_pages_seen; ///< Pages that were writable and executable in one mapping.
  WxFigure failures;      ///< Actions of a scenario that failed where they may.
} WxMetrics;

/// One expectation of a scenario, judged.
typedef struct {
  const char *name;
  bool ok;
  const char *expected; ///< In words or digits, as `= 33554432` or `<= 8 MiB`.
  const char *actual;
  const char *reason; ///< Why it cannot be judged: neither met nor failed. NULL where it was.
  bool of_ending;     ///< It is about how the program ended.
} WxExpectationResult;

/// One row of a `run`, `validate` or `replay` document. Names that do not apply are NULL.
typedef struct {
  const char *scenario; ///< run, replay; a `validate` has a workload.
  const char *workload;
  const char *strategy; ///< run, replay; a `validate` has a mode.
  const char *mode;
  const char *model; ///< run, replay; a `validate` has a runtime.
  const char *runtime;
  const char *skipped; ///< Why it was not run: then nothing below counts.
  /// How it ended before its end: then no figure of `metrics` is known, and the samples are those
  /// taken until then. NULL where it ran to its end.
  const WxEnded *ended;
  const char *unknown; ///< Why figures of the memfd are unknown, one phrase; NULL where none is.
  WxMetrics metrics;
  const WxSample *samples;
  size_t sample_count;
  const WxExpectationResult *expectations;
  size_t expectation_count;
  const char *verdict_code; ///< NULL where there is no verdict.
  const char *verdict_text;
} WxResult;

/// Why a result was skipped that was not begun, or not ended, when the user had enough.
extern const char wx_interrupted[];

/// Metrics of which nothing is known.
WxMetrics wx_metrics_unknown(void);

/// A sample of which nothing is known but where it belongs.
WxSample wx_sample_unknown(WxFigure round, const char *step);

/// Whether it was run, and to its end: whether its metrics are there.
bool wx_result_ran(const WxResult *result);

/// Whether it did not run to its end, and an expectation demands just that.
bool wx_result_demanded(const WxResult *result);

/// Whether a result ran to its end, or was skipped, or ended as demanded, and no expectation of it
/// failed. One that cannot be judged did not.
bool wx_result_ok(const WxResult *result);

#endif
