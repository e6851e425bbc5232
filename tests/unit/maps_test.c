// The parser of /proc/PID/maps: every field, every damage, every truncation.
#include "measure/maps.h"
#include "support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char sample[] =
    "00400000-00401000 r--p 00000000 fe:02 77        /usr/bin/a program (deleted)\n"
    "7f0000000000-7f0000010000 r-xs 00030000 00:01 1025     /memfd:doublemapper (deleted)\n"
    "7f0000010000-7f0000020000 ---s 00040000 00:01 1025     /memfd:doublemapper (deleted)\n"
    "7f0004000000-7f0004021000 rw-p 00000000 00:00 0 \n"
    "7f0004021000-7f0008000000 ---p 00000000 00:00 0 \n"
    "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0      [vsyscall]\n";

static int parse(WxMaps *maps, const char *text, size_t length, WxDamage *damage) {
  FILE *file = tmpfile();
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fwrite(text, 1, length, file), length);
  rewind(file);
  const int result = wx_maps_parse(maps, fileno(file), damage);
  fclose(file);
  return result;
}

START_TEST(every_field_of_a_line_is_read) {
  WxMaps maps = {0};
  WxDamage damage;
  ck_assert_int_eq(parse(&maps, sample, sizeof sample - 1, &damage), 0);
  ck_assert_uint_eq(maps.count, 6);
  const WxMapping *own = &maps.items[1];
  ck_assert_uint_eq(own->start, 0x7f0000000000);
  ck_assert_uint_eq(own->end, 0x7f0000010000);
  ck_assert_uint_eq(own->offset, 0x30000);
  ck_assert_uint_eq(own->inode, 1025);
  ck_assert_uint_eq(own->major, 0);
  ck_assert_uint_eq(own->minor, 1);
  ck_assert_int_eq(own->protection, WX_READ | WX_EXECUTE);
  ck_assert(own->shared);
  ck_assert_str_eq(own->path, "/memfd:doublemapper (deleted)");
  ck_assert_str_eq(maps.items[0].path, "/usr/bin/a program (deleted)");
  ck_assert_uint_eq(maps.items[0].major, 0xfe);
  ck_assert_int_eq(maps.items[2].protection, 0);
  ck_assert_int_eq(maps.items[3].protection, WX_READ | WX_WRITE);
  ck_assert(!maps.items[3].shared);
  ck_assert_str_eq(maps.items[3].path, "");
  ck_assert_uint_eq(maps.items[5].end, 0xffffffffff601000);
  wx_maps_free(&maps);
}
END_TEST

START_TEST(lines_that_end_nearly_alike_are_told_apart) {
  static const char text[] = "1000-2000 rw-s 00001000 00:01 7 /a\n"
                             "2000-3000 rw-s 00002000 00:01 7 /a\n"
                             "3000-4000 rw-s 00003000 00:01 8 /a\n"
                             "4000-5000 rw-s 00004000 00:02 8 /a\r\n"
                             "5000-6000 rw-s 00005000 00:02 8 /a\r\n"
                             "6000-7000 rw-s 00006000 00:02 8 /b\n"
                             "7000-8000 rw-p 00000000 00:00 0 \n"
                             "8000-9000 rw-p 00000000 00:00 0 \n";
  static const struct {
    uint64_t inode;
    uint32_t minor;
    const char *path;
  } expected[] = {{7, 1, "/a"}, {7, 1, "/a"}, {8, 1, "/a"}, {8, 2, "/a"},
                  {8, 2, "/a"}, {8, 2, "/b"}, {0, 0, ""},   {0, 0, ""}};
  WxMaps maps = {0};
  WxDamage damage;
  ck_assert_int_eq(parse(&maps, text, sizeof text - 1, &damage), 0);
  ck_assert_uint_eq(maps.count, sizeof expected / sizeof *expected);
  for (size_t i = 0; i < maps.count; ++i) {
    ck_assert_uint_eq(maps.items[i].inode, expected[i].inode);
    ck_assert_uint_eq(maps.items[i].minor, expected[i].minor);
    ck_assert_str_eq(maps.items[i].path, expected[i].path);
    ck_assert_uint_eq(maps.items[i].offset, i < 6 ? (i + 1) * 0x1000 : 0);
  }
  wx_maps_free(&maps);
}
END_TEST

static const struct {
  const char *text;
  size_t line;
  const char *reason;
} damaged[] = {
    {"hello\n", 1, "expected START-END in hexadecimal"},
    {"\n", 1, "expected START-END in hexadecimal"},
    {"1000-2000 rw-p 0 00:00 0\n\n", 2, "expected START-END in hexadecimal"},
    {"11112222333344445-22223333444455556 rw-p 0 00:00 0\n", 1,
     "expected START-END in hexadecimal"},
    {"2000-1000 rw-p 0 00:00 0\n", 1, "expected an end above the start"},
    {"1000-1000 rw-p 0 00:00 0\n", 1, "expected an end above the start"},
    {"1000-2000 rwp 0 00:00 0\n", 1, "expected a protection such as r-xp"},
    {"1000-2000 rw-q 0 00:00 0\n", 1, "expected a protection such as r-xp"},
    {"1000-2000 rw-p x 00:00 0\n", 1, "expected a file offset in hexadecimal"},
    {"1000-2000 rw-p 0 0000 0\n", 1, "expected a device such as 00:01"},
    {"1000-2000 rw-p 0 123456789:00 0\n", 1, "expected a device such as 00:01"},
    {"1000-2000 rw-p 0 00:00 x\n", 1, "expected an inode number"},
    {"1000-2000 rw-p 0 00:00 12x\n", 1, "expected an inode number"},
    {"1000-2000 rw-p 0 00:00 18446744073709551616\n", 1, "expected an inode number"},
    {"1000-2000 rw-p 0 00:00 0\n3000-4000 rw-p 0 00:0", 2, "the last line is cut short"},
    {"3000-4000 rw-p 0 00:00 0\n1000-2000 rw-p 0 00:00 0\n", 2,
     "expected an address above those of the line before"},
};

START_TEST(damage_is_named_with_its_line_and_what_stood_before_it_is_kept) {
  WxMaps maps = {0};
  for (size_t i = 0; i < sizeof damaged / sizeof *damaged; ++i) {
    WxDamage damage;
    ck_assert_int_eq(parse(&maps, damaged[i].text, strlen(damaged[i].text), &damage), -EINVAL);
    ck_assert_uint_eq(damage.line, damaged[i].line);
    ck_assert_str_eq(damage.reason, damaged[i].reason);
    ck_assert_uint_eq(maps.count, damaged[i].line - 1);
  }
  wx_maps_free(&maps);
}
END_TEST

// Where the inode of a line is there, all of it is that a mapping must have.
START_TEST(a_file_cut_at_any_byte_gives_its_lines_and_says_where_one_is_cut_short) {
  WxMaps maps = {0};
  for (size_t length = 0; length < sizeof sample; ++length) {
    WxDamage damage;
    size_t lines = 0, start = 0, fields = 0;
    for (size_t i = 0; i < length; ++i) {
      if (sample[i] == '\n') {
        ++lines;
        start = i + 1;
        fields = 0;
      } else if (sample[i] != ' ' && (i == start || sample[i - 1] == ' ')) {
        ++fields;
      }
    }
    const bool ended = start == length, whole = ended || fields >= 5;
    ck_assert_int_eq(parse(&maps, sample, length, &damage), whole ? 0 : -EINVAL);
    ck_assert_uint_eq(maps.count, lines + (!ended && whole));
    ck_assert_int_eq(maps.open_ended, !ended);
    ck_assert_uint_eq(damage.line, whole ? 0 : lines + 1);
  }
  wx_maps_free(&maps);
}
END_TEST

START_TEST(a_mapping_that_grew_while_it_was_printed_is_not_counted_twice) {
  WxMaps maps = {0};
  WxDamage damage;
  const char *text = "1000-3000 rw-s 5000 00:01 9 /memfd:a (deleted)\n"
                     "1000-5000 rw-s 5000 00:01 9 /memfd:a (deleted)\n";
  ck_assert_int_eq(parse(&maps, text, strlen(text), &damage), 0);
  ck_assert_uint_eq(maps.count, 2);
  ck_assert_uint_eq(maps.items[1].start, 0x3000);
  ck_assert_uint_eq(maps.items[1].offset, 0x7000);
  wx_maps_free(&maps);
}
END_TEST

START_TEST(a_file_that_went_through_windows_is_the_same) {
  WxMaps maps = {0};
  WxDamage damage;
  const char *text = "1000-3000 rw-s 5000 00:01 9 /memfd:a (deleted)\r\n"
                     "3000-5000 rw-p 0 00:00 0\r\n";
  ck_assert_int_eq(parse(&maps, text, strlen(text), &damage), 0);
  ck_assert_str_eq(maps.items[0].path, "/memfd:a (deleted)");
  ck_assert_str_eq(maps.items[1].path, "");
  wx_maps_free(&maps);
}
END_TEST

START_TEST(ones_own_mappings_are_found_and_the_buffer_is_used_again) {
  WxMaps maps = {0};
  const size_t size = (size_t)sysconf(_SC_PAGESIZE);
  void *page = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ck_assert_ptr_ne(page, MAP_FAILED);
  for (int round = 0; round < 2; ++round) {
    ck_assert_int_eq(wx_maps_read(&maps, 0), 0);
    bool found = false;
    for (size_t i = 0; i < maps.count; ++i)
      found |= maps.items[i].start == (uint64_t)page && maps.items[i].shared &&
               maps.items[i].protection == WX_READ;
    ck_assert(found);
  }
  munmap(page, size);
  wx_maps_free(&maps);
  wx_maps_free(&maps);
}
END_TEST

START_TEST(a_process_that_is_gone_is_an_error) {
  WxMaps maps = {0};
  ck_assert_int_eq(wx_maps_read(&maps, 0x3fffffff), -ENOENT);
  ck_assert_uint_eq(maps.count, 0);
  wx_maps_free(&maps);
}
END_TEST

WX_TEST_MAIN("maps", every_field_of_a_line_is_read, lines_that_end_nearly_alike_are_told_apart,
             damage_is_named_with_its_line_and_what_stood_before_it_is_kept,
             a_file_cut_at_any_byte_gives_its_lines_and_says_where_one_is_cut_short,
             a_mapping_that_grew_while_it_was_printed_is_not_counted_twice,
             a_file_that_went_through_windows_is_the_same,
             ones_own_mappings_are_found_and_the_buffer_is_used_again,
             a_process_that_is_gone_is_an_error)
