#include "stats/figures.h"

#include "stats/result.h"

#include <string.h>

#define NO_COLUMN                                                                                  \
  { 0, NULL, false }
#define COLUMN(PLACE, HEADING)                                                                     \
  { PLACE, HEADING, false }
#define COLUMN_IF_KNOWN(PLACE, HEADING)                                                            \
  { PLACE, HEADING, true }

#define OWN                                                                                        \
  { WX_FROM_ELSEWHERE, 0 }
#define PEAK(MEMBER)                                                                               \
  { WX_FROM_PEAK, offsetof(WxSample, MEMBER) }
#define LAST(MEMBER)                                                                               \
  { WX_FROM_LAST, offsetof(WxSample, MEMBER) }

static const WxFigureRow of_verbs[] = {
#define VERB(MEMBER) {.key = #MEMBER, .offset = offsetof(WxByVerb, MEMBER)},
    WX_BY_VERB(VERB)
#undef VERB
};

static const WxFigureRow of_samples[] = {
#define SAMPLE(MEMBER, SOURCE, NAMES, COLUMN_OF, ABOUT)                                            \
  {.key = #MEMBER,                                                                                 \
   .offset = offsetof(WxSample, MEMBER),                                                           \
   .names = WX_NAMES_##NAMES,                                                                      \
   .column = COLUMN_OF,                                                                            \
   .about = (ABOUT)},
    WX_SAMPLE_FIGURES(SAMPLE)
#undef SAMPLE
};

static const WxFigureRow of_metrics[] = {
#define METRIC(MEMBER, TYPE, FROM, NAMES, RULE, COLUMN_OF, ABOUT)                                  \
  {.key = #MEMBER,                                                                                 \
   .offset = offsetof(WxMetrics, MEMBER),                                                          \
   .type = WX_TYPE_##TYPE,                                                                         \
   .names = WX_NAMES_##NAMES,                                                                      \
   .rule = WX_RULE_##RULE,                                                                         \
   .column = COLUMN_OF,                                                                            \
   .from = FROM,                                                                                   \
   .about = (ABOUT)},
    WX_METRIC_FIGURES(METRIC)
#undef METRIC
};

#define COUNT(ROWS) (sizeof(ROWS) / sizeof *(ROWS))

const WxFigureTable wx_by_verb = {of_verbs, COUNT(of_verbs)};
const WxFigureTable wx_sample_figures = {of_samples, COUNT(of_samples)};
const WxFigureTable wx_metric_figures = {of_metrics, COUNT(of_metrics)};

static const WxFigureRow *find(const WxFigureTable *table, const char *name, size_t length) {
  for (size_t i = 0; i < table->count; ++i)
    if (strncmp(table->rows[i].key, name, length) == 0 && !table->rows[i].key[length])
      return &table->rows[i];
  return NULL;
}

const WxFigureRow *wx_figure_find(const WxFigureTable *table, const char *name, size_t *offset) {
  const size_t length = strcspn(name, ".");
  const WxFigureRow *row = find(table, name, length);
  if (!row || (name[length] && row->type != WX_TYPE_BY_VERB))
    return NULL;
  *offset = row->offset;
  if (row->type != WX_TYPE_BY_VERB)
    return row;
  const char *of = name[length] ? name + length + 1 : "total";
  const WxFigureRow *verb = find(&wx_by_verb, of, strlen(of));
  *offset += verb ? verb->offset : 0;
  return verb ? row : NULL;
}
