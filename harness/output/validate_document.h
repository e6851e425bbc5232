/**
   @file validate_document.h
   Runs on the real runtime as results, with all that was measured of each; and how far the model is
   from them.
*/
#ifndef WX_OUTPUT_VALIDATE_DOCUMENT_H
#define WX_OUTPUT_VALIDATE_DOCUMENT_H

#include "output/document.h"
#include "scenario/command.h"
#include "scenario/fidelity_runs.h"
#include "scenario/live.h"
#include "scenario/run_turns.h"
#include "scenario/smallest.h"
#include "stats/endings.h"

/// All that was measured of one run; borrowed.
typedef struct {
  const WxResult *result; ///< Judged.
  const WxValidation *run;
  const WxLive *live;
  const json_t *kept; ///< Its row of an earlier run (matrix_rows.h), or NULL.
  const WxSmallest *smallest;
  const WxRepeat *repeat;
  size_t mode; ///< As in `repeat`.
} WxValidated;

/// Adds the result, and takes it into the endings.
void wx_validate_document_add(WxDocument *document, const WxValidated *measured,
                              WxEndings *endings);

/// Adds the exit statuses of the user's program, its load and its check to the result that was
/// added last.
void wx_validate_document_add_statuses(WxDocument *document, const WxCommandRun *run);

/// Adds a comparison of the model with real runs: results, a table and a sentence.
void wx_fidelity_document_add(WxDocument *document, const WxFidelity *fidelity,
                              const WxFidelityOrder *order, WxEndings *endings);

/// Adds a row for one that cannot be had: what the real runs did, or why there are none.
void wx_fidelity_document_fail(WxDocument *document, const WxFidelity *fidelity,
                               const WxFidelityOrder *order, WxEndings *endings);

/// Adds that one is not possible here: a sentence with the reason, no row.
void wx_fidelity_document_skip(WxDocument *document, const WxFidelityOrder *order, const char *why,
                               WxEndings *endings);

#endif
