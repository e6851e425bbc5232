/**
   @file ended.h
   How a program ended that did not run to its end: a finding of its own, where others did.
*/
#ifndef WX_STATS_ENDED_H
#define WX_STATS_ENDED_H

typedef enum {
  WX_ENDED_WELL,        ///< It ran to its end; nothing else counts.
  WX_ENDED_EXIT,        ///< With a status other than 0, or before its end.
  WX_ENDED_SIGNAL,      ///< Killed, not by its observer.
  WX_ENDED_TIMEOUT,     ///< Killed at the time limit.
  WX_ENDED_NOT_STARTED, ///< It could not be started.
  WX_ENDED_STOPPED,     ///< Its observer ended it: it could not be looked at, or was interrupted.
} WxEndedHow;

enum { WX_ENDED_TEXT = 256 };

typedef struct {
  WxEndedHow how;
  int status;                    ///< With WX_ENDED_EXIT.
  int signal;                    ///< With WX_ENDED_SIGNAL.
  int error;                     ///< A negative errno where one is the cause, else 0.
  char last_line[WX_ENDED_TEXT]; ///< Of what it wrote to its standard error; "" for none.
  char text[WX_ENDED_TEXT];      ///< All of it in words, one line.
} WxEnded;

/// `exit`, `signal`, `timeout`, `not-started` or `stopped`, as in the contract; NULL for
/// WX_ENDED_WELL.
const char *wx_ended_name(WxEndedHow how);

/// What that name means; WX_ENDED_WELL for NULL and where it is none.
WxEndedHow wx_ended_find(const char *name);

#endif
