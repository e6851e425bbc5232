/**
   @file bench_audit_target.h
   What `wxbench bench audit` looks at.
*/
#ifndef WX_CLI_BENCH_AUDIT_TARGET_H
#define WX_CLI_BENCH_AUDIT_TARGET_H

#include <sys/types.h>

enum { WX_BENCH_AUDIT_CORE = 64 };

/// Starts a process of 60,000 mappings of one memfd, as the runtime's look. Returns its number, to
/// be ended with wx_os_end_group(); negative where there cannot be so many.
pid_t wx_bench_audit_subject(void);

/// Writes a core of 80,000 segments and 6 GB that takes little room, and its name into `path`, to
/// be removed by the caller, also after a failure. Returns 0 or a negative errno.
int wx_bench_audit_core(char path[WX_BENCH_AUDIT_CORE]);

#endif
