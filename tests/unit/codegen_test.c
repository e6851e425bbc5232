// Emitted functions compute what is expected of them, whatever their size, and notice every changed
// byte.
#include "codegen/codegen.h"
#include "support/suite.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { ROOM = 1 << 20 };

static void *executable_room(void) {
  void *room =
      mmap(NULL, ROOM, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ck_assert_ptr_ne(room, MAP_FAILED);
  return room;
}

START_TEST(a_function_of_every_size_returns_what_is_expected) {
  const WxCodegenTarget *host = wx_codegen_host();
  void *room = executable_room();
  for (size_t size = host->smallest; size < 4096; size += host->granularity) {
    ck_assert_int_eq(wx_codegen_emit(room, size, size * 77), 0);
    wx_codegen_flush(room, size);
    ck_assert_int_eq(wx_codegen_check(room, size, size * 77), 0);
  }
  ck_assert_int_eq(wx_codegen_emit(room, ROOM, UINT64_MAX), 0);
  ck_assert_int_eq(wx_codegen_check(room, ROOM, UINT64_MAX), 0);
}
END_TEST

START_TEST(the_value_depends_on_both_arguments_and_on_the_identity) {
  const uint64_t value = wx_codegen_expected(64, 1, 2, 3);
  ck_assert_uint_ne(value, wx_codegen_expected(64, 1, 4, 3));
  ck_assert_uint_ne(value, wx_codegen_expected(64, 1, 2, 4));
  ck_assert_uint_ne(value, wx_codegen_expected(64, 2, 2, 3));
}
END_TEST

START_TEST(another_function_s_bytes_are_noticed) {
  void *room = executable_room();
  ck_assert_int_eq(wx_codegen_emit(room, 128, 7), 0);
  ck_assert_int_eq(wx_codegen_check(room, 128, 8), -EILSEQ);
}
END_TEST

START_TEST(not_one_byte_beyond_the_size_is_written) {
  unsigned char room[256];
  for (size_t size = 32; size < 128; size += 4) {
    memset(room, 0xcc, sizeof room);
    wx_codegen_aarch64.emit(room, size, 5);
    ck_assert_uint_eq(room[size], 0xcc);
    memset(room, 0xcc, sizeof room);
    wx_codegen_x86_64.emit(room, size, 5);
    ck_assert_uint_eq(room[size], 0xcc);
  }
}
END_TEST

START_TEST(aarch64_instructions_are_encoded_as_the_manual_says) {
  unsigned char room[28];
  static const unsigned char wanted[28] = {
      0xe2, 0xcd, 0x8a, 0xd2, // movz x2, #0x566f -> low 16 bits of the identity
      0x82, 0x46, 0xa2, 0xf2, 0xe2, 0xac, 0xd1, 0xf2,
      0x02, 0x00, 0xe0, 0xf2, 0x40, 0x00, 0x00, 0xca, // eor x0, x2, x0
      0x00, 0x00, 0x01, 0x8b,                         // add x0, x0, x1
      0xc0, 0x03, 0x5f, 0xd6,                         // ret
  };
  wx_codegen_aarch64.emit(room, sizeof room, 0x00008d671234566fULL);
  ck_assert_mem_eq(room, wanted, sizeof room);
}
END_TEST

START_TEST(a_size_that_fits_no_function_is_refused) {
  unsigned char room[64];
  ck_assert_int_eq(wx_codegen_emit(room, 1, 0), -EINVAL);
  ck_assert_int_eq(wx_codegen_emit(room, wx_codegen_host()->smallest + 1, 0), -EINVAL);
}
END_TEST

WX_TEST_MAIN("codegen", a_function_of_every_size_returns_what_is_expected,
             the_value_depends_on_both_arguments_and_on_the_identity,
             another_function_s_bytes_are_noticed, not_one_byte_beyond_the_size_is_written,
             aarch64_instructions_are_encoded_as_the_manual_says,
             a_size_that_fits_no_function_is_refused)
