// Why a .NET process grows when it frees code, and what stops that:  cc repro.c && ./a.out
// With W^X on, the runtime's executable memory is one memfd, mapped block by block. A block is
// released by mapping all of it writable in place, filling it with zeros (a later user of that part
// of the file must find zeros) and unmapping it. In shared memory the fill allocates every page
// that was never used, and unmapping gives none of them back.
// Exit status: 0 the table shows just this, 1 it does not, 77 there is no memfd_create here.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifndef USED // pages of each block in use: cc -DUSED=16 repro.c is a block that is full
#define USED 1
#endif
enum { BLOCKS = 1000, PAGES = 16, PUNCH = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE };
typedef enum { ZERO_FILL, ZERO_FILL_AND_PUNCH, PUNCH_ONLY, WAYS } Way;
static const char *const names[] = {"zero fill (the runtime)", "zero fill, then punch",
                                    "punch instead"};
static size_t page, block;

static void must(int succeeded, const char *what) {
  if (!succeeded) {
    perror(what);
    exit(1);
  }
}

static long allocated_kib(int fd) {
  struct stat status;
  must(fstat(fd, &status) == 0, "fstat");
  return (long)status.st_blocks / 2;
}

// What tools see of it: the shared memory that the process has mapped.
static long rss_shmem_kib(void) {
  char line[256];
  long kib = -1;
  FILE *file = fopen("/proc/self/status", "r");
  must(file != NULL, "/proc/self/status");
  while (fgets(line, sizeof line, file))
    sscanf(line, "RssShmem: %ld", &kib);
  fclose(file);
  return kib;
}

static char *map(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
  char *address = mmap(at, size, protection, MAP_SHARED | flags, fd, offset);
  must(address != MAP_FAILED, "mmap");
  return address;
}

// Reserves a block, commits its first pages and writes code there through a second view.
static char *make_block(int fd, off_t offset) {
  char *base = map(NULL, block, PROT_NONE, 0, fd, offset);
  must(mprotect(base, USED * page, PROT_READ | PROT_EXEC) == 0, "mprotect");
  char *view = map(NULL, USED * page, PROT_READ | PROT_WRITE, 0, fd, offset);
  memset(view, 0xC3, USED * page);
  must(munmap(view, USED * page) == 0, "munmap");
  return base;
}

static void release_block(Way way, int fd, char *base, off_t offset) {
  if (way == PUNCH_ONLY) {
    must(fallocate(fd, PUNCH, offset, (off_t)block) == 0, "fallocate");
  } else {
    map(base, block, PROT_READ | PROT_WRITE, MAP_FIXED, fd, offset);
    memset(base, 0, block);
  }
  must(munmap(base, block) == 0, "munmap");
  if (way == ZERO_FILL_AND_PUNCH)
    must(fallocate(fd, PUNCH, offset, (off_t)block) == 0, "fallocate");
}

// One row of the table; true if it shows what is claimed.
static int row(Way way, int fd) {
  static char *base[BLOCKS], bytes[PAGES << 16];
  must(ftruncate(fd, (off_t)(BLOCKS * block)) == 0, "ftruncate");
  for (size_t i = 0; i < BLOCKS; i++)
    base[i] = make_block(fd, (off_t)(i * block));
  long before = allocated_kib(fd);
  clock_t start = clock();
  for (size_t i = 0; i < BLOCKS; i++)
    release_block(way, fd, base[i], (off_t)(i * block));
  double each = (double)(clock() - start) * 1e6 / CLOCKS_PER_SEC / BLOCKS;
  long after = allocated_kib(fd), rss = rss_shmem_kib(), whole = (long)(BLOCKS * block / 1024);
  int zero = 1; // reading a hole by pread allocates nothing
  for (size_t i = 0; i < BLOCKS; i++) {
    must(pread(fd, bytes, block, (off_t)(i * block)) == (ssize_t)block, "pread");
    zero &= bytes[0] == 0 && memcmp(bytes, bytes + 1, block - 1) == 0;
  }
  printf("%-24s %8ld KiB %8ld KiB %8ld KiB %12.1f  %s\n", names[way], before, after, rss, each,
         zero ? "yes" : "NO");
  return zero && before == whole / PAGES * USED && after == (way == ZERO_FILL ? whole : 0);
}

int main(void) {
  int holds = 1;
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); // huge pages would blur the count, nothing else
  page = (size_t)sysconf(_SC_PAGESIZE), block = PAGES * page;
  printf("%d blocks of %zu KiB, %d of %d pages used, all released\n%-24s %12s %12s %12s %12s  %s\n",
         BLOCKS, block >> 10, USED, PAGES, "by", "memfd before", "after", "RssShmem",
         "CPU us/block", "reads as 0");
  for (Way way = ZERO_FILL; way < WAYS; way++) {
    int fd = memfd_create("repro", MFD_CLOEXEC);
    if (fd < 0)
      return perror("SKIP: memfd_create"), 77;
    holds &= row(way, fd);
    close(fd);
  }
  puts(holds ? "holds: a zero fill allocates whole blocks, a punch frees them" : "DOES NOT HOLD");
  return holds ? 0 : 1;
}
