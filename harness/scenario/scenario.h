/**
   @file scenario.h
   A scenario: what is to be done, round by round, and what must come of it; read from
   scenarios/NAME.yaml.

   All text is as written in the file; quantities are resolved by parameters.h when they are used.
*/
#ifndef WX_SCENARIO_SCENARIO_H
#define WX_SCENARIO_SCENARIO_H

#include "scenario/yaml.h"

#include <limits.h>
#include <stdbool.h>

/// A number that can be set from the command line.
typedef struct {
  char *name;
  char *value;
  char *means; ///< What it is, in a few words; may be NULL.
} WxParameter;

/// The fields of an action beside its name: in capitals for its row in actions.c, which says which
/// an action uses; the key; which words it may be (actions.c), or NULL; what it says.
#define WX_ACTION_FIELDS(FIELD)                                                                    \
  FIELD(NAME, name, step_name, "which step it is")                                                 \
  FIELD(GROUP, group, NULL, "the name of what is made, or of what it is done to")                  \
  FIELD(COUNT, count, NULL, "how many")                                                            \
  FIELD(SIZE, size, NULL, "bytes of each")                                                         \
  FIELD(GROW, grow, NULL, "bytes more in each later round")                                        \
  FIELD(CODE, code, NULL, "bytes of each function")                                                \
  FIELD(PAGES, pages, NULL, "bytes of each part, whole pages")                                     \
  FIELD(ORDER, order, wx_blocks_order, "which blocks go; without it the oldest first")             \
  FIELD(MAY_FAIL, may_fail, yes_or_no, "whether a failure is only counted, and the round goes on") \
  FIELD(METHODS, methods, NULL, "methods of each type")

/// One action of a round. Unused fields are NULL.
typedef struct {
  char *act;
#define WX_MEMBER(CAPITALS, MEMBER, WORDS, ABOUT) char *MEMBER;
  WX_ACTION_FIELDS(WX_MEMBER)
#undef WX_MEMBER
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
  WxText source; ///< What it was read from.
} WxScenario;

/// The keys of a file and of what stands in it, for documentation.
typedef struct {
  const char *before; ///< The path of their mapping: "", "parameters.", ...
  const WxYamlStruct *keys;
} WxScenarioKeys;

/// The `index`-th of these, NULL at the end.
const WxScenarioKeys *wx_scenario_keys_at(size_t index);

/// Reads a scenario and checks its words (actions, their fields, operators, strategies). Returns 0,
/// or a negative errno with `complaint` set. The caller ends with wx_scenario_free().
int wx_scenario_load(const char *path, WxScenario **loaded, WxComplaint *complaint);

/// Reads the `length` bytes at `text`, the `source` of a scenario that was loaded. As
/// wx_scenario_load(), but the words were checked before.
int wx_scenario_parse(const char *text, size_t length, WxScenario **loaded, WxComplaint *complaint);

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

/// The same as the end of a message, with what to do where it lies elsewhere.
enum { WX_SCENARIO_CURE = PATH_MAX + 256 };
void wx_scenario_cure(char text[WX_SCENARIO_CURE]);

#endif
