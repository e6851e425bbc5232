/**
   @file explain.h
   What a range of addresses from somebody's screenshot probably is, by arithmetic alone.

   The heaps of glibc's malloc, other than the main one, start at a multiple of 64 MiB, are reserved
   whole and made writable from the front; with default settings a fresh one is writable for 0x21000
   bytes. A page-aligned address is at one of these two places by chance once in 8,192 times.
*/
#ifndef WX_ATTRIBUTION_EXPLAIN_H
#define WX_ATTRIBUTION_EXPLAIN_H

#include "attribution/certainty.h"
#include "attribution/naming.h"
#include "measure/maps.h"
#include "measure/name_pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  WX_PROTECTION_UNKNOWN = -1, ///< Not said.
  WX_PROTECTION_NOTHING = -2, ///< The debugger had no state for it (PAGE_UNKNOWN, MEM_UNKNOWN).
};

/// Bytes that glibc reserves for a heap on 64-bit machines, and that a fresh heap has committed.
#define WX_HEAP_SLOT_BYTES  UINT64_C(0x4000000)
#define WX_FRESH_HEAP_BYTES UINT64_C(0x21000)

/// What a row says about who sees what is written.
typedef enum { WX_SHARING_UNKNOWN, WX_SHARING_PRIVATE, WX_SHARING_SHARED } WxSharing;

/// A range as it was typed or pasted.
typedef struct {
  uint64_t start;
  uint64_t end;   ///< Exclusive; 0 where only an address is known, both 0 where not even that.
  int protection; ///< WX_READ | WX_WRITE | WX_EXECUTE, 0 for none, or one of the above.
  WxSharing sharing;
  const WxNaming *naming; ///< What its name stands for; NULL where there is none.
  const char *name;       ///< In the line that was parsed, not ended by NUL; may be empty.
  size_t name_length;
  const char *format; ///< How the line was recognised: "maps", "pmap -x", "range", ...
  const char *rest;   ///< What the line has behind it, of a range in prose.
} WxRange;

/// One part of a range, cut at the slots' ends.
typedef struct {
  uint64_t start;
  uint64_t end;
  uint64_t slot;        ///< Address of the (first) slot it lies in.
  uint64_t whole_slots; ///< How many whole slots it is; 0 for a part of one.
} WxPiece;

/// What a range was taken for.
typedef enum {
  WX_READING_FULL_HEAPS,
  WX_READING_HEAP_FRONT,
  WX_READING_WHOLE_SLOTS,
  WX_READING_RESERVED_TAIL,
  WX_READING_TAIL_PART,
  WX_READING_GROWN_TAIL,
  WX_READING_UNDETERMINED,
  WX_READING_NO_PATTERN,
  WX_READING_NAMED,           ///< By its name.
  WX_READING_STACK_AND_HEAPS, ///< By its name, and larger than a stack is.
  WX_READING_ADDRESS,         ///< No range.
  WX_READING_KERNEL,          ///< Of no process.
} WxReading;

enum { WX_PIECES_MAX = 3 };

typedef struct {
  WxRange range;
  WxPiece pieces[WX_PIECES_MAX]; ///< In address order, adding up to the range.
  size_t piece_count;
  uint64_t heaps; ///< How many heaps, whole or in part; 0 where it is none.
  WxReading reading;
  WxCertainty certainty;
} WxExplanation;

/// Explains `range`, start < end, with heaps of `slot` bytes (a power of two, WX_HEAP_SLOT_BYTES
/// unless the hugetlb tunable is on).
WxExplanation wx_explain(const WxRange *range, uint64_t slot);

/// Where the writable rows that may be fronts of arenas end. Start with {0}, end with
/// wx_explain_fronts_free().
typedef struct {
  uint64_t *ends; ///< Ascending.
  size_t count;
} WxFronts;

/// Finds them among `rows`. 0 or -ENOMEM.
int wx_explain_fronts(WxFronts *fronts, const WxRange *rows, size_t count, uint64_t slot);
void wx_explain_fronts_free(WxFronts *fronts);

/// As wx_explain() with the rows beside it known: a reserved row that begins where a writable row
/// of the same slot ends, and goes to the slot's end, is the tail of the arena which that row is
/// the front of.
WxExplanation wx_explain_row(const WxRange *row, const WxFronts *fronts, uint64_t slot);

/// Whether malloc's reserved tails have this protection: none, or readable, as gcore writes them.
bool wx_explain_fits_tail(int protection);

/// A word for the reading, for programs: "full-heaps", "reserved-tail", ...
const char *wx_reading_code(WxReading reading);

/// Writes the decomposition as text, such as "slot 7f4000000000 full (64.00) + ...", sizes in MiB.
/// Never writes more than `size` bytes.
void wx_explain_pieces(const WxExplanation *explanation, char *text, size_t size);

/// Writes what the range is, in a sentence or two.
void wx_explain_verdict(const WxExplanation *explanation, char *text, size_t size);

/// Whether the range starts at one of the two places that glibc's heaps give away.
bool wx_explain_starts_at_heap(const WxRange *range, uint64_t slot);

/// Takes out of a line what a terminal or a page puts in: colours, marks without width; blanks and
/// dashes of other kinds become those of ASCII.
void wx_explain_clean(char *line);

/// Finds the first range in one line of text, and what the line says about it: a line of maps or
/// smaps, a row of pmap, lsof, perf, gdb, lldb, SOS or dbgeng, or START-END anywhere in prose. What
/// is no range is not taken for one; a single address is, as such. range->name points into `line`.
/// Returns whether there was anything.
bool wx_explain_parse(const char *line, WxRange *range);

/// The next one in the same line, where `range` is one of prose or a record: it is replaced by it.
bool wx_explain_parse_more(const char *line, WxRange *range);

/// Completes a row of two lines (readelf's, dbgeng's `!address ADDRESS`) by its second: whether
/// `line` is that of `range`, the row before it. range->name may point into `line`.
bool wx_explain_parse_next(const char *line, WxRange *range);

/// Where a line that is too long to be looked at as a whole is best divided: behind a record or at
/// a blank. `end` where there is neither.
char *wx_explain_divide(char *line, char *end);

/// The same for a row of a listing of all mappings, that also says what may be done with each and
/// which file it is of: maps, smaps, pmap, gdb's `info proc mappings`. Fills in `mapping` but for
/// its path, which is range->name; what a format leaves out is 0.
bool wx_explain_parse_mapping(const char *line, WxMapping *mapping, WxRange *range);

/// The same for a text that has to be START-END and nothing else.
bool wx_explain_parse_range(const char *text, WxRange *range);

/// Ranges in the order in which they were typed or pasted. Start with {0}, end with
/// wx_ranges_free().
typedef struct {
  WxRange *items;
  size_t count;
  size_t capacity;
  WxNamePool names; ///< Those of the items point into it.
} WxRanges;

/// Adds one, with a copy of its name. 0 or -ENOMEM.
int wx_ranges_add(WxRanges *ranges, const WxRange *range);

/// Reads a text to its end and adds every range of its lines, which are counted. 0, -ENOMEM or what
/// the read said.
int wx_ranges_read(WxRanges *ranges, int fd, size_t *lines);

void wx_ranges_free(WxRanges *ranges);

#endif
