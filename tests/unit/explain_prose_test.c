// Ranges in what people write, and what looks like one and is none.
#include "attribution/explain.h"
#include "support/suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// What looks like two addresses, or one, and is none.
static const char *const prose[] = {
    "PID 123456 uses 1048576 bytes of 2097152",
    "between 10000000-20000000 bytes",
    "on 2026-11-28T18:18:38 the pods 20231000-20241000 died",
    "550e8400-e29b-41d4-a716-446655440000",
    "commit 7fc8177aa120 of deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
    "sha256:7f4000000000aaaa7f4007ff6000bbbb7f4000000000aaaa7f4007ff6000bbbb",
    "image 7f4000000000 16K",
    "10000 20000 RW",
    "Total 10000 20000 3mb",
    "dotnet 4711  1234.567:  250000 cycles:",
    "   at Program.Main() in /src/Program.cs:line 10000",
    "VmRSS:   166912 kB",
    "Image  980  3.54gb",
    "cache-7f4000000000-7f4007ff6000.bin",
    "a 7f4000000000-7f4007ff6000-7f4007ff7000",
    "7f4000000123-7f4007ff6456",
    "100000000000 - 200000000000 bytes",
    "from 1000 to 2000, 12345000 - 12346000",
    "3000.0000 - 4000.0000 [4096+8192]",
    "an error in buffer[100000+4000]",
    "{\"start\":1732881600,\"end\":1732881700}",
    "7fc8177aa12 Fix the thing",
    "0000000000401130 0000000000000016 T main",
    "mmap(NULL, 65536, PROT_READ, MAP_PRIVATE, 3, 0) = -1 ENOMEM (Cannot allocate memory)",
    "3 -> /dev/pts/0",
};

START_TEST(what_is_no_range_is_not_taken_for_one) {
  for (size_t i = 0; i < sizeof prose / sizeof *prose; ++i) {
    WxRange range;
    ck_assert_msg(!wx_explain_parse(prose[i], &range), "%s: %s", prose[i], range.format);
  }
}
END_TEST

START_TEST(every_range_of_a_line_of_prose_is_found_in_its_order) {
  const char *line = "7f4000000000-7f4007ff6000 and 7f3fc4000000-7f3fcbff5000 RW, then at "
                     "0x7fc8177aa120 and 7f404c021000-7f4051b4c000.";
  const uint64_t starts[] = {0x7f4000000000, 0x7f3fc4000000, 0x7fc8177aa120};
  WxRange range;
  ck_assert(wx_explain_parse(line, &range));
  for (size_t i = 0; i < sizeof starts / sizeof *starts; ++i) {
    ck_assert_uint_eq(range.start, starts[i]);
    ck_assert_int_eq(wx_explain_parse_more(line, &range), i < 2);
  }
}
END_TEST

// Numbers that are none of a process's memory, as people write them.
static uint64_t seed = 1;
static uint64_t random_below(uint64_t limit) {
  seed = seed * 6364136223846793005U + 1442695040888963407U;
  return (seed >> 20) % limit;
}

static void put_digits(FILE *file, const char *digits, unsigned count) {
  for (unsigned i = 0; i < count; ++i)
    fputc(digits[random_below(strlen(digits))], file);
}

// One letter a kind, behind %.
static void put_made(FILE *file, char kind) {
  static const char decimal[] = "0123456789", all[] = "0123456789abcdef";
  const unsigned day = (unsigned)random_below(28) + 1, hour = (unsigned)random_below(24);
  switch (kind) {
  case 'p': // A PID.
    fprintf(file, "%u", (unsigned)random_below(4194304));
    break;
  case 's': // A size in bytes, of whole pages.
    fprintf(file, "%" PRIu64, random_below(1 << 20) * (random_below(2) ? 4096 : 1000));
    break;
  case 'b': // A large one, decimal.
    fprintf(file, "%u00000000000", (unsigned)random_below(900) + 100);
    break;
  case 'm': // A time in milliseconds.
    fprintf(file, "17328%05u000", (unsigned)random_below(100000));
    break;
  case 'd':
    fprintf(file, "2026-11-%02u", day);
    break;
  case 'D': // A date and a time as one number.
    fprintf(file, "202611%02u%02u0000", day, hour);
    break;
  case 't':
    fprintf(file, "%02u:%02u:00.%03u", hour, day, (unsigned)random_below(1000));
    break;
  case 'h': // Of a commit, and of an image.
    put_digits(file, all, 7 + (unsigned)random_below(34));
    break;
  case 'H':
    put_digits(file, all, 64);
    break;
  case 'u':
    put_digits(file, all, 8);
    for (int i = 0; i < 3; ++i)
      fputc('-', file), put_digits(file, all, 4);
    fputc('-', file);
    put_digits(file, all, 12);
    break;
  case 'n': // A number of few digits.
    put_digits(file, decimal, 1 + (unsigned)random_below(6));
    break;
  case 'a': // An address in a frame of a stack.
    fprintf(file, "0x00007f%06x%04x", (unsigned)random_below(1 << 24),
            (unsigned)random_below(65535) + 1);
    break;
  default:
    ck_abort_msg("no kind %c", kind);
  }
}

static const char *const sentences[] = {
    "PID %p uses %s bytes of %s since %d %t.",
    "%d %t [%p] INFO: took %s-%s bytes, %n-%n ms",
    "GET /data HTTP/1.1 Range: bytes=%b-%b",
    "from %m-%m (%m to %m), %D-%D",
    "between %m and %m, %D..%D, %m - %m",
    "commit %h..%h, merge of %h and %h",
    "image: repository@sha256:%H",
    "request %u (trace %H) of pod web-%h-%n",
    "   at Program.Main(String[] args) in /src/%h/Program.cs:line %n",
    "#%n  %a in JIT_New () from /usr/share/dotnet/libcoreclr.so",
    "total %n %n %n",
    "%s %s %s %n",
    "%n0000 %n0000 %n0000 %n",
    "| %p | %s | %s | %n.%nmb |",
    "ports 8000-8%n, version %n.%n.%n-%n, kernel 6.8.0-%n-generic",
    "VmRSS: %n kB, cache %s (%s-%s)",
    "[%n+%n] %s+%s %h+%h",
    "00000000  7f 45 4c 46 02 01 01 00  00 00 00 00 00 00 00 00  |.ELF|",
};
enum { SENTENCES = sizeof sentences / sizeof *sentences, PROSE = 1024 };

static void make_sentence(FILE *file) {
  for (const char *at = sentences[random_below(SENTENCES)]; *at; ++at)
    if (*at == '%')
      put_made(file, *++at);
    else
      fputc(*at, file);
  fputc(' ', file);
}

// Puts a range into the text, in one of the ways that people write it.
static void put_range(FILE *file, uint64_t start, uint64_t end) {
  static const struct {
    const char *before, *between, *after;
  } ways[] = {{"", "-", ""},  {"`", "-", "`"},    {"0x", " - 0x", ""}, {"(", "-", "),"},
              {"", "-", ":"}, {"\"", "-", "\"."}, {"0x", "..0x", ""},  {"", " to ", ""}};
  const size_t way = random_below(sizeof ways / sizeof *ways);
  fprintf(file, "%s%lx%s%lx%s", ways[way].before, (unsigned long)start, ways[way].between,
          (unsigned long)end, ways[way].after);
  fputc(' ', file);
}

// Sentences of every kind, with a range among them or none: that one is found, and no other.
START_TEST(no_text_gives_a_range_that_is_not_in_it) {
  for (int round = 0; round < 3000; ++round) {
    const bool with = random_below(2);
    const uint64_t start = (0x7f0000000 + random_below(0x0fffffff)) << 12;
    const uint64_t end = start + ((random_below(20000) + 1) << 12);
    char line[PROSE] = "";
    FILE *file = fmemopen(line, sizeof line, "w");
    make_sentence(file);
    if (with)
      put_range(file, start, end);
    make_sentence(file);
    fclose(file);
    WxRange range;
    size_t found = 0;
    for (bool more = wx_explain_parse(line, &range); more;
         more = wx_explain_parse_more(line, &range)) {
      if (!range.end)
        continue;
      ++found;
      ck_assert_msg(with && range.start == start && range.end == end, "%s: %s", line, range.format);
    }
    ck_assert_msg(found == with, "%s: %zu", line, found);
  }
}
END_TEST

// Words of formats in any order are none of their rows.
START_TEST(words_of_rows_in_any_order_are_no_row) {
  static const char *const parts[] = {
      "4711",          "1048576", "2026-11-28", "7fc8177aa120", "12.5mb", "(deleted)", "16K",
      "cycles:",       "rw-p",    "deadbeef",   "RW",           "[.]",    "250000",    "a7f9c3d",
      "100000-200000", "4096",    "Heap",       "MEM_COMMIT",   "0,1",    "REG"};
  enum { PARTS = sizeof parts / sizeof *parts };
  for (int round = 0; round < 20000; ++round) {
    char line[256] = "";
    for (int word = 0; word < 8; ++word) {
      strcat(line, parts[random_below(PARTS)]);
      strcat(line, " ");
    }
    WxRange range;
    ck_assert_msg(!wx_explain_parse(line, &range) || !range.end, "%s: %s", line, range.format);
  }
}
END_TEST

WX_TEST_MAIN("explain_prose", what_is_no_range_is_not_taken_for_one,
             every_range_of_a_line_of_prose_is_found_in_its_order,
             no_text_gives_a_range_that_is_not_in_it, words_of_rows_in_any_order_are_no_row)
