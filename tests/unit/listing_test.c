// What people save instead of maps and smaps: the same mappings, and no verdict from half of them.
#include "attribution/audit.h"
#include "attribution/listing.h"
#include "support/suite.h"
#include "support/written.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char plain[] =
    "560000000000-560000001000 r--p 00000000 103:02 100                        /usr/bin/app\n"
    "7f2900010000-7f2900014000 r-xs 00161000 00:01 4711                     "
    "/memfd:doublemapper (deleted)\n"
    "7f2900014000-7f2900015000 rw-s 00165000 00:01 4711                     "
    "/memfd:doublemapper (deleted)\n"
    "7f2904000000-7f2904021000 rw-p 00000000 00:00 0 \n"
    "7f2904021000-7f2908000000 ---p 00000000 00:00 0 \n"
    "7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]\n";

static const char sizes[] =
    "560000000000-560000001000 r--p 00000000 103:02 100                        /usr/bin/app\n"
    "Size:                  4 kB\n"
    "Rss:                   4 kB\n"
    "Pss:                   2 kB\n"
    "Swap:                  0 kB\n"
    "VmFlags: rd mr mw me\n"
    "7f2900010000-7f2900014000 r-xs 00161000 00:01 4711                     "
    "/memfd:doublemapper (deleted)\n"
    "Size:                 16 kB\n"
    "Rss:                  12 kB\n"
    "Pss:                   6 kB\n"
    "Swap:                  0 kB\n"
    "VmFlags: rd ex sh mr mw me ms\n"
    "7f2904000000-7f2910000000 rw-p 00000000 00:00 0 \n"
    "Size:             196608 kB\n"
    "Rss:              196608 kB\n"
    "Pss:              196608 kB\n"
    "Swap:                  8 kB\n"
    "VmFlags: rd wr mr mw me nr\n"
    "7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]\n"
    "Size:                132 kB\n"
    "Rss:                  16 kB\n"
    "Pss:                  16 kB\n"
    "Swap:                  0 kB\n"
    "VmFlags: rd wr mr mw me gd\n";

// How each line of a listing is written: something before it, after it, at the file's ends.
static const struct {
  const char *first, *before, *after, *last;
  bool tabs;
} manners[] = {
    {"```\n", "", "\n", "```\n", false},           // A fence.
    {"```text\n", "", "\r\n", "```\r\n", false},   // The same from Windows.
    {"", "    ", "\n", "", false},                 // An indent.
    {"", "\t", " \n", "", false},                  //
    {"", "", "\n", "", true},                      // Tabs for blanks.
    {"", "", "\n\n", "", false},                   // Blank lines.
    {"", "> ", "\n", "", false},                   // A quotation.
    {"--- a\n+++ b\n", "+", "\n", "", false},      // A diff that adds a file.
    {"", "12:", "\n", "", false},                  // grep -n
    {"", "/proc/4711/smaps:12:", "\n", "", false}, // grep -nH
    {"", "/tmp/saved:", "\n", "", false},          // grep -H
    {"Here is what you asked for.\n\n", "", "\n", "", false},
    {"root@pod:/app# cat /proc/1/maps\n", "", "\n", "root@pod:/app# ", false},
    {"$ kubectl exec pod -- cat /proc/1/smaps\n", "", "\n", "$", false},
    {"Name:\tdotnet\nVmRSS:\t  123 kB\n", "", "\n", "", false}, // status before it.
    {"", "", "\n", "\nHope this helps, thanks!\n", false},
    {"", "   12\t", "\n", "", false},                                        // cat -n
    {"", "2026-11-29T12:00:00.123456789Z ", "\n", "", false},                // docker logs -t
    {"", "[pod/web-1/app] 2026-11-29T12:00:00.1Z ", "\n", "", false},        // kubectl logs
    {"", "2026-11-29T12:00:00.1+01:00 stderr F ", "\n", "", false},          // A node's file.
    {"", "web-1  | ", "\n", "", false},                                      // docker compose
    {"", "Nov 29 12:00:00 node-7 dotnet[4711]: ", "\n", "", false},          // The journal,
    {"", "2026-11-29T12:00:00+0000 node-7 dotnet[4711]: ", "\n", "", false}, //
    {"-- Boot 5f0c --\n", "_PID=1\nMESSAGE=", "\n\n", "", false},            // -o export
    {"", "Sun 2026-11-29 12:00:00.1 UTC [s=5f;i=1;b=7]\n    _PID=1\n    MESSAGE=", "\n", "", false},
    {"", "{\"__CURSOR\":\"s=5f;i=1\",\"MESSAGE\":\"", "\",\"_PID\":\"4711\"}\n", "", false},
    {"", "\036{\n\t\"_PID\" : \"1\",\n\t\"MESSAGE\" : \"", "\"\n}\n", "", false},
    {"", "{\"log\":\"", "\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-29T12:00:00.1Z\"}\n", "",
     false},
    {"", "{\"log\":\"{\\\"message\\\":\\\"", "\\\"}\\n\",\"stream\":\"stdout\"}\n", "", false},
    {"{\"text\":\"here it is:\\n", "", "\\n", "\",\"level\":\"info\"}\n", false},
    {"[", "{\"message\":\"", "\"},", "]\n", false},
    {"Nov 29 12:00:00 node-7 dotnet: ", "", "#012", "\n", false},
};
enum { MANNERS = sizeof manners / sizeof *manners };

// Writes `text` in that manner.
static void written_so(char path[WRITTEN_PATH], const char *text, int manner) {
  char *all = NULL;
  size_t size = 0;
  FILE *file = open_memstream(&all, &size);
  ck_assert_ptr_nonnull(file);
  fputs(manners[manner].first, file);
  while (*text) {
    const size_t length = strcspn(text, "\n");
    fputs(manners[manner].before, file);
    for (size_t i = 0; i < length; ++i)
      fputc(manners[manner].tabs && text[i] == ' ' && text[i + 1] != '(' ? '\t' : text[i], file);
    fputs(manners[manner].after, file);
    text += length + 1;
  }
  fputs(manners[manner].last, file);
  fclose(file);
  written_bytes(path, all, size);
  free(all);
}

static void take(WxSmaps *smaps, WxListing *listing, const char *text) {
  char path[WRITTEN_PATH];
  written_text(path, text);
  ck_assert_int_eq(wx_listing_load(smaps, path, listing), 0);
  unlink(path);
}

static void assert_same(const WxSmaps *read, const WxSmaps *expected, int manner) {
  ck_assert_msg(read->count == expected->count, "manner %d: %zu mappings", manner, read->count);
  for (size_t i = 0; i < read->count; ++i) {
    const WxMapping *is = &read->items[i], *should = &expected->items[i];
    ck_assert_uint_eq(is->start, should->start);
    ck_assert_uint_eq(is->end, should->end);
    ck_assert_uint_eq(is->offset, should->offset);
    ck_assert_uint_eq(is->inode, should->inode);
    ck_assert_uint_eq(is->major, should->major);
    ck_assert_uint_eq(is->minor, should->minor);
    ck_assert_uint_eq(is->protection, should->protection);
    ck_assert_int_eq(is->shared, should->shared);
    ck_assert_str_eq(is->path, should->path);
    ck_assert_mem_eq(&read->residency[i], &expected->residency[i], sizeof *read->residency);
  }
}

START_TEST(mappings_are_the_same_in_every_manner_of_saving_them) {
  const char *const texts[] = {plain, sizes};
  for (size_t k = 0; k < 2; ++k) {
    WxSmaps read = {0}, expected = {0};
    WxListing listing;
    take(&expected, &listing, texts[k]);
    ck_assert_uint_eq(expected.count, k ? 4 : 6);
    char path[WRITTEN_PATH];
    written_so(path, texts[k], _i);
    ck_assert_int_eq(wx_listing_load(&read, path, &listing), 0);
    unlink(path);
    ck_assert_msg(!listing.damage.reason, "line %zu: %s", listing.damage.line,
                  listing.damage.reason);
    ck_assert_uint_eq(listing.gap, 0);
    ck_assert_uint_eq(listing.next, 0);
    ck_assert_int_eq(listing.sizes, k == 1);
    assert_same(&read, &expected, _i);
    wx_smaps_free(&read);
    wx_smaps_free(&expected);
  }
}
END_TEST

START_TEST(pmap_is_read_as_maps_are) {
  static const char extended[] =
      "4711:   dotnet app.dll\n"
      "Address           Kbytes     RSS   Dirty Mode  Mapping\n"
      "0000560000000000       4       4       0 r---- app\n"
      "00007f2900010000      16      12       0 r-xs- memfd:doublemapper (deleted)\n"
      "00007f2904000000     132     132     132 rw---   [ anon ]\n"
      "00007ffc00000000     132      16      16 rw---   [ stack ]\n"
      "---------------- ------- ------- ------- \n"
      "total kB             284     164     148\n";
  static const char everything[] =
      "4711:   dotnet app.dll\n"
      "         Address Perm   Offset Device  Inode Size  Rss Pss Locked THPeligible Mapping\n"
      "    560000000000 r--p 00000000  103:02    100    4    4   2      0           0 app\n"
      "    7f2900010000 r-xs 00161000   00:01   4711   16   12   6      0           0 "
      "memfd:doublemapper (deleted)\n"
      "    7f2904000000 rw-p 00000000   00:00      0  132  132 132      0           0 \n"
      "    7ffc00000000 rw-p 00000000   00:00      0  132   16  16      0           0 [stack]\n"
      "                                              ==== ==== === ====== =========== \n"
      "                                               284  164 156      0           0 KB \n";
  const char *const texts[] = {extended, everything};
  for (size_t i = 0; i < 2; ++i) {
    WxSmaps read = {0};
    WxListing listing;
    take(&read, &listing, texts[i]);
    ck_assert_uint_eq(read.count, 4);
    ck_assert_msg(!listing.damage.reason, "line %zu: %s", listing.damage.line,
                  listing.damage.reason);
    ck_assert_uint_eq(listing.gap, 0);
    ck_assert_str_eq(read.items[0].path, "/app");
    ck_assert_str_eq(read.items[1].path, "/memfd:doublemapper (deleted)");
    ck_assert(read.items[1].shared);
    ck_assert_int_eq(read.items[1].protection, WX_READ | WX_EXECUTE);
    ck_assert_uint_eq(read.items[1].end, 0x7f2900014000);
    ck_assert_str_eq(read.items[2].path, "");
    ck_assert_str_eq(read.items[3].path, "[stack]");
    wx_smaps_free(&read);
  }
}
END_TEST

START_TEST(of_several_processes_the_first_is_taken) {
  char both[2 * sizeof plain];
  const char *const between[] = {"", "$ cat /proc/2/maps\n", "PID 2:\n"};
  for (size_t i = 0; i < 3; ++i) {
    snprintf(both, sizeof both, "%s%s%s", plain, between[i], plain);
    WxSmaps read = {0};
    WxListing listing;
    take(&read, &listing, both);
    ck_assert_uint_eq(read.count, 6);
    ck_assert_uint_eq(listing.next, i ? 8 : 7);
    ck_assert_ptr_null(listing.damage.reason);
    wx_smaps_free(&read);
  }
}
END_TEST

START_TEST(a_line_that_is_missing_or_damaged_is_said) {
  static const struct {
    const char *text;
    size_t damage, gap;
  } rows[] = {
      {"1000000-2000000 r--p 00000000 00:00 0 \n...\n4000000-5000000 r--p 00000000 00:00 0 \n", 0,
       2},
      {"[...]\n4000000-5000000 r--p 00000000 00:00 0 \n", 0, 1},
      {"1000000-2000000 r--p 00000000 00:00 0 \n(212 lines omitted)\n", 0, 2},
      {"1000000-2000000 r--p 00000000 00:00 0 \n--\n4000000-5000000 r--p 00000000 00:00 0 \n", 0,
       2},
      {"$ grep r--p /proc/1/maps\n1000000-2000000 r--p 00000000 00:00 0 \n", 0, 1},
      {"1000000-2000000 r--p 00000000 00:00 0 \nand so on\n", 0, 2},
      {"1000000-2000000 r--p 00000000 00:00 0 \nx4000000-5000000 r--p 00000000 00:00 0 \n", 2, 0},
      {"4000000-5000000 r--p 00000000 00:00 0 \n1000000-2000000 r--p 00000000 00:00 0 \n", 2, 0},
      {"1000000-2000000 r--p 00000000 00:00 0 \n40000", 2, 0},
      // Sorted by address downwards, and by name.
      {"7000000-8000000 rw-p 00000000 00:00 0 [stack]\n4000000-5000000 r-xs 00000000 00:01 9 "
       "/memfd:doublemapper (deleted)\n",
       2, 0},
      {"1000000-2000000 r--p 00000000 00:00 0 \n7000000-8000000 rw-p 00000000 00:00 0 "
       "[stack]\n4000000-5000000 r-xs 00000000 00:01 9 /memfd:doublemapper (deleted)\n",
       3, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    WxSmaps read = {0};
    WxListing listing;
    take(&read, &listing, rows[i].text);
    ck_assert_msg(listing.damage.line == rows[i].damage, "row %zu: damage in line %zu", i,
                  listing.damage.line);
    ck_assert_msg(listing.gap == rows[i].gap, "row %zu: a gap at line %zu", i, listing.gap);
    wx_smaps_free(&read);
  }
}
END_TEST

// The journal writes a message that has a byte which is no text, such as that of a colour, as
// numbers.
START_TEST(a_message_of_the_journal_in_numbers_is_read) {
  char *all = NULL;
  size_t size = 0;
  FILE *file = open_memstream(&all, &size);
  for (const char *at = plain; *at; at += strcspn(at, "\n") + 1) {
    fputs("{\"MESSAGE\":[27,91,109", file);
    for (const char *byte = at; *byte != '\n'; ++byte)
      fprintf(file, ",%d", *byte);
    fputs("],\"_PID\":\"4711\"}\n", file);
  }
  fclose(file);
  WxSmaps read = {0};
  WxListing listing;
  take(&read, &listing, all);
  ck_assert_uint_eq(read.count, 6);
  ck_assert_str_eq(read.items[1].path, "/memfd:doublemapper (deleted)");
  ck_assert_ptr_null(listing.damage.reason);
  ck_assert_uint_eq(listing.gap, 0);
  wx_smaps_free(&read);
  free(all);
}
END_TEST

static WxVerdictCode verdict_of(const char *text, size_t size, WxSource source) {
  char path[WRITTEN_PATH];
  written_bytes(path, text, size);
  WxAudit audit;
  const int failed = wx_audit_file(&audit, source, path, &(WxAuditOptions){.rows = 1});
  const WxVerdictCode code = failed ? WX_VERDICT_UNKNOWN : audit.verdict.code;
  wx_audit_free(&audit);
  unlink(path);
  return code;
}

static WxFigure files_in(const char *text) {
  char path[WRITTEN_PATH];
  written_text(path, text);
  WxAudit audit;
  ck_assert_int_eq(wx_audit_file(&audit, WX_SOURCE_MAPS, path, &(WxAuditOptions){.rows = 1}), 0);
  const WxFigure count = audit.truth.inodes;
  wx_audit_free(&audit);
  unlink(path);
  return count;
}

START_TEST(maps_tell_how_many_files_the_double_mapper_has) {
  char two[sizeof plain];
  memcpy(two, plain, sizeof plain);
  ck_assert_int_eq(files_in(plain), 1);
  ck_assert_int_eq(files_in(sizes), 1);
  strstr(two, "00:01 4711")[9] = '2';
  ck_assert_int_eq(files_in(two), 2);
  char none[sizeof plain]; // The program and its stack.
  memcpy(none, plain, sizeof plain);
  (void)strcpy(strchr(none, '\n') + 1, strstr(plain, "7ffc00000000"));
  ck_assert_int_eq(files_in(none), 0);
  ck_assert_int_eq(files_in(strstr(plain, "7ffc00000000")), WX_UNKNOWN); // Without its beginning.
  *strstr(two, "7ffc00000000") = '\0';                                   // Cut.
  ck_assert_int_eq(files_in(two), WX_UNKNOWN);
}
END_TEST

// A file whose verdict is one: the listing of a process with malloc's heaps, and of one without.
START_TEST(a_file_cut_at_any_byte_gives_its_verdict_or_none) {
  const struct {
    const char *text;
    WxSource source;
    WxVerdictCode code;
  } files[] = {{sizes, WX_SOURCE_SMAPS, WX_VERDICT_MALLOC},
               {plain, WX_SOURCE_MAPS, WX_VERDICT_CLEAN}};
  for (size_t i = 0; i < sizeof files / sizeof *files; ++i) {
    const size_t size = strlen(files[i].text);
    ck_assert_int_eq(verdict_of(files[i].text, size, files[i].source), files[i].code);
    for (size_t cut = 0; cut < size; ++cut) {
      const WxVerdictCode code = verdict_of(files[i].text, cut, files[i].source);
      ck_assert_msg(code == files[i].code || code == WX_VERDICT_UNKNOWN,
                    "%zu bytes of file %zu: %s", cut, i, wx_verdict_code(code));
    }
  }
}
END_TEST

START_TEST(a_file_that_lacks_any_line_gives_its_verdict_or_none) {
  const char *at = plain;
  for (size_t line = 0; *at; ++line) {
    const size_t length = strcspn(at, "\n");
    char text[sizeof plain + 8];
    const int size =
        snprintf(text, sizeof text, "%.*s...%s", (int)(at - plain), plain, at + length);
    ck_assert_int_eq(verdict_of(text, (size_t)size, WX_SOURCE_MAPS), WX_VERDICT_UNKNOWN);
    at += length + 1;
  }
}
END_TEST

int main(void) {
  const TTest *const single[] = {
      pmap_is_read_as_maps_are,
      of_several_processes_the_first_is_taken,
      a_message_of_the_journal_in_numbers_is_read,
      a_line_that_is_missing_or_damaged_is_said,
      maps_tell_how_many_files_the_double_mapper_has,
      a_file_cut_at_any_byte_gives_its_verdict_or_none,
      a_file_that_lacks_any_line_gives_its_verdict_or_none,
  };
  const TTest *const manner[] = {mappings_are_the_same_in_every_manner_of_saving_them};
  const int first = wx_suite_run("listing", single, sizeof single / sizeof *single);
  const int second = wx_suite_run_variants("listing", manner, 1, MANNERS);
  return first ? first : second;
}
