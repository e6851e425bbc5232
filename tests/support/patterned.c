#include "support/patterned.h"

#include "measure/maps.h"
#include "reclaim/find.h"
#include "support/bystander.h"

#include <check.h>

enum { PAGE = 4096, PAGES = WX_PATTERNED_PAGES, SIZE = PAGES * PAGE };

DoubleMap wx_patterned_make(void) {
  DoubleMap map = double_map_make(SIZE);
  double_map_writable(&map);
  for (size_t page = 0; page < PAGES - 8; ++page)
    map.writable[page * PAGE] = (char)(page % 3 == 0);
  double_map_drop_writable(&map);
  return map;
}

static void make_as_runtime(void) {
  double_map_as_runtime();
  (void)wx_patterned_make();
}

pid_t wx_patterned_start(void) {
  return wx_bystander_start(make_as_runtime);
}

WxMemfd wx_patterned_memfd(pid_t pid) {
  WxMaps maps = {0};
  WxMemfds memfds = {0};
  ck_assert_int_eq(wx_reclaim_find(&memfds, pid, &maps, NULL, NULL), 0);
  const WxMemfd memfd = memfds.items[0];
  wx_memfds_free(&memfds);
  wx_maps_free(&maps);
  return memfd;
}
