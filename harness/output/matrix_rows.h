/**
   @file matrix_rows.h
   The rows of `wxbench validate --matrix`, each kept in a file of its own as soon as it is
   measured, so that a matrix that was broken off goes on where it stood.

   A row is taken over only where all that it was measured with is the same: workload and
   parameters, mode, runtime, the files of program, runtime and libraries, kernel, time limit, and
   the variables of the environment that a runtime looks at.
   Any other file is not looked at, and one that is damaged is measured again.
*/
#ifndef WX_OUTPUT_MATRIX_ROWS_H
#define WX_OUTPUT_MATRIX_ROWS_H

#include "output/progress.h"
#include "scenario/live.h"

#include <jansson.h>
#include <stddef.h>

/// How far a matrix is. Start with {0}.
typedef struct {
  const char *folder;   ///< Of the rows; NULL: nothing is kept.
  size_t rows;          ///< All there will be.
  size_t done;          ///< So far, of them
  size_t taken;         ///< from an earlier run.
  size_t groups;        ///< Workloads on a runtime so far: the order of the modes is rotated by it.
  uint64_t measured_ns; ///< What the others took.
} WxMatrix;

/// Makes the folder where it is not there yet. Returns 0 or a negative errno.
int wx_matrix_begin(const WxMatrix *matrix);

/// Takes a row over: fills the run. Its text is that of `*row`, which the caller releases after it.
/// Returns whether there was one.
bool wx_matrix_take(WxMatrix *matrix, const WxValidationOrder *order, WxValidation *run,
                    json_t **row);

/// Keeps a row that was measured in `took_ns`, unless its observer ended it or its output is no
/// text. Returns 0 or a negative errno.
int wx_matrix_keep(WxMatrix *matrix, const WxValidationOrder *order, const WxValidation *run,
                   const WxLive *live, uint64_t took_ns);

/// Shows which row is next, and how long the rest will take if it goes on so.
void wx_matrix_show(const WxMatrix *matrix, WxProgress *progress, const WxValidationOrder *order);

#endif
