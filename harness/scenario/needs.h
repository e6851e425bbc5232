/**
   @file needs.h
   What a scenario may need of the machine: a table, a row each. Where it is missing the scenario is
   skipped and says why.
*/
#ifndef WX_SCENARIO_NEEDS_H
#define WX_SCENARIO_NEEDS_H

#include <stddef.h>

/// The name of the `index`-th need, NULL at the end; what it is, in a few words.
const char *wx_need_name(size_t index);
const char *wx_need_about(size_t index);

/// NULL where this machine has it (or `name` is NULL), else why not, as a constant phrase.
const char *wx_need_missing(const char *name);

#endif
