/**
   @file units.h
   Quantities as people write and read them. Pure functions, no locale.

   Reading is strict: a text is understood to its last character or refused. Each reader returns 0,
   -EINVAL (not this kind of quantity) or -ERANGE (too large), and then leaves `*value` alone and
   sets `*problem` to a constant phrase that completes "'TEXT' ", such as "is empty" or "has an
   unknown unit; expected B, KiB, MiB, GiB or TiB". `problem` may be NULL.
*/
#ifndef WX_STATS_UNITS_H
#define WX_STATS_UNITS_H

#include "stats/figure.h"

#include <stdint.h>

/// Reads a whole number: decimal digits, or hexadecimal ones after `0x`. No sign, no blanks.
int wx_units_count(const char *text, uint64_t *value, const char **problem);

/// Reads a number of bytes: a whole number as above (bytes), or a decimal number directly followed
/// by B, KiB, MiB, GiB or TiB, as `64KiB` and `1.5GiB`. A fraction must come out as whole bytes:
/// `0.1KiB` is refused. Decimal units (`MB`) and single letters (`M`) are refused: their meaning
/// differs from tool to tool.
int wx_units_bytes(const char *text, uint64_t *value, const char **problem);

/// Reads a duration in nanoseconds: a decimal number, in units of `bare_ns` nanoseconds, or
/// directly followed by ns, us, ms, s or min. Anything below a nanosecond is refused.
int wx_units_duration(const char *text, uint64_t bare_ns, uint64_t *value, const char **problem);

/// Reads a percentage with its sign, such as `25%` or `0.5%`: the value is 25 or 0.5.
int wx_units_percent(const char *text, double *value, const char **problem);

/// Reads a decimal number such as `-3`, `1.8` or `2e3`; finite.
int wx_units_number(const char *text, double *value, const char **problem);

/// What a figure counts.
typedef enum { WX_UNIT_COUNT, WX_UNIT_BYTES, WX_UNIT_NS } WxUnit;

/// The unit of the figure called `name`, which says it: `retained_bytes`, `wall_ns`,
/// `time_ns.reserve`; all else are counts.
WxUnit wx_unit_of(const char *name);

/// "count", "bytes" or "ns".
const char *wx_unit_name(WxUnit unit);

/// Room for any formatted quantity.
enum { WX_UNITS_TEXT = 32 };

/// Writes bytes with a binary unit and one decimal, as `195.5 MiB`; below 1 KiB as `512 B`. Returns
/// `text`. Unknown is `n/a`, here and below.
char *wx_units_format_bytes(char text[WX_UNITS_TEXT], WxFigure bytes);

/// Writes nanoseconds as `850 ns`, `1.2 us`, `3.4 ms` or `12.5 s`.
char *wx_units_format_ns(char text[WX_UNITS_TEXT], WxFigure nanoseconds);

/// Writes a whole number with a comma between thousands.
char *wx_units_format_count(char text[WX_UNITS_TEXT], WxFigure count);

/// Writes a ratio with two decimals, as `1.80`; not a number is `n/a`.
char *wx_units_format_ratio(char text[WX_UNITS_TEXT], double ratio);

/// Writes a figure in its unit, by the one of these that is for it.
char *wx_units_format(char text[WX_UNITS_TEXT], WxUnit unit, WxFigure figure);

#endif
