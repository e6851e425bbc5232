/**
   @file context.h
   The machine and the command behind a result, as the JSON member `context`.
*/
#ifndef WX_OUTPUT_CONTEXT_H
#define WX_OUTPUT_CONTEXT_H

#include "stats/figure.h"

#include <jansson.h>
#include <time.h>

/// Builds the object: date (UTC, ISO 8601), command, wxbench_version, kernel, cpu, cpus (usable
/// ones), page_size, thp_shmem, memfd_noexec, max_map_count, cgroup ("v1", "v2" or "v1+v2"),
/// container (what runs it, "pid-namespace" where only that is known, "none" on the host),
/// compiler, seed. What cannot be found out is null. `command` may be NULL, `seed` WX_UNKNOWN. NULL
/// where memory ran out.
json_t *wx_context_json(const char *command, time_t started, WxFigure seed);

/// The command as it was typed, from an argv that nobody has reordered yet and that lacks the name
/// of the program: words in single quotes where a shell needs them. The caller's; NULL where memory
/// ran out.
char *wx_context_command(int argc, char **argv);

#endif
