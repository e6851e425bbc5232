/**
   @file certainty.h
   How far a statement about a range of addresses can be relied on.
*/
#ifndef WX_ATTRIBUTION_CERTAINTY_H
#define WX_ATTRIBUTION_CERTAINTY_H

/// From worst to best, so that the smaller of two is the weaker.
typedef enum {
  WX_CERTAINTY_NONE, ///< Nothing can be said.
  WX_CERTAINTY_LOW,
  WX_CERTAINTY_MEDIUM,
  WX_CERTAINTY_HIGH,
  WX_CERTAINTY_VERY_HIGH,
} WxCertainty;

/// "none", "low", "medium", "high" or "very high".
const char *wx_certainty_name(WxCertainty certainty);

#endif
