/**
   @file run_session.h
   What `wxbench run` works through: scenarios, each on several strategies and for each model.
*/
#ifndef WX_SESSION_RUN_SESSION_H
#define WX_SESSION_RUN_SESSION_H

#include "clr/versions.h"
#include "output/document.h"
#include "output/progress.h"
#include "scenario/plugins.h"
#include "stats/endings.h"
#include "stats/problem.h"
#include "stats/words.h"

#include <stddef.h>
#include <stdint.h>

/// What the command line asked for. Nothing named is the usual.
typedef struct {
  WxNames strategies;
  WxPlugins plugins; ///< Those of the strategies that are one, loaded by the session.
  WxNames models;
  WxSettings settings;
  uint64_t time_limit_ns; ///< Of one strategy.
} WxRunAsked;

typedef struct {
  WxRunAsked *asked;
  WxDocument *document;
  WxProblem *problem;
  WxProgress progress;
  const WxClrVersion *version; ///< The model that is run now, NULL for none.
  WxEndings endings;
} WxRunSession;

/// Runs the scenarios of these names, without any all there are, and adds the results to the
/// document. Returns 0, or a negative errno with the problem.
int wx_run_all(WxRunSession *session, char *const names[], size_t count);

#endif
