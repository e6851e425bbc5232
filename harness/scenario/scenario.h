/**
   @file scenario.h
   A scenario: what is to be done, round by round, and what must come of it; read from
   scenarios/NAME.yaml.

   All text is as written in the file; quantities are resolved by parameters.h when they are used.
*/
#ifndef WX_SCENARIO_SCENARIO_H
#define WX_SCENARIO_SCENARIO_H

#include "scenario/yaml.h"

#include <stdbool.h>

/// A number that can be set from the command line.
typedef struct {
  char *name;
  char *value;
  char *means; ///< What it is, in a few words; may be NULL.
} WxParameter;

/// One action of a round; which fields an action uses is in its row in actions.c. Unused ones are
/// NULL.
typedef struct {
  char *act;
  char *name;
  char *group;
  char *count;
  char *size;
  char *grow;
  char *code;
  char *pages;
  char *order;
  char *may_fail;
  char *methods;
} WxAction;

/// What a figure is compared with: a number, or a figure or parameter, multiplied.
typedef struct {
  char *number;
  char *of;
  char *times;
  char *strategy;
  char *mode;
} WxExpectedValue;

typedef struct {
  char *strategy; ///< Or NULL: every one.
  char *mode;     ///< For a workload of the real runtime.
  char *metric;
  char *op; ///< eq, le, ge, grows, flat.
  WxExpectedValue *value;
} WxExpectation;

typedef struct {
  char *name;
  char *shows;    ///< One sentence: what it proves or refutes.
  char *workload; ///< Of the real runtime; then there are no rounds here.
  char *wx;       ///< `env`: the runtime's own switch picks the path of `coreclr`.
  char *model;    ///< The runtime that actions on a model get, as net8.
  char *needs;    ///< Of the machine (needs.h), or NULL.
  char *at_end;   ///< `release` (the default) or `keep`: what becomes of what is still live.
  WxParameter *parameters;
  unsigned parameters_count;
  char **strategies; ///< Which to compare; none: all of the registry that imitate or fix the
                     ///< runtime, and `rwx`.
  unsigned strategies_count;
  WxAction *round;
  unsigned round_count;
  WxExpectation *expect;
  unsigned expect_count;
} WxScenario;

/// Reads a scenario and checks its words (actions, their fields, operators, strategies). Returns 0,
/// or a negative errno with `complaint` set. The caller ends with wx_scenario_free().
int wx_scenario_load(const char *path, WxScenario **loaded, WxComplaint *complaint);

/// Writes a loaded scenario as YAML into memory: `*text` of `*length` bytes, without a NUL, to be
/// ended with wx_scenario_text_free(). Returns 0 or -ENOMEM.
int wx_scenario_save(const WxScenario *scenario, char **text, size_t *length);
void wx_scenario_text_free(char *text);

/// Reads what wx_scenario_save() wrote, with a NUL after it. As wx_scenario_load(), but the words
/// were checked before.
int wx_scenario_parse(const char *text, WxScenario **loaded, WxComplaint *complaint);

/// Allowed on NULL.
void wx_scenario_free(WxScenario *scenario);

/// Finds the file of scenario `name`: `DIRECTORY/NAME.yaml`. -ENOENT where there is none.
int wx_scenario_path(const char *directory, const char *name, char *path, size_t capacity);

/// Lists the names of all scenarios of a directory, sorted. Returns 0 with `*names`
/// (wx_scenario_names_free()).
int wx_scenario_names(const char *directory, char ***names, size_t *count);
void wx_scenario_names_free(char **names, size_t count);

/// The directory of the scenarios (`scenarios`) or of the workloads (`scenarios/workloads`): below
/// `WXBENCH_HOME`, else beside the folder in which the program lies, else here.
void wx_scenario_directory(const char *below, char *path, size_t capacity);

/// Whether this is a program that was installed, and no program in the build/ of its sources. What
/// is built for it, `build/NAME`, lies in the user's cache.
bool wx_scenario_installed(void);

/// That folder of the user's cache, for this version.
void wx_scenario_cache(char *path, size_t capacity);

/// Says in words where wx_scenario_directory() looks, for a message.
void wx_scenario_places(char *text, size_t capacity);

#endif
