#include "attribution/explain.h"
#include "measure/maps.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// The double mapper lies above it in every process, and its file is not so large.
#define LOWEST_ADDRESS (UINT64_C(1) << 40)

// Text that is cut where the buffer ends.
typedef struct {
  char *at;
  size_t left;
} Writer;

static void put(Writer *writer, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(Writer *writer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(writer->at, writer->left, format, arguments);
  va_end(arguments);
  const size_t moved = length < 0                      ? 0
                       : (size_t)length < writer->left ? (size_t)length
                       : writer->left                  ? writer->left - 1
                                                       : 0;
  writer->at += moved;
  writer->left -= moved;
}

static double mebibytes(uint64_t bytes) {
  return (double)bytes / (1024.0 * 1024.0);
}

static bool is_tail(const WxExplanation *explanation) {
  return explanation->reading == WX_READING_RESERVED_TAIL ||
         explanation->reading == WX_READING_TAIL_PART ||
         explanation->reading == WX_READING_GROWN_TAIL;
}

static void put_piece(Writer *writer, const WxExplanation *explanation, size_t index) {
  const WxPiece *piece = &explanation->pieces[index];
  const double size = mebibytes(piece->end - piece->start);
  const uint64_t from = piece->start - piece->slot, to = piece->end - piece->slot;
  if (is_tail(explanation) && index > 0)
    put(writer, "%.2f beyond the slot", size);
  else if (piece->whole_slots == 1)
    put(writer,
        explanation->heaps ? "slot %" PRIx64 " full (%.2f)" : "exactly one slot %" PRIx64 " (%.2f)",
        piece->slot, size);
  else if (piece->whole_slots)
    put(writer, "%" PRIu64 " whole slots from %" PRIx64 " (%.2f)", piece->whole_slots, piece->slot,
        size);
  else if (from == 0)
    put(writer, "slot %" PRIx64 " filled to %#" PRIx64 " (%.2f)", piece->slot, to, size);
  else
    put(writer, "slot %" PRIx64 " from +%#" PRIx64 " (%.2f)", piece->slot, from, size);
}

void wx_explain_pieces(const WxExplanation *explanation, char *text, size_t size) {
  Writer writer = {text, size};
  put(&writer, "%s", ""); // A single address has no pieces.
  for (size_t i = 0; i < explanation->piece_count; ++i) {
    put(&writer, i ? " + " : "");
    put_piece(&writer, explanation, i);
  }
}

static const struct {
  const char *code;
  const char *one;  // For one heap or none,
  const char *more; // for several.
} readings[] = {
    [WX_READING_FULL_HEAPS] = {"full-heaps", "one practically full glibc heap (malloc)",
                               "adjacent, practically full glibc heaps (malloc), shown as one"},
    [WX_READING_HEAP_FRONT] = {"heap-front", "the committed front of a glibc heap (malloc)",
                               "adjacent glibc heaps (malloc), the last one committed in part"},
    [WX_READING_WHOLE_SLOTS] = {"whole-slots",
                                "one full glibc heap, or another aligned reservation",
                                "full glibc heaps, or another aligned reservation"},
    [WX_READING_RESERVED_TAIL] =
        {"reserved-tail", "the PROT_NONE tail of a malloc arena that never grew (132 KiB used)",
         ""},
    [WX_READING_TAIL_PART] = {"reserved-tail-part",
                              "inside the reserved tail of a malloc arena that never grew", ""},
    [WX_READING_GROWN_TAIL] =
        {"grown-tail", "the PROT_NONE tail of the malloc arena whose writable front ends here", ""},
    [WX_READING_UNDETERMINED] = {"undetermined", "undetermined", ""},
    [WX_READING_NO_PATTERN] = {"no-pattern", "no pattern: these addresses alone say nothing", ""},
    [WX_READING_NAMED] = {"named", "", ""},
    [WX_READING_STACK_AND_HEAPS] = {"stack-and-heaps", "", ""},
    [WX_READING_KERNEL] = {"kernel", "an address of the kernel, of no process", ""},
    [WX_READING_ADDRESS] = {"address",
                            "a single address, not a range: it says nothing; paste the "
                            "line of maps that holds it",
                            ""},
};

const char *wx_reading_code(WxReading reading) {
  return readings[reading].code;
}

static void put_undetermined(Writer *writer, const WxExplanation *explanation) {
  const int protection = explanation->range.protection;
  const bool code = protection >= 0 && protection & WX_EXECUTE;
  const bool to_an_end = (explanation->range.end & (WX_HEAP_SLOT_BYTES - 1)) == 0;
  if (to_an_end && wx_explain_fits_tail(protection))
    put(writer, ": it fits the tail of an arena whose writable front is not among the rows, and "
                "whole empty slots");
  else if (code)
    put(writer, ": execute is the double mapper's protection and never malloc's");
  else if (protection == WX_PROTECTION_UNKNOWN)
    put(writer,
        ": if it can be executed it can be the double mapper, whose blocks may end where an "
        "arena starts");
  else
    put(writer, ": the protection does not fit malloc");
  if (to_an_end && protection == WX_PROTECTION_UNKNOWN)
    put(writer, "; it also fits the tail of an arena and whole empty slots");
  put(writer, "; a core's NT_FILE and PT_LOADs decide");
}

static void put_pattern(Writer *writer, const WxExplanation *explanation) {
  const bool several = explanation->heaps > 1;
  if (several)
    put(writer, explanation->heaps == 2 ? "two " : "%" PRIu64 " ", explanation->heaps);
  put(writer, "%s",
      several ? readings[explanation->reading].more : readings[explanation->reading].one);
  if (explanation->reading == WX_READING_RESERVED_TAIL ||
      explanation->reading == WX_READING_GROWN_TAIL)
    put(writer, "%s: zero bytes of memory",
        explanation->piece_count > 1 ? " and a hole behind it" : "");
  else if (explanation->reading == WX_READING_TAIL_PART)
    put(writer, ": zero bytes of memory");
  else if (explanation->reading == WX_READING_UNDETERMINED)
    put_undetermined(writer, explanation);
}

static void put_named(Writer *writer, const WxRange *range) {
  const WxNaming *naming = range->naming;
  const bool known = range->protection >= 0;
  const char *text = naming->text;
  if (naming->file_text && range->protection == WX_PROTECTION_UNKNOWN)
    text = naming->file_text;
  else if (naming->code_text && known && range->protection & WX_EXECUTE)
    text = naming->code_text;
  else if (naming->reserved && known && !range->protection)
    text = naming->reserved;
  put(writer, "%s", text);
  if (naming->shown)
    put(writer, ": %.*s", (int)range->name_length, range->name);
  if (!range->start)
    put(writer, " (the row has no address; the size in it is nominal)");
  else if (!range->end)
    put(writer, range->start < LOWEST_ADDRESS && !strncmp(range->format, "perf", 4) &&
                        wx_naming_is_double_mapper(naming)
                    ? " (a place in its file, as perf prints it)"
                    : " (a single address)");
}

static void put_stack_and_heaps(Writer *writer, const WxExplanation *explanation) {
  const WxPiece *stack = &explanation->pieces[0];
  if (stack->start == stack->slot) { // Where it begins like a heap, nothing says where it ends.
    put(writer,
        "a thread's stack, and what else its debugger shows as one: by the addresses up to %" PRIu64
        " glibc heaps (malloc)",
        explanation->heaps);
    return;
  }
  put(writer,
      "a thread's stack of %.2f MiB and %" PRIu64 " glibc heap%s (malloc) behind it, shown as one",
      mebibytes(stack->end - stack->start), explanation->heaps, explanation->heaps == 1 ? "" : "s");
}

void wx_explain_verdict(const WxExplanation *explanation, char *text, size_t size) {
  Writer writer = {text, size};
  if (explanation->reading == WX_READING_NAMED)
    put_named(&writer, &explanation->range);
  else if (explanation->reading == WX_READING_STACK_AND_HEAPS)
    put_stack_and_heaps(&writer, explanation);
  else
    put_pattern(&writer, explanation);
}
