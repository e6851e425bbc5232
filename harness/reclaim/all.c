#include "reclaim/all.h"

#include "os/process.h"
#include "reclaim/crowd.h"
#include "reclaim/follow.h"

#include <errno.h>

// So often it looks for another process that holds what could not be had through one.
enum { MOST_ROUNDS = 4 };

typedef struct {
  const WxAllOptions *options;
  WxAllDone *done;
  WxCrowd crowd;
  WxFollow follow;
  WxShares shares;
  WxFairTurns turns;
} All;

static int take(void *context, const WxFollowed *process, const WxMemfd *memfd) {
  All *all = context;
  WxWatched *leaves;
  int place = wx_crowd_add(&all->crowd, process, memfd, WX_CROWD_FILES, &leaves);
  if (place == WX_CROWD_FULL && leaves && !leaves->served) {
    wx_crowd_remove(&all->crowd, leaves);
    ++all->done->left_out;
    place = wx_crowd_add(&all->crowd, process, memfd, WX_CROWD_FILES, &leaves);
  }
  all->done->left_out += place == WX_CROWD_FULL;
  return place < 0 ? place : 0;
}

// Whether the file was done well through another process.
static bool is_done(const All *all, const WxWatched *watched) {
  for (size_t i = 0; i < all->crowd.count; ++i) {
    const WxWatched *other = all->crowd.items[i];
    if (other != watched && other->served && !other->refused[0] &&
        wx_file_id_equal(other->memfd.id, watched->memfd.id))
      return true;
  }
  return false;
}

static int serve(All *all, WxWatched *watched) {
  const uint64_t began = wx_os_now_ns();
  WxProblem problem = {""};
  watched->before = (WxReclaim){.pid = watched->pid};
  const int failed = wx_reclaim_memfd(watched->pid, &watched->memfd, &all->options->reclaim,
                                      &watched->before, &problem);
  watched->served = 1;
  watched->gone = failed == -ESRCH || failed == -ESTALE;
  if (failed && !watched->gone)
    wx_watched_refuse(watched, failed, &problem);
  watched->error = failed;
  return wx_shares_charge(&all->shares, watched->user, wx_os_now_ns() - began);
}

static int serve_new(All *all, bool *failures) {
  wx_fair_clear(&all->turns);
  int result = 0;
  for (size_t i = 0; i < all->crowd.count && !result; ++i) {
    const WxWatched *watched = all->crowd.items[i];
    if (!watched->served)
      result = wx_fair_add(&all->turns, watched->user, watched->pid, 0, i);
  }
  if (!result)
    result = wx_fair_begin(&all->turns, &all->shares);
  for (size_t index; !result && wx_fair_next(&all->turns, &all->shares, &index);) {
    WxWatched *watched = all->crowd.items[index];
    result = serve(all, watched);
    *failures |= watched->refused[0] != '\0';
  }
  return result;
}

static int run(All *all) {
  int result = 0;
  bool again = true;
  for (unsigned round = 0; again && !result && round < MOST_ROUNDS; ++round) {
    const size_t known = all->crowd.count;
    again = false;
    for (size_t i = 0; i < all->follow.count; ++i)
      all->follow.items[i].left = 0;
    all->follow.ours = 0;
    result =
        wx_follow_cycle(&all->follow, all->options->selection, &all->shares, UINT64_MAX, take, all);
    if (!result && all->crowd.count > known)
      result = serve_new(all, &again);
  }
  return result;
}

// A file is told once: through whichever process it was done, or else each failure.
static void tell(const All *all) {
  for (size_t i = 0; i < all->crowd.count; ++i) {
    const WxWatched *watched = all->crowd.items[i];
    if (!watched->served || watched->gone || (watched->error && is_done(all, watched)))
      continue;
    ++all->done->files;
    all->done->failed += watched->error != 0;
    all->options->done(all->options->context, watched->error, watched->refused, &watched->before);
  }
  all->done->ours = all->follow.ours;
  all->done->left_out += all->follow.left_out;
}

int wx_reclaim_all(const WxAllOptions *options, WxAllDone *done) {
  *done = (WxAllDone){0};
  All all = {
      .options = options, .done = done, .follow = {.proc = -1, .name = options->reclaim.memfd}};
  const int result = run(&all);
  tell(&all);
  wx_crowd_free(&all.crowd);
  wx_follow_close(&all.follow);
  wx_shares_free(&all.shares);
  wx_fair_free(&all.turns);
  return result;
}
