// Every strategy at every kind of work, against the runtime's own and that against itself.
#include "bench/bench_reports.h"

#include "os/interrupt.h"
#include "output/json.h"
#include "output/result_json.h"
#include "scenario/plugins.h"
#include "stats/turns.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

// How long each does its work in a round, and how many rounds there are at least.
static const struct {
  uint64_t slice_ns;
  size_t rounds;
} full = {20000000, 60}, quick = {4000000, 10};

static const char *const writable_words[] = {[WX_WRITABLE_NEVER] = "never",
                                             [WX_WRITABLE_MEANWHILE] = "while written",
                                             [WX_WRITABLE_ALWAYS] = "always",
                                             [WX_WRITABLE_NOT_AFTERWARDS] = "not afterwards",
                                             [WX_WRITABLE_UNKNOWN] = NULL};

static WxTable *new_table(const WxWork *work, const char *base) {
  char title[160], ratio[48];
  snprintf(title, sizeof title, "%s: %s", work->name, work->means);
  snprintf(ratio, sizeof ratio, "/ %s", base);
  const WxColumn columns[] = {
      {work->functions ? "strategy or peer" : "strategy", WX_TEXT},
      {work->operation, WX_NS},
      {ratio, WX_RATIO},
      {"95 % low", WX_RATIO},
      {"high", WX_RATIO},
      {"noise", WX_RATIO},
      {"it is", WX_TEXT},
      {"retained", WX_BYTES},
      {"mappings", WX_COUNT},
      {"W+X page", WX_TEXT},
      {"code is writable", WX_TEXT},
      {"/ one thread", WX_RATIO}, // Last: only where the work has that.
  };
  return wx_table_new(title, columns, sizeof columns / sizeof *columns - !work->alone);
}

static json_t *interval_json(const WxInterval *interval, double unit) {
  return json_pack("{s:o, s:o, s:o, s:I}", "median", wx_json_real(interval->median * unit),
                   "ci_low", wx_json_real(interval->low * unit), "ci_high",
                   wx_json_real(interval->high * unit), "n", (json_int_t)interval->n);
}

static json_t *security_json(const WxWorkReport *report) {
  return json_pack("{s:b, s:s?, s:b}", "wx_page", report->wx_page, "writable_alias",
                   writable_words[report->writable], "reprotect", report->reprotect);
}

static json_t *samples_json(const double seconds[], size_t rounds) {
  WxJsonBuilder samples = wx_json_list();
  for (size_t i = 0; i < rounds; ++i)
    wx_json_append(&samples, wx_json_real(seconds[i] * 1e9));
  return wx_json_built(&samples);
}

static const char *name_of(const WxContender *contender) {
  return wx_work_subject_name(contender->subject);
}

static json_t *new_row(const WxContest *contest, const WxContender *contender, const char *name) {
  return json_pack("{s:s, s:s, s:s}", "benchmark", "strategies", "workload", contest->work->name,
                   contender->subject.peer ? "peer" : "strategy", name);
}

static void add_to_table(WxTable *table, const char *name, const WxPaired *paired,
                         const WxWorkReport *report, WxFigure retained, bool has_ratio,
                         const WxInterval *scaling) {
  static const char *const words[] = {
      [WX_NO_DIFFERENCE] = "no difference", [WX_LOWER] = "less", [WX_HIGHER] = "more"};
  const WxInterval *ratio = &paired->ratio;
  const WxDifference difference = wx_interval_difference(ratio, paired->noise, 0);
  wx_table_add(
      table,
      (WxCell[]){wx_text(name), wx_figure((WxFigure)llround(paired->median.median * 1e9)),
                 wx_ratio(has_ratio ? ratio->median : NAN), wx_ratio(has_ratio ? ratio->low : NAN),
                 wx_ratio(has_ratio ? ratio->high : NAN), wx_ratio(has_ratio ? paired->noise : NAN),
                 wx_text(has_ratio ? words[difference] : NULL), wx_figure(retained),
                 wx_figure(report->mappings), wx_text(report->wx_page ? "yes" : "no"),
                 wx_text(writable_words[report->writable]), wx_ratio(scaling->median)});
}

static json_t *ratio_json(const WxPaired *paired, const char *base) {
  json_t *ratio = interval_json(&paired->ratio, 1);
  if (ratio && (json_object_set_new(ratio, "base", json_string(base)) ||
                json_object_set_new(ratio, "noise", wx_json_real(paired->noise)))) {
    json_decref(ratio);
    return NULL;
  }
  return ratio;
}

// What several threads do, in what one does.
static int add_scaling(json_t *row, const WxContest *contest, const WxContender *contender,
                       const WxInterval *scaling) {
  json_t *figures = interval_json(scaling, 1);
  int failed = wx_json_set(figures, "to", json_string(contest->work->alone->name));
  failed |= wx_json_set(figures, "samples_ns", samples_json(contender->alone, contest->rounds));
  return failed | wx_json_set(row, "scaling", figures);
}

static void add_compared(WxBench *bench, WxTable *table, const WxContest *contest, size_t index,
                         const WxPaired *paired) {
  const WxContender *contender = &contest->contenders[index];
  const WxWorkReport *report = &contender->counted;
  const WxPeer *peer = contender->subject.peer;
  const bool has_ratio = !peer || !peer->extra;
  const WxFigure retained =
      report->retained_bytes < 0 ? WX_UNKNOWN : (WxFigure)report->retained_bytes;
  char name[WX_STRATEGY_NAME + 8];
  snprintf(name, sizeof name, "%s%s", name_of(contender), index == 1 ? " again" : "");
  WxInterval scaling = {.median = NAN};
  const int not_scaled = wx_contest_scale(contest, index, &scaling);
  add_to_table(table, name, paired, report, retained, has_ratio, &scaling);
  json_t *row = new_row(contest, contender, name);
  if (!not_scaled)
    bench->document->lost |= add_scaling(row, contest, contender, &scaling) != 0;
  if (report->syscalls >= 0 && wx_json_set(row, "syscalls",
                                           json_pack("{s:i, s:I}", "operations", WX_WORK_UNTIMED,
                                                     "total", (json_int_t)report->syscalls)))
    bench->document->lost = true;
  json_t *figures =
      json_pack("{s:{s:o}, s:o, s:o, s:o, s:I, s:o, s:I}", "time_ns", contest->work->operation,
                interval_json(&paired->median, 1e9), "ratio",
                has_ratio ? ratio_json(paired, name_of(&contest->contenders[0])) : json_null(),
                "retained_bytes", wx_json_figure(retained), "samples_ns",
                samples_json(contender->seconds, contest->rounds), "mappings_peak",
                (json_int_t)report->mappings, "security", security_json(report), "operations",
                (json_int_t)contender->operations);
  bench->document->lost |=
      !row || !figures || json_object_update(row, figures) ||
      (peer && peer->extra && wx_json_set(row, "extra", json_string(peer->extra)));
  json_decref(figures);
  wx_document_add_result(bench->document, row);
}

// One that took no part, or did not end well.
static void add_other(WxBench *bench, const WxContest *contest, const WxContender *contender) {
  json_t *row = new_row(contest, contender, name_of(contender));
  if ((contender->skipped && wx_json_set(row, "skipped", json_string(contender->skipped))) ||
      (contender->left && wx_json_set(row, "ended", wx_ended_json(&contender->ended))))
    bench->document->lost = true;
  wx_document_add_result(bench->document, json_incref(row));
  if (contender->left) {
    wx_result_note(bench->document, row);
    bench->failed = true;
  } else {
    wx_document_note(bench->document, "%s, %s: skipped: %s.", contest->work->name,
                     name_of(contender), contender->skipped);
  }
  json_decref(row);
}

void wx_bench_strategies_report(WxBench *bench, const WxContest *contest) {
  WxTable *table = new_table(contest->work, name_of(&contest->contenders[0]));
  for (size_t i = 0; i < contest->count; ++i) {
    WxPaired paired;
    const WxContender *contender = &contest->contenders[i];
    if (contender->skipped || contender->left) {
      add_other(bench, contest, contender);
      continue;
    }
    const int failed = wx_contest_compare(contest, i, &paired);
    if (!failed)
      add_compared(bench, table, contest, i, &paired);
    else if (failed != -ENODATA)
      bench->document->lost = true;
  }
  wx_document_add_table(bench->document, table);
}

static int run_contest(WxBench *bench, WxContest *contest) {
  const uint64_t slice = bench->quick ? quick.slice_ns : full.slice_ns;
  int failed = 0;
  for (size_t i = 0; i < contest->count && !failed; ++i) {
    wx_progress_show(&bench->progress, "%s: how fast is %s", contest->work->name,
                     name_of(&contest->contenders[i]));
    failed = wx_contest_calibrate(contest, i, slice);
  }
  while (!failed && contest->rounds < contest->most_rounds) {
    wx_progress_show(&bench->progress, "%s: round %zu of %zu", contest->work->name,
                     contest->rounds + 1, contest->most_rounds);
    failed = wx_contest_round(contest);
  }
  return failed == -EINTR || failed == -ENODATA ? 0 : failed;
}

// Those that are named, else all but refuted guesses; the base first and once more.
static int add_contenders(WxBench *bench, const WxPlugins *plugins, WxContest *contest) {
  const char *named = contest->work->base;
  const WxStrategy *base = named ? wx_strategy_find(named) : wx_strategy_at(0), *strategy;
  int failed = wx_contest_add(contest, (WxWorkSubject){.strategy = base}, NULL);
  if (!failed)
    failed = wx_contest_add(contest, (WxWorkSubject){.strategy = base}, NULL);
  for (size_t i = 0; (strategy = wx_plugins_strategy_at(plugins, i)) && !failed; ++i)
    if (strategy != base && wx_plugins_is_wanted(&bench->strategies, strategy, WX_IS_REFUTED))
      failed = wx_contest_add(contest, (WxWorkSubject){.strategy = strategy}, NULL);
  return failed;
}

static bool is_wanted(const WxBench *bench, const WxPeer *peer) {
  return bench->peers.count ? wx_names_have(&bench->peers, peer->name) : !bench->strategies.count;
}

static int add_peers(const WxBench *bench, WxContest *contest) {
  const WxPeer *peer;
  int failed = 0;
  for (size_t i = 0; contest->work->functions && (peer = wx_peer_at(i)) && !failed; ++i) {
    const char *missing;
    if (!is_wanted(bench, peer))
      continue;
    failed = wx_peer_look(peer, &missing);
    if (!failed)
      failed = wx_contest_add(contest, (WxWorkSubject){.peer = peer}, missing);
  }
  return failed;
}

static int contest(WxBench *bench, const WxPlugins *plugins, const WxWork *work) {
  const size_t least = bench->quick ? quick.rounds : full.rounds;
  WxContest contest = {.work = work,
                       .time_limit_ns = bench->limit_ns,
                       .most_rounds = bench->rounds ? bench->rounds : least + WX_CONTENDERS};
  int failed = add_contenders(bench, plugins, &contest);
  if (!failed)
    failed = add_peers(bench, &contest);
  if (!failed && !bench->rounds) // Each at each place equally often.
    contest.most_rounds = wx_turns_rounds(contest.count, least);
  if (!failed)
    failed = run_contest(bench, &contest);
  if (!failed)
    wx_bench_strategies_report(bench, &contest);
  wx_contest_free(&contest);
  return failed ? wx_problem(&bench->problem, -EINVAL, "%s: %s", work->name, strerror(-failed)) : 0;
}

static int check_peers(WxBench *bench) {
  const char *names[WX_CONTENDERS];
  size_t count = 0;
  for (const WxPeer *peer; count < WX_CONTENDERS && (peer = wx_peer_at(count)); ++count)
    names[count] = peer->name;
  for (size_t i = 0; i < bench->peers.count; ++i)
    if (!wx_peer_find(bench->peers.items[i]))
      return wx_problem_unknown(&bench->problem, "peer", bench->peers.items[i], names, count);
  return 0;
}

int wx_bench_strategies(WxBench *bench) {
  enum { MOST = 32 };
  const char *names[MOST];
  size_t count = 0;
  for (const WxWork *work; count < MOST && (work = wx_work_at(count)); ++count)
    names[count] = work->name;
  int status = wx_bench_check_parts(bench, names, count);
  if (status == 0)
    status = check_peers(bench);
  WxPlugins plugins = {0};
  if (status == 0)
    status = wx_plugins_check(&bench->strategies, &plugins, &bench->problem);
  (void)wx_os_interrupt_begin();
  for (size_t i = 0; i < count && status == 0 && !wx_os_interrupted(); ++i)
    if (wx_bench_wants(bench, names[i]) && (bench->parts.count || !wx_work_at(i)->named_only))
      status = contest(bench, &plugins, wx_work_at(i));
  wx_plugins_free(&plugins);
  if (status == 0)
    wx_document_note(bench->document,
                     "Each strategy did its work once a round, in rotated order, in a process of "
                     "its own; ratios are of pairs within a round. Less or more is only what lies "
                     "outside of the noise, the interval of the first strategy against itself.");
  return status;
}
