/**
   @file select.h
   Which processes are meant: rules as `user=app`, each a criterion and a value.

   A process is taken where, for each criterion that any --only names, one of them matches, and no
   --except does. The criteria stand in one table, which help and refusals are printed from.
*/
#ifndef WX_RECLAIM_SELECT_H
#define WX_RECLAIM_SELECT_H

#include "reclaim/identity.h"
#include "stats/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct WxRule WxRule;

typedef struct {
  const char *name;
  const char *value; ///< What is expected, for help and refusals.
  /// Checks the value of a rule and prepares it; -EINVAL with the reason.
  int (*prepare)(WxRule *rule, WxProblem *problem);
  bool (*matches)(const WxRule *rule, const WxIdentity *identity);
} WxCriterion;

struct WxRule {
  const WxCriterion *criterion;
  const char *value; ///< The caller's, which outlives the rule.
  uint32_t user;     ///< What the value of `user` stands for.
  bool except;
};

/// Rules, in the order given. Start with {0}, end with wx_selection_free().
typedef struct {
  WxRule *rules;
  size_t count;
} WxSelection;

/// The `index`-th criterion, NULL at the end.
const WxCriterion *wx_criterion_at(size_t index);

/// Adds a rule, `CRITERION=VALUE`. -EINVAL with the reason, -ENOMEM.
int wx_selection_add(WxSelection *selection, bool except, const char *text, WxProblem *problem);

/// Whether a process is taken; without rules every one is.
bool wx_selection_takes(const WxSelection *selection, const WxIdentity *identity);

void wx_selection_free(WxSelection *selection);

#endif
