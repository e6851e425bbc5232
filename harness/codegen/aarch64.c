// aarch64, AAPCS64: identity ^ a, then one addition per instruction of the body, then + b.
#include "codegen/codegen.h"

#include <string.h>

enum {
  WORD = 4,
  PROLOGUE = 5, // movz and three movk into x2; eor x0, x2, x0
  EPILOGUE = 2, // add x0, x0, x1; ret
};

// The 12-bit immediate of the index-th addition.
static uint32_t immediate(uint64_t identity, size_t index) {
  return (uint32_t)((identity + index) * 2654435761U) >> 20;
}

static uint8_t *put(uint8_t *at, uint32_t instruction) {
  const uint8_t bytes[WORD] = {(uint8_t)instruction, (uint8_t)(instruction >> 8),
                               (uint8_t)(instruction >> 16), (uint8_t)(instruction >> 24)};
  memcpy(at, bytes, WORD);
  return at + WORD;
}

static void emit(void *destination, size_t size, uint64_t identity) {
  uint8_t *at = destination;
  at = put(at, 0xd2800002U | (uint32_t)(identity & 0xffff) << 5);
  for (uint32_t quarter = 1; quarter < 4; ++quarter) {
    const uint32_t value = (uint32_t)(identity >> (16 * quarter)) & 0xffff;
    at = put(at, 0xf2800002U | quarter << 21 | value << 5);
  }
  at = put(at, 0xca000040U);
  const size_t additions = size / WORD - PROLOGUE - EPILOGUE;
  for (size_t i = 0; i < additions; ++i)
    at = put(at, 0x91000000U | immediate(identity, i) << 10);
  at = put(at, 0x8b010000U);
  put(at, 0xd65f03c0U);
}

static uint64_t expected(size_t size, uint64_t identity, uint64_t a, uint64_t b) {
  const size_t additions = size / WORD - PROLOGUE - EPILOGUE;
  uint64_t value = identity ^ a;
  for (size_t i = 0; i < additions; ++i)
    value += immediate(identity, i);
  return value + b;
}

const WxCodegenTarget wx_codegen_aarch64 = {
    .name = "aarch64",
    .smallest = WORD * (PROLOGUE + EPILOGUE),
    .granularity = WORD,
    .emit = emit,
    .expected = expected,
};
