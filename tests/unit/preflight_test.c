// How much processor time a control group leaves to who must be quick.
#include "reclaim/preflight.h"
#include "support/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void put_file(const char *folder, const char *name, const char *text) {
  char path[256];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "we");
  ck_assert_ptr_nonnull(file);
  ck_assert_int_ge(fputs(text, file), 0);
  ck_assert_int_eq(fclose(file), 0);
}

/// Folders that look like control groups, as `top/outer/inner`; the process is in `/outer/inner`.
typedef struct {
  char top[64];
  char outer[96];
  char inner[128];
} Groups;

static Groups make_groups(const char *line, const char *type, const char *options) {
  Groups groups = {.top = "/tmp/wxbench-groups-XXXXXX"};
  char mounts[256];
  ck_assert_ptr_nonnull(mkdtemp(groups.top));
  (void)snprintf(groups.outer, sizeof groups.outer, "%s/outer", groups.top);
  (void)snprintf(groups.inner, sizeof groups.inner, "%s/inner", groups.outer);
  ck_assert_int_eq(mkdir(groups.outer, 0700), 0);
  ck_assert_int_eq(mkdir(groups.inner, 0700), 0);
  put_file(groups.top, "groups", line);
  (void)snprintf(mounts, sizeof mounts,
                 "1 2 0:3 / / rw - ext4 none rw\n4 5 0:6 / %s rw - %s none %s\n", groups.top, type,
                 options);
  put_file(groups.top, "mounts", mounts);
  return groups;
}

static double quota_in(const Groups *groups, char path[static 256]) {
  char lines[128];
  char mounts[128];
  (void)snprintf(lines, sizeof lines, "%s/groups", groups->top);
  (void)snprintf(mounts, sizeof mounts, "%s/mounts", groups->top);
  return wx_preflight_quota(lines, mounts, path, 256);
}

static double urgent_share_in(const Groups *groups, double *time_us) {
  char lines[128];
  char mounts[128];
  (void)snprintf(lines, sizeof lines, "%s/groups", groups->top);
  (void)snprintf(mounts, sizeof mounts, "%s/mounts", groups->top);
  double part;
  wx_preflight_urgent(lines, mounts, &part, time_us);
  return part;
}

static void remove_groups(const Groups *groups) {
  char command[128];
  (void)snprintf(command, sizeof command, "rm -r %s", groups->top);
  ck_assert_int_eq(system(command), 0);
}

START_TEST(least_quota_of_all_groups_on_the_way_up_counts) {
  char path[256];
  Groups groups = make_groups("0::/outer/inner\n", "cgroup2", "rw");
  ck_assert_double_eq(quota_in(&groups, path), HUGE_VAL);
  put_file(groups.inner, "cpu.max", "200000 100000\n");
  put_file(groups.outer, "cpu.max", "max 100000\n");
  ck_assert_double_eq(quota_in(&groups, path), 2);
  put_file(groups.outer, "cpu.max", "25000 50000\n");
  ck_assert_double_eq(quota_in(&groups, path), 0.5);
  ck_assert_ptr_nonnull(strstr(path, "/outer/cpu.max"));
  remove_groups(&groups);
}
END_TEST

START_TEST(quota_of_version_1_is_found_too) {
  char path[256];
  Groups groups =
      make_groups("7:cpuset:/x\n4:cpu,cpuacct:/outer/inner\n", "cgroup", "rw,cpu,cpuacct");
  put_file(groups.inner, "cpu.cfs_quota_us", "-1\n");
  put_file(groups.inner, "cpu.cfs_period_us", "100000\n");
  ck_assert_double_eq(quota_in(&groups, path), HUGE_VAL);
  put_file(groups.inner, "cpu.cfs_quota_us", "10000\n");
  ck_assert_double_eq(quota_in(&groups, path), 0.1);
  ck_assert_ptr_nonnull(strstr(path, "/inner/cpu.cfs_quota_us"));
  double time_us;
  ck_assert_double_eq(urgent_share_in(&groups, &time_us), HUGE_VAL);
  ck_assert_double_eq(time_us, HUGE_VAL);
  put_file(groups.inner, "cpu.rt_runtime_us", "25000\n");
  put_file(groups.inner, "cpu.rt_period_us", "1000000\n");
  put_file(groups.outer, "cpu.rt_runtime_us", "100000\n");
  put_file(groups.outer, "cpu.rt_period_us", "1000000\n");
  ck_assert_double_eq(urgent_share_in(&groups, &time_us), 0.025);
  ck_assert_double_eq(time_us, 25000);
  remove_groups(&groups);
}
END_TEST

WX_TEST_MAIN("preflight", least_quota_of_all_groups_on_the_way_up_counts,
             quota_of_version_1_is_found_too)
