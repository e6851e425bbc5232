#include "attribution/audit.h"

#include "attribution/listing.h"
#include "attribution/saved.h"
#include "measure/memfd_proof.h"
#include "os/os.h"
#include "os/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { MOST_FILES = 64 }; // Of one process: a runtime has one.

static void forget_status(WxAudit *audit) {
  audit->status = (WxProcessStatus){WX_UNKNOWN, WX_UNKNOWN, WX_UNKNOWN, WX_UNKNOWN, WX_UNKNOWN,
                                    WX_UNKNOWN, WX_UNKNOWN, WX_UNKNOWN, WX_UNKNOWN, WX_UNKNOWN};
}

static void forget_process(WxAudit *audit) {
  audit->truth = wx_truth_unknown();
  forget_status(audit);
  audit->max_map_count = audit->mappings_per_day = audit->seconds_to_limit = WX_UNKNOWN;
  WxCgroup none = {0};
  WxText text = {0};
  wx_cgroup_read(&audit->cgroup, &none, &text);
  wx_text_free(&text);
}

static void say_line(WxAudit *audit, const WxDamage *damage) {
  if (damage->reason)
    snprintf(audit->damage, sizeof audit->damage, "line %zu: %s", damage->line, damage->reason);
}

// A process that has ended has an empty maps: nothing may be said of nothing.
static int load_nothing(WxAudit *audit, const char *what) {
  snprintf(audit->damage, sizeof audit->damage, "the file is empty; expected lines of %s", what);
  return -EINVAL;
}

static void use_own_space(WxAudit *audit) {
  audit->space = &audit->own_space;
  audit->allocator = wx_allocator_find(audit->own_space.mappings, audit->own_space.count);
  audit->own_space.heap_rules = audit->allocator.rules;
}

// As for a living process: without a double mapper it is the account of the file in memory that it
// maps most of as executable, of another runtime's compiler.
static int choose_file(WxAudit *audit, const WxMapping *mappings, size_t count) {
  WxModules *modules = &audit->modules;
  const WxModule *most = NULL;
  if (strcmp(audit->link, WX_DOUBLEMAPPER) != 0)
    return 0; // It was asked for by name.
  const int failed = wx_modules_find(modules, mappings, count);
  if (failed || wx_modules_named(modules, WX_DOUBLEMAPPER))
    return failed;
  for (size_t i = 0; i < modules->count; ++i) {
    const WxModule *module = &modules->items[i];
    if (strstr(module->path, " (deleted)") && strlen(module->path) < WX_MEMFD_LINK &&
        !wx_text_starts_with(module->path, "/memfd:" WX_DOUBLEMAPPER_NAME) && // Its templates.
        module->executable_bytes > (most ? most->executable_bytes : 0))
      most = module;
  }
  if (most)
    snprintf(audit->link, sizeof audit->link, "%s", most->path);
  return 0;
}

static int attribute(WxAudit *audit) {
  use_own_space(audit);
  const int failed = choose_file(audit, audit->own_space.mappings, audit->own_space.count);
  return failed ? failed : wx_space_attribute(&audit->own_space);
}

static void say_left_out(WxAudit *audit, size_t lines, size_t left_out) {
  audit->lines = lines;
  if (!left_out)
    return;
  snprintf(audit->left_out, sizeof audit->left_out, "most of its mappings were counted only");
  wx_audit_notice(audit, "%zu of the %zu mappings were counted only.", left_out, lines);
}

// Whether the pages of its file are shared memory's. By its name; what else has no device of its
// own may lie on a tmpfs or on a layer of a container.
static WxFigure shared_memory_of(const WxMapping *mapping, uint64_t pages) {
  if (wx_memfd_is_shared_memory(mapping->path))
    return wx_figure_from(pages);
  return mapping->shared && !mapping->major && pages ? WX_UNKNOWN : 0;
}

static uint64_t anonymous_of(const WxMapping *mapping, const WxResidency *residency) {
  if (residency->anonymous <= residency->rss)
    return residency->anonymous;
  return mapping->shared || mapping->path[0] == '/' ? 0 : residency->rss;
}

// Of an smaps, what /proc/PID/status says of a living process: the sums of its rows.
static void sum_process(WxAudit *audit) {
  const WxSpace *space = audit->space;
  WxProcessStatus *sum = &audit->status;
  if (!space->residency)
    return;
  sum->rss_bytes = sum->rss_anon_bytes = sum->rss_shmem_bytes = sum->swap_bytes = 0;
  for (size_t i = 0; i < space->count; ++i) {
    const WxResidency *residency = &space->residency[i];
    const uint64_t anonymous = anonymous_of(&space->mappings[i], residency);
    sum->rss_bytes = wx_figure_plus(sum->rss_bytes, wx_figure_from(residency->rss));
    sum->swap_bytes = wx_figure_plus(sum->swap_bytes, wx_figure_from(residency->swap));
    sum->rss_anon_bytes = wx_figure_plus(sum->rss_anon_bytes, wx_figure_from(anonymous));
    sum->rss_shmem_bytes = wx_figure_plus(
        sum->rss_shmem_bytes, shared_memory_of(&space->mappings[i], residency->rss - anonymous));
  }
}

// Somebody may have written a remark behind the name, or left "(deleted)" out.
static bool is_called(const char *path, const char *link) {
  const size_t length = strlen(link) - strlen(" (deleted)");
  const char *rest = path + length;
  return !strncmp(path, link, length) && !isalnum((unsigned char)*rest) && *rest != '-' &&
         *rest != '_';
}

// A terminal's width may have cut it.
static bool is_cut(const char *path, const char *link) {
  const size_t length = strlen(path);
  return length > strlen("/memfd:") && length < strlen(link) - strlen(" (deleted)") &&
         !strncmp(path, link, length);
}

static void find_link(WxAudit *audit, WxMapping *mappings, size_t count) {
  for (size_t i = 0; i < count; ++i)
    if (is_called(mappings[i].path, audit->link))
      mappings[i].path = audit->link;
    else if (is_cut(mappings[i].path, audit->link))
      snprintf(audit->left_out, sizeof audit->left_out, "the name of a memfd in it is cut off");
}

// By its first bytes: NULL where it may be a listing, or cannot be read.
static const char *reason_against(const char *path) {
  char start[256];
  const int fd = wx_os_open(path, O_RDONLY, 0);
  if (fd < 0)
    return NULL;
  const ssize_t size = wx_os_read(fd, start, sizeof start);
  wx_os_close_reader(fd);
  return size > 0 ? wx_listing_refuses(start, (size_t)size) : NULL;
}

// What is in no name of the kernel's: a colour of grep, a tag of a page, a blank at its end.
static bool is_marked(const WxMapping *mappings, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const char *path = mappings[i].path;
    if (i && path == mappings[i - 1].path)
      continue;
    const size_t length = strlen(path);
    if (strchr(path, '\033') || *path == '<' || (length && strchr(" \t>\\", path[length - 1])))
      return true;
  }
  return false;
}

static int use_maps(WxAudit *audit) {
  find_link(audit, audit->maps.items, audit->maps.count);
  audit->own_space.mappings = audit->maps.items;
  audit->own_space.count = audit->maps.count;
  say_left_out(audit, audit->maps.lines, audit->maps.left_out);
  return attribute(audit);
}

static int use_smaps(WxAudit *audit, bool sizes) {
  find_link(audit, audit->smaps.items, audit->smaps.count);
  audit->own_space.mappings = audit->smaps.items;
  audit->own_space.residency = sizes ? audit->smaps.residency : NULL;
  audit->own_space.count = audit->smaps.count;
  say_left_out(audit, audit->smaps.lines, audit->smaps.left_out);
  return attribute(audit);
}

static void say_listing(WxAudit *audit, const WxListing *listing) {
  audit->read_on = true;
  if (listing->gap)
    snprintf(audit->left_out, sizeof audit->left_out,
             "lines were left out, or something else stands between them, at line %zu",
             listing->gap);
  if (listing->next)
    wx_audit_notice(audit,
                    "The file has the listings of several processes: this is the first; the next "
                    "begins at line %zu.",
                    listing->next);
  if (listing->format && strcmp(listing->format, "maps") != 0)
    wx_audit_notice(audit, "The rows are those of %s.", listing->format);
}

// What people save. `damage` is what the kernel's own format would have had to look like.
static int load_listing(WxAudit *audit, const char *path, const WxDamage *damage) {
  WxListing listing;
  wx_maps_free(&audit->maps); // What was read in vain.
  wx_smaps_free(&audit->smaps);
  const int result = wx_listing_load(&audit->smaps, path, &listing);
  if (result)
    return result;
  if (!audit->smaps.count) {
    say_line(audit, damage->reason ? damage : &listing.damage);
    return -EINVAL;
  }
  audit->source = listing.sizes ? WX_SOURCE_SMAPS : WX_SOURCE_MAPS;
  say_line(audit, &listing.damage);
  say_listing(audit, &listing);
  return use_smaps(audit, listing.sizes);
}

static int read_as(WxAudit *audit, WxSource source, const char *path, WxDamage *damage) {
  return source == WX_SOURCE_MAPS ? wx_maps_load(&audit->maps, path, damage)
                                  : wx_smaps_load(&audit->smaps, path, damage);
}

// As the kernel writes the kind that was asked for, else the other, else in any other way.
static int load_text(WxAudit *audit, const char *path) {
  const char *reason = reason_against(path);
  if (reason) {
    snprintf(audit->damage, sizeof audit->damage, "%s", reason);
    return -EINVAL;
  }
  const WxSource other = audit->source == WX_SOURCE_MAPS ? WX_SOURCE_SMAPS : WX_SOURCE_MAPS;
  WxDamage damage, unused;
  int result = read_as(audit, audit->source, path, &damage);
  if (result == -EINVAL) {
    result = read_as(audit, other, path, &unused);
    if (result == -EINVAL)
      return load_listing(audit, path, &damage);
    audit->source = other;
  }
  if (result)
    return result;
  const bool maps = audit->source == WX_SOURCE_MAPS;
  const size_t count = maps ? audit->maps.count : audit->smaps.count;
  if (is_marked(maps ? audit->maps.items : audit->smaps.items, count))
    return load_listing(audit, path, &damage);
  if (!count)
    return load_nothing(audit, maps ? "/proc/PID/maps" : "/proc/PID/smaps");
  return maps ? use_maps(audit) : use_smaps(audit, true);
}

static int load_mappings(WxAudit *audit, const char *path) {
  WxSaved saved;
  int result = wx_saved_open(&saved, path);
  if (!result)
    result = load_text(audit, saved.path);
  wx_saved_close(&saved);
  return result;
}

static void say_core(WxAudit *audit) {
  const WxCore *core = &audit->core;
  wx_audit_notice(audit, "Core written by %s: %zu segments, %zu entries of NT_FILE.",
                  wx_core_writer_name(core->writer), core->segment_count, core->file_count);
  if (!core->has_file_note && core->damage.reason)
    wx_audit_notice(audit, "NT_FILE was not found in what there is of the file: which file was "
                           "mapped where cannot be known.");
  else if (!core->has_file_note)
    wx_audit_notice(audit, "NT_FILE is absent (the kernel drops it above 4 MiB): which file was "
                           "mapped where cannot be known.");
  else if (audit->core_space.space.deleted_left_out)
    wx_audit_notice(audit, "This createdump names no deleted file, and so no memfd: the double "
                           "mapper's code is among `unnamed`, its data among `other anonymous`.");
  wx_audit_notice(audit,
                  "A core does not name malloc's main heap%s: it is among `other "
                  "anonymous`.",
                  audit->core_space.space.as_mapped ? "" : ", nor the collector's range");
  if (core->writer == WX_WRITER_GCORE)
    wx_audit_notice(audit,
                    "gcore flags reserved memory as readable: read-only memory without a file "
                    "is taken for reserved.");
  if (core->writer == WX_WRITER_CREATEDUMP)
    wx_audit_notice(audit, "createdump leaves reserved memory without a file out: it is a hole "
                           "here.");
  if (audit->core_space.partial) {
    snprintf(audit->left_out, sizeof audit->left_out,
             "it is a partial dump, as createdump writes for Mini, Triage and Heap");
    wx_audit_notice(audit, "A partial dump: what it has is listed, sums of it say nothing of the "
                           "process.");
  }
  wx_audit_notice(audit, "A core cannot show resident bytes, nor released memory that is still "
                         "held: audit the live process, or save smaps and memory.stat with it.");
}

static int load_core(WxAudit *audit, const char *path) {
  const int result = wx_core_open(&audit->core, path);
  const WxCoreDamage *damage = &audit->core.damage;
  if (damage->reason)
    snprintf(audit->damage, sizeof audit->damage, "offset %llu: %s",
             (unsigned long long)damage->offset, damage->reason);
  if (result)
    return result;
  audit->core_open = true;
  audit->pid = audit->core.pid;
  snprintf(audit->command, sizeof audit->command, "%.16s", audit->core.program);
  const WxHeapRules rules = {.page_bytes = audit->core.page_size};
  const int failed = wx_core_space_make(&audit->core_space, &audit->core, &rules);
  if (failed)
    return failed;
  audit->space = &audit->core_space.space;
  audit->allocator = wx_allocator_find(audit->space->mappings, audit->space->count);
  const int unchosen = choose_file(audit, audit->space->mappings, audit->space->count);
  if (unchosen)
    return unchosen;
  WxSpace *space = &audit->core_space.space;
  space->double_mapper = audit->link;
  space->heap_rules.other_malloc |= audit->allocator.rules.other_malloc;
  if (audit->allocator.rules.other_malloc || strcmp(audit->link, WX_DOUBLEMAPPER) != 0) {
    const int again = wx_space_attribute(space);
    if (again)
      return again;
  }
  say_core(audit);
  return 0;
}

// The double mapper's files, which maps and smaps name by device and inode. Of pmap's rows, and of
// a part of a list, it is not known.
static WxFigure count_files(const WxAudit *audit) {
  const WxSpace *space = audit->space;
  const WxMapping *known[MOST_FILES];
  size_t count = 0;
  if (audit->source == WX_SOURCE_CORE || audit->facts.missing || !audit->facts.whole)
    return WX_UNKNOWN;
  for (size_t i = 0; i < space->count; ++i) {
    const WxMapping *one = &space->mappings[i];
    if (space->owners[i] != WX_OWNER_DOUBLE_MAPPER)
      continue;
    size_t at = 0;
    while (at < count && (known[at]->inode != one->inode || known[at]->minor != one->minor ||
                          known[at]->major != one->major))
      ++at;
    if (!one->inode || at == MOST_FILES)
      return WX_UNKNOWN;
    known[at] = one;
    count += at == count;
  }
  return (WxFigure)count;
}

static const struct {
  int (*load)(WxAudit *audit, const char *path);
} loaders[] = {
    [WX_SOURCE_MAPS] = {load_mappings},
    [WX_SOURCE_SMAPS] = {load_mappings},
    [WX_SOURCE_CORE] = {load_core},
};

int wx_audit_file(WxAudit *audit, WxSource source, const char *path,
                  const WxAuditOptions *options) {
  wx_audit_begin(audit, source, options);
  forget_process(audit);
  const int result = loaders[source].load(audit, path);
  if (result)
    return result;
  const WxMaps view = {.items = (WxMapping *)audit->space->mappings, .count = audit->space->count};
  audit->runtime = wx_runtime_find(&view);
  if (audit->source != WX_SOURCE_CORE)
    wx_audit_notice(audit,
                    "A saved file cannot show what the double mapper's file holds, nor "
                    "released memory that is still held%s.",
                    audit->source == WX_SOURCE_MAPS ? ", nor resident bytes" : "");
  sum_process(audit);
  const int failed = wx_audit_weigh(audit, options->rows);
  if (failed)
    return failed;
  wx_audit_judge(audit, options);
  if (audit->facts.missing)
    forget_status(audit); // Sums of a part are none of the process.
  audit->truth.inodes = count_files(audit);
  // What was not read may hold the double mapper.
  const bool known = audit->facts.whole && audit->facts.names_known && !audit->facts.missing;
  const bool on = audit->module && !strcmp(audit->link, WX_DOUBLEMAPPER);
  if (on || (audit->runtime.present && known))
    audit->wx_state = wx_state_judge(&view, audit->runtime.version, 0, NULL);
  return 0;
}
