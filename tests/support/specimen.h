/**
   @file specimen.h
   One fixed document of every kind, in which all figures are different numbers, so that an exchange
   of any two is seen; beside it one in which everything that can be unknown is unknown. How they
   are written in each format stands in tests/golden.

   A new kind of document is a function and a row here. A new figure is filled where the others of
   its struct are.
*/
#ifndef TESTS_SUPPORT_SPECIMEN_H
#define TESTS_SUPPORT_SPECIMEN_H

#include "output/document.h"
#include "output/result_json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/// What is written beside the formats that every document has.
typedef struct {
  const char *format;                         ///< As the registry names its own; NULL for none.
  char *(*write)(const WxDocument *document); ///< Returns a new string, which the caller frees.
} WxSpecimenText;

enum { WX_SPECIMEN_TEXTS = 2 };

typedef struct {
  const char *name; ///< Of its files: tests/golden/NAME.FORMAT.
  const char *verb; ///< That writes such a document.
  /// Fills the document. Not 0 where memory ran out; then some of it may be missing.
  int (*build)(WxDocument *document);
  bool full; ///< Every figure is known, and different from every other.
  WxSpecimenText texts[WX_SPECIMEN_TEXTS];
} WxSpecimen;

/// The `index`-th specimen, NULL at the end.
const WxSpecimen *wx_specimen_at(size_t index);

/// Builds the document, with a fixed context. It ends with wx_document_free().
WxDocument wx_specimen_document(const WxSpecimen *specimen);

/// The same where memory may run out: not 0, or 0 with document->lost, where something is missing.
int wx_specimen_try(const WxSpecimen *specimen, WxDocument *document);

/* Figures: whole primes of a unit, each used once, so that no two look alike in any format. */

#define WX_MIB(PRIME) ((WxFigure)(PRIME) << 20)
#define WX_MS(PRIME)  ((WxFigure)(PRIME)*1000000)

/// Aborts where it does not hold: ck_assert() would allocate.
void wx_specimen_require(bool holds);

/// Metrics, samples and expectations, of which one is not met; the rest is the caller's to fill.
WxResult wx_specimen_judged(void);

/* For the table in specimen.c, by the file in which they are.
 * -------------------------------------------------------------------------------------------------
 */

int wx_specimen_run(WxDocument *document);
int wx_specimen_run_unknown(WxDocument *document);
int wx_specimen_validate(WxDocument *document);
int wx_specimen_validate_unknown(WxDocument *document);
int wx_specimen_fidelity(WxDocument *document);
int wx_specimen_replay(WxDocument *document);
int wx_specimen_replay_unknown(WxDocument *document);
int wx_specimen_overhead(WxDocument *document);
int wx_specimen_reclaim(WxDocument *document);
int wx_specimen_reclaim_unknown(WxDocument *document);
int wx_specimen_reclaim_dry_run(WxDocument *document);
char *wx_specimen_events(const WxDocument *document);

int wx_specimen_bench_audit(WxDocument *document);
int wx_specimen_bench_modes(WxDocument *document);
int wx_specimen_bench_reclaim(WxDocument *document);
int wx_specimen_bench_strategies(WxDocument *document);
int wx_specimen_bench_freezers(WxDocument *document);
int wx_specimen_bench_service(WxDocument *document);

int wx_specimen_compare(WxDocument *document);
int wx_specimen_report(WxDocument *document);

int wx_specimen_audit(WxDocument *document);
int wx_specimen_audit_unknown(WxDocument *document);
int wx_specimen_audit_smaps(WxDocument *document);
int wx_specimen_audit_all(WxDocument *document);
int wx_specimen_audit_diff(WxDocument *document);
int wx_specimen_audit_oom(WxDocument *document);
int wx_specimen_audit_images(WxDocument *document);
int wx_specimen_explain(WxDocument *document);
char *wx_specimen_metrics(const WxDocument *document);
char *wx_specimen_watch(const WxDocument *document);
char *wx_specimen_watch_unknown(const WxDocument *document);

#endif
