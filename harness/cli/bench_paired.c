#include "cli/bench_paired.h"

#include "stats/interval.h"

#include <math.h>

/// One variant beside the first one.
typedef struct {
  WxInterval ratio;
  WxInterval more_ms; ///< What it takes more, paired.
  WxInterval median;  ///< Seconds.
} Compared;

WxTable *wx_bench_paired_table(const char *title) {
  static const WxColumn columns[] = {
      {"workload", WX_TEXT},  {"mode", WX_TEXT},  {"rounds", WX_COUNT}, {"time / on", WX_RATIO},
      {"95 % low", WX_RATIO}, {"high", WX_RATIO}, {"noise", WX_RATIO},  {"ms more", WX_RATIO},
      {"95 % low", WX_RATIO}, {"high", WX_RATIO}, {"median", WX_NS},
  };
  return wx_table_new(title, columns, sizeof columns / sizeof *columns);
}

static int compare(const WxPaired *paired, size_t variant, uint64_t seed, Compared *compared) {
  const double *base = paired->seconds[0];
  const double *own = paired->seconds[variant];
  double more_ms[WX_PAIRED_ROUNDS];
  for (size_t round = 0; round < paired->rounds; ++round)
    more_ms[round] = (own[round] - base[round]) * 1e3;
  int failed = wx_interval_ratio(base, own, paired->rounds, seed, &compared->ratio);
  if (!failed)
    failed = wx_interval_median(more_ms, paired->rounds, seed, &compared->more_ms);
  return failed ? failed : wx_interval_median(own, paired->rounds, seed, &compared->median);
}

static void add_row(WxBench *bench, WxTable *table, const WxPaired *paired, const char *mode,
                    const Compared *compared, double noise) {
  const WxInterval *ratio = &compared->ratio;
  const WxInterval *more = &compared->more_ms;
  wx_table_add(table, (WxCell[]){wx_text(paired->workload), wx_text(mode),
                                 wx_figure((WxFigure)ratio->n), wx_ratio(ratio->median),
                                 wx_ratio(ratio->low), wx_ratio(ratio->high), wx_ratio(noise),
                                 wx_ratio(more->median), wx_ratio(more->low), wx_ratio(more->high),
                                 wx_figure((WxFigure)llround(compared->median.median * 1e9))});
  wx_document_add_result(
      bench->document,
      json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:f, s:f, s:I, s:f, s:f, s:f, s:f, s:f}",
                "benchmark", "modes", "workload", paired->workload, "mode", mode, "runtime",
                paired->runtime, "time", paired->metric, "ratio", ratio->median, "ci_low",
                ratio->low, "ci_high", ratio->high, "n", (json_int_t)ratio->n, "noise", noise,
                "more_ms", more->median, "more_ms_low", more->low, "more_ms_high", more->high,
                "median_s", compared->median.median));
}

int wx_bench_paired_report(WxBench *bench, WxTable *table, const WxPaired *paired) {
  double noise = 0;
  for (size_t variant = 1; variant < paired->count; ++variant) {
    Compared compared;
    const int failed = compare(paired, variant, bench->seed, &compared);
    if (failed)
      return wx_bench_no_times(bench, paired->workload, failed);
    if (variant == 1)
      noise = wx_interval_noise(&compared.ratio);
    add_row(bench, table, paired, paired->modes[variant], &compared, noise);
  }
  return 0;
}
