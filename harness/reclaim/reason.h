/**
   @file reason.h
   Why something could not be done, in one line for a person.
*/
#ifndef WX_RECLAIM_REASON_H
#define WX_RECLAIM_REASON_H

/// A sentence without final dot or newline; "" while nothing went wrong.
typedef struct {
  char text[320];
} WxReason;

/// Writes the reason (where `reason` is not NULL) and returns `error`, a negative errno.
int wx_reason(WxReason *reason, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
