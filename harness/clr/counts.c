#include "clr/counts.h"

#include "os/os.h"

static const char *const names[WX_CLR_COUNTED] = {
    [WX_CLR_RESERVES] = "reserves",
    [WX_CLR_RELEASES] = "releases",
    [WX_CLR_COMMITS] = "commits",
    [WX_CLR_RW_MAPS] = "RW maps",
    [WX_CLR_RELEASED_MAPS] = "RW maps of released blocks",
};

const char *wx_clr_counted_name(WxClrCounted what) {
  return names[what];
}

static size_t class_of(size_t size) {
  const size_t page = wx_os_page_size();
  const size_t pages = wx_round_up(size, page) / page;
  return pages < WX_CLR_LARGEST_CLASS ? pages : WX_CLR_LARGEST_CLASS;
}

void wx_clr_counts_add(WxClrCounts *counts, WxClrCounted what, size_t size) {
  wx_clr_counts_add_times(counts, what, size, 1);
}

void wx_clr_counts_add_times(WxClrCounts *counts, WxClrCounted what, size_t size, uint64_t times) {
  counts->of[what][class_of(size)] += times;
}

uint64_t wx_clr_counts_total(const WxClrCounts *counts, WxClrCounted what) {
  uint64_t total = 0;
  for (size_t i = 0; i <= WX_CLR_LARGEST_CLASS; ++i)
    total += counts->of[what][i];
  return total;
}

uint64_t wx_clr_counts_of(const WxClrCounts *counts, WxClrCounted what, size_t size) {
  return counts->of[what][class_of(size)];
}
