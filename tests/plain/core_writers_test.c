// Real cores of one process by gcore, createdump and the kernel: the same owner of every byte that
// two of them have, and the heaps to the byte.
#include "attribution/core_space.h"
#include "support/arenas.h"
#include "support/suite.h"

#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CORES = 5 };

typedef struct {
  const char *name;
  WxCore core;
  WxCoreSpace space;
  bool there;
} Core;

static char folder[] = "/tmp/wxbench-cores-XXXXXX";

static void load(Core *core, const char *name, const char *path) {
  const WxHeapRules rules = {0};
  core->name = name;
  if (access(path, R_OK) || wx_core_open(&core->core, path))
    return;
  ck_assert_msg(!core->core.damage.reason, "%s: %s", name, core->core.damage.reason);
  ck_assert_int_eq(wx_core_space_make(&core->space, &core->core, &rules), 0);
  core->there = true;
}

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...) {
  char command[PATH_MAX + 256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(command, sizeof command, format, arguments);
  va_end(arguments);
  if (system(command))
    printf("failed: %s\n", command);
}

// The createdump of a runtime whose version begins so.
static bool find_createdump(const char *version, char path[PATH_MAX]) {
  static const char *const patterns[] = {
      "build/runtimes/%s*/shared/Microsoft.NETCore.App/*/createdump",
      "/usr/share/dotnet/shared/Microsoft.NETCore.App/%s*/createdump",
      "/usr/lib/dotnet/shared/Microsoft.NETCore.App/%s*/createdump",
  };
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; ++i) {
    char pattern[256];
    glob_t found;
    snprintf(pattern, sizeof pattern, patterns[i], version);
    const bool any = !glob(pattern, 0, NULL, &found);
    if (any)
      snprintf(path, PATH_MAX, "%s", found.gl_pathv[0]);
    globfree(&found);
    if (any)
      return true;
  }
  return false;
}

static void dump_by_createdump(Core *core, const char *name, const char *version, pid_t pid) {
  char program[PATH_MAX], path[PATH_MAX];
  core->name = name;
  if (!find_createdump(version, program))
    return;
  snprintf(path, sizeof path, "%s/%s", folder, version);
  run("'%s' --full -f '%s' %d >/dev/null 2>&1", program, path, (int)pid);
  load(core, name, path);
}

// The kernel's core, which ends the process.
static void dump_by_kernel(Core *core, pid_t pid) {
  char pattern[256] = "", path[PATH_MAX], with_pid[PATH_MAX];
  FILE *file = fopen("/proc/sys/kernel/core_pattern", "re");
  core->name = "kernel";
  if (!file || !fgets(pattern, sizeof pattern, file) || strcmp(pattern, "core\n") != 0) {
    if (file)
      fclose(file);
    return;
  }
  fclose(file);
  kill(pid, SIGABRT);
  waitpid(pid, NULL, 0);
  snprintf(path, sizeof path, "%s/core", folder);
  snprintf(with_pid, sizeof with_pid, "%s/core.%d", folder, (int)pid);
  load(core, "kernel", access(path, R_OK) ? with_pid : path);
}

// Two cores of one process, side by side.
typedef struct {
  const Core *left, *right;
  WxOwner owner;  // Of the part of the left one,
  uint64_t bytes; // and how many bytes were compared.
} Pair;

static bool names_memfd(const Core *core) {
  return !core->space.space.deleted_left_out;
}

// Where a createdump names no memfd its mappings are memory without a name.
static WxOwner known_owner(const Pair *pair, WxOwner owner) {
  if (names_memfd(pair->left) && names_memfd(pair->right))
    return owner;
  return owner == WX_OWNER_DOUBLE_MAPPER || owner == WX_OWNER_UNNAMED ? WX_OWNER_ANONYMOUS : owner;
}

// Only the kernel's core tells a stack's guard page from other reserved memory.
static WxOwner owner_in(const Core *core, const WxPart *part) {
  const WxSpace *space = &core->space.space;
  const bool guard = space->as_mapped && part->owner == WX_OWNER_STACK &&
                     !space->mappings[part->mapping].protection;
  return guard ? WX_OWNER_RESERVED : part->owner;
}

static int compare_part(const WxPart *part, void *context) {
  Pair *pair = context;
  if (part->mapping == SIZE_MAX || !wx_core_segment(&pair->right->core, part->start))
    return 0;
  const WxOwner owner = owner_in(pair->right, part);
  ck_assert_msg(known_owner(pair, owner) == known_owner(pair, pair->owner),
                "%lx-%lx is %s by %s and %s by %s", (unsigned long)part->start,
                (unsigned long)part->end, wx_owner_name(pair->owner), pair->left->name,
                wx_owner_name(owner), pair->right->name);
  pair->bytes += part->end - part->start;
  return 0;
}

static int compare_all(const WxPart *part, void *context) {
  Pair *pair = context;
  if (part->mapping == SIZE_MAX || !wx_core_segment(&pair->left->core, part->start))
    return 0;
  pair->owner = owner_in(pair->left, part);
  return wx_space_walk(&pair->right->space.space, part->start, part->end, compare_part, pair);
}

static void compare(const Core *left, const Core *right) {
  Pair pair = {.left = left, .right = right};
  wx_space_walk(&left->space.space, 0, UINT64_MAX, compare_all, &pair);
  ck_assert_uint_gt(pair.bytes, 1 << 20);
  printf("%s and %s agree on %lu bytes\n", left->name, right->name, (unsigned long)pair.bytes);
}

START_TEST(cores_of_one_process_by_every_writer_give_the_same_owners) {
  ck_assert_ptr_nonnull(mkdtemp(folder));
  char back[PATH_MAX];
  ck_assert_ptr_nonnull(getcwd(back, sizeof back));
  const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_CORE, &unlimited);
  ck_assert_int_eq(chdir(folder), 0); // The kernel writes its core there.
  const WxArenas subject = wx_arenas_start(1 << 20);
  ck_assert_int_eq(chdir(back), 0);
  Core cores[CORES] = {0};
  char path[PATH_MAX];
  dump_by_createdump(&cores[0], "createdump 8", "8", subject.pid);
  dump_by_createdump(&cores[1], "createdump 10", "10", subject.pid);
  dump_by_createdump(&cores[2], "createdump 11", "11", subject.pid);
  run("gcore -o '%s/gcore' %d >/dev/null 2>&1", folder, (int)subject.pid);
  snprintf(path, sizeof path, "%s/gcore.%d", folder, (int)subject.pid);
  load(&cores[3], "gcore", path);
  dump_by_kernel(&cores[4], subject.pid);
  for (size_t i = 0; i < CORES; ++i) {
    if (!cores[i].there) {
      WX_SKIP("no core by %s here", cores[i].name ? cores[i].name : "?");
      continue;
    }
    const WxHeaps *heaps = &cores[i].space.space.heaps;
    ck_assert_uint_eq(heaps->arenas, subject.report.arenas);
    ck_assert_uint_eq(heaps->committed_bytes, subject.report.malloc_mprotect);
    ck_assert_int_eq(heaps->weakest, WX_PROOF_HEADER);
    for (size_t other = 0; other < i; ++other)
      if (cores[other].there)
        compare(&cores[other], &cores[i]);
  }
  for (size_t i = 0; i < CORES; ++i)
    if (cores[i].there) {
      wx_core_space_free(&cores[i].space);
      wx_core_close(&cores[i].core);
    }
  wx_arenas_end(&subject);
  run("rm -rf '%s'", folder);
}
END_TEST

WX_TEST_MAIN("core-writers", cores_of_one_process_by_every_writer_give_the_same_owners)
