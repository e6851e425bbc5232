/**
   @file needs.h
   What a scenario may need of the machine: a table, a row each. Where it is missing the scenario is
   skipped and says why.
*/
#ifndef WX_SCENARIO_NEEDS_H
#define WX_SCENARIO_NEEDS_H

#include <stdbool.h>

/// Whether `name` is a need that is known.
bool wx_need_known(const char *name);

/// NULL where this machine has it (or `name` is NULL), else why not, as a constant phrase.
const char *wx_need_missing(const char *name);

#endif
