/**
   @file fidelity.h
   The part of `wxbench validate` that compares the model with the real runtime (--fidelity).
*/
#ifndef WX_CLI_FIDELITY_H
#define WX_CLI_FIDELITY_H

#include "cli/endings.h"
#include "output/document.h"
#include "scenario/fidelity.h"

/// Makes one comparison and adds its results, its table and a sentence to `document`; one that
/// cannot be had is a row with its reason. A workload or version without a model is skipped.
void wx_cli_fidelity(const WxFidelityOrder *order, WxDocument *document, WxEndings *endings);

/// Adds that a comparison is not possible here: a sentence with the reason beside the others, exit
/// status 77 where there are no others.
void wx_cli_fidelity_skip(const WxFidelityOrder *order, const char *why, WxDocument *document,
                          WxEndings *endings);

#endif
