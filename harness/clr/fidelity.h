/**
   @file fidelity.h
   Compares what a model did with what repeated runs of the real runtime did. Pure: numbers in, rows
   out.
*/
#ifndef WX_CLR_FIDELITY_H
#define WX_CLR_FIDELITY_H

#include "clr/counts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What the model's number has to be.
typedef enum {
  WX_FIDELITY_EXACT,  ///< That of the real runs, which agree; where they do not, within their
                      ///< spread.
  WX_FIDELITY_SPREAD, ///< Within the spread of the real runs.
  WX_FIDELITY_OWN,    ///< Within it, or WX_FIDELITY_OWN_BLOCKS apart.
  WX_FIDELITY_NEAR,   ///< Within 5 % of that spread.
  WX_FIDELITY_VIEWS,  ///< The same, or WX_FIDELITY_OWN_VIEWS apart.
  WX_FIDELITY_UNITS,  ///< Within 3 %.
  WX_FIDELITY_SHOWN,  ///< Anything: too rare for a percentage to mean much.
} WxFidelityRule;

/// By how many blocks of 64 KiB two runs of one workload on one runtime may differ, beyond the
/// spread of a few runs made in one go: start-up and the compilation in the background take them,
/// and take fewer or more as the machine is busy or idle. docs/model.md has the measurement.
enum { WX_FIDELITY_OWN_BLOCKS = 8 };

/// By how many writable views two runs may differ in the same way. What the compilation in the
/// background writes needs a view anew wherever the program wrote in between, so their number is up
/// to how the two take turns: it is higher on a busy machine and lower on one processor, and always
/// the same without tiered compilation. The views of blocks that are released again have no such
/// allowance. docs/model.md has the measurement.
enum { WX_FIDELITY_OWN_VIEWS = 48 };

/// "exact", "spread", "spread +- 8", "5 %", "5 % or 48", "3 %" or "shown".
const char *wx_fidelity_rule_name(WxFidelityRule rule);

enum { WX_FIDELITY_NAME = 48 };

/// One number of the real runs and of the model.
typedef struct {
  char name[WX_FIDELITY_NAME]; ///< As "releases of 64 KiB", "commits", "peak bytes".
  WxFidelityRule rule;
  int64_t low;  ///< The least of the real runs,
  int64_t high; ///< and the greatest.
  int64_t model;
  bool ok; ///< The rule holds.
} WxFidelityRow;

/// Rows of counts: reserves and releases for each size of block, commits and RW maps in all and for
/// each size, in this order. Those of sizes that neither side has are left out. On success the
/// caller frees `*rows`. -EINVAL without a real run.
int wx_fidelity_counts(const WxClrCounts real[], size_t runs, const WxClrCounts *model,
                       WxFidelityRow **rows, size_t *count);

/// The row of one figure, say of bytes, under the rule of 5 %.
WxFidelityRow wx_fidelity_figure(const char *name, const int64_t real[], size_t runs,
                                 int64_t model);

/// The row of a number that has to be exactly so.
WxFidelityRow wx_fidelity_exact(const char *name, int64_t expected, int64_t actual);

/// By how much the model is outside the spread of the real runs, as a part of the nearer end of it:
/// -0.02 is 2 % too low; 0 inside. Where that end is 0, the number itself.
double wx_fidelity_difference(const WxFidelityRow *row);

#endif
