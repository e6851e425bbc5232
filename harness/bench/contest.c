#include "bench/contest.h"

#include "os/interrupt.h"
#include "stats/turns.h"

#include <errno.h>
#include <stdlib.h>

enum { BASE, AGAIN };
enum { SEED = 1 };

static const uint64_t most_operations = 1000000;

int wx_contest_add(WxContest *contest, WxWorkSubject subject, const char *skipped) {
  if (contest->count == WX_CONTENDERS)
    return -E2BIG;
  WxContender *added = &contest->contenders[contest->count];
  *added = (WxContender){.subject = subject, .operations = 1};
  added->skipped = skipped ? skipped : wx_work_unfit(contest->work, subject);
  ++contest->count;
  added->seconds = calloc(contest->most_rounds + 1, sizeof *added->seconds);
  added->alone = calloc(contest->most_rounds + 1, sizeof *added->alone);
  return added->seconds && added->alone ? 0 : -ENOMEM;
}

static bool takes_part(const WxContender *contender) {
  return !contender->skipped && !contender->left;
}

// Returns 0 where it ended, well or not; -EINTR where this process was told to end.
static int run(const WxContest *contest, const WxWork *work, WxContender *contender) {
  const int failed = wx_work_run(work, contender->subject, contender->operations,
                                 contest->time_limit_ns, &contender->report, &contender->ended);
  if (failed || wx_os_interrupted())
    return failed ? failed : -EINTR;
  contender->left = contender->ended.how != WX_ENDED_WELL;
  return 0;
}

int wx_contest_calibrate(WxContest *contest, size_t index, uint64_t slice_ns) {
  WxContender *contender = &contest->contenders[index];
  int result = 0;
  for (contender->operations = WX_COUNTED; takes_part(contender) && result == 0;) {
    result = run(contest, contest->work, contender);
    if (contender->operations == WX_COUNTED)
      contender->counted = contender->report;
    const uint64_t ns = contender->report.ns ? contender->report.ns : 1;
    const uint64_t wanted = contender->operations * slice_ns / ns + 1;
    if (ns >= slice_ns / 2 || contender->operations >= most_operations) {
      contender->operations = wanted < most_operations ? wanted : most_operations;
      break;
    }
    // A short run says little: no more than 16 times as many at once.
    contender->operations =
        wanted < contender->operations * 16 ? wanted : contender->operations * 16;
  }
  return result;
}

static int time_work(const WxContest *contest, const WxWork *work, WxContender *contender,
                     double seconds[]) {
  const int failed = takes_part(contender) ? run(contest, work, contender) : 0;
  const double operations = (double)contender->operations * work->threads;
  seconds[contest->rounds] = (double)contender->report.ns / operations / 1e9;
  return failed;
}

// The work and, where it has that, the same by one thread, which begins in every other round.
static int time_contender(const WxContest *contest, WxContender *contender) {
  const WxWork *work = contest->work;
  const bool alone_first = work->alone && contest->rounds % 2;
  int failed = 0;
  if (alone_first)
    failed = time_work(contest, work->alone, contender, contender->alone);
  if (!failed)
    failed = time_work(contest, work, contender, contender->seconds);
  if (!failed && work->alone && !alone_first)
    failed = time_work(contest, work->alone, contender, contender->alone);
  return failed;
}

int wx_contest_round(WxContest *contest) {
  if (contest->rounds == contest->most_rounds)
    return -E2BIG;
  for (size_t place = 0; place < contest->count; ++place) {
    WxContender *contender = &contest->contenders[wx_turn(contest->count, contest->rounds, place)];
    const int failed = time_contender(contest, contender);
    if (failed)
      return failed;
  }
  if (!takes_part(&contest->contenders[BASE]) || !takes_part(&contest->contenders[AGAIN]))
    return -ENODATA;
  ++contest->rounds;
  return 0;
}

int wx_contest_compare(const WxContest *contest, size_t index, WxPaired *paired) {
  const WxContender *base = &contest->contenders[BASE], *other = &contest->contenders[index];
  if (!takes_part(base) || !takes_part(other) || contest->rounds == 0)
    return -ENODATA;
  const int failed = wx_paired_compare(base->seconds, contest->contenders[AGAIN].seconds,
                                       other->seconds, contest->rounds, paired);
  return failed == -EINVAL ? -ENODATA : failed;
}

int wx_contest_scale(const WxContest *contest, size_t index, WxInterval *scaling) {
  const WxContender *contender = &contest->contenders[index];
  if (!contest->work->alone || !takes_part(contender) || contest->rounds == 0)
    return -ENODATA;
  const int failed =
      wx_interval_ratio(contender->seconds, contender->alone, contest->rounds, SEED, scaling);
  return failed == -EINVAL ? -ENODATA : failed;
}

void wx_contest_free(WxContest *contest) {
  for (size_t i = 0; i < contest->count; ++i) {
    free(contest->contenders[i].seconds);
    free(contest->contenders[i].alone);
  }
  contest->count = 0;
}
