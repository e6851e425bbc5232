/**
   @file built.h
   Files that the build puts beside the program.
*/
#ifndef WX_CLI_BUILT_H
#define WX_CLI_BUILT_H

/// Finds build/NAME and writes its full path (PATH_MAX bytes). Returns 0, or an exit status after
/// the line is printed that names the command that builds it.
int wx_cli_find_built(const char *verb, const char *name, const char *command, char *path);

/// The same for the program of the workloads. Where wxbench is installed it is built when it is
/// first needed, into the user's cache.
int wx_cli_find_workload(const char *verb, char *path);

/// The same for a library to be preloaded; writes a name that LD_PRELOAD takes (wx_preload_name()).
int wx_cli_find_preload(const char *verb, const char *library, char *name);

#endif
