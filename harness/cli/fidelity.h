/**
   @file fidelity.h
   The part of `wxbench validate` that compares the model with the real runtime (--fidelity).
*/
#ifndef WX_CLI_FIDELITY_H
#define WX_CLI_FIDELITY_H

#include "output/document.h"
#include "scenario/fidelity.h"

/// Makes one comparison and adds its results, its table and a sentence to `document`; `*failed` is
/// set where a rule does not hold. Returns 0, or an exit status after the line is printed. A
/// workload or version without a model is a sentence of its own and no failure.
int wx_cli_fidelity(const char *verb, const WxFidelityOrder *order, WxDocument *document,
                    bool *failed);

#endif
