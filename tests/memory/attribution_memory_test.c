// Whose memory is it, where memory runs out: cores, saved files, a living process, images.
#include "attribution/audit.h"
#include "attribution/core_writer.h"
#include "attribution/pe.h"
#include "memory/failing.h"
#include "support/double_map.h"
#include "support/pe_image.h"
#include "support/suite.h"
#include "support/written.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 4096, RW = WX_READ | WX_WRITE, RX = WX_READ | WX_EXECUTE };

static const WxMapping mappings[] = {
    {.start = 0x400000, .end = 0x402000, .protection = WX_READ, .inode = 7, .path = "/usr/bin/app"},
    {.start = 0x7f0000000000,
     .end = 0x7f0000002000,
     .offset = 0x30000,
     .protection = RX,
     .inode = 9,
     .shared = true,
     .path = "/memfd:doublemapper (deleted)"},
    {.start = 0x7f0000004000,
     .end = 0x7f0000006000,
     .offset = 0,
     .inode = 9,
     .shared = true,
     .path = "/memfd:doublemapper (deleted)"},
    {.start = 0x7f0004000000, .end = 0x7f0004002000, .protection = RW, .path = ""},
    {.start = 0x7f0004002000, .end = 0x7f0008000000, .path = ""},
    {.start = 0x7f0008006000, .end = 0x7f0008028000, .protection = RW, .path = ""},
};
static const uint64_t stack_pointers[] = {0x7f0008007f00, 0x7f0008007e00};

typedef struct {
  WxSource source;
  const char *path;
} File;

// Where it succeeds, the figures are those of enough memory.
static int audit_file(void *context) {
  const File *file = context;
  WxAudit audit;
  const int result = wx_audit_file(&audit, file->source, file->path, &(WxAuditOptions){.rows = 5});
  const uint64_t span = audit.module ? audit.module->end - audit.module->start : 0;
  const uint64_t own = audit.parts[WX_PART_RX].bytes;
  const size_t rows = audit.rows.count;
  wx_audit_free(&audit);
  memory_suffices();
  if (!result)
    ck_assert_msg(span && own && rows, "%s: span %lu, own %lu, %zu rows", file->path,
                  (unsigned long)span, (unsigned long)own, rows);
  return result;
}

START_TEST(a_core_of_each_writer_is_read_or_memory_is_said_to_be_out) {
  for (WxCoreWriter writer = WX_WRITER_KERNEL; writer <= WX_WRITER_CREATEDUMP; ++writer) {
    const WxCoreRecipe recipe = {.writer = writer,
                                 .names_deleted_files = true,
                                 .mappings = mappings,
                                 .count = sizeof mappings / sizeof *mappings,
                                 .stack_pointers = stack_pointers,
                                 .threads = 2};
    char path[WRITTEN_PATH];
    written_text(path, "");
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(wx_core_write(fd, &recipe), 0);
    close(fd);
    File file = {WX_SOURCE_CORE, path};
    ck_assert_uint_ge(memory_fail_each(audit_file, &file), 8);
    unlink(path);
  }
}
END_TEST

START_TEST(saved_mappings_are_audited_or_memory_is_said_to_be_out) {
  File file = {WX_SOURCE_SMAPS, "tests/fixtures/audit.smaps"};
  ck_assert_uint_ge(memory_fail_each(audit_file, &file), 10);
}
END_TEST

static int audit_self(void *context) {
  (void)context;
  WxAudit audit;
  const WxAuditOptions options = {.fast = true, .extents = true, .rows = 5};
  const int result = wx_audit_live(&audit, getpid(), &options);
  const WxFigure allocated = audit.truth.allocated_bytes, orphaned = audit.truth.orphaned_bytes;
  wx_audit_free(&audit);
  memory_suffices();
  if (!result)
    ck_assert(allocated == 1 << 20 && orphaned == 1 << 20);
  return result;
}

START_TEST(a_living_process_is_audited_or_memory_is_said_to_be_out) {
  DoubleMap map = double_map_make(1 << 20);
  double_map_writable(&map);
  double_map_write(&map);
  double_map_drop_writable(&map);
  ck_assert_uint_ge(memory_fail_each(audit_self, NULL), 10);
  double_map_free(&map);
}
END_TEST

static ssize_t read_image(void *context, uint64_t address, void *buffer, size_t size) {
  const size_t left = address < WX_TEST_IMAGE ? WX_TEST_IMAGE - (size_t)address : 0;
  memcpy(buffer, (char *)context + address, size < left ? size : left);
  return (ssize_t)(size < left ? size : left);
}

static int named; // Images whose name was read.

static int take_image(const WxPeImage *image, void *context) {
  (void)context;
  named += *image->name != '\0';
  return 0;
}

static int take_letters(const WxMzHit *hit, void *context) {
  (void)hit, (void)context;
  return 0;
}

static int search(void *context) {
  const WxMemory memory = {read_image, context};
  const WxPeVisitor visitor = {take_image, take_letters, NULL};
  named = 0;
  const int result = wx_pe_search(&memory, 0, WX_TEST_IMAGE, &visitor);
  memory_suffices();
  ck_assert(result || named == 1);
  return result;
}

START_TEST(an_image_is_named_or_memory_is_said_to_be_out) {
  static unsigned char image[WX_TEST_IMAGE];
  wx_test_image(image, 0);
  ck_assert_uint_ge(memory_fail_each(search, image), 2);
}
END_TEST

WX_TEST_MAIN("attribution_memory", a_core_of_each_writer_is_read_or_memory_is_said_to_be_out,
             saved_mappings_are_audited_or_memory_is_said_to_be_out,
             a_living_process_is_audited_or_memory_is_said_to_be_out,
             an_image_is_named_or_memory_is_said_to_be_out)
