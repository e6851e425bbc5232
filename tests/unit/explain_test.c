// Ranges from a screenshot: the published case row by row, protections that contradict, pasted
// rows.
#include "attribution/explain.h"
#include "measure/maps.h"
#include "support/suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
  const char *range;
  const char *pieces;
  const char *verdict; // How it begins.
  const char *certainty;
} published[] = {
    {"7f4000000000-7f4007ff6000",
     "slot 7f4000000000 full (64.00) + slot 7f4004000000 filled to 0x3ff6000 (63.96)",
     "two adjacent, practically full glibc heaps", "very high"},
    {"7f3fc4000000-7f3fcbff5000",
     "slot 7f3fc4000000 full (64.00) + slot 7f3fc8000000 filled to 0x3ff5000 (63.96)",
     "two adjacent, practically full glibc heaps", "very high"},
    {"7f404c021000-7f4051b4c000", "slot 7f404c000000 from +0x21000 (63.87) + 27.30 beyond the slot",
     "the PROT_NONE tail of a malloc arena that never grew (132 KiB used) and a hole behind it: "
     "zero "
     "bytes of memory",
     "very high"},
    {"7f3fae82e000-7f3fb4000000",
     "slot 7f3fac000000 from +0x282e000 (23.82) + exactly one slot 7f3fb0000000 (64.00)",
     "undetermined", "low"},
    {"7f406c021000-7f40701ff000", "slot 7f406c000000 from +0x21000 (63.87) + 2.00 beyond the slot",
     "the PROT_NONE tail of a malloc arena that never grew (132 KiB used) and a hole behind it: "
     "zero "
     "bytes of memory",
     "very high"},
};

START_TEST(the_published_case_is_explained_row_by_row) {
  for (size_t i = 0; i < sizeof published / sizeof *published; ++i) {
    WxRange range;
    char text[512];
    ck_assert(wx_explain_parse_range(published[i].range, &range));
    const WxExplanation explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
    wx_explain_pieces(&explanation, text, sizeof text);
    ck_assert_str_eq(text, published[i].pieces);
    wx_explain_verdict(&explanation, text, sizeof text);
    ck_assert_msg(!strncmp(text, published[i].verdict, strlen(published[i].verdict)), "%s", text);
    ck_assert_str_eq(wx_certainty_name(explanation.certainty), published[i].certainty);
  }
}
END_TEST

static const struct {
  const char *line;
  bool found;
  uint64_t start, end;
  int protection;
} lines[] = {
    {"7f4000000000-7f4007ff6000", true, 0x7f4000000000, 0x7f4007ff6000, WX_PROTECTION_UNKNOWN},
    {"0x7f4000000000-0x7F4007FF6000", true, 0x7f4000000000, 0x7f4007ff6000, WX_PROTECTION_UNKNOWN},
    {"7f4000000000-7f4007ff6000 rw-p 00000000 00:00 0 ", true, 0x7f4000000000, 0x7f4007ff6000,
     WX_READ | WX_WRITE},
    {" | Image | 7f4000000000 | 7f4007ff6000 | 127.96mb | MEM_IMAGE | MEM_COMMIT | PAGE_READWRITE "
     "| "
     "doublemapper__deleted_ |",
     true, 0x7f4000000000, 0x7f4007ff6000, WX_READ | WX_WRITE},
    {"Image 7f404c021000 7f4051b4c000 91.17mb MEM_IMAGE MEM_UNKNOWN PAGE_UNKNOWN "
     "doublemapper__deleted_",
     true, 0x7f404c021000, 0x7f4051b4c000, WX_PROTECTION_NOTHING},
    {"+     7f3f`ae82e000     7f3f`b4000000        0`057d2000 MEM_PRIVATE MEM_COMMIT "
     "PAGE_EXECUTE_READ Image [doublemapper__deleted_; \"x\"]",
     true, 0x7f3fae82e000, 0x7f3fb4000000, WX_READ | WX_EXECUTE},
    {"+ 7f40`4c000000 7f40`4c021000 0`00021000 MEM_PRIVATE MEM_RESERVE        Other", true,
     0x7f404c000000, 0x7f404c021000, 0},
    {"7f406c021000-7f40701ff000 UNKNOWN 65.87", true, 0x7f406c021000, 0x7f40701ff000,
     WX_PROTECTION_NOTHING},
    {" | Memory Kind | StartAddr | EndAddr-1 | Size | Type | State | Protect | Image |", false, 0,
     0, 0},
    {"+--------------------------------------+", false, 0, 0, 0},
    {"", false, 0, 0, 0},
    {"7f4007ff6000-7f4000000000", false, 0, 0, 0},
    {"7f4000000000-7f4000000000", false, 0, 0, 0},
    {"7f4000000000-", false, 0, 0, 0},
    {"7f4000000000-7f4007ff6000-7f4007ff7000", false, 0, 0, 0},
    {"11112222333344445-11112222333344446", false, 0, 0, 0},
};

START_TEST(rows_are_read_as_debuggers_and_the_kernel_print_them) {
  for (size_t i = 0; i < sizeof lines / sizeof *lines; ++i) {
    WxRange range;
    ck_assert_msg(wx_explain_parse(lines[i].line, &range) == lines[i].found, "%s", lines[i].line);
    if (!lines[i].found)
      continue;
    ck_assert_uint_eq(range.start, lines[i].start);
    ck_assert_uint_eq(range.end, lines[i].end);
    ck_assert_int_eq(range.protection, lines[i].protection);
  }
}
END_TEST

static const struct {
  uint64_t start, end;
  int protection;
  WxReading reading;
  WxCertainty certainty;
} cases[] = {
    // A pattern of malloc with a protection that malloc never gives.
    {0x7f4000000000, 0x7f4007ff6000, WX_READ | WX_EXECUTE, WX_READING_UNDETERMINED,
     WX_CERTAINTY_LOW},
    {0x7f404c021000, 0x7f4051b4c000, WX_READ | WX_WRITE, WX_READING_UNDETERMINED, WX_CERTAINTY_LOW},
    // gcore writes reserved memory as readable.
    {0x7f404c021000, 0x7f4050000000, WX_READ, WX_READING_RESERVED_TAIL, WX_CERTAINTY_VERY_HIGH},
    {0x7f404c021000, 0x7f4050000000, 0, WX_READING_RESERVED_TAIL, WX_CERTAINTY_VERY_HIGH},
    {0x7f404c021000, 0x7f404d000000, 0, WX_READING_TAIL_PART, WX_CERTAINTY_MEDIUM},
    {0x7f4000000000, 0x7f4000121000, WX_READ | WX_WRITE, WX_READING_HEAP_FRONT, WX_CERTAINTY_HIGH},
    // Whole slots only: other allocators align, too.
    {0x7f4000000000, 0x7f4008000000, WX_READ | WX_WRITE, WX_READING_WHOLE_SLOTS,
     WX_CERTAINTY_MEDIUM},
    {0x7f4000001000, 0x7f4000003000, WX_READ | WX_WRITE, WX_READING_NO_PATTERN, WX_CERTAINTY_NONE},
    {0x1000, UINT64_MAX, WX_READ | WX_WRITE, WX_READING_NO_PATTERN, WX_CERTAINTY_NONE},
};

START_TEST(a_pattern_is_graded_by_what_speaks_against_it) {
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    const WxRange range = {
        .start = cases[i].start, .end = cases[i].end, .protection = cases[i].protection};
    const WxExplanation explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
    ck_assert_msg(explanation.reading == cases[i].reading, "row %zu: %s", i,
                  wx_reading_code(explanation.reading));
    ck_assert_int_eq(explanation.certainty, cases[i].certainty);
  }
}
END_TEST

static WxExplanation explain_among(const WxRange *rows, size_t count, size_t index) {
  WxFronts fronts = {0};
  ck_assert_int_eq(wx_explain_fronts(&fronts, rows, count, WX_HEAP_SLOT_BYTES), 0);
  const WxExplanation explanation = wx_explain_row(&rows[index], &fronts, WX_HEAP_SLOT_BYTES);
  wx_explain_fronts_free(&fronts);
  return explanation;
}

START_TEST(a_reserved_row_behind_a_writable_one_of_its_slot_is_the_tail_of_an_arena) {
  const WxRange front = {
      .start = 0x7f8624000000, .end = 0x7f862425d000, .protection = WX_READ | WX_WRITE};
  const WxRange tail = {.start = 0x7f862425d000, .end = 0x7f8628000000};
  static const struct {
    uint64_t front_start, front_end, tail_end;
    int front_protection, tail_protection;
    WxReading reading;
  } rows[] = {
      {0x7f8624000000, 0x7f862425d000, 0x7f8628000000, WX_READ | WX_WRITE, 0,
       WX_READING_GROWN_TAIL},
      // Joined with full heaps before it, and with what is reserved behind it.
      {0x7f8620000000, 0x7f862425d000, 0x7f8629000000, WX_READ | WX_WRITE, WX_PROTECTION_NOTHING,
       WX_READING_GROWN_TAIL},
      {0x7f8624000000, 0x7f862425d000, 0x7f8628000000, WX_READ | WX_WRITE, WX_READ,
       WX_READING_GROWN_TAIL},
      // A front that starts elsewhere, ends elsewhere or has another protection.
      {0x7f8624001000, 0x7f862425d000, 0x7f8628000000, WX_READ | WX_WRITE, 0,
       WX_READING_UNDETERMINED},
      {0x7f8624000000, 0x7f862425c000, 0x7f8628000000, WX_READ | WX_WRITE, 0,
       WX_READING_UNDETERMINED},
      {0x7f8624000000, 0x7f862425d000, 0x7f8628000000, WX_READ, 0, WX_READING_UNDETERMINED},
      {0x7f8624000000, 0x7f862425d000, 0x7f8628000000, WX_PROTECTION_UNKNOWN, 0,
       WX_READING_UNDETERMINED},
      // A tail that may hold memory, is not said to hold none, or ends before the slot does.
      {0x7f8624000000, 0x7f862425d000, 0x7f8628000000, WX_READ | WX_WRITE, WX_READ | WX_WRITE,
       WX_READING_UNDETERMINED},
      {0x7f8624000000, 0x7f862425d000, 0x7f8628000000, WX_READ | WX_WRITE, WX_PROTECTION_UNKNOWN,
       WX_READING_UNDETERMINED},
      {0x7f8624000000, 0x7f862425d000, 0x7f8627fff000, WX_READ | WX_WRITE, 0,
       WX_READING_NO_PATTERN},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    const WxRange pair[] = {
        {.start = tail.start, .end = rows[i].tail_end, .protection = rows[i].tail_protection},
        {.start = rows[i].front_start,
         .end = rows[i].front_end,
         .protection = rows[i].front_protection}};
    const WxExplanation explanation = explain_among(pair, 2, 0);
    ck_assert_msg(explanation.reading == rows[i].reading, "row %zu: %s", i,
                  wx_reading_code(explanation.reading));
    if (rows[i].reading == WX_READING_GROWN_TAIL)
      ck_assert_int_eq(explanation.certainty, WX_CERTAINTY_VERY_HIGH);
  }
  const WxRange both[] = {front, tail};
  char text[512];
  WxExplanation explanation = explain_among(both, 2, 1);
  wx_explain_verdict(&explanation, text, sizeof text);
  ck_assert_str_eq(text, "the PROT_NONE tail of the malloc arena whose writable front ends here: "
                         "zero bytes of memory");
  explanation = explain_among(both, 2, 0);
  ck_assert_int_eq(explanation.reading, WX_READING_HEAP_FRONT);
  // Alone it is not told, and nothing is said against what it fits.
  explanation = explain_among(&tail, 1, 0);
  wx_explain_verdict(&explanation, text, sizeof text);
  ck_assert_str_eq(text, "undetermined: it fits the tail of an arena whose writable front is not "
                         "among the rows, and whole empty slots; a core's NT_FILE and PT_LOADs "
                         "decide");
}
END_TEST

START_TEST(pieces_add_up_to_the_range) {
  for (uint64_t i = 1; i < 20000; ++i) {
    const uint64_t start = i * 0x9e3779b97f4a7c15 >> 18 & ~UINT64_C(0xfff);
    const WxRange range = {.start = start,
                           .end = start + ((i * 7919 % 60000 + 1) << 12),
                           .protection = WX_PROTECTION_UNKNOWN};
    const WxExplanation explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
    uint64_t at = range.start;
    for (size_t piece = 0; piece < explanation.piece_count; ++piece) {
      ck_assert_uint_eq(explanation.pieces[piece].start, at);
      ck_assert_uint_gt(explanation.pieces[piece].end, at);
      at = explanation.pieces[piece].end;
    }
    ck_assert_uint_eq(at, range.end);
  }
}
END_TEST

START_TEST(text_is_cut_where_the_buffer_ends) {
  const WxRange range = {
      .start = 0x7f4000000000, .end = 0x7f4007ff6000, .protection = WX_PROTECTION_UNKNOWN};
  const WxExplanation explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
  for (size_t size = 1; size < 64; ++size) {
    char text[64];
    memset(text, 'x', sizeof text);
    wx_explain_pieces(&explanation, text, size);
    ck_assert_uint_eq(strlen(text), size - 1);
    wx_explain_verdict(&explanation, text, size);
    ck_assert_uint_le(strlen(text), size - 1);
  }
}
END_TEST

// One row or more a format; 0 for an end: a single address. An owner is the code of a naming.
static const struct {
  const char *line;
  const char *format;
  uint64_t start, end;
  const char *owner;
} rows[] = {
    {"7f2900010000-7f2900014000 r-xs 00161000 00:01 4711    /memfd:doublemapper (deleted)\n",
     "maps", 0x7f2900010000, 0x7f2900014000, "double-mapper"},
    {"7f2904000000-7f2904001000 rw-s 022c1000 00:01 4711\t/memfd:doublemapper (deleted)\r\n",
     "maps", 0x7f2904000000, 0x7f2904001000, "double-mapper"},
    {"7f2904000000-7f2904001000 rw-s 022c1000 00:01 4711 /memfd:doublemapper-template (deleted)",
     "maps", 0x7f2904000000, 0x7f2904001000, "double-mapper-template"},
    {"7f290c000000-7f290e330000 rw-p 00000000 103:02 815   /srv/app/data.bin", "maps",
     0x7f290c000000, 0x7f290e330000, "file"},
    {"7f290c000000-7f290e330000 rw-s 00000000 00:01 9", "maps", 0x7f290c000000, 0x7f290e330000,
     "shared"},
    {"7f290c000000-7f290e330000 rw-p 00000000 00:00 0    <- this one", "maps", 0x7f290c000000,
     0x7f290e330000, NULL},
    {"7f290c000000-7f290e330000 rw-p 00000000 00:00 0 [anon: glibc: malloc arena]", "maps",
     0x7f290c000000, 0x7f290e330000, "arena"},
    {"55d0a0000000-55d0a0400000 rw-p 00000000 00:00 0 [heap]", "maps", 0x55d0a0000000,
     0x55d0a0400000, "main-heap"},
    {"+7f2904000000-7f2904001000 rw-s 022c1000 00:01 4711 /memfd:doublemapper (deleted)", "maps",
     0x7f2904000000, 0x7f2904001000, "double-mapper"},
    {"pod.maps:12:7f2904000000-7f2904001000 rw-s 022c1000 00:01 4711 /memfd:jit (deleted)", "maps",
     0x7f2904000000, 0x7f2904001000, "memfd"},
    {"> `7f2904000000-7f2904001000 rw-s 022c1000 00:01 4711 /memfd:doublemapper (deleted)`", "maps",
     0x7f2904000000, 0x7f2904001000, "double-mapper"},
    {"7f2904000000-7f2904001000 rw-s 022c1000 00:01 4711 /memfd:doublemapper (deleted)  <- 4 kB",
     "maps", 0x7f2904000000, 0x7f2904001000, "double-mapper"},
    {"7f2904000000-7f2904001000,rw-s,022c1000,00:01,4711,/memfd:doublemapper (deleted)", "maps",
     0x7f2904000000, 0x7f2904001000, "double-mapper"},
    {"7f2904000000-7f2904001000 rw-s 022c1000 00:01 4711 /memfd:doublem", "maps", 0x7f2904000000,
     0x7f2904001000, "cut-memfd"},
    {"7f2904000000-7f2904001000 rw-s 022c1000 00:01 4711 /memfd:doublemapper (del", "maps",
     0x7f2904000000, 0x7f2904001000, "double-mapper"},
    {"55d0a0000000-55d0a0400000 rw-p 00000000 00:00 0 [heap]  # 4 MiB", "maps", 0x55d0a0000000,
     0x55d0a0400000, "main-heap"},
    {"lr-------- 1 root root 64 Nov 28 18:00 7f2900010000-7f2900014000 -> '/memfd:doublemapper "
     "(deleted)'",
     "map_files", 0x7f2900010000, 0x7f2900014000, "double-mapper"},
    {"[77.1] dotnet[4711]: segfault at 7f2900010abc ip 00007f2900010abc sp 00007ffd00010000 error "
     "4 "
     "in memfd:doublemapper (deleted)[7f2900010000+4000] likely on CPU 1",
     "kernel log", 0x7f2900010000, 0x7f2900014000, "double-mapper"},
    {"dotnet[4711]: segfault at 0 ip 00007f29 sp 00007ffd error 4 in "
     "libcoreclr.so[7f2900010000+4000]",
     "kernel log", 0x7f2900010000, 0x7f2900014000, "file"},
    {"dotnet 4711 1.5: PERF_RECORD_MMAP2 4711/4711: [0x7f2900010000(0x4000) @ 0x161000 00:01 4711 "
     "0]: r-xs /memfd:doublemapper (deleted)",
     "perf mmap", 0x7f2900010000, 0x7f2900014000, "double-mapper"},
    {"\t0x00007f2900010000 - 0x00007f2900014000 is .text in /usr/lib/libcoreclr.so", "gdb files",
     0x7f2900010000, 0x7f2900014000, "file"},
    {"7f2900010000 default file=/memfd:doublemapper\\040(deleted) dirty=4 mapmax=2 N0=4",
     "numa_maps", 0x7f2900010000, 0, "double-mapper"},
    {"55d0a0000000 default heap anon=3 dirty=3 N0=3", "numa_maps", 0x55d0a0000000, 0, "main-heap"},
    {"is 7f4000000000 - 7f4007ff6000 malloc's?", "range", 0x7f4000000000, 0x7f4007ff6000, NULL},
    {"is 0x7f4000000000..0x7f4007ff6000 malloc's?", "range", 0x7f4000000000, 0x7f4007ff6000, NULL},
    {"[0x00007f2900010000-0x00007f2900014000) r-x /memfd:doublemapper (deleted)", "lldb",
     0x7f2900010000, 0x7f2900014000, "double-mapper"},
    {"[0x00007f2900010000-0x00007f2900014000) rw-", "lldb", 0x7f2900010000, 0x7f2900014000, NULL},
    {"    7f2904000000 rw-s  022c1000  00:01    4711    4    4    2  memfd:doublemapper (deleted)",
     "pmap -X", 0x7f2904000000, 0x7f2904001000, "double-mapper"},
    {"00007f2904000000       4       4       4 rw-s- memfd:doublemapper (deleted)", "pmap -x",
     0x7f2904000000, 0x7f2904001000, "double-mapper"},
    {"00007f2904000000   65536   65536   65536 rw---   [ anon ]", "pmap -x", 0x7f2904000000,
     0x7f2908000000, NULL},
    {"00007f2904000000       4 rw-s- 00000000022c1000 000:00001 memfd:doublemapper (deleted)",
     "pmap -d", 0x7f2904000000, 0x7f2904001000, "double-mapper"},
    {"00007f2904000000      4K rw-s- memfd:doublemapper (deleted)", "pmap", 0x7f2904000000,
     0x7f2904001000, "double-mapper"},
    {"      0x7f2900010000     0x7f2900014000     0x4000   0x161000  r-xs   /memfd:doublemapper "
     "(deleted)",
     "gdb", 0x7f2900010000, 0x7f2900014000, "double-mapper"},
    {"      0x7f2900010000     0x7f2900014000     0x4000   0x161000 /memfd:doublemapper (deleted)",
     "gdb", 0x7f2900010000, 0x7f2900014000, "double-mapper"},
    {" | GCHeap | 7fb038000000 | 7fb038011000 | 68.00kb | MEM_IMAGE | MEM_COMMIT | PAGE_READWRITE "
     "| doublemapper__deleted_ |",
     "maddress", 0x7fb038000000, 0x7fb038011000, "gc"},
    {"HighFrequencyHeap 7ff050021000 7ff050030000 60.00kb MEM_IMAGE MEM_UNKNOWN PAGE_UNKNOWN",
     "maddress", 0x7ff050021000, 0x7ff050030000, "loader-heap"},
    // The Image column is the interval that the row lies in, and no owner.
    {" | Image | 7f4000000000 | 7f4007ff6000 | 127.96mb | MEM_IMAGE | MEM_COMMIT | PAGE_READWRITE "
     "| doublemapper__deleted_ |",
     "maddress", 0x7f4000000000, 0x7f4007ff6000, NULL},
    {"    7fb038000000      68.00kb", "maddress -list", 0x7fb038000000, 0x7fb038011000, NULL},
    {"dotnet 4711  1234.567:  250000 cycles:  7fc8177aa120 [unknown] (/memfd:doublemapper "
     "(deleted))",
     "perf script", 0x7fc8177aa120, 0, "double-mapper"},
    {"\t    7fc8177aa120 [unknown] (/memfd:doublemapper (deleted))", "perf script", 0x7fc8177aa120,
     0, "double-mapper"},
    {"\t    7fc8177aa120 JIT_New+0x4a (/usr/share/dotnet/libcoreclr.so)", "perf script",
     0x7fc8177aa120, 0, "file"},
    {"   12.34%  dotnet   memfd:doublemapper (deleted)  [.] 0x00007fc8177aa120", "perf report",
     0x7fc8177aa120, 0, "double-mapper"},
    {"dotnet 4711 app 55u REG 0,1 2199023255552 4711 /memfd:doublemapper (deleted)", "lsof", 0, 0,
     "double-mapper"},
    // What other tools print; the rows of eu-*, readelf, lldb, lsof, pmap, perf and strace are
    // real.
    {"0x00007f4000000000 0x00007f4007ff6000 0x0000000000161000 r-x /memfd:doublemapper (deleted)",
     "gef", 0x7f4000000000, 0x7f4007ff6000, "double-mapper"},
    {"    0x7f4000000000     0x7f4007ff6000 r-xp  7ff6000      0 /memfd:doublemapper (deleted)",
     "pwndbg", 0x7f4000000000, 0x7f4007ff6000, "double-mapper"},
    {"    0x7f4000000000     0x7f4007ff6000 rw-p  7ff6000      0 [anon_7f400]", "pwndbg",
     0x7f4000000000, 0x7f4007ff6000, NULL},
    {"0x00007f4000000000 - 0x00007f4007ff6000 - usr 127.9M s r-x /memfd:doublemapper (deleted) "
     "/memfd:doublemapper (deleted) ; map.memfd",
     "radare2", 0x7f4000000000, 0x7f4007ff6000, "double-mapper"},
    {"mmap(NULL, 65536, PROT_READ|PROT_EXEC, MAP_SHARED, 3</memfd:doublemapper>(deleted), 0x10000) "
     "= 0x7fa0dcf55000",
     "strace", 0x7fa0dcf55000, 0x7fa0dcf65000, "double-mapper"},
    {"[pid 4711] mmap(NULL, 65536, PROT_READ|PROT_EXEC, MAP_SHARED, 3, 0x10000) = 0x7fa0dcf55000",
     "strace", 0x7fa0dcf55000, 0x7fa0dcf65000, "shared"},
    {"mmap(NULL, 65536, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = "
     "0x7fa0dcf55000",
     "strace", 0x7fa0dcf55000, 0x7fa0dcf65000, "code"},
    {"mmap(NULL, 65536, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_DENYWRITE, 3, 0x1000) = "
     "0x7f4000001000",
     "strace", 0x7f4000001000, 0x7f4000011000, NULL},
    {"munmap(0x7fa0dcf66000, 4096)            = 0", "strace", 0x7fa0dcf66000, 0x7fa0dcf67000, NULL},
    {"#0  0x00007f85c806e000 - /memfd:doublemapper (deleted)", "frame", 0x7f85c806e000, 0x0,
     "double-mapper"},
    {"#1  0x00007f85c80b824a in main () from /usr/lib/libcoreclr.so", "frame", 0x7f85c80b824a, 0x0,
     "file"},
    {"    frame #1: 0x00007f85c80b824a libc.so.6`__libc_start_call_main(main=(dm`main)) at x.h:58",
     "frame", 0x7f85c80b824a, 0x0, "file"},
    {"==1== by 0x4C2FB551: ??? (in /memfd:doublemapper (deleted))", "valgrind", 0x4c2fb551, 0x0,
     "double-mapper"},
    {"    #1 0x7f6d12345678  (/memfd:doublemapper (deleted)+0x161678) (BuildId: 12ab)",
     "perf script", 0x7f6d12345678, 0x0, "double-mapper"},
    {"dotnet[4711]: segfault at 0 ip 00007f2900010a10 sp 00007ffd error 4 in memfd:doublemapper "
     "(deleted)[a10,7f2900010000+4000]",
     "kernel log", 0x7f2900010000, 0x7f2900014000, "double-mapper"},
    {"dotnet[4711]: unhandled exception: DABT (lower EL), ESR 0x0000000092000006, level 2 "
     "translation fault in memfd:doublemapper[ffff80010000+4000]",
     "kernel log", 0xffff80010000, 0xffff80014000, "double-mapper"},
    {"      7f12c3900000-7f12c3910000 00010000 65536       /memfd:doublemapper (deleted)",
     "readelf -n", 0x7f12c3900000, 0x7f12c3910000, "double-mapper"},
    {"  LOAD           0x0455f0 0x00007f12bc021000 0x0000000000000000 0x3fdf000 0x3fdf000 R   0x1",
     "readelf -l", 0x7f12bc021000, 0x7f12c0000000, NULL},
    {"0x7f2900010000+0x4000 - - - /memfd:doublemapper (deleted)", "eu-unstrip", 0x7f2900010000,
     0x7f2900014000, "module"},
    {"0x7f2900010000+0x4000 93ac@0x7f2900010380 /usr/lib/libc.so.6 - /usr/lib/libc.so.6",
     "eu-unstrip", 0x7f2900010000, 0x7f2900014000, "file"},
    {" [3]      0x7f2900010000->0x7f2900014000 at 0x00001000: load3 ALLOC LOAD READONLY CODE",
     "range", 0x7f2900010000, 0x7f2900014000, NULL},
    {"0x00007f2900010380  0x00007f2900014123  Yes (*)     /lib/x86_64-linux-gnu/libc.so.6",
     "gdb libraries", 0x7f2900010380, 0x7f2900014123, "file"},
    {"pmmap_ext(addr='7f4000000000-7f4007ff6000', perms='r-xs', path='/memfd:doublemapper "
     "(deleted)', rss=131072)",
     "record", 0x7f4000000000, 0x7f4007ff6000, "double-mapper"},
    {"{\"name\": \"/memfd:doublemapper (deleted)\", \"start\": \"0x7f4000000000\", \"end\": "
     "\"0x7f4007ff6000\"}",
     "record", 0x7f4000000000, 0x7f4007ff6000, "double-mapper"},
    {"{\"start\": 139917324288000, \"end\": 139917324353536, \"perm\": \"r-xs\"}", "record",
     0x7f410a698000, 0x7f410a6a8000, "shared"},
    {"7fc8177aa120 4b void [System.Private.CoreLib] System.String::Foo()[Tier0]", "perf map",
     0x7fc8177aa120, 0x7fc8177aa16b, "method"},
    {"00007f29`00010000 00007f29`05014000   doublemapper__deleted_ T (service symbols: CLR)", "lm",
     0x7f2900010000, 0x7f2905014000, "module"},
    {"00007F2900010000 80004000 /memfd:doublemapper (deleted)", "modules", 0x7f2900010000,
     0x7f2980014000, "module"},
    {"LowFrequencyHeap:          00007F4000000000(10000:3000) 00003000 (12288) bytes.", "eeheap",
     0x7f4000000000, 0x7f4000010000, "loader-heap"},
    {"dm      2244 root    3u   REG    0,1    0t0  1044175 /memfd:doublemapper (deleted)", "lsof",
     0x0, 0x0, "double-mapper"},
    {"lrwx------ 1 root root 64 Nov 29 16:06 3 -> /memfd:doublemapper (deleted)", "ls -l", 0x0, 0x0,
     "double-mapper"},
    {"    7f85c807e000 r--s 00010000  00:01  1044175     4   4   4    4    2    rd sh mr mw me ms "
     "memfd:doublemapper (deleted)",
     "pmap -X", 0x7f85c807e000, 0x7f85c807f000, "double-mapper"},
    {"    7f85c807e000 r-xp 00010000  103:02  1044175     4   4   4 sh", "pmap -X", 0x7f85c807e000,
     0x7f85c807f000, "file"},
    {"7f2900010000-7f2900014000 r-xs 00161000 00:01 4711   ...doublemapper (deleted)", "maps",
     0x7f2900010000, 0x7f2900014000, "cut-name"},
    {"7f2900010000-7f2900014000 rwxp 00000000 00:00 0", "maps", 0x7f2900010000, 0x7f2900014000,
     "code"},
    {"7f2900010000-7f2900014000 rw-s 00000000 00:01 12 /dev/zero (deleted)", "maps", 0x7f2900010000,
     0x7f2900014000, "shared"},
    {"7f2900010000-7f2900014000 rw-s 00000000 00:01 12 /memfd:/dotnet_1a2b (deleted)", "maps",
     0x7f2900010000, 0x7f2900014000, "mapped-file"},
    {"7f2900010000-7f2900014000,rw-s,00000000,00:01,12,/memfd:doublemapper,(deleted)", "maps",
     0x7f2900010000, 0x7f2900014000, "double-mapper"},
    {" | Free | 7fb038000000 | 7fb040000000 | 128.00mb | MEM_FREE | MEM_FREE | PAGE_NOACCESS | |",
     "maddress", 0x7fb038000000, 0x7fb040000000, "free"},
    {"+ 7f40`4c000000 7f40`4c021000 0`00021000             MEM_FREE    PAGE_NOACCESS    Free",
     "dbgeng", 0x7f404c000000, 0x7f404c021000, "free"},
    {"+ 7f40`4c000000 7f40`4c021000 0`00021000 MEM_MAPPED MEM_COMMIT PAGE_READWRITE   Other",
     "dbgeng", 0x7f404c000000, 0x7f404c021000, "shared"},
    {"Is **7f4000000000-7f4007ff6000** malloc's?", "range", 0x7f4000000000, 0x7f4007ff6000, NULL},
    {"~~7f4000000000-7f4007ff6000~~", "range", 0x7f4000000000, 0x7f4007ff6000, NULL},
    {"from 0x7f4000000000 up to 0x7f4007ff6000", "range", 0x7f4000000000, 0x7f4007ff6000, NULL},
    {"start=0x7f4000000000, end=0x7f4007ff6000", "range", 0x7f4000000000, 0x7f4007ff6000, NULL},
    {"7f404c000000 7f404c021000", "addresses", 0x7f404c000000, 0x7f404c021000, NULL},
    {"It is (7f4000000000-7f4007ff6000), I think.", "range", 0x7f4000000000, 0x7f4007ff6000, NULL},
    {"see 7f4000000000-7f4007ff6000: what is it?", "range", 0x7f4000000000, 0x7f4007ff6000, NULL},
    {"crashed at 0x00007fc8177aa120", "address", 0x7fc8177aa120, 0, NULL},
    {"7fc8177aa120", "address", 0x7fc8177aa120, 0, NULL},
};

START_TEST(each_format_is_read_and_a_name_in_it_is_the_owner) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    WxRange range;
    ck_assert_msg(wx_explain_parse(rows[i].line, &range), "%s", rows[i].line);
    ck_assert_msg(!strcmp(range.format, rows[i].format), "%s: %s", rows[i].line, range.format);
    ck_assert_uint_eq(range.start, rows[i].start);
    ck_assert_uint_eq(range.end, rows[i].end);
    const char *owner = range.naming ? range.naming->code : "none";
    ck_assert_msg(!strcmp(owner, rows[i].owner ? rows[i].owner : "none"), "%s: %s", rows[i].line,
                  owner);
    const WxExplanation explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
    if (range.naming)
      ck_assert_int_eq(explanation.reading, WX_READING_NAMED);
  }
}
END_TEST

START_TEST(a_stack_larger_than_a_stack_is_a_stack_and_what_malloc_put_behind_it) {
  WxRange range;
  char text[512];
  ck_assert(wx_explain_parse(" | Stack | 7fe747800000 | 7fe7502f1000 | 138.94mb | MEM_PRIVATE | "
                             "MEM_COMMIT | PAGE_READWRITE | |",
                             &range));
  WxExplanation explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
  ck_assert_int_eq(explanation.reading, WX_READING_STACK_AND_HEAPS);
  wx_explain_verdict(&explanation, text, sizeof text);
  ck_assert_str_eq(text, "a thread's stack of 8.00 MiB and 3 glibc heaps (malloc) behind it, shown "
                         "as one");
  // Where it starts like a heap, nothing says how much of it is the stack.
  ck_assert(wx_explain_parse("Stack 7fe740000000 7fe7502f1000 258.94mb", &range));
  explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
  wx_explain_verdict(&explanation, text, sizeof text);
  ck_assert_str_eq(text, "a thread's stack, and what else its debugger shows as one: by the "
                         "addresses up to 5 glibc heaps (malloc)");
  ck_assert(wx_explain_parse("Stack 7fe747800000 7fe747ff0000 7.94mb", &range));
  explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
  ck_assert_int_eq(explanation.reading, WX_READING_NAMED);
}
END_TEST

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

// The second line of a row, and what it makes of the first.
static const struct {
  const char *first, *second;
  uint64_t start, end;
  int protection;
  const char *owner;
} pairs[] = {
    {"    0x00007f2900010000  0x00007f2900014000  0x0000000000000161",
     "        /memfd:doublemapper (deleted)", 0x7f2900010000, 0x7f2900014000, WX_PROTECTION_UNKNOWN,
     "double-mapper"},
    {"  LOAD           0x00000000000005f0 0x00007f4000000000 0x0000000000000000",
     "                 0x0000000007ff6000 0x0000000007ff6000  RW     0x1", 0x7f4000000000,
     0x7f4007ff6000, WX_READ | WX_WRITE, NULL},
    {"Base Address:           00007f40`4c021000", "End Address:            00007f40`51b4c000",
     0x7f404c021000, 0x7f4051b4c000, WX_PROTECTION_UNKNOWN, NULL},
};

START_TEST(a_row_of_two_lines_is_completed_by_the_second) {
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; ++i) {
    WxRange range;
    ck_assert(wx_explain_parse(pairs[i].first, &range));
    ck_assert(!wx_explain_parse_next("that is all", &range));
    ck_assert(wx_explain_parse_next(pairs[i].second, &range));
    ck_assert_uint_eq(range.start, pairs[i].start);
    ck_assert_uint_eq(range.end, pairs[i].end);
    ck_assert_int_eq(range.protection, pairs[i].protection);
    ck_assert_str_eq(range.naming ? range.naming->code : "none",
                     pairs[i].owner ? pairs[i].owner : "none");
  }
  WxRange none = {0};
  ck_assert(!wx_explain_parse_next(pairs[0].second, &none));
}
END_TEST

START_TEST(every_record_of_a_line_is_found) {
  const char *line = "[{\"name\": \"/memfd:doublemapper (deleted)\", \"start\": "
                     "\"7f4000000000\", \"end\": \"7f4007ff6000\"}, {\"addr\": "
                     "\"7f3fc4000000-7f3fcbff5000\", \"perms\": \"rw-p\"}]";
  WxRange range;
  ck_assert(wx_explain_parse(line, &range));
  ck_assert_str_eq(range.naming->code, "double-mapper");
  ck_assert(wx_explain_parse_more(line, &range));
  ck_assert_uint_eq(range.start, 0x7f3fc4000000);
  ck_assert_ptr_null(range.naming);
  ck_assert_int_eq(range.protection, WX_READ | WX_WRITE);
  ck_assert(!wx_explain_parse_more(line, &range));
}
END_TEST

START_TEST(a_long_line_is_divided_behind_a_record) {
  char line[] = "[{\"a\": 1}, {\"b\": 2}, {\"c\": 3";
  ck_assert_ptr_eq(wx_explain_divide(line, line + strlen(line)), strstr(line, ", {\"c"));
  char words[] = "one two thr";
  ck_assert_ptr_eq(wx_explain_divide(words, words + strlen(words)), strstr(words, " thr"));
  char word[] = "word";
  ck_assert_ptr_eq(wx_explain_divide(word, word + strlen(word)), word + strlen(word));
}
END_TEST

START_TEST(more_heaps_than_any_process_has_are_none) {
  // The first digit of the start was lost.
  const WxRange range = {.start = 0xf4000000000, .end = 0x7f4007ff6000, .protection = -1};
  const WxExplanation explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
  ck_assert_int_eq(explanation.reading, WX_READING_NO_PATTERN);
  ck_assert_int_eq(explanation.certainty, WX_CERTAINTY_NONE);
  ck_assert_uint_eq(explanation.heaps, 0);
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

START_TEST(what_a_terminal_or_a_page_puts_into_a_line_is_taken_out) {
  static const struct {
    const char *line, *clean;
  } marked[] = {
      {"7f29\033[01;31m\033[Kdouble\033[m\033[K (deleted)", "7f29double (deleted)"},
      {"7f2900010000\xe2\x80\x93\x37\x66", "7f2900010000-7f"},
      {"r-xs\xc2\xa0\x30\x30", "r-xs 00"},
      {"\xef\xbb\xbf\x37\xe2\x80\x8b\x66", "7f"},
      {"/srv/\xc3\xbc.so", "/srv/\xc3\xbc.so"},
      {"\xe2\x80\x9c\x37\xe2\x80\x9d \xc2\xab\x37\xc2\xbb", "\"7\" \"7\""},
      {"rw-p&nbsp;<br>&lt;&amp", "rw-p <&amp"},
      {"\033", "\033"},
      {"a\033[", "a"},
  };
  for (size_t i = 0; i < sizeof marked / sizeof *marked; ++i) {
    char line[64];
    strcpy(line, marked[i].line);
    wx_explain_clean(line);
    ck_assert_str_eq(line, marked[i].clean);
  }
}
END_TEST

START_TEST(an_address_of_the_kernel_is_no_heap_of_malloc) {
  WxRange range;
  ck_assert(wx_explain_parse("0xffffa40000000000-0xffffa40000005000   20480 vmap", &range));
  ck_assert_int_eq(wx_explain(&range, WX_HEAP_SLOT_BYTES).reading, WX_READING_KERNEL);
  ck_assert(wx_explain_parse("00ffff0000000000-00ffff0004000000 rw-p 00000000 00:00 0", &range));
  ck_assert_int_eq(wx_explain(&range, WX_HEAP_SLOT_BYTES).reading, WX_READING_WHOLE_SLOTS);
}
END_TEST

START_TEST(a_single_address_has_no_decomposition) {
  WxRange range;
  char text[64] = "what stood here before";
  ck_assert(wx_explain_parse("at 0x00007fc8177aa120", &range));
  const WxExplanation explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
  wx_explain_pieces(&explanation, text, sizeof text);
  ck_assert_str_eq(text, "");
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

WX_TEST_MAIN("explain", the_published_case_is_explained_row_by_row,
             rows_are_read_as_debuggers_and_the_kernel_print_them,
             a_pattern_is_graded_by_what_speaks_against_it,
             a_reserved_row_behind_a_writable_one_of_its_slot_is_the_tail_of_an_arena,
             pieces_add_up_to_the_range, text_is_cut_where_the_buffer_ends,
             each_format_is_read_and_a_name_in_it_is_the_owner,
             a_stack_larger_than_a_stack_is_a_stack_and_what_malloc_put_behind_it,
             a_row_of_two_lines_is_completed_by_the_second, every_record_of_a_line_is_found,
             a_long_line_is_divided_behind_a_record, more_heaps_than_any_process_has_are_none,
             every_range_of_a_line_of_prose_is_found_in_its_order,
             what_a_terminal_or_a_page_puts_into_a_line_is_taken_out,
             an_address_of_the_kernel_is_no_heap_of_malloc, a_single_address_has_no_decomposition,
             what_is_no_range_is_not_taken_for_one, no_text_gives_a_range_that_is_not_in_it,
             words_of_rows_in_any_order_are_no_row)
