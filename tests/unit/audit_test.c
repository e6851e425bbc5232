// What an audit makes of what it has read: sums by owner, and the facts that a verdict rests on.
#include "attribution/images.h"
#include "support/pe_image.h"
#include "support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, RW = WX_READ | WX_WRITE };
#define MIB ((WxFigure)1 << 20)

// Of a process of one page in a group with a limit.
static WxVerdictFacts judged(WxFigure usage, WxFigure limit, const WxAuditOptions *options) {
  static const WxMapping mapping = {.start = PAGE, .end = 2 * PAGE, .protection = RW, .path = ""};
  WxSpace space = {.mappings = &mapping, .count = 1};
  ck_assert_int_eq(wx_space_attribute(&space), 0);
  WxAudit audit = {.space = &space, .truth = wx_truth_unknown()};
  audit.cgroup = (WxCgroupFigures){.usage_bytes = usage, .limit_bytes = limit};
  ck_assert_int_eq(wx_audit_weigh(&audit, 1), 0);
  wx_audit_judge(&audit, options);
  const WxVerdictFacts facts = audit.facts;
  wx_rows_free(&audit.rows);
  wx_modules_free(&audit.modules);
  wx_space_free(&space);
  return facts;
}

START_TEST(a_group_counts_from_half_of_its_limit_on) {
  const WxAuditOptions options = {0};
  const struct {
    WxFigure usage, limit, counted;
  } rows[] = {
      {100 * MIB, 200 * MIB, 100 * MIB},           {100 * MIB - 1, 200 * MIB, WX_UNKNOWN},
      {100 * MIB, WX_CGROUP_NO_LIMIT, WX_UNKNOWN}, {100 * MIB, WX_UNKNOWN, WX_UNKNOWN},
      {WX_UNKNOWN, 200 * MIB, WX_UNKNOWN},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
    ck_assert_int_eq(judged(rows[i].usage, rows[i].limit, &options).cgroup_usage, rows[i].counted);
}
END_TEST

START_TEST(a_group_says_nothing_of_one_process_of_many) {
  const WxMappers known = {0};
  const WxAuditOptions options = {.known = &known};
  ck_assert_int_eq(judged(150 * MIB, 200 * MIB, &options).cgroup_usage, WX_UNKNOWN);
}
END_TEST

// A heap and, merged with it into one mapping, memory of another owner.
static void weigh(WxAudit *audit, WxSpace *space, uint64_t before, uint64_t heap) {
  static WxMapping mappings[2];
  static const WxResidency residency[2] = {{5 * PAGE, 3 * PAGE, 2 * PAGE, true, 0}, {0}};
  const uint64_t slot = 0x4000000, start = 0x7f0000000000;
  mappings[0] =
      (WxMapping){.start = start - before, .end = start + heap, .protection = RW, .path = ""};
  mappings[1] = (WxMapping){.start = start + heap, .end = start + slot, .path = ""};
  *space = (WxSpace){.mappings = mappings, .count = 2, .residency = residency};
  ck_assert_int_eq(wx_space_attribute(space), 0);
  *audit = (WxAudit){.space = space, .truth = wx_truth_unknown()};
  ck_assert_int_eq(wx_audit_weigh(audit, 1), 0);
}

START_TEST(resident_bytes_go_to_the_owner_of_most_of_a_mapping) {
  static const struct {
    uint64_t before, heap;
    WxOwner owner, other;
  } rows[] = {{100 * PAGE, 200 * PAGE, WX_OWNER_HEAP_COMMITTED, WX_OWNER_ANONYMOUS},
              {300 * PAGE, 200 * PAGE, WX_OWNER_ANONYMOUS, WX_OWNER_HEAP_COMMITTED}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    WxAudit audit;
    WxSpace space;
    weigh(&audit, &space, rows[i].before, rows[i].heap);
    ck_assert_uint_eq(audit.ownership.bytes[WX_OWNER_HEAP_COMMITTED], rows[i].heap);
    ck_assert_uint_eq(audit.ownership.bytes[WX_OWNER_ANONYMOUS], rows[i].before);
    ck_assert_int_eq(audit.residency[rows[i].owner].rss_bytes, 5 * PAGE);
    ck_assert_int_eq(audit.residency[rows[i].owner].pss_bytes, 3 * PAGE);
    ck_assert_int_eq(audit.residency[rows[i].owner].swap_bytes, 2 * PAGE);
    ck_assert_int_eq(audit.residency[rows[i].other].rss_bytes, 0);
    wx_modules_free(&audit.modules);
    wx_space_free(&space);
  }
}
END_TEST

/* Images in a part of the memory
 * -------------------------------------------------------------------------------------------------
 */

enum { FIRST_IMAGE = 0x10000, SECOND_IMAGE = 0x30000, MEMORY_END = 0x40000 };

static ssize_t read_images(void *context, uint64_t address, void *buffer, size_t size) {
  const char *bytes = context;
  const size_t left = address < MEMORY_END ? MEMORY_END - (size_t)address : 0;
  memcpy(buffer, bytes + address, size < left ? size : left);
  return (ssize_t)(size < left ? size : left);
}

static int count_image(const WxPeImage *image, const WxImagePlace *place, void *context) {
  (void)image, (void)place;
  ++*(int *)context;
  return 0;
}

static int pass_letters(const WxMzHit *hit, const WxImagePlace *place, void *context) {
  (void)hit, (void)place, (void)context;
  return 0;
}

// How many images there are from `start` to `end` in two mappings with one image each.
static int images_in(uint64_t start, uint64_t end) {
  static unsigned char bytes[MEMORY_END];
  wx_test_image(bytes + FIRST_IMAGE, 0);
  wx_test_image(bytes + SECOND_IMAGE, 0);
  static const WxMapping mappings[] = {
      {.start = FIRST_IMAGE, .end = FIRST_IMAGE + 0x2000, .protection = RW, .path = ""},
      {.start = SECOND_IMAGE, .end = SECOND_IMAGE + 0x2000, .protection = RW, .path = ""}};
  const WxMemory memory = {read_images, bytes};
  WxSpace space = {.mappings = mappings, .count = 2, .memory = &memory};
  ck_assert_int_eq(wx_space_attribute(&space), 0);
  const WxAudit audit = {.source = WX_SOURCE_CORE, .space = &space};
  int found = 0;
  const WxImageVisitor visitor = {count_image, pass_letters, &found};
  ck_assert_int_eq(wx_images_search(&audit, start, end, &visitor), 0);
  wx_space_free(&space);
  return found;
}

// A program whose compiler has 16 MiB in an executable file, of which it maps a page.
static _Noreturn void be_another_jit(int ready) {
  enum { BYTES = 16 << 20 };
  const int fd = memfd_create("jit-of-another", 0);
  char *all = ftruncate(fd, BYTES) ? MAP_FAILED
                                   : mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (all == MAP_FAILED)
    _exit(1);
  memset(all, 1, BYTES);
  munmap(all, BYTES);
  if (mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0) == MAP_FAILED ||
      write(ready, "", 1) != 1)
    _exit(1);
  for (;;)
    pause();
}

START_TEST(the_executable_file_of_another_runtime_has_the_same_account_under_its_own_name) {
  int ready[2];
  char byte;
  ck_assert_int_eq(pipe(ready), 0);
  const pid_t pid = fork();
  if (pid == 0)
    be_another_jit(ready[1]);
  ck_assert_int_eq(read(ready[0], &byte, 1), 1);
  WxAudit audit;
  for (int fast = 0; fast < 2; ++fast) {
    ck_assert_int_eq(wx_audit_live(&audit, pid, &(WxAuditOptions){.rows = 1, .fast = fast}), 0);
    ck_assert_int_eq(audit.verdict.code, WX_VERDICT_RETAINED);
    ck_assert_int_eq(audit.truth.orphaned_bytes, 16 * MIB - PAGE);
    ck_assert_uint_eq(audit.parts[WX_PART_RX].bytes, PAGE);
    ck_assert_ptr_nonnull(strstr(audit.verdict.text, "memfd:jit-of-another keeps"));
    ck_assert_ptr_nonnull(strstr(audit.verdict.next, "--memfd jit-of-another"));
    wx_audit_free(&audit);
  }
  kill(pid, SIGKILL);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
  close(ready[0]);
  close(ready[1]);
}
END_TEST

START_TEST(images_are_searched_from_the_start_to_the_end_that_is_asked_for) {
  ck_assert_int_eq(images_in(0, 0), 2);
  ck_assert_int_eq(images_in(0, SECOND_IMAGE), 1);
  ck_assert_int_eq(images_in(0, SECOND_IMAGE + 0x1000), 2);
  ck_assert_int_eq(images_in(FIRST_IMAGE + 8, SECOND_IMAGE), 0);
  ck_assert_int_eq(images_in(FIRST_IMAGE, FIRST_IMAGE + 0x1000), 1);
  ck_assert_int_eq(images_in(SECOND_IMAGE, 0), 1);
}
END_TEST

WX_TEST_MAIN("audit", a_group_counts_from_half_of_its_limit_on,
             a_group_says_nothing_of_one_process_of_many,
             resident_bytes_go_to_the_owner_of_most_of_a_mapping,
             the_executable_file_of_another_runtime_has_the_same_account_under_its_own_name,
             images_are_searched_from_the_start_to_the_end_that_is_asked_for)
