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
/// cannot be had is a row with its reason. A workload or version without a model is a sentence of
/// its own and no failure.
void wx_cli_fidelity(const WxFidelityOrder *order, WxDocument *document, WxEndings *endings);

#endif
