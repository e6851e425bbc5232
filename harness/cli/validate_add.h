/**
   @file validate_add.h
   Adding a result of `wxbench validate`, with all that was measured of it, to the document.
*/
#ifndef WX_CLI_VALIDATE_ADD_H
#define WX_CLI_VALIDATE_ADD_H

#include "cli/validate_live.h"
#include "cli/validate_repeat.h"
#include "cli/validate_session.h"
#include "cli/validate_smallest.h"

/// All that was measured of one run, beside its result; borrowed.
typedef struct {
  const WxValidation *run;
  const WxLive *live;
  const WxSmallest *smallest;
  const WxRepeat *repeat;
  size_t mode; ///< Its index in the session.
} WxMeasured;

/// Adds a judged result, and takes it into the endings of the session.
void wx_validate_add(WxValidateSession *session, const WxResult *result,
                     const WxMeasured *measured);

#endif
