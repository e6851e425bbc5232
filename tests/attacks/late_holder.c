// Somebody beside the target comes to hold its file in some WAY, writes into it and reads back:
//   late_holder WAY [PUNCHES]
// Prints `ready PID`; that is the target, which looks like .NET and does nothing. It waits until
// pages were given back, so that whoever does that has looked round; lets somebody hold the file
// then; ends after pages were given back PUNCHES times more, or after a while where nobody dares
// to. Prints `writes`, `lost` and `punches`. Exit status 1 where a write was lost.
//
// Wait long between looking at a page and giving it back (a delay that strace puts before
// fallocate), and whoever is not held loses writes for certain.
#include "attack.h"
#include "holding.h"
#include "ways.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { USUAL_PUNCHES = 12 };

static const uint64_t look_ns = 500000;
static const uint64_t patience_ns = 10000000000;        // Until anybody gives pages back at all.
static const uint64_t time_for_punches_ns = 2000000000; // Where nobody does any more.

static const Way *find_way(const Way *ways, const char *name) {
  for (const Way *way = ways; way->name; ++way)
    if (strcmp(way->name, name) == 0)
      return way;
  return NULL;
}

// Those in which no write may be lost.
static void list_ways(const Way *ways) {
  for (const Way *way = ways; way->name; ++way)
    if (!way->open)
      puts(way->name);
}

// Pages of the holder's part of the file that are allocated.
static int allocated_pages(void) {
  const off_t end = (off_t)HOLD_PAGES * ATTACK_PAGE;
  off_t sum = 0;
  off_t data = 0;
  while ((data = lseek(hold_memfd, data, SEEK_DATA)) >= 0 && data < end) {
    const off_t hole = lseek(hold_memfd, data, SEEK_HOLE);
    sum += (hole < end ? hole : end) - data;
    data = hole;
  }
  return (int)(sum / ATTACK_PAGE);
}

// Whether all was given back. Whoever does that has looked round.
static bool was_given_back(void) {
  const uint64_t until = attack_now() + patience_ns;
  while (allocated_pages() > 1) {
    if (attack_now() > until)
      return false;
    attack_nap(look_ns);
  }
  return true;
}

// Whoever holds the file allocates pages by writing; each time that there are fewer again, some
// were given back. The target's own part of the file gives a reason to look at it.
static int watch_punches(int wanted) {
  const uint64_t until = attack_now() + time_for_punches_ns;
  int before = allocated_pages();
  int punches = 0;
  while (punches < wanted && attack_now() < until) {
    attack_fill(hold_memfd, HOLD_PAGES, HOLD_PAGES);
    attack_nap(look_ns);
    const int now = allocated_pages();
    punches += now < before;
    before = now;
  }
  return punches;
}

static int run(const Way *way, int wanted) {
  hold_memfd = attack_memfd(HOLD_PAGES);
  attack_look_like_dotnet();
  attack_say("ready %d\n", (int)getpid());
  if (!was_given_back()) {
    fprintf(stderr, "nobody gives anything back\n");
    return 3;
  }
  way->get();
  for (const uint64_t until = attack_now() + patience_ns; !atomic_load(&hold_results->holders);) {
    if (attack_now() > until)
      attack_die("nobody came to hold the file");
    attack_nap(look_ns);
  }
  const int punches = watch_punches(wanted);
  atomic_store(&hold_results->stop, true);
  attack_nap(2 * hold_dwell_ns);
  attack_say("writes %" PRIu64 "\nlost %" PRIu64 "\npunches %d\n",
             atomic_load(&hold_results->writes), atomic_load(&hold_results->lost), punches);
  return atomic_load(&hold_results->lost) != 0;
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "list") == 0) {
    list_ways(relative_ways);
    list_ways(stranger_ways);
    return 0;
  }
  hold_share_results();
  if (argc == 2 && strcmp(argv[0], "stranger") == 0)
    stranger_be();
  if (argc == 2 && strcmp(argv[0], "again") == 0)
    relative_be_executed_again();
  const Way *relative = argc >= 2 ? find_way(relative_ways, argv[1]) : NULL;
  const Way *stranger = argc >= 2 ? find_way(stranger_ways, argv[1]) : NULL;
  if (!relative && !stranger)
    return 2;
  attack_end_with_parent();
  if (stranger)
    stranger_start();
  _exit(run(relative ? relative : stranger, argc > 2 ? atoi(argv[2]) : USUAL_PUNCHES));
}
