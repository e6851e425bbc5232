// The parser of /proc/PID/smaps: values, flags, entries unlike the one before, every truncation.
#include "measure/smaps.h"
#include "support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Entries as Linux 6.1 prints them.
static void append_entry(char *text, const char *line, unsigned rss, unsigned pss,
                         const char *flags) {
  char *at = text + strlen(text);
  sprintf(at,
          "%s\n"
          "Size:               %8u kB\n"
          "KernelPageSize:        4 kB\n"
          "MMUPageSize:           4 kB\n"
          "Rss:                %8u kB\n"
          "Pss:                %8u kB\n"
          "Pss_Dirty:          %8u kB\n"
          "Shared_Clean:          1 kB\n"
          "Shared_Dirty:          2 kB\n"
          "Private_Clean:         3 kB\n"
          "Private_Dirty:         5 kB\n"
          "Referenced:            9 kB\n"
          "Anonymous:             7 kB\n"
          "Swap:                 11 kB\n"
          "SwapPss:              13 kB\n"
          "THPeligible:           0\n"
          "VmFlags: %s\n",
          line, rss, rss, pss, pss, flags);
}

static char *make_sample(void) {
  static char text[8192];
  *text = '\0';
  append_entry(text,
               "7f0000000000-7f0000010000 r-xs 00030000 00:01 1025 /memfd:doublemapper (deleted)",
               64, 60, "rd ex sh mr mw me ms sd");
  append_entry(text,
               "7f0000010000-7f0000020000 rw-s 00040000 00:01 1025 /memfd:doublemapper (deleted)",
               32, 30, "rd wr sh mr mw me ms sd");
  append_entry(text, "7f0004000000-7f0004021000 rw-p 00000000 00:00 0 ", 123456789, 999999999,
               "rd wr mr mw me nr sd");
  append_entry(text, "7f0004021000-7f0008000000 ---p 00000000 00:00 0 ", 0, 0, "mr mw me nr sd");
  append_entry(text, "7f0008000000-7f0008021000 rw-p 00000000 00:00 0 ", 8, 8, "rd wr mr mw me sd");
  return text;
}

static int parse(WxSmaps *smaps, const char *text, size_t length, WxDamage *damage) {
  FILE *file = tmpfile();
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fwrite(text, 1, length, file), length);
  rewind(file);
  const int result = wx_smaps_parse(smaps, fileno(file), damage);
  fclose(file);
  return result;
}

START_TEST(every_wanted_value_is_read_also_where_the_columns_shift) {
  WxSmaps smaps = {0};
  WxDamage damage;
  const char *text = make_sample();
  ck_assert_int_eq(parse(&smaps, text, strlen(text), &damage), 0);
  ck_assert_uint_eq(smaps.count, 5);
  static const uint64_t rss[] = {64, 32, 123456789, 0, 8};
  static const uint64_t pss[] = {60, 30, 999999999, 0, 8};
  static const bool no_reserve[] = {false, false, true, true, false};
  for (size_t i = 0; i < smaps.count; ++i) {
    const WxResidency *residency = &smaps.residency[i];
    ck_assert_uint_eq(residency->rss, rss[i] * 1024);
    ck_assert_uint_eq(residency->pss, pss[i] * 1024);
    ck_assert_uint_eq(residency->swap, 11 * 1024);
    ck_assert(residency->no_reserve == no_reserve[i]);
  }
  ck_assert_ptr_eq(smaps.items[0].path, smaps.items[1].path);
  ck_assert_str_eq(smaps.items[0].path, "/memfd:doublemapper (deleted)");
  wx_smaps_free(&smaps);
}
END_TEST

START_TEST(a_file_cut_at_any_byte_gives_its_whole_entries_and_says_where_one_is_cut) {
  WxSmaps smaps = {0};
  const char *text = make_sample();
  const size_t size = strlen(text);
  size_t whole = 0;
  for (size_t length = 0; length <= size; ++length) {
    WxDamage damage;
    size_t line = length;
    while (line && text[line - 1] != '\n')
      --line;
    const bool flags = length >= line + 8 && !strncmp(text + line, "VmFlags:", 8);
    const bool ends =
        length == 0 || length == size || flags || (text[length - 1] == '\n' && text[length] == '7');
    whole += length == line + 8 && flags;
    ck_assert_int_eq(parse(&smaps, text, length, &damage), ends ? 0 : -EINVAL);
    ck_assert_uint_eq(smaps.count, whole);
    ck_assert(ends == !damage.reason);
    ck_assert_uint_le(damage.line, 17 * 5 + 1);
  }
  ck_assert_uint_eq(whole, 5);
  wx_smaps_free(&smaps);
}
END_TEST

static const struct {
  const char *text;
  size_t line;
  const char *reason;
} damaged[] = {
    {"Rss: 4 kB\n", 1, "expected START-END in hexadecimal"},
    {"1000-2000 rw-p 0 00:00 0\n2000-3000 rw-p 0 00:00 0\n", 2,
     "expected the line Rss: of the mapping before (is this a maps file?)"},
    {"1000-2000 rw-p 0 00:00 0\nRss: 4\n", 2, "expected a size such as `4 kB`"},
    {"1000-2000 rw-p 0 00:00 0\nRss: 4 kB\nRss: 4 kB\n", 3, "expected each line of an entry once"},
    {"1000-2000 rw-p 0 00:00 0\nRss: 4 kB\n*\n", 3,
     "expected a mapping or a line such as `Rss: 4 kB`"},
    {"1000-2000 rw-p 0 00:00 0\nRss: 4 kB\nPss: 4 kB\n2000-3000 rw-p 0 00:00 0\nRss: 4 kB\n", 4,
     "the entry of the mapping before is cut short"},
};

START_TEST(damage_is_named_with_its_line) {
  WxSmaps smaps = {0};
  for (size_t i = 0; i < sizeof damaged / sizeof *damaged; ++i) {
    WxDamage damage;
    ck_assert_int_eq(parse(&smaps, damaged[i].text, strlen(damaged[i].text), &damage), -EINVAL);
    ck_assert_uint_eq(damage.line, damaged[i].line);
    ck_assert_str_eq(damage.reason, damaged[i].reason);
  }
  wx_smaps_free(&smaps);
}
END_TEST

START_TEST(a_line_longer_than_the_buffer_is_damage) {
  WxSmaps smaps = {0};
  WxDamage damage;
  const size_t size = 1 << 20;
  char *text = malloc(size);
  ck_assert_ptr_nonnull(text);
  memset(text, 'a', size);
  ck_assert_int_eq(parse(&smaps, text, size, &damage), -EINVAL);
  ck_assert_str_eq(damage.reason, "expected a shorter line");
  free(text);
  wx_smaps_free(&smaps);
}
END_TEST

START_TEST(entries_are_read_across_the_ends_of_the_buffer) {
  WxSmaps smaps = {0};
  WxDamage damage;
  enum { COUNT = 3000 };
  char *text = calloc(COUNT, 1024);
  ck_assert_ptr_nonnull(text);
  char *at = text;
  for (unsigned i = 0; i < COUNT; ++i) {
    char line[80];
    sprintf(line, "%x-%x rw-p 00000000 00:00 0 ", 0x10000 * (i + 1), 0x10000 * (i + 1) + 0x1000);
    *at = '\0';
    append_entry(at, line, i, 2 * i, i % 3 ? "rd nr" : "rd");
    at += strlen(at);
  }
  ck_assert_int_eq(parse(&smaps, text, (size_t)(at - text), &damage), 0);
  ck_assert_uint_eq(smaps.count, COUNT);
  for (unsigned i = 0; i < COUNT; ++i) {
    ck_assert_uint_eq(smaps.items[i].start, 0x10000 * (i + 1));
    ck_assert_uint_eq(smaps.residency[i].rss, i * 1024);
    ck_assert_uint_eq(smaps.residency[i].pss, 2 * i * 1024);
    ck_assert(smaps.residency[i].no_reserve == (i % 3 != 0));
  }
  free(text);
  wx_smaps_free(&smaps);
}
END_TEST

START_TEST(ones_own_pages_are_resident) {
  WxSmaps smaps = {0};
  const size_t size = 16 * (size_t)sysconf(_SC_PAGESIZE);
  char *pages =
      mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ck_assert_ptr_ne(pages, MAP_FAILED);
  memset(pages, 1, size);
  ck_assert_int_eq(wx_smaps_read(&smaps, 0), 0);
  bool found = false;
  for (size_t i = 0; i < smaps.count; ++i)
    found |= smaps.items[i].start <= (uint64_t)pages && smaps.items[i].end > (uint64_t)pages &&
             smaps.residency[i].rss >= size && smaps.residency[i].no_reserve;
  ck_assert(found);
  munmap(pages, size);
  wx_smaps_free(&smaps);
}
END_TEST

START_TEST(damage_far_into_a_long_smaps_is_named_with_its_line) {
  enum { ENTRIES = 40000, DAMAGED = 30000 };
  const int fd = memfd_create("smaps", 0);
  FILE *file = fdopen(dup(fd), "w");
  ck_assert_ptr_nonnull(file);
  for (unsigned i = 0; i < ENTRIES; ++i)
    fprintf(file, "%x-%x rw-p 00000000 00:00 0 \n%s: %8u kB\nVmFlags: rd wr\n", 0x2000 * (i + 1),
            0x2000 * (i + 1) + 0x1000, i == DAMAGED ? "rss" : "Rss", i);
  ck_assert_int_eq(fclose(file), 0);
  ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
  WxSmaps smaps = {0};
  WxDamage damage;
  ck_assert_int_eq(wx_smaps_parse(&smaps, fd, &damage), -EINVAL);
  ck_assert_uint_eq(smaps.count, DAMAGED);
  ck_assert_uint_eq(damage.line, 3 * DAMAGED + 2);
  size_t wrong = 0;
  for (unsigned i = 0; i < DAMAGED; ++i)
    wrong += smaps.residency[i].rss != (uint64_t)i * 1024;
  ck_assert_uint_eq(wrong, 0);
  wx_smaps_free(&smaps);
  close(fd);
}
END_TEST

WX_TEST_MAIN("smaps", every_wanted_value_is_read_also_where_the_columns_shift,
             a_file_cut_at_any_byte_gives_its_whole_entries_and_says_where_one_is_cut,
             damage_is_named_with_its_line, a_line_longer_than_the_buffer_is_damage,
             entries_are_read_across_the_ends_of_the_buffer, ones_own_pages_are_resident,
             damage_far_into_a_long_smaps_is_named_with_its_line)
