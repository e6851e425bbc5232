// A real process with twelve arenas of malloc inside the double mapper's interval and 100 MB that
// nobody maps: the audit finds both to the byte, and changes nothing.
#include "attribution/audit.h"
#include "support/suite.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARENAS = 12, PAGE = 4096, CODE_PAGES = 16, CHUNK = 64 * 1024, REPORT = 64 * 1024 };
#define ORPHANED    ((size_t)100 * 1024 * 1024)
#define LOW_ADDRESS 0x100000000000
#define FILE_BYTES  ((off_t)1 << 40)

// What the child says of itself.
typedef struct {
  uint64_t malloc_mprotect; // malloc_info's "aspace mprotect" of all arenas but the main one.
  uint64_t arenas;
  uint64_t blocks; // st_blocks of its file.
} Report;

typedef struct {
  pid_t pid;
  Report report;
  int descriptor; // Of the file, in the child.
} Subject;

static pthread_barrier_t ready;

static void *use_malloc(void *context) {
  const size_t bytes = *(const size_t *)context;
  char *volatile first = malloc(100); // Makes the arena.
  *first = 1;
  for (size_t done = 0; done < bytes; done += CHUNK)
    memset(malloc(CHUNK), 1, CHUNK);
  pthread_barrier_wait(&ready);
  pause();
  return NULL;
}

static void start_arenas(size_t bytes) {
  static size_t each;
  each = bytes;
  mallopt(M_ARENA_MAX, 64);
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  pthread_barrier_init(&ready, NULL, ARENAS + 1);
  for (int i = 0; i < ARENAS; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, use_malloc, &each))
      _exit(3);
  }
  pthread_barrier_wait(&ready);
}

static char *map_code(int fd, off_t offset, void *hint) {
  char *code = mmap(hint, CODE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
  if (code == MAP_FAILED)
    _exit(4);
  memset(code, 0xc3, CODE_PAGES * PAGE / 2);
  if (mprotect(code, CODE_PAGES * PAGE, PROT_READ | PROT_EXEC))
    _exit(5);
  return code;
}

static void leave_orphaned(int fd, off_t offset) {
  char *view = mmap(NULL, ORPHANED, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
  if (view == MAP_FAILED)
    _exit(6);
  memset(view, 0x5a, ORPHANED); // No zeros: a reclaim that runs on this machine would free them.
  munmap(view, ORPHANED);
}

// Adds up what malloc_info says of every heap but number 0, the main arena.
static void ask_malloc(Report *report) {
  static char text[REPORT];
  FILE *stream = fmemopen(text, sizeof text, "w");
  if (!stream || malloc_info(0, stream) || fclose(stream))
    _exit(7);
  for (char *heap = strstr(text, "<heap nr=\"1\""); heap; heap = strstr(heap + 1, "<heap nr=")) {
    char *size = strstr(heap, "<aspace type=\"mprotect\" size=\"");
    if (!size)
      _exit(8);
    report->malloc_mprotect +=
        strtoull(size + strlen("<aspace type=\"mprotect\" size=\""), NULL, 10);
    ++report->arenas;
  }
}

static void be_subject(int report_to, size_t malloc_bytes) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int fd = memfd_create("doublemapper", MFD_CLOEXEC);
  Report report = {0};
  struct stat status;
  if (fd < 0 || ftruncate(fd, FILE_BYTES))
    _exit(2);
  // The kernel maps downwards from the first one; the second one is far below everything.
  map_code(fd, 0, NULL);
  start_arenas(malloc_bytes);
  map_code(fd, CODE_PAGES * PAGE, (void *)LOW_ADDRESS);
  leave_orphaned(fd, (off_t)1 << 30);
  ask_malloc(&report);
  if (fstat(fd, &status))
    _exit(9);
  report.blocks = (uint64_t)status.st_blocks;
  if (write(report_to, &report, sizeof report) != sizeof report)
    _exit(10);
  for (;;)
    pause();
}

static Subject start_subject(size_t malloc_bytes) {
  Subject subject = {0};
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  subject.pid = fork();
  ck_assert_int_ge(subject.pid, 0);
  if (!subject.pid)
    be_subject(ends[1], malloc_bytes);
  close(ends[1]);
  ck_assert_int_eq(read(ends[0], &subject.report, sizeof subject.report), sizeof subject.report);
  close(ends[0]);
  return subject;
}

static void end_subject(const Subject *subject) {
  kill(subject->pid, SIGKILL);
  waitpid(subject->pid, NULL, 0);
}

static WxAudit audit_subject(const Subject *subject, bool fast) {
  WxAudit audit;
  const WxAuditOptions options = {.rows = 10, .fast = fast};
  ck_assert_int_eq(wx_audit_live(&audit, subject->pid, &options), 0);
  return audit;
}

static void check_figures(const Subject *subject, const WxAudit *audit) {
  const WxTruth *truth = &audit->truth;
  ck_assert_int_eq(truth->inodes, 1);
  ck_assert_int_eq(truth->allocated_bytes, (WxFigure)subject->report.blocks * 512);
  ck_assert_int_eq(truth->orphaned_bytes, (WxFigure)ORPHANED);
  ck_assert_int_eq(truth->mapped_bytes, truth->allocated_bytes - truth->orphaned_bytes);
  const WxHeaps *heaps = &audit->space->heaps;
  ck_assert_uint_eq(heaps->arenas, subject->report.arenas);
  ck_assert_uint_eq(heaps->arenas, ARENAS);
  ck_assert_uint_eq(heaps->committed_bytes, subject->report.malloc_mprotect);
  ck_assert_int_eq(heaps->weakest, WX_PROOF_HEADER);
  ck_assert(heaps->ring_complete);
  ck_assert_ptr_nonnull(audit->module);
  uint64_t sum = 0;
  for (size_t i = 0; i < WX_OWNERS; ++i)
    sum += audit->span.bytes[i];
  ck_assert_uint_eq(sum, audit->module->end - audit->module->start);
  // All of them lie inside the interval.
  ck_assert_uint_eq(audit->span.bytes[WX_OWNER_HEAP_COMMITTED], heaps->committed_bytes);
  ck_assert_uint_eq(audit->span.bytes[WX_OWNER_HEAP_RESERVED], heaps->reserved_bytes);
}

START_TEST(arenas_and_orphaned_bytes_are_found_to_the_byte_and_the_larger_one_is_named) {
  const Subject subject = start_subject(0);
  for (int fast = 0; fast < 2; ++fast) {
    WxAudit audit = audit_subject(&subject, fast);
    check_figures(&subject, &audit);
    ck_assert_int_eq(audit.verdict.code, WX_VERDICT_RETAINED);
    ck_assert_ptr_nonnull(strstr(audit.verdict.text, "malloc's 12 arenas are smaller"));
    wx_audit_free(&audit);
  }
  end_subject(&subject);
}
END_TEST

START_TEST(arenas_larger_than_the_orphaned_bytes_are_named_as_the_larger) {
  const Subject subject = start_subject((size_t)20 << 20);
  WxAudit audit = audit_subject(&subject, false);
  check_figures(&subject, &audit);
  ck_assert_ptr_nonnull(strstr(audit.verdict.text, "malloc's 12 arenas are larger"));
  wx_audit_free(&audit);
  end_subject(&subject);
}
END_TEST

START_TEST(a_chain_of_heaps_in_one_arena_is_found_to_the_byte) {
  const Subject subject = start_subject((size_t)80 << 20);
  WxAudit audit = audit_subject(&subject, false);
  check_figures(&subject, &audit);
  ck_assert_uint_eq(audit.space->heaps.proven, 2 * ARENAS);
  wx_audit_free(&audit);
  end_subject(&subject);
}
END_TEST

START_TEST(a_thousand_audits_change_nothing) {
  const Subject subject = start_subject(0);
  for (int i = 0; i < 1000; ++i) {
    WxAudit audit = audit_subject(&subject, i % 10 != 0);
    ck_assert_int_eq(audit.truth.allocated_bytes, (WxFigure)subject.report.blocks * 512);
    wx_audit_free(&audit);
  }
  end_subject(&subject);
}
END_TEST

START_TEST(saved_maps_and_smaps_of_it_give_the_same_interval_and_say_what_they_cannot) {
  const Subject subject = start_subject(0);
  WxAudit live = audit_subject(&subject, false);
  static const struct {
    WxSource source;
    const char *file;
    WxHeapProof proof;
  } sources[] = {{WX_SOURCE_MAPS, "maps", WX_PROOF_SHAPE},
                 {WX_SOURCE_SMAPS, "smaps", WX_PROOF_FLAGS}};
  for (size_t i = 0; i < 2; ++i) {
    char path[64];
    WxAudit saved;
    const WxAuditOptions options = {.rows = 10};
    snprintf(path, sizeof path, "/proc/%d/%s", (int)subject.pid, sources[i].file);
    ck_assert_int_eq(wx_audit_file(&saved, sources[i].source, path, &options), 0);
    ck_assert(!wx_known(saved.truth.allocated_bytes) && !wx_known(saved.truth.orphaned_bytes));
    ck_assert_mem_eq(&saved.span, &live.span, sizeof saved.span);
    ck_assert_uint_eq(saved.space->heaps.committed_bytes, live.space->heaps.committed_bytes);
    ck_assert_int_eq(saved.space->heaps.weakest, sources[i].proof);
    ck_assert_int_eq(saved.verdict.code, WX_VERDICT_ARTEFACT);
    wx_audit_free(&saved);
  }
  wx_audit_free(&live);
  end_subject(&subject);
}
END_TEST

WX_TEST_MAIN("audit-live",
             arenas_and_orphaned_bytes_are_found_to_the_byte_and_the_larger_one_is_named,
             arenas_larger_than_the_orphaned_bytes_are_named_as_the_larger,
             a_chain_of_heaps_in_one_arena_is_found_to_the_byte, a_thousand_audits_change_nothing,
             saved_maps_and_smaps_of_it_give_the_same_interval_and_say_what_they_cannot)
