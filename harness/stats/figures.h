/**
   @file figures.h
   Every figure of a run, one row each. The members of WxSample and WxMetrics (result.h), what is
   unknown in them, JSON out and in, the columns of CSV, the names in expectations, the comparison,
   the table for people, `wxbench list figures` and docs/scenarios.md all follow from these rows.

   The unit is in the name: wx_unit_of() (units.h).
*/
#ifndef WX_STATS_FIGURES_H
#define WX_STATS_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

/// The figures of a sample, in the order of documents: member; SNAPSHOT where it is the member of
/// that name of a WxSnapshot, else OWN; whether expectations may name it, and whether it is the
/// memfd's (then WxResult.unknown says why it is unknown); its column in the table for people, of
/// the last sample of a real program; what it is.
#define WX_SAMPLE_FIGURES(ROW)                                                                     \
  ROW(t_ns, OWN, UNNAMED, NO_COLUMN, "time since the first sample, monotonic")                     \
  ROW(live_bytes, OWN, OF_FILE, NO_COLUMN,                                                         \
      "memory of the memfd that is in use: as the program says, else what is mapped")              \
  ROW(reserved_bytes, OWN, NAMED, NO_COLUMN,                                                       \
      "whole blocks in use, also where not all of their pages were written; run only")             \
  ROW(allocated_bytes, SNAPSHOT, OF_FILE, COLUMN(30, "memfd at end"),                              \
      "what the memfd holds, each page once: st_blocks")                                           \
  ROW(mapped_bytes, SNAPSHOT, OF_FILE, NO_COLUMN, "the part of it that a process maps")            \
  ROW(orphaned_bytes, SNAPSHOT, OF_FILE, NO_COLUMN, "the part of it that no process maps")         \
  ROW(rss_bytes, SNAPSHOT, NAMED, COLUMN(50, "RSS at end"), "VmRSS of the process")                \
  ROW(rss_shmem_bytes, SNAPSHOT, NAMED, NO_COLUMN, "RssShmem of the process")                      \
  ROW(pss_bytes, SNAPSHOT, NAMED, NO_COLUMN, "Pss of the process")                                 \
  ROW(cgroup_shmem_bytes, SNAPSHOT, NAMED, NO_COLUMN, "shmem of its memory cgroup")                \
  ROW(mappings, SNAPSHOT, NAMED, NO_COLUMN, "mappings of the process")                             \
  ROW(doublemapper_mappings, SNAPSHOT, NAMED, NO_COLUMN, "those of the memfd")

/// The figures of a whole run, in the order of documents: member; type (FIGURE, BY_VERB or TIMES);
/// the sample figure of which it is the PEAK() or the LAST(), else OWN; names as above; what a
/// comparison makes of it; column; what it is.
#define WX_METRIC_FIGURES(ROW)                                                                     \
  ROW(live_peak_bytes, FIGURE, PEAK(live_bytes), OF_FILE, INFORMATION, COLUMN(10, "live peak"),    \
      "the largest live_bytes of any step")                                                        \
  ROW(allocated_peak_bytes, FIGURE, PEAK(allocated_bytes), OF_FILE, INFORMATION,                   \
      COLUMN(20, "memfd peak"), "the largest allocated_bytes of any step")                         \
  ROW(retained_bytes, FIGURE, OWN, OF_FILE, EXACT, COLUMN(40, "retained"),                         \
      "what is allocated when all was released, above what was at the start; of a real program "   \
      "what is orphaned")                                                                          \
  ROW(orphaned_bytes, FIGURE, LAST(orphaned_bytes), UNNAMED, INFORMATION, NO_COLUMN,               \
      "orphaned_bytes of the last step")                                                           \
  ROW(mappings_peak, FIGURE, PEAK(mappings), NAMED, EXACT, COLUMN_IF_KNOWN(60, "mappings"),        \
      "the most mappings at any step: the strategy's own, or all of a real program")               \
  ROW(syscalls, BY_VERB, OWN, NAMED, EXACT, COLUMN_IF_KNOWN(70, "syscalls"),                       \
      "system calls made for the verbs")                                                           \
  ROW(list_nodes, BY_VERB, OWN, NAMED, NONE, NO_COLUMN,                                            \
      "nodes that the imitated runtime passes in its linear lists")                                \
  ROW(minor_faults, FIGURE, OWN, NAMED, WITHIN_PERCENT, COLUMN_IF_KNOWN(80, "faults"),             \
      "minor page faults")                                                                         \
  ROW(wall_ns, FIGURE, OWN, UNNAMED, NONE, COLUMN_IF_KNOWN(90, "time"),                            \
      "time of the whole run, without that of looking at it")                                      \
  ROW(time_ns, TIMES, OWN, UNNAMED, NONE, NO_COLUMN, "time of one call of each verb")              \
  ROW(wx_pages_seen, FIGURE, OWN, NAMED, INFORMATION, NO_COLUMN,                                   \
      "pages that were writable and executable in one mapping")                                    \
  ROW(failures, FIGURE, OWN, NAMED, INFORMATION, NO_COLUMN,                                        \
      "actions of a scenario that failed where they may")

/// What is counted by verb, in the order of documents.
#define WX_BY_VERB(ROW) ROW(reserve) ROW(commit) ROW(map_rw) ROW(unmap_rw) ROW(release) ROW(total)

typedef enum { WX_TYPE_FIGURE, WX_TYPE_BY_VERB, WX_TYPE_TIMES } WxFigureType;

/// Whether expectations may name it, and whether it is a figure of the memfd.
typedef enum { WX_NAMES_UNNAMED, WX_NAMES_NAMED, WX_NAMES_OF_FILE } WxFigureNames;

/// What a comparison makes of it: no row, a row that gates nothing, worse where it is larger at
/// all, or worse where it is larger by more than 1 %.
typedef enum {
  WX_RULE_NONE,
  WX_RULE_INFORMATION,
  WX_RULE_EXACT,
  WX_RULE_WITHIN_PERCENT
} WxFigureRule;

/// A row of one of the tables.
typedef struct {
  const char *key;
  size_t offset; ///< In WxSample or WxMetrics.
  WxFigureType type;
  WxFigureNames names;
  WxFigureRule rule; ///< Of metrics only.
  struct {
    unsigned place; ///< Columns stand in this order; 0: it is none.
    const char *heading;
    bool if_known; ///< Left out where no result knows it.
  } column;
  struct {
    enum { WX_FROM_ELSEWHERE, WX_FROM_PEAK, WX_FROM_LAST } how;
    size_t offset; ///< In WxSample.
  } from;          ///< Of metrics only.
  const char *about;
} WxFigureRow;

typedef struct {
  const WxFigureRow *rows;
  size_t count;
} WxFigureTable;

extern const WxFigureTable wx_sample_figures, wx_metric_figures;

/// The members of WxByVerb, the total last.
extern const WxFigureTable wx_by_verb;

/// The row called `name`, NULL where there is none, and the offset of the figure in its struct. One
/// by verb is its total, or that of a verb: `syscalls`, `syscalls.map_rw`.
const WxFigureRow *wx_figure_find(const WxFigureTable *table, const char *name, size_t *offset);

#endif
