// Which files that a process maps are opened.
#include "measure/mapped_file.h"
#include "measure/mounts.h"
#include "support/inject.h"
#include "support/suite.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096 };

static const char mounts[] =
    "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n"
    "30 27 0:27 / /dev/shm rw - tmpfs tmpfs rw\n"
    "damaged\n"
    "0 27 0:1 / /kernel rw - tmpfs tmpfs rw\n"
    "41 27 0:41 / /home/u/remote rw shared:7 master:2 - fuse.sshfs u@host:/ rw,user_id=1000\n"
    "42 27 0:42 / /srv rw - nfs4 server:/srv rw\n"
    "43 27 0:43 / /a\\040-\\040ext4 rw - fuse d rw\n"
    "44 27 0:44 / /o rw - overlay overlay rw,lowerdir=/l\n"
    "45 27 0:45 / /x rw - ext4x x rw";

START_TEST(file_systems_that_ask_others_are_not_local) {
  static const struct {
    unsigned major, minor;
    bool local;
  } rows[] = {{254, 0, true}, {0, 27, true}, {0, 1, true},   {0, 41, false}, {0, 42, false},
              {0, 43, false}, {0, 44, true}, {0, 45, false}, {0, 99, false}, {254, 1, false}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
    ck_assert_msg(wx_mounts_have_local(mounts, rows[i].major, rows[i].minor) == rows[i].local,
                  "row %zu", i);
  ck_assert(!wx_mounts_have_local("", 254, 0));
}
END_TEST

START_TEST(device_of_a_mount_is_found_by_its_number_also_0) {
  uint32_t major, minor;
  ck_assert(wx_mounts_find(mounts, 0, &major, &minor) && major == 0 && minor == 1);
  ck_assert(wx_mounts_find(mounts, 45, &major, &minor) && major == 0 && minor == 45);
  ck_assert(!wx_mounts_find(mounts, 46, &major, &minor));
}
END_TEST

static WxMapping mapping_of(const WxMaps *maps, const void *address) {
  for (size_t i = 0; i < maps->count; ++i)
    if (maps->items[i].start == (uintptr_t)address)
      return maps->items[i];
  ck_abort_msg("not mapped");
}

// Maps `path` and opens it as another process's; what comes out is the result.
static int open_mapped(const char *path, int flags) {
  const int fd = open(path, flags, 0600);
  ck_assert_int_ge(fd, 0);
  void *mapped = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
  ck_assert_ptr_ne(mapped, MAP_FAILED);
  WxMaps maps = {0};
  ck_assert_int_eq(wx_maps_read(&maps, 0), 0);
  const WxMapping mapping = mapping_of(&maps, mapped);
  const int opened = wx_mapped_file_open(0, &mapping);
  wx_maps_free(&maps);
  ck_assert_int_eq(munmap(mapped, PAGE), 0);
  ck_assert_int_eq(close(fd), 0);
  return opened;
}

START_TEST(library_is_opened_and_a_device_is_not) {
  char head[SELFMAG];
  const int fd = open_mapped("/proc/self/exe", O_RDONLY);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(pread(fd, head, sizeof head, 0), (ssize_t)sizeof head);
  ck_assert_mem_eq(head, ELFMAG, SELFMAG);
  ck_assert_int_eq(close(fd), 0);
  const WxMapping none = {.start = PAGE, .end = 2 * PAGE, .path = ""};
  ck_assert_int_eq(wx_mapped_file_open(0, &none), -EPERM);
  ck_assert_int_eq(open_mapped("/dev/zero", O_RDWR), -EPERM);
}
END_TEST

START_TEST(what_has_taken_the_place_of_a_mapped_file_is_not_opened) {
  char path[] = "/tmp/wx-mapped-XXXXXX";
  const int fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(pwrite(fd, "old", 3, 0), 3);
  void *mapped = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
  ck_assert_ptr_ne(mapped, MAP_FAILED);
  WxMaps maps = {0};
  ck_assert_int_eq(wx_maps_read(&maps, 0), 0);
  const WxMapping mapping = mapping_of(&maps, mapped);
  ck_assert_int_eq(unlink(path), 0);
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  const int opened = wx_mapped_file_open(0, &mapping); // The old one, or none.
  char text[3] = "old";
  if (opened >= 0)
    ck_assert_int_eq(pread(opened, text, sizeof text, 0), 3);
  ck_assert_mem_eq(text, "old", 3);
  if (opened >= 0)
    ck_assert_int_eq(close(opened), 0);
  ck_assert_int_eq(unlink(path), 0);
  wx_maps_free(&maps);
}
END_TEST

static WxMapping library(WxMaps *maps) {
  ck_assert_int_eq(wx_maps_read(maps, 0), 0);
  for (size_t i = 0; i < maps->count; ++i)
    if (strstr(maps->items[i].path, "/libc.so"))
      return maps->items[i];
  ck_abort_msg("no libc");
}

START_TEST(user_who_may_not_follow_mappings_gets_the_file_by_its_path) {
  enum { OTHER = 65534 };
  WxMaps maps = {0};
  const WxMapping mapping = library(&maps);
  if (geteuid() == 0)
    ck_assert_int_eq(setresuid(OTHER, OTHER, OTHER), 0);
  const int fd = wx_mapped_file_open(0, &mapping);
  if (fd == -ENOSYS || fd == -EINVAL)
    WX_SKIP("before Linux 5.12 the kernel does not tell what it knows of a path");
  else
    ck_assert_int_ge(fd, 0);
  wx_maps_free(&maps);
}
END_TEST

static WxMapping tried;

static int open_once(void *context) {
  (void)context;
  const int fd = wx_mapped_file_open(0, &tried);
  return fd < 0 ? fd : close(fd);
}

static uint64_t descriptors;

static void nothing_left(void *context) {
  (void)context;
  ck_assert_uint_eq(wx_held().descriptors, descriptors);
}

START_TEST(failures_leave_nothing_behind) {
  WxMaps maps = {0};
  tried = library(&maps);
  descriptors = wx_held().descriptors;
  ck_assert_uint_gt(wx_inject_each(EIO, open_once, nothing_left, NULL), 5);
  // Where mappings may not be followed, the path is.
  ck_assert_uint_gt(wx_inject_each(EPERM, open_once, nothing_left, NULL), 5);
  wx_maps_free(&maps);
}
END_TEST

WX_TEST_MAIN("mapped-file", file_systems_that_ask_others_are_not_local,
             device_of_a_mount_is_found_by_its_number_also_0, library_is_opened_and_a_device_is_not,
             what_has_taken_the_place_of_a_mapped_file_is_not_opened,
             user_who_may_not_follow_mappings_gets_the_file_by_its_path,
             failures_leave_nothing_behind)
