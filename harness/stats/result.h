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
#include "stats/figures.h"

#include <stdbool.h>
#include <stddef.h>

/// Everything that is read at one step of one round.
typedef struct {
  WxFigure round;   ///< From 0.
  const char *step; ///< start, generated, dropped, collected or end.
#define WX_MEMBER(MEMBER, ...) WxFigure MEMBER;
  WX_SAMPLE_FIGURES(WX_MEMBER)
#undef WX_MEMBER
} WxSample;

/// What each of the runtime's verbs did: system calls made, or nodes of its lists passed.
typedef struct {
#define WX_MEMBER(MEMBER) WxFigure MEMBER;
  WX_BY_VERB(WX_MEMBER)
#undef WX_MEMBER
} WxByVerb;

/// Time of one operation: median of `n` measurements and its 95 % interval.
typedef struct {
  const char *operation;
  WxFigure median; ///< Nanoseconds, as the bounds.
  WxFigure ci_low;
  WxFigure ci_high;
  WxFigure n;
} WxOperationTime;

/// Times of operations, borrowed; NULL where there is none.
typedef struct {
  const WxOperationTime *of;
  size_t count;
} WxOperationTimes;

/// The figures of a whole run.
typedef struct {
#define WX_TYPE_OF_FIGURE            WxFigure
#define WX_TYPE_OF_BY_VERB           WxByVerb
#define WX_TYPE_OF_TIMES             WxOperationTimes
#define WX_MEMBER(MEMBER, TYPE, ...) WX_TYPE_OF_##TYPE MEMBER;
  WX_METRIC_FIGURES(WX_MEMBER)
#undef WX_MEMBER
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
  const char *w_xor_x;     ///< validate: as what it ran; NULL where that was not seen.
  const char *mislabelled; ///< In what that is not its mode; NULL where it is.
  const char *skipped;     ///< Why it was not run: then nothing below counts.
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
