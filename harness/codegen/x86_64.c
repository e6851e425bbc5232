// x86-64, System V: identity ^ a, then one addition per instruction of the body, then + b.
#include "codegen/codegen.h"

#include <string.h>

enum {
  PROLOGUE = 13, // mov rax, identity; xor rax, rdi
  EPILOGUE = 5,  // lea rax, [rax + rsi]; ret
  ADD = 6,       // add rax, imm32
  ADD_LOW = 2,   // add al, imm8: fills what is left, two bytes at a time
};

static uint32_t immediate(uint64_t identity, size_t index) {
  return (uint32_t)((identity + index) * 2654435761U);
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t count) {
  memcpy(at, bytes, count);
  return at + count;
}

static void emit(void *destination, size_t size, uint64_t identity) {
  const size_t body = size - PROLOGUE - EPILOGUE;
  uint8_t *at = destination;
  at = put(at, "\x48\xb8", 2);
  at = put(at, &identity, sizeof identity);
  at = put(at, "\x48\x31\xf8", 3);
  for (size_t i = 0; i < body / ADD; ++i) {
    const uint32_t value = immediate(identity, i);
    at = put(at, "\x48\x05", 2);
    at = put(at, &value, sizeof value);
  }
  for (size_t i = 0; i < body % ADD / ADD_LOW; ++i) {
    const uint8_t value = (uint8_t)immediate(identity, ~i);
    at = put(at, "\x04", 1);
    at = put(at, &value, sizeof value);
  }
  put(at, "\x48\x8d\x04\x30\xc3", EPILOGUE);
}

static uint64_t expected(size_t size, uint64_t identity, uint64_t a, uint64_t b) {
  const size_t body = size - PROLOGUE - EPILOGUE;
  uint64_t value = identity ^ a;
  for (size_t i = 0; i < body / ADD; ++i)
    value += (uint64_t)(int64_t)(int32_t)immediate(identity, i);
  for (size_t i = 0; i < body % ADD / ADD_LOW; ++i) {
    const uint64_t low = (value + (uint8_t)immediate(identity, ~i)) & 0xff;
    value = (value & ~UINT64_C(0xff)) | low;
  }
  return value + b;
}

const WxCodegenTarget wx_codegen_x86_64 = {
    .name = "x86-64",
    .smallest = PROLOGUE + EPILOGUE,
    .granularity = ADD_LOW,
    .emit = emit,
    .expected = expected,
};
