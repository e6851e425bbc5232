/**
   @file select.h
   Which processes are meant: who one is, and rules as `user=app`, each a criterion and a value.

   Who a process is, is told by the kernel alone: its memory (command line, environment) is never
   read and its program is never opened or asked for, since a hostile process can make whoever does
   so wait (userfaultfd, FUSE).

   A process is taken where, for each criterion that any --only names, one of them matches, and no
   --except does. The criteria stand in one table, which help and refusals are printed from.
*/
#ifndef WX_RECLAIM_SELECT_H
#define WX_RECLAIM_SELECT_H

#include "os/text.h"
#include "stats/problem.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Who a process is
 * -------------------------------------------------------------------------------------------------
 */

typedef struct {
  uint32_t user;               ///< The real user id.
  char command[16];            ///< As `ps -o comm` shows it; the process may change it.
  char program[NAME_MAX + 16]; ///< Name of the file that it executes; "" where that is not to be
                               ///< seen, as of a kernel thread.
  const char *groups; ///< /proc/PID/cgroup, a line a hierarchy: NUMBER:CONTROLLERS:PATH. In `text`.
  pid_t parent;       ///< 0: none here.
  WxText text;
} WxIdentity;

/// Reads it. -ESRCH where the process is gone. Start with {0}, end with wx_identity_free().
int wx_identity_read(WxIdentity *identity, pid_t pid);

/// Whom the time that a process takes is counted for: its `user`; in a user namespace that somebody
/// other than root made, in whatever other ones that lies, whoever made it, since in there he is as
/// many users as he likes.
uint32_t wx_identity_account(pid_t pid, uint32_t user);

/// Whether the process is one of wxbench's own: it executes a file of that name, or the file that
/// this process executes, or one above it does, other than this process. The simulator of a
/// `wxbench run` and the runtimes that `wxbench validate` measures are such. Whoever pretends to be
/// one is only left alone itself.
bool wx_identity_is_ours(pid_t pid);

void wx_identity_free(WxIdentity *identity);

/* Rules
 * -------------------------------------------------------------------------------------------------
 */

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
