/**
   @file verdict.h
   One word and two sentences: whose memory it is, and what to do.

   A pure function of figures. What could not be known is unknown, and no verdict is built on it.
*/
#ifndef WX_ATTRIBUTION_VERDICT_H
#define WX_ATTRIBUTION_VERDICT_H

#include "measure/memfd.h"
#include "stats/figure.h"

#include <stdbool.h>

/// What a verdict rests on, in bytes unless said otherwise.
typedef struct {
  int pid;           ///< The process, for the advice; 0 where it is not known.
  WxRefusal refusal; ///< Why a reclaim would leave the largest file alone, also where it is named,
  const char *named; ///< and the name that it needs to be given; NULL: none.
  const char *subject; ///< What the file is called where it is not the double mapper's; or NULL.
  bool double_mapper;  ///< The process has the file, or maps it.
  bool names_known;    ///< The source would show it if it were there.
  WxFigure allocated;
  WxFigure mapped;
  WxFigure orphaned;
  WxFigure own_va;       ///< Address space that maps the file.
  WxFigure span;         ///< From its lowest to its highest mapping.
  WxFigure shown;        ///< What the rows of a debugger add up to under its name.
  WxFigure foreign;      ///< Of the span: memory of others without a file.
  WxFigure empty;        ///< Of the span: holes and reserved address space of others.
  WxFigure rss_anon;     ///< Memory of the process without a file.
  WxFigure gc;           ///< The part of it that looks like the collector's.
  WxFigure malloc_bytes; ///< And that of malloc.
  WxFigure cgroup_usage;
  WxFigure other_shmem; ///< Of the group: shared memory that is not the double mapper's.
  WxFigure other_files; ///< Of the process: what its other memory files hold (MemoryMappedFile),
  int largest_other;    ///< and the descriptor of the largest of them; -1 where it is closed.
  WxFigure page_cache;
  WxFigure kernel;
  WxFigure mappings;
  WxFigure max_map_count;
  WxFigure heaps_committed; ///< glibc's heaps, for the text.
  WxFigure arenas;
  bool from_file;             ///< A saved maps or smaps, or a core.
  const char *missing;        ///< Why the source was not read whole; NULL: it was.
  bool whole;                 ///< It is known to be: the kernel's last mappings are in it.
  WxFigure committed;         ///< Address space of the largest of malloc, the collector and other
                              ///< memory without a file, where nothing resident is known,
  const char *committer;      ///< and whose that is.
  const char *most_mapped;    ///< Whose the mappings are for the most part; NULL: not known.
  WxFigure released_range;    ///< Of the file: below its last mapping, and mapped nowhere.
  WxFigure holes;             ///< Of a list: what rows that were lost between others may have held,
  WxFigure arena_hole;        ///< and what malloc's may have. As in lacks.h.
  bool dumped;                ///< Everything mapped is allocated, as after a dump.
  WxFigure reserved_parts;    ///< Of the double mapper, for the text.
  WxFigure reserved_resident; ///< Private reserved mappings that are resident for the most part.
  WxFigure stacks_filled;     ///< Stacks that are resident to the last page.
} WxVerdictFacts;

typedef enum {
  WX_VERDICT_RETAINED,
  WX_VERDICT_LIVE,
  WX_VERDICT_ARTEFACT,
  WX_VERDICT_GC,
  WX_VERDICT_MALLOC,
  WX_VERDICT_OTHER_SHMEM,
  WX_VERDICT_PAGE_CACHE,
  WX_VERDICT_KERNEL,
  WX_VERDICT_MAP_LIMIT,
  WX_VERDICT_NOT_AFFECTED,
  WX_VERDICT_CLEAN,
  WX_VERDICT_UNKNOWN,
} WxVerdictCode;

enum { WX_VERDICT_TEXT = 768, WX_NEXT_TEXT = 512 };

typedef struct {
  WxVerdictCode code;
  char text[WX_VERDICT_TEXT]; ///< What it is.
  char next[WX_NEXT_TEXT];    ///< What to do next.
} WxVerdict;

/// The code as in the contract: "retained", "other-shmem", ...
const char *wx_verdict_code(WxVerdictCode code);

/// How urgent: for a list, worst first; lower is worse.
int wx_verdict_rank(WxVerdictCode code);

/// The limit of mappings that the process is near to: its own, or the usual one that it would be
/// near to where a file does not say it; unknown where it is near to none.
WxFigure wx_verdict_limit(const WxVerdictFacts *facts);

/// Judges. `retained` if and only if orphaned is at least 8 MiB and at least a quarter of
/// allocated.
void wx_verdict_judge(WxVerdict *verdict, const WxVerdictFacts *facts);

#endif
