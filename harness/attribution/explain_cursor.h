/**
   @file explain_cursor.h
   What the columns of a pasted row and its phrases share: the place in a line, and what is taken
   from it. Everything that takes moves the cursor behind what it took, or says that it is not
   there.
*/
#ifndef WX_ATTRIBUTION_EXPLAIN_CURSOR_H
#define WX_ATTRIBUTION_EXPLAIN_CURSOR_H

#include "attribution/explain.h"
#include "measure/maps.h"

/// Where a line is read, and the range that is made of it.
typedef struct {
  const char *line;
  const char *at;
  WxRange *range;
  WxMapping file; ///< Which part of which file, where the columns say it.
  bool anonymous; ///< The columns before the name say that there is no file.
} WxCursor;

/// The bits in which the ends of a mapping have zeros.
enum { WX_CURSOR_PAGE_MASK = 0xfff };

/// How a number is written.
typedef struct {
  int digits;
  bool prefixed; ///< By 0x.
  bool letters;  ///< Some digit is none of a decimal number.
} WxDigits;

/// What stands between columns, and the end of the line.
bool wx_cursor_is_space(char character);
void wx_cursor_skip_space(WxCursor *cursor);
size_t wx_cursor_word_length(const char *at);

/// A hexadecimal number, "0x" before it and a backtick before its last eight digits, as dbgeng
/// prints it, allowed. Returns its end, or NULL.
const char *wx_cursor_take_number(const char *at, uint64_t *number, WxDigits *digits);

/// One of so many digits as an address has.
const char *wx_cursor_take_address(const char *at, uint64_t *address);

/// Moves the cursor behind an address that is the start of the range, or its end.
bool wx_cursor_take_start(WxCursor *cursor);
bool wx_cursor_take_end(WxCursor *cursor);

/// Whether an address stands at `at` that is one by itself: as mappings have them.
bool wx_cursor_is_bare_address(const char *at);

/// START-END. Returns its end, or NULL.
const char *wx_cursor_take_both(const char *at, WxRange *range);

/// "r-x", "r-xs", "r-xs-" of `length`: sets the protection and who sees what is written.
bool wx_cursor_take_protection(const char *word, size_t length, WxRange *range);

/// Makes the range so many bytes long.
bool wx_cursor_set_size(WxRange *range, double size);

/// Takes it for the name of what is mapped, up to the end of a deleted file's.
void wx_cursor_set_name(WxCursor *cursor, const char *name, size_t length);

/// Names it by sharing and protection, where no name has said it.
void wx_cursor_name_by_flags(WxCursor *cursor);

/// A mapping as a record of a program, "{"start": "0x7f29...", ...}", and as a call of strace.
bool wx_explain_take_record(WxCursor *cursor);
bool wx_explain_take_call(WxCursor *cursor);

/// The column or the phrase of that letter: explain_columns.c and explain_phrases.c have a table
/// each. NULL where the letter is not in it.
typedef bool (*WxTaker)(WxCursor *cursor);
WxTaker wx_explain_column(char letter);
WxTaker wx_explain_phrase(char letter);

#endif
