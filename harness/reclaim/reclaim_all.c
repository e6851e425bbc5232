#include "reclaim/fair_share.h"
#include "reclaim/reclaim.h"

#include "os/process.h"
#include "reclaim/discovery.h"
#include "reclaim/tracked.h"

#include <errno.h>

// So often it looks for another process that holds what could not be had through one.
enum { MOST_ROUNDS = 4 };

typedef struct {
  const WxAllOptions *options;
  WxAllDone *done;
  WxTrackedFiles files;
  WxDiscovery discovery;
  WxShares shares;
  WxFairQueue turns;
} All;

static int take(void *context, const WxSeenProcess *process, const WxMemfd *memfd) {
  All *all = context;
  WxTracked *leaves;
  int place = wx_tracked_files_add(&all->files, process, memfd, WX_TRACKED_FILES, &leaves);
  if (place == WX_TRACKED_FULL && leaves && !leaves->served) {
    wx_tracked_files_remove(&all->files, leaves);
    ++all->done->left_out;
    place = wx_tracked_files_add(&all->files, process, memfd, WX_TRACKED_FILES, &leaves);
  }
  all->done->left_out += place == WX_TRACKED_FULL;
  return place < 0 ? place : 0;
}

// Whether the file was done well through another process.
static bool is_done(const All *all, const WxTracked *tracked) {
  for (size_t i = 0; i < all->files.count; ++i) {
    const WxTracked *other = all->files.items[i];
    if (other != tracked && other->served && !other->refused[0] &&
        wx_file_id_equal(other->memfd.id, tracked->memfd.id))
      return true;
  }
  return false;
}

static int serve(All *all, WxTracked *tracked) {
  const uint64_t began = wx_os_now_ns();
  WxProblem problem = {""};
  tracked->before = (WxReclaim){.pid = tracked->pid};
  const int failed = wx_reclaim_memfd(tracked->pid, &tracked->memfd, &all->options->reclaim,
                                      &tracked->before, &problem);
  tracked->served = 1;
  tracked->gone = failed == -ESRCH || failed == -ESTALE;
  if (failed && !tracked->gone)
    wx_tracked_refuse(tracked, failed, &problem);
  tracked->error = failed;
  return wx_shares_charge(&all->shares, tracked->user, wx_os_now_ns() - began);
}

static int serve_new(All *all, bool *failures) {
  wx_fair_queue_clear(&all->turns);
  int result = 0;
  for (size_t i = 0; i < all->files.count && !result; ++i) {
    const WxTracked *tracked = all->files.items[i];
    if (!tracked->served)
      result = wx_fair_queue_add(&all->turns, tracked->user, tracked->pid, 0, i);
  }
  if (!result)
    result = wx_fair_queue_begin(&all->turns, &all->shares);
  for (size_t index; !result && wx_fair_queue_next(&all->turns, &all->shares, &index);) {
    WxTracked *tracked = all->files.items[index];
    result = serve(all, tracked);
    *failures |= tracked->refused[0] != '\0';
  }
  return result;
}

static int run(All *all) {
  int result = 0;
  bool again = true;
  for (unsigned round = 0; again && !result && round < MOST_ROUNDS; ++round) {
    const size_t known = all->files.count;
    again = false;
    for (size_t i = 0; i < all->discovery.count; ++i)
      all->discovery.items[i].left = 0;
    all->discovery.ours = 0;
    result = wx_discovery_cycle(&all->discovery, all->options->selection, &all->shares, UINT64_MAX,
                                take, all);
    if (!result && all->files.count > known)
      result = serve_new(all, &again);
  }
  return result;
}

// A file is told once: through whichever process it was done, or else each failure.
static void tell(const All *all) {
  for (size_t i = 0; i < all->files.count; ++i) {
    const WxTracked *tracked = all->files.items[i];
    if (!tracked->served || tracked->gone || (tracked->error && is_done(all, tracked)))
      continue;
    ++all->done->files;
    all->done->failed += tracked->error != 0;
    all->options->done(all->options->context, tracked->error, tracked->refused, &tracked->before);
  }
  all->done->ours = all->discovery.ours;
  all->done->left_out += all->discovery.left_out;
}

int wx_reclaim_all(const WxAllOptions *options, WxAllDone *done) {
  *done = (WxAllDone){0};
  All all = {
      .options = options, .done = done, .discovery = {.proc = -1, .name = options->reclaim.memfd}};
  const int result = run(&all);
  tell(&all);
  wx_tracked_files_free(&all.files);
  wx_discovery_close(&all.discovery);
  wx_shares_free(&all.shares);
  wx_fair_queue_free(&all.turns);
  return result;
}
