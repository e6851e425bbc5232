/**
   @file result_json.h
   The results of run, validate and replay as JSON, named as in the contract, and back as tables.
*/
#ifndef WX_OUTPUT_RESULT_JSON_H
#define WX_OUTPUT_RESULT_JSON_H

#include "output/document.h"
#include "stats/result.h"

#include <jansson.h>

/// One result with its metrics, samples, expectations and verdict; a skipped one has its reason
/// instead. The caller owns it and may add members. NULL where memory ran out.
json_t *wx_result_json(const WxResult *result);

/// How a program ended that did not run to its end. NULL where memory ran out.
json_t *wx_ended_json(const WxEnded *ended);

/// Reads what wx_result_json() made of a `validate` result that was not skipped: names, how it
/// ended (into `ended`), figures, samples and verdict; not the expectations, which are judged
/// anew. All text is that of `json`, which must outlive the result; the caller frees `samples`.
/// -EINVAL where it is no such result, -ENOMEM; then nothing is to be freed.
int wx_result_read(const json_t *json, WxResult *result, WxEnded *ended);

/// A table with one row a result, of the figures that people compare. Works on results read from a
/// file, too. NULL where memory ran out.
WxTable *wx_result_table(const char *title, const json_t *results);

/// Adds the sentences that a result, built or read from a file, has for people beside its row: in
/// what it ran otherwise than its mode says, how it ended before its end, or a line for each
/// expectation that failed or could not be judged.
void wx_result_note(WxDocument *document, const json_t *result);

/// The members that name a result.
enum { WX_NAMES_OF_SAMPLED = 6, WX_NAMES_OF_RESULT }; ///< A peer has no samples.
extern const char *const wx_result_names[WX_NAMES_OF_RESULT];

/// How a result is called: "scenario, strategy, model" or "workload, mode, runtime", what is there
/// of it, as `release_retains, coreclr, net8`. Returns the length that was wanted, as snprintf().
int wx_result_name(const json_t *result, const char *separator, char *text, size_t size);

#endif
