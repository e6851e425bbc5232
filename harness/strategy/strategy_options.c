#include "strategy/strategy_options.h"

WxStrategyOptions wx_strategy_options_default(void) {
  return (WxStrategyOptions){
      .cache = 3,
      .move_to_front = true,
      .pool = true,
      .pool_size = 0x7EFF0000,
      .file_size = UINT64_C(2) << 40,
      .backing = WX_BACKING_MEMFD,
      .slack = UINT64_C(1) << 20,
  };
}
