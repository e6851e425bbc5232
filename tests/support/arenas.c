#include "support/arenas.h"

#include <check.h>
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

enum { PAGE = 4096, CODE_PAGES = 16, CHUNK = 64 * 1024, REPORT = 64 * 1024 };
#define LOW_ADDRESS 0x100000000000
#define FILE_BYTES  ((off_t)1 << 40)

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
  pthread_barrier_init(&ready, NULL, WX_ARENAS + 1);
  for (int i = 0; i < WX_ARENAS; ++i) {
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
  char *view = mmap(NULL, WX_ARENAS_ORPHANED, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
  if (view == MAP_FAILED)
    _exit(6);
  memset(view, 0x5a,
         WX_ARENAS_ORPHANED); // No zeros: a reclaim that runs on this machine would free them.
  munmap(view, WX_ARENAS_ORPHANED);
}

// Adds up what malloc_info says of every heap but number 0, the main arena.
static void ask_malloc(WxArenasReport *report) {
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
  WxArenasReport report = {0};
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

WxArenas wx_arenas_start(size_t malloc_bytes) {
  WxArenas subject = {0};
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

void wx_arenas_end(const WxArenas *subject) {
  kill(subject->pid, SIGKILL);
  waitpid(subject->pid, NULL, 0);
}
