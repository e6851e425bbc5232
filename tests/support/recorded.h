/**
   @file recorded.h
   A strategy that does what another one does and writes down what it was asked, for tests of exact
   sequences.

   The record is one line: R0:64 is the first block, of 64 KiB; C0+48:4w commits 4 KiB of it from
   KiB 48 on for writing (x: for executing); V0+0:4 maps a view (a view that was kept is not
   written down); X0:64 releases it.
*/
#ifndef TESTS_SUPPORT_RECORDED_H
#define TESTS_SUPPORT_RECORDED_H

#include "strategy/strategy.h"

/// Opens strategy `name` with `options` under a recorder.
WxAllocator *wx_recorded_open(const char *name, const WxStrategyOptions *options);

/// What was asked since the last call. Valid until the next one.
const char *wx_recorded_take(WxAllocator *recorded);

#endif
