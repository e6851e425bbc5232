/**
   @file audit_figures.h
   The figures of an audit that are also told as a metric (audit --prom), or held against those of
   another audit (audit --diff): one row each. The unit is in the member's name (units.h).
*/
#ifndef WX_OUTPUT_AUDIT_FIGURES_H
#define WX_OUTPUT_AUDIT_FIGURES_H

/// Object and member in JSON; METRIC() for Prometheus with its help, in the order of documents;
/// COMPARED() with the place and the name that it has beside another audit.
#define WX_AUDIT_FIGURES(ROW)                                                                      \
  ROW(doublemapper, inodes,                                                                        \
      METRIC("wxbench_doublemapper_files", "Double-mapped files of the process"), ALONE)           \
  ROW(doublemapper, allocated_bytes,                                                               \
      METRIC("wxbench_doublemapper_allocated_bytes", "Memory that the files hold (st_blocks)"),    \
      COMPARED(10, "double mapper, allocated"))                                                    \
  ROW(doublemapper, mapped_bytes,                                                                  \
      METRIC("wxbench_doublemapper_mapped_bytes", "The part of it that is mapped"),                \
      COMPARED(20, "double mapper, mapped"))                                                       \
  ROW(doublemapper, orphaned_bytes,                                                                \
      METRIC("wxbench_doublemapper_orphaned_bytes", "The part of it that no process maps"),        \
      COMPARED(30, "double mapper, orphaned"))                                                     \
  ROW(doublemapper, mapped_va_bytes,                                                               \
      METRIC("wxbench_doublemapper_address_space_bytes", "Address space that maps the files"),     \
      COMPARED(40, "double mapper, address space"))                                                \
  ROW(doublemapper, span_bytes,                                                                    \
      METRIC("wxbench_doublemapper_span_bytes", "What a debugger takes for the module"),           \
      COMPARED(50, "double mapper, interval"))                                                     \
  ROW(glibc, arenas,                                                                               \
      METRIC("wxbench_malloc_arenas", "Arenas of glibc's malloc beside the main one"),             \
      COMPARED(150, "malloc arenas"))                                                              \
  ROW(glibc, committed_bytes, METRIC("wxbench_malloc_committed_bytes", "Their committed bytes"),   \
      COMPARED(60, "malloc arenas, committed"))                                                    \
  ROW(glibc, reserved_bytes, METRIC("wxbench_malloc_reserved_bytes", "Their reserved bytes"),      \
      ALONE)                                                                                       \
  ROW(glibc, rss_bytes, NO_METRIC, COMPARED(70, "malloc arenas, Rss"))                             \
  ROW(process, rss_bytes, METRIC("wxbench_process_rss_bytes", "VmRSS"),                            \
      COMPARED(80, "process RSS"))                                                                 \
  ROW(process, rss_anon_bytes, METRIC("wxbench_process_rss_anon_bytes", "RssAnon"),                \
      COMPARED(90, "process RssAnon"))                                                             \
  ROW(process, rss_shmem_bytes, METRIC("wxbench_process_rss_shmem_bytes", "RssShmem"),             \
      COMPARED(100, "process RssShmem"))                                                           \
  ROW(process, mappings, METRIC("wxbench_process_mappings", "Mappings of the process"),            \
      COMPARED(130, "mappings"))                                                                   \
  ROW(process, threads, NO_METRIC, COMPARED(140, "threads"))                                       \
  ROW(process, max_map_count, METRIC("wxbench_process_mappings_limit", "vm.max_map_count"), ALONE) \
  ROW(cgroup, usage_bytes, METRIC("wxbench_cgroup_usage_bytes", "Usage of the memory group"),      \
      COMPARED(110, "cgroup usage"))                                                               \
  ROW(cgroup, shmem_bytes, METRIC("wxbench_cgroup_shmem_bytes", "Shared memory of the group"),     \
      COMPARED(120, "cgroup shmem"))                                                               \
  ROW(cgroup, file_mapped_bytes,                                                                   \
      METRIC("wxbench_cgroup_file_mapped_bytes", "Mapped files of the group"), ALONE)

typedef struct {
  const char *object;
  const char *member;
  const char *metric; ///< NULL: none.
  const char *help;
  unsigned place;   ///< Beside another audit; 0: none.
  const char *name; ///< There.
} WxAuditFigure;

extern const WxAuditFigure wx_audit_figures[];

#define WX_AUDIT_FIGURE_ONE(OBJECT, MEMBER, METRIC_OF, PLACE_OF) +1
enum { WX_AUDIT_FIGURE_COUNT = WX_AUDIT_FIGURES(WX_AUDIT_FIGURE_ONE) };
#undef WX_AUDIT_FIGURE_ONE

#endif
