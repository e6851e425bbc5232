// Which .NET runtime a process runs.
#include "measure/runtime.h"
#include "support/bystander.h"
#include "support/suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096 };

static const struct {
  const char *path;
  const char *version;
  bool present;
} runtimes[] = {
    {"/usr/share/dotnet/shared/Microsoft.NETCore.App/10.0.14/libcoreclr.so", "10.0.14", true},
    {"/d/shared/Microsoft.NETCore.App/11.0.0-preview.1.25/libcoreclr.so", "11.0.0-preview.1.25",
     true},
    {"/d/shared/Microsoft.NETCore.App/8.0.31/libcoreclr.so (deleted)", "8.0.31", true},
    {"/app/selfcontained/libcoreclr.so", "", true},
    {"/libcoreclr.so", "", true},
    {"libcoreclr.so", "", false},
    {"/d/shared/Microsoft.NETCore.App/10.0.14/libclrjit.so", "", false},
    {"/d/notlibcoreclr.so", "", false},
    {"", "", false},
};

START_TEST(the_runtime_is_told_by_the_folder_of_its_library) {
  for (size_t i = 0; i < sizeof runtimes / sizeof *runtimes; ++i) {
    WxMapping mappings[] = {{.path = "/bin/x"}, {.path = runtimes[i].path}};
    const WxMaps maps = {.items = mappings, .count = 2};
    const WxRuntime runtime = wx_runtime_find(&maps);
    ck_assert_msg(runtime.present == runtimes[i].present, "%s", runtimes[i].path);
    ck_assert_str_eq(runtime.version, runtimes[i].version);
  }
}
END_TEST

static const struct {
  const char *text;
  const char *version; ///< NULL: it is none.
} file_versions[] = {
    {"8.0.3126.42015 @Commit: 1", "8.0.31"},
    {"9.0.2026.41315", "9.0.20"},
    {"10.0.1426.52326", "10.0.14"},
    {"8.0.23.53103", "8.0.0"},
    {"7.0.523.17405", "7.0.5"},
    {"", NULL},
    {"N/A", NULL},
    {"10.0", NULL},
    {" 10.0.1426.1", NULL},
    {"-1.0.1.1", NULL},
};

START_TEST(a_file_version_tells_the_version_of_the_runtime) {
  for (size_t i = 0; i < sizeof file_versions / sizeof *file_versions; ++i) {
    char version[64] = "";
    const bool is_one = wx_runtime_parse_file_version(version, file_versions[i].text);
    ck_assert_msg(is_one == (file_versions[i].version != NULL), "`%s`", file_versions[i].text);
    ck_assert_str_eq(version, is_one ? file_versions[i].version : "");
  }
}
END_TEST

// Of a self-contained program: its version is in the library, across the border of two reads.
START_TEST(a_library_outside_of_a_framework_is_asked_for_its_version) {
  char directory[] = "/tmp/wx-runtime-XXXXXX";
  ck_assert_ptr_nonnull(mkdtemp(directory));
  char path[128];
  snprintf(path, sizeof path, "%s/libcoreclr.so", directory);
  const int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
  ck_assert_int_ge(fd, 0);
  static const char text_in_it[] = "@(#)Version 10.0.1426.52326 @Commit: 0";
  const off_t border = 1024 * 1024;
  ck_assert_int_eq(pwrite(fd, "@(#)Version none", 16, 0), 16);
  ck_assert_int_eq(pwrite(fd, text_in_it, sizeof text_in_it, border - 20), sizeof text_in_it);
  void *mapped = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
  ck_assert_ptr_ne(mapped, MAP_FAILED);
  WxMaps maps = {0};
  ck_assert_int_eq(wx_maps_read(&maps, 0), 0);
  WxRuntime runtime = wx_runtime_find(&maps);
  ck_assert(runtime.present);
  ck_assert_str_eq(runtime.version, "");
  ck_assert_int_eq(wx_runtime_identify(&runtime, 0, &maps), 0);
  ck_assert_str_eq(runtime.version, "10.0.14");
  ck_assert_int_eq(munmap(mapped, PAGE), 0);
  ck_assert_int_eq(close(fd), 0);
  ck_assert_int_eq(unlink(path), 0);
  ck_assert_int_eq(rmdir(directory), 0);
  wx_maps_free(&maps);
}
END_TEST

// Of a single-file program: this one has such a text in its executable.
START_TEST(an_executable_is_asked_where_no_library_is_mapped) {
  static const char *const volatile inside = "@(#)Version 11.0.226.1 of this test";
  ck_assert_ptr_nonnull(inside);
  WxMaps maps = {0};
  WxRuntime runtime = {0};
  ck_assert_int_eq(wx_maps_read(&maps, 0), 0);
  ck_assert_int_eq(wx_runtime_identify(&runtime, 0, &maps), 0);
  ck_assert(runtime.present);
  ck_assert(strcmp(runtime.version, "11.0.2") == 0 || strcmp(runtime.version, "10.0.14") == 0);
  WxRuntime other = {0}; // A shell has none.
  const pid_t child = fork();
  if (child == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)execl("/bin/sh", "sh", "-c", "kill -STOP $$", NULL);
    _exit(1);
  }
  ck_assert_int_eq(waitpid(child, NULL, WUNTRACED), child);
  ck_assert_int_eq(wx_maps_read(&maps, child), 0);
  ck_assert_int_eq(wx_runtime_identify(&other, child, &maps), 0);
  ck_assert(!other.present);
  ck_assert_str_eq(other.version, "");
  wx_bystander_end(child);
  wx_maps_free(&maps);
}
END_TEST

WX_TEST_MAIN("runtime", the_runtime_is_told_by_the_folder_of_its_library,
             a_file_version_tells_the_version_of_the_runtime,
             a_library_outside_of_a_framework_is_asked_for_its_version,
             an_executable_is_asked_where_no_library_is_mapped)
