#include "holding.h"

#include "attack.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RESULTS_NUMBER = 901 };

static const char mark = 0x5a;
const uint32_t hold_dwell_ns = 3000000;

HoldResults *hold_results;
int hold_memfd;

static void put(const Reach *reach, int page, char value) {
  const off_t at = (off_t)page * ATTACK_PAGE;
  if (reach->map)
    *(volatile char *)(reach->map + at) = value;
  else if (pwrite(reach->fd, &value, 1, at) != 1)
    attack_die("pwrite");
}

static bool lost(const Reach *reach, int page) {
  const off_t at = (off_t)page * ATTACK_PAGE;
  char byte = 0;
  if (reach->map)
    byte = *(volatile char *)(reach->map + at);
  else if (pread(reach->fd, &byte, 1, at) != 1)
    attack_die("pread");
  return byte != mark;
}

void reach_write_once(const Reach *reach, int first, int end) {
  for (int page = first; page < end; ++page)
    put(reach, page, mark);
  attack_nap(attack_random(hold_dwell_ns));
  for (int page = first; page < end; ++page)
    if (lost(reach, page))
      atomic_fetch_add(&hold_results->lost, 1);
  atomic_fetch_add(&hold_results->writes, (uint64_t)(end - first));
  for (int page = first; page < end; ++page)
    put(reach, page, 0);
}

static void write_always(Reach reach) {
  atomic_fetch_add(&hold_results->holders, 1);
  while (!atomic_load(&hold_results->stop)) {
    reach_write_once(&reach, 1, HOLD_PAGES);
    attack_nap(attack_random(hold_dwell_ns));
  }
}

Reach reach_by_mapping(int fd) {
  char *map =
      mmap(NULL, (size_t)HOLD_PAGES * ATTACK_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED || close(fd))
    attack_die("mmap");
  return (Reach){.map = map};
}

Reach reach_by_descriptor(int fd) {
  return (Reach){.fd = fd};
}

_Noreturn void reach_hold(Reach reach) {
  write_always(reach);
  _exit(0);
}

// A mapping under a number that all inherit.
void hold_share_results(void) {
  int fd = fcntl(RESULTS_NUMBER, F_GETFD) < 0 ? -1 : RESULTS_NUMBER;
  if (fd < 0) {
    const int fresh = memfd_create("results", 0);
    if (fresh < 0 || ftruncate(fresh, sizeof *hold_results))
      attack_die("results");
    fd = dup2(fresh, RESULTS_NUMBER);
    (void)close(fresh);
  }
  hold_results = mmap(NULL, sizeof *hold_results, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (hold_results == MAP_FAILED)
    attack_die("results");
}
