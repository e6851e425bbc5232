/**
   @file audit.h
   Whose memory is it? One process, or a file saved from one, looked at from every side.

   An audit never changes what it measures: nothing is stopped, and of a living process only
   private memory without a file is read.
*/
#ifndef WX_ATTRIBUTION_AUDIT_H
#define WX_ATTRIBUTION_AUDIT_H

#include "attribution/allocator.h"
#include "attribution/core_space.h"
#include "attribution/modules.h"
#include "attribution/rows.h"
#include "attribution/space.h"
#include "attribution/truth.h"
#include "attribution/verdict.h"
#include "measure/cgroup.h"
#include "measure/process_status.h"
#include "measure/runtime.h"
#include "measure/wx_state.h"
#include "stats/problem.h"

#include <stdbool.h>
#include <sys/types.h>

/// Where an audit took its knowledge from.
typedef enum { WX_SOURCE_LIVE, WX_SOURCE_MAPS, WX_SOURCE_SMAPS, WX_SOURCE_CORE } WxSource;

/// "live", "maps", "smaps" or "core".
const char *wx_source_name(WxSource source);

/// Mappings of the double mapper's files with one protection.
typedef struct {
  size_t count;
  uint64_t bytes;
  WxFigure rss_bytes;
  WxFigure pss_bytes;
} WxProtectionPart;

/// By what they may do.
typedef enum { WX_PART_RX, WX_PART_RW, WX_PART_NONE, WX_PART_OTHER, WX_PARTS } WxPartKind;

/// What is resident of an owner's mappings.
typedef struct {
  size_t mappings;
  WxFigure rss_bytes;
  WxFigure pss_bytes;
  WxFigure swap_bytes;
} WxOwnerResidency;

/// The whole memory group (container) by owner, in bytes; all unknown where none is visible. The
/// parts and the residue add up to the usage.
typedef struct {
  WxFigure usage;
  WxFigure double_mapper; ///< Files of the process, counted once.
  WxFigure other_shmem;   ///< /dev/shm, tmpfs volumes, other memfds.
  WxFigure page_cache;
  WxFigure gc; ///< Of the audited process, as is all down to `other_anon`.
  WxFigure malloc_bytes;
  WxFigure stacks;
  WxFigure other_anon;
  WxFigure other_processes; ///< Anonymous memory of all others in the group.
  WxFigure sockets;
  WxFigure slab;
  WxFigure page_tables;
  WxFigure kernel_stacks;
  WxFigure other_kernel;
  WxFigure residue; ///< What no owner explains; may be below 0, since nothing is read at once.
} WxContainer;

enum { WX_NOTICES = 12, WX_NOTICE_TEXT = 256, WX_COMMAND_TEXT = 64 };

/// Everything that was found out. Start with wx_audit_live() and its like; end with
/// wx_audit_free(), also after a failure.
typedef struct {
  WxSource source;
  pid_t pid; ///< Of a living process or a core; 0 where not known.
  bool fast;
  char command[WX_COMMAND_TEXT];
  char link[WX_MEMFD_LINK]; ///< Of the files looked at.

  WxMaps maps;
  WxSmaps smaps;
  WxCore core;
  bool core_open;
  WxCoreSpace core_space;
  WxLiveMemory live;
  WxSpace own_space;    ///< Of maps or smaps;
  const WxSpace *space; ///< this one counts.

  WxModules modules;
  const WxModule *module; ///< The double mapper's; NULL where it has no mapping.
  WxRows rows;
  WxTruth truth;
  WxMemfds others;   ///< Memory files of the process that are not in `truth`, the largest first,
  bool others_known; ///< where they were looked for.
  WxProtectionPart parts[WX_PARTS];
  WxOwnership ownership; ///< All mappings.
  WxOwnership span;      ///< Of the module's interval, by owner; holes included.
  WxOwnerResidency residency[WX_OWNERS];
  WxAllocator allocator;
  WxRuntime runtime;
  WxState wx_state;
  WxProcessStatus status;
  WxFigure max_map_count;
  WxFigure mappings_per_day; ///< Mean growth since the process started.
  WxFigure seconds_to_limit; ///< At that rate.
  WxCgroup group;
  WxCgroupFigures cgroup;
  WxContainer container;
  WxRefusal refusal; ///< As in verdict.h.
  const char *named; ///< As in verdict.h; in `name`.
  char name[WX_MEMFD_LINK];
  char subject[WX_MEMFD_LINK + 8]; ///< As in verdict.h, for the implementation.
  WxVerdict verdict;
  WxVerdictFacts facts;

  char notices[WX_NOTICES][WX_NOTICE_TEXT]; ///< What has to be said about the source.
  size_t notice_count;
  char damage[WX_NOTICE_TEXT];   ///< What is wrong with a file; "" where nothing is.
  char left_out[WX_NOTICE_TEXT]; ///< What a file was seen to lack though nothing is wrong; or "".
  bool read_on;                  ///< What stands behind the damage was read, too.
  size_t lines;                  ///< Mappings of a file, also those that are in no list.
} WxAudit;

/// How to audit.
typedef struct {
  bool fast;              ///< maps instead of smaps, one reading, no other process asked.
  bool extents;           ///< As in truth.h.
  size_t rows;            ///< How many of a debugger's rows are kept.
  bool any_memfd;         ///< As in truth.h.
  const WxMappers *known; ///< As in truth.h, with `fast`; leaves the container out of the verdict.
  const char *memfd;      ///< The name of the files looked at; NULL: doublemapper.
  const WxProcesses *left_out; ///< Processes that are not asked, since they do not answer; or NULL.
} WxAuditOptions;

/// Audits a living process. -ESRCH where it is gone, -EACCES where the caller could not trace it.
int wx_audit_live(WxAudit *audit, pid_t pid, const WxAuditOptions *options);

/// Audits a saved maps or smaps file or a core. Damage is no failure: what could be read is
/// audited, and audit->damage says where it ends. -EINVAL where nothing could be read, with
/// audit->damage; another negative errno where the file could not be read at all.
int wx_audit_file(WxAudit *audit, WxSource source, const char *path, const WxAuditOptions *options);

/// Says why `what` could not be audited, after one of these returned `error`. Returns -ENOTSUP
/// where the caller is not permitted to, else another negative errno.
int wx_audit_problem(const char *what, const WxAudit *audit, int error, WxProblem *problem);

void wx_audit_free(WxAudit *audit);

/// Whether it is of a core that lacks a part of the process: a partial dump, or one that was cut.
/// Sums of the rest are no figures of the process.
bool wx_audit_is_part(const WxAudit *audit);

/// Whether the mappings of the double mapper can be told from others, also where there are none: a
/// createdump that names no deleted file names no memfd, and a part of a list may lack them.
bool wx_audit_names_file(const WxAudit *audit);

/// Whether the source has all that an owner has in the process, and nothing of another.
bool wx_audit_has_all_of(const WxAudit *audit, WxOwner owner);

/// Address space of an owner, and how many mappings; unknown where the source has not all of it.
WxFigure wx_audit_owner_bytes(const WxAudit *audit, WxOwner owner);
WxFigure wx_audit_owner_mappings(const WxAudit *audit, WxOwner owner);

/// `figure`, or unknown where only a part of the process is there.
WxFigure wx_audit_of_whole(const WxAudit *audit, uint64_t figure);

/// The same of the double mapper's mappings, each of which has the protection of its segment.
WxFigure wx_audit_of_file(const WxAudit *audit, uint64_t figure);

/// For the implementation: nothing known yet but how to audit.
void wx_audit_begin(WxAudit *audit, WxSource source, const WxAuditOptions *options);

/// For the implementation: the modules, rows and sums that follow from audit->space.
int wx_audit_weigh(WxAudit *audit, size_t rows);

/// For the implementation: the container and the verdict, from all that was read and weighed.
void wx_audit_judge(WxAudit *audit, const WxAuditOptions *options);

/// For the implementation: the container, from the group's figures.
void wx_audit_fill_container(WxAudit *audit);

/// Adds a sentence to the notices.
void wx_audit_notice(WxAudit *audit, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
