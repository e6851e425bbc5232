// Who owns which byte: heaps by every proof, stacks, the collector, modules, rows; and the same
// answer from cores of every writer.
#include "attribution/core_space.h"
#include "attribution/core_writer.h"
#include "attribution/explain.h"
#include "attribution/rows.h"
#include "support/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RW = WX_READ | WX_WRITE, RX = WX_READ | WX_EXECUTE, KIB = 1024, MIB = 1024 * 1024 };
#define SLOT WX_HEAP_SLOT_BYTES
#define BASE UINT64_C(0x7f0000000000)
static const char own[] = "/memfd:doublemapper (deleted)";

#define OWN(START, SIZE, OFFSET, PROTECTION)                                                       \
  {                                                                                                \
    .start = (START), .end = (START) + (SIZE), .offset = (OFFSET), .inode = 9, .minor = 1,         \
    .protection = (PROTECTION), .shared = true, .path = own                                        \
  }
#define FILE_(START, SIZE, OFFSET, PROTECTION, PATH)                                               \
  {                                                                                                \
    .start = (START), .end = (START) + (SIZE), .offset = (OFFSET), .inode = 7, .major = 8,         \
    .protection = (PROTECTION), .path = (PATH)                                                     \
  }
#define ANON(START, END, PROTECTION)                                                               \
  { .start = (START), .end = (END), .protection = (PROTECTION), .path = "" }

// A process with three heaps of two arenas (one of them chained, two of them merged into one
// mapping), a stack, the collector's range with the shape of a heap, and its runtime.
static const WxMapping mappings[] = {
    FILE_(0x400000, 0x2000, 0, WX_READ, "/usr/bin/app"),
    {.start = 0x500000, .end = 0x521000, .protection = RW, .path = "[heap]"},
    OWN(BASE - 0x10000, 0x4000, 0, RX),
    OWN(BASE - 0xc000, 0x4000, 0x4000, RW),
    OWN(BASE - 0x8000, 0x4000, 0x8000, 0),
    // Arena A: its first heap is full and merged with its second one.
    ANON(BASE, BASE + SLOT + 0x30000, RW),
    ANON(BASE + SLOT + 0x30000, BASE + 2 * SLOT, 0),
    // Arena B, fresh.
    ANON(BASE + 2 * SLOT, BASE + 2 * SLOT + 0x21000, RW),
    ANON(BASE + 2 * SLOT + 0x21000, BASE + 3 * SLOT, 0),
    // A thread's stack.
    ANON(BASE + 4 * SLOT - 0x900000 - 0x1000, BASE + 4 * SLOT - 0x900000, 0),
    ANON(BASE + 4 * SLOT - 0x900000, BASE + 4 * SLOT - 0x100000, RW),
    // The collector: its front has the shape of a heap.
    ANON(BASE + 8 * SLOT, BASE + 8 * SLOT + 0x400000, RW),
    ANON(BASE + 8 * SLOT + 0x400000, BASE + 9 * SLOT, 0),
    ANON(BASE + 9 * SLOT, BASE + 9 * SLOT + 0x11000, RW),
    ANON(BASE + 9 * SLOT + 0x11000, BASE + 12 * SLOT, 0),
    FILE_(BASE + 13 * SLOT, 0x5000, 0, WX_READ, "/opt/dotnet/libcoreclr.so"),
    OWN(BASE + 14 * SLOT, 0x10000, 0x10000, RX),
};
enum { COUNT = sizeof mappings / sizeof *mappings };
#define SPAN_START (BASE - 0x10000)
#define SPAN_END   (BASE + 14 * SLOT + 0x10000)
static const uint64_t stack_pointers[] = {BASE + 4 * SLOT - 0x200000};

static void put_header(uint64_t address, uint64_t arena, uint64_t previous, uint64_t committed,
                       uint64_t at, void *buffer, size_t size) {
  const uint64_t words[5] = {arena, previous, committed, committed, 4096};
  for (size_t i = 0; i < size; i += 8)
    if (at + i >= address && at + i < address + sizeof words)
      memcpy((char *)buffer + i, &words[(at + i - address) / 8], 8);
}

static void fill(void *context, uint64_t at, void *buffer, size_t size) {
  (void)context;
  const uint64_t a = BASE + 0x30, b = BASE + 2 * SLOT + 0x30;
  memset(buffer, 0, size);
  put_header(BASE, a, 0, SLOT, at, buffer, size);
  put_header(BASE + SLOT, a, BASE, 0x30000, at, buffer, size);
  put_header(BASE + 2 * SLOT, b, 0, 0x21000, at, buffer, size);
  const uint64_t links[][2] = {{a + 2160, b}, {b + 2160, 0x7f7700000000}};
  for (size_t i = 0; i < 2; ++i)
    if (links[i][0] >= at && links[i][0] < at + size)
      memcpy((char *)buffer + (links[i][0] - at), &links[i][1], 8);
}

static ssize_t read_memory(void *context, uint64_t at, void *buffer, size_t size) {
  // Aligned, as fill() wants it.
  ck_assert_uint_eq(at % 8, 0);
  fill(context, at, buffer, size);
  return (ssize_t)size;
}

static const WxMemory memory = {read_memory, NULL};

static WxSpace attribute(const WxMemory *readable, const WxResidency *residency) {
  WxSpace space = {
      .mappings = mappings, .count = COUNT, .memory = readable, .residency = residency};
  ck_assert_int_eq(wx_space_attribute(&space), 0);
  return space;
}

START_TEST(headers_prove_heaps_also_merged_and_chained_ones_and_refute_the_collector) {
  WxSpace space = attribute(&memory, NULL);
  ck_assert_uint_eq(space.heaps.count, 3);
  ck_assert_uint_eq(space.heaps.arenas, 2);
  ck_assert(space.heaps.arenas_known);
  ck_assert_int_eq(space.heaps.weakest, WX_PROOF_HEADER);
  ck_assert_uint_eq(space.heaps.committed_bytes, SLOT + 0x30000 + 0x21000);
  ck_assert_uint_eq(space.heaps.reserved_bytes, 2 * SLOT - 0x30000 - 0x21000);
  ck_assert(space.heaps.ring_complete);
  wx_space_free(&space);
}
END_TEST

START_TEST(without_memory_the_shape_is_taken_and_says_so_and_a_full_heap_is_only_a_pattern) {
  WxSpace space = attribute(NULL, NULL);
  ck_assert_int_eq(space.heaps.weakest, WX_PROOF_SHAPE);
  ck_assert_uint_eq(space.heaps.pattern_count, 1);
  ck_assert_uint_eq(space.heaps.pattern_bytes, SLOT);
  // The collector's front is among them: the shape alone misfires.
  ck_assert_uint_eq(space.heaps.proven, 3);
  ck_assert_uint_eq(space.heaps.committed_bytes, 0x30000 + 0x21000 + 0x400000);
  wx_space_free(&space);
}
END_TEST

// A neighbour of equal flags behind a heap's tail becomes one mapping with it.
START_TEST(the_flag_of_smaps_proves_a_heap_whose_tail_is_joined_with_a_neighbour) {
  static const WxMapping joined[] = {
      {.start = BASE, .end = BASE + 0x30000, .protection = RW, .path = ""},
      {.start = BASE + 0x30000, .end = BASE + SLOT + 0x10000, .path = ""},
  };
  static const WxResidency flagged[] = {{.rss = 0x30000, .no_reserve = true}, {.no_reserve = true}};
  WxSpace space = {.mappings = joined, .count = 2, .residency = flagged};
  ck_assert_int_eq(wx_space_attribute(&space), 0);
  ck_assert_uint_eq(space.heaps.proven, 1);
  ck_assert_int_eq(space.heaps.weakest, WX_PROOF_FLAGS);
  ck_assert_uint_eq(space.heaps.reserved_bytes, SLOT - 0x30000);
  ck_assert(!space.heaps.ring_checked); // No header was read.
  wx_space_free(&space);
  space = (WxSpace){.mappings = joined, .count = 2};
  ck_assert_int_eq(wx_space_attribute(&space), 0);
  ck_assert_uint_eq(space.heaps.proven, 0);
  wx_space_free(&space);
}
END_TEST

START_TEST(heaps_behind_many_slots_are_found) {
  static const WxMapping wide[] = {
      {.start = SLOT, .end = SLOT * 200001, .protection = RW, .path = ""},
      {.start = BASE, .end = BASE + 0x30000, .protection = RW, .path = ""},
      {.start = BASE + 0x30000, .end = BASE + SLOT, .path = ""},
  };
  WxSpace space = {.mappings = wide, .count = 3};
  ck_assert_int_eq(wx_space_attribute(&space), 0);
  ck_assert_uint_eq(space.heaps.pattern_count, 200000);
  ck_assert_uint_eq(space.heaps.proven, 1);
  ck_assert(!space.heaps.cut);
  wx_space_free(&space);
  static const WxMapping endless = {
      .start = SLOT, .end = UINT64_MAX - SLOT + 1, .protection = RW, .path = ""};
  space = (WxSpace){.mappings = &endless, .count = 1};
  ck_assert_int_eq(wx_space_attribute(&space), 0);
  ck_assert(space.heaps.cut);
  wx_space_free(&space);
}
END_TEST

START_TEST(the_flag_of_smaps_tells_heaps_from_the_collector) {
  WxResidency residency[COUNT] = {0};
  for (size_t i = 0; i < COUNT; ++i)
    residency[i] = (WxResidency){.rss = 4096, .no_reserve = i >= 5 && i <= 8};
  WxSpace space = attribute(NULL, residency);
  ck_assert_int_eq(space.heaps.weakest, WX_PROOF_FLAGS);
  ck_assert_uint_eq(space.heaps.count, 3);
  ck_assert_uint_eq(space.heaps.committed_bytes, SLOT + 0x30000 + 0x21000);
  wx_space_free(&space);
}
END_TEST

static ssize_t read_all_but_b(void *context, uint64_t at, void *buffer, size_t size) {
  if (at >= BASE + 2 * SLOT && at < BASE + 2 * SLOT + 0x21000)
    return -EIO;
  return read_memory(context, at, buffer, size);
}

// Whether it is the first heap of an arena is not known then, and it counts as one.
START_TEST(where_a_header_cannot_be_read_the_weaker_proof_is_told) {
  const WxMemory partly = {read_all_but_b, NULL};
  WxResidency residency[COUNT] = {0};
  for (size_t i = 0; i < COUNT; ++i)
    residency[i] = (WxResidency){.rss = 4096, .no_reserve = i >= 5 && i <= 8};
  WxSpace space = attribute(&partly, residency);
  ck_assert_uint_eq(space.heaps.proven, 3);
  ck_assert_uint_eq(space.heaps.arenas, 2);
  ck_assert(!space.heaps.arenas_known);
  ck_assert_int_eq(space.heaps.weakest, WX_PROOF_FLAGS);
  wx_space_free(&space);
}
END_TEST

START_TEST(without_the_runtime_no_range_is_the_collectors) {
  for (int with = 0; with < 2; ++with) {
    WxMapping copy[COUNT];
    memcpy(copy, mappings, sizeof copy);
    for (size_t i = 0; i < COUNT; ++i)
      if (!with && strstr(copy[i].path, "libcoreclr"))
        copy[i].path = "/opt/app/libother.so";
    WxSpace space = {.mappings = copy, .count = COUNT, .memory = &memory};
    ck_assert_int_eq(wx_space_attribute(&space), 0);
    const WxOwnership sum = wx_space_sum(&space, SPAN_START, SPAN_END);
    ck_assert_uint_eq(sum.bytes[WX_OWNER_GC_COMMITTED], with ? 0x411000 : 0);
    ck_assert_uint_eq(sum.bytes[WX_OWNER_ANONYMOUS], with ? 0 : 0x411000);
    wx_space_free(&space);
  }
}
END_TEST

START_TEST(a_stack_has_a_guard_of_one_or_two_pages_and_is_no_smaller_than_128_kib) {
  static const struct {
    uint64_t guard, size;
    WxOwner owner;
  } rows[] = {{0x1000, 128 * KIB, WX_OWNER_STACK},
              {0x2000, 128 * KIB, WX_OWNER_STACK},
              {0x1000, 128 * KIB - 0x1000, WX_OWNER_ANONYMOUS},
              {0x3000, 128 * KIB, WX_OWNER_ANONYMOUS}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    const uint64_t start = BASE + 0x1000, top = start + rows[i].guard;
    const WxMapping pair[] = {ANON(start, top, 0), ANON(top, top + rows[i].size, RW)};
    WxSpace space = {.mappings = pair, .count = 2};
    ck_assert_int_eq(wx_space_attribute(&space), 0);
    ck_assert_int_eq(space.owners[1], rows[i].owner);
    wx_space_free(&space);
  }
}
END_TEST

START_TEST(another_malloc_has_no_glibc_heaps) {
  WxSpace space = {.mappings = mappings, .count = COUNT, .heap_rules = {.other_malloc = true}};
  ck_assert_int_eq(wx_space_attribute(&space), 0);
  ck_assert_uint_eq(space.heaps.count, 0);
  wx_space_free(&space);
}
END_TEST

START_TEST(the_parts_of_the_span_add_up_to_the_byte) {
  WxSpace space = attribute(&memory, NULL);
  const WxOwnership sum = wx_space_sum(&space, SPAN_START, SPAN_END);
  uint64_t all = 0;
  for (size_t i = 0; i < WX_OWNERS; ++i)
    all += sum.bytes[i];
  ck_assert_uint_eq(all, SPAN_END - SPAN_START);
  ck_assert_uint_eq(sum.bytes[WX_OWNER_DOUBLE_MAPPER], 3 * 0x4000 + 0x10000);
  ck_assert_uint_eq(sum.bytes[WX_OWNER_HEAP_COMMITTED], SLOT + 0x30000 + 0x21000);
  ck_assert_uint_eq(sum.bytes[WX_OWNER_HEAP_RESERVED], 2 * SLOT - 0x30000 - 0x21000);
  ck_assert_uint_eq(sum.bytes[WX_OWNER_STACK], 0x801000);
  ck_assert_uint_eq(sum.bytes[WX_OWNER_GC_COMMITTED], 0x411000);
  ck_assert_uint_eq(sum.bytes[WX_OWNER_GC_RESERVED], 4 * SLOT - 0x411000);
  ck_assert_uint_eq(sum.bytes[WX_OWNER_FILE], 0x5000);
  // Any part of it adds up, too.
  for (uint64_t start = SPAN_START; start < SPAN_END; start += 0x1357000) {
    const WxOwnership part = wx_space_sum(&space, start, SPAN_END);
    all = 0;
    for (size_t i = 0; i < WX_OWNERS; ++i)
      all += part.bytes[i];
    ck_assert_uint_eq(all, SPAN_END - start);
  }
  wx_space_free(&space);
}
END_TEST

START_TEST(a_module_is_an_interval_by_both_rules) {
  WxModules modules = {0};
  ck_assert_int_eq(wx_modules_find(&modules, mappings + 3, COUNT - 3), 0);
  const WxModule *module = wx_modules_named(&modules, own);
  ck_assert_ptr_nonnull(module);
  ck_assert_uint_eq(module->end, SPAN_END);
  ck_assert_uint_eq(module->offset0, module->start); // No mapping of the file's start is left.
  ck_assert_int_eq(wx_modules_find(&modules, mappings, COUNT), 0);
  module = wx_modules_named(&modules, own);
  ck_assert_uint_eq(module->start, SPAN_START);
  ck_assert_uint_eq(module->own_bytes, 3 * 0x4000 + 0x10000);
  ck_assert_uint_eq(module->mappings, 4);
  // The library lies inside and starts later: it wins its own addresses.
  const WxModule *inner = wx_modules_at(&modules, BASE + 13 * SLOT + 0x1000);
  ck_assert_str_eq(inner->path, "/opt/dotnet/libcoreclr.so");
  ck_assert_ptr_eq(wx_modules_at(&modules, BASE + 13 * SLOT + 0x5000), module);
  ck_assert_ptr_null(wx_modules_at(&modules, SPAN_END));
  wx_modules_free(&modules);
}
END_TEST

START_TEST(names_are_mangled_as_debuggers_mangle_them) {
  static const char *const names[][2] = {
      {own, "doublemapper__deleted_"},
      {"/usr/share/dotnet/shared/System.Linq.Expressions.dll", "System_Linq_Expressions"},
      {"/lib/libc-2.32.so", "libc_2_32"},
      {"/x", "x"},
      {"", ""},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
    char name[64];
    wx_module_name(names[i][0], name, sizeof name);
    ck_assert_str_eq(name, names[i][1]);
  }
}
END_TEST

START_TEST(rows_are_what_a_debugger_shows_and_say_what_they_really_are) {
  WxSpace space = attribute(&memory, NULL);
  WxModules modules = {0};
  WxRows rows = {0};
  ck_assert_int_eq(wx_modules_find(&modules, mappings, COUNT), 0);
  ck_assert_int_eq(wx_rows_find(&rows, &space, &modules, wx_modules_named(&modules, own), 100), 0);
  uint64_t sum = 0;
  for (size_t i = 0; i < rows.count; ++i) {
    sum += rows.items[i].end - rows.items[i].start;
    ck_assert(i == 0 || rows.items[i].end - rows.items[i].start <=
                            rows.items[i - 1].end - rows.items[i - 1].start);
  }
  ck_assert_uint_eq(sum, rows.bytes);
  ck_assert_uint_eq(rows.seen, rows.count);
  // All of the span but the library.
  ck_assert_uint_eq(sum, SPAN_END - SPAN_START - 0x5000);
  bool full = false, tail = false;
  for (size_t i = 0; i < rows.count; ++i) {
    char text[256];
    wx_row_really(&rows.items[i], text, sizeof text);
    if (rows.items[i].start == BASE) {
      ck_assert_str_eq(text, "glibc heap, committed 64.19mb");
      ck_assert_str_eq(wx_row_protection(rows.items[i].protection), "PAGE_READWRITE");
      full = true;
    }
    if (rows.items[i].start == BASE + 2 * SLOT + 0x21000) {
      ck_assert_str_eq(text, "glibc heap, reserved 63.87mb + hole 55.00mb + thread stack 4.00kb");
      ck_assert_str_eq(wx_row_protection(rows.items[i].protection), "PAGE_UNKNOWN");
      tail = true;
    }
  }
  ck_assert(full && tail);
  WxRows few = {0};
  ck_assert_int_eq(wx_rows_find(&few, &space, &modules, wx_modules_named(&modules, own), 2), 0);
  ck_assert_uint_eq(few.count, 2);
  ck_assert_uint_eq(few.seen, rows.seen);
  ck_assert_uint_eq(few.items[1].start, rows.items[1].start);
  wx_rows_free(&few);
  wx_rows_free(&rows);
  wx_modules_free(&modules);
  wx_space_free(&space);
}
END_TEST

// A core cannot tell the collector's memory from other memory, nor name [heap]; and of what is
// reserved it may say nothing.
static WxOwner comparable(WxOwner owner) {
  if (owner == WX_OWNER_GC_RESERVED || owner == WX_OWNER_RESERVED || owner == WX_OWNER_HOLE)
    return WX_OWNER_RESERVED;
  if (owner == WX_OWNER_GC_COMMITTED || owner == WX_OWNER_MAIN_HEAP)
    return WX_OWNER_ANONYMOUS;
  return owner;
}

static int find_owner(const WxPart *part, void *context) {
  *(WxOwner *)context = part->owner;
  return 1;
}

static WxOwner owner_of(const WxSpace *space, uint64_t address) {
  WxOwner owner = WX_OWNER_HOLE;
  wx_space_walk(space, address, address + 1, find_owner, &owner);
  return owner;
}

static void check_core(WxCoreWriter writer, bool names_deleted) {
  const WxCoreRecipe recipe = {.writer = writer,
                               .names_deleted_files = names_deleted,
                               .mappings = mappings,
                               .count = COUNT,
                               .stack_pointers = stack_pointers,
                               .threads = 1,
                               .contents = fill};
  const int fd = memfd_create("core", 0);
  ck_assert_int_eq(wx_core_write(fd, &recipe), 0);
  WxCore core;
  ck_assert_int_eq(wx_core_read_headers(&core, fd), 0);
  WxCoreSpace from_core;
  const WxHeapRules rules = {0};
  ck_assert_int_eq(wx_core_space_make(&from_core, &core, &rules), 0);
  WxSpace live = attribute(&memory, NULL);
  ck_assert_uint_eq(from_core.space.heaps.count, 3);
  ck_assert_uint_eq(from_core.space.heaps.committed_bytes, live.heaps.committed_bytes);
  ck_assert_uint_eq(from_core.space.heaps.reserved_bytes, live.heaps.reserved_bytes);
  for (uint64_t at = SPAN_START; at < SPAN_END; at += 0x1000) {
    const WxOwner expected = comparable(owner_of(&live, at));
    const WxOwner found = owner_of(&from_core.space, at);
    // A guard page is none where threads are known by their stack pointers.
    if (expected == WX_OWNER_STACK && at < BASE + 4 * SLOT - 0x900000)
      continue;
    ck_assert_msg(comparable(found) == expected, "%s at %lx: %s, not %s",
                  wx_core_writer_name(writer), (unsigned long)at, wx_owner_name(found),
                  wx_owner_name(expected));
    at = at > BASE + SLOT && at < BASE + 12 * SLOT ? at + 0xf000 : at;
  }
  wx_space_free(&live);
  wx_core_space_free(&from_core);
  wx_core_close(&core);
}

START_TEST(cores_of_every_writer_give_the_owners_that_maps_give) {
  check_core(WX_WRITER_KERNEL, true);
  check_core(WX_WRITER_GCORE, true);
  check_core(WX_WRITER_CREATEDUMP, true);
}
END_TEST

START_TEST(a_core_that_names_no_deleted_file_calls_its_code_unnamed) {
  const WxCoreRecipe recipe = {
      .writer = WX_WRITER_CREATEDUMP, .mappings = mappings, .count = COUNT, .contents = fill};
  const int fd = memfd_create("core", 0);
  ck_assert_int_eq(wx_core_write(fd, &recipe), 0);
  WxCore core;
  ck_assert_int_eq(wx_core_read_headers(&core, fd), 0);
  WxCoreSpace space;
  const WxHeapRules rules = {0};
  ck_assert_int_eq(wx_core_space_make(&space, &core, &rules), 0);
  ck_assert(space.space.deleted_left_out);
  ck_assert_int_eq(owner_of(&space.space, SPAN_START), WX_OWNER_UNNAMED);
  wx_core_space_free(&space);
  wx_core_close(&core);
}
END_TEST

WX_TEST_MAIN("space", without_the_runtime_no_range_is_the_collectors,
             headers_prove_heaps_also_merged_and_chained_ones_and_refute_the_collector,
             without_memory_the_shape_is_taken_and_says_so_and_a_full_heap_is_only_a_pattern,
             the_flag_of_smaps_proves_a_heap_whose_tail_is_joined_with_a_neighbour,
             heaps_behind_many_slots_are_found, the_flag_of_smaps_tells_heaps_from_the_collector,
             where_a_header_cannot_be_read_the_weaker_proof_is_told,
             a_stack_has_a_guard_of_one_or_two_pages_and_is_no_smaller_than_128_kib,
             another_malloc_has_no_glibc_heaps, the_parts_of_the_span_add_up_to_the_byte,
             a_module_is_an_interval_by_both_rules, names_are_mangled_as_debuggers_mangle_them,
             rows_are_what_a_debugger_shows_and_say_what_they_really_are,
             cores_of_every_writer_give_the_owners_that_maps_give,
             a_core_that_names_no_deleted_file_calls_its_code_unnamed)
