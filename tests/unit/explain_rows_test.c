// Rows of maps, debuggers and other tools are read, with the owner that they name.
#include "attribution/explain.h"
#include "support/suite.h"

#include <string.h>

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

WX_TEST_MAIN("explain_rows", rows_are_read_as_debuggers_and_the_kernel_print_them,
             each_format_is_read_and_a_name_in_it_is_the_owner,
             a_row_of_two_lines_is_completed_by_the_second, every_record_of_a_line_is_found,
             a_long_line_is_divided_behind_a_record,
             what_a_terminal_or_a_page_puts_into_a_line_is_taken_out)
