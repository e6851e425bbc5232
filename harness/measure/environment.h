/**
   @file environment.h
   The environment of a program that is started: this process's own with changes.
*/
#ifndef WX_MEASURE_ENVIRONMENT_H
#define WX_MEASURE_ENVIRONMENT_H

/// Makes an environment: that of this process, each of `changes` applied (`NAME=value` adds or
/// replaces, `NAME` alone removes; ends with NULL, or NULL), then `last`, a `NAME=value`, which
/// must outlive the result. The strings are borrowed; the caller frees the array only. NULL where
/// there is no memory.
char **wx_environment_make(const char *const *changes, char *last);

/// Makes the environment of a process whose counts must not depend on this one's: what decides how
/// a program is loaded and what was loaded into it (a preload library, a sanitizer) is told, and
/// the two entries. As above of ownership.
char **wx_environment_fresh(char *first, char *last);

#endif
