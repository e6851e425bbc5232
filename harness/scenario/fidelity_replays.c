#include "scenario/fidelity_replays.h"

#include "strategy/registry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// The place of a check, a new one where no replay had it.
static size_t place_of(WxFidelityReplays *replays, const char *name) {
  size_t i = 0;
  while (i < replays->count && strcmp(replays->names[i], name) != 0)
    ++i;
  if (i == replays->count) {
    replays->names[i] = name;
    ++replays->count;
  }
  return i;
}

static int take_in(WxFidelityReplays *replays, const WxReplayRun *run, char *problem) {
  if (run->result.skipped)
    return -EINTR;
  if (run->result.ended) {
    snprintf(problem, WX_PROBLEM_SIZE, "replay: %.*s", WX_PROBLEM_SIZE - 16, run->ended.text);
    return -EIO;
  }
  if (run->result.expectation_count == 0) {
    snprintf(problem, WX_PROBLEM_SIZE, "replay: nothing of it could be checked");
    return -EIO;
  }
  for (size_t i = 0; i < run->result.expectation_count; ++i) {
    const WxExpectationResult *check = &run->result.expectations[i];
    replays->held[place_of(replays, check->name)] += check->ok;
  }
  return 0;
}

int wx_fidelity_replay(WxFidelityReplays *replays, const char *path, uint64_t time_limit_ns,
                       char problem[WX_PROBLEM_SIZE]) {
  const WxReplayOrder order = {
      .path = path, .strategy = &wx_strategy_coreclr, .time_limit_ns = time_limit_ns};
  WxReplayRun run;
  int result = wx_replay_run(&order, &run);
  if (!result)
    result = take_in(replays, &run, problem);
  wx_replay_run_free(&run);
  return result;
}

WxFidelityRow wx_fidelity_replays_row(const WxFidelityReplays *replays, size_t index, size_t runs) {
  char name[WX_FIDELITY_NAME];
  snprintf(name, sizeof name, "replays: %s", replays->names[index]);
  return wx_fidelity_exact(name, (int64_t)runs, replays->held[index]);
}
