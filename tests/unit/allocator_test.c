// Which malloc, and what its environment sets.
#include "attribution/allocator.h"
#include "support/suite.h"

#include <string.h>

static WxAllocator with(const char *first, const char *second) {
  const WxMapping mappings[] = {{.start = 0x1000, .end = 0x2000, .path = first},
                                {.start = 0x2000, .end = 0x3000, .path = second}};
  return wx_allocator_find(mappings, 2);
}

START_TEST(another_malloc_is_recognised_before_glibc_is_blamed) {
  static const struct {
    const char *library, *name;
    bool other;
  } rows[] = {
      {"/usr/lib/x86_64-linux-gnu/libc.so.6", "glibc", false},
      {"/lib/libc-2.31.so", "glibc", false},
      {"/lib/ld-musl-x86_64.so.1", "musl", true},
      {"/usr/lib/libjemalloc.so.2", "jemalloc", true},
      {"/usr/lib/libmimalloc.so.2.0", "mimalloc", true},
      {"/usr/lib/libtcmalloc_minimal.so.4", "tcmalloc", true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    const WxAllocator allocator = with("/usr/lib/x86_64-linux-gnu/libc.so.6", rows[i].library);
    ck_assert_str_eq(allocator.name, rows[i].name);
    ck_assert(allocator.rules.other_malloc == rows[i].other);
  }
  ck_assert_ptr_null(with("", "/x").name);
}
END_TEST

START_TEST(settings_come_from_the_targets_environment) {
  static const char environment[] = "PATH=/bin\0MALLOC_ARENA_MAX=2\0MALLOC_TOP_PAD_=65536\0"
                                    "GLIBC_TUNABLES=glibc.malloc.hugetlb=2:x=y\0LD_PRELOAD=/x.so\0"
                                    "DOTNET_EnableWriteXorExecute=0";
  WxAllocator allocator = with("", "");
  wx_allocator_take_environment(&allocator, environment, sizeof environment);
  ck_assert_str_eq(allocator.arena_max, "2");
  ck_assert_str_eq(allocator.top_pad, "65536");
  ck_assert_int_eq(allocator.write_xor_execute, WX_SWITCH_OFF);
  ck_assert(allocator.preloaded);
  ck_assert_uint_eq(allocator.rules.slot_bytes, 8 << 20);
}
END_TEST

START_TEST(a_huge_page_of_the_tunable_sets_the_slot) {
  static const struct {
    const char *value;
    uint64_t slot;
  } rows[] = {
      {"GLIBC_TUNABLES=glibc.malloc.hugetlb=0", 0},
      {"GLIBC_TUNABLES=glibc.malloc.hugetlb=1", 0},
      {"GLIBC_TUNABLES=glibc.malloc.hugetlb=1073741824", UINT64_C(4) << 30},
      {"GLIBC_TUNABLES=glibc.malloc.hugetlb=3", 0},
      {"GLIBC_TUNABLES=glibc.malloc.hugetlb=99999999999999999999", 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    WxAllocator allocator = {0};
    wx_allocator_take_environment(&allocator, rows[i].value, strlen(rows[i].value) + 1);
    ck_assert_uint_eq(allocator.rules.slot_bytes, rows[i].slot);
  }
}
END_TEST

START_TEST(an_environment_cut_anywhere_is_read_as_far_as_it_goes) {
  static const char environment[] = "A=1\0MALLOC_ARENA_MAX=4\0";
  for (size_t length = 0; length < sizeof environment; ++length) {
    WxAllocator allocator = {0};
    wx_allocator_take_environment(&allocator, environment, length);
    ck_assert(!*allocator.arena_max || !strcmp(allocator.arena_max, "4"));
  }
}
END_TEST

WX_TEST_MAIN("allocator", another_malloc_is_recognised_before_glibc_is_blamed,
             settings_come_from_the_targets_environment, a_huge_page_of_the_tunable_sets_the_slot,
             an_environment_cut_anywhere_is_read_as_far_as_it_goes)
