/**
   @file figure.h
   A measured number that may be unknown.
*/
#ifndef WX_STATS_FIGURE_H
#define WX_STATS_FIGURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A whole number in the unit its name says (`_bytes`, `_ns`, else a count), or WX_UNKNOWN.
typedef int64_t WxFigure;

/// What cannot be known from this source: `null` in JSON, `n/a` in a table; never 0.
#define WX_UNKNOWN INT64_MIN

static inline bool wx_known(WxFigure figure) {
  return figure != WX_UNKNOWN;
}

/// A size, unknown where it is more than a figure can hold.
static inline WxFigure wx_figure_from(uint64_t size) {
  return size <= INT64_MAX ? (WxFigure)size : WX_UNKNOWN;
}

/// `a` + `b`, unknown if either is, or if it is more than a figure can hold.
static inline WxFigure wx_figure_plus(WxFigure a, WxFigure b) {
  WxFigure sum;
  return wx_known(a) && wx_known(b) && !__builtin_add_overflow(a, b, &sum) ? sum : WX_UNKNOWN;
}

/// `a` - `b`, unknown likewise.
static inline WxFigure wx_figure_minus(WxFigure a, WxFigure b) {
  WxFigure rest;
  return wx_known(a) && wx_known(b) && !__builtin_sub_overflow(a, b, &rest) ? rest : WX_UNKNOWN;
}

/// The larger of two figures; an unknown one does not count.
static inline WxFigure wx_figure_max(WxFigure a, WxFigure b) {
  return !wx_known(a) ? b : !wx_known(b) || a > b ? a : b;
}

/// The figure that stands `offset` bytes into an object: where it is, and what it is.
static inline WxFigure *wx_figure_at(void *object, size_t offset) {
  return (WxFigure *)(void *)((char *)object + offset);
}

static inline WxFigure wx_figure_of(const void *object, size_t offset) {
  return *(const WxFigure *)(const void *)((const char *)object + offset);
}

#endif
