#include "stats/units.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 Wide;

typedef struct {
  const char *name;
  uint64_t size;
} Unit;

static const Unit byte_units[] = {
    {"B", 1},  {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}, {"TiB", 1ULL << 40},
    {NULL, 0},
};

static const Unit time_units[] = {
    {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {"min", 60000000000}, {NULL, 0},
};

static int refuse(const char **problem, int error, const char *phrase) {
  if (problem)
    *problem = phrase;
  return error;
}

static int too_large(const char **problem) {
  return refuse(problem, -ERANGE, "is too large");
}

static int digit_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

// Reads digits of `base` up to the first other character. Returns false where they do not fit.
static bool read_digits(const char **at, unsigned base, uint64_t *value) {
  uint64_t sum = 0;
  for (; (unsigned)digit_value(**at) < base; ++*at) {
    if (__builtin_mul_overflow(sum, base, &sum) ||
        __builtin_add_overflow(sum, (uint64_t)digit_value(**at), &sum))
      return false;
  }
  *value = sum;
  return true;
}

static bool is_hexadecimal(const char *text) {
  return text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

int wx_units_count(const char *text, uint64_t *value, const char **problem) {
  const bool hexadecimal = is_hexadecimal(text);
  const char *at = text + (hexadecimal ? 2 : 0);
  if (*text == '\0')
    return refuse(problem, -EINVAL, "is empty; expected a whole number");
  const char *const first = at;
  uint64_t sum;
  if (!read_digits(&at, hexadecimal ? 16 : 10, &sum))
    return too_large(problem);
  if (at == first || *at != '\0')
    return refuse(problem, -EINVAL, "is not a whole number");
  *value = sum;
  return 0;
}

// The digits of a decimal number without its point, and how many of them stand after it.
typedef struct {
  uint64_t digits;
  unsigned decimals;
} Decimal;

static int read_decimal(const char **at, Decimal *decimal, const char **problem) {
  const char *const first = *at;
  if (!read_digits(at, 10, &decimal->digits))
    return too_large(problem);
  if (*at == first)
    return refuse(problem, -EINVAL, "does not start with a digit");
  decimal->decimals = 0;
  if (**at != '.')
    return 0;
  const char *const point = (*at)++;
  for (; isdigit((unsigned char)**at); ++*at) {
    if (__builtin_mul_overflow(decimal->digits, 10, &decimal->digits) ||
        __builtin_add_overflow(decimal->digits, (uint64_t)digit_value(**at), &decimal->digits))
      return refuse(problem, -ERANGE, "has too many digits");
  }
  decimal->decimals = (unsigned)(*at - point - 1);
  return decimal->decimals > 0 ? 0 : refuse(problem, -EINVAL, "has no digit after its point");
}

static const Unit *find_unit(const Unit *units, const char *name) {
  for (; units->name; ++units) {
    if (strcmp(units->name, name) == 0)
      return units;
  }
  return NULL;
}

// `decimal` x `size`, exactly or not at all. Tens are divided out first so that nothing overflows
// that need not.
static int scale(Decimal decimal, uint64_t size, const char *inexact, uint64_t *value,
                 const char **problem) {
  for (; decimal.decimals > 0 && decimal.digits % 10 == 0; --decimal.decimals)
    decimal.digits /= 10;
  Wide product = (Wide)decimal.digits * size;
  for (; decimal.decimals > 0; --decimal.decimals) {
    if (product % 10 != 0)
      return refuse(problem, -EINVAL, inexact);
    product /= 10;
  }
  if (product > UINT64_MAX)
    return too_large(problem);
  *value = (uint64_t)product;
  return 0;
}

int wx_units_bytes(const char *text, uint64_t *value, const char **problem) {
  if (*text == '\0')
    return refuse(problem, -EINVAL, "is empty; expected bytes such as 4096, 64KiB or 1.5GiB");
  if (is_hexadecimal(text))
    return wx_units_count(text, value, problem);
  const char *at = text;
  Decimal decimal;
  const int error = read_decimal(&at, &decimal, problem);
  if (error)
    return error;
  const Unit *unit = *at == '\0' ? byte_units : find_unit(byte_units, at);
  if (!unit)
    return refuse(problem, -EINVAL, "has an unknown unit; expected B, KiB, MiB, GiB or TiB");
  return scale(decimal, unit->size, "is not a whole number of bytes", value, problem);
}

int wx_units_duration(const char *text, uint64_t bare_ns, uint64_t *value, const char **problem) {
  if (*text == '\0')
    return refuse(problem, -EINVAL, "is empty; expected a duration");
  const char *at = text;
  Decimal decimal;
  const int error = read_decimal(&at, &decimal, problem);
  if (error)
    return error;
  const Unit bare = {"", bare_ns};
  const Unit *unit = *at == '\0' ? &bare : find_unit(time_units, at);
  if (!unit)
    return refuse(problem, -EINVAL, "has an unknown unit; expected ns, us, ms, s or min");
  return scale(decimal, unit->size, "is finer than a nanosecond", value, problem);
}

// Reads a decimal number from the start of `text` without help of the locale's decimal point.
static int read_number(const char *text, char **end, double *value, const char **problem) {
  const char *digits = text + (*text == '-');
  const size_t shape = strspn(digits, "0123456789.eE+-");
  if (!isdigit((unsigned char)*digits) || is_hexadecimal(digits))
    return refuse(problem, -EINVAL, "is not a number");
  errno = 0;
  const double number = strtod(text, end);
  if (*end != digits + shape)
    return refuse(problem, -EINVAL, "is not a number");
  if (errno == ERANGE || !isfinite(number))
    return refuse(problem, -ERANGE, "is too large or too small");
  *value = number;
  return 0;
}

int wx_units_percent(const char *text, double *value, const char **problem) {
  char *end;
  double number;
  const int error = read_number(text, &end, &number, problem);
  if (error)
    return error;
  if (strcmp(end, "%") != 0)
    return refuse(problem, -EINVAL, "is not a percentage such as 25%");
  if (number < 0)
    return refuse(problem, -ERANGE, "is negative");
  *value = number;
  return 0;
}

int wx_units_number(const char *text, double *value, const char **problem) {
  char *end;
  double number;
  const int error = read_number(text, &end, &number, problem);
  if (error)
    return error;
  if (*end != '\0')
    return refuse(problem, -EINVAL, "is not a number");
  *value = number;
  return 0;
}

// Writes `magnitude` in the largest of `units` that it reaches, with one decimal in all but the
// first. What would round up to a whole step of the next unit is written in that one.
static char *format_unit(char *text, WxFigure value, const Unit *units) {
  if (!wx_known(value))
    return strcpy(text, "n/a");
  const uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  const char *const sign = value < 0 ? "-" : "";
  const Unit *unit = units;
  while (unit[1].name &&
         (Wide)magnitude * 20 >= (Wide)unit[1].size * 20 - (unit == units ? 0 : unit->size))
    ++unit;
  if (unit == units)
    snprintf(text, WX_UNITS_TEXT, "%s%" PRIu64 " %s", sign, magnitude, unit->name);
  else
    snprintf(text, WX_UNITS_TEXT, "%s%.1f %s", sign, (double)magnitude / (double)unit->size,
             unit->name);
  return text;
}

char *wx_units_format_bytes(char text[WX_UNITS_TEXT], WxFigure bytes) {
  return format_unit(text, bytes, byte_units);
}

char *wx_units_format_ns(char text[WX_UNITS_TEXT], WxFigure nanoseconds) {
  static const Unit shown[] = {
      {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {NULL, 0}};
  return format_unit(text, nanoseconds, shown);
}

char *wx_units_format_count(char text[WX_UNITS_TEXT], WxFigure count) {
  if (!wx_known(count))
    return strcpy(text, "n/a");
  char digits[WX_UNITS_TEXT];
  const uint64_t magnitude = count < 0 ? 0 - (uint64_t)count : (uint64_t)count;
  const int length = snprintf(digits, sizeof digits, "%" PRIu64, magnitude);
  char *to = text;
  if (count < 0)
    *to++ = '-';
  for (int i = 0; i < length; ++i) {
    if (i > 0 && (length - i) % 3 == 0)
      *to++ = ',';
    *to++ = digits[i];
  }
  *to = '\0';
  return text;
}

char *wx_units_format_ratio(char text[WX_UNITS_TEXT], double ratio) {
  if (!isfinite(ratio))
    return strcpy(text, "n/a");
  snprintf(text, WX_UNITS_TEXT, fabs(ratio) < 1e15 ? "%.2f" : "%.3g", ratio);
  return text;
}

static const struct {
  const char *name;
  char *(*format)(char text[WX_UNITS_TEXT], WxFigure figure);
} kinds[] = {
    [WX_UNIT_COUNT] = {"count", wx_units_format_count},
    [WX_UNIT_BYTES] = {"bytes", wx_units_format_bytes},
    [WX_UNIT_NS] = {"ns", wx_units_format_ns},
};

static bool ends_with(const char *text, const char *end) {
  const size_t length = strlen(text), tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

WxUnit wx_unit_of(const char *name) {
  if (ends_with(name, "_bytes"))
    return WX_UNIT_BYTES;
  return ends_with(name, "_ns") || strncmp(name, "time_ns.", 8) == 0 ? WX_UNIT_NS : WX_UNIT_COUNT;
}

const char *wx_unit_name(WxUnit unit) {
  return kinds[unit].name;
}

char *wx_units_format(char text[WX_UNITS_TEXT], WxUnit unit, WxFigure figure) {
  return kinds[unit].format(text, figure);
}
