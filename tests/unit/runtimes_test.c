// Real runtimes are found where they lie, and told apart by version.
#include "measure/wx_switch.h"
#include "scenario/mode.h"
#include "scenario/runtimes.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char home[] = "/tmp/wxbench-runtimes-XXXXXX";

static void make_folders(const char *below) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", home, below);
  for (char *at = path + strlen(home) + 1; (at = strchr(at, '/')); *at++ = '/') {
    *at = '\0';
    (void)mkdir(path, 0700);
  }
  (void)mkdir(path, 0700);
}

static void make_file(const char *below, mode_t mode) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", home, below);
  const int fd = open(path, O_CREAT | O_WRONLY, mode);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(close(fd), 0);
}

static void make_runtime(const char *root, const char *version) {
  char below[PATH_MAX];
  snprintf(below, sizeof below, "%s/shared/Microsoft.NETCore.App/%s", root, version);
  make_folders(below);
  strcat(below, "/libcoreclr.so");
  make_file(below, 0600);
  snprintf(below, sizeof below, "%s/dotnet", root);
  make_file(below, 0700);
}

static const char *path_of(const char *below) {
  static char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", home, below);
  return path;
}

// Each test has a folder of its own, and nothing of this machine's.
static void begin(void) {
  ck_assert_ptr_nonnull(mkdtemp(home));
  setenv("WXBENCH_HOME", home, 1);
  setenv("PATH", "/nowhere", 1);
  unsetenv("DOTNET_ROOT");
}

static void end(void) {
  char command[PATH_MAX + 16];
  setenv("PATH", "/usr/bin:/bin", 1);
  snprintf(command, sizeof command, "rm -rf %s", home);
  ck_assert_int_eq(system(command), 0);
}

START_TEST(none_is_success) {
  begin();
  WxRuntimes found;
  ck_assert_int_eq(wx_runtimes_find(&found), 0);
  ck_assert_uint_eq(found.count, 0);
  ck_assert_ptr_null(wx_runtimes_pick(&found, "10"));
  wx_runtimes_free(&found);
  end();
}
END_TEST

START_TEST(laid_out_ones_come_newest_first) {
  begin();
  make_runtime("build/runtimes/9.0.20", "9.0.20");
  make_runtime("build/runtimes/10.0.9", "10.0.9");
  make_runtime("build/runtimes/10.0.14", "10.0.14");
  make_runtime("build/runtimes/8.0.31", "8.0.31");
  WxRuntimes found;
  ck_assert_int_eq(wx_runtimes_find(&found), 0);
  ck_assert_uint_eq(found.count, 4);
  static const char *const wanted[] = {"10.0.14", "10.0.9", "9.0.20", "8.0.31"};
  for (size_t i = 0; i < 4; ++i)
    ck_assert_str_eq(found.items[i].version, wanted[i]);
  ck_assert_str_eq(found.items[3].root, path_of("build/runtimes/8.0.31"));
  wx_runtimes_free(&found);
  end();
}
END_TEST

START_TEST(a_version_is_picked_by_whole_parts) {
  begin();
  make_runtime("build/runtimes/10.0.14", "10.0.14");
  make_runtime("build/runtimes/10.0.9", "10.0.9");
  WxRuntimes found;
  ck_assert_int_eq(wx_runtimes_find(&found), 0);
  ck_assert_str_eq(wx_runtimes_pick(&found, "10")->version, "10.0.14");
  ck_assert_str_eq(wx_runtimes_pick(&found, "10.0")->version, "10.0.14");
  ck_assert_str_eq(wx_runtimes_pick(&found, "10.0.9")->version, "10.0.9");
  ck_assert_ptr_null(wx_runtimes_pick(&found, "1"));
  ck_assert_ptr_null(wx_runtimes_pick(&found, "10.0.1"));
  ck_assert_ptr_null(wx_runtimes_pick(&found, "10.0.140"));
  wx_runtimes_free(&found);
  end();
}
END_TEST

START_TEST(a_folder_without_all_its_parts_is_none) {
  begin();
  WxRuntimes found = {0};
  ck_assert_int_eq(wx_runtimes_in(path_of("nothing"), &found), -ENOENT);
  make_folders("half/shared/Microsoft.NETCore.App/10.0.1");
  ck_assert_int_eq(wx_runtimes_in(path_of("half"), &found), -ENOENT);
  make_file("half/shared/Microsoft.NETCore.App/10.0.1/libcoreclr.so", 0600);
  ck_assert_int_eq(wx_runtimes_in(path_of("half"), &found), -ENOENT);
  make_file("half/dotnet", 0700);
  ck_assert_int_eq(wx_runtimes_in(path_of("half"), &found), 0);
  ck_assert_uint_eq(found.count, 1);
  wx_runtimes_free(&found);
  wx_runtimes_free(&found);
  end();
}
END_TEST

START_TEST(one_folder_may_hold_several) {
  begin();
  make_runtime("sdk", "8.0.1");
  make_runtime("sdk", "10.0.2");
  setenv("DOTNET_ROOT", path_of("sdk"), 1);
  WxRuntimes found;
  ck_assert_int_eq(wx_runtimes_find(&found), 0);
  ck_assert_uint_eq(found.count, 2);
  ck_assert_str_eq(found.items[0].version, "10.0.2");
  wx_runtimes_free(&found);
  end();
}
END_TEST

// A version is listed once: laid out ones before that of DOTNET_ROOT before that in PATH.
START_TEST(the_first_place_of_a_version_counts) {
  begin();
  make_runtime("build/runtimes/10.0.2", "10.0.2");
  make_runtime("sdk", "10.0.2");
  make_runtime("sdk", "9.0.1");
  make_runtime("installed", "9.0.1");
  make_runtime("installed", "8.0.1");
  make_folders("bin");
  char link[PATH_MAX];
  snprintf(link, sizeof link, "%s/bin/dotnet", home);
  ck_assert_int_eq(symlink(path_of("installed/dotnet"), link), 0);
  setenv("DOTNET_ROOT", path_of("sdk"), 1);
  setenv("PATH", path_of("bin"), 1);
  WxRuntimes found;
  ck_assert_int_eq(wx_runtimes_find(&found), 0);
  ck_assert_uint_eq(found.count, 3);
  ck_assert_str_eq(found.items[0].root, path_of("build/runtimes/10.0.2"));
  ck_assert_str_eq(found.items[1].root, path_of("sdk"));
  ck_assert_str_eq(found.items[2].root, path_of("installed"));
  wx_runtimes_free(&found);
  end();
}
END_TEST

START_TEST(a_root_that_is_none_is_passed_over) {
  begin();
  setenv("DOTNET_ROOT", "/nowhere", 1);
  make_runtime("build/runtimes/10.0.2", "10.0.2");
  WxRuntimes found;
  ck_assert_int_eq(wx_runtimes_find(&found), 0);
  ck_assert_uint_eq(found.count, 1);
  wx_runtimes_free(&found);
  end();
}
END_TEST

START_TEST(each_mode_switches_what_its_name_says) {
  static const struct {
    const char *name;
    bool wx, preload, live;
  } rows[] = {{"on", true, false, false},
              {"off", false, false, false},
              {"preload", true, true, false},
              {"live", true, false, true}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    const WxMode *mode = wx_mode_find(rows[i].name);
    ck_assert_ptr_eq(mode, wx_mode_at(i));
    ck_assert(mode->wx == rows[i].wx && mode->preload == rows[i].preload &&
              mode->live == rows[i].live);
  }
  ck_assert_ptr_null(wx_mode_find("of"));
}
END_TEST

// dotnet/runtime PR 69672: on from .NET 7. Each row was held against .NET 8.0.34 and 11.0.0.
START_TEST(the_switch_is_read_as_the_runtime_reads_it) {
  static const struct {
    const char *dotnet, *complus;
    int major;
    bool on;
  } rows[] = {
      {"x", NULL, 7, true},   {"x", NULL, 6, false},
      {NULL, NULL, 6, false}, {NULL, NULL, 7, true},
      {"0", NULL, 10, false}, {"1", NULL, 6, true},
      {"0", "1", 10, false},  {NULL, "0", 8, false},
      {NULL, "1", 6, true},   {"A", NULL, 6, true},
      {"00", NULL, 8, false}, {"x", NULL, 8, true},
      {"", NULL, 8, true},    {"0z", NULL, 8, false},
      {"", "0", 8, false},    {"x", "0", 8, true},
      {"0x", NULL, 8, false}, {"-0", NULL, 8, false},
      {"off", NULL, 8, true}, {"false", NULL, 6, true},
      {" ", "0", 8, true},    {"10000000000000000", NULL, 6, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    unsetenv("DOTNET_EnableWriteXorExecute");
    unsetenv("COMPlus_EnableWriteXorExecute");
    if (rows[i].dotnet)
      setenv("DOTNET_EnableWriteXorExecute", rows[i].dotnet, 1);
    if (rows[i].complus)
      setenv("COMPlus_EnableWriteXorExecute", rows[i].complus, 1);
    ck_assert_msg(wx_switch_on_here(rows[i].major) == rows[i].on, "row %zu", i);
  }
}
END_TEST

WX_TEST_MAIN("runtimes", each_mode_switches_what_its_name_says, none_is_success,
             laid_out_ones_come_newest_first, a_version_is_picked_by_whole_parts,
             a_folder_without_all_its_parts_is_none, one_folder_may_hold_several,
             the_first_place_of_a_version_counts, a_root_that_is_none_is_passed_over,
             the_switch_is_read_as_the_runtime_reads_it)
