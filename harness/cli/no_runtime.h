/**
   @file no_runtime.h
   What is said where a real .NET runtime is asked for and is not here.
*/
#ifndef WX_CLI_NO_RUNTIME_H
#define WX_CLI_NO_RUNTIME_H

#include <stddef.h>

enum { WX_NO_RUNTIME_TEXT = 1024 };

/// Writes what wx_cli_no_runtime() prints, and returns the same.
int wx_no_runtime_why(const char *version, char *text, size_t size);

/// Prints that runtime `version` (as 10.0.14, 10.0 or 10; NULL: the one that scripts/runtimes lays
/// out first) is not here and a command that gets it, and returns WX_EXIT_IMPOSSIBLE; or that the
/// word is no version, and returns WX_EXIT_USAGE.
int wx_cli_no_runtime(const char *verb, const char *version);

#endif
