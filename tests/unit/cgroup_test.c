// The memory group of a process: a real one of version 1 where it can be made, fixtures for the
// rest.
#include "measure/cgroup.h"
#include "measure/mounts.h"
#include "os/text.h"
#include "support/suite.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 4 * 1024 * 1024, MIB = 1024 * 1024 };

static char root[] = "/tmp/wx-cgroup-XXXXXX";
static WxText text;

// Writes `content` into `path` below the fixture's root, making the folders on the way.
static void put(const char *path, const char *content) {
  char full[PATH_MAX];
  snprintf(full, sizeof full, "%s%s", root, path);
  for (char *slash = strchr(full + sizeof root, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    ck_assert(mkdir(full, 0700) == 0 || errno == EEXIST);
    *slash = '/';
  }
  FILE *file = fopen(full, "we");
  ck_assert_ptr_nonnull(file);
  ck_assert_int_ge(fputs(content, file), 0);
  ck_assert_int_eq(fclose(file), 0);
}

static void make_root(void) {
  ck_assert_ptr_nonnull(mkdtemp(root));
}

static void remove_root(void) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", root);
  ck_assert_int_eq(system(command), 0);
  wx_text_free(&text);
}

static WxCgroup find(void) {
  WxCgroup group;
  ck_assert_int_eq(wx_cgroup_find(&group, 7, root, &text), 0);
  return group;
}

static WxCgroupFigures read_group(const WxCgroup *group) {
  WxCgroupFigures figures;
  ck_assert_int_eq(wx_cgroup_read(&figures, group, &text), 0);
  return figures;
}

#define OTHER_MOUNTS                                                                               \
  "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n24 22 0:22 / /proc rw - proc proc rw\n"
#define V2_MOUNT "30 22 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"

START_TEST(version_2_is_read_with_the_lowest_limit_on_the_way_up) {
  make_root();
  put("/proc/7/cgroup", "0::/pods/one\n");
  put("/proc/self/mountinfo", OTHER_MOUNTS V2_MOUNT);
  put("/sys/fs/cgroup/memory.max", "999999999999\n");
  put("/sys/fs/cgroup/memory.stat", "anon 999\nshmem 999\n");
  put("/sys/fs/cgroup/pods/memory.max", "209715200\n");
  put("/sys/fs/cgroup/pods/memory.stat", "anon 99\nshmem 99\n");
  put("/sys/fs/cgroup/pods/one/memory.max", "max\n");
  put("/sys/fs/cgroup/pods/one/memory.current", "103800000\n");
  put("/sys/fs/cgroup/pods/one/memory.swap.current", "4096\n");
  put("/sys/fs/cgroup/pods/one/memory.events", "low 0\nhigh 0\nmax 36\noom 1\noom_kill 2\n");
  put("/sys/fs/cgroup/pods/one/memory.stat",
      "anon 1000\nfile 45000000\nkernel 500\nkernel_stack 16\npagetables 32\nsock 8\n"
      "shmem_thp 7\nshmem 42900000\nfile_mapped 29100000\nslab 64\n");
  const WxCgroup group = find();
  ck_assert_int_eq(group.version, 2);
  const WxCgroupFigures figures = read_group(&group);
  ck_assert_int_eq(figures.usage_bytes, 103800000);
  ck_assert_int_eq(figures.limit_bytes, 209715200);
  ck_assert_int_eq(figures.shmem_bytes, 42900000);
  ck_assert_int_eq(figures.file_mapped_bytes, 29100000);
  ck_assert_int_eq(figures.anon_bytes, 1000);
  ck_assert_int_eq(figures.file_bytes, 45000000);
  ck_assert_int_eq(figures.swap_bytes, 4096);
  ck_assert_int_eq(figures.kernel_bytes, 500);
  ck_assert_int_eq(figures.slab_bytes, 64);
  ck_assert_int_eq(figures.socket_bytes, 8);
  ck_assert_int_eq(figures.page_tables_bytes, 32);
  ck_assert_int_eq(figures.kernel_stack_bytes, 16);
  ck_assert_int_eq(figures.oom_kills, 2);
  remove_root();
}
END_TEST

START_TEST(version_2_without_memory_in_the_group_is_accounted_above) {
  make_root();
  put("/proc/7/cgroup", "0::/user/session/app\n");
  put("/proc/self/mountinfo", V2_MOUNT);
  put("/sys/fs/cgroup/user/memory.stat", "shmem 5\n");
  put("/sys/fs/cgroup/user/memory.current", "6\n");
  put("/sys/fs/cgroup/user/session/app/cgroup.procs", "7\n");
  const WxCgroup group = find();
  ck_assert_int_eq(group.version, 2);
  const WxCgroupFigures figures = read_group(&group);
  ck_assert_int_eq(figures.shmem_bytes, 5);
  ck_assert_int_eq(figures.usage_bytes, 6);
  ck_assert_int_eq(figures.limit_bytes, WX_CGROUP_NO_LIMIT);
  ck_assert_int_eq(figures.file_mapped_bytes, WX_UNKNOWN);
  remove_root();
}
END_TEST

START_TEST(a_memory_controller_of_version_1_is_preferred_where_both_are_mounted) {
  make_root();
  put("/proc/7/cgroup", "9:name=systemd:/\n0::/elsewhere\n4:cpu,memory:/box\n");
  put("/proc/self/mountinfo",
      OTHER_MOUNTS "34 30 0:31 / /cg/hugetlb rw - cgroup cgroup rw,notmemory,memory2\n"
                   "35 30 0:31 / /cg/memory rw - cgroup cgroup rw,cpu,memory\n"
                   "40 30 0:37 / /cg/unified rw - cgroup2 cgroup2 rw\n");
  put("/cg/unified/elsewhere/memory.stat", "shmem 1\n");
  put("/cg/memory/box/memory.stat",
      "cache 3\nshmem 4\nmapped_file 5\nrss 6\nhierarchical_memory_limit 9223372036854771712\n"
      "total_cache 30\ntotal_rss 60\ntotal_shmem 40\ntotal_mapped_file 50\ntotal_swap 70\n");
  put("/cg/memory/box/memory.usage_in_bytes", "100\n");
  put("/cg/memory/box/memory.kmem.usage_in_bytes", "11\n");
  put("/cg/memory/box/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
  const WxCgroup group = find();
  ck_assert_int_eq(group.version, 1);
  const WxCgroupFigures figures = read_group(&group);
  ck_assert_int_eq(figures.usage_bytes, 100);
  ck_assert_int_eq(figures.limit_bytes, WX_CGROUP_NO_LIMIT);
  ck_assert_int_eq(figures.shmem_bytes, 40);
  ck_assert_int_eq(figures.file_mapped_bytes, 50);
  ck_assert_int_eq(figures.anon_bytes, 60);
  ck_assert_int_eq(figures.file_bytes, 30);
  ck_assert_int_eq(figures.swap_bytes, 70);
  ck_assert_int_eq(figures.kernel_bytes, 11);
  ck_assert_int_eq(figures.slab_bytes, WX_UNKNOWN);
  ck_assert_int_eq(figures.oom_kills, 3);
  remove_root();
}
END_TEST

START_TEST(a_mount_of_a_part_of_the_hierarchy_is_resolved) {
  make_root();
  put("/proc/7/cgroup", "4:memory:/docker/abc/child\n");
  put("/proc/self/mountinfo",
      "33 30 0:31 /docker/other /elsewhere rw - cgroup cgroup rw,memory\n"
      "34 30 0:31 /docker/ab /elsewhere rw - cgroup cgroup rw,memory\n"
      "35 30 0:31 /docker/abc /a\\040b/memory ro - cgroup cgroup rw,memory\n");
  put("/a b/memory/child/memory.stat", "total_shmem 12\n");
  const WxCgroup group = find();
  ck_assert_int_eq(group.version, 1);
  ck_assert_int_eq(read_group(&group).shmem_bytes, 12);
  remove_root();
}
END_TEST

static const struct {
  const char *groups, *mounts;
} invisible[] = {
    {"0::/\n", OTHER_MOUNTS},                // Not mounted.
    {"0::/../other\n", V2_MOUNT},            // Outside of the namespace.
    {"0::/here\n", V2_MOUNT},                // Nothing accounts memory.
    {"3:cpu:/\n", V2_MOUNT},                 // No memory controller.
    {"4:memory:/box\n0::/here\n", V2_MOUNT}, // That of version 1 is not mounted.
    {"", ""},                                // Kernel without groups.
    {"garbage\n:::\n0\n:\n", "- - -\n - cgroup2\n1 2 3 - cgroup2 a b\n"}, // Nonsense.
};

// Of a process in both versions, and of a mount with other controllers beside the one.
START_TEST(the_hierarchy_of_a_controller_is_told_from_the_others) {
  static const char groups[] = "12:name=cpu:/named\n"
                               "7:cpuset:/set\n"
                               "4:memory,cpu,cpuacct:/a:b/c\n"
                               "0::/second\n";
  static const char mounts[] = "20 1 0:20 / / rw - tmpfs cpu rw,cpu\n"
                               "31 1 0:31 / /named rw - cgroup cgroup rw,xattr,name=cpu\n"
                               "32 1 0:32 / /set rw shared:4 - cgroup cgroup rw,cpuset\n"
                               "33 1 0:33 /a:b/c/d /inner rw - cgroup cgroup rw,memory,cpu\n"
                               "34 1 0:33 /a:b /both rw - cgroup cgroup rw,memory,cpu,cpuacct\n"
                               "35 1 0:34 / /unified rw - cgroup2 cgroup2 rw,cpu";
  static const struct {
    const char *controller;
    const char *path;
    const char *directory;
  } rows[] = {{"cpu", "/a:b/c", "/both/c"},
              {"memory", "/a:b/c", "/both/c"},
              {"cpuset", "/set", "/set/set"},
              {"freezer", NULL, NULL},
              {NULL, "/second", "/unified/second"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    char directory[PATH_MAX];
    size_t length = 0, point_length = 0;
    const char *path = wx_cgroup_path(groups, rows[i].controller, &length);
    const bool found =
        wx_cgroup_directory(groups, mounts, rows[i].controller, directory, &point_length);
    ck_assert_int_eq(found, rows[i].directory != NULL);
    ck_assert_int_eq(path != NULL, rows[i].path != NULL);
    if (!found)
      continue;
    ck_assert_uint_eq(length, strlen(rows[i].path));
    ck_assert_mem_eq(path, rows[i].path, length);
    ck_assert_str_eq(directory, rows[i].directory);
    ck_assert_uint_eq(point_length, (size_t)(strchr(directory + 1, '/') - directory));
  }
}
END_TEST

START_TEST(a_group_that_cannot_be_seen_is_unknown_and_no_error) {
  for (size_t i = 0; i < sizeof invisible / sizeof *invisible; ++i) {
    memcpy(strrchr(root, '-') + 1, "XXXXXX", 6);
    make_root();
    put("/proc/7/cgroup", invisible[i].groups);
    put("/proc/self/mountinfo", invisible[i].mounts);
    put("/sys/fs/cgroup/cgroup.procs", "");
    put("/sys/fs/other/memory.stat", "shmem 1\n"); // At the end of a path through "..".
    const WxCgroup group = find();
    ck_assert_msg(group.version == 0, "row %zu", i);
    const WxCgroupFigures figures = read_group(&group);
    ck_assert_int_eq(figures.shmem_bytes, WX_UNKNOWN);
    ck_assert_int_eq(figures.limit_bytes, WX_UNKNOWN);
    remove_root();
  }
}
END_TEST

START_TEST(a_process_that_is_gone_has_no_group) {
  make_root();
  WxCgroup group;
  ck_assert_int_eq(wx_cgroup_find(&group, 7, root, &text), -ESRCH);
  remove_root();
}
END_TEST

// A child that enters the group, maps `SIZE` bytes of a memfd twice, touches them and unmaps them.
static pid_t start_in_group(const char *directory) {
  int ready[2];
  ck_assert_int_eq(pipe(ready), 0);
  const pid_t pid = fork();
  ck_assert_int_ge(pid, 0);
  if (pid == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/cgroup.procs", directory);
    FILE *procs = fopen(path, "we");
    const bool entered = procs && fputs("0\n", procs) >= 0 && fclose(procs) == 0;
    const int fd = memfd_create("doublemapper", 0);
    char *view = ftruncate(fd, SIZE) ? MAP_FAILED
                                     : mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (entered && view != MAP_FAILED) {
      memset(view, 1, SIZE);
      (void)munmap(view, SIZE);
      (void)!write(ready[1], "r", 1);
    }
    (void)close(ready[1]);
    for (;;)
      (void)pause();
  }
  ck_assert_int_eq(close(ready[1]), 0);
  char byte;
  const bool entered = read(ready[0], &byte, 1) == 1;
  ck_assert_int_eq(close(ready[0]), 0);
  if (entered)
    return pid;
  ck_assert_int_eq(kill(pid, SIGKILL), 0);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
  return 0;
}

START_TEST(a_real_group_holds_what_its_process_unmapped) {
  WxCgroup own;
  ck_assert_int_eq(wx_cgroup_find(&own, 0, "", &text), 0);
  char directory[PATH_MAX + 32];
  snprintf(directory, sizeof directory, "%s/wx-test-%d", own.directory, (int)getpid());
  if (own.version == 0 || mkdir(directory, 0700)) {
    WX_SKIP("no memory group can be made here");
    return;
  }
  const pid_t child = start_in_group(directory);
  if (child) {
    WxCgroup group;
    ck_assert_int_eq(wx_cgroup_find(&group, child, "", &text), 0);
    ck_assert_str_eq(group.directory, directory);
    const WxCgroupFigures figures = read_group(&group);
    ck_assert_int_ge(figures.shmem_bytes, SIZE - MIB); // The kernel counts in batches.
    ck_assert_int_le(figures.file_mapped_bytes, figures.shmem_bytes - SIZE + 2 * MIB);
    ck_assert_int_ge(figures.usage_bytes, SIZE - MIB);
    ck_assert(wx_known(figures.limit_bytes));
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
  } else {
    WX_SKIP("a process cannot enter the new group");
  }
  wx_text_free(&text);
  ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

WX_TEST_MAIN("cgroup", version_2_is_read_with_the_lowest_limit_on_the_way_up,
             version_2_without_memory_in_the_group_is_accounted_above,
             a_memory_controller_of_version_1_is_preferred_where_both_are_mounted,
             a_mount_of_a_part_of_the_hierarchy_is_resolved,
             the_hierarchy_of_a_controller_is_told_from_the_others,
             a_group_that_cannot_be_seen_is_unknown_and_no_error,
             a_process_that_is_gone_has_no_group, a_real_group_holds_what_its_process_unmapped)
